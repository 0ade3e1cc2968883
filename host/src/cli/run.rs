//! `akv run`: a job of the orchestrator in, its result out. It must not interpret either.

use super::args::RunArgs;
use super::exit::Exit;
use super::{discover, files, inventory, setup};
use anyhow::{Context, Result};
use extension_host::limits::Limits;
use extension_host::orchestrator::{Job, JobError, JobResult, List, write_result};
use extension_host::runner::{Cause, Failure, Report, Status};
use job_scope::{JobKind, option};
use std::io::{self, BufWriter, Write};

pub(crate) fn run(args: &RunArgs) -> Result<Exit> {
    // Whoever started the job waits for a result, also when nothing could run.
    let not_run = |error: anyhow::Error, history_id| {
        let failure = Failure {
            cause: Cause::Configuration,
            message: format!("{error:#}"),
        };
        result(&mut not_run_report(failure), None, history_id)?;
        Err(error)
    };
    let parsed = match files::read_job(&args.job) {
        Ok(parsed) => parsed,
        Err(error) => return not_run(error, 0),
    };
    let history_id = parsed.history_id;
    let kind = parsed.job.as_ref().ok().map(Job::kind);
    let mut report = match parsed.job {
        Ok(job) => match setup::run_of_platform(&args.host, asked(job, args)) {
            Ok(report) => report,
            Err(error) => return not_run(error, history_id),
        },
        Err(error) => not_run_report(unreadable(&error)),
    };
    result(&mut report, kind, history_id)?;
    if args.table
        && let Some(list) = report.list.as_mut()
    {
        let mut stderr = std::io::stderr().lock();
        match kind {
            Some(JobKind::Discovery) => discover::write_table(&mut stderr, list)?,
            _ => inventory::write_table(&mut stderr, list)?,
        }
    }
    setup::tell(&report, kind);
    Ok(match (kind, report.status) {
        // Cancelled by the platform beforehand: nobody interrupted anything here.
        (None, Status::Failure(Cause::Cancelled)) => Exit::Failure,
        (_, status) => Exit::of_status(status),
    })
}

/// The job with what the command line says about it.
fn asked(mut job: Job, args: &RunArgs) -> Job {
    if let Some(percent) = args.max_shrink {
        job.options.set(option::MAX_SHRINK, &percent.to_string());
    }
    job
}

/// Why a job that cannot be read was not run.
pub(crate) fn unreadable(error: &JobError) -> Failure {
    Failure {
        cause: match error {
            JobError::Cancelled => Cause::Cancelled,
            _ => Cause::Input,
        },
        message: error.to_string(),
    }
}

/// No policy has been read yet, so there is no caution.
pub(crate) fn not_run_report(failure: Failure) -> Report {
    Report::not_run(failure, None, &Limits::default())
}

fn result(report: &mut Report, kind: Option<JobKind>, history_id: i64) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    write(&mut out, report, kind, history_id)
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
        .context("cannot write the result")
}

/// Writes the platform's result, without the end of its line.
pub(crate) fn write(
    out: &mut impl Write,
    report: &mut Report,
    kind: Option<JobKind>,
    history_id: i64,
) -> io::Result<()> {
    let number = match report.status {
        Status::Success => JobResult::Success,
        Status::Warning => JobResult::Warning,
        Status::Failure(_) => JobResult::Failure,
    };
    let list = report.list.as_mut().map(|list| match kind {
        Some(JobKind::Discovery) => List::Discovered(list),
        _ => List::Inventory(list),
    });
    write_result(out, number, history_id, &report.message, list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;
    use extension_host::orchestrator::parse;

    #[test]
    fn what_the_command_line_says_is_an_option_of_the_job() {
        let text = br#"{
            "JobHistoryId": 1, "Capability": "CertStores.AKV.Inventory",
            "CertificateStoreDetails": {
                "ClientMachine": "11111111-1111-4111-8111-111111111111",
                "Properties": "{\"max-shrink\": 10}",
                "StorePath": "22222222-2222-4222-8222-222222222222:rg-one:kv-one"
            }
        }"#;
        for (flag, wanted) in [(&[][..], None), (&["--max-shrink", "70"], Some("70"))] {
            let words = ["akv", "run", "--job", "job.json"].iter().chain(flag);
            let Command::Run(args) = Cli::try_parse_from(words).unwrap().command else {
                panic!("{flag:?}");
            };
            let job = asked(parse(text).job.unwrap(), &args);
            assert_eq!(job.options.get("max-shrink"), wanted);
            let of_store = &job.store().unwrap().options;
            assert_eq!(of_store.get("max-shrink"), Some("10"));
        }
    }
}
