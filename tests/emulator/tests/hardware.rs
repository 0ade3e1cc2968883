//! Keys in hardware: what a premium vault takes and a standard one does not.

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
use serde_json::{Value, json};

const NONE: Value = Value::Null;

fn import_of(file: &str, key: Value) -> Value {
    json!({
        "value": bundle(file), "pwd": PASSWORD,
        "policy": {
            "key_props": key,
            "secret_props": {"contentType": "application/x-pkcs12"},
        },
    })
}

#[tokio::test]
async fn a_premium_vault_imports_into_hardware_and_shows_the_kind() {
    let client = Client::with("sku = \"premium\"").await;
    for (file, kty) in [
        ("rsa-2048-chain.pfx.b64", "RSA-HSM"),
        ("ec-p384.pfx.b64", "EC-HSM"),
    ] {
        for exportable in [json!(false), Value::Null] {
            let body = import_of(file, json!({"kty": kty, "exportable": exportable}));
            let got = client.ok("POST", "/certificates/a/import", &body).await;
            let key = &got["policy"]["key_props"];
            assert_eq!(
                (&key["kty"], &key["exportable"]),
                (&json!(kty), &json!(false))
            );
            let secret = client.ok("GET", "/secrets/a", &NONE).await;
            let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
            let archive = p12_keystore::Pkcs12Archive::from_pkcs12(&file, "").unwrap();
            assert_eq!(archive.keys.len(), 0, "the key stays in its hardware");
        }
    }
    // A file of the other kind is no key for this hardware.
    let body = import_of("ec-p384.pfx.b64", json!({"kty": "RSA-HSM"}));
    assert_eq!(
        client.send("POST", "/certificates/b/import", &body).await.0,
        400
    );
}

#[tokio::test]
async fn a_key_for_hardware_is_refused_where_it_cannot_be() {
    for (more, exportable, text) in [
        (
            "",
            json!(false),
            "Hardware key operation not allowed on standard vault",
        ),
        (
            "sku = \"premium\"",
            json!(true),
            "Property policy.key_props.exportable has invalid value\r\n",
        ),
    ] {
        let client = Client::with(more).await;
        for (kty, file) in [
            ("RSA-HSM", "rsa-4096.pfx.b64"),
            ("EC-HSM", "ec-p384.pfx.b64"),
        ] {
            let key = json!({"kty": kty, "exportable": exportable});
            let create = json!({"policy": {
                "key_props": key, "x509_props": {"subject": "CN=a"}, "issuer": {"name": "Self"},
            }});
            for (path, body) in [
                ("/certificates/a/import", &import_of(file, key)),
                ("/certificates/a/create", &create),
            ] {
                let (status, got) = client.send("POST", path, body).await;
                let error = json!({"error": {"code": "BadParameter", "message": text}});
                assert_eq!((status, got), (400, error), "{path} {kty}");
            }
        }
        assert_eq!(client.get("/certificates/a").await.0, 404);
    }
}

#[tokio::test]
async fn a_seed_has_keys_in_hardware_and_pem_and_keys_to_be_reused() {
    let client = Client::with(
        "sku = \"premium\"\n\
         [[vault.certificate]]\nname = \"rsa\"\nkey = \"rsa-2048\"\nhsm = true\n\
         [[vault.certificate]]\nname = \"ec\"\nkey = \"ec-p256\"\nhsm = true\n\
         [[vault.certificate]]\nname = \"pem\"\nkey = \"ec-p256\"\ncontent-type = \"application/x-pem-file\"\nreuse-key = true",
    )
    .await;
    for (name, kty) in [("rsa", "RSA-HSM"), ("ec", "EC-HSM")] {
        let got = client
            .ok("GET", &format!("/certificates/{name}"), &NONE)
            .await;
        let key = &got["policy"]["key_props"];
        assert_eq!(
            (&key["kty"], &key["exportable"]),
            (&json!(kty), &json!(false))
        );
    }
    let got = client.ok("GET", "/certificates/pem", &NONE).await;
    assert_eq!(got["policy"]["key_props"]["reuse_key"], true);
    let secret = client.ok("GET", "/secrets/pem", &NONE).await;
    assert_eq!(secret["contentType"], "application/x-pem-file");
    let text = secret["value"].as_str().unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{text}");
    assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 2);
    // What comes out goes in again, and the policy says the same.
    let policy = json!({
        "key_props": {"kty": "EC", "exportable": true, "reuse_key": true},
        "secret_props": {"contentType": "application/x-pem-file"},
    });
    let body = json!({"value": text, "policy": policy});
    let again = client.ok("POST", "/certificates/pem/import", &body).await;
    assert_eq!(again["x5t"], got["x5t"]);
    assert_eq!(again["policy"]["key_props"]["reuse_key"], true);
    assert_eq!(
        again["policy"]["secret_props"]["contentType"],
        "application/x-pem-file"
    );
}
