mod golden;

use super::*;
use crate::orchestrator::{Certificate, Contents, Format, ToRemove};
use crate::runner::Cause;
use job_scope::{Alias, ClientId, Cloud};
use std::fmt::Write as _;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "99999999-9999-4999-8999-999999999999";
const PATH: &str = "22222222-2222-4222-8222-222222222222:rg-one:kv-one";

fn client_id() -> ClientId {
    ClientId::parse("33333333-3333-4333-8333-333333333333").unwrap()
}

fn secret() -> Identity {
    Identity::ClientSecret {
        client_id: client_id(),
    }
}

fn identities() -> [(&'static str, Identity); 4] {
    [
        ("client-secret", secret()),
        (
            "client-assertion",
            Identity::ClientAssertion {
                client_id: client_id(),
            },
        ),
        (
            "system-assigned",
            Identity::ManagedIdentity { client_id: None },
        ),
        (
            "user-assigned",
            Identity::ManagedIdentity {
                client_id: Some(client_id()),
            },
        ),
    ]
}

fn store(fields: &[(&str, &str)]) -> Store {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Store {
        tenant: TENANT.to_owned(),
        path: PATH.to_owned(),
        properties: Properties::from_fields(fields.iter().map(owned)),
    }
}

fn task(kind: JobKind, store: Store) -> Task {
    let alias = Alias::parse("web-1").unwrap();
    match kind {
        JobKind::Inventory => Task::Inventory {
            store,
            last_inventory: 0,
        },
        JobKind::Add => Task::Add {
            store,
            certificate: Certificate {
                alias,
                contents: Contents::new(vec![0x30]),
                format: Format::Pfx,
                password: None,
                overwrite: false,
                parameters: Vec::new(),
            },
        },
        JobKind::Remove => Task::Remove {
            store,
            certificate: ToRemove {
                alias,
                thumbprint: None,
            },
        },
        JobKind::CreateStore => Task::CreateStore { store },
        JobKind::Discovery => Task::Discovery {
            places: vec![TENANT.to_owned(), SECOND.to_owned()],
        },
        JobKind::Check => Task::Check {
            store,
            kinds: vec![JobKind::Inventory],
        },
    }
}

fn job(kind: JobKind, identity: Identity, store: Store) -> Job {
    Job {
        history_id: 1,
        identity,
        secret: None,
        token_file: None,
        options: Vec::new(),
        task: task(kind, store),
    }
}

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap()
}

fn reached(job: &Job, policy_text: &str) -> Reach {
    reach(job, &policy(policy_text)).unwrap_or_else(|failure| panic!("{}", failure.message))
}

fn refused(job: &Job, policy_text: &str) -> Failure {
    reach(job, &policy(policy_text)).unwrap_err()
}

fn option(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The requests of a job, one a line.
fn requests(reach: &Reach) -> String {
    let mut text = String::new();
    for rule in reach.grants.rules() {
        let query = rule.query();
        let mark = if query.is_empty() { "" } else { "?" };
        let _ = writeln!(text, "{} {}{mark}{query}", rule.method(), rule.url());
        if !rule.body().is_empty() {
            let _ = writeln!(text, "    {}", rule.body());
        }
    }
    text
}

#[test]
fn a_discovery_reaches_the_union_of_its_tenants_each_in_its_cloud_and_nothing_twice() {
    let china = format!("[[tenant]]\nnames = [\"{SECOND}\"]\ncloud = \"china\"");
    let job = job(JobKind::Discovery, secret(), store(&[]));
    let alone = reached(&job, "");
    let both = reached(&job, &china);
    let urls = |reach: &Reach| -> Vec<String> {
        let rules = reach.grants.rules().iter();
        rules.map(crate::grant::Rule::url).collect()
    };
    assert_eq!(alone.grants.rules().len(), 2 + 3, "two tokens, one cloud");
    assert_eq!(both.grants.rules().len(), 2 * (1 + 3), "two clouds");
    for url in [
        format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"),
        format!("https://login.chinacloudapi.cn/{SECOND}/oauth2/v2.0/token"),
        "https://management.azure.com/subscriptions".to_owned(),
        "https://management.chinacloudapi.cn/subscriptions".to_owned(),
    ] {
        assert!(urls(&both).contains(&url), "{url}");
    }
    let crossed = format!("https://login.microsoftonline.com/{SECOND}/oauth2/v2.0/token");
    assert!(!urls(&both).contains(&crossed));
    let options: Vec<Option<&str>> = both
        .places
        .iter()
        .map(|place| place.options.get("cloud").map(String::as_str))
        .collect();
    assert_eq!(options, [None, Some("china")]);
}

#[test]
fn a_tenant_that_can_be_none_fails_the_discovery_that_needs_it_and_no_other() {
    let mut wrong = job(JobKind::Discovery, secret(), store(&[]));
    wrong.task = Task::Discovery {
        places: vec![TENANT.to_owned(), "contoso corp".to_owned()],
    };
    let failure = refused(&wrong, "");
    assert!(failure.message.starts_with("dirs"), "{}", failure.message);
    assert!(failure.message.contains("contoso corp"));
    wrong.identity = Identity::ManagedIdentity { client_id: None };
    assert_eq!(reached(&wrong, "").grants.rules().len(), 1 + 3);
}

/// The rule for options: the command line, the store's property, the vault, the tenant, the
/// general ones, the default.
#[test]
fn r30_a_stores_cloud_is_the_first_that_is_said() {
    let general = "[options]\ncloud = \"government\"\n";
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\ncloud = \"china\"\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\noptions = { cloud = \"public\" }\n";
    let all = format!("{general}{tenant}{vault}");
    let with_tenant = format!("{general}{tenant}");
    for (flag, property, policy, suffix) in [
        ("", "", "", "vault.azure.net"),
        ("", "", general, "vault.usgovcloudapi.net"),
        ("", "", &with_tenant, "vault.azure.cn"),
        ("", "", &all, "vault.azure.net"),
        ("", "government", &all, "vault.usgovcloudapi.net"),
        ("china", "government", &all, "vault.azure.cn"),
        (
            "",
            "public,china,government",
            &with_tenant,
            "vault.azure.cn",
        ),
    ] {
        let mut job = job(
            JobKind::Inventory,
            secret(),
            store(&[("AzureCloud", property)]),
        );
        if !flag.is_empty() {
            job.options = vec![option("cloud", flag)];
        }
        let reach = reached(&job, policy);
        let wanted = format!("kv-one.{suffix}");
        assert_eq!(reach.store_host, Some(wanted), "{flag} {property} {policy}");
        // What the extension reads must be what the grants were made from.
        let told = reach.store.unwrap().properties;
        let told = told
            .get("AzureCloud")
            .map(|word| Cloud::parse(word).unwrap().unwrap());
        let told = told.unwrap_or_default().endpoints().vault_suffix;
        assert_eq!(told, suffix, "{flag} {property} {policy}");
        assert!(!reach.options.contains_key("cloud"));
    }
}

#[test]
fn a_whole_option_list_stays_to_be_told_where_nobody_says_a_cloud() {
    let list = store(&[("AzureCloud", "public,china,government")]);
    let reach = reached(&job(JobKind::Inventory, secret(), list), "");
    assert_eq!(reach.notes.len(), 1, "{:?}", reach.notes);
}

#[test]
fn an_unknown_cloud_is_refused_whatever_the_policy_says() {
    let job = job(
        JobKind::Inventory,
        secret(),
        store(&[("AzureCloud", "goverment")]),
    );
    let policy = "[options]\ncloud = \"china\"";
    assert!(refused(&job, policy).message.starts_with("AzureCloud"));
}

#[test]
fn a_flag_wins_over_the_policy_for_every_option() {
    let mut job = job(JobKind::Inventory, secret(), store(&[]));
    job.options = vec![option("partial", "submit"), option("x", "flag")];
    let reach = reached(&job, "[options]\nx = \"policy\"\ny = \"policy\"");
    assert_eq!(reach.options["partial"], "submit");
    assert_eq!(reach.options["x"], "flag");
    assert_eq!(reach.options["y"], "policy");
    let mut job = self::job(JobKind::Discovery, secret(), store(&[]));
    job.options = vec![option("path-format", "short")];
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\npath-format = \"resource-id\"");
    for place in reached(&job, &tenant).places {
        assert_eq!(place.options["path-format"], "short", "{}", place.name);
    }
}

#[test]
fn a_flag_with_a_value_that_it_does_not_know_is_refused_by_name() {
    for kind in [JobKind::Inventory, JobKind::Discovery] {
        let mut job = job(kind, secret(), store(&[]));
        job.options = vec![option("partial", "perhaps")];
        let failure = refused(&job, "");
        assert_eq!(failure.cause, Cause::Input);
        assert!(
            failure.message.starts_with("partial"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn private_keys_are_read_only_where_the_policy_says_so_and_the_job_asks() {
    let secrets = |reach: &Reach| requests(reach).contains("/secrets/{name}");
    let allowed = "[[vault]]\nnames = [\"kv-one\"]\nreads-private-keys = true\n";
    let mut job = job(JobKind::Inventory, secret(), store(&[]));
    assert!(!secrets(&reached(&job, allowed)), "nobody asked");

    job.options = vec![option("full-chain", "true")];
    let failure = refused(&job, "");
    assert_eq!(failure.cause, Cause::Configuration);
    for word in ["full-chain", "reads-private-keys", "kv-one"] {
        assert!(failure.message.contains(word), "{}", failure.message);
    }
    let other = allowed.replace("kv-one", "kv-two");
    assert!(reach(&job, &policy(&other)).is_err());
    let reach = reached(&job, allowed);
    assert!(secrets(&reach));
    let told = reach.grants.rules().iter();
    let told = told.filter(|rule| rule.purpose().contains("PRIVATE KEY"));
    assert_eq!(told.count(), 2, "one for the current version, one for each");

    for kind in JobKind::ALL {
        if kind != JobKind::Inventory {
            let mut job = self::job(kind, secret(), store(&[]));
            job.options = vec![option("full-chain", "true")];
            assert!(!secrets(&reached(&job, allowed)), "{kind}");
        }
    }
}

#[test]
fn all_versions_are_listed_only_when_asked_for() {
    let mut job = job(JobKind::Inventory, secret(), store(&[]));
    let lists = |reach: &Reach| requests(reach).contains("/versions");
    assert!(!lists(&reached(&job, "")));
    job.options = vec![option("versions", "all")];
    let reach = reached(&job, "");
    assert!(lists(&reach));
    assert_eq!(reach.versions, Versions::All);
}

#[test]
fn w38_an_identity_that_the_tenant_does_not_accept_is_refused_with_both_readings() {
    let only_secrets =
        format!("[[tenant]]\nnames = [\"{TENANT}\"]\nidentities = [\"client-secret\"]");
    for kind in JobKind::ALL {
        let managed = Identity::ManagedIdentity { client_id: None };
        let failure = refused(&job(kind, managed, store(&[])), &only_secrets);
        assert_eq!(failure.cause, Cause::Configuration, "{kind}");
        for word in ["managed identity", "PAM", "identities", TENANT] {
            assert!(
                failure.message.contains(word),
                "{kind}: {}",
                failure.message
            );
        }
        reached(&job(kind, secret(), store(&[])), &only_secrets);
    }
    let only_managed = only_secrets.replace("client-secret", "managed-identity");
    let failure = refused(
        &job(JobKind::Inventory, secret(), store(&[])),
        &only_managed,
    );
    assert!(
        failure.message.contains("client secret"),
        "{}",
        failure.message
    );
}

#[test]
fn w02_sku_and_region_are_looked_at_on_a_create_only() {
    for (field, junk) in [("SkuType", "gold"), ("VaultRegion", "east_us")] {
        for kind in JobKind::ALL {
            let result = reach(&job(kind, secret(), store(&[(field, junk)])), &policy(""));
            match (kind, result) {
                (JobKind::CreateStore, Err(failure)) => {
                    assert!(failure.message.starts_with(field), "{}", failure.message);
                }
                (JobKind::CreateStore, Ok(_)) => panic!("{field} passed"),
                (_, result) => assert!(result.is_ok(), "{kind}"),
            }
        }
    }
}

#[test]
fn a_create_puts_exactly_what_the_policy_says_and_needs_a_resource_group() {
    let settings = "[create]\npurge-protection = true\nretention-days = 30\n";
    let found = requests(&reached(
        &job(JobKind::CreateStore, secret(), store(&[])),
        settings,
    ));
    for part in [
        "\"enablePurgeProtection\":true",
        "\"softDeleteRetentionInDays\":30",
        "\"location\":\"eastus\"",
    ] {
        assert!(found.contains(part), "{found}");
    }
    let mut without = store(&[]);
    without.path = without.path.replace(":rg-one", "");
    let failure = refused(&job(JobKind::CreateStore, secret(), without.clone()), "");
    assert!(
        failure.message.contains("ResourceGroupName"),
        "{}",
        failure.message
    );
    reached(&job(JobKind::Check, secret(), without), "");
}

#[test]
fn a_foreign_private_endpoint_is_outside() {
    let foreign = store(&[("PrivateEndpoint", "attacker.example")]);
    for kind in [
        JobKind::Inventory,
        JobKind::Add,
        JobKind::Remove,
        JobKind::Check,
    ] {
        let reach = reached(&job(kind, secret(), foreign.clone()), "");
        assert_eq!(reach.outside[0].host, "kv-one.attacker.example", "{kind}");
    }
}
