//! `akv` as a person or a script calls it: outputs, exit codes, messages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use azure_emulator::Fault;
use end_to_end::{Azure, Finished, akv, artifact, fixture};

const STORE: &str = "22222222-2222-4222-8222-222222222222:rg-one:kv-one";
const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const JOB: &str = "inventory-service-principal";

fn inventory(azure: &Azure, store: &str, more: &[&str]) -> Finished {
    let secret = azure.file("secret.txt", "sp-secret~1\n");
    let mut args = vec![
        "inventory",
        store,
        "--tenant",
        TENANT,
        "--client-id",
        CLIENT,
        "--client-secret-file",
        secret.to_str().unwrap(),
        "--policy",
        azure.policy.to_str().unwrap(),
    ];
    args.extend(more);
    akv(&args)
}

#[test]
fn the_table_has_a_line_for_each_certificate() {
    let azure = Azure::start();
    let ran = inventory(&azure, STORE, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 61, "{}", ran.stdout);
    assert!(ran.stdout.contains("cert-60"));
    assert!(
        ran.stderr.contains("64 requests left, 0 denied"),
        "{}",
        ran.stderr
    );
}

#[test]
fn json_lines_json_and_csv_say_the_same() {
    let azure = Azure::start();
    let json = inventory(&azure, STORE, &["-o", "json"]).json();
    let lines = inventory(&azure, STORE, &["-o", "jsonl"]).stdout;
    let csv = inventory(&azure, STORE, &["-o", "csv"]).stdout;
    let sorted = |mut aliases: Vec<String>| {
        aliases.sort();
        aliases
    };
    let of = |value: &serde_json::Value| value["alias"].as_str().unwrap().to_owned();
    let from_json = sorted(json.as_array().unwrap().iter().map(of).collect());
    let from_lines = sorted(
        lines
            .lines()
            .map(|line| of(&serde_json::from_str(line).unwrap()))
            .collect(),
    );
    assert_eq!(from_json.len(), 60);
    assert_eq!(from_json, from_lines);
    assert!(csv.starts_with(
        "alias,subject,issuer,expires,key,enabled,thumbprint,version,tags,exportable,current,chain\n"
    ));
    assert_eq!(csv.lines().count(), 61);
    let expired = json
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["alias"] == "cert-30")
        .unwrap();
    assert_eq!(expired["expires"], "2024-01-01T00:00:00Z");
    assert_eq!(expired["thumbprint"].as_str().unwrap().len(), 40);
}

#[test]
fn exit_codes_say_how_it_ended() {
    let azure = Azure::start();
    assert_eq!(inventory(&azure, STORE, &[]).code, 0);
    assert_eq!(
        inventory(&azure, "https://kv-one.vault.azure.net", &[]).code,
        2
    );
    assert_eq!(akv(&["inventory"]).code, 2);
    assert_eq!(akv(&["run", "--job", "/nonexistent"]).code, 2);
    let absent = STORE.replace("kv-one", "kv-none");
    let ran = inventory(&azure, &absent, &[]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(azure.run(&fixture("inventory-wrong-secret"), &[]).code, 4);
    azure
        .emulator
        .inject(Fault::status(403).path("/certificates/cert-07"));
    assert_eq!(inventory(&azure, STORE, &[]).code, 5);
}

#[test]
fn a_job_comes_from_standard_input_too() {
    use std::process::{Command, Stdio};
    let azure = Azure::start();
    let job = std::fs::File::open(fixture(JOB)).unwrap();
    let output = Command::new(artifact("akv"))
        .args([
            "run",
            "--job",
            "-",
            "--policy",
            azure.policy.to_str().unwrap(),
        ])
        .stdin(Stdio::from(job))
        .output()
        .unwrap();
    assert_eq!(Finished::from(output).json()["Result"], 2);
}

#[test]
fn a_job_that_cannot_even_start_leaves_a_result() {
    let azure = Azure::start();
    let none = azure.file("none.wasm", "not a component");
    let ran = azure.run(&fixture(JOB), &["--component", none.to_str().unwrap()]);
    let result = ran.json();
    assert_eq!(result["Result"], 4);
    assert_eq!(result["JobHistoryId"], 4701);
    assert!(result.get("Inventory").is_none());
    assert_ne!(ran.code, 0);
}

#[test]
fn a_policy_with_an_unknown_key_is_a_wrong_call_that_names_it() {
    let azure = Azure::start();
    azure.append_policy("[limit]\nmemory = 1");
    let ran = azure.run(&fixture(JOB), &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("limit"), "{}", ran.stderr);
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn a_component_that_is_not_the_pinned_one_is_not_run() {
    let azure = Azure::start();
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let pin = format!("extension-sha256 = \"{}\"\n{policy}", "0".repeat(64));
    std::fs::write(&azure.policy, pin).unwrap();
    let ran = azure.run(&fixture(JOB), &[]);
    assert_ne!(ran.code, 0);
    assert!(
        ran.json()["FailureMessage"]
            .as_str()
            .unwrap()
            .contains("sha256")
    );
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn the_audit_has_a_line_for_each_request_and_nothing_secret() {
    let azure = Azure::start();
    let audit = azure.file("audit.jsonl", "");
    azure.run(&fixture(JOB), &["--audit", audit.to_str().unwrap()]);
    let text = std::fs::read_to_string(audit).unwrap();
    let records: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|record: &serde_json::Value| record.get("decision").is_some())
        .collect();
    assert_eq!(records.len(), 64);
    for record in &records {
        assert_eq!(record["status"], 200, "{record}");
        assert_eq!(record["decision"], "allowed", "{record}");
        assert!(record["bytes"].as_u64().unwrap() > 0, "{record}");
        assert!(
            record["address"]
                .as_str()
                .unwrap()
                .starts_with("127.0.0.1:")
        );
    }
    for secret in ["sp-secret", "Bearer", "skiptoken", "access_token"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn explain_shows_the_rules_and_sends_nothing() {
    let ran = akv(&["policy", "explain", fixture(JOB).to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for line in [
        "GET https://kv-one.vault.azure.net/certificates/{name}?api-version=7.6",
        "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token",
    ] {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("sp-secret"));
}

#[test]
fn the_vaults_certificate_is_verified() {
    let azure = Azure::start();
    // The same redirection without the emulator's authority: the platform's roots refuse it.
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let without_ca = policy.split("[[ca]]").next().unwrap();
    std::fs::write(&azure.policy, without_ca).unwrap();
    let ran = azure.run(&fixture(JOB), &[]);
    assert_eq!(ran.json()["Result"], 4, "{}", ran.stdout);
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn a_signal_ends_with_130_and_a_result() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        interrupted_by(signal);
    }
}

fn interrupted_by(signal: &str) {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let azure = Azure::start();
    azure.append_policy("[options]\nattempt = \"sleep\"");
    let mut child = Command::new(artifact("akv"))
        .args(["run", "--job", fixture(JOB).to_str().unwrap()])
        .args(["--policy", azure.policy.to_str().unwrap()])
        .args([
            "--component",
            artifact("hostile_extension.wasm").to_str().unwrap(),
        ])
        .args(["--verbose"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The extension says that it is about to sleep; then it is interrupted.
    let mut stderr = child.stderr.take().unwrap();
    let mut heard = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&heard).contains("sleeping") {
        assert_eq!(
            stderr.read(&mut byte).unwrap(),
            1,
            "{}",
            String::from_utf8_lossy(&heard)
        );
        heard.push(byte[0]);
    }
    let interrupted = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let ran = Finished::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130);
    assert_eq!(ran.json()["Result"], 4);
    assert!(
        ran.json()["FailureMessage"]
            .as_str()
            .unwrap()
            .contains("cancelled")
    );
}

#[test]
fn a_stderr_that_nobody_reads_holds_no_result_back() {
    use std::process::{Command, Stdio};
    let azure = Azure::start();
    azure.append_policy("[options]\nattempt = \"flood-log\"\nargument = \"1000\"");
    let mut child = Command::new(artifact("akv"))
        .args(["run", "--job", fixture(JOB).to_str().unwrap()])
        .args(["--policy", azure.policy.to_str().unwrap()])
        .args([
            "--component",
            artifact("hostile_extension.wasm").to_str().unwrap(),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A megabyte of log lines fills the pipe, which is never read.
    let stderr = child.stderr.take();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let result: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(result["Result"], 2, "{line}");
    drop(stderr);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_stderr_that_is_closed_changes_no_exit_code() {
    use std::process::{Command, Stdio};
    let azure = Azure::start();
    for (job, code, id) in [(JOB, 0, 4701), ("inventory-wrong-secret", 4, 4726)] {
        let mut child = Command::new(artifact("akv"))
            .args(["run", "--job", fixture(job).to_str().unwrap()])
            .args(["--policy", azure.policy.to_str().unwrap()])
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

/// Results may be large, and whoever reads them slow.
#[test]
fn a_signal_ends_the_program_while_it_waits_for_its_result_to_be_read() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let azure = Azure::start();
    // More than any pipe holds.
    let paths: Vec<String> = (0..500).map(|n| format!("{n:0>1000}")).collect();
    let paths = paths.join(" ");
    azure.append_policy(&format!(
        "[options]\nattempt = \"submit-paths\"\nargument = \"{paths}\""
    ));
    let job = fixture("discovery-two-tenants-with-spaces");
    let mut child = Command::new(artifact("akv"))
        .args(["run", "--job", job.to_str().unwrap()])
        .args(["--policy", azure.policy.to_str().unwrap()])
        .args([
            "--component",
            artifact("hostile_extension.wasm").to_str().unwrap(),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The first byte of the result: the job is over.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let id = child.id().to_string();
    let interrupted = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(ended(&mut child), Some(130));
}

/// How a process ended that should end by itself; one that does not is killed in the end, so that
/// it fails the test and does not hold it up.
fn ended(child: &mut std::process::Child) -> Option<i32> {
    let (done, waits) = std::sync::mpsc::channel::<()>();
    let id = child.id().to_string();
    let watch = std::thread::spawn(move || {
        let minute = std::time::Duration::from_secs(60);
        if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = waits.recv_timeout(minute) {
            let mut kill = std::process::Command::new("kill");
            assert!(kill.args(["-KILL", &id]).status().unwrap().success());
        }
    });
    let code = child.wait().unwrap().code();
    drop(done);
    watch.join().unwrap();
    code
}

#[test]
fn a_check_that_waits_ends_with_130_when_it_is_interrupted() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let azure = Azure::start();
    azure
        .emulator
        .inject(Fault::error("ForbiddenByRbac").path("/certificates"));
    let secret = azure.file("secret.txt", "sp-secret~1\n");
    let mut child = Command::new(artifact("akv"))
        .args(["check", STORE, "--tenant", TENANT, "--client-id", CLIENT])
        .args(["--client-secret-file", secret.to_str().unwrap()])
        .args(["--policy", azure.policy.to_str().unwrap(), "--wait", "10m"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = lines.by_ref().any(|line| line.unwrap().contains("not yet"));
    assert!(waits);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let code = ended(&mut child);
    let told: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(code, Some(130), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("cancelled")),
        "{told:?}"
    );
}

fn as_application(azure: &Azure, words: &[&str]) -> Finished {
    let secret = azure.file("secret.txt", "sp-secret~1\n");
    let (secret, policy) = (secret.to_str().unwrap(), azure.policy.to_str().unwrap());
    let identity = ["--client-id", CLIENT, "--client-secret-file", secret];
    akv(&[words, &identity[..], &["--policy", policy]].concat())
}

#[test]
fn a_check_for_discovery_needs_no_store() {
    let azure = Azure::start();
    let ran = as_application(&azure, &["check", "--for", "discovery", "--tenant", TENANT]);
    assert!([0, 5].contains(&ran.code), "{} {}", ran.code, ran.stderr);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!told.contains("00000000"), "{told}");
    let hosts: Vec<String> = azure
        .emulator
        .requests()
        .iter()
        .map(|r| r.host.clone())
        .collect();
    assert!(
        hosts.iter().any(|host| host == "management.azure.com"),
        "{hosts:?}"
    );
    let ran = as_application(&azure, &["check", "--for", "inventory", "--tenant", TENANT]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("STORE_PATH"), "{}", ran.stderr);
}

#[test]
fn discovered_vaults_are_printed_as_csv_too() {
    let azure = Azure::start();
    let ran = as_application(&azure, &["discover", TENANT, "-o", "csv"]);
    assert!([0, 5].contains(&ran.code), "{}", ran.stderr);
    assert!(
        ran.stdout
            .starts_with("vault,resource group,subscription,path\n")
    );
    assert!(ran.stdout.contains("\nkv-one,rg-one,"), "{}", ran.stdout);
}

#[test]
fn a_wrong_call_names_what_was_typed() {
    let azure = Azure::start();
    for (words, argument) in [
        (
            vec!["inventory", "no-path", "--tenant", TENANT],
            "STORE_PATH",
        ),
        (
            vec!["inventory", STORE, "--tenant", TENANT, "--cloud", "mars"],
            "--cloud",
        ),
        (
            vec!["inventory", STORE, "--tenant", "no tenant"],
            "--tenant",
        ),
        (
            vec!["create", STORE, "--tenant", TENANT, "--retention-days", "3"],
            "--retention-days",
        ),
    ] {
        let ran = as_application(&azure, &words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
        let wanted = format!("akv: {argument}: ");
        assert!(ran.stderr.contains(&wanted), "{words:?}: {}", ran.stderr);
    }
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn the_exit_codes_of_the_help_are_those_of_the_readme() {
    let help = akv(&["--help"]).stdout;
    let codes = help.split("Exit codes:\n").nth(1).unwrap();
    let readme = include_str!("../../host/README.md");
    let mut listed = 0;
    for line in codes.lines().filter(|line| !line.trim().is_empty()) {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let row = format!("| {code} | {} |", meaning.trim());
        assert!(readme.contains(&row), "{row}");
        listed += 1;
    }
    assert_eq!(listed, 8);
}
