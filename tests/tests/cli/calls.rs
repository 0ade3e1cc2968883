//! What a call may say, and the exit code that tells how it ended.

use super::{JOB, STORE, TENANT, as_application, inventory};
use azure_emulator::Fault;
use end_to_end::{Azure, akv, fixture};

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
fn a_file_that_the_identity_is_read_from_and_that_cannot_be_used_is_a_wrong_call() {
    let azure = Azure::start();
    let token = azure.file("token", "no token");
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\nfederated-token-file = {token:?}");
    let policy = format!("secret-references = true\n{policy}\n{tenant}\n");
    std::fs::write(&azure.policy, policy).unwrap();
    let with_password = |fixture_name: &str, password: &str| {
        let text = std::fs::read(fixture(fixture_name)).unwrap();
        let mut job: serde_json::Value = serde_json::from_slice(&text).unwrap();
        job["ServerPassword"] = password.into();
        azure.file(&format!("{fixture_name}.json"), &job.to_string())
    };
    for (job, words) in [
        (
            with_password("inventory-managed-identity-user", ""),
            "one token",
        ),
        (with_password(JOB, "file:/nonexistent"), "ServerPassword"),
    ] {
        let ran = azure.run(&job, &[]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert_eq!(ran.json()["Result"], 4);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn the_exit_codes_of_the_help_are_those_of_the_readme() {
    let help = akv(&["--help"]).stdout;
    let codes = help.split("Exit codes:\n").nth(1).unwrap();
    let readme = include_str!("../../../host/README.md");
    let mut listed = 0;
    for line in codes.lines().filter(|line| !line.trim().is_empty()) {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let row = format!("| {code} | {} |", meaning.trim());
        assert!(readme.contains(&row), "{row}");
        listed += 1;
    }
    assert_eq!(listed, 8);
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
