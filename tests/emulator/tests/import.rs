//! Importing certificates, as a client sees it.

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

const PEM: &str = "application/x-pem-file";

#[tokio::test]
async fn every_kind_of_file_is_read_and_the_policy_is_written_from_the_certificate() {
    let client = Client::with("").await;
    for (file, kty, size, curve) in [
        ("rsa-2048-chain.pfx.b64", "RSA", json!(2048), Value::Null),
        ("rsa-2048-legacy.pfx.b64", "RSA", json!(2048), Value::Null),
        ("rsa-4096.pfx.b64", "RSA", json!(4096), Value::Null),
        ("ec-p256-chain.pfx.b64", "EC", json!(256), json!("P-256")),
        ("ec-p384.pfx.b64", "EC", json!(384), json!("P-384")),
        ("ec-p384-bare.pfx.b64", "EC", json!(384), json!("P-384")),
    ] {
        let pwd = if file.contains("bare") { "" } else { PASSWORD };
        let body = json!({"value": bundle(file), "pwd": pwd});
        let got = client.ok("POST", "/certificates/web-1/import", &body).await;
        let key = &got["policy"]["key_props"];
        assert_eq!(
            (&key["kty"], &key["key_size"], &key["crv"]),
            (&json!(kty), &size, &curve),
            "{file}"
        );
        assert_eq!(key["exportable"], true);
        assert_eq!(got["policy"]["issuer"]["name"], "Unknown");
        let action = &got["policy"]["lifetime_actions"][0];
        assert_eq!(action["action"]["action_type"], "EmailContacts");
        assert!(got.get("pending").is_none() && got.get("tags").is_none());
    }
    let (_, listed) = client.get("/certificates/web-1/versions").await;
    assert_eq!(listed["value"].as_array().unwrap().len(), 6);
    let (_, listed) = client.get("/certificates").await;
    assert_eq!(listed["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_subject_is_in_windows_order_and_names_and_usages_are_the_certificates_own() {
    let client = Client::with("").await;
    let got = client.import("api-2", "ec-p384.pfx.b64").await;
    let x509 = &got["policy"]["x509_props"];
    assert_eq!(x509["subject"], "O=Example, CN=api-2.example.test");
    assert_eq!(x509["sans"]["dns_names"], json!(["api-2.example.test"]));
    assert_eq!(x509["sans"]["ipAddresses"], json!([]));
    assert_eq!(x509["ekus"], json!(["1.3.6.1.5.5.7.3.1"]));
    assert_eq!(x509["validity_months"], 120);
    assert_eq!(x509["basic_constraints"]["ca"], false);
}

#[tokio::test]
async fn what_was_imported_comes_back_as_a_secret_with_key_and_chain_leaf_first() {
    let client = Client::with("").await;
    let imported = client.import("web-1", "rsa-2048-chain.pfx.b64").await;
    let secret = client.ok("GET", "/secrets/web-1", &Value::Null).await;
    assert_eq!(secret["contentType"], "application/x-pkcs12");
    assert_eq!(secret["managed"], true);
    assert_eq!(secret["id"], imported["sid"]);
    assert_eq!(secret["kid"], imported["kid"]);
    let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
    let archive = p12_keystore::Pkcs12Archive::from_pkcs12(&file, "").unwrap();
    assert_eq!(archive.keys.len(), 1);
    let subjects: Vec<&str> = archive.certs.iter().map(|c| c.cert.subject()).collect();
    assert_eq!(subjects.len(), 3);
    assert!(subjects[0].contains("web-1.example.test"), "{subjects:?}");
    let leaf = STANDARD.encode(archive.certs[0].cert.as_der());
    assert_eq!(imported["cer"], leaf);
}

#[tokio::test]
async fn a_key_that_may_not_leave_does_not() {
    let client = Client::with("").await;
    let body = json!({
        "value": bundle("rsa-4096.pfx.b64"), "pwd": PASSWORD,
        "policy": {
            "key_props": {"exportable": false, "kty": "RSA", "key_size": 4096},
            "secret_props": {"contentType": "application/x-pkcs12"},
        },
    });
    let got = client.ok("POST", "/certificates/web-2/import", &body).await;
    assert_eq!(got["policy"]["key_props"]["exportable"], false);
    let secret = client.ok("GET", "/secrets/web-2/", &Value::Null).await;
    let file = STANDARD.decode(secret["value"].as_str().unwrap()).unwrap();
    let archive = p12_keystore::Pkcs12Archive::from_pkcs12(&file, "").unwrap();
    assert_eq!((archive.keys.len(), archive.certs.len()), (0, 1));
}

#[tokio::test]
async fn pem_is_taken_where_a_policy_says_so_and_the_name_keeps_to_it() {
    let client = Client::with("").await;
    let path = "/certificates/web-1/import";
    let policy = json!({"secret_props": {"contentType": PEM}});
    for (file, pwd) in [("rsa-2048.pem", ""), ("ec-p384-locked.pem", PASSWORD)] {
        let body = json!({"value": bundle(file), "pwd": pwd, "policy": policy});
        let got = client.ok("POST", path, &body).await;
        assert_eq!(got["policy"]["secret_props"]["contentType"], PEM);
    }
    // Without a policy the earlier one decides: a PKCS#12 file is refused, PEM is not.
    let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
    assert_eq!(client.send("POST", path, &body).await.0, 400);
    client
        .ok("POST", path, &json!({"value": bundle("rsa-2048.pem")}))
        .await;
    let secret = client.ok("GET", "/secrets/web-1", &Value::Null).await;
    let text = secret["value"].as_str().unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 3);
    let policy = json!({"secret_props": {"contentType": "application/x-pkcs12"}});
    let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD, "policy": policy});
    client.ok("POST", path, &body).await;
}

#[tokio::test]
async fn what_cannot_be_imported_is_a_bad_parameter_and_changes_nothing() {
    let client = Client::with("").await;
    let pfx = |name: &str| json!({"value": bundle(name), "pwd": PASSWORD});
    let with = |mut body: Value, key: &str, value: Value| {
        body[key] = value;
        body
    };
    let chain = || pfx("rsa-2048-chain.pfx.b64");
    let policy = |key: Value| json!({"key_props": key, "secret_props": {"contentType": "application/x-pkcs12"}});
    let tags: Value = (0..16)
        .map(|n| (format!("t{n}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let leafless = bundle("rsa-2048.pem")
        .split("-----BEGIN CERT")
        .next()
        .unwrap()
        .to_owned();
    let foreign = leafless
        + bundle("ec-p384-locked.pem")
            .split_once("-----BEGIN CERT")
            .map(|(_, c)| format!("-----BEGIN CERT{c}"))
            .unwrap()
            .as_str();
    let pem = json!({"secret_props": {"contentType": PEM}});
    for (what, body, text) in [
        (
            "wrong password",
            with(chain(), "pwd", json!("wrong")),
            "can not be read",
        ),
        (
            "no password",
            json!({"value": bundle("rsa-2048-chain.pfx.b64")}),
            "can not be read",
        ),
        ("no base64", json!({"value": "@@"}), "can not be read"),
        ("no PKCS#12", json!({"value": "MIIB"}), "can not be read"),
        (
            "PEM as PKCS#12",
            json!({"value": bundle("rsa-2048.pem")}),
            "can not be read",
        ),
        (
            "PKCS#12 as PEM",
            with(chain(), "policy", pem.clone()),
            "unexpected format",
        ),
        (
            "PEM locked",
            json!({"value": bundle("ec-p384-locked.pem"), "policy": pem}),
            "unexpected format",
        ),
        ("no key", pfx("no-key.pfx.b64"), "private key"),
        (
            "another key",
            json!({"value": foreign, "policy": pem}),
            "does not match the public part",
        ),
        ("no value", json!({}), "value"),
        ("sixteen tags", with(chain(), "tags", tags), "tags"),
        (
            "long tag",
            with(chain(), "tags", json!({"a": "x".repeat(257)})),
            "256",
        ),
        (
            "policy without type",
            with(
                chain(),
                "policy",
                json!({"key_props": {"exportable": true}}),
            ),
            "Property policy has invalid value",
        ),
        (
            "unknown type",
            with(
                chain(),
                "policy",
                json!({"secret_props": {"contentType": "text/plain"}}),
            ),
            "contentType",
        ),
        (
            "other size",
            with(
                pfx("rsa-4096.pfx.b64"),
                "policy",
                policy(json!({"kty": "RSA", "key_size": 2048})),
            ),
            "4096",
        ),
        (
            "other kind",
            with(
                pfx("ec-p384.pfx.b64"),
                "policy",
                policy(json!({"kty": "RSA"})),
            ),
            "EC",
        ),
        (
            "other size of a curve",
            with(
                pfx("ec-p384.pfx.b64"),
                "policy",
                policy(json!({"kty": "EC", "key_size": 256})),
            ),
            "384",
        ),
        (
            "other curve",
            with(
                pfx("ec-p384.pfx.b64"),
                "policy",
                policy(json!({"kty": "EC", "crv": "P-256"})),
            ),
            "P-384",
        ),
        (
            "too long",
            json!({"value": STANDARD.encode(vec![0; 30_000])}),
            "too long",
        ),
        ("no JSON", json!("x"), "JSON"),
    ] {
        let (status, got) = client
            .send("POST", "/certificates/web-1/import", &body)
            .await;
        let message = got["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(
            (status, &got["error"]["code"]),
            (400, &json!("BadParameter")),
            "{what}: {got}"
        );
        assert!(message.contains(text), "{what}: {message}");
    }
    assert_eq!(client.get("/certificates/web-1").await.0, 404);
    for name in ["www.example.test", "a_b", "a%20b"] {
        let path = format!("/certificates/{name}/import");
        let (status, got) = client.send("POST", &path, &chain()).await;
        let expected = format!("The request URI contains an invalid name: {name}");
        assert_eq!((status, &got["error"]["message"]), (400, &json!(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_certificate_is_not_taken() {
    let client = Client::with("").await;
    pass(11 * 366 * 86_400).await;
    let client = Client::of(client.emulator, &client.base).await;
    let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
    let (status, got) = client.send("POST", "/certificates/a/import", &body).await;
    assert_eq!(status, 400, "{got}");
    assert!(
        got["error"]["message"]
            .as_str()
            .unwrap()
            .contains("expired")
    );
}

#[tokio::test]
async fn names_keep_the_case_of_their_first_use_and_tags_are_replaced_by_each_version() {
    let client = Client::with("").await;
    let body =
        |tags: Value| json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD, "tags": tags});
    client
        .ok(
            "POST",
            "/certificates/Web-1/import",
            &body(json!({"a": "1"})),
        )
        .await;
    let second = client
        .ok(
            "POST",
            "/certificates/WEB-1/import",
            &body(json!({"b": "2"})),
        )
        .await;
    assert!(
        second["id"]
            .as_str()
            .unwrap()
            .contains("/certificates/Web-1/")
    );
    assert_eq!(second["tags"], json!({"b": "2"}));
    let current = client.ok("GET", "/certificates/web-1", &Value::Null).await;
    assert_eq!(current["id"], second["id"]);
}

#[tokio::test]
async fn the_order_of_the_file_is_kept_only_when_asked_for() {
    let client = Client::with("").await;
    let whole = bundle("rsa-2048.pem");
    let mut blocks: Vec<&str> = whole
        .split_inclusive("-----END CERTIFICATE-----\n")
        .collect();
    let (key, leaf) = blocks[0].split_once("-----BEGIN CERTIFICATE").unwrap();
    let leaf = format!("-----BEGIN CERTIFICATE{leaf}");
    blocks.remove(0);
    blocks.retain(|b| b.contains("BEGIN CERTIFICATE"));
    let turned = format!("{key}{}{leaf}", blocks.concat());
    for (preserve, expected_first) in [
        (json!(true), false),
        (json!(false), true),
        (Value::Null, true),
    ] {
        let body = json!({
            "value": turned, "preserveCertOrder": preserve,
            "policy": {"secret_props": {"contentType": PEM}},
        });
        let got = client.ok("POST", "/certificates/web-1/import", &body).await;
        assert_eq!(
            got.get("preserveCertOrder").cloned().unwrap_or_default(),
            preserve
        );
        let secret = client.ok("GET", "/secrets/web-1", &Value::Null).await;
        let text = secret["value"].as_str().unwrap();
        let first = text.split("-----BEGIN CERTIFICATE-----").nth(1).unwrap();
        let is_leaf = leaf.contains(first.lines().nth(2).unwrap());
        assert_eq!(is_leaf, expected_first, "{preserve}");
    }
}

/// The service takes the kind of a key from the signature over its certificate.
#[tokio::test]
async fn a_key_signed_by_a_key_of_the_other_family_has_no_supported_size() {
    let client = Client::with("strict-signatures = true").await;
    for (file, pwd, text) in [
        (
            "rsa-key-signed-by-ec.pfx.b64",
            "secret",
            "Unsupported key size (2048). Supported sizes are [256, 384, 521]",
        ),
        (
            "ec-p256-chain.pfx.b64",
            PASSWORD,
            "Unsupported key size (256). Supported sizes are [2048, 3072, 4096]",
        ),
        (
            "ec-p384.pfx.b64",
            PASSWORD,
            "Unsupported key size (384). Supported sizes are [2048, 3072, 4096]",
        ),
    ] {
        let body = json!({"value": bundle(file), "pwd": pwd});
        let (status, got) = client.send("POST", "/certificates/a/import", &body).await;
        let inner = json!({"code": "KeySizeNotSupported"});
        let error = json!({"code": "BadParameter", "message": text, "innererror": inner});
        assert_eq!((status, got), (400, json!({"error": error})), "{file}");
    }
    assert_eq!(client.get("/certificates/a").await.0, 404);
    client.import("a", "rsa-2048-chain.pfx.b64").await;
    // Elsewhere only the RSA key is refused.
    let client = Client::with("").await;
    client.import("a", "ec-p384.pfx.b64").await;
    let body = json!({"value": bundle("rsa-key-signed-by-ec.pfx.b64"), "pwd": "secret"});
    let got = client
        .refused("POST", "/certificates/a/import", &body)
        .await;
    assert_eq!((got.0, got.2.as_str()), (400, "KeySizeNotSupported"));
}

/// "Emit if empty" is what the service does with tags that somebody gave.
#[tokio::test]
async fn empty_tags_are_shown_where_they_were_given_and_not_elsewhere() {
    let client = Client::with("[[vault.certificate]]\nname = \"seeded\"\ntags = {}").await;
    for (tags, shown) in [(json!({}), Some(json!({}))), (Value::Null, None)] {
        let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD, "tags": tags});
        let imported = client.ok("POST", "/certificates/a/import", &body).await;
        let got = client.ok("GET", "/certificates/a", &Value::Null).await;
        let secret = client.ok("GET", "/secrets/a", &Value::Null).await;
        let (_, list) = client.get("/certificates").await;
        for answer in [&imported, &got, &secret, &list["value"][0]] {
            assert_eq!(answer.get("tags").cloned(), shown, "{answer}");
        }
    }
    let patch = json!({"tags": {}});
    let patched = client.ok("PATCH", "/certificates/a", &patch).await;
    assert_eq!(patched["tags"], json!({}));
    let seeded = client.ok("GET", "/certificates/seeded", &Value::Null).await;
    assert_eq!(seeded["tags"], json!({}));
}
