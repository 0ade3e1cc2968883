//! One job: a fresh store, an instance, one call, and an end for every way it can go.
//!
//! It must not know what the end is worth; [`Ended`] only says what happened.

use super::bindings::certstore::extension::host::Outcome;
use super::courtesy::Courtesy;
use super::imports::{HostImports, Reports};
use super::state::JobState;
use super::work::{JobInput, Work, call};
use super::{Engine, Extension};
use crate::clock::Clock;
use crate::limits::{Limits, Reached};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpHooks;

/// Asks a job to stop. Clones ask the same job.
#[derive(Debug, Clone)]
pub struct Cancel {
    asked: watch::Sender<bool>,
}

impl Cancel {
    /// A job that nobody has asked to stop.
    pub fn new() -> Self {
        Self {
            asked: watch::Sender::new(false),
        }
    }

    /// Asks the job to stop. It may say something itself within the grace; then it is ended.
    pub fn cancel(&self) {
        self.asked.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits until somebody asks.
    pub async fn cancelled(&self) {
        let mut asked = self.asked.subscribe();
        // The sender lives as long as `self`, so this ends only when somebody asks.
        let _ = asked.wait_for(|asked| *asked).await;
    }
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything that one job needs besides the extension.
pub struct JobRun {
    /// What to do.
    pub work: Work,
    /// The common input. Its time limit is set from `limits`.
    pub job: JobInput,
    /// What it may use.
    pub limits: Limits,
    /// Where its requests go.
    pub hooks: Box<dyn WasiHttpHooks>,
    /// Where its reports go.
    pub reports: Box<dyn Reports>,
    /// Who may stop it.
    pub cancel: Cancel,
    /// The time it sees.
    pub clock: Clock,
}

/// Why a job ended without reporting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// The extension does not do this kind of work.
    #[error("the extension does not offer this kind of job; it exports {0}")]
    NotOffered(String),
    /// No instance could be made of it.
    #[error("the extension could not be started: {0}")]
    Start(String),
    /// It trapped.
    #[error("the extension ended abnormally: {0}")]
    Trap(String),
    /// It trapped because of a limit.
    #[error("the extension needed {0}")]
    Limit(Reached),
    /// It used up its CPU time.
    #[error("the extension used more than the {0:?} of CPU time a job may have")]
    Cpu(Duration),
    /// It was still running at the deadline.
    #[error("the job was not finished within its time limit of {0:?}")]
    Deadline(Duration),
    /// It was asked to stop and did not within the grace.
    #[error("cancelled")]
    Cancelled,
    /// The host itself failed while running it.
    #[error("the host failed while running the job: {0}")]
    Host(String),
}

/// What a job used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time of the job's thread.
    pub cpu: Duration,
    /// The largest size of its linear memory, in bytes.
    pub memory: usize,
    /// Log lines that were dropped.
    pub log_lines_dropped: u64,
}

/// How a job ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// What it reported, or why it could not.
    pub outcome: Result<Outcome, Stop>,
    /// The first submission of its that was refused.
    pub refused: Option<String>,
    /// What it used.
    pub usage: Usage,
}

impl Ended {
    fn stopped(stop: Stop) -> Self {
        Self {
            outcome: Err(stop),
            refused: None,
            usage: Usage::default(),
        }
    }
}

impl Engine {
    /// Runs a job on a thread of its own, with a runtime of its own, so that one that
    /// spins holds up nobody else. Whatever happens there, an end comes back.
    pub async fn run_on_thread(&self, extension: &Extension, run: JobRun) -> Ended {
        let (sender, receiver) = oneshot::channel();
        let deadline = run.limits.deadline;
        let latest = deadline + run.limits.grace * 2;
        let (engine, extension) = (self.clone(), extension.clone());
        let thread = move || {
            let ended =
                catch_unwind(AssertUnwindSafe(
                    || match tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .build()
                    {
                        Ok(runtime) => {
                            let courtesy = Some(Courtesy::default());
                            runtime.block_on(engine.run_in(&extension, run, courtesy))
                        }
                        Err(error) => Ended::stopped(Stop::Host(error.to_string())),
                    },
                ))
                .unwrap_or_else(|panic| Ended::stopped(Stop::Host(panic_text(&*panic))));
            // Nobody waits any more: then nobody needs the end.
            let _ = sender.send(ended);
        };
        if let Err(error) = std::thread::Builder::new()
            .name("job".to_owned())
            .spawn(thread)
        {
            return Ended::stopped(Stop::Host(error.to_string()));
        }
        // The job ends itself at its deadline, unless a report of its holds the thread up.
        match tokio::time::timeout(latest, receiver).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) => Ended::stopped(Stop::Host("the job's thread is gone".to_owned())),
            Err(_) => Ended::stopped(Stop::Deadline(deadline)),
        }
    }

    /// Runs a job on the present runtime. For one that must not be held up by a guest
    /// that spins, see [`Engine::run_on_thread`].
    pub async fn run(&self, extension: &Extension, run: JobRun) -> Ended {
        self.run_in(extension, run, None).await
    }

    async fn run_in(
        &self,
        extension: &Extension,
        run: JobRun,
        courtesy: Option<Courtesy>,
    ) -> Ended {
        let JobRun {
            work,
            mut job,
            limits,
            hooks,
            reports,
            cancel,
            clock,
        } = run;
        job.0.time_limit = u64::try_from(limits.deadline.as_millis()).unwrap_or(u64::MAX);
        let imports = HostImports::new(reports, cancel.clone(), &limits);
        let state = JobState::new(&limits, clock, imports, hooks, self.inner.at_call.clone());
        let mut store = Store::new(&self.inner.wasmtime, state);
        store.limiter(|state| &mut state.limiter);
        store.set_max_component_handles(limits.handles);
        store.set_hostcall_fuel(limits.hostcall_bytes);
        let cpu = CpuClock::start();
        limit_cpu(&mut store, cpu, limits.cpu, courtesy);

        let called = {
            let call = call(extension, &mut store, work, &job.0);
            tokio::pin!(call);
            tokio::select! {
                biased;
                ended = &mut call => ended,
                () = tokio::time::sleep(limits.deadline + limits.grace) => {
                    Err(Stop::Deadline(limits.deadline))
                }
                () = given_up(&cancel, limits.grace) => Err(Stop::Cancelled),
            }
        };
        let cpu = cpu.used();
        store.data_mut().imports.tell_of_lost_lines();
        let state = store.data();
        let outcome = called.map_err(|stop| explain(stop, state, cpu, &limits));
        Ended {
            outcome,
            refused: state.imports.refused.clone(),
            usage: Usage {
                cpu,
                memory: state.limiter.memory_peak,
                log_lines_dropped: state.imports.lines_dropped,
            },
        }
    }
}

/// CPU time of the job's thread since it began: what the guest used, and what the host did
/// for it. Epochs cannot tell: they go on while the guest waits.
#[derive(Clone, Copy)]
struct CpuClock {
    began: Duration,
}

impl CpuClock {
    fn start() -> Self {
        Self {
            began: thread_time(),
        }
    }

    fn used(self) -> Duration {
        thread_time().saturating_sub(self.began)
    }
}

fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Looks at each epoch tick whether the guest still has CPU time, and lets others run.
fn limit_cpu(
    store: &mut Store<JobState>,
    clock: CpuClock,
    most: Duration,
    mut courtesy: Option<Courtesy>,
) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        let used = clock.used();
        if let Some(courtesy) = &mut courtesy {
            courtesy.look(used);
        }
        Ok(if used > most {
            UpdateDeadline::Interrupt
        } else {
            UpdateDeadline::Yield(1)
        })
    });
}

async fn given_up(cancel: &Cancel, grace: Duration) {
    cancel.cancelled().await;
    tokio::time::sleep(grace).await;
}

/// Says what a trap was really about.
fn explain(stop: Stop, state: &JobState, cpu: Duration, limits: &Limits) -> Stop {
    match stop {
        Stop::Trap(_) | Stop::Start(_) if state.limiter.memory_refused => {
            Stop::Limit(Reached::Memory(limits.memory))
        }
        Stop::Trap(_) | Stop::Start(_) if cpu > limits.cpu => Stop::Cpu(limits.cpu),
        Stop::Trap(text) => match reached(&text, limits) {
            Some(limit) => Stop::Limit(limit),
            None => Stop::Trap(match &state.imports.last_error {
                Some(last) => format!("{last} ({text})"),
                None => text,
            }),
        },
        other => other,
    }
}

/// The limit that a trap is about. Some of wasmtime's have types that cannot be named, and some
/// have none: their texts are all there is, and each has an attempt that shows it.
fn reached(trap: &str, limits: &Limits) -> Option<Reached> {
    [
        ("handle limit exceeded", Reached::Handles(limits.handles)),
        ("no free keys", Reached::Resources(limits.resources)),
        (
            "fuel allocated for hostcalls has been exhausted",
            Reached::HostcallBytes(limits.hostcall_bytes),
        ),
        (
            "total size of fields exceeds limit",
            Reached::RequestHeaders(limits.header_bytes),
        ),
    ]
    .into_iter()
    .find_map(|(text, limit)| trap.contains(text).then_some(limit))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
