//! A vault as a client uses it: one verb, a path, a body.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

use azure_emulator::{Emulator, Seed};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::common::{VAULT, built_in, emulator, json as parsed, seed_with, token, vault_table};

/// The file of a bundle of `tests/bundles`.
pub(crate) fn bundle(name: &str) -> String {
    let path = format!("{}/tests/bundles/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    if name.ends_with(".b64") {
        text.trim().to_owned()
    } else {
        text
    }
}

/// The password of every bundle that has one.
pub(crate) const PASSWORD: &str = "Pfx-Secret-1";

/// One client of one vault.
pub(crate) struct Client {
    pub(crate) emulator: Emulator,
    pub(crate) base: String,
    pub(crate) token: String,
}

impl Client {
    /// Of kv-one, as the built-in seed has it.
    pub(crate) async fn of_kv_one() -> Client {
        Client::of(built_in(), VAULT).await
    }

    /// Of an empty vault `kv-x` with more lines in its table.
    pub(crate) async fn with(more: &str) -> Client {
        let seed = seed_with(&vault_table("kv-x", more));
        Client::of_seed(&seed).await
    }

    pub(crate) async fn of_seed(seed: &Seed) -> Client {
        Client::of(emulator(seed), "https://kv-x.vault.azure.net").await
    }

    pub(crate) async fn of(emulator: Emulator, base: &str) -> Client {
        let token = token(&emulator).await;
        Client {
            emulator,
            base: base.to_owned(),
            token,
        }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: &Value) -> Response<Bytes> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}{mark}api-version=7.6", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        self.emulator.handle(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, &Value::Null).await
    }

    /// Status and body; null for an empty one.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let response = self.ask(method, path, body).await;
        let status = response.status().as_u16();
        if response.body().is_empty() {
            return (status, Value::Null);
        }
        (status, parsed(&response))
    }

    /// A body that must come with 200.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, body) = self.send(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {body}");
        body
    }

    /// Status, code and inner code.
    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, String, String) {
        let (status, body) = self.send(method, path, body).await;
        let error = &body["error"];
        let inner = error["innererror"]["code"].as_str().unwrap_or("-");
        let code = error["code"].as_str().unwrap_or("-");
        (status, code.to_owned(), inner.to_owned())
    }

    pub(crate) async fn import(&self, name: &str, file: &str) -> Value {
        let body = json!({"value": bundle(file), "pwd": PASSWORD});
        self.ok("POST", &format!("/certificates/{name}/import"), &body)
            .await
    }
}

/// Moves paused time on.
pub(crate) async fn pass(seconds: u64) {
    tokio::time::advance(std::time::Duration::from_secs(seconds)).await;
}
