//! Standard input, output and error, and whoever does not read them.

use super::{JOB, misbehaving};
use end_to_end::{Azure, Finished, fixture};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

#[test]
fn a_job_comes_from_standard_input_too() {
    let azure = Azure::start();
    let job = File::open(fixture(JOB)).unwrap();
    let mut command = azure.command(Path::new("-"), &[]);
    let output = command.stdin(job).output().unwrap();
    assert_eq!(Finished::from(output).json()["Result"], 2);
}

#[test]
fn a_stderr_that_nobody_reads_holds_no_result_back() {
    let azure = Azure::start();
    let flood = "attempt = \"flood-log\"\nargument = \"1000\"";
    let mut child = misbehaving(&azure, JOB, flood, &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A megabyte of log lines fills the pipe, which is never read.
    let stderr = child.stderr.take();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let result: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(result["Result"], 2, "{line}");
    drop(stderr);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_stderr_that_is_closed_changes_no_exit_code() {
    let azure = Azure::start();
    for (job, code, id) in [(JOB, 0, 4701), ("inventory-wrong-secret", 4, 4726)] {
        let mut child = azure
            .command(&fixture(job), &[])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Every line that is written from here on fails.
        drop(child.stderr.take());
        let ran = Finished::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, code, "{job}");
        assert_eq!(ran.json()["JobHistoryId"], id, "{job}");
    }
}
