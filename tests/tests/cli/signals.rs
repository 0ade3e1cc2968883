//! Signals, whatever `akv` is doing when one comes.

use super::{JOB, STORE, TENANT, application, misbehaving};
use azure_emulator::Fault;
use end_to_end::{Azure, Finished, ended, signal};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

#[test]
fn a_signal_ends_with_130_and_a_result() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        interrupted_by(signal);
    }
}

fn interrupted_by(name: &str) {
    let azure = Azure::start();
    let mut child = misbehaving(&azure, JOB, "attempt = \"sleep\"", &["--verbose"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The extension says that it is about to sleep; then it is interrupted.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let sleeps = lines
        .by_ref()
        .any(|line| line.unwrap().contains("sleeping"));
    assert!(sleeps);
    signal(&child, name);
    // Whatever it says now has a reader.
    lines.for_each(drop);
    let ran = Finished::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130);
    let result = ran.json();
    assert_eq!(result["Result"], 4);
    let message = result["FailureMessage"].as_str().unwrap();
    assert!(message.contains("cancelled"), "{message}");
}

/// Results may be large, and whoever reads them slow.
#[test]
fn a_signal_ends_the_program_while_it_waits_for_its_result_to_be_read() {
    let azure = Azure::start();
    // More than any pipe holds.
    let paths: Vec<String> = (0..500).map(|n| format!("{n:0>1000}")).collect();
    let paths = paths.join(" ");
    let submit = format!("attempt = \"submit-paths\"\nargument = \"{paths}\"");
    let job = "discovery-two-tenants-with-spaces";
    let mut child = misbehaving(&azure, job, &submit, &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The first byte of the result: the job is over.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    signal(&child, "-INT");
    assert_eq!(ended(&mut child), Some(130));
}

#[test]
fn a_check_that_waits_ends_with_130_when_it_is_interrupted() {
    let azure = Azure::start();
    let denied = Fault::error("ForbiddenByRbac").path("/certificates");
    azure.emulator.inject(denied);
    let check = ["check", STORE, "--tenant", TENANT, "--wait", "10m"];
    let mut child = application(&azure, &check)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = lines.by_ref().any(|line| line.unwrap().contains("not yet"));
    assert!(waits);
    signal(&child, "-INT");
    let code = ended(&mut child);
    let told: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(code, Some(130), "{told:?}");
    let cancelled = told.iter().any(|line| line.contains("cancelled"));
    assert!(cancelled, "{told:?}");
}
