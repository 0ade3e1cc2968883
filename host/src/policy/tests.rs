mod elsewhere;
mod inside;
mod keys;
mod options;
mod rules;

use super::*;

#[test]
fn the_builtin_policy_covers_three_clouds_and_redirects_nothing() {
    let policy = Policy::builtin().unwrap();
    let covers = |host: &str| {
        let host = url::Host::parse(host).unwrap();
        policy.hosts().iter().any(|pattern| pattern.matches(&host))
    };
    for cloud in job_scope::Cloud::ALL {
        let endpoints = cloud.endpoints();
        assert!(covers(endpoints.authority), "{cloud}");
        assert!(covers(endpoints.arm), "{cloud}");
        assert!(
            covers(&format!("kv-one.{}", endpoints.vault_suffix)),
            "{cloud}"
        );
    }
    assert!(!covers("attacker.example"));
    assert_eq!(policy.caution(), None);
}

#[test]
fn a_rule_is_for_the_jobs_it_names() {
    let policy = Policy::parse(
        "[[rule]]\nid = \"r\"\njobs = [\"inventory\"]\nmethod = \"GET\"\nurl = \"https://a.example/x\"",
    )
    .unwrap();
    assert_eq!(policy.rules(JobKind::Inventory).len(), 1);
    assert!(policy.rules(JobKind::Add).is_empty());
}

#[test]
fn max_shrink_is_a_percentage() {
    assert_eq!(Policy::builtin().unwrap().about(&[], None).max_shrink, 50);
    let policy = Policy::parse("max-shrink = 80").unwrap();
    assert_eq!(policy.about(&[], None).max_shrink, 80);
    for text in ["101", "-1", "\"half\"", "256"] {
        assert!(
            Policy::parse(&format!("max-shrink = {text}")).is_err(),
            "{text}"
        );
    }
}

const TENANT: &str = "11111111-1111-4111-8111-111111111111";

/// The outermost layer comes last, as it would stand in a file with all of them.
fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn about(policy: &Policy, tenant: &str, vault: &str) -> About {
    let tenants: Vec<TenantId> = TenantId::parse(tenant).into_iter().collect();
    policy.about(&tenants, VaultName::parse(vault).ok().as_ref())
}

#[test]
fn the_example_is_read() {
    let policy = policy(include_str!("example.toml"));
    let about = about(&policy, "Contoso.example", "KV-prod-eu");
    assert_eq!(about.max_shrink, 20);
    assert!(about.reads_private_keys);
    assert_eq!(about.identities, Some(vec![IdentityKind::ClientSecret]));
    assert_eq!(about.jobs, Some(vec![JobKind::Inventory]));
    let options: Vec<(&str, &str)> = about.options.iter().collect();
    assert_eq!(
        options,
        [
            ("cloud", "china"),
            ("create-public-network-access", "disabled"),
            ("create-purge-protection", "true"),
            ("create-retention-days", "30"),
            ("create-tags", "{\"owner\":\"pki\"}"),
            ("full-chain", "true"),
            ("partial", "submit"),
            ("path-format", "short"),
        ]
    );
    assert_eq!(policy.limits().memory, 128 << 20);
    assert_eq!(policy.rules(JobKind::Add).len(), 3);
}

#[test]
fn of_kinds_of_job_only_those_are_run_that_every_layer_runs() {
    let top = "jobs = [\"inventory\", \"add\", \"check\"]\n";
    let tenant =
        format!("[[tenant]]\nnames = [\"{TENANT}\"]\njobs = [\"inventory\", \"remove\"]\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\njobs = [\"add\", \"inventory\"]\n\
                 [[vault]]\nnames = [\"*\"]\njobs = [\"check\"]\n";
    use JobKind::{Add, Check, Inventory, Remove};
    for (text, vault_of_job, jobs) in [
        (String::new(), "kv-one", None),
        (top.to_owned(), "kv-one", Some(vec![Inventory, Add, Check])),
        (tenant.clone(), "kv-one", Some(vec![Inventory, Remove])),
        (format!("{top}{tenant}"), "kv-one", Some(vec![Inventory])),
        (vault.to_owned(), "kv-one", Some(vec![Add, Inventory])),
        (vault.to_owned(), "other", Some(vec![Check])),
        (
            format!("{top}{tenant}{vault}"),
            "kv-one",
            Some(vec![Inventory]),
        ),
        (format!("{top}{tenant}{vault}"), "other", Some(vec![])),
    ] {
        let about = about(&policy(&text), TENANT, vault_of_job);
        assert_eq!(about.jobs, jobs, "{text} {vault_of_job}");
    }
}

#[test]
fn of_kinds_of_identity_only_those_are_accepted_that_every_layer_and_both_tenants_accept() {
    use IdentityKind::{ClientAssertion, ClientSecret, ManagedIdentity};
    const OTHER: &str = "99999999-9999-4999-8999-999999999999";
    let general = "identities = [\"client-secret\", \"managed-identity\"]\n";
    let entry = |tenant: &str, kinds: &str| {
        format!("[[tenant]]\nnames = [\"{tenant}\"]\nidentities = [{kinds}]\n")
    };
    let (one, other) = (
        entry(TENANT, "\"client-secret\", \"client-assertion\""),
        entry(OTHER, "\"managed-identity\", \"client-assertion\""),
    );
    for (text, tenants, accepted) in [
        (String::new(), vec![TENANT], None),
        (
            general.to_owned(),
            vec![],
            Some(vec![ClientSecret, ManagedIdentity]),
        ),
        (
            format!("{general}{one}"),
            vec![TENANT],
            Some(vec![ClientSecret]),
        ),
        (
            format!("{general}{one}"),
            vec!["server.example"],
            Some(vec![ClientSecret, ManagedIdentity]),
        ),
        (
            one.clone(),
            vec!["server.example", TENANT],
            Some(vec![ClientSecret, ClientAssertion]),
        ),
        (
            format!("{one}{other}"),
            vec![TENANT, OTHER],
            Some(vec![ClientAssertion]),
        ),
        (
            format!("{general}{one}{other}"),
            vec![OTHER, TENANT],
            Some(vec![]),
        ),
    ] {
        let tenants: Vec<TenantId> = tenants
            .iter()
            .map(|name| TenantId::parse(name).unwrap())
            .collect();
        let found = policy(&text).about(&tenants, None).identities;
        assert_eq!(found, accepted, "{text} {tenants:?}");
    }
}

#[test]
fn how_far_a_store_may_shrink_is_the_vaults_else_the_tenants_else_the_general_word() {
    let general = "max-shrink = 10\n";
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\nmax-shrink = 20\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\nmax-shrink = 30\n";
    let all = format!("{general}{tenant}{vault}");
    for (text, wanted) in [
        (general, 10),
        (&format!("{general}{tenant}"), 20),
        (&all, 30),
    ] {
        let about = about(&policy(text), TENANT, "kv-one");
        assert_eq!(about.max_shrink, wanted, "{text}");
    }
    assert!(Policy::parse(&tenant.replace("20", "101")).is_err());
}

#[test]
fn a_rule_of_the_operators_is_for_https_and_for_names() {
    let rule = |url: &str| format!("[[rule]]\nid = \"r\"\nmethod = \"GET\"\nurl = \"{url}\"");
    for url in ["https://a.example/", "https://a.example:8443/x"] {
        Policy::parse(&rule(url)).unwrap();
    }
    for url in [
        "http://a.example/",
        "http://169.254.169.254/metadata/identity/oauth2/token",
        "https://169.254.169.254/",
        "https://0xa9.0xfe.0xa9.0xfe/",
        "https://[::1]:8443/",
    ] {
        let error = Policy::parse(&rule(url)).unwrap_err().to_string();
        assert!(error.contains("rule r"), "{url}: {error}");
    }
}

#[test]
fn what_one_vault_may_is_said_for_it_or_for_all() {
    let policy = policy(
        "max-shrink = 10\nreads-private-keys = true\n\
         [[vault]]\nnames = [\"kv-a\"]\nmax-shrink = 90\n\
         [[vault]]\nnames = [\"kv-*\"]\nmax-shrink = 80\nreads-private-keys = false\n",
    );
    for (vault, max_shrink, reads) in [
        ("kv-a", 90, false),
        ("kv-b", 80, false),
        ("other", 10, true),
    ] {
        let about = about(&policy, TENANT, vault);
        assert_eq!(
            (about.max_shrink, about.reads_private_keys),
            (max_shrink, reads),
            "{vault}"
        );
    }
    assert!(
        !Policy::builtin()
            .unwrap()
            .about(&[], None)
            .reads_private_keys
    );
}

#[test]
fn what_can_never_hold_is_told_and_nothing_else() {
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\", \"contoso.example\"]\n");
    let vault = |names: &str, rest: &str| format!("[[vault]]\nnames = [{names}]\n{rest}\n");
    let all = vault("\"*\"", "max-shrink = 1\njobs = [\"add\"]");
    for (text, told) in [
        (include_str!("example.toml").to_owned(), None),
        (format!("tenants = [\"contoso.example\"]\n{tenant}"), None),
        (
            format!("tenants = [\"other.example\"]\n{tenant}"),
            Some("[[tenant]] 11111111"),
        ),
        (
            format!("{all}{}", vault("\"kv-*\"", "max-shrink = 2")),
            Some("[[vault]] kv-*: max-shrink"),
        ),
        (
            format!("{all}{}", vault("\"kv-*\"", "reads-private-keys = true")),
            None,
        ),
        (
            format!("{}{all}", vault("\"kv-*\"", "max-shrink = 2")),
            None,
        ),
        (
            format!(
                "{}{}{}",
                vault("\"a*\"", "options = { x = 1 }"),
                vault("\"b*\"", "options = { x = 2 }"),
                vault("\"ab\", \"ba\"", "options = { x = 3, y = 4 }")
            ),
            Some("[[vault]] ab: options.x is"),
        ),
        (
            format!(
                "{}{}",
                vault("\"a*\"", "options = { x = 1 }"),
                vault("\"ab\", \"ba\"", "options = { x = 3 }")
            ),
            None,
        ),
    ] {
        let found = policy(&text).in_vain();
        assert_eq!(
            found.len(),
            usize::from(told.is_some()),
            "{text}: {found:?}"
        );
        if let (Some(told), Some(found)) = (told, found.first()) {
            assert!(found.starts_with(told), "{text}: {found}");
        }
    }
}
