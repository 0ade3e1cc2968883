//! What else can be where a certificate would be: secrets and keys of their own, and what a backup brings.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use azure_emulator::Seed;
use client::*;
use common::SUBSCRIPTION;
use serde_json::{Value, json};

const NONE: Value = Value::Null;

const ALONE: &str = r#"
certificates = 1
[[vault.stand-alone]]
name = "Database"
kind = "secret"
value = "user and password"
content-type = "text/plain"
[[vault.stand-alone]]
name = "disk"
kind = "key"
"#;

#[tokio::test]
async fn a_certificate_cannot_have_the_name_of_a_secret_or_key_of_its_own() {
    let client = Client::with(ALONE).await;
    for (name, kind) in [("database", "secret"), ("disk", "key")] {
        let import = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
        let create =
            json!({"policy": {"x509_props": {"subject": "CN=a"}, "issuer": {"name": "Self"}}});
        for (verb, body) in [("import", import), ("create", create)] {
            let path = format!("/certificates/{name}/{verb}");
            let refused = client.refused("POST", &path, &body).await;
            assert_eq!(refused, (409, "Conflict".into(), "-".into()), "{path}");
            let said = client.send("POST", &path, &body).await.1["error"]["message"].to_string();
            assert!(said.contains(&format!("A {kind} with the name")), "{said}");
        }
        assert_eq!(client.get(&format!("/certificates/{name}")).await.0, 404);
    }
    client.import("elsewhere", "ec-p384.pfx.b64").await;
}

#[tokio::test]
async fn a_secret_of_its_own_is_not_managed() {
    let client = Client::with(ALONE).await;
    let secret = client.ok("GET", "/secrets/database", &NONE).await;
    assert_eq!(secret["value"], "user and password");
    assert_eq!(secret["contentType"], "text/plain");
    assert!(secret.get("managed").is_none() && secret.get("kid").is_none());
    let id = secret["id"].as_str().unwrap();
    let version = id.rsplit('/').next().unwrap();
    let by_version = format!("/secrets/Database/{version}");
    assert_eq!(client.ok("GET", &by_version, &NONE).await, secret);
    let other = format!("/secrets/Database/{}", "0".repeat(32));
    for path in [other.as_str(), "/secrets/disk"] {
        let refused = client.refused("GET", path, &NONE).await;
        assert_eq!(refused.1, "SecretNotFound", "{path}");
    }
    let managed = client.ok("GET", "/secrets/cert-01", &NONE).await;
    assert_eq!(managed["managed"], true);
}

#[test]
fn a_seed_cannot_have_a_name_twice() {
    let table = common::vault_table("kv-x", ALONE);
    let twice = format!("{table}\n[[vault.certificate]]\nname = \"disk\"\n");
    let people = Seed::built_in_text().split("[[vault]]").next().unwrap();
    let said = Seed::parse(&format!("{people}{twice}")).unwrap_err();
    assert!(said.to_string().contains("disk"), "{said}");
}

/// Two vaults of the samples' subscription, and one of another.
fn three_vaults() -> Seed {
    let other = "22222222-2222-4222-8222-333333333333";
    let table = |name: &str| common::vault_table(name, "");
    let tables = table("kv-x") + &table("kv-y") + &table("kv-z").replace(SUBSCRIPTION, other);
    let people = Seed::built_in_text().split("[[vault]]").next().unwrap();
    let subscription = format!(
        "[[subscription]]\nid = \"{other}\"\ntenant = \"{}\"\ngroup = [{{ name = \"rg-one\" }}]\n",
        common::TENANT
    );
    Seed::parse(&format!("{people}{subscription}{tables}")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_backup_brings_every_version_back_into_a_vault_of_the_subscription() {
    let client = Client::of_seed(&three_vaults()).await;
    client.import("Web", "ec-p384.pfx.b64").await;
    let newest = client.import("web", "rsa-2048-chain.pfx.b64").await;
    let backup = client.ok("POST", "/certificates/web/backup", &NONE).await;
    let restore = "/certificates/restore";
    assert_eq!(
        client.refused("POST", restore, &backup).await,
        (409, "Conflict".into(), "-".into()),
        "it is there"
    );
    client.ok("DELETE", "/certificates/web", &NONE).await;
    pass(3).await;
    assert_eq!(
        client.refused("POST", restore, &backup).await.2,
        "ObjectIsDeletedButRecoverable"
    );
    client
        .send("DELETE", "/deletedcertificates/web", &NONE)
        .await;
    pass(2).await;
    let there = Client::of(client.emulator.clone(), "https://kv-y.vault.azure.net").await;
    for client in [&client, &there] {
        let restored = client.ok("POST", restore, &backup).await;
        assert_eq!(restored["x5t"], newest["x5t"]);
        let id = restored["id"].as_str().unwrap();
        assert!(
            id.starts_with(&format!("{}/certificates/Web/", client.base)),
            "{id}"
        );
        let versions = client.get("/certificates/web/versions").await.1;
        assert_eq!(versions["value"].as_array().unwrap().len(), 2);
        let secret = client.ok("GET", "/secrets/web", &NONE).await;
        assert_eq!(secret["managed"], true);
    }
    let elsewhere = Client::of(client.emulator.clone(), "https://kv-z.vault.azure.net").await;
    let nonsense = json!({"value": "bm9uc2Vuc2U"});
    for (client, body) in [(&elsewhere, &backup), (&there, &nonsense)] {
        let refused = client.refused("POST", restore, body).await;
        assert_eq!(refused, (400, "BadParameter".into(), "-".into()));
    }
    assert_eq!(
        client
            .refused("POST", "/certificates/none/backup", &NONE)
            .await
            .1,
        "CertificateNotFound"
    );
}
