//! `azure-emulator`: the emulator as a program on a loopback port.
//!
//! Must not know any service; it reads arguments and starts the library.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use azure_emulator::{Clock, Emulator, Seed, Server, ThrottlingShape};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve Entra ID, Azure Resource Manager and Key Vault on a loopback port until SIGINT or SIGTERM.
    Serve(Serve),
    /// Print the built-in seed, to start one of your own from.
    Seed,
}

#[derive(clap::Args)]
struct Serve {
    /// The loopback address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A TOML file that says what exists; the built-in one when absent.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// How much longer every request takes, such as 30ms or 1s.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    latency: Option<Duration>,
    /// Limit each vault's requests, by the seed's numbers or the published ones: fixed-window or token-bucket.
    #[arg(long, value_name = "SHAPE", value_parser = shape)]
    throttle: Option<ThrottlingShape>,
    /// Where to write a JSON line per request.
    #[arg(long, value_name = "FILE")]
    request_log: Option<PathBuf>,
    /// Where to keep what was changed, across restarts; it holds private keys.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Where to write the certificate authority to trust, as PEM, before the ready line.
    #[arg(long, value_name = "FILE")]
    write_ca: Option<PathBuf>,
    /// Where to write the policy that leads a client here, before the ready line.
    #[arg(long, value_name = "FILE")]
    write_policy: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time; write a whole number with ms or s, such as 30ms");
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s').ok_or_else(wrong)?, 1_000),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_millis(number.saturating_mul(unit)))
}

fn shape(text: &str) -> Result<ThrottlingShape, String> {
    match text {
        "fixed-window" => Ok(ThrottlingShape::FixedWindow),
        "token-bucket" => Ok(ThrottlingShape::TokenBucket),
        _ => Err(format!(
            "{text:?} is no shape of a limit; write fixed-window or token-bucket"
        )),
    }
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Serve(serve) => run(&serve),
        Command::Seed => say(Seed::built_in_text()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("azure-emulator: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, each once: some say their cause themselves.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush().context("standard output is closed")
}

fn run(serve: &Serve) -> anyhow::Result<()> {
    let seed = match &serve.seed {
        Some(path) => Seed::load(path)?,
        None => Seed::built_in()?,
    };
    let seed = match serve.throttle {
        Some(shape) => seed.with_throttling(shape),
        None => seed,
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?
        .block_on(async {
            let emulator = Emulator::new(&seed, Clock::system())?;
            if let Some(latency) = serve.latency {
                emulator.set_latency(latency);
            }
            if let Some(path) = &serve.request_log {
                emulator.log_to(path).with_context(|| {
                    format!("the request log {} cannot be written", path.display())
                })?;
            }
            if let Some(path) = &serve.state {
                emulator.keep_state(path)?;
            }
            let vaults = emulator.vault_count();
            // Before the ready line: whoever waits for it may end the program at once.
            let mut terminate = signal(tokio::signal::unix::SignalKind::terminate())?;
            let mut interrupt = signal(tokio::signal::unix::SignalKind::interrupt())?;
            let server = Server::start(emulator.clone(), serve.listen).await?;
            for (path, text) in [
                (&serve.write_ca, server.ca_pem().to_owned()),
                (&serve.write_policy, server.policy_toml()),
            ] {
                if let Some(path) = path {
                    write_whole(path, &text)
                        .with_context(|| format!("{} cannot be written", path.display()))?;
                }
            }
            say(&format!(
                "azure-emulator ready on {} with {vaults} vaults\n",
                server.local_addr()
            ))?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            server.shutdown().await;
            // After the last request, and told where it fails: a lost change must not end well.
            emulator
                .flush_state()
                .context("the state could not be written")
        })
}

fn signal(kind: tokio::signal::unix::SignalKind) -> anyhow::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(kind).context("signals cannot be waited for")
}

/// Writes a file so that a reader sees all of it or none.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
