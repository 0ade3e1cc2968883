//! `akv run`: a job of the orchestrator in, its result out. It must not interpret either.

use super::args::RunArgs;
use super::exit::Exit;
use super::inventory::write_table;
use super::setup;
use anyhow::{Context, Result};
use extension_host::orchestrator::{JobError, JobResult, parse, write_result};
use extension_host::runner::{Cause, Failure, Report, Status};
use std::io::BufWriter;

pub(crate) fn run(args: &RunArgs) -> Result<Exit> {
    let parsed = parse(&setup::read(&args.job)?);
    let (mut report, interrupted) = match &parsed.job {
        Ok(job) => match setup::run(&args.host, job) {
            Ok(finished) => (finished.report, finished.interrupted),
            Err(error) => {
                // Whoever started the job waits for a result, also when nothing could run.
                let failure = Failure {
                    cause: Cause::Configuration,
                    message: format!("{error:#}"),
                };
                result(&mut Report::not_run(failure), parsed.history_id)?;
                return Err(error);
            }
        },
        Err(error) => {
            let failure = Failure {
                cause: match error {
                    JobError::Cancelled => Cause::Cancelled,
                    _ => Cause::Input,
                },
                message: error.to_string(),
            };
            (Report::not_run(failure), false)
        }
    };
    if !report.message.is_empty() {
        eprintln!("akv: {}", report.message);
    }
    if args.table
        && let Some(list) = report.list.as_mut()
    {
        write_table(&mut std::io::stderr().lock(), list)?;
    }
    result(&mut report, parsed.history_id)?;
    Ok(if interrupted {
        Exit::Interrupted
    } else {
        Exit::of_status(report.status)
    })
}

fn result(report: &mut Report, history_id: i64) -> Result<()> {
    let number = match report.status {
        Status::Success => JobResult::Success,
        Status::Warning => JobResult::Warning,
        Status::Failure(_) => JobResult::Failure,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    write_result(
        &mut out,
        number,
        history_id,
        &report.message,
        report.list.as_mut(),
    )
    .context("cannot write the result")
}
