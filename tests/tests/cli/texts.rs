//! Text files as shells write them: with marks, in UTF-16, with line ends after a secret.

use super::{CLIENT, JOB, STORE, TENANT};
use end_to_end::{Azure, Finished, akv, akv_command, fixture, repository};
use std::path::{Path, PathBuf};

/// A text in each encoding in which a shell may leave it.
fn spellings(text: &str) -> [Vec<u8>; 5] {
    let marked = format!("\u{feff}{text}");
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [
        text.as_bytes().to_vec(),
        marked.clone().into_bytes(),
        little(&marked),
        big(&marked),
        little(text),
    ]
}

fn file(azure: &Azure, name: &str, bytes: &[u8]) -> PathBuf {
    let path = azure.file(name, "");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn inventory(azure: &Azure, secret: &Path, policy: &Path) -> Finished {
    let (secret, policy) = (secret.to_str().unwrap(), policy.to_str().unwrap());
    akv_command(&[
        "inventory",
        STORE,
        "--tenant",
        TENANT,
        "--client-id",
        CLIENT,
        "--client-secret-file",
        secret,
        "--policy",
        policy,
        "--audit",
        azure.file("audit.jsonl", "").to_str().unwrap(),
    ])
    .output()
    .unwrap()
    .into()
}

#[test]
fn secrets_and_policies_are_read_in_every_encoding() {
    let azure = Azure::start();
    let text = std::fs::read_to_string(&azure.policy).unwrap();
    let policies = spellings(&text.replace('\n', "\r\n"));
    let secrets = spellings("sp-secret~1\r\n\r\n");
    for (policy, secret) in policies.iter().zip(&secrets) {
        let policy = file(&azure, "policy-as-written.toml", policy);
        let secret = file(&azure, "secret.txt", secret);
        let ran = inventory(&azure, &secret, &policy);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let field = repository().join("tests/fixtures/field/secret-utf8-bom.txt");
    let ran = inventory(&azure, &field, &azure.policy);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn a_job_is_read_in_every_encoding_from_a_file_and_from_standard_input() {
    let azure = Azure::start();
    let text = std::fs::read_to_string(fixture(JOB)).unwrap();
    for bytes in spellings(&text) {
        let job = file(&azure, "job.json", &bytes);
        let ran = azure.run(&job, &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let input = std::fs::File::open(&job).unwrap();
        let from_input = azure.command(Path::new("-"), &[]).stdin(input).output();
        let ran = Finished::from(from_input.unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let (job, policy) = (job.to_str().unwrap(), azure.policy.to_str().unwrap());
        let ran = akv(&["policy", "explain", job, "--policy", policy]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

#[test]
fn what_is_no_text_is_named_with_what_to_do_and_never_repeated() {
    let azure = Azure::start();
    let secret = azure.file("secret.txt", "sp-secret~1");
    for bytes in [&b"s3cr\xe9t"[..], b"s3\0cret", b"\xff\xfes\x003"] {
        let odd = file(&azure, "odd.txt", bytes);
        let name = odd.to_str().unwrap();
        let job = azure.run(&odd, &[]);
        let message = job.json()["FailureMessage"].to_string();
        assert!(message.contains("odd.txt"), "{message}");
        for ran in [
            job,
            inventory(&azure, &odd, &azure.policy),
            inventory(&azure, &secret, &odd),
            akv(&["policy", "check", name]),
            akv(&["policy", "explain", name]),
            akv(&["serve", name]),
        ] {
            assert_eq!(ran.code, 2, "{}", ran.stderr);
            for part in ["odd.txt", "UTF-8"] {
                assert!(ran.stderr.contains(part), "{}", ran.stderr);
            }
            assert!(!ran.stderr.contains("s3"), "{}", ran.stderr);
        }
    }
    assert_eq!(azure.emulator.requests(), []);
}
