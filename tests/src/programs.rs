//! The programs as a person starts them: `akv` as a process, the emulator behind a port.
//!
//! It must not know what a program should do.

use azure_emulator::{Clock, Emulator, Seed, Server};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const A_MINUTE: Duration = Duration::from_secs(60);

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Something that `make build` made. Tests never build it themselves.
pub fn artifact(name: &str) -> PathBuf {
    let path = repository().join("target/release").join(name);
    assert!(
        path.is_file(),
        "{} is missing; tests are run by `make test`, which builds it",
        path.display()
    );
    path
}

/// A job of `tests/fixtures/jobs`, by its name without the extension.
pub fn fixture(name: &str) -> PathBuf {
    repository()
        .join("tests/fixtures/jobs")
        .join(name)
        .with_extension("json")
}

/// A file that people met in the field, of `tests/fixtures/field`.
pub fn field(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/fixtures/field").join(name)).unwrap()
}

/// An emulated Azure behind a loopback port, with the policy that leads there.
pub struct Azure {
    /// The emulator behind the port.
    pub emulator: Emulator,
    /// The policy file.
    pub policy: PathBuf,
    directory: TempDir,
    _server: Server,
    runtime: Runtime,
}

impl Azure {
    /// Starts one with the built-in seed.
    pub fn start() -> Self {
        Self::with_seed(&Seed::built_in().unwrap(), Duration::ZERO)
    }

    /// Starts one with a seed, and a latency for every request.
    pub fn with_seed(seed: &Seed, latency: Duration) -> Self {
        let runtime = Runtime::new().unwrap();
        let (emulator, server) = runtime.block_on(async {
            let emulator = Emulator::new(seed, Clock::system()).unwrap();
            emulator.set_latency(latency);
            let address = "127.0.0.1:0".parse().unwrap();
            let server = Server::start(emulator.clone(), address).await.unwrap();
            (emulator, server)
        });
        let directory = tempfile::tempdir().unwrap();
        let policy = directory.path().join("policy.toml");
        std::fs::write(&policy, server.policy_toml()).unwrap();
        Self {
            emulator,
            policy,
            directory,
            _server: server,
            runtime,
        }
    }

    /// A file beside the policy, which goes when this goes.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        // Whatever mask the tests run under.
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    /// Adds to the policy.
    pub fn append_policy(&self, text: &str) {
        let policy = std::fs::read_to_string(&self.policy).unwrap();
        // What stands before the first table must stay there.
        std::fs::write(&self.policy, format!("{policy}\n{text}\n")).unwrap();
    }

    /// `akv run` of a job under this policy, to its end.
    pub fn run(&self, job: &Path, more: &[&str]) -> Finished {
        self.command(job, more).output().unwrap().into()
    }

    /// `akv run` of a job under this policy, still to be started.
    pub fn command(&self, job: &Path, more: &[&str]) -> Command {
        let policy = self.policy.to_str().unwrap();
        let mut args = vec!["run", "--job", job.to_str().unwrap(), "--policy", policy];
        args.extend(more);
        akv_command(&args)
    }

    /// Waits for something that concerns the emulator.
    pub fn block_on<T>(&self, waited_for: impl Future<Output = T>) -> T {
        self.runtime.block_on(waited_for)
    }
}

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// The exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// Standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs `akv` to its end.
pub fn akv(args: &[&str]) -> Finished {
    akv_command(args).output().unwrap().into()
}

/// `akv` with a cache of its own and without the caller's Azure variables, still to be started.
pub fn akv_command(args: &[&str]) -> Command {
    let cache = repository().join("target/test-cache");
    let mut command = Command::new(artifact("akv"));
    command
        .args(args)
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::null());
    for name in [
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
    ] {
        command.env_remove(name);
    }
    command
}

/// Sends a signal, such as `-TERM`.
pub fn signal(child: &Child, name: &str) {
    send(name, child.id());
}

fn send(signal: &str, id: u32) {
    let mut kill = Command::new("kill");
    let sent = kill.args([signal, &id.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// How a process ended that should end by itself; one that does not is killed in the end, so that
/// it fails the test and does not hold it up.
pub fn ended(child: &mut Child) -> Option<i32> {
    let (done, waits) = channel::<()>();
    let id = child.id();
    let watch = std::thread::spawn(move || {
        if waits.recv_timeout(A_MINUTE) == Err(RecvTimeoutError::Timeout) {
            send("-KILL", id);
        }
    });
    let code = child.wait().unwrap().code();
    drop(done);
    watch.join().unwrap();
    code
}
