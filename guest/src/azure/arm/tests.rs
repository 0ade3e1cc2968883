//! Azure Resource Manager as a function: what is sent, and what is made of the answers.

mod graph;
mod lists;
mod vault;

use std::rc::Rc;
use std::time::Duration;

use job_scope::{Cloud, ResourceGroup, SubscriptionId, TenantId, VaultName};
use serde_json::{Value, json};

use super::vaults::{FoundVault, NameCheck, Provisioning, VaultRef};
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

fn tenant(vault: &FoundVault) -> Option<&str> {
    vault.tenant.as_ref().map(TenantId::as_str)
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

fn paths(vaults: Vec<FoundVault>) -> Vec<String> {
    vaults.iter().map(|vault| vault.path.to_string()).collect()
}

fn id(group: &str, vault: &str) -> String {
    format!(
        "/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}"
    )
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
fn w26_every_cloud_has_its_own_host_and_scope() {
    for cloud in Cloud::ALL {
        let fake = saying(200, &json!({"value": []}));
        fake.run(arm_of(&fake, cloud).subscriptions())
            .complete()
            .unwrap();
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
