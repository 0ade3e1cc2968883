//! Curves spelled out: as Key Vault exports P-256K, and as it takes it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use std::time::{Duration, UNIX_EPOCH};

use azure_emulator::{Clock, Emulator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::*;
use p12_keystore::Pkcs12Archive;
use p256::pkcs8::PrivateKeyInfoRef;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _, pem};

const NONE: Value = Value::Null;

/// What the live service exported for a P-256K certificate: from a recording of azure-sdk-for-net,
/// DownloadECDsaCertificateSignLocalVerifyRemote, its PKCS#12 written as PEM.
const EXPORT: &str = "key-vault-export-p256k.pem";

/// The curve's parameters as they stand in a key and in its certificate.
fn parameters(key: &[u8], leaf: &[u8]) -> [Vec<u8>; 2] {
    let key = PrivateKeyInfoRef::from_der(key).unwrap();
    let leaf = Certificate::from_der(leaf).unwrap();
    let info = leaf.tbs_certificate().subject_public_key_info();
    let of_leaf = info.algorithm.parameters.as_ref().unwrap();
    [
        key.algorithm.parameters.unwrap().to_der().unwrap(),
        of_leaf.to_der().unwrap(),
    ]
}

/// The same of a managed secret.
fn of_secret(secret: &Value) -> [Vec<u8>; 2] {
    let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
    let archive = Pkcs12Archive::from_pkcs12(&file, "").unwrap();
    parameters(archive.keys[0].key.as_der(), archive.certs[0].cert.as_der())
}

#[tokio::test(start_paused = true)]
async fn what_is_made_here_spells_p_256k_out_as_the_service_does() {
    let text = bundle(EXPORT);
    let (key, leaf) = text.split_at(text.find("-----BEGIN CERT").unwrap());
    let [key, leaf] = [key, leaf].map(|block| pem::decode_vec(block.as_bytes()).unwrap().1);
    let expected = parameters(&key, &leaf);
    let client = Client::with("[[vault.certificate]]\nname = \"seeded\"\nkey = \"ec-p256k\"").await;
    let body = json!({"policy": {
        "key_props": {"kty": "EC", "crv": "P-256K"},
        "x509_props": {"subject": "CN=made"},
        "issuer": {"name": "Self"},
    }});
    client
        .send("POST", "/certificates/made/create", &body)
        .await;
    pass(5).await;
    for name in ["seeded", "made"] {
        let got = client
            .ok("GET", &format!("/certificates/{name}"), &NONE)
            .await;
        let key = &got["policy"]["key_props"];
        assert_eq!(
            (&key["crv"], &key["key_size"]),
            (&json!("P-256K"), &json!(256))
        );
        let secret = client.ok("GET", &format!("/secrets/{name}"), &NONE).await;
        assert_eq!(of_secret(&secret), expected, "{name}");
    }
}

/// The other curves keep their names.
#[tokio::test]
async fn a_curve_with_a_name_is_written_by_it() {
    let client = Client::with("[[vault.certificate]]\nname = \"a\"\nkey = \"ec-p384\"").await;
    let secret = client.ok("GET", "/secrets/a", &NONE).await;
    for written in of_secret(&secret) {
        assert_eq!(written, b"\x06\x05\x2b\x81\x04\x00\x22");
    }
}

#[tokio::test]
async fn an_import_takes_a_curve_that_is_spelled_out() {
    // 2021-06-01, when the recorded certificate was good.
    let then = UNIX_EPOCH + Duration::from_secs(1_622_505_600);
    let seed = common::seed_with(&common::vault_table("kv-x", ""));
    let emulator = Emulator::new(&seed, Clock::starting_at(then)).unwrap();
    let client = Client::of(emulator, "https://kv-x.vault.azure.net").await;
    for (name, file, content_type) in [
        ("recorded", EXPORT, "application/x-pem-file"),
        (
            "made",
            "explicit-p256k-no-password.pfx.b64",
            "application/x-pkcs12",
        ),
    ] {
        let policy = json!({
            "key_props": {"kty": "EC", "crv": "P-256K"},
            "secret_props": {"contentType": content_type},
        });
        let body = json!({"value": bundle(file), "policy": policy});
        let path = format!("/certificates/{name}/import");
        let got = client.ok("POST", &path, &body).await;
        assert_eq!(got["policy"]["key_props"]["crv"], "P-256K");
        // What comes out goes in again.
        let secret = client.ok("GET", &format!("/secrets/{name}"), &NONE).await;
        let again = json!({"value": secret["value"]});
        let again = client.ok("POST", &path, &again).await;
        assert_eq!(again["x5t"], got["x5t"], "{name}");
    }
}
