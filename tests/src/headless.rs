//! A host whose requests end in the emulator's function, in this process: no sockets, and
//! on paused time minutes of back-off take milliseconds.

use azure_emulator::{Disconnected, Emulator, Seed, deliver};
use bytes::Bytes;
use extension_host::clock::Clock;
use extension_host::egress::{Answer, Audit, ConnectError, Record, SendError, Transport};
use extension_host::engine::vocabulary::LogLevel;
use extension_host::engine::{Cancel, Engine, Extension, LoadError};
use extension_host::limits::Limits;
use extension_host::orchestrator::{Item, Job, parse};
use extension_host::policy::Policy;
use extension_host::runner::{
    Credentials, Host, Machine, Observer, Report, Threads, UnreadVariables,
};
use http::Request;
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// The emulator as a way out.
struct InProcess(Emulator);

impl Transport for InProcess {
    fn send(
        &self,
        request: Request<Bytes>,
        first_byte: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
        let emulator = self.0.clone();
        Box::pin(async move {
            let response = tokio::time::timeout(first_byte, emulator.handle(request))
                .await
                .map_err(|_| SendError::FirstByte(first_byte))?
                .map_err(|gone| match gone {
                    Disconnected::NoSuchHost(host) => {
                        SendError::Connect(ConnectError::Unresolved(host))
                    }
                    Disconnected::Reset => SendError::Broken(gone.to_string()),
                })?;
            Ok(Answer {
                response: deliver(response).map(|body| {
                    body.map_err(|broken| SendError::Broken(broken.to_string()))
                        .boxed_unsync()
                }),
                peer: None,
            })
        })
    }
}

/// Audit records in memory.
#[derive(Default)]
struct Kept(Mutex<Vec<Record>>);

impl Audit for Kept {
    fn record(&self, record: &Record) {
        self.0.lock().unwrap().push(record.clone());
    }
}

/// An observer that keeps the log lines.
#[derive(Clone, Default)]
pub struct Quiet(Arc<Mutex<Vec<(LogLevel, String)>>>);

impl Quiet {
    /// The lines so far.
    pub fn lines(&self) -> Vec<(LogLevel, String)> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Quiet {
    fn log(&mut self, level: LogLevel, line: &str) {
        self.0.lock().unwrap().push((level, line.to_owned()));
    }

    fn progress(&mut self, _: u64, _: Option<u64>) {}
}

/// A host over an emulator, and everything that can be looked at afterwards.
pub struct Headless {
    /// The emulator.
    pub emulator: Emulator,
    /// The host; change it before a run.
    pub host: Host,
    /// What the extension logged.
    pub log: Quiet,
    /// A directory of its own, for a policy that wants one.
    pub directory: TempDir,
    audit: Arc<Kept>,
}

impl Headless {
    /// A host that runs `component` (a file name in `target/release`) under a policy, over
    /// the emulator's built-in seed. Jobs run on the caller's runtime.
    pub fn new(component: &str, policy: &str) -> Self {
        Self::with_seed(component, policy, &Seed::built_in().unwrap())
    }

    /// The same over another seed.
    pub fn with_seed(component: &str, policy: &str, seed: &Seed) -> Self {
        let (engine, extension) = loaded(component);
        Self::with(engine, extension, policy, seed)
    }

    /// The same over the built-in seed, on a day of its own.
    pub fn at(component: &str, policy: &str, day: SystemTime) -> Self {
        let (engine, extension) = loaded(component);
        Self::on(engine, extension, policy, &Seed::built_in().unwrap(), day)
    }

    /// The same with a component of its bytes, which may be no extension at all.
    pub fn over(component: &[u8], policy: &str) -> Result<Self, LoadError> {
        let extension = engine().load(component, None)?;
        let seed = Seed::built_in().unwrap();
        Ok(Self::with(engine().clone(), extension, policy, &seed))
    }

    fn with(engine: Engine, extension: Extension, policy: &str, seed: &Seed) -> Self {
        Self::on(engine, extension, policy, seed, SystemTime::now())
    }

    fn on(
        engine: Engine,
        extension: Extension,
        policy: &str,
        seed: &Seed,
        wall: SystemTime,
    ) -> Self {
        let emulator = Emulator::new(seed, azure_emulator::Clock::starting_at(wall)).unwrap();
        let audit = Arc::new(Kept::default());
        let host = Host {
            engine,
            extension,
            policy: Policy::parse(policy).unwrap(),
            transport: Arc::new(InProcess(emulator.clone())),
            audit: audit.clone(),
            clock: Clock::starting_at(wall),
            limits: Limits::default(),
            threads: Threads::Caller,
            machine: Machine::Virtual,
            credentials: Credentials::Veiled,
            unread: UnreadVariables::default(),
        };
        Self {
            emulator,
            host,
            log: Quiet::default(),
            directory: tempfile::tempdir().unwrap(),
            audit,
        }
    }

    /// Lets the policy name its directory as the one of `inventory-turns`.
    pub fn keep_turns(&mut self) {
        let directory = self.directory.path().display();
        let policy = format!("inventory-turns = \"{directory}\"");
        self.host.policy = Policy::parse(&policy).unwrap();
    }

    /// Runs a job to its report.
    pub async fn run(&self, job: &Job) -> Report {
        self.run_cancellable(job, Cancel::new()).await
    }

    /// Runs a job that somebody may stop.
    pub async fn run_cancellable(&self, job: &Job, cancel: Cancel) -> Report {
        let observer = Box::new(self.log.clone());
        self.host.run(job.clone(), cancel, observer).await
    }

    /// The audit so far.
    pub fn audit(&self) -> Vec<Record> {
        self.audit.0.lock().unwrap().clone()
    }

    /// Everything that a run has said to anybody: its message, log lines, audit records.
    pub fn said(&self, report: &Report) -> String {
        let denials = &report.traffic.denials;
        let (log, audit) = (self.log.lines(), self.audit());
        format!("{}\n{denials:?}\n{log:?}\n{audit:?}", report.message)
    }

    /// How many requests arrived at the emulator whose path begins so.
    pub fn arrived(&self, path: &str) -> usize {
        self.emulator
            .requests()
            .iter()
            .filter(|request| request.path.starts_with(path))
            .count()
    }

    /// The paths of a discovery's report, in the order they were submitted.
    pub fn paths(report: &mut Report) -> Vec<String> {
        let list = report.list.as_mut().unwrap();
        list.read().unwrap().map(Result::unwrap).collect()
    }

    /// The items of a report, in the order they were submitted.
    pub fn items(report: &mut Report) -> Vec<Item> {
        let list = report.list.as_mut().unwrap();
        list.read().unwrap().map(Result::unwrap).collect()
    }
}

/// One engine for a test program, since each has a pool and a ticking thread.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(&Limits::default(), 16, None).unwrap())
}

/// Each component compiled once.
fn loaded(component: &str) -> (Engine, Extension) {
    static LOADED: Mutex<BTreeMap<String, Extension>> = Mutex::new(BTreeMap::new());
    let engine = engine();
    let mut loaded = LOADED.lock().unwrap();
    let extension = loaded.entry(component.to_owned()).or_insert_with(|| {
        let bytes = std::fs::read(crate::artifact(component)).unwrap();
        engine.load(&bytes, None).unwrap()
    });
    (engine.clone(), extension.clone())
}

/// A job from the fixtures.
pub fn job(fixture: &str) -> Job {
    let text = std::fs::read(crate::fixture(fixture)).unwrap();
    parse(&text).job.unwrap()
}
