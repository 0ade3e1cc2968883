//! `akv policy check`, `show` and `schema`: what a policy file says, without any job.
//!
//! It must not know what a policy is for.

use super::args::{CheckPolicyArgs, ShowArgs};
use super::exit::{Exit, OrUsage};
use super::say::say;
use super::setup;
use anyhow::{Context, Result};
use extension_host::egress::Trust;
use extension_host::policy::{Policy, SCHEMA};
use std::io::Write;

/// Reads a policy as a run would, to the last certificate in it.
pub(crate) fn check(args: &CheckPolicyArgs) -> Result<Exit> {
    let (policy, origin) = setup::policy_of(args.file.as_deref())?;
    Trust::new(policy.added_cas())
        .with_context(|| format!("cannot use {origin}"))
        .or_usage()?;
    print(&format!("{origin} is in order\n"))?;
    warn(&policy);
    Ok(Exit::Success)
}

/// Prints what holds, with everything that was not said.
pub(crate) fn show(args: &ShowArgs) -> Result<Exit> {
    let (policy, origin) = setup::policy_of(args.policy.as_deref())?;
    print(&format!("# What holds by {origin}.\n\n{}", policy.shown()))?;
    warn(&policy);
    Ok(Exit::Success)
}

/// Prints the JSON Schema of a policy file.
pub(crate) fn schema() -> Result<Exit> {
    print(SCHEMA)?;
    Ok(Exit::Success)
}

fn warn(policy: &Policy) {
    for vain in policy.in_vain() {
        say!("akv: {vain}");
    }
    if let Some(caution) = policy.caution() {
        say!("akv: of each run it would be said that {caution}");
    }
}

fn print(text: &str) -> Result<()> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("cannot write")
}
