//! The audit of a hostile extension: one line an attempt, whatever the extension wrote.

use super::{JOB, trying};
use end_to_end::{Azure, artifact, fixture, hostile::HOSTILE};
use serde_json::Value;

/// What a line has; never a body, a header, or a query string.
const MEMBERS: [&str; 15] = [
    "time",
    "job",
    "attempt",
    "extension",
    "decision",
    "rule",
    "reason",
    "method",
    "host",
    "path",
    "status",
    "bytes",
    "milliseconds",
    "address",
    "error",
];

/// The audit's lines after these attempts, one run each, all into one file.
fn audit(attempts: &[&str]) -> (Vec<Value>, Vec<u8>) {
    audit_under(attempts, "")
}

/// The same with more in the policy.
fn audit_under(attempts: &[&str], more: &str) -> (Vec<Value>, Vec<u8>) {
    let azure = Azure::start();
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let file = azure.file("audit.jsonl", "");
    let component = artifact(HOSTILE);
    for attempt in attempts {
        std::fs::write(
            &azure.policy,
            format!("{policy}\n{}\n{more}", trying(attempt, "")),
        )
        .unwrap();
        let arguments = [
            "--component",
            component.to_str().unwrap(),
            "--audit",
            file.to_str().unwrap(),
        ];
        azure.run(&fixture(JOB), &arguments);
    }
    let bytes = std::fs::read(&file).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), bytes)
}

#[test]
fn nothing_that_an_extension_writes_forges_a_line() {
    let attempts = [
        "encoded_newline",
        "bidi_in_a_path",
        "audit_line_in_the_log",
        "escape_sequence_in_the_log",
        "method_with_a_newline",
        "method_of_its_own",
        "newline_in_a_header",
        "user_before_the_granted_host",
        "another_host",
    ];
    let (lines, bytes) = audit(&attempts);
    assert!(bytes.iter().all(|byte| *byte == b'\n' || *byte >= b' '));
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains('\u{202e}'), "{text}");
    // A note of the redirection for each run, and a record for each request that was made of an
    // attempt: neither of a log line, nor of a method or a header that is none.
    let records: Vec<&Value> = lines
        .iter()
        .filter(|line| line.get("note").is_none())
        .collect();
    assert_eq!(lines.len() - records.len(), attempts.len(), "{text}");
    assert_eq!(records.len(), 5, "{text}");
    for record in &records {
        assert_eq!(record["decision"], "denied", "{record}");
        assert_eq!(record["job"], 4701, "{record}");
        for member in record.as_object().unwrap().keys() {
            assert!(MEMBERS.contains(&member.as_str()), "{record}");
        }
        assert!(!record["host"].as_str().unwrap().contains('@'), "{record}");
    }
    assert!(!text.contains("password"), "{text}");
}

#[test]
fn what_is_beyond_the_limit_of_requests_is_counted_and_fills_no_disk() {
    let (lines, _) = audit_under(&["flood_denials"], "[limits]\nrequests = 3");
    let decisions: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["decision"].as_str())
        .collect();
    assert_eq!(decisions, ["denied", "denied", "denied", "limited"]);
    let notes: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["note"].as_str())
        .collect();
    // The first is of the redirection.
    let told = "6 more attempts without a record: the job tried more than the 3 requests";
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[1].starts_with(told), "{notes:?}");
    assert_eq!(lines.last().unwrap()["note"], notes[1]);
}

#[test]
fn an_allowed_request_has_rule_template_status_and_address_and_no_query() {
    let (lines, bytes) = audit(&["given-list"]);
    let record = lines
        .iter()
        .find(|line| line.get("note").is_none())
        .unwrap();
    assert_eq!(record["decision"], "allowed");
    assert_eq!(record["rule"], "list-certificates");
    assert_eq!(record["method"], "GET");
    assert_eq!(record["host"], "kv-one.vault.azure.net");
    assert_eq!(record["path"], "/certificates");
    assert_eq!(record["status"], 401);
    assert!(
        record["address"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1:")
    );
    assert!(record["milliseconds"].is_u64() && record["bytes"].is_u64());
    assert_eq!(record["extension"].as_str().unwrap().len(), 64);
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("api-version"), "{text}");
}
