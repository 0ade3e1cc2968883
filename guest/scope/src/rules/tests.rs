mod bodies;
mod check;
mod names;

use std::collections::BTreeSet;

use super::*;
use crate::{Alias, ClientId, Cloud, JobOptions, Properties, StoreScope, Variables};

const APP: &str = "33333333-3333-4333-8333-333333333333";

fn client_id() -> ClientId {
    ClientId::parse(APP).unwrap()
}

fn identities() -> [Identity; 4] {
    [
        Identity::ClientSecret {
            client_id: client_id(),
        },
        Identity::ClientAssertion {
            client_id: client_id(),
        },
        Identity::ManagedIdentity { client_id: None },
        Identity::ManagedIdentity {
            client_id: Some(client_id()),
        },
    ]
}

fn secret() -> Identity {
    Identity::ClientSecret {
        client_id: client_id(),
    }
}

fn store(identity: &Identity) -> StoreScope {
    store_of_tenant("11111111-1111-4111-8111-111111111111", identity)
}

fn store_of_tenant(tenant: &str, identity: &Identity) -> StoreScope {
    StoreScope::parse(
        tenant,
        "22222222-2222-4222-8222-222222222222:rg-one:kv-one",
        &Properties::default(),
        identity,
    )
    .unwrap()
}

fn new_vault(cloud: Cloud) -> NewVault {
    NewVault::parse(&Properties::default(), cloud, &JobOptions::default()).unwrap()
}

/// The rules of a job of this kind about a store that names everything.
fn rules(kind: JobKind, identity: &Identity) -> Vec<RuleTemplate> {
    let (store, new_vault) = (store(identity), new_vault(Cloud::Public));
    super::rules(Needs {
        store: (kind != JobKind::Discovery).then_some(&store),
        new_vault: Some(&new_vault),
        overwrite: true,
        check_kinds: &EVERY,
        ..Needs::new(kind, identity)
    })
}

/// Every kind that a check may be about.
const EVERY: [JobKind; 5] = [
    JobKind::Inventory,
    JobKind::Add,
    JobKind::Remove,
    JobKind::CreateStore,
    JobKind::Discovery,
];

/// Method and URL of each rule, one a line.
fn requests(rules: &[RuleTemplate]) -> Vec<String> {
    rules
        .iter()
        .map(|rule| format!("{} {}", rule.method, rule.url))
        .collect()
}

fn pairs(pairs: &[PairTemplate]) -> Vec<String> {
    pairs
        .iter()
        .map(|pair| {
            let value = match &pair.value {
                ValueTemplate::Fixed(value) => format!("={value}"),
                ValueTemplate::Opaque { .. } => "=*".to_owned(),
            };
            format!(
                "{}{value}{}",
                pair.name,
                if pair.optional { "?" } else { "" }
            )
        })
        .collect()
}

#[test]
fn an_inventory_may_get_a_token_list_and_read_certificates_and_nothing_else() {
    let rules = rules(JobKind::Inventory, &secret());
    assert_eq!(
        requests(&rules),
        [
            "POST https://{authority}/{tenant}/oauth2/v2.0/token",
            "GET https://{vault_host}/certificates",
            "GET https://{vault_host}/certificates/{name}",
        ]
    );
    let queries: Vec<_> = rules
        .iter()
        .map(|rule| pairs(&rule.query).join("&"))
        .collect();
    assert_eq!(
        queries,
        [
            "",
            "api-version=7.6&$skiptoken=*?&maxresults=*?",
            "api-version=7.6",
        ]
    );
}

#[test]
fn the_other_jobs_may_send_what_their_row_of_the_table_says() {
    for (kind, wanted) in [
        (
            JobKind::Add,
            vec![
                "GET https://{vault_host}/certificates/{alias}",
                "POST https://{vault_host}/certificates/{alias}/import",
                "GET https://{vault_host}/deletedcertificates/{alias}",
                "POST https://{vault_host}/deletedcertificates/{alias}/recover",
            ],
        ),
        (
            JobKind::Remove,
            vec![
                "GET https://{vault_host}/certificates/{alias}",
                "DELETE https://{vault_host}/certificates/{alias}",
                "GET https://{vault_host}/deletedcertificates/{alias}",
            ],
        ),
        (
            JobKind::CreateStore,
            vec![
                "GET https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}",
                "GET https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}",
                "POST https://{arm}/subscriptions/{subscription}/providers/Microsoft.KeyVault/checkNameAvailability",
                "GET https://{arm}/subscriptions/{subscription}",
                "PUT https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}",
            ],
        ),
        (
            JobKind::Discovery,
            vec![
                "GET https://{arm}/subscriptions",
                "GET https://{arm}/subscriptions/{id}/providers/Microsoft.KeyVault/vaults",
                "POST https://{arm}/providers/Microsoft.ResourceGraph/resources",
            ],
        ),
        (
            JobKind::Check,
            vec![
                "POST https://{authority}/{tenant}/oauth2/v2.0/token",
                "GET https://{vault_host}/certificates",
                "GET https://{vault_host}/certificates/{name}",
                "GET https://{arm}/subscriptions",
                "GET https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}",
                "GET https://{arm}/subscriptions/{subscription}",
                "GET https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Authorization/permissions",
                "GET https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}",
                "GET https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}/providers/Microsoft.Authorization/permissions",
            ],
        ),
    ] {
        assert_eq!(requests(&rules(kind, &secret())[1..]), wanted, "{kind}");
    }
}

#[test]
fn only_an_inventory_of_all_versions_lists_and_reads_them() {
    let identity = secret();
    let all = super::rules(Needs {
        versions: Versions::All,
        ..Needs::new(JobKind::Inventory, &identity)
    });
    assert_eq!(
        requests(&all[3..]),
        [
            "GET https://{vault_host}/certificates/{name}/{version}",
            "GET https://{vault_host}/certificates/{name}/versions",
        ]
    );
}

#[test]
fn an_add_that_may_replace_nothing_recovers_nothing() {
    for overwrite in [false, true] {
        let identity = secret();
        let rules = super::rules(Needs {
            overwrite,
            ..Needs::new(JobKind::Add, &identity)
        });
        let recovers = rules.iter().any(|rule| rule.url.ends_with("/recover"));
        assert_eq!(recovers, overwrite);
    }
}

#[test]
fn only_a_check_gets_tokens_for_two_services_and_it_only_reads() {
    for identity in identities() {
        for kind in JobKind::ALL {
            let rules = rules(kind, &identity);
            let tokens = rules
                .iter()
                .filter(|rule| rule.id.starts_with("token") || rule.id.starts_with("identity-"));
            let check = kind == JobKind::Check;
            assert_eq!(tokens.count(), if check { 2 } else { 1 }, "{kind}");
            if check {
                let read = |rule: &&RuleTemplate| rule.method == Method::Get;
                assert!(
                    rules
                        .iter()
                        .filter(|r| !r.id.starts_with("token"))
                        .all(|r| read(&r))
                );
            }
        }
    }
}

#[test]
fn a_token_is_asked_for_with_the_proof_of_the_identity_and_for_one_audience() {
    let form = |kind, identity: &Identity| match &rules(kind, identity)[0].body {
        BodyTemplate::Form(form) => pairs(form).join("&"),
        other => panic!("{kind}: {other:?}"),
    };
    assert_eq!(
        form(JobKind::Inventory, &secret()),
        "grant_type=client_credentials&client_id={client_id}&scope={vault_scope}&client_secret=*&claims=*?"
    );
    assert_eq!(
        form(
            JobKind::Discovery,
            &Identity::ClientAssertion {
                client_id: client_id()
            }
        ),
        "grant_type=client_credentials&client_id={client_id}&scope={arm_scope}\
         &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\
         &client_assertion=*&claims=*?"
    );
}

#[test]
fn a_managed_identity_reaches_the_endpoint_of_its_machine_and_no_authority() {
    for kind in JobKind::ALL {
        for (client_id, query) in [
            (None, "api-version=2018-02-01&resource="),
            (Some(client_id()), "api-version=2018-02-01&resource="),
        ] {
            let user_assigned = client_id.is_some();
            let rules = rules(kind, &Identity::ManagedIdentity { client_id });
            let rule = &rules[0];
            assert_eq!(
                format!("{} {}", rule.method, rule.url),
                "GET http://169.254.169.254/metadata/identity/oauth2/token"
            );
            let text = pairs(&rule.query).join("&");
            assert!(text.starts_with(query), "{kind}: {text}");
            assert_eq!(
                text.ends_with("&client_id={client_id}"),
                user_assigned,
                "{kind}: {text}"
            );
            assert_eq!(
                rule.headers.required,
                [RequiredHeader {
                    name: "metadata".into(),
                    value: "true".into()
                }]
            );
            assert!(
                rules.iter().all(|rule| !rule.url.contains("{authority}")),
                "{kind}"
            );
        }
    }
}

#[test]
fn only_the_identity_endpoint_is_plain_http() {
    for kind in JobKind::ALL {
        for identity in identities() {
            for rule in rules(kind, &identity) {
                assert_eq!(
                    rule.url.starts_with("https://{"),
                    !rule.id.starts_with("identity-endpoint"),
                    "{kind}: {}",
                    rule.url
                );
            }
        }
    }
}

#[test]
fn no_job_reads_private_keys_unless_its_operator_says_so() {
    for kind in JobKind::ALL {
        for identity in identities() {
            assert!(
                rules(kind, &identity)
                    .iter()
                    .all(|rule| !rule.url.contains("/secrets")),
                "{kind}"
            );
        }
        let marked = private_key_rules(kind);
        let urls: Vec<&str> = marked.iter().map(|rule| rule.url.as_ref()).collect();
        let wanted: &[&str] = match kind {
            JobKind::Inventory => &["https://{vault_host}/secrets/{name}/{version}"],
            JobKind::Add => &["https://{vault_host}/secrets/{alias}"],
            _ => &[],
        };
        assert_eq!(urls, wanted, "{kind}");
        for rule in marked {
            assert_eq!(rule.method, Method::Get);
            assert!(rule.purpose.contains("PRIVATE KEY"), "{}", rule.purpose);
        }
    }
}

#[test]
fn a_job_that_only_reads_sends_no_body_but_for_its_token() {
    for rule in &rules(JobKind::Inventory, &secret())[1..] {
        assert_eq!(
            (rule.method, rule.body.is_none()),
            (Method::Get, true),
            "{}",
            rule.id
        );
    }
}

#[test]
fn the_ids_of_a_job_are_unique_and_every_purpose_is_told() {
    for kind in JobKind::ALL {
        for identity in identities() {
            let mut all = rules(kind, &identity);
            all.extend(private_key_rules(kind));
            let ids: BTreeSet<_> = all.iter().map(|rule| rule.id.clone()).collect();
            assert_eq!(ids.len(), all.len(), "{kind}: {ids:?}");
            assert!(all.iter().all(|rule| !rule.purpose.is_empty()), "{kind}");
        }
    }
}

#[test]
fn every_built_in_template_survives_json_and_toml() {
    for kind in JobKind::ALL {
        for identity in identities() {
            for rule in rules(kind, &identity) {
                let text = toml::to_string(&rule).unwrap();
                assert_eq!(
                    toml::from_str::<RuleTemplate>(&text).unwrap(),
                    rule,
                    "{text}"
                );
                let text = serde_json::to_string(&rule).unwrap();
                assert_eq!(
                    serde_json::from_str::<RuleTemplate>(&text).unwrap(),
                    rule,
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn every_token_is_kept_and_sent_only_to_the_service_it_is_for() {
    for kind in JobKind::ALL {
        for identity in identities() {
            let mut all = rules(kind, &identity);
            all.extend(private_key_rules(kind));
            for rule in all {
                let place = |name: &str| rule.url.starts_with(&format!("https://{{{name}}}/"));
                let wanted = |audience: &'static str| VeilTemplate::Bearer(audience.into());
                let asks = rule.id.starts_with("token") || rule.id.starts_with("identity-endpoint");
                let right = match &rule.veil {
                    VeilTemplate::None => false,
                    VeilTemplate::TokenForm(_) => asks && place("authority"),
                    VeilTemplate::IdentityAnswer(_) => {
                        asks && rule.url.starts_with("http://169.254.169.254/")
                    }
                    bearer if place("vault_host") => *bearer == wanted("{vault_resource}"),
                    bearer => place("arm") && *bearer == wanted("{arm_resource}"),
                };
                assert!(right, "{kind} {identity:?} {}: {:?}", rule.id, rule.veil);
            }
        }
    }
}
