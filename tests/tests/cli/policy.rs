//! What the operator's files do to a run: the policy, the pin, the added authority, the audit.

use super::JOB;
use end_to_end::{Azure, akv, artifact, fixture};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

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
    azure.append_policy(&format!("[extensions]\nother = \"{}\"", "0".repeat(64)));
    let ran = azure.run(&fixture(JOB), &[]);
    assert_ne!(ran.code, 0);
    assert!(
        ran.json()["FailureMessage"]
            .as_str()
            .unwrap()
            .contains("sha256")
    );
    assert_eq!(azure.emulator.requests(), []);
    let component = std::fs::read(artifact("keyvault_extension.wasm")).unwrap();
    let digest = extension_host::engine::sha256(&component);
    azure.append_policy(&format!("keyvault = {digest:?}"));
    let ran = azure.run(&fixture(JOB), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
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
fn an_audit_is_a_regular_file_of_nobody_elses() {
    let azure = Azure::start();
    let own = azure.file("own.jsonl", "");
    let beside = |name: &str| own.with_file_name(name);
    symlink(&own, beside("link.jsonl")).unwrap();
    let made = Command::new("mkfifo").arg(beside("pipe.jsonl")).status();
    assert!(made.unwrap().success());
    std::fs::create_dir(beside("directory.jsonl")).unwrap();
    let open = azure.file("open.jsonl", "");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o622)).unwrap();
    for (name, words) in [
        ("link.jsonl", "symbolic link; name the file"),
        ("pipe.jsonl", "no regular file"),
        ("directory.jsonl", "no regular file"),
        ("open.jsonl", "chmod go-w"),
    ] {
        let audit = beside(name);
        let audit = audit.to_str().unwrap();
        let ran = azure.run(&fixture(JOB), &["--audit", audit]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stderr);
        let told = format!("cannot write the audit to {audit}: it ");
        assert!(ran.stderr.contains(&told), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{name}: {}", ran.stderr);
    }
    assert_eq!(azure.emulator.requests(), []);
    let ran = azure.run(
        &fixture(JOB),
        &["--audit", beside("new.jsonl").to_str().unwrap()],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mode = std::fs::metadata(beside("new.jsonl"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[test]
fn a_component_is_as_large_as_the_policy_lets_one_be() {
    let azure = Azure::start();
    // A custom section, which nobody reads (Component Model, "Binary Format").
    const LENGTH: usize = 65 << 20;
    let mut large = std::fs::read(artifact("keyvault_extension.wasm")).unwrap();
    let mut length = LENGTH;
    large.push(0);
    while length >= 0x80 {
        large.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    large.push(u8::try_from(length).unwrap());
    // Its name is empty, and all else is what it holds.
    large.extend(vec![0; LENGTH]);
    let path = azure.file("large.wasm", "");
    std::fs::write(&path, large).unwrap();
    let component = ["--component", path.to_str().unwrap()];
    let ran = azure.run(&fixture(JOB), &component);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let told = "more than the 16777216 bytes that a component may have";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert_eq!(azure.emulator.requests(), []);
    azure.append_policy("[limits]\ncomponent = \"80 MiB\"");
    let ran = azure.run(&fixture(JOB), &component);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
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
fn a_policy_is_checked_as_a_run_would_read_it() {
    let azure = Azure::start();
    let policy = azure.policy.to_str().unwrap();
    let ran = akv(&["policy", "check", policy]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("in order"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("redirected connections"),
        "{}",
        ran.stderr
    );
    for (text, says) in [
        ("max-shrnk = 5", "did you mean `max-shrink`?"),
        ("max-shrink = ", "line 1"),
        (
            "[[ca]]\nhosts = [\"a.example\"]\npem = \"x\"",
            "certificate",
        ),
        ("[limits]\nmemory = \"9 TiB\"", "memory"),
        (
            "[[rule]]\nid = \"r\"\nmethod = \"GET\"\nurl = \"https://{tenant}/\"",
            "{vault_host}",
        ),
        ("[options]\npartail = \"submit\"", "did you mean `partial`?"),
    ] {
        let wrong = azure.file("wrong.toml", text);
        let ran = akv(&["policy", "check", wrong.to_str().unwrap()]);
        assert_eq!(ran.code, 2, "{text}");
        assert_eq!(ran.stdout, "");
        assert!(ran.stderr.contains(says), "{text}: {}", ran.stderr);
    }
    let ran = akv(&["policy", "check", "/nowhere/policy.toml"]);
    assert_eq!(ran.code, 2);
}

#[test]
fn what_is_shown_of_a_policy_is_a_policy() {
    let azure = Azure::start();
    azure.append_policy("[limits]\ncpu = \"5s\"");
    let policy = azure.policy.to_str().unwrap();
    let shown = akv(&["policy", "show", "--policy", policy]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for part in ["cpu = \"5s\"", "max-shrink = 50", "[[connect-to]]", policy] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    std::fs::write(&azure.policy, &shown.stdout).unwrap();
    assert_eq!(azure.run(&fixture(JOB), &[]).code, 0);
}

#[test]
fn the_schema_is_the_one_of_the_repository() {
    let ran = akv(&["policy", "schema"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout, extension_host::policy::SCHEMA);
}

#[test]
fn a_limit_of_the_policy_is_a_runs() {
    let azure = Azure::start();
    azure.append_policy("[limits]\nrequests = 10");
    let ran = azure.run(&fixture(JOB), &[]);
    assert_eq!(ran.json()["Result"], 4, "{}", ran.stdout);
    // The extension ends at the first refusal, and drops what it has under way.
    assert!((2..=10).contains(&azure.emulator.requests().len()));
    let message = ran.json()["FailureMessage"].to_string();
    assert!(message.contains("more than the 10 requests"), "{message}");
    assert!(!ran.stderr.contains("trying again"), "{}", ran.stderr);
}

#[test]
fn what_a_policy_keeps_from_a_job_is_told_with_the_key_and_nothing_is_sent() {
    for (line, key) in [
        ("jobs = [\"check\"]", "jobs"),
        ("clouds = [\"china\"]", "clouds"),
        ("tenants = [\"other.example\"]", "tenants"),
        (
            "vaults = [\"kv-*\"]\nsubscriptions = [\"99999999-9999-4999-8999-999999999999\"]",
            "subscriptions",
        ),
        ("vaults = [\"other-*\"]", "vaults"),
    ] {
        let azure = Azure::start();
        let policy = std::fs::read_to_string(&azure.policy).unwrap();
        std::fs::write(&azure.policy, format!("{line}\n{policy}")).unwrap();
        let ran = azure.run(&fixture(JOB), &[]);
        assert_eq!(ran.json()["Result"], 4, "{line}: {}", ran.stdout);
        let message = ran.json()["FailureMessage"].to_string();
        assert!(message.contains(&format!("`{key}`")), "{line}: {message}");
        assert_eq!(azure.emulator.requests(), []);
    }
}

/// The subscription in a store path is only claimed: nobody inside a vault looks at it.
#[test]
fn subscriptions_without_vaults_are_refused_at_every_start() {
    let azure = Azure::start();
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let line = "subscriptions = [\"22222222-2222-4222-8222-222222222222\"]";
    std::fs::write(&azure.policy, format!("{line}\n{policy}")).unwrap();
    let path = azure.policy.to_str().unwrap();
    let component = artifact("keyvault_extension.wasm");
    let config =
        format!("[[extension]]\nname = \"azure\"\ncomponent = {component:?}\npolicy = {path:?}\n");
    let config = azure.file("serve.toml", &config);
    for ran in [
        akv(&["policy", "check", path]),
        akv(&["policy", "show", "--policy", path]),
        azure.run(&fixture(JOB), &[]),
        azure.run(&fixture("discovery-service-principal"), &[]),
        akv(&["serve", config.to_str().unwrap()]),
    ] {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        for part in ["`subscriptions`", "`vaults = [", "jobs = ["] {
            assert!(ran.stderr.contains(part), "{}", ran.stderr);
        }
    }
    assert_eq!(azure.emulator.requests(), []);
    for beside in ["vaults = [\"kv-*\"]", "jobs = [\"discovery\"]"] {
        std::fs::write(&azure.policy, format!("{line}\n{beside}\n{policy}")).unwrap();
        let ran = akv(&["policy", "check", path]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

#[test]
fn what_of_a_policy_can_never_hold_is_told_by_its_check() {
    let azure = Azure::start();
    azure.append_policy("[[vault]]\nnames = [\"*\"]\nmax-shrink = 1");
    azure.append_policy("[[vault]]\nnames = [\"kv-*\"]\nmax-shrink = 2");
    let ran = akv(&["policy", "check", azure.policy.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("in order"), "{}", ran.stdout);
    let told = "akv: [[vault]] kv-*: max-shrink is never used";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}

#[test]
fn a_job_does_not_choose_where_a_rule_of_the_operators_leads() {
    let azure = Azure::start();
    let policy = "[[rule]]\nid = \"report\"\njobs = [\"inventory\"]\nmethod = \"GET\"\nurl = \"https://{vault_host}/report\"";
    let policy = azure.file("own.toml", policy);
    let explain = |job: &std::path::Path| {
        let policy = policy.to_str().unwrap();
        let job = job.to_str().unwrap();
        akv(&["policy", "explain", job, "--policy", policy])
    };
    let ran = explain(&fixture(JOB));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rule = "GET https://kv-one.vault.azure.net/report";
    assert!(ran.stdout.contains(rule), "{}", ran.stdout);

    let job = std::fs::read_to_string(fixture(JOB)).unwrap();
    let mut job: serde_json::Value = serde_json::from_str(&job).unwrap();
    let properties = &mut job["CertificateStoreDetails"]["Properties"];
    let mut given: serde_json::Value = serde_json::from_str(properties.as_str().unwrap()).unwrap();
    given["PrivateEndpoint"] = "attacker.example".into();
    *properties = given.to_string().into();
    let ran = explain(&azure.file("job.json", &job.to_string()));
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(!ran.stdout.contains("attacker.example"), "{}", ran.stdout);
    assert!(ran.stderr.contains("attacker.example"), "{}", ran.stderr);
}
