//! `akv policy explain`: what a job may reach, without running it. Nothing is sent and no
//! component is loaded.

use super::args::ExplainArgs;
use super::exit::Exit;
use super::say::say;
use super::{files, setup};
use anyhow::{Context, Result};
use extension_host::grant::Rule;
use extension_host::runner::{identified, reach};
use std::io::Write;

pub(crate) fn explain(args: &ExplainArgs) -> Result<Exit> {
    let parsed = files::read_job(&args.job)?;
    let policy = setup::policy(args.policy.as_deref())?;
    let reached = match parsed.job {
        Ok(job) => identified(job, &policy)
            .and_then(|job| reach(&job, &policy))
            .map_err(|failure| failure.message),
        Err(error) => Err(error.to_string()),
    };
    let reach = match reached {
        Ok(reach) => reach,
        Err(why) => {
            say!("akv: this job would fail without sending anything: {why}");
            return Ok(Exit::Failure);
        }
    };
    let mut out = std::io::stdout().lock();
    show(&mut out, reach.grants.rules()).context("cannot write")?;
    for note in reach.notes.iter().chain(&reach.warnings) {
        say!("akv: {note}");
    }
    if let Some(caution) = policy.caution() {
        say!("akv: {caution}");
    }
    if let Some(outside) = reach.outside.first() {
        say!(
            "akv: the policy does not allow {} (rule {}), so this job would fail without sending anything",
            outside.host,
            outside.rule
        );
    }
    Ok(if reach.outside.is_empty() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// Each rule: what it is for, then the request as far as it is fixed, and where credentials are
/// attached. `*` and `{name}` stay
/// open, brackets may be missing.
fn show(out: &mut impl Write, rules: &[Rule]) -> std::io::Result<()> {
    for rule in rules {
        writeln!(out, "{} ({})", rule.purpose(), rule.id())?;
        let query = rule.query();
        let mark = if query.is_empty() { "" } else { "?" };
        writeln!(out, "    {} {}{mark}{query}", rule.method(), rule.url())?;
        for part in [rule.headers(), rule.body(), rule.credentials()] {
            if !part.is_empty() {
                writeln!(out, "    {part}")?;
            }
        }
    }
    Ok(())
}
