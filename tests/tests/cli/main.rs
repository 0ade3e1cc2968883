//! `akv` as a person or a script calls it: outputs, exit codes, messages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod calls;
mod elsewhere;
mod lists;
mod people;
mod policy;
mod signals;
mod streams;
mod texts;

use end_to_end::{Azure, Finished, akv_command, artifact, fixture};
use std::process::Command;

const STORE: &str = "22222222-2222-4222-8222-222222222222:rg-one:kv-one";
const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const JOB: &str = "inventory-service-principal";

/// A command that works as the application, still to be started.
fn application(azure: &Azure, words: &[&str]) -> Command {
    let secret = azure.file("secret.txt", "sp-secret~1\n");
    let (secret, policy) = (secret.to_str().unwrap(), azure.policy.to_str().unwrap());
    let identity = ["--client-id", CLIENT, "--client-secret-file", secret];
    akv_command(&[words, &identity[..], &["--policy", policy]].concat())
}

fn as_application(azure: &Azure, words: &[&str]) -> Finished {
    application(azure, words).output().unwrap().into()
}

fn inventory(azure: &Azure, store: &str, more: &[&str]) -> Finished {
    let words = ["inventory", store, "--tenant", TENANT];
    as_application(azure, &[&words[..], more].concat())
}

/// `akv run` of a job by the extension that misbehaves, in the way that the options say.
fn misbehaving(azure: &Azure, job: &str, options: &str, more: &[&str]) -> Command {
    azure.append_policy(&format!("[options]\n{options}"));
    let component = artifact("hostile_extension.wasm");
    let component = ["--component", component.to_str().unwrap()];
    azure.command(&fixture(job), &[&component[..], more].concat())
}
