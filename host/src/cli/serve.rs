//! `akv serve`: jobs as lines in, results as lines out, for many extensions at once. Each line that
//! is not blank has one result, with the line's number; they come in the order in which jobs end.
//!
//! It must not know what is in a job, nor how extensions are kept apart.

use super::args::ServeArgs;
use super::exit::{Exit, OrUsage};
use super::files;
use super::run::{self, not_run_report, unreadable};
use super::say::say;
use super::setup::{self, Audits, Parts};
use super::watch::Watch;
use anyhow::{Context, Result, anyhow};
use extension_host::engine::Cancel;
use extension_host::fleet::{Config, Entry, Fleet, Place};
use extension_host::orchestrator::{Job, LONGEST_LINE, LineError, parse_line};
use extension_host::runner::{Cause, Failure, Host, Report};
use extension_host::text_file;
use extension_host::wiped::{Line, Lines};
use job_scope::JobKind;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, spawn_blocking};

/// Threads on which the connections of one extension live. Two cores carry a thousand requests
/// in a second; more of them would only let one extension take more of a machine.
const IO_THREADS: usize = 2;

pub(crate) fn serve(args: &ServeArgs) -> Result<Exit> {
    setup::raise_open_files();
    let runtime = setup::lasting(tokio::runtime::Runtime::new())?;
    let cancel = setup::stopped_by_signals(runtime)?;
    let fleet = fleet(&args.config)?;
    let (into, lines) = mpsc::channel(1);
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let stdin = stdin.context("cannot read standard input")?;
    std::thread::Builder::new()
        .name("lines".to_owned())
        .spawn(move || {
            for line in Lines::new(stdin, LONGEST_LINE) {
                let ends = line.is_err();
                if into.blocking_send(line).is_err() || ends {
                    break;
                }
            }
        })
        .context("cannot start a thread")?;
    let server = Server {
        fleet,
        cancel: cancel.clone(),
        verbose: args.verbose,
        trouble: Arc::default(),
    };
    let trouble = server.trouble.clone();
    runtime.block_on(server.serve(lines));
    let trouble = trouble
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match trouble {
        Some(error) => Err(error),
        None if cancel.is_cancelled() => Ok(Exit::Interrupted),
        None => Ok(Exit::Success),
    }
}

/// The extensions of a configuration, each with a host and an I/O runtime of its own.
fn fleet(path: &Path) -> Result<Fleet> {
    let bytes = files::read_trusted(path)?;
    let text = files::text_of(&bytes, path, text_file::decode)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let config = Config::parse(&text, directory)
        .with_context(|| format!("cannot use {}", path.display()))
        .or_usage()?;
    let mut members = Vec::new();
    let mut audits = Audits::default();
    for entry in config.extensions {
        let host =
            host(&entry, &mut audits).with_context(|| format!("extension {}", entry.name))?;
        members.push((entry.name, host, entry.quota));
    }
    Ok(Fleet::new(members))
}

fn host(entry: &Entry, audits: &mut Audits) -> Result<Host> {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(IO_THREADS).enable_all();
    let runtime = runtime.thread_name(&entry.name).build();
    let parts = Parts {
        policy: entry.policy.as_deref(),
        component: &entry.component,
        sha256: entry.sha256.as_deref(),
        audit: entry.audit.as_deref(),
        jobs: u32::try_from(entry.quota.jobs).unwrap_or(u32::MAX),
    };
    setup::host(&parts, audits, setup::lasting(runtime)?.handle())
}

/// Where jobs come in and results go out.
struct Server {
    fleet: Fleet,
    cancel: Cancel,
    verbose: bool,
    /// What keeps lines from coming, or results from leaving.
    trouble: Arc<Mutex<Option<anyhow::Error>>>,
}

/// A result on its way out.
struct Outcome {
    line: u64,
    extension: Option<String>,
    history_id: i64,
    kind: Option<JobKind>,
    report: Report,
}

impl Server {
    async fn serve(self, mut lines: mpsc::Receiver<io::Result<Line>>) {
        let mut jobs = JoinSet::new();
        let mut number = 0;
        let mut open = true;
        loop {
            let line = tokio::select! {
                biased;
                () = self.cancel.cancelled(), if open => {
                    // What has come in by now still gets its result.
                    lines.close();
                    open = false;
                    continue;
                }
                line = lines.recv() => line,
            };
            while jobs.try_join_next().is_some() {}
            number += 1;
            match line {
                None => break,
                Some(Ok(Line::Whole(line))) if line.iter().all(u8::is_ascii_whitespace) => {}
                Some(Ok(line)) => match self.begin(number, &line) {
                    Ok((place, job, outcome)) => {
                        jobs.spawn(self.run(place, job, outcome));
                    }
                    Err(outcome) => write(&self.trouble, &self.cancel, outcome).await,
                },
                Some(Err(error)) => {
                    let error = anyhow!(error).context("cannot read standard input");
                    keep(&self.trouble, error);
                }
            }
        }
        while jobs.join_next().await.is_some() {}
    }

    /// A place for the job of a line, or the result that says why it has none.
    fn begin(&self, number: u64, line: &Line) -> Result<(Place, Job, Outcome), Box<Outcome>> {
        let not_run = |extension: Option<&str>, history_id, failure| Outcome {
            line: number,
            extension: extension.map(str::to_owned),
            history_id,
            kind: None,
            report: not_run_report(failure),
        };
        let input = |message: String| Failure {
            cause: Cause::Input,
            message,
        };
        let read = match line {
            Line::Whole(line) => parse_line(line),
            Line::TooLong => Err(LineError::TooLong),
        };
        let read = read.map_err(|e| Box::new(not_run(None, 0, input(e.to_string()))))?;
        let parsed = read.job;
        let id = parsed.history_id;
        let place = self.fleet.admit(&read.extension);
        let place = place.map_err(|e| Box::new(not_run(None, id, input(e.to_string()))))?;
        let name = Some(place.extension());
        match parsed.job {
            Ok(job) => {
                // Until it has another.
                let stopped = Failure {
                    cause: Cause::Cancelled,
                    message: "cancelled before it was run".to_owned(),
                };
                let mut outcome = not_run(name, id, stopped);
                outcome.kind = Some(job.kind());
                Ok((place, job, outcome))
            }
            Err(error) => Err(Box::new(not_run(name, id, unreadable(&error)))),
        }
    }

    /// Runs a job, which keeps its place and its turn until its result is written: whoever reads
    /// results slowly does not make them, or their lists, pile up here.
    fn run(
        &self,
        place: Place,
        job: Job,
        mut outcome: Outcome,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (cancel, trouble, verbose) = (self.cancel.clone(), self.trouble.clone(), self.verbose);
        let place = Arc::new(place);
        let ran = {
            let (place, cancel) = (place.clone(), cancel.clone());
            async move {
                let turn = place.turn(&cancel).await?;
                let watch = Box::new(Watch::among(place.extension(), verbose));
                let report = turn.host().run(job, cancel, watch).await;
                Some((turn, report))
            }
        };
        async move {
            // On a task of its own, so that a panic of ours leaves a result too.
            let mut held = None;
            match tokio::spawn(ran).await {
                Ok(Some((turn, report))) => {
                    outcome.report = report;
                    held = Some(turn);
                }
                Ok(None) => {}
                Err(error) => {
                    outcome.report = not_run_report(Failure {
                        cause: Cause::Other,
                        message: format!("the host failed while running the job: {error}"),
                    });
                }
            }
            write(&trouble, &cancel, Box::new(outcome)).await;
            drop((held, place));
        }
    }
}

/// Writes a result. When nobody can have results any more, nothing need go on.
async fn write(trouble: &Mutex<Option<anyhow::Error>>, cancel: &Cancel, mut outcome: Box<Outcome>) {
    let written = spawn_blocking(move || outcome.write()).await;
    let written = written.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    if let Err(error) = written {
        keep(trouble, anyhow!(error).context("cannot write a result"));
        if !cancel.is_cancelled() {
            say!("akv: cannot write a result; stopping");
            cancel.cancel();
        }
    }
}

fn keep(trouble: &Mutex<Option<anyhow::Error>>, error: anyhow::Error) {
    let mut trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
    trouble.get_or_insert(error);
}

impl Outcome {
    fn write(&mut self) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        write!(out, "{{\"line\":{}", self.line)?;
        if let Some(name) = &self.extension {
            write!(out, ",\"extension\":{}", serde_json::to_string(name)?)?;
        }
        out.write_all(b",\"result\":")?;
        run::write(&mut out, &mut self.report, self.kind, self.history_id)?;
        out.write_all(b"}\n")?;
        out.flush()
    }
}
