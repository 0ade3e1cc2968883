//! What a policy lets jobs be about, and that neither side widens the other.

use super::matrix::passes;
use super::*;
use crate::grant::sample::Sample;
use proptest::prelude::*;
use proptest::sample::subsequence;

const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";
const OTHER: &str = "22222222-2222-4222-8222-222222222229";

/// Jobs about a store, as an application and as the machine.
fn about_stores() -> Vec<Job> {
    let mut jobs = Vec::new();
    for kind in JobKind::ALL {
        if kind != JobKind::Discovery {
            for (_, identity) in identities() {
                jobs.push(job(kind, identity, store(&[])));
            }
        }
    }
    jobs
}

#[test]
fn a_store_beyond_the_ceiling_is_refused_with_the_key_and_what_to_add() {
    for (inside, outside, key, value) in [
        (
            "clouds = [\"public\"]",
            "clouds = [\"china\"]",
            "clouds",
            "public",
        ),
        (
            "vaults = [\"*\"]\nsubscriptions = [\"22222222-2222-4222-8222-222222222222\"]",
            "vaults = [\"*\"]\nsubscriptions = [\"22222222-2222-4222-8222-222222222229\"]",
            "subscriptions",
            SUBSCRIPTION,
        ),
        (
            "vaults = [\"KV-*\"]",
            "vaults = [\"kv-two\", \"prod-*\"]",
            "vaults",
            "kv-one",
        ),
    ] {
        for job in about_stores() {
            reached(&job, inside);
            let failure = refused(&job, outside);
            assert_eq!(failure.cause, Cause::Configuration);
            for part in [key, value, "add"] {
                assert!(failure.message.contains(part), "{}", failure.message);
            }
        }
    }
}

#[test]
fn a_tenant_beyond_the_ceiling_is_refused_to_an_application_and_is_no_matter_to_a_machine() {
    let elsewhere = format!("tenants = [\"{SECOND}\", \"contoso.example\"]");
    for job in about_stores() {
        reached(&job, &format!("tenants = [\"{}\"]", TENANT.to_uppercase()));
        match &job.identity {
            Identity::ManagedIdentity { .. } => drop(reached(&job, &elsewhere)),
            _ => {
                let failure = refused(&job, &elsewhere);
                assert!(failure.message.contains("tenants"), "{}", failure.message);
                assert!(failure.message.contains(TENANT), "{}", failure.message);
            }
        }
    }
}

#[test]
fn only_the_kinds_of_job_are_run_that_the_policy_has() {
    for kind in JobKind::ALL {
        let own = format!("jobs = [\"{kind}\", \"check\"]");
        let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\", \"{SECOND}\"]\n");
        for other in JobKind::ALL {
            let job = job(other, secret(), store(&[]));
            // A check is about every other kind here.
            if other == kind && kind != JobKind::Check {
                reached(&job, &own);
                reached(&job, &format!("{tenant}{own}"));
            } else if other != JobKind::Check {
                for policy in [own.clone(), format!("{tenant}{own}")] {
                    let failure = refused(&job, &policy);
                    for part in ["jobs", other.as_str(), kind.as_str()] {
                        assert!(failure.message.contains(part), "{}", failure.message);
                    }
                }
            }
        }
    }
    let vault = "[[vault]]\nnames = [\"kv-one\"]\njobs = [\"inventory\"]\n";
    reached(&job(JobKind::Inventory, secret(), store(&[])), vault);
    refused(&job(JobKind::Remove, secret(), store(&[])), vault);
}

#[test]
fn a_check_of_what_is_not_run_says_so() {
    let mut check = job(JobKind::Check, secret(), store(&[]));
    let failure = refused(&check, "jobs = [\"inventory\", \"check\"]");
    assert!(failure.message.contains("jobs"), "{}", failure.message);
    let Task::Check { kinds, .. } = &mut check.task else {
        panic!();
    };
    *kinds = vec![JobKind::Inventory];
    reached(&check, "jobs = [\"inventory\", \"check\"]");
    refused(&check, "jobs = [\"inventory\"]");
}

fn discovery() -> Job {
    let mut job = job(JobKind::Discovery, secret(), store(&[]));
    job.task = Task::Discovery {
        places: vec![TENANT.to_owned()],
    };
    job
}

#[test]
fn a_discovery_searches_the_subscriptions_of_the_policy_and_the_job_and_no_others() {
    let both = format!("jobs = [\"discovery\"]\nsubscriptions = [\"{SUBSCRIPTION}\", \"{OTHER}\"]");
    let vaults_of = |reach: &Reach, id: &str| {
        let list = format!("/subscriptions/{id}/providers/Microsoft.KeyVault/vaults");
        requests(reach).contains(&list)
    };
    let open = reached(&discovery(), "");
    assert!(vaults_of(&open, "{id}"));
    assert_eq!(open.places[0].options.get("subscriptions"), None);

    let reach = reached(&discovery(), &both);
    assert!(vaults_of(&reach, SUBSCRIPTION) && vaults_of(&reach, OTHER));
    assert!(!vaults_of(&reach, "{id}"));
    let told = reach.places[0].options.get("subscriptions");
    assert_eq!(told, Some(&*format!("{SUBSCRIPTION},{OTHER}")));
    let graph = format!("/subscriptions among {SUBSCRIPTION} {OTHER}");
    assert!(requests(&reach).contains(&graph), "{}", requests(&reach));

    let mut named = discovery();
    named.options = options(&[("subscriptions", OTHER)]);
    let reach = reached(&named, &both);
    assert!(vaults_of(&reach, OTHER) && !vaults_of(&reach, SUBSCRIPTION));
    let one = format!("jobs = [\"discovery\"]\nsubscriptions = [\"{SUBSCRIPTION}\"]");
    let failure = refused(&named, &one);
    assert!(failure.message.contains(OTHER), "{}", failure.message);
}

#[test]
fn a_place_beyond_the_ceiling_is_left_out_of_a_discovery_and_told() {
    let job = job(JobKind::Discovery, secret(), store(&[]));
    for (policy, why) in [
        (format!("tenants = [\"{TENANT}\"]"), "tenants"),
        (
            format!("clouds = [\"public\"]\n[[tenant]]\nnames = [\"{SECOND}\"]\ncloud = \"china\""),
            "clouds",
        ),
        (
            format!("[[tenant]]\nnames = [\"{SECOND}\"]\njobs = [\"inventory\"]"),
            "jobs",
        ),
    ] {
        let reach = reached(&job, &policy);
        let names: Vec<&str> = reach.places.iter().map(|place| &*place.name).collect();
        assert_eq!(names, [TENANT], "{policy}");
        assert!(!requests(&reach).contains(SECOND), "{policy}");
        let [warning] = reach.warnings.as_slice() else {
            panic!("{:?}", reach.warnings);
        };
        assert!(
            warning.contains(SECOND) && warning.contains(why),
            "{warning}"
        );
    }
}

#[test]
fn only_a_create_that_does_not_know_its_tenants_id_leaves_it_open() {
    for (name, identity) in identities() {
        for (tenant, is_id) in [(TENANT, true), ("contoso.example", false)] {
            let mut store = store(&[]);
            tenant.clone_into(&mut store.tenant);
            let reach = reached(&job(JobKind::CreateStore, identity.clone(), store), "");
            let rules = reach.grants.rules().iter();
            let open = rules.filter(|rule| rule.body().contains("and /properties/tenantId"));
            let is_open = !is_id || !identity.needs_tenant();
            assert_eq!(open.count(), usize::from(is_open), "{name} {tenant}");
        }
    }
}

const RULE: &str =
    "[[rule]]\nid = \"own\"\nmethod = \"GET\"\nurl = \"https://api.example/v1/report\"\n";

/// What may stand in a policy at its top.
fn lines() -> Vec<String> {
    vec![
        "jobs = [\"inventory\", \"discovery\"]".to_owned(),
        "clouds = [\"public\", \"government\"]".to_owned(),
        format!("tenants = [\"{TENANT}\"]"),
        format!("subscriptions = [\"{SUBSCRIPTION}\"]"),
        "vaults = [\"kv-o*\"]".to_owned(),
        "identities = [\"client-secret\", \"managed-identity\"]".to_owned(),
        "reads-private-keys = true".to_owned(),
        "options = { full-chain = true, cloud = \"china\" }".to_owned(),
    ]
}

const HOSTS: [&str; 6] = [
    "login.microsoftonline.com",
    "*.vault.azure.net",
    "management.azure.com",
    "169.254.169.254",
    "*.chinacloudapi.cn",
    "attacker.example",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn neither_a_job_nor_a_policy_widens_the_other(
        kind in 0..JobKind::ALL.len(),
        identity in 0..4_usize,
        cloud in prop::sample::select(vec!["", "public", "china", "government"]),
        endpoint in prop::sample::select(vec!["", "privatelink.vaultcore.azure.net", "attacker.example"]),
        lines in subsequence(lines(), 0..=8),
        hosts in prop::option::of(subsequence(HOSTS.to_vec(), 0..=6)),
        with_rule: bool,
        wishes in subsequence(vec![("full-chain", "true"), ("versions", "all"), ("subscriptions", OTHER)], 0..=3),
    ) {
        let (_, identity) = identities()[identity].clone();
        let store = store(&[("AzureCloud", cloud), ("PrivateEndpoint", endpoint)]);
        let mut job = job(JobKind::ALL[kind], identity, store);
        job.options = options(&wishes);
        let hosts = hosts.map(|hosts| format!("hosts = {hosts:?}\n")).unwrap_or_default();
        let rule = if with_rule { RULE } else { "" };
        let text = format!("{hosts}{}\n{rule}", lines.join("\n"));
        let says = |key| lines.iter().any(|line| line.starts_with(key));
        if says("subscriptions") && !says("vaults") {
            // Which would not bind what it seems to.
            prop_assert!(Policy::parse(&text).is_err());
            return Ok(());
        }
        let policy = policy(&text);

        let Ok(reach) = reach(&job, &policy) else { return Ok(()) };
        for rule in reach.grants.rules() {
            let uri: http::Uri = rule.url().replace(['{', '}'], "").parse().unwrap();
            let host = url::Host::parse(uri.host().unwrap()).unwrap();
            let of_operator = rule.id() == "own";
            prop_assert!(of_operator || policy.hosts().iter().any(|pattern| pattern.matches(&host)), "{text}: {}", rule.url());
            prop_assert!(!of_operator || with_rule);
            prop_assert!(!rule.url().contains("/secrets/") || text.contains("reads-private-keys = true"));
        }
        // A narrower policy grants a part of what a wider one does.
        let wider = Policy::parse(&format!("{hosts}{}\n{rule}", lines
            .iter()
            .filter(|line| !["jobs", "clouds", "tenants", "subscriptions", "vaults", "identities"]
                .iter()
                .any(|key| line.starts_with(key)))
            .map(|line| format!("{line}\n"))
            .collect::<String>()))
            .unwrap();
        let wider = super::reach(&job, &wider).unwrap();
        for rule in reach.grants.rules() {
            prop_assert!(passes(&wider.grants, &Sample::of(rule)), "{text}: {}", rule.url());
        }
        // And where it names subscriptions, of those that it does not name none, and not all at once.
        let named = |id: &str| text.contains(id) || job.options.get("subscriptions") == Some(id);
        if named(SUBSCRIPTION) || named(OTHER) {
            for rule in wider.grants.rules() {
                for other in of_other_subscriptions(rule) {
                    prop_assert!(!passes(&reach.grants, &other), "{text}: {other:?}");
                }
            }
        }
        // What the job would need and does not get is told.
        prop_assert!(reach.grants.rules().len() + reach.outside.len() > 0);
    }
}

/// What a discovery would send to find vaults of subscriptions that nobody named.
fn of_other_subscriptions(rule: &crate::grant::Rule) -> Vec<Sample> {
    let asks = |subscriptions: serde_json::Value| {
        let mut sample = Sample::of(rule);
        let mut body: serde_json::Value = serde_json::from_str(&sample.body).unwrap();
        body["subscriptions"] = subscriptions;
        sample.body = body.to_string();
        sample
    };
    let foreign = "99999999-9999-4999-8999-999999999999";
    match rule.id() {
        "list-vaults" => {
            let mut sample = Sample::of(rule);
            sample.path = format!("/subscriptions/{foreign}/providers/Microsoft.KeyVault/vaults");
            vec![sample]
        }
        "query-resource-graph" => [
            serde_json::json!([]),
            serde_json::json!([foreign]),
            serde_json::json!([SUBSCRIPTION, foreign]),
            serde_json::Value::Null,
        ]
        .map(asks)
        .to_vec(),
        _ => Vec::new(),
    }
}
