//! Requests as a client would write them, for every test of the emulator's faces.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

use std::time::{Duration, UNIX_EPOCH};

use azure_emulator::{Clock, Emulator, Seed};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const OTHER_TENANT: &str = "99999999-9999-4999-8999-999999999999";
pub(crate) const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
pub(crate) const SECRET: &str = "sp-secret~1";
pub(crate) const VAULT: &str = "https://kv-one.vault.azure.net";

/// 2026-08-20 10:15:30Z.
pub(crate) const NOW: u64 = 1_787_220_930;

pub(crate) fn emulator(seed: &Seed) -> Emulator {
    Emulator::new(
        seed,
        Clock::starting_at(UNIX_EPOCH + Duration::from_secs(NOW)),
    )
    .unwrap()
}

pub(crate) fn built_in() -> Emulator {
    emulator(&Seed::built_in().unwrap())
}

/// The built-in seed's people and places with other vaults.
pub(crate) fn seed_with(vaults: &str) -> Seed {
    let text = Seed::built_in_text();
    let people = text.split("[[vault]]").next().unwrap();
    Seed::parse(&format!("{people}\n{vaults}")).unwrap()
}

pub(crate) fn vault_table(name: &str, more: &str) -> String {
    format!(
        "[[vault]]\nname = \"{name}\"\nsubscription = \"22222222-2222-4222-8222-222222222222\"\ngroup = \"rg-one\"\n{more}\n"
    )
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> Bytes {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
        .into()
}

pub(crate) fn token_request(host: &str, tenant: &str, pairs: &[(&str, &str)]) -> Request<Bytes> {
    Request::post(format!("https://{host}/{tenant}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(pairs))
        .unwrap()
}

pub(crate) fn credentials<'a>(secret: &'a str, scope: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", secret),
        ("scope", scope),
    ]
}

pub(crate) async fn token_for(
    emulator: &Emulator,
    host: &str,
    tenant: &str,
    scope: &str,
) -> String {
    let request = token_request(host, tenant, &credentials(SECRET, scope));
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.status(), 200, "{response:?}");
    json(&response)["access_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn token(emulator: &Emulator) -> String {
    let scope = "https://vault.azure.net/.default";
    token_for(emulator, "login.microsoftonline.com", TENANT, scope).await
}

pub(crate) fn json<B: AsRef<[u8]>>(response: &Response<B>) -> Value {
    serde_json::from_slice(response.body().as_ref()).unwrap()
}

pub(crate) fn get(url: &str, token: &str) -> Request<Bytes> {
    Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .body(Bytes::new())
        .unwrap()
}

pub(crate) async fn fetch(emulator: &Emulator, url: &str, token: &str) -> Response<Bytes> {
    emulator.handle(get(url, token)).await.unwrap()
}

/// Status, code and message of a Key Vault error.
pub(crate) async fn error(emulator: &Emulator, url: &str, token: &str) -> (u16, String, String) {
    let response = fetch(emulator, url, token).await;
    let body = json(&response);
    let text = |key: &str| body["error"][key].as_str().unwrap().to_owned();
    (response.status().as_u16(), text("code"), text("message"))
}

/// A token for Azure Resource Manager in the public cloud.
pub(crate) async fn arm_token(emulator: &Emulator) -> String {
    let scope = "https://management.azure.com/.default";
    token_for(emulator, "login.microsoftonline.com", TENANT, scope).await
}

pub(crate) const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const ARM: &str = "https://management.azure.com";

/// A request to Azure Resource Manager with a JSON body.
pub(crate) async fn send(
    emulator: &Emulator,
    method: &str,
    url: &str,
    token: &str,
    body: &Value,
) -> Response<Bytes> {
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Bytes::from(text))
        .unwrap();
    emulator.handle(request).await.unwrap()
}

/// The last part of an item's id: its name, or its version.
pub(crate) fn last_of_id(item: &Value) -> String {
    let id = item["id"].as_str().unwrap();
    id.rsplit('/').next().unwrap().to_owned()
}
