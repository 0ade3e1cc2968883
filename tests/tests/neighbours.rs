//! Many extensions in one `akv serve`: what one does, nobody else notices.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use end_to_end::{Azure, Deed, Served, akv_command, artifact, fixture};
use serde_json::{Value, json};
use tempfile::TempDir;

const GOOD: &str = "keyvault_extension.wasm";
const HOSTILE: &str = "hostile_extension.wasm";

/// Requests of an inventory of the emulator's built-in vault: token, pages and certificates.
const REQUESTS: usize = 64;

/// Bytes that a pipe holds (pipe(7)).
const PIPE: usize = 64 << 10;

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

    /// The configuration, in its file.
    fn write(&self) -> PathBuf {
        let config = self.path("fleet.toml");
        std::fs::write(&config, &self.config).unwrap();
        config
    }

    fn start(&self) -> Served {
        Served::start(&self.write())
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
    // What was asked of each is what its own jobs asked.
    assert_eq!(azure.emulator.requests().len(), 2 * REQUESTS);
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

#[test]
fn no_two_share_an_audit_however_they_call_it() {
    let azure = Azure::start();
    for alias in ["sub/../one.jsonl", "./one.jsonl", "hard.jsonl"] {
        let mut fleet = Fleet::new()
            .with("one", GOOD, &policy(&azure, ""), "")
            .with("two", GOOD, &policy(&azure, ""), "");
        std::fs::create_dir(fleet.path("sub")).unwrap();
        let mut options = File::options();
        options.create(true).append(true).mode(0o600);
        options.open(fleet.path("one.jsonl")).unwrap();
        std::fs::hard_link(fleet.path("one.jsonl"), fleet.path("hard.jsonl")).unwrap();
        fleet.config = fleet.config.replace("two.jsonl", alias);
        let served = fleet.start();
        served.wait_for("extension two: nothing was run: cannot write the audit to");
        assert_eq!(served.end(), (Vec::new(), Some(2)), "{alias}");
    }
}

#[test]
fn it_may_have_as_many_files_open_as_whoever_started_it_allows() {
    let azure = Azure::start();
    let fleet = Fleet::new().with("azure", GOOD, &policy(&azure, ""), "");
    let config = fleet.write();
    let akv = artifact("akv");
    let mut child = Command::new("/bin/sh")
        .args([
            "-c",
            "ulimit -Sn 64; ulimit -Hn 512; exec \"$0\" serve \"$1\"",
        ])
        .args([akv, config])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // When it has answered, it has begun.
    let stdout = child.stdout.take().unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "no job").unwrap();
    BufReader::new(stdout).lines().next().unwrap().unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let row = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let words: Vec<&str> = row.unwrap().split_whitespace().collect();
    assert_eq!(words[..2], ["512", "512"]);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

/// Whoever does not read results holds up the jobs of all, and makes nobody keep more lists than
/// jobs may run.
#[test]
fn a_job_whose_result_nobody_reads_keeps_its_turn() {
    let (slow, other) = (Azure::start(), Azure::start());
    let fleet = Fleet::new()
        .with("slow", GOOD, &policy(&slow, ""), "jobs = 1\nwaiting = 1")
        .with("other", GOOD, &policy(&other, ""), "jobs = 4");
    let mut child = akv_command(&["serve", fleet.write().to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut send = |extension: &str, number| {
        let line = json!({"extension": extension, "job": job(number)});
        writeln!(stdin, "{line}").unwrap();
    };
    let asked = |azure: &Azure, jobs: usize| {
        while azure.emulator.requests().len() < jobs * REQUESTS {
            std::thread::yield_now();
        }
    };
    send("slow", 1);
    send("slow", 2);
    asked(&slow, 1);
    // Their results are more than a pipe holds.
    for number in 3..7 {
        send("other", number);
    }
    asked(&other, 4);
    assert_eq!(slow.emulator.requests().len(), REQUESTS);
    drop(stdin);
    let mut results = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut results).unwrap();
    assert!(results.len() / 6 > PIPE, "{}", results.len());
    assert_eq!(results.lines().count(), 6);
    assert!(child.wait().unwrap().success());
    asked(&slow, 2);
}

#[test]
fn what_root_believes_is_roots_alone_to_write() {
    let azure = Azure::start();
    let fleet = Fleet::new().with("azure", GOOD, &policy(&azure, ""), "");
    let config = fleet.write();
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    for (mode, wanted) in [(0o646, is_root), (0o664, is_root), (0o644, false)] {
        std::fs::set_permissions(&config, PermissionsExt::from_mode(mode)).unwrap();
        let served = Served::start(&config);
        if wanted {
            served.wait_for("must belong to user 0 and be writable by nobody else");
        }
        let code = if wanted { 2 } else { 0 };
        assert_eq!(served.end(), (Vec::new(), Some(code)), "{mode:o}");
    }
}
