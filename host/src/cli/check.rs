//! `akv check`: whether an identity could do its work, changing nothing. It must not know what
//! is looked at.

use super::args::CheckArgs;
use super::exit::Exit;
use super::job::{self, cloud, options, store};
use super::setup;
use anyhow::Result;
use extension_host::orchestrator::Task;

pub(crate) fn check(args: &CheckArgs) -> Result<Exit> {
    let task = Task::Check {
        store: store(&args.store, &[]),
        kinds: args.kinds.clone(),
    };
    let job = job::job(&args.identity, options(&[cloud(&args.store)]), task)?;
    let report = match args.wait {
        None => setup::run(&args.host, job)?,
        Some(wait) => setup::run_until(&args.host, job, wait)?,
    };
    setup::tell_result(&report)?;
    Ok(job::exit(&report))
}
