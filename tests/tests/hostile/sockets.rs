//! An inventory whose extension was replaced by one that tries everything but its work: nothing
//! but denials leaves the process. The service's log says so, and so does the kernel.

use super::{JOB, trying};
use end_to_end::{Azure, artifact, fixture, hostile::HOSTILE};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Starts a job that does something and then sleeps, and waits until it sleeps: what it opened is
/// then still open, since idle connections are kept for a minute.
fn asleep(azure: &Azure, attempt: &str, argument: &str) -> (Child, String) {
    azure.append_policy(&trying(attempt, argument));
    let audit = azure.file("audit.jsonl", "");
    let mut child = Command::new(artifact("akv"))
        .args(["run", "--verbose", "--job", fixture(JOB).to_str().unwrap()])
        .args(["--policy", azure.policy.to_str().unwrap()])
        .args(["--component", artifact(HOSTILE).to_str().unwrap()])
        .args(["--audit", audit.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("sleeping")));
    (child, std::fs::read_to_string(audit).unwrap())
}

/// The internet sockets of a process: those of its file descriptors that are in the kernel's tables
/// of TCP and UDP.
fn sockets(process: u32) -> usize {
    let mut all = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let table = std::fs::read_to_string(format!("/proc/{process}/net/{table}"));
        for line in table.unwrap_or_default().lines().skip(1) {
            all.insert(line.split_whitespace().nth(9).unwrap().to_owned());
        }
    }
    std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| {
            let link = link.to_str()?.to_owned();
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .filter(|inode| all.contains(inode))
        .count()
}

#[test]
fn nothing_but_denials_leaves_a_process_whose_extension_was_replaced() {
    let azure = Azure::start();
    let (mut child, audit) = asleep(&azure, "everything-then-sleep", "");
    let open = sockets(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(open, 0);
    assert_eq!(azure.emulator.requests(), []);
    let tried: Vec<&str> = audit
        .lines()
        .filter(|line| !line.contains("\"note\""))
        .collect();
    assert_eq!(tried.len(), 7, "{audit}");
    for line in tried {
        assert!(line.contains("\"decision\":\"denied\""), "{line}");
        assert!(!line.contains("\"address\""), "{line}");
    }
}

#[test]
fn a_granted_request_is_seen_by_the_same_count() {
    let azure = Azure::start();
    let granted = "https://kv-one.vault.azure.net/certificates?api-version=7.6";
    let (mut child, _) = asleep(&azure, "get-then-sleep", granted);
    let open = sockets(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(open, 1);
    assert_eq!(azure.emulator.requests().len(), 1);
}
