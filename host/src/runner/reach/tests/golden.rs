//! What each job may send, written down.

use super::*;

/// Every kind of job by every identity in every cloud: what it may send, and nothing else.
#[test]
fn what_each_job_may_send_is_written_down() {
    let mut found = String::new();
    for kind in JobKind::ALL {
        for (name, identity) in identities() {
            for cloud in Cloud::ALL {
                let store = store(&[("AzureCloud", cloud.as_str())]);
                let mut job = job(kind, identity.clone(), store);
                if kind == JobKind::Discovery {
                    job.options = options(&[("cloud", cloud.as_str())]);
                }
                let reach = reached(&job, "");
                assert_eq!(reach.outside, [], "{kind} {name} {cloud}");
                let _ = writeln!(found, "# {kind} {name} {cloud}\n{}", requests(&reach));
            }
        }
    }
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/runner/reach/tests/golden.txt"
    );
    let wanted = std::fs::read_to_string(golden).unwrap_or_default();
    assert!(
        found == wanted,
        "{golden} says something else; found was:\n{found}"
    );
}

#[test]
fn only_the_add_and_the_remove_of_one_alias_write_to_a_vault() {
    for (_, identity) in identities() {
        for kind in JobKind::ALL {
            let reach = reached(&job(kind, identity.clone(), store(&[])), "");
            for rule in reach.grants.rules() {
                let writes = rule.method() != "GET" && rule.url().contains("vault.azure.net");
                let of_this_job = rule.url().contains("certificates/web-1");
                assert!(!writes || of_this_job, "{kind}: {}", rule.url());
            }
        }
    }
}
