//! A certificate under way: while its operation is in progress, nothing else makes a version.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use client::*;
use serde_json::{Value, json};

const NONE: Value = Value::Null;
const BUSY: &str = "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.";

fn import() -> Value {
    json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD})
}

fn create(issuer: &str) -> Value {
    json!({"policy": {"x509_props": {"subject": "CN=a"}, "issuer": {"name": issuer}}})
}

async fn is_busy(client: &Client, name: &str) {
    for (verb, body) in [("import", import()), ("create", create("Self"))] {
        let path = format!("/certificates/{name}/{verb}");
        let (status, got) = client.send("POST", &path, &body).await;
        let error = json!({"error": {"code": "Conflict", "message": BUSY}});
        assert_eq!((status, got), (409, error), "{verb}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_over_a_request_in_progress_is_a_conflict() {
    let client = Client::with("").await;
    // A name that has only the request, and one that has a whole version as well.
    client.ok("POST", "/certificates/b/import", &import()).await;
    for name in ["a", "b"] {
        let path = format!("/certificates/{name}/create");
        let begun = client.send("POST", &path, &create("Unknown")).await;
        assert_eq!(begun.0, 202, "{begun:?}");
        pass(600).await;
        is_busy(&client, name).await;
        let pending = format!("/certificates/{name}/pending");
        assert_eq!(
            client.ok("GET", &pending, &NONE).await["status"],
            "inProgress"
        );
        client.ok("DELETE", &pending, &NONE).await;
        let path = format!("/certificates/{name}/import");
        client.ok("POST", &path, &import()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_waits_for_a_self_signed_certificate_too() {
    let client = Client::with("").await;
    let path = "/certificates/a/create";
    assert_eq!(client.send("POST", path, &create("Self")).await.0, 202);
    is_busy(&client, "a").await;
    pass(5).await;
    client.ok("POST", "/certificates/a/import", &import()).await;
}

#[tokio::test]
async fn a_seed_has_certificates_under_way() {
    let client = Client::with(
        "[[vault.certificate]]\nname = \"new\"\npending = true\nversions = 0\n\
         [[vault.certificate]]\nname = \"old\"\npending = true\nkey = \"ec-p256\"\n\
         [[vault.certificate]]\nname = \"whole\"",
    )
    .await;
    for name in ["new", "old"] {
        is_busy(&client, name).await;
        let path = format!("/certificates/{name}/pending");
        let pending = client.ok("GET", &path, &NONE).await;
        assert_eq!(pending["status"], "inProgress");
        assert_eq!(pending["issuer"]["name"], "Unknown");
    }
    let new = client.ok("GET", "/certificates/new", &NONE).await;
    assert!(new.get("cer").is_none());
    assert_eq!(new["attributes"]["enabled"], false);
    let old = client.ok("GET", "/certificates/old", &NONE).await;
    assert!(
        old.get("cer").is_some(),
        "the version before it stays the current one"
    );
    let (_, list) = client.get("/certificates").await;
    let names: Vec<String> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(common::last_of_id)
        .collect();
    assert_eq!(names, ["old", "whole"]);
    let (_, list) = client.get("/certificates?includePending=true").await;
    assert_eq!(list["value"].as_array().unwrap().len(), 3);
}
