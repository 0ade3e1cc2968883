//! What becomes of a certificate: changed, deleted, recovered, purged, created, renewed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::*;
use common::last_of_id;
use serde_json::{Value, json};

const NONE: Value = Value::Null;

fn refusal(status: u16, code: &str, inner: &str) -> (u16, String, String) {
    (status, code.to_owned(), inner.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_deletion_shows_after_its_window_and_a_recovery_after_its_own() {
    let client = Client::of_kv_one().await;
    let live = "/certificates/cert-03";
    let dead = "/deletedcertificates/cert-03";
    let before = client.ok("GET", live, &NONE).await;
    let deleted = client.ok("DELETE", live, &NONE).await;
    assert_eq!(deleted["id"], before["id"]);
    assert_eq!(deleted["recoveryId"], format!("{}{dead}", client.base));
    assert_eq!(deleted["deletedDate"], common::NOW);
    assert_eq!(deleted["scheduledPurgeDate"], common::NOW + 90 * 86_400);
    assert_eq!(deleted["tags"], before["tags"]);
    assert_eq!(client.get(live).await.0, 404);
    let (status, body) = client.get(dead).await;
    assert_eq!(status, 404);
    assert_eq!(
        body,
        json!({"error": {"code": "CertificateNotFound", "message": "Deleted Certificate not found: cert-03"}})
    );
    let early = client.refused("DELETE", dead, &NONE).await;
    assert_eq!(early, refusal(409, "Conflict", "ObjectIsBeingDeleted"));
    pass(3).await;
    let shown = client.ok("GET", dead, &NONE).await;
    assert_eq!(shown, deleted);
    let (_, list) = client.get("/deletedcertificates").await;
    let item = &list["value"][0];
    assert_eq!(item["recoveryId"], deleted["recoveryId"]);
    assert!(item.get("subject").is_none(), "{item}");
    let (_, list) = client.get("/certificates?maxresults=3").await;
    assert!(!list.to_string().contains("cert-03"), "{list}");
    let recovered = client.ok("POST", &format!("{dead}/recover"), &NONE).await;
    assert_eq!(recovered, before);
    assert_eq!(client.get(live).await.0, 404);
    let racing = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
    let path = format!("{live}/import");
    let early = client.refused("POST", &path, &racing).await;
    assert_eq!(early, refusal(409, "Conflict", "ObjectIsBeingRecovered"));
    pass(2).await;
    assert_eq!(client.ok("GET", live, &NONE).await, before);
    assert_eq!(client.get(dead).await.0, 404);
    client.ok("POST", &path, &racing).await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_name_is_taken_until_it_is_recovered_or_purged_or_its_time_is_over() {
    let client = Client::of_kv_one().await;
    let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
    let policy = json!({"policy": {"x509_props": {"subject": "CN=a"}, "issuer": {"name": "Self"}}});
    client.ok("DELETE", "/certificates/cert-01", &NONE).await;
    for inner in ["ObjectIsBeingDeleted", "ObjectIsDeletedButRecoverable"] {
        for (verb, body) in [("import", &body), ("create", &policy)] {
            let path = format!("/certificates/cert-01/{verb}");
            let got = client.refused("POST", &path, body).await;
            assert_eq!(got, refusal(409, "Conflict", inner), "{verb}");
        }
        pass(3).await;
    }
    let (status, purged) = client
        .send("DELETE", "/deletedcertificates/cert-01", &NONE)
        .await;
    assert_eq!((status, purged), (204, NONE));
    let path = "/certificates/cert-01/import";
    let got = client.refused("POST", path, &body).await;
    assert_eq!(got, refusal(409, "Conflict", "ObjectIsBeingDeleted"));
    pass(2).await;
    assert_eq!(client.get("/certificates/cert-01").await.0, 404);
    client.ok("POST", path, &body).await;
    let (_, versions) = client.get("/certificates/cert-01/versions").await;
    assert_eq!(versions["value"].as_array().unwrap().len(), 1);
    // Another one, whose retention simply passes.
    client.ok("DELETE", "/certificates/cert-02", &NONE).await;
    pass(90 * 86_400).await;
    let client = Client::of(client.emulator, &client.base).await;
    assert_eq!(client.get("/deletedcertificates/cert-02").await.0, 404);
    client
        .ok("POST", "/certificates/cert-02/import", &body)
        .await;
}

#[tokio::test(start_paused = true)]
async fn purge_protection_and_retention_show_in_the_recovery_level() {
    for (more, level, days) in [
        ("", "Recoverable+Purgeable", 90),
        ("retention-days = 7", "CustomizedRecoverable+Purgeable", 7),
        ("purge-protection = true", "Recoverable", 90),
    ] {
        let client = Client::with(&format!("certificates = 1\n{more}")).await;
        let got = client.ok("GET", "/certificates/cert-01", &NONE).await;
        assert_eq!(got["attributes"]["recoveryLevel"], level);
        assert_eq!(got["attributes"]["recoverableDays"], days);
    }
    let client = Client::with("certificates = 1\npurge-protection = true").await;
    client.ok("DELETE", "/certificates/cert-01", &NONE).await;
    pass(3).await;
    let (status, body) = client
        .send("DELETE", "/deletedcertificates/cert-01", &NONE)
        .await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("Forbidden")));
    let text = body["error"]["message"].as_str().unwrap();
    assert!(text.contains("purge protection is enabled"), "{text}");
    client
        .ok("GET", "/deletedcertificates/cert-01", &NONE)
        .await;
}

#[tokio::test(start_paused = true)]
async fn attributes_tags_and_policy_change_without_a_new_version() {
    let client = Client::of_kv_one().await;
    pass(60).await;
    let path = "/certificates/cert-42";
    let before = client.ok("GET", path, &NONE).await;
    let patch = json!({"attributes": {"enabled": false}, "tags": {"a": "b"}});
    let after = client.ok("PATCH", &format!("{path}/"), &patch).await;
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["tags"], json!({"a": "b"}));
    assert_eq!(after["attributes"]["enabled"], false);
    assert_eq!(after["attributes"]["updated"], common::NOW + 60);
    assert_eq!(client.ok("GET", path, &NONE).await, after);
    // A disabled certificate is readable, its secret is not.
    let got = client.refused("GET", "/secrets/cert-42", &NONE).await;
    assert_eq!(got, refusal(403, "Forbidden", "SecretDisabled"));
    let (_, versions) = client.get(&format!("{path}/versions")).await;
    let versions = versions["value"].as_array().unwrap();
    assert_eq!(versions.len(), 3);
    let oldest = versions[0]["id"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let older = client
        .ok("PATCH", &format!("{path}/{oldest}"), &json!({"tags": {}}))
        .await;
    assert!(older.get("policy").is_none());
    assert_eq!(older["tags"], json!({}));
    let newest = last_of_id(&versions[2]);
    let by_version = client
        .ok("PATCH", &format!("{path}/{newest}"), &json!({}))
        .await;
    assert_eq!(by_version["id"], before["id"]);
    assert!(by_version.get("policy").is_none(), "{by_version}");
    let patch = json!({"issuer": {"name": "Self"}, "key_props": {"reuse_key": true}});
    let policy = client.ok("PATCH", &format!("{path}/policy"), &patch).await;
    assert_eq!(policy["issuer"]["name"], "Self");
    assert_eq!(policy["key_props"]["reuse_key"], true);
    assert_eq!(policy["x509_props"], before["policy"]["x509_props"]);
    assert_eq!(
        client.ok("GET", &format!("{path}/policy"), &NONE).await,
        policy
    );
    let sixteen: Value = (0..16)
        .map(|n| (n.to_string(), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(
        client
            .send("PATCH", path, &json!({"tags": sixteen}))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn contacts_and_issuers_are_resources_of_their_own() {
    let client = Client::with("").await;
    let contacts = "/certificates/contacts";
    let list = json!([{"email": "admin@contoso.example", "name": "Ann", "phone": "1"}]);
    assert_eq!(
        client.get(contacts).await.1["error"]["code"],
        "ContactsNotFound"
    );
    let set = client.ok("PUT", contacts, &json!({"contacts": list})).await;
    assert_eq!(
        set,
        json!({"id": format!("{}{contacts}", client.base), "contacts": list})
    );
    assert_eq!(client.ok("GET", contacts, &NONE).await, set);
    // Whoever takes it for a certificate and deletes it has deleted the contacts.
    assert_eq!(client.ok("DELETE", contacts, &NONE).await, set);
    assert_eq!(client.send("DELETE", contacts, &NONE).await.0, 404);
    let issuer = "/certificates/issuers/one";
    let body = json!({"provider": "Test", "credentials": {"account_id": "a", "pwd": "secret"}});
    let set = client.ok("PUT", issuer, &body).await;
    assert_eq!(set["credentials"], json!({"account_id": "a"}));
    assert_eq!(client.ok("GET", issuer, &NONE).await, set);
    let patched = client
        .ok("PATCH", issuer, &json!({"attributes": {"enabled": false}}))
        .await;
    assert_eq!(patched["attributes"]["enabled"], false);
    let (_, listed) = client.get("/certificates/issuers").await;
    assert_eq!(
        listed,
        json!({"value": [{"id": set["id"], "provider": "Test"}], "nextLink": null})
    );
    client.ok("DELETE", issuer, &NONE).await;
    assert_eq!(
        client.get(issuer).await.1["error"]["code"],
        "CertificateIssuerNotFound"
    );
}

#[tokio::test]
async fn made_up_certificates_have_keys_and_a_chain_too() {
    let client = Client::with("certificates = 10").await;
    for number in 1..=10 {
        let name = format!("cert-{number:02}");
        let secret = client.ok("GET", &format!("/secrets/{name}"), &NONE).await;
        let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
        let archive = p12_keystore::Pkcs12Archive::from_pkcs12(&file, "").unwrap();
        assert_eq!((archive.keys.len(), archive.certs.len()), (1, 2), "{name}");
    }
}

#[tokio::test]
async fn lists_stay_in_order_with_some_changed_some_new_and_some_gone() {
    let client = Client::with("certificates = 60").await;
    client.import("cert-30", "ec-p384.pfx.b64").await;
    client.import("cert-05x", "ec-p384.pfx.b64").await;
    client.import("zz", "ec-p384.pfx.b64").await;
    client.ok("DELETE", "/certificates/cert-01", &NONE).await;
    client.ok("DELETE", "/certificates/cert-26", &NONE).await;
    let mut names = Vec::new();
    let mut path = "/certificates?maxresults=7".to_owned();
    loop {
        let (_, page) = client.get(&path).await;
        names.extend(page["value"].as_array().unwrap().iter().map(last_of_id));
        let Some(next) = page["nextLink"].as_str() else {
            break;
        };
        path = next
            .split_once(":443")
            .unwrap()
            .1
            .replace("api-version=7.6&", "");
    }
    assert_eq!(names.len(), 60);
    assert!(names.is_sorted());
    assert!(names.contains(&"cert-05x".to_owned()) && !names.contains(&"cert-26".to_owned()));
}
