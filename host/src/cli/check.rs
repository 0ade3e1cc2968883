//! `akv check`: whether an identity could do its work, changing nothing. It must not know what
//! is looked at.

use super::args::CheckArgs;
use super::exit::{Exit, OrUsage};
use super::job::{self, cloud, options, store_at};
use super::setup;
use anyhow::{Result, anyhow};
use extension_host::engine::vocabulary::Failure;
use extension_host::orchestrator::Task;
use extension_host::runner::{Report, Status};
use job_scope::JobKind;

/// The store of a check that is about none: the contract has a place for one in every check, and
/// a check for discovery neither names it to anybody nor asks for it.
const NO_STORE: &str = "00000000-0000-0000-0000-000000000000:none";

pub(crate) fn check(args: &CheckArgs) -> Result<Exit> {
    let path = match (&args.path, args.kinds.as_slice()) {
        (Some(path), _) => path.as_str(),
        (None, [JobKind::Discovery]) => NO_STORE,
        (None, _) => {
            return Err(anyhow!(
                "STORE_PATH is missing: only a check for discovery is about no store"
            ))
            .or_usage();
        }
    };
    let task = Task::Check {
        store: store_at(path, &args.place, &[]),
        kinds: args.kinds.clone(),
    };
    let job = job::job(&args.by.identity, options(&[cloud(&args.place)]), task)?;
    let report = match args.wait {
        None => setup::run(&args.by.host, job)?,
        Some(wait) => setup::run_until(&args.by.host, job, wait)?,
    };
    setup::tell_result(&report, JobKind::Check, answers(&report))?;
    Ok(job::exit(&report))
}

/// Whether the check was made: its "no" is an answer too. What ended it early is none.
fn answers(report: &Report) -> bool {
    match (report.status, report.failure) {
        (Status::Success | Status::Warning, _) => true,
        (_, None | Some(Failure::Cancelled | Failure::Deadline | Failure::Other)) => false,
        (_, Some(_)) => true,
    }
}
