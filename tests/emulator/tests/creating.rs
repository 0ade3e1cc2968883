//! Certificates that are made in a vault: self-signed, renewed by themselves, or requested and merged.

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
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};
use x509_cert::builder::{Builder as _, CertificateBuilder, profile::cabf};
use x509_cert::der::{Decode as _, Encode as _};

const NONE: Value = Value::Null;
const YEAR: u64 = 366 * 86_400;
/// In the numbers of a curve that is spelled out; RFC 3279 section 2.3.5.
const PRIME_FIELD: &str = "1.2.840.10045.1.1";

fn refusal(status: u16, code: &str, inner: &str) -> (u16, String, String) {
    (status, code.to_owned(), inner.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_self_signed_certificate_is_there_after_a_while_and_renews_itself_later() {
    let client = Client::with("").await;
    let body = json!({
        "policy": {
            "key_props": {"kty": "EC", "crv": "P-256"},
            "x509_props": {"subject": "CN=a, O=Contoso", "sans": {"dns_names": ["a.example"]}, "key_usage": ["crlSign"], "validity_months": 12},
            "issuer": {"name": "Self"},
        },
        "tags": {"a": "b"},
    });
    let response = client.ask("POST", "/certificates/a/create", &body).await;
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers()["retry-after"], "10");
    let pending = common::json(&response);
    let location = response.headers()["location"].to_str().unwrap();
    let id = pending["request_id"].as_str().unwrap();
    assert_eq!(
        location,
        format!(
            "{}/certificates/a/pending?api-version=7.6&request_id={id}",
            client.base
        )
    );
    assert_eq!(pending["status"], "inProgress");
    let csr = STANDARD.decode(pending["csr"].as_str().unwrap()).unwrap();
    x509_cert::request::CertReq::from_der(&csr).unwrap();
    let early = client.ok("GET", "/certificates/a", &NONE).await;
    assert!(early.get("cer").is_none());
    assert_eq!(early["attributes"]["enabled"], false);
    let (_, list) = client.get("/certificates").await;
    assert_eq!(list["value"], json!([]));
    let (_, list) = client.get("/certificates?includePending=true").await;
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
    let busy = client
        .refused("POST", "/certificates/a/create", &body)
        .await;
    assert_eq!(busy, refusal(409, "Conflict", "-"));
    pass(5).await;
    let response = client.ask("GET", "/certificates/a/pending", &NONE).await;
    assert!(!response.headers().contains_key("retry-after"));
    let done = common::json(&response);
    assert_eq!(done["status"], "completed");
    assert_eq!(done["target"], format!("{}/certificates/a", client.base));
    let first = client.ok("GET", "/certificates/a", &NONE).await;
    assert_eq!(first["id"], early["id"]);
    assert_eq!(first["attributes"]["enabled"], true);
    assert_eq!(
        first["policy"]["lifetime_actions"][0]["action"]["action_type"],
        "AutoRenew"
    );
    assert_eq!(first["pending"]["id"], pending["id"]);
    let secret = client.ok("GET", "/secrets/a", &NONE).await;
    let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
    let archive = p12_keystore::Pkcs12Archive::from_pkcs12(&file, "").unwrap();
    p256::SecretKey::from_pkcs8_der(archive.keys[0].key.as_der()).unwrap();
    // At four fifths of its life it renews itself; nobody has to look at that moment.
    pass(YEAR * 79 / 100).await;
    let client = Client::of(client.emulator, &client.base).await;
    assert_eq!(
        client.ok("GET", "/certificates/a", &NONE).await["id"],
        first["id"]
    );
    pass(YEAR * 2 / 100).await;
    let client = Client::of(client.emulator, &client.base).await;
    let second = client.ok("GET", "/certificates/a", &NONE).await;
    assert_ne!(second["x5t"], first["x5t"]);
    assert_eq!(second["tags"], first["tags"]);
    // Three more lives pass unseen: a version for each.
    pass(3 * YEAR).await;
    let client = Client::of(client.emulator, &client.base).await;
    let (_, versions) = client.get("/certificates/a/versions").await;
    let count = versions["value"].as_array().unwrap().len();
    assert!((5..=6).contains(&count), "{count}");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_cancelled_and_deleted() {
    let client = Client::with("").await;
    let body = json!({"policy": {"x509_props": {"subject": "CN=a"}, "issuer": {"name": "Self"}}});
    client.ask("POST", "/certificates/a/create", &body).await;
    let path = "/certificates/a/pending";
    let cancel = json!({"cancellation_requested": true});
    let asked = client.ok("PATCH", path, &cancel).await;
    assert_eq!(
        (&asked["cancellation_requested"], &asked["status"]),
        (&json!(true), &json!("inProgress"))
    );
    pass(5).await;
    let done = client.ok("GET", path, &NONE).await;
    assert_eq!(done["status"], "cancelled");
    assert_eq!(client.ok("DELETE", path, &NONE).await, done);
    for method in ["GET", "DELETE"] {
        let (status, body) = client.send(method, path, &NONE).await;
        assert_eq!(status, 404);
        assert_eq!(body["error"]["code"], "PendingCertificateNotFound");
        assert_eq!(body["error"]["message"], "Pending certificate not found: a");
    }
    assert_eq!(
        client
            .send("PATCH", "/certificates/none/pending", &cancel)
            .await
            .1["error"]["code"],
        "PendingCertificateNotFound"
    );
}

/// What another authority makes of a request: a certificate for its key, and its own.
fn signed(csr: &str) -> (String, String) {
    let csr = x509_cert::request::CertReq::from_der(&STANDARD.decode(csr).unwrap()).unwrap();
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let window = x509_cert::time::Validity::new(
        x509_cert::time::Time::try_from(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(common::NOW),
        )
        .unwrap(),
        x509_cert::time::Time::try_from(
            std::time::UNIX_EPOCH + std::time::Duration::from_secs(common::NOW + YEAR),
        )
        .unwrap(),
    );
    let issuer: x509_cert::name::Name = "CN=Another CA,O=Contoso,C=US".parse().unwrap();
    let of = |info: &x509_cert::spki::SubjectPublicKeyInfoOwned| {
        let builder = CertificateBuilder::new(
            cabf::Root::new(false, issuer.clone()).unwrap(),
            x509_cert::serial_number::SerialNumber::from(7_u32),
            window,
            info.clone(),
        )
        .unwrap();
        let made = builder.build::<_, p256::ecdsa::DerSignature>(&key).unwrap();
        STANDARD.encode(made.to_der().unwrap())
    };
    let own = x509_cert::spki::SubjectPublicKeyInfo::from_key(key.verifying_key()).unwrap();
    (of(&csr.info.public_key), of(&own))
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_another_authority_signed_is_merged() {
    for twice in [false, true] {
        let client = Client::with("").await;
        let body = json!({"policy": {"x509_props": {"subject": "CN=a"}, "issuer": {"name": "Unknown"}}, "tags": {"a": "b"}});
        let (_, pending) = client.send("POST", "/certificates/a/create", &body).await;
        assert_eq!(
            pending["status_details"],
            "Pending certificate created. Please Perform Merge to complete the request."
        );
        pass(600).await;
        assert_eq!(
            client.ok("GET", "/certificates/a/pending", &NONE).await["status"],
            "inProgress"
        );
        let (leaf, above) = signed(pending["csr"].as_str().unwrap());
        let path = "/certificates/a/pending/merge";
        let (status, wrong) = client.send("POST", path, &json!({"x5c": [above]})).await;
        assert_eq!(status, 400);
        assert!(
            wrong["error"]["message"]
                .as_str()
                .unwrap()
                .contains("does not match")
        );
        // Base64 of base64 is what one SDK's users send, and the service takes it.
        let coded = |text: &str| {
            if twice {
                STANDARD.encode(text)
            } else {
                text.to_owned()
            }
        };
        let merge = json!({"x5c": [coded(&leaf), coded(&above)]});
        let response = client.ask("POST", path, &merge).await;
        assert_eq!(response.status(), 201);
        assert_eq!(
            response.headers()["location"],
            format!("{}/certificates/a?api-version=7.6", client.base)
        );
        let bundle = common::json(&response);
        assert_eq!(bundle["cer"], leaf);
        assert_eq!(bundle["tags"], json!({"a": "b"}));
        assert_eq!(bundle["attributes"]["enabled"], true);
        assert_eq!(client.ok("GET", "/certificates/a", &NONE).await, bundle);
        let secret = client.ok("GET", "/secrets/a", &NONE).await;
        let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
        assert_eq!(
            p12_keystore::Pkcs12Archive::from_pkcs12(&file, "")
                .unwrap()
                .certs
                .len(),
            2
        );
        assert_eq!(
            client.ok("GET", "/certificates/a/pending", &NONE).await["status"],
            "completed"
        );
        assert_eq!(client.send("POST", path, &merge).await.0, 409);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_created_is_refused() {
    let client = Client::with("").await;
    let policy = |x509: Value, more: Value| {
        let mut policy = json!({"x509_props": x509, "issuer": {"name": "Self"}});
        for (key, value) in more.as_object().unwrap() {
            policy[key] = value.clone();
        }
        json!({"policy": policy})
    };
    let a = || json!({"subject": "CN=a"});
    for (body, status, text) in [
        (json!({}), 400, "policy"),
        (policy(json!({}), json!({})), 400, "subject"),
        (
            policy(json!({"subject": "a"}), json!({})),
            400,
            "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n",
        ),
        (
            policy(json!({"subject": "CN=a", "validity_months": 0}), json!({})),
            400,
            "validity_months",
        ),
        (
            policy(json!({"subject": "CN=a", "key_usage": ["fly"]}), json!({})),
            400,
            "key_usage",
        ),
        (
            policy(a(), json!({"key_props": {"kty": "RSA", "key_size": 1024}})),
            400,
            "Unsupported key size (1024)",
        ),
        (
            policy(a(), json!({"key_props": {"kty": "DSA"}})),
            400,
            "kty",
        ),
        (
            policy(a(), json!({"key_props": {"kty": "EC", "crv": "P-192"}})),
            400,
            "crv",
        ),
        (
            policy(a(), json!({"issuer": {"name": "nobody"}})),
            404,
            "Issuer not found",
        ),
        (
            policy(
                a(),
                json!({"lifetime_actions": [{"trigger": {"lifetime_percentage": 100}, "action": {"action_type": "AutoRenew"}}]}),
            ),
            400,
            "lifetime_actions",
        ),
    ] {
        let (found, got) = client.send("POST", "/certificates/a/create", &body).await;
        assert_eq!(found, status, "{body}: {got}");
        assert!(
            got["error"]["message"].as_str().unwrap().contains(text),
            "{got}"
        );
    }
    assert_eq!(client.get("/certificates/a").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn keys_of_every_kind_are_made_here() {
    let client = Client::with("").await;
    for (kind, size, curve, oid) in [
        ("RSA", 2048, Value::Null, "1.2.840.113549.1.1.1"),
        ("RSA", 4096, Value::Null, "1.2.840.113549.1.1.1"),
        ("EC", 256, json!("P-256"), "1.2.840.10045.3.1.7"),
        ("EC", 384, json!("P-384"), "1.3.132.0.34"),
        ("EC", 521, json!("P-521"), "1.3.132.0.35"),
        ("EC", 256, json!("P-256K"), PRIME_FIELD),
    ] {
        let mut key = json!({"kty": kind, "exportable": true});
        if kind == "RSA" {
            key["key_size"] = json!(size);
        } else {
            key["crv"] = curve.clone();
        }
        let body = json!({"policy": {
            "key_props": key, "x509_props": {"subject": "CN=a"}, "issuer": {"name": "Self"},
        }});
        let made = client.send("POST", "/certificates/a/create", &body).await;
        assert_eq!(made.0, 202, "{made:?}");
        pass(5).await;
        let bundle = client.ok("GET", "/certificates/a", &NONE).await;
        let key = &bundle["policy"]["key_props"];
        assert_eq!((&key["crv"], &key["key_size"]), (&curve, &json!(size)));
        let der = STANDARD.decode(bundle["cer"].as_str().unwrap()).unwrap();
        let certificate = x509_cert::Certificate::from_der(&der).unwrap();
        let info = certificate
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()
            .unwrap();
        let oid: x509_cert::der::oid::ObjectIdentifier = oid.parse().unwrap();
        let oid = oid.to_der().unwrap();
        assert!(info.windows(oid.len()).any(|w| w == oid), "{kind} {curve}");
        // Its own vault imports it again, which compares key and certificate.
        let secret = client.ok("GET", "/secrets/a", &NONE).await;
        let again = json!({"value": secret["value"]});
        let again = client.ok("POST", "/certificates/b/import", &again).await;
        assert_eq!(again["x5t"], bundle["x5t"], "{kind} {curve}");
    }
}
