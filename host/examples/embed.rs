//! Runs one job of a platform in a host of your own. After `make build`, with a job file of
//! `tests/fixtures/jobs/` and the emulator's policy (README, "Trying it"):
//!
//! ```text
//! cargo run --release -p extension-host --example embed -- \
//!     target/release/keyvault_extension.wasm policy.toml job.json
//! ```
//!
//! `akv` does the same with more around it: the policy of the machine, signals, an audit, a
//! compiler in a process of its own (`src/cli/setup.rs`).

use anyhow::{Context, Result};
use extension_host::clock::Clock;
use extension_host::egress::{Client, Connector, NoAudit, SystemResolver, Trust};
use extension_host::engine::vocabulary::LogLevel;
use extension_host::engine::{Cache, Cancel, Engine};
use extension_host::orchestrator::parse;
use extension_host::policy::Policy;
use extension_host::runner::{Credentials, Host, Machine, Observer, Threads, UnreadVariables};
use extension_host::text_file;
use std::io::Write;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Shows what the extension says. Its lines have been made safe to print.
struct Shown;

impl Observer for Shown {
    fn log(&mut self, _: LogLevel, line: &str) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn progress(&mut self, _done: u64, _total: Option<u64>) {}
}

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let mut file = |what: &str| {
        let path = arguments.next().with_context(|| format!("name {what}"))?;
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (component, policy, job) = (file("a component")?, file("a policy")?, file("a job")?);

    // Everything that many jobs share. An engine is made for so many at a time.
    let policy = Policy::parse(&text_file::decode(&policy)?)?;
    let limits = policy.limits().clone();
    let engine = Engine::new(&limits, 1, Cache::of_this_user())?;
    let extension = engine.load(&component, None)?;
    let io = Runtime::new()?;
    let trust = Trust::new(policy.added_cas())?;
    let connector = Connector::new(trust, policy.routes().clone(), Box::new(SystemResolver));
    let host = Host {
        engine,
        extension,
        policy,
        transport: Arc::new(Client::new(connector, io.handle().clone())),
        audit: Arc::new(NoAudit),
        clock: Clock::system(),
        limits,
        threads: Threads::PerJob,
        machine: Machine::of_this_process(),
        credentials: Credentials::Veiled,
        unread: UnreadVariables::default(),
    };

    // A job always ends in a report. Whoever keeps a clone of `cancel` can ask it to stop.
    let job = parse(&job).job?;
    let cancel = Cancel::new();
    let mut report = io.block_on(host.run(job, cancel, Box::new(Shown)));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:?}: {}", report.status, report.message)?;
    if let Some(list) = &mut report.list {
        for entry in list.read::<serde_json::Value>()? {
            writeln!(out, "{}", entry?)?;
        }
    }
    Ok(())
}
