//! Many extensions in one `akv serve`: what one does, nobody else notices.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::{Azure, Deed, Served, artifact, fixture};
use serde_json::Value;
use tempfile::TempDir;

const GOOD: &str = "keyvault_extension.wasm";
const HOSTILE: &str = "hostile_extension.wasm";

/// A directory with a configuration, a policy for each extension, and their audits.
struct Fleet {
    directory: TempDir,
    config: String,
}

impl Fleet {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            config: String::new(),
        }
    }

    /// One more extension, under a policy of this text.
    fn with(mut self, name: &str, component: &str, policy: &str, more: &str) -> Self {
        std::fs::write(self.path(&format!("{name}.toml")), policy).unwrap();
        let component = artifact(component);
        writeln!(
            self.config,
            "[[extension]]\nname = \"{name}\"\ncomponent = {component:?}\npolicy = \"{name}.toml\"\naudit = \"{name}.jsonl\"\n{more}"
        )
        .unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn start(&self) -> Served {
        let config = self.path("fleet.toml");
        std::fs::write(&config, &self.config).unwrap();
        Served::start(&config)
    }

    /// The job numbers that the audit of an extension has.
    fn jobs_in_audit(&self, name: &str) -> BTreeSet<i64> {
        let text = std::fs::read_to_string(self.path(&format!("{name}.jsonl"))).unwrap();
        let job = |line: &str| serde_json::from_str::<Value>(line).unwrap()["job"].as_i64();
        text.lines().map(|line| job(line).unwrap()).collect()
    }
}

fn policy(azure: &Azure, more: &str) -> String {
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    format!("{policy}\n{more}\n")
}

fn attempt(name: &str) -> String {
    format!("[options]\nattempt = \"{name}\"")
}

fn job(number: i64) -> Value {
    let text = std::fs::read(fixture("inventory-service-principal")).unwrap();
    let mut job: Value = serde_json::from_slice(&text).unwrap();
    job["JobHistoryId"] = number.into();
    job
}

fn message(result: &Value) -> &str {
    result["result"]["FailureMessage"].as_str().unwrap()
}

fn listed(result: &Value) -> usize {
    result["result"]["Inventory"].as_array().map_or(0, Vec::len)
}

#[test]
fn neither_sees_anything_of_the_other() {
    let (azure, other) = (
        Azure::start(),
        Azure::with_seed(&Deed::seed(), Duration::ZERO),
    );
    // The same names and the same port as the first, and nobody that it trusts.
    let untrusting = policy(&azure, "");
    let untrusting = untrusting.split("[[ca]]").next().unwrap();
    let fleet = Fleet::new()
        .with("one", GOOD, &policy(&azure, ""), "")
        .with("two", GOOD, &policy(&other, ""), "")
        .with("untrusting", GOOD, untrusting, "")
        .with(
            "hostile",
            HOSTILE,
            &policy(&azure, &attempt("another_vault")),
            "",
        );
    let mut served = fleet.start();
    // One after the other: connections of the first are open while the others run.
    let mut results = Vec::new();
    for (number, name) in ["one", "hostile", "untrusting", "two", "one"]
        .iter()
        .enumerate()
    {
        let line = served.send(name, &job(100 + i64::try_from(number).unwrap()));
        let (of, result) = served.result();
        assert_eq!(of, line);
        assert_eq!(result["extension"], *name);
        results.push(result);
    }
    let [one, hostile, untrusting, two, again] = &results[..] else {
        panic!("{results:?}");
    };
    assert_eq!((listed(one), listed(again)), (60, 60), "{one} {again}");
    assert_eq!(listed(two), 10, "{two}");
    assert!(message(hostile).contains("may not do"), "{hostile}");
    assert!(message(untrusting).contains("certificate"), "{untrusting}");
    for well in [one, two, again] {
        assert_eq!(well["result"]["Result"], 2, "{well}");
        assert!(!message(well).contains("may not do"), "{well}");
    }
    // What was asked of each is what its own jobs asked: token, pages and certificates.
    assert_eq!(azure.emulator.requests().len(), 2 * 64);
    assert_eq!(other.emulator.requests().len(), 1 + 1 + 10);
    for (name, wanted) in [
        ("one", vec![100, 104]),
        ("hostile", vec![101]),
        ("untrusting", vec![102]),
        ("two", vec![103]),
    ] {
        assert_eq!(
            fleet.jobs_in_audit(name),
            wanted.into_iter().collect(),
            "{name}"
        );
    }
    assert_eq!(served.end(), (Vec::new(), Some(0)));
}

#[test]
fn every_line_has_one_result_whatever_is_in_it() {
    let azure = Azure::start();
    let fleet = Fleet::new().with("azure", GOOD, &policy(&azure, ""), "");
    let mut served = fleet.start();
    let mut wrong = job(3);
    wrong["Capability"] = "CertStores.AKV.Reenrollment".into();
    let expected = [
        (served.line("s3cret"), 0, 4, "no JSON"),
        (served.line(&"x".repeat(33 << 20)), 0, 4, "longer than"),
        (
            served.send("nobody", &job(1)),
            1,
            4,
            "no extension \"nobody\"",
        ),
        (served.send("azure", &job(2)), 2, 2, ""),
        (served.send("azure", &wrong), 3, 4, "Capability"),
        (
            served.line("{\"extension\": \"azure\", \"job\": 7}"),
            0,
            4,
            "not a JSON object",
        ),
        (served.send("azure", &job(4)), 4, 2, ""),
    ];
    served.line("");
    served.line("  \r");
    let (mut results, code) = served.end();
    assert_eq!(code, Some(0));
    results.sort_by_key(|result| result["line"].as_u64());
    assert_eq!(results.len(), expected.len());
    for (result, (line, id, status, words)) in results.iter().zip(expected) {
        assert_eq!(result["line"], line, "{result}");
        assert_eq!(result["result"]["JobHistoryId"], id, "{result}");
        assert_eq!(result["result"]["Result"], status, "{result}");
        assert!(message(result).contains(words), "{result}");
        assert!(!result.to_string().contains("s3cret"), "{result}");
    }
}

#[test]
fn one_that_is_full_refuses_its_own_jobs_alone_and_a_signal_ends_each_with_a_result() {
    let azure = Azure::start();
    let sleeping = policy(&azure, &attempt("sleep"));
    let fleet = Fleet::new()
        .with("sleeper", HOSTILE, &sleeping, "jobs = 1\nwaiting = 1")
        .with("azure", GOOD, &policy(&azure, ""), "jobs = 1\nwaiting = 0");
    let mut served = fleet.start();
    let sleeps = served.send("sleeper", &job(1));
    served.wait_for("sleeper: info: sleeping");
    let waits = served.send("sleeper", &job(2));
    let refused = served.send("sleeper", &job(3));
    let (line, result) = served.result();
    assert_eq!(line, refused);
    assert_eq!(result["result"]["Result"], 4);
    assert!(message(&result).contains("1 waiting"), "{result}");
    let well = served.send("azure", &job(4));
    let (line, result) = served.result();
    assert_eq!((line, listed(&result)), (well, 60), "{result}");
    served.signal("-TERM");
    let (results, code) = served.end();
    assert_eq!(code, Some(130));
    let ended: BTreeSet<u64> = results.iter().filter_map(|r| r["line"].as_u64()).collect();
    assert_eq!(ended, BTreeSet::from([sleeps, waits]));
    for result in &results {
        assert_eq!(result["result"]["Result"], 4, "{result}");
        assert!(message(result).contains("cancelled"), "{result}");
    }
}

#[test]
fn one_that_waits_gets_on_while_others_spin() {
    let azure = Azure::start();
    let spinning = policy(&azure, &attempt("spin"));
    let mut fleet = Fleet::new().with("azure", GOOD, &policy(&azure, ""), "");
    let spinners = ["spin-1", "spin-2", "spin-3", "spin-4"];
    for name in spinners {
        fleet = fleet.with(name, HOSTILE, &spinning, "jobs = 1");
    }
    let mut served = fleet.start();
    for name in spinners {
        served.send(name, &job(1));
    }
    // They spin until they have had their CPU time, each a minute of it.
    for number in 0..3 {
        let line = served.send("azure", &job(10 + number));
        let (of, result) = served.result();
        assert_eq!((of, listed(&result)), (line, 60), "{result}");
    }
    served.signal("-TERM");
    let (results, code) = served.end();
    assert_eq!((results.len(), code), (spinners.len(), Some(130)));
}

#[test]
fn what_is_wrong_with_a_configuration_is_told_before_any_job_is_taken() {
    let azure = Azure::start();
    let fleet = |more: &str| Fleet::new().with("azure", GOOD, &policy(&azure, ""), more);
    for (fleet, words) in [
        (fleet("polcy = \"x\""), "polcy"),
        (fleet(&format!("sha256 = \"{}\"", "0".repeat(64))), "sha256"),
        (fleet("").with("azure", GOOD, "", ""), "same name"),
        (Fleet::new().with("azure", GOOD, "limit = 1", ""), "limit"),
    ] {
        let served = fleet.start();
        served.wait_for(words);
        let (results, code) = served.end();
        assert!(results.is_empty() && code != Some(0), "{words}: {code:?}");
    }
    let none = Served::start(Path::new("/nonexistent"));
    assert_eq!(none.end(), (Vec::new(), Some(2)));
}
