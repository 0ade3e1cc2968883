//! What the options of an Add come to.

use super::*;

/// An Add of the alias web-1.
fn add(overwrite: bool, options: &[(&str, &str)]) -> Job {
    let mut job = job(JobKind::Add, secret(), store(&[]));
    job.options = self::options(options);
    let Task::Add { certificate, .. } = &mut job.task else {
        panic!();
    };
    certificate.overwrite = overwrite;
    job
}

#[test]
fn an_add_reads_its_own_secret_with_overwrite_where_the_policy_allows_it() {
    let allowed = "reads-private-keys = true";
    for (overwrite, said, policy, wanted) in [
        (true, None, allowed, true),
        (true, Some("true"), allowed, true),
        (true, Some("false"), allowed, false),
        (true, None, "", false),
        (true, Some("false"), "", false),
        (false, None, allowed, false),
        (false, Some("true"), allowed, false),
        (false, Some("true"), "", false),
    ] {
        let said: Vec<_> = said
            .map(|said| ("compare-chain", said))
            .into_iter()
            .collect();
        let reach = reached(&add(overwrite, &said), policy);
        let case = format!("{overwrite} {said:?} {policy}");
        let rules: Vec<_> = reach.grants.rules().iter().collect();
        let secrets = rules.iter().filter(|rule| rule.url().contains("/secrets"));
        let secrets: Vec<_> = secrets.map(|rule| (rule.id(), rule.url())).collect();
        let own = (
            "get-secret",
            "https://kv-one.vault.azure.net/secrets/web-1".to_owned(),
        );
        assert_eq!(secrets, if wanted { vec![own] } else { vec![] }, "{case}");
        let told = reach.options.get("compare-chain");
        assert_eq!(told, wanted.then_some("true"), "{case}");
    }
    let failure = refused(&add(true, &[("compare-chain", "true")]), "");
    assert_eq!(failure.cause, Cause::Configuration);
    for word in ["compare-chain", "reads-private-keys", "kv-one"] {
        assert!(failure.message.contains(word), "{}", failure.message);
    }
}

#[test]
fn the_check_of_an_add_is_told_of_the_comparison_and_reads_no_secret() {
    let check = |kinds: &[JobKind]| {
        let mut job = job(JobKind::Check, secret(), store(&[]));
        let Task::Check { kinds: checked, .. } = &mut job.task else {
            panic!();
        };
        *checked = kinds.to_vec();
        job
    };
    for (kinds, policy, wanted) in [
        (
            &[JobKind::Add, JobKind::Remove][..],
            "reads-private-keys = true",
            Some("true"),
        ),
        (&[JobKind::Add], "", None),
        (&[JobKind::Inventory], "reads-private-keys = true", None),
    ] {
        let reach = reached(&check(kinds), policy);
        assert_eq!(
            reach.options.get("compare-chain"),
            wanted,
            "{kinds:?} {policy}"
        );
        assert!(!requests(&reach).contains("/secrets"), "{kinds:?}");
    }
}

#[test]
fn the_option_hsm_is_the_commands_else_the_stores_else_the_policys() {
    let policy =
        "[options]\nhsm = \"keep\"\n[[vault]]\nnames = [\"kv-one\"]\noptions = { hsm = \"warn\" }";
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\noptions = {{ hsm = \"keep\" }}");
    for (command, of_store, policy, wanted) in [
        (None, None, "", None),
        (None, None, "[options]\nhsm = \"keep\"", Some("keep")),
        (None, None, tenant.as_str(), Some("keep")),
        (None, None, policy, Some("warn")),
        (None, Some("keep"), policy, Some("keep")),
        (Some("warn"), Some("keep"), policy, Some("warn")),
        (Some(" "), Some("keep"), policy, Some("keep")),
    ] {
        let mut job = add(true, &[]);
        if let Task::Add { store, .. } = &mut job.task {
            store.options = options(
                &of_store
                    .map(|said| ("hsm", said))
                    .into_iter()
                    .collect::<Vec<_>>(),
            );
        }
        job.options = options(
            &command
                .map(|said| ("hsm", said))
                .into_iter()
                .collect::<Vec<_>>(),
        );
        let reach = reached(&job, policy);
        assert_eq!(
            reach.options.get("hsm"),
            wanted,
            "{command:?} {of_store:?} {policy}"
        );
    }
    let failure = refused(&add(true, &[("hsm", "kept")]), "");
    assert!(
        failure.message.contains("warn or keep"),
        "{}",
        failure.message
    );
}
