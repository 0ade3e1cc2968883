//! `subscriptions`, which bind nothing inside a vault.

use super::*;

const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";

/// Every place in which a policy can name subscriptions.
fn places() -> [String; 3] {
    [
        format!("subscriptions = [\"{SUBSCRIPTION}\"]"),
        format!("[options]\nsubscriptions = \"{SUBSCRIPTION}\""),
        format!(
            "[[tenant]]\nnames = [\"{TENANT}\"]\noptions = {{ subscriptions = \"{SUBSCRIPTION}\" }}"
        ),
    ]
}

#[test]
fn subscriptions_alone_are_refused_where_jobs_inside_vaults_are_allowed() {
    for place in places() {
        for (jobs, named) in [
            ("", "inventory, add, remove"),
            ("jobs = [\"inventory\", \"discovery\"]\n", "inventory"),
            ("jobs = [\"create-store\", \"add\"]\n", "add"),
            ("jobs = [\"remove\"]\n", "remove"),
        ] {
            let text = format!("{jobs}{place}");
            let error = Policy::parse(&text).unwrap_err().to_string();
            for part in ["`subscriptions`", named, "`vaults = [", "jobs = ["] {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }
}

#[test]
fn subscriptions_are_taken_beside_vaults_or_without_jobs_inside_them() {
    for place in places() {
        for beside in [
            "vaults = [\"kv-prod-*\"]",
            "vaults = [\"*\"]",
            "jobs = [\"create-store\", \"discovery\", \"check\"]",
            "jobs = [\"discovery\"]",
        ] {
            policy(&format!("{beside}\n{place}"));
        }
    }
    let narrowed = "jobs = [\"discovery\"]\noptions";
    policy(&places()[2].replace("options", narrowed));
}

#[test]
fn a_vault_entry_is_no_list_of_allowed_vaults() {
    let vault = "[[vault]]\nnames = [\"kv-prod-*\"]\njobs = [\"inventory\"]";
    let text = format!("{}\n{vault}", places()[0]);
    assert!(Policy::parse(&text).is_err());
}
