//! What could lead traffic elsewhere, and from where it is not read.

use super::JOB;
use end_to_end::{Azure, Finished, akv, akv_command, fixture};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;

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

/// The variable leads nothing anywhere, and that is said where it would have been of use.
#[test]
fn a_proxy_of_the_environment_is_not_asked_and_named_where_the_network_refuses() {
    let azure = Azure::start();
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://user:s3cret@{}", trap.local_addr().unwrap());
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let policy = format!(
        "[[connect-to]]\nhost = \"*.microsoftonline.com\"\naddress = \"{gone}\"\n\
         [[connect-to]]\nhost = \"*.azure.net\"\naddress = \"{gone}\"\n\
         [limits]\ndeadline = \"1s\"\n"
    );
    let policy = azure.file("gone.toml", &policy);
    for name in ["HTTPS_PROXY", "all_proxy"] {
        let mut command = akv_command(&["run", "--job"]);
        command.arg(fixture(JOB)).arg("--policy").arg(&policy);
        command.env(name, &proxy);
        let ran: Finished = command.output().unwrap().into();
        let result = ran.json();
        assert_eq!(result["Result"], 4, "{}", ran.stdout);
        let message = result["FailureMessage"].as_str().unwrap();
        let told = format!("{name} is set, which akv does not read");
        for part in [&*told, "`[proxy]` in the policy", "is it running?"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("s3cret"), "{message}");
    }
    assert!(!was_asked(&trap));
}

/// One request, and its status in the result.
#[test]
fn a_proxy_that_wants_credentials_ends_the_job_at_once() {
    let azure = Azure::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, heads) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
            if asked.send(head).is_err() {
                return;
            }
        }
    });
    let policy = format!("[proxy]\nhost = \"127.0.0.1\"\nport = {}\n", address.port());
    let policy = azure.file("proxy.toml", &policy);
    let ran = akv(&[
        "run",
        "--job",
        fixture(JOB).to_str().unwrap(),
        "--policy",
        policy.to_str().unwrap(),
    ]);
    let result = ran.json();
    let message = result["FailureMessage"].as_str().unwrap();
    for part in [
        "407 (Proxy Authentication Required)",
        "`[proxy]` in the policy takes none",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let heads: Vec<String> = heads.try_iter().collect();
    assert_eq!(heads, ["CONNECT login.microsoftonline.com:443 HTTP/1.1"]);
}
