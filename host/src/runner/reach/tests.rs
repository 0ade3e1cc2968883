mod adds;
mod ceilings;
mod discovery;
mod golden;
mod layers;
mod matrix;

use super::*;
use crate::orchestrator::{Certificate, Contents, Format, LastInventory, ToRemove};
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
        options: Options::default(),
    }
}

fn task(kind: JobKind, store: Store) -> Task {
    let alias = Alias::parse("web-1").unwrap();
    match kind {
        JobKind::Inventory => Task::Inventory {
            store,
            last_inventory: LastInventory::default(),
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
            kinds: JobKind::ALL
                .into_iter()
                .filter(|kind| *kind != JobKind::Check)
                .collect(),
        },
    }
}

fn job(kind: JobKind, identity: Identity, store: Store) -> Job {
    Job {
        history_id: 1,
        identity,
        secret: None,
        token_file: None,
        blank_secret: false,
        options: Options::default(),
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

fn options(pairs: &[(&str, &str)]) -> Options {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// The requests of a job, one a line.
fn requests(reach: &Reach) -> String {
    let mut text = String::new();
    for rule in reach.grants.rules() {
        let query = rule.query();
        let mark = if query.is_empty() { "" } else { "?" };
        let _ = writeln!(text, "{} {}{mark}{query}", rule.method(), rule.url());
        for part in [rule.headers(), rule.body(), rule.credentials()] {
            if !part.is_empty() {
                let _ = writeln!(text, "    {part}");
            }
        }
    }
    text
}

#[test]
fn a_check_does_without_the_resource_manager_where_the_policy_does_not_allow_it() {
    let hosts = "hosts = [\"login.microsoftonline.com\", \"*.vault.azure.net\"]";
    let check = job(JobKind::Check, secret(), store(&[]));
    let reach = reached(&check, hosts);
    assert_eq!(reach.outside, []);
    assert_eq!(reach.options.get("check-arm"), Some("false"));
    assert!(!requests(&reach).contains("management.azure.com"));
    assert_eq!(reached(&check, "").options.get("check-arm"), None);
    assert!(requests(&reached(&check, "")).contains("management.azure.com"));
    // The vault itself is no option.
    let reach = reached(&check, "hosts = [\"login.microsoftonline.com\"]");
    assert!(!reach.outside.is_empty());
    let create = job(JobKind::CreateStore, secret(), store(&[]));
    assert!(!reached(&create, hosts).outside.is_empty());
}

#[test]
fn an_add_recovers_only_with_overwrite() {
    let mut job = job(JobKind::Add, secret(), store(&[]));
    let recovers = |job: &Job| requests(&reached(job, "")).contains("/recover");
    assert!(!recovers(&job));
    let Task::Add { certificate, .. } = &mut job.task else {
        panic!();
    };
    certificate.overwrite = true;
    assert!(recovers(&job));
}

#[test]
fn private_keys_are_read_only_where_the_policy_says_so_and_the_job_asks() {
    let secrets = |reach: &Reach| requests(reach).contains("/secrets/{name}");
    let allowed = "[[vault]]\nnames = [\"kv-one\"]\nreads-private-keys = true\n";
    let mut job = job(JobKind::Inventory, secret(), store(&[]));
    assert!(!secrets(&reached(&job, allowed)), "nobody asked");

    job.options = options(&[("full-chain", "true")]);
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
    assert_eq!(told.count(), 1);

    for kind in JobKind::ALL {
        if kind != JobKind::Inventory {
            let mut job = self::job(kind, secret(), store(&[]));
            job.options = options(&[("full-chain", "true")]);
            assert!(!secrets(&reached(&job, allowed)), "{kind}");
        }
    }
}

#[test]
fn all_versions_are_listed_only_when_asked_for() {
    let mut job = job(JobKind::Inventory, secret(), store(&[]));
    let lists = |reach: &Reach| requests(reach).contains("/versions");
    assert!(!lists(&reached(&job, "")));
    job.options = options(&[("versions", "all")]);
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
    // The tenant may be said by the property alone, beside a client machine that is any name.
    let mut elsewhere = store(&[("TenantId", TENANT)]);
    elsewhere.tenant = "server.example".to_owned();
    let managed = Identity::ManagedIdentity { client_id: None };
    let failure = refused(
        &job(JobKind::Inventory, managed.clone(), elsewhere),
        &only_secrets,
    );
    assert!(
        failure.message.contains("identities"),
        "{}",
        failure.message
    );
    for kind in JobKind::ALL {
        let general = "identities = [\"client-secret\"]";
        refused(&job(kind, managed.clone(), store(&[])), general);
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
