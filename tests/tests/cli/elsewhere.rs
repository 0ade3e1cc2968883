//! What could lead traffic elsewhere, and from where it is not read.

use super::JOB;
use end_to_end::{Azure, Finished, akv, akv_command, fixture};
use std::net::TcpListener;
use std::process::Command;

/// Whether anybody has connected.
fn was_asked(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_ok()
}

#[test]
fn neither_the_environment_nor_a_file_that_lies_about_leads_a_run_elsewhere() {
    let azure = Azure::start();
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = trap.local_addr().unwrap();
    let lying = format!("[proxy]\nhost = \"127.0.0.1\"\nport = {}\n", address.port());
    let places = tempfile::tempdir().unwrap();
    for place in [
        "policy.toml",
        "akv.toml",
        ".akv.toml",
        ".akv/policy.toml",
        "akv/policy.toml",
        ".config/akv/policy.toml",
    ] {
        let path = places.path().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &lying).unwrap();
    }
    let file = places.path().join("policy.toml");
    let proxy = format!("http://{address}");
    let everything = |command: &mut Command| -> Finished {
        command
            .current_dir(places.path())
            .env("HOME", places.path())
            .env("XDG_CONFIG_HOME", places.path().join(".config"))
            .env("AKV_POLICY", &file)
            .env("POLICY", &file);
        for name in [
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "ALL_PROXY",
            "https_proxy",
            "http_proxy",
            "all_proxy",
        ] {
            command.env(name, &proxy);
        }
        command.output().unwrap().into()
    };
    let ran = everything(&mut azure.command(&fixture(JOB), &[]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.contains("proxy"), "{}", ran.stdout);
    // Without a policy of its own it has the built-in one.
    let shown = everything(&mut akv_command(&["policy", "show"]));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!(!shown.stdout.contains("[proxy]"), "{}", shown.stdout);
    assert!(!was_asked(&trap));
}

#[test]
fn the_environment_does_not_say_whom_to_trust() {
    let azure = Azure::start();
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let (without_ca, ca) = policy.split_once("[[ca]]").unwrap();
    let pem = ca.split("\"\"\"").nth(1).unwrap();
    let bundle = azure.file("bundle.pem", pem);
    std::fs::write(&azure.policy, without_ca).unwrap();
    let mut command = azure.command(&fixture(JOB), &[]);
    for name in [
        "SSL_CERT_FILE",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
    ] {
        command.env(name, &bundle);
    }
    command.env("SSL_CERT_DIR", bundle.parent().unwrap());
    let ran: Finished = command.output().unwrap().into();
    assert_eq!(ran.json()["Result"], 4, "{}", ran.stdout);
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn an_added_authority_is_trusted_for_the_names_it_is_listed_with() {
    let azure = Azure::start();
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let (redirections, ca) = policy.split_once("[[ca]]").unwrap();
    let pem = ca.split("\"\"\"").nth(1).unwrap();
    let narrow = format!(
        "{redirections}[[ca]]\nhosts = [\"login.microsoftonline.com\"]\npem = \"\"\"{pem}\"\"\"\n"
    );
    std::fs::write(&azure.policy, narrow).unwrap();
    let ran = azure.run(&fixture(JOB), &[]);
    assert_eq!(ran.json()["Result"], 4, "{}", ran.stdout);
    let message = ran.json()["FailureMessage"].as_str().unwrap().to_owned();
    assert!(message.contains("certificate"), "{message}");
    let asked = azure.emulator.requests();
    assert!(!asked.is_empty(), "the authority's own names are trusted");
    assert!(
        asked.iter().all(|request| request.path.contains("/token")),
        "{asked:?}"
    );
}

#[test]
fn a_run_that_may_lead_elsewhere_says_so_on_stderr_in_the_audit_and_in_the_result() {
    let azure = Azure::start();
    azure.append_policy(
        "[[private-endpoint]]\nhosts = [\"*.vaults.example\"]\nranges = [\"10.0.0.0/8\"]\n",
    );
    let audit = azure.file("audit.jsonl", "");
    let ran = azure.run(&fixture(JOB), &["--audit", audit.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let audit = std::fs::read_to_string(audit).unwrap();
    let result = ran.json()["FailureMessage"].to_string();
    for text in [&ran.stderr, &audit, &result] {
        for part in [
            "redirected connections",
            "trusted an added CA",
            "private addresses",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    // Whatever becomes of the result: it is told first.
    let first = ran.stderr.lines().next().unwrap();
    assert!(first.contains("redirected"), "{first}");
}

#[test]
fn a_proxy_that_is_not_there_is_told_by_its_name_and_nothing_goes_around_it() {
    let azure = Azure::start();
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let policy = azure.file(
        "proxy.toml",
        &format!("[proxy]\nhost = \"127.0.0.1\"\nport = {}\n", gone.port()),
    );
    let ran = akv(&[
        "run",
        "--job",
        fixture(JOB).to_str().unwrap(),
        "--policy",
        policy.to_str().unwrap(),
    ]);
    assert_eq!(ran.json()["Result"], 4, "{}", ran.stdout);
    assert!(
        ran.stderr.contains(&format!("through the proxy {gone}")),
        "{}",
        ran.stderr
    );
    assert_eq!(azure.emulator.requests(), []);
}
