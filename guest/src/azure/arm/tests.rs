//! Azure Resource Manager as a function: what is sent, and what is made of the answers.

use std::rc::Rc;
use std::time::Duration;

use job_scope::{Cloud, ResourceGroup, StorePath, SubscriptionId, VaultName};
use serde_json::{Value, json};

use super::vaults::{NameCheck, Provisioning, VaultRef};
use super::*;
use crate::azure::entra::{Application, Proof};
use crate::azure::tokens::Issuer;
use crate::clock::Clock as _;
use crate::contract::{Failure, Secret};
use crate::http::{Method, TransportError};
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const ARM: &str = "https://management.azure.com";
const SUB: &str = "22222222-2222-4222-8222-222222222222";
const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const VAULTS: &str =
    "/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.KeyVault/vaults";

fn arm_of(fake: &Fake, cloud: Cloud) -> Arm<'_, Fake> {
    let application = Application {
        authority: cloud.endpoints().authority,
        tenant: TENANT.to_owned(),
        client_id: "3333".into(),
        proof: Proof::Secret(Secret::new("sp-secret~1".into())),
    };
    let calls = Calls::new(fake, "attempt", fake.now() + Duration::from_secs(900));
    let tokens = Tokens::new(Issuer::Entra(application));
    Arm::new(Rc::new(calls), Rc::new(tokens), cloud.endpoints())
}

fn arm(fake: &Fake) -> Arm<'_, Fake> {
    arm_of(fake, Cloud::Public)
}

fn served(answers: impl Fn(&Sent, usize) -> Answer + 'static) -> Fake {
    Fake::new(move |sent, earlier| {
        if sent.url().contains("/oauth2/") {
            return Ok(answer(200, r#"{"access_token":"t1","expires_in":3599}"#));
        }
        answers(sent, earlier)
    })
}

/// Everything is answered with this.
fn saying(status: u16, body: &Value) -> Fake {
    let body = body.to_string();
    served(move |_, _| Ok(answer(status, &body)))
}

fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "said so"}})
}

fn sub() -> SubscriptionId {
    SubscriptionId::parse(SUB).unwrap()
}

fn group() -> ResourceGroup {
    ResourceGroup::parse("rg(é)").unwrap()
}

fn name() -> VaultName {
    VaultName::parse("kv-one").unwrap()
}

/// What was sent, without the token requests: method, URL, body.
fn sent(fake: &Fake) -> Vec<(Method, String, String)> {
    fake.sent_to(ARM)
        .iter()
        .map(|sent| (sent.request.method, sent.url().to_owned(), sent.body()))
        .collect()
}

fn paths(vaults: Vec<Result<StorePath, &str>>) -> Vec<String> {
    let text = |vault: Result<StorePath, &str>| match vault {
        Ok(path) => path.to_string(),
        Err(odd) => odd.to_owned(),
    };
    vaults.into_iter().map(text).collect()
}

fn id(group: &str, vault: &str) -> String {
    format!(
        "/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}"
    )
}

#[test]
fn w26_every_cloud_has_its_own_host_and_scope() {
    for cloud in Cloud::ALL {
        let fake = saying(200, &json!({"value": []}));
        fake.run(arm_of(&fake, cloud).list_subscriptions()).unwrap();
        let endpoints = cloud.endpoints();
        let urls: Vec<String> = fake
            .sent()
            .iter()
            .map(|sent| sent.url().to_owned())
            .collect();
        assert_eq!(
            urls,
            [
                format!("https://{}/{TENANT}/oauth2/v2.0/token", endpoints.authority),
                format!(
                    "https://{}/subscriptions?api-version=2022-12-01",
                    endpoints.arm
                ),
            ]
        );
        let scope = crate::text::percent_encoded(endpoints.arm_scope);
        assert!(
            fake.sent()[0].body().ends_with(&format!("&scope={scope}")),
            "{cloud}"
        );
    }
}

#[test]
fn a_resource_group_is_read_by_its_encoded_name_and_has_a_region() {
    let fake = saying(200, &json!({"location": "West Europe"}));
    let read = fake
        .run(arm(&fake).resource_group(&sub(), &group()))
        .unwrap();
    assert_eq!(read.region.as_str(), "westeurope");
    assert_eq!(
        sent(&fake),
        [(
            Method::Get,
            format!(
                "{ARM}/subscriptions/{SUB}/resourceGroups/rg%28%C3%A9%29?api-version=2022-09-01"
            ),
            String::new()
        )]
    );
    for body in [
        json!({}),
        json!({"location": ""}),
        json!({"location": "a/b"}),
        json!([]),
    ] {
        let fake = saying(200, &body);
        let error = fake
            .run(arm(&fake).resource_group(&sub(), &group()))
            .unwrap_err();
        assert_eq!(error.failure(), Failure::UnreadableAnswer, "{body}");
    }
}

#[test]
fn a_subscription_names_its_tenant() {
    let fake = saying(
        200,
        &json!({"subscriptionId": SUB, "tenantId": TENANT.to_uppercase()}),
    );
    let tenant = fake.run(arm(&fake).tenant_of(&sub())).unwrap();
    assert_eq!(tenant.as_str(), TENANT);
    assert_eq!(
        sent(&fake)[0].1,
        format!("{ARM}/subscriptions/{SUB}?api-version=2022-12-01")
    );
    for body in [
        json!({}),
        json!({"tenantId": "contoso.example"}),
        json!({"tenantId": "x"}),
    ] {
        let fake = saying(200, &body);
        let error = fake.run(arm(&fake).tenant_of(&sub())).unwrap_err();
        assert_eq!(error.failure(), Failure::UnreadableAnswer, "{body}");
    }
}

#[test]
fn w25_subscriptions_have_a_state_and_a_new_one_counts_as_usable() {
    let states = [
        json!("Enabled"),
        json!("Warned"),
        json!("PastDue"),
        json!("New"),
        json!(null),
        json!("disabled"),
        json!("Deleted"),
    ];
    let entries = states.map(|state| json!({"subscriptionId": SUB.to_uppercase(), "state": state}));
    let fake = saying(200, &json!({ "value": entries }));
    let listed = fake.run(arm(&fake).list_subscriptions()).unwrap();
    assert!(listed.iter().all(|one| one.id.as_str() == SUB));
    let usable: Vec<bool> = listed
        .iter()
        .map(|one| one.state == subscriptions::State::Usable)
        .collect();
    assert_eq!(usable, [true, true, true, true, true, false, false]);
    let fake = saying(200, &json!({"value": [{"state": "Enabled"}]}));
    let error = fake.run(arm(&fake).list_subscriptions()).unwrap_err();
    assert_eq!(error.failure(), Failure::UnreadableAnswer);
}

#[test]
fn w24_a_list_is_read_once_over_empty_pages_and_links_as_the_service_writes_them() {
    let link = |token: &str| {
        format!("{ARM}{VAULTS}?$top=1&api-version=2026-02-01&$skiptoken=ServiceBased,{token}")
    };
    let (second, third) = (link("two"), link("three"));
    let fake = served(move |sent, _| {
        let page = match sent.url() {
            url if url.ends_with("two") => json!({"value": [], "nextLink": third}),
            url if url.ends_with("three") => {
                json!({"value": [{"id": id("rg", "kv-2")}], "nextLink": ""})
            }
            _ => json!({"value": [{"id": id("rg", "kv-1")}], "nextLink": second}),
        };
        Ok(answer(200, &page.to_string()))
    });
    let listing = fake.run(arm(&fake).vaults_of(&sub()));
    assert_eq!(listing.error, None);
    assert_eq!(
        paths(listing.items),
        [format!("{SUB}:rg:kv-1"), format!("{SUB}:rg:kv-2")]
    );
    let urls: Vec<String> = sent(&fake).into_iter().map(|(_, url, _)| url).collect();
    assert_eq!(
        urls,
        [
            format!("{ARM}{VAULTS}?api-version=2026-02-01"),
            link("two"),
            link("three")
        ]
    );
}

#[test]
fn w22_what_was_read_before_an_error_stays() {
    for (second, failure) in [
        (
            Ok(answer(403, &error("AuthorizationFailed").to_string())),
            Failure::MissingRole,
        ),
        (Ok(answer(200, "<html>")), Failure::UnreadableAnswer),
        (Ok(answer(500, "")), Failure::Unavailable),
        (Err(TransportError::Denied), Failure::Other),
    ] {
        let fake = served(move |sent, _| {
            if sent.url().contains("skiptoken") {
                return second.clone();
            }
            let link = format!("{ARM}{VAULTS}?$skiptoken=a");
            let page = json!({"value": [{"id": id("rg", "kv-1")}], "nextLink": link});
            Ok(answer(200, &page.to_string()))
        });
        let listing = fake.run(arm(&fake).vaults_of(&sub()));
        assert_eq!(paths(listing.items), [format!("{SUB}:rg:kv-1")]);
        assert_eq!(listing.error.unwrap().failure(), failure);
    }
}

#[test]
fn a_link_to_another_place_is_not_followed() {
    for link in [
        format!("https://evil.example{VAULTS}?$skiptoken=a"),
        format!("{ARM}/subscriptions?$skiptoken=a"),
        format!("http://management.azure.com{VAULTS}?$skiptoken=a"),
    ] {
        let fake = saying(
            200,
            &json!({"value": [{"id": id("rg", "kv-1")}], "nextLink": link}),
        );
        let listing = fake.run(arm(&fake).vaults_of(&sub()));
        assert_eq!(listing.items.len(), 1);
        assert!(matches!(listing.error, Some(CallError::Link(_))), "{link}");
        assert_eq!(sent(&fake).len(), 1, "{link}");
    }
}

#[test]
fn r12_a_vaults_id_is_read_by_its_words_and_an_odd_one_does_not_hide_the_others() {
    let other = "33333333-3333-4333-8333-333333333333";
    let lower = format!(
        "/SUBSCRIPTIONS/{}/resourcegroups/RG-One/providers/microsoft.keyvault/VAULTS/kv-two",
        SUB.to_uppercase()
    );
    let ids = [
        lower.as_str(),
        &id("rg", "kv-1").replace(SUB, other),
        "",
        &format!("{SUB}:rg:kv-1"),
        &format!("{}/secrets/a", id("rg", "kv-1")),
        &id("rg", "kv-one"),
    ];
    let fake = saying(200, &json!({"value": ids.map(|id| json!({"id": id}))}));
    let listing = fake.run(arm(&fake).vaults_of(&sub()));
    let odd = "an entry is not the resource id of a vault of the subscription";
    assert_eq!(
        paths(listing.items),
        [
            &format!("{SUB}:RG-One:kv-two"),
            odd,
            odd,
            odd,
            odd,
            &format!("{SUB}:rg:kv-one")
        ]
    );
}

fn place<'a>(
    sub: &'a SubscriptionId,
    group: &'a ResourceGroup,
    vault: &'a VaultName,
) -> VaultRef<'a> {
    VaultRef {
        subscription: sub,
        group,
        name: vault,
    }
}

#[test]
fn a_vault_is_absent_only_when_the_service_says_so_of_the_vault_itself() {
    for (status, body, absent) in [
        (404, error("ResourceNotFound").to_string(), true),
        (404, error("VaultNotFound").to_string(), true),
        (404, error("ResourceGroupNotFound").to_string(), false),
        (404, error("SubscriptionNotFound").to_string(), false),
        (404, "<html>".to_owned(), false),
        (403, error("AuthorizationFailed").to_string(), false),
        (500, error("ResourceNotFound").to_string(), false),
    ] {
        let shown = body.clone();
        let fake = served(move |_, _| Ok(answer(status, &body)));
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        assert_eq!(
            seen.is_ok_and(|seen| seen.is_none()),
            absent,
            "{status} {shown}"
        );
    }
}

#[test]
fn a_vault_shows_its_settings_and_how_far_it_is() {
    for (state, wanted) in [
        (json!("Succeeded"), Provisioning::Succeeded),
        (json!(null), Provisioning::Succeeded),
        (
            json!("RegisteringDns"),
            Provisioning::Underway("RegisteringDns".into()),
        ),
        (
            json!("<b>"),
            Provisioning::Underway("an unknown state".into()),
        ),
        (
            json!("failed"),
            Provisioning::Failed {
                state: "failed".into(),
                reason: None,
            },
        ),
        (
            json!("Canceled"),
            Provisioning::Failed {
                state: "Canceled".into(),
                reason: None,
            },
        ),
    ] {
        let fake = saying(
            200,
            &json!({"location": "eastus", "properties": {
                "tenantId": TENANT, "sku": {"family": "A", "name": "premium"},
                "enableRbacAuthorization": true, "softDeleteRetentionInDays": 90,
                "publicNetworkAccess": "Enabled", "provisioningState": state}}),
        );
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        let vault = seen.unwrap().unwrap().vault;
        assert_eq!(vault.state, wanted);
        assert_eq!(vault.sku.as_deref(), Some("premium"));
        assert_eq!((vault.rbac, vault.purge_protection), (Some(true), None));
    }
}

#[test]
fn a_failed_vault_says_why_where_the_answer_has_it() {
    let failed = json!({"provisioningState": "Failed"});
    let inside = json!({"provisioningState": "Failed", "error": {"message": "no\r\nmore"}});
    for (body, wanted) in [
        (
            json!({"properties": failed, "error": {"code": "Dns", "message": "no name"}}),
            Some("Dns: \"no name\""),
        ),
        (
            json!({"properties": failed, "error": {"code": "Dns"}}),
            Some("Dns"),
        ),
        (json!({"properties": inside}), Some("\"no\"")),
        (json!({"properties": failed, "error": {}}), None),
    ] {
        let fake = saying(200, &body);
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        let Provisioning::Failed { reason, .. } = seen.unwrap().unwrap().vault.state else {
            panic!("{body}");
        };
        assert_eq!(reason.as_deref(), wanted, "{body}");
    }
}

#[test]
fn the_service_may_say_when_to_look_again_and_is_obeyed_up_to_two_minutes() {
    for (asked, wanted) in [("7", 7), ("86400", 120)] {
        let fake = served(move |_, _| {
            let body = r#"{"properties":{"provisioningState":"RegisteringDns"}}"#;
            Ok(with_header(answer(200, body), "retry-after", asked))
        });
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        assert_eq!(
            seen.unwrap().unwrap().again_after,
            Some(Duration::from_secs(wanted))
        );
    }
}

#[test]
fn a_name_is_free_taken_or_impossible() {
    for (body, wanted) in [
        (json!({"nameAvailable": true}), NameCheck::Free),
        (
            json!({"nameAvailable": false, "reason": "AlreadyExists"}),
            NameCheck::Taken,
        ),
        (json!({"nameAvailable": false}), NameCheck::Taken),
        (
            json!({"nameAvailable": false, "reason": "AccountNameInvalid", "message": "bad"}),
            NameCheck::Impossible("bad".into()),
        ),
    ] {
        let fake = saying(200, &body);
        let check = fake.run(arm(&fake).check_name(place(&sub(), &group(), &name())));
        assert_eq!(check, Ok(wanted));
        assert_eq!(
            sent(&fake),
            [(
                Method::Post,
                format!(
                    "{ARM}/subscriptions/{SUB}/providers/Microsoft.KeyVault/checkNameAvailability?api-version=2026-02-01"
                ),
                r#"{"name":"kv-one","type":"Microsoft.KeyVault/vaults"}"#.to_owned()
            )]
        );
    }
}

#[test]
fn a_vault_is_asked_for_once_when_nobody_knows_what_became_of_the_request() {
    for (first, times) in [
        (Err(TransportError::Broken("reset")), 1),
        (Ok(answer(500, "")), 1),
        (Ok(answer(503, "")), 1),
        (Ok(with_header(answer(503, ""), "retry-after", "1")), 2),
        (Ok(answer(429, &error("TooManyRequests").to_string())), 2),
        (Err(TransportError::Connection("refused")), 2),
    ] {
        let fake = served(move |_, earlier| {
            if earlier == 0 {
                return first.clone();
            }
            Ok(answer(
                200,
                r#"{"properties":{"provisioningState":"RegisteringDns"}}"#,
            ))
        });
        let body = json!({"location": "eastus"});
        let put = fake.run(arm(&fake).put_vault(place(&sub(), &group(), &name()), &body));
        assert_eq!(put.is_ok(), times == 2);
        assert_eq!(sent(&fake).len(), times);
        assert_eq!(
            sent(&fake)[0],
            (
                Method::Put,
                format!(
                    "{ARM}/subscriptions/{SUB}/resourceGroups/rg%28%C3%A9%29/providers/Microsoft.KeyVault/vaults/kv-one?api-version=2026-02-01"
                ),
                body.to_string()
            )
        );
    }
}

#[test]
fn permissions_are_read_at_a_scope() {
    let fake = saying(200, &json!({"value": [{"actions": ["*/read"]}]}));
    let scope = vault_path(&sub(), &group(), &name());
    let permissions = fake.run(arm(&fake).permissions(&scope)).unwrap();
    assert!(permissions.allows("Microsoft.KeyVault/vaults/read"));
    assert!(!permissions.allows("Microsoft.KeyVault/vaults/write"));
    assert_eq!(
        sent(&fake)[0].1,
        format!(
            "{ARM}/subscriptions/{SUB}/resourceGroups/rg%28%C3%A9%29/providers/Microsoft.KeyVault/vaults/kv-one/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
        )
    );
    let fake = saying(403, &error("AuthorizationFailed"));
    let refused = fake.run(arm(&fake).permissions(&group_path(&sub(), &group())));
    assert_eq!(refused.unwrap_err().failure(), Failure::MissingRole);
}

#[test]
fn the_graph_is_asked_the_one_query_page_by_page() {
    let fake = served(|sent, _| {
        let body: Value = serde_json::from_str(&sent.body()).unwrap();
        let page = match body.pointer("/options/$skipToken") {
            None => {
                json!({"data": [{"id": id("rg", "kv-1")}], "$skipToken": "a+b", "resultTruncated": "true"})
            }
            Some(_) => json!({"data": [{"id": id("rg", "kv-2")}], "resultTruncated": "false"}),
        };
        Ok(answer(200, &page.to_string()))
    });
    let vaults = fake.run(arm(&fake).query_vaults(&[sub()])).unwrap();
    let found: Vec<String> = vaults.iter().map(StorePath::to_string).collect();
    assert_eq!(found, [format!("{SUB}:rg:kv-1"), format!("{SUB}:rg:kv-2")]);
    let bodies: Vec<Value> = sent(&fake)
        .into_iter()
        .map(|(method, url, body)| {
            assert_eq!(method, Method::Post);
            assert_eq!(
                url,
                format!("{ARM}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01")
            );
            serde_json::from_str(&body).unwrap()
        })
        .collect();
    let query =
        "resources | where type =~ 'microsoft.keyvault/vaults' | project id | order by id asc";
    assert_eq!(
        bodies,
        [
            json!({"subscriptions": [SUB], "query": query, "options": {"resultFormat": "objectArray"}}),
            json!({"subscriptions": [SUB], "query": query,
                "options": {"resultFormat": "objectArray", "$skipToken": "a+b"}}),
        ]
    );
}

#[test]
fn half_an_answer_of_the_graph_is_an_error() {
    for body in [
        json!({"data": [], "resultTruncated": "true"}),
        json!({"data": [], "resultTruncated": true, "$skipToken": ""}),
        json!({"data": [{"id": "/subscriptions/x"}]}),
        json!({"data": [{}]}),
        json!({"data": {"columns": [], "rows": []}}),
        // The same token for ever, and one that is too long to be sent.
        json!({"data": [], "$skipToken": "a"}),
        json!({"data": [], "$skipToken": "a".repeat(4_001)}),
    ] {
        let fake = saying(200, &body);
        let error = fake.run(arm(&fake).query_vaults(&[sub()])).unwrap_err();
        assert_eq!(error.failure(), Failure::UnreadableAnswer, "{body}");
    }
}
