//! Makes hosts from arguments, runs jobs on them, and says on stderr what they came to. It must
//! not know how results are printed.

use super::args::HostArgs;
use super::compile;
use super::exit::{Exit, OrUsage, UsageError};
use super::files;
use super::say::say;
use super::watch::{LastError, Watch};
use super::wording;
use anyhow::{Context, Result, anyhow, bail, ensure};
use extension_host::clock::Clock;
use extension_host::egress::{Audit, Client, Connector, JsonLines, NoAudit, SystemResolver, Trust};
use extension_host::engine::{Cache, Cancel, Engine, Extension, sha256};
use extension_host::limits::Limits;
use extension_host::orchestrator::Job;
use extension_host::policy::{Approval, Policy, SystemFile};
use extension_host::runner::{
    Credentials, Host, Machine, Observer, Report, Threads, UnreadVariables,
};
use extension_host::{owned, text_file};
use job_scope::JobKind;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::zeroize::Zeroizing;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The component's file name, beside this program.
const COMPONENT: &str = "keyvault_extension.wasm";

/// Lets this program have as many files and connections open as whoever started it allows: the
/// usual limit of 1024 is there for programs that cannot count further.
pub(crate) fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    // With fewer it works too, for fewer jobs.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Where a policy is from.
pub(crate) enum Origin {
    /// This file, as the call says.
    Given(PathBuf),
    /// The machine's own file.
    System(PathBuf),
    /// This program.
    BuiltIn,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(path) | Self::System(path) => path.display().fmt(f),
            Self::BuiltIn => f.write_str("the built-in policy"),
        }
    }
}

/// The policy that applies: the one that is named, else the machine's own, else the built-in one.
/// No other place is looked at.
pub(crate) fn policy(path: Option<&Path>) -> Result<Policy> {
    policy_of(path).map(|(policy, _)| policy)
}

/// The same with where it is from.
pub(crate) fn policy_of(path: Option<&Path>) -> Result<(Policy, Origin)> {
    let system = SystemFile::default();
    let (text, origin) = match path {
        Some(path) => {
            let text = files::read_text(path, text_file::decode)?;
            (text, Origin::Given(path.to_owned()))
        }
        None => match system.read().or_usage()? {
            Some(text) => (text, Origin::System(system.path().to_owned())),
            None => (Zeroizing::default(), Origin::BuiltIn),
        },
    };
    let policy = Policy::parse(&text)
        .with_context(|| format!("cannot use {origin}"))
        .or_usage()?;
    Ok((policy, origin))
}

/// The component's path: as given, or beside this program.
pub(crate) fn component_path(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let beside = std::env::current_exe()
        .context("cannot tell where this program is")?
        .with_file_name(COMPONENT);
    ensure!(
        beside.is_file(),
        anyhow!(
            "there is no {} beside this program; build it with `make component`, or name one with --component",
            COMPONENT
        )
        .context(UsageError)
    );
    Ok(beside)
}

/// An engine for so many jobs at a time, with this user's compile cache.
pub(crate) fn engine(limits: &Limits, jobs: u32) -> Result<Engine> {
    let engine = Engine::new(limits, jobs, Cache::of_this_user())?;
    Ok(engine.compiling_apart(compile::compiler()))
}

/// What a host is made of.
pub(crate) struct Parts<'a> {
    pub(crate) policy: Option<&'a Path>,
    pub(crate) component: &'a Path,
    /// The digest that the component must have, whatever the policy says.
    pub(crate) sha256: Option<&'a str>,
    pub(crate) audit: Option<&'a Path>,
    /// How many jobs it runs at once.
    pub(crate) jobs: u32,
}

/// Makes a host, whose connections live on `io`.
pub(crate) fn host(parts: &Parts<'_>, audits: &mut Audits, io: &Handle) -> Result<Host> {
    let policy = policy(parts.policy)?;
    if let Some(caution) = policy.caution() {
        // Before anything leaves, and whatever becomes of the result.
        say!("akv: {caution}");
    }
    let limits = policy.limits().clone();
    let engine = engine(&limits, parts.jobs)?;
    let extension = load(&engine, &policy, parts)
        .with_context(|| format!("cannot load {}", parts.component.display()))
        .or_usage()?;
    let trust = Trust::new(policy.added_cas()).or_usage()?;
    let connector = Connector::new(trust, policy.routes().clone(), Box::new(SystemResolver));
    Ok(Host {
        engine,
        extension,
        policy,
        transport: Arc::new(Client::new(connector, io.clone())),
        audit: audits.open(parts.audit)?,
        clock: Clock::system(),
        limits,
        threads: Threads::PerJob,
        machine: Machine::of_this_process(),
        credentials: Credentials::Veiled,
        unread: UnreadVariables::among(std::env::vars_os()),
    })
}

/// Loads the component, if it is one that the policy approves and the one that was named.
fn load(engine: &Engine, policy: &Policy, parts: &Parts<'_>) -> Result<Extension> {
    let bytes = files::read_component(parts.component, policy.limits())?;
    let digest = sha256(&bytes);
    let pinned = match policy.extensions().approve(&digest)? {
        Approval::ByName(_) => Some(digest.as_str()),
        Approval::Any => None,
    };
    Ok(engine.load(&bytes, parts.sha256.or(pinned))?)
}

/// Runs one job. A signal asks it to stop; a second one ends the program.
pub(crate) fn run(args: &HostArgs, job: Job) -> Result<Report> {
    run_of_platform(args, job).map(wording::of_command)
}

/// Runs a job of the platform, whose report names the platform's fields.
pub(crate) fn run_of_platform(args: &HostArgs, job: Job) -> Result<Report> {
    with_host(args, async |host, cancel, watch, _| {
        host.run(job, cancel, watch()).await
    })
}

/// Runs a job until it ends otherwise than in a failure that time may mend, or for as long as
/// `wait`.
pub(crate) fn run_until(args: &HostArgs, job: Job, wait: Duration) -> Result<Report> {
    with_host(args, async |host, cancel, watch, last_error| {
        let between = |report: &Report| {
            last_error.settle(&report.message);
            let told = wording::told(report.text());
            say!("akv: not yet: {}", indented(&told));
        };
        host.run_until(job, cancel, wait, watch, between).await
    })
    .map(wording::of_command)
}

/// Makes a host, and lets it run something.
fn with_host(
    args: &HostArgs,
    work: impl AsyncFnOnce(&Host, Cancel, &dyn Fn() -> Box<dyn Observer>, &LastError) -> Report,
) -> Result<Report> {
    raise_open_files();
    let runtime = lasting(Runtime::new())?;
    let cancel = stopped_by_signals(runtime)?;
    let parts = Parts {
        policy: args.policy.as_deref(),
        component: &component_path(args.component.as_deref())?,
        sha256: None,
        audit: args.audit.as_deref(),
        jobs: 1,
    };
    let host = host(&parts, &mut Audits::default(), runtime.handle())?;
    let last_error = LastError::default();
    let watch = || -> Box<dyn Observer> { Box::new(Watch::new(args.verbose, last_error.clone())) };
    let report = runtime.block_on(work(&host, cancel.clone(), &watch, &last_error));
    last_error.settle(&report.message);
    // From here on a signal has nothing to stop, and ends the program at once.
    cancel.cancel();
    Ok(report)
}

/// A runtime that lives as long as the program: whoever waits for the output of a job that is
/// over can still end it with a signal.
pub(crate) fn lasting(runtime: io::Result<Runtime>) -> Result<&'static Runtime> {
    let runtime = runtime.context("cannot start an I/O runtime")?;
    Ok(Box::leak(Box::new(runtime)))
}

/// What signals ask to stop from here on, also while a component is being compiled.
pub(crate) fn stopped_by_signals(runtime: &Runtime) -> Result<Cancel> {
    let cancel = Cancel::new();
    let _inside = runtime.enter();
    for kind in [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ] {
        let signals = signal(kind).context("cannot listen for signals")?;
        runtime.spawn(stop_at(signals, cancel.clone()));
    }
    Ok(cancel)
}

/// Says on stderr what a job came to. Called after its result is written: whoever does not
/// read stderr must not keep the result back.
pub(crate) fn tell(report: &Report, kind: Option<JobKind>) {
    if !report.text().is_empty() {
        say!("akv: {}", indented(report.text()));
    }
    tell_run(report, kind);
}

/// The same for a job without a list, whose message is its result: that goes to stdout where it
/// `answers` what was asked for.
pub(crate) fn tell_result(report: &Report, kind: JobKind, answers: bool) -> Result<()> {
    if !answers {
        tell(report, Some(kind));
        return Ok(());
    }
    if !report.text().is_empty() {
        writeln!(io::stdout(), "{}", report.text()).context("cannot write the result")?;
    }
    tell_run(report, Some(kind));
    Ok(())
}

/// Only the first line begins at the margin: no text of an extension looks like ours.
fn indented(message: &str) -> String {
    message.replace('\n', "\n    ")
}

/// What is to be known of a run, whatever it came to; the caution was said before it.
fn tell_run(report: &Report, kind: Option<JobKind>) {
    let traffic = &report.traffic;
    say!(
        "akv: {} request{} sent, {} denied",
        traffic.sent,
        if traffic.sent == 1 { "" } else { "s" },
        traffic.denied
    );
    for denial in &traffic.denials {
        say!("akv: denied {denial}");
        match kind.map(|kind| denial.rule_to_paste(kind)) {
            Some(Ok(rule)) => say!("This policy rule would allow it:\n\n{rule}"),
            Some(Err(why)) => say!("    {why}"),
            None => {}
        }
    }
}

async fn stop_at(mut signals: Signal, cancel: Cancel) {
    signals.recv().await;
    if !cancel.is_cancelled() {
        cancel.cancel();
        say!("akv: stopping; a second signal ends at once");
        signals.recv().await;
    }
    std::process::exit(Exit::Interrupted as i32);
}

/// The files that audits go to, by what they are and not by what they are called.
#[derive(Default)]
pub(crate) struct Audits {
    taken: BTreeSet<(u64, u64)>,
}

impl Audits {
    /// Opens one that nobody here has yet.
    fn open(&mut self, path: Option<&Path>) -> Result<Arc<dyn Audit>> {
        let Some(path) = path else {
            return Ok(Arc::new(NoAudit));
        };
        let file = self
            .file(path)
            .with_context(|| format!("cannot write the audit to {}", path.display()))
            .or_usage()?;
        Ok(Arc::new(JsonLines::new(file)))
    }

    fn file(&mut self, path: &Path) -> Result<File> {
        // Opening a pipe would wait for somebody who reads it.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags.bits().cast_signed())
            .open(path);
        let no_file = "it is no regular file; name one, or one that is not there yet";
        let file = match opened.map_err(|error| (Errno::from_io_error(&error), error)) {
            Ok(file) => file,
            Err((Some(Errno::LOOP), _)) => {
                bail!("it is a symbolic link; name the file that it leads to")
            }
            Err((Some(Errno::NXIO | Errno::ISDIR), _)) => bail!(no_file),
            Err((_, error)) => return Err(error.into()),
        };
        let about = file.metadata()?;
        ensure!(about.is_file(), no_file);
        // One that root made for this user is as good as this user's own.
        let owner = match about.uid() {
            0 => 0,
            _ => rustix::process::geteuid().as_raw(),
        };
        owned::by(&about, owner).map_err(|error| anyhow!("it {error}"))?;
        ensure!(
            self.taken.insert((about.dev(), about.ino())),
            "another extension has the same audit; give each its own"
        );
        Ok(file)
    }
}
