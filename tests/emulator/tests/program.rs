//! The program: one ready line, what leads there before it, and a clean end.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azure-emulator"));
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn it_prints_one_line_when_ready_has_the_policy_written_and_ends_cleanly_on_sigterm() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.toml");
    let log = directory.path().join("requests.jsonl");
    let ca = directory.path().join("ca.pem");
    for signal in ["TERM", "INT"] {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--latency", "1ms"])
            .arg("--write-policy")
            .arg(&policy)
            .arg("--write-ca")
            .arg(&ca)
            .arg("--request-log")
            .arg(&log)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).await.unwrap();
        let text = std::fs::read_to_string(&policy).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let address = table["connect-to"][0]["address"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            line,
            format!("azure-emulator ready on {address} with 3 vaults\n")
        );
        let trusted = std::fs::read_to_string(&ca).unwrap();
        assert_eq!(table["ca"][0]["pem"].as_str().unwrap(), trusted);
        assert!(log.exists());
        let id = child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        out.read_to_string(&mut rest).await.unwrap();
        assert!(child.wait().await.unwrap().success(), "{signal}");
        assert_eq!(rest, "");
        let files = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(files, 3, "no temporary file may be left");
    }
}

#[tokio::test]
async fn a_state_file_is_written_by_the_end_and_one_of_another_kind_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    for _ in 0..2 {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--state"])
            .arg(&state)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).await.unwrap();
        assert!(line.contains(" ready on "), "{line}");
        let id = child.id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .arg(&id)
            .status()
            .unwrap();
        assert!(sent.success());
        assert!(child.wait().await.unwrap().success());
        let text = std::fs::read_to_string(&state).unwrap();
        assert!(text.contains("\"version\":1"), "{text}");
    }
    std::fs::write(&state, "{}").unwrap();
    let mut command = program();
    let output = command
        .args(["serve", "--state"])
        .arg(&state)
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("state.json") && said.contains("remove it"),
        "{said}"
    );
}

#[tokio::test]
async fn what_cannot_be_is_said_in_one_sentence_with_a_failing_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let seed = directory.path().join("seed.toml");
    std::fs::write(&seed, "[[vault]]\nnaem = \"kv-one\"\n").unwrap();
    let seed = seed.to_str().unwrap();
    for (arguments, expected) in [
        (vec!["serve", "--listen", "0.0.0.0:0"], "loopback"),
        (vec!["serve", "--seed", seed], "naem"),
        (
            vec!["serve", "--seed", "/does/not/exist.toml"],
            "/does/not/exist.toml",
        ),
        (vec!["serve", "--latency", "soon"], "30ms"),
    ] {
        let output = program().args(&arguments).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn the_seed_it_prints_is_one_it_reads() {
    let output = program().arg("seed").output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    azure_emulator::Seed::parse(&text).unwrap();
}

/// A cause that an error already says is not said after it again.
#[tokio::test]
async fn what_keeps_it_from_starting_is_said_once() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let seed = directory.path().join("seed.toml");
    std::fs::write(&seed, "nonsense = 1").unwrap();
    for (option, value, cause) in [
        ("--listen", address.as_str(), "in use"),
        ("--seed", seed.to_str().unwrap(), "TOML parse error"),
        ("--seed", "/nonexistent/seed.toml", "No such file"),
    ] {
        let ran = program()
            .args(["serve", option, value])
            .output()
            .await
            .unwrap();
        assert!(!ran.status.success());
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(said.matches(cause).count(), 1, "{said}");
    }
}
