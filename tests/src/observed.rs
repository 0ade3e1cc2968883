//! What is in the emulated Azure, asked past the host: the truth that a job's report is held
//! against.
//!
//! It must not know jobs.

use azure_emulator::Emulator;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use job_scope::Thumbprint;
use p12_keystore::Pkcs12Archive;
use serde_json::{Value, json};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const SECRET: &str = "sp-secret~1";
const VAULT: &str = "https://kv-one.vault.azure.net";
const GROUP: &str = "https://management.azure.com/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-one";

/// A reader with every right.
pub struct Observed<'e> {
    emulator: &'e Emulator,
}

/// One version of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id, 32 hex digits.
    pub id: String,
    /// SHA-1 of its DER in base64url, as the service writes it.
    pub thumbprint: String,
}

impl<'e> Observed<'e> {
    /// Looks at this emulator. No fault must be left in it.
    pub fn new(emulator: &'e Emulator) -> Self {
        Self { emulator }
    }

    /// The versions of a live certificate of kv-one, none where it is not live.
    pub async fn versions(&self, alias: &str) -> Vec<Version> {
        let url = format!("{VAULT}/certificates/{alias}/versions?api-version=7.6");
        let (status, body) = self.vault("GET", &url, Bytes::new()).await;
        assert_eq!(status, 200, "{body}");
        body["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| Version {
                id: item["id"]
                    .as_str()
                    .unwrap()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_owned(),
                thumbprint: item["x5t"].as_str().unwrap_or_default().to_owned(),
            })
            .collect()
    }

    /// The current version of a certificate of kv-one with its policy and tags.
    pub async fn certificate(&self, alias: &str) -> Option<Value> {
        let url = format!("{VAULT}/certificates/{alias}?api-version=7.6");
        let (status, body) = self.vault("GET", &url, Bytes::new()).await;
        (status == 200).then_some(body)
    }

    /// The certificates that the managed secret of one of kv-one holds, in its order.
    pub async fn chain(&self, alias: &str) -> Vec<Vec<u8>> {
        let url = format!("{VAULT}/secrets/{alias}?api-version=7.6");
        let (status, body) = self.vault("GET", &url, Bytes::new()).await;
        assert_eq!(status, 200, "{body}");
        let file = STANDARD.decode(body["value"].as_str().unwrap()).unwrap();
        let archive = Pkcs12Archive::from_pkcs12(&file, "").unwrap();
        let certificates = archive.certs.iter();
        certificates.map(|c| c.cert.as_der().to_vec()).collect()
    }

    /// The thumbprint of a certificate of kv-one.
    pub async fn thumbprint(&self, alias: &str) -> Thumbprint {
        let certificate = self.certificate(alias).await.unwrap();
        let x5t = certificate["x5t"].as_str().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(x5t).unwrap();
        Thumbprint::Sha1(bytes.try_into().unwrap())
    }

    /// Whether a certificate of kv-one is soft-deleted.
    pub async fn is_deleted(&self, alias: &str) -> bool {
        let url = format!("{VAULT}/deletedcertificates/{alias}?api-version=7.6");
        self.vault("GET", &url, Bytes::new()).await.0 == 200
    }

    /// Soft-deletes a certificate of kv-one.
    pub async fn delete(&self, alias: &str) {
        let url = format!("{VAULT}/certificates/{alias}?api-version=7.6");
        let (status, body) = self.vault("DELETE", &url, Bytes::new()).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Imports a key with its chain into kv-one, as PEM text.
    pub async fn import_pem(&self, alias: &str, pem: &[u8]) {
        let body = json!({
            "value": std::str::from_utf8(pem).unwrap(),
            "policy": { "secret_props": { "contentType": "application/x-pem-file" } },
        });
        let url = format!("{VAULT}/certificates/{alias}/import?api-version=7.6");
        let (status, body) = self.vault("POST", &url, body.to_string().into()).await;
        assert_eq!(status, 200, "{body}");
    }

    /// A vault of rg-one, as a resource.
    pub async fn resource(&self, vault: &str) -> Option<Value> {
        let url =
            format!("{GROUP}/providers/Microsoft.KeyVault/vaults/{vault}?api-version=2026-02-01");
        let (status, body) = self.arm("GET", &url).await;
        (status == 200).then_some(body)
    }

    async fn vault(&self, method: &str, url: &str, body: Bytes) -> (u16, Value) {
        self.send("https://vault.azure.net/.default", method, url, body)
            .await
    }

    async fn arm(&self, method: &str, url: &str) -> (u16, Value) {
        self.send(
            "https://management.azure.com/.default",
            method,
            url,
            Bytes::new(),
        )
        .await
    }

    async fn send(&self, scope: &str, method: &str, url: &str, body: Bytes) -> (u16, Value) {
        let token = self.token(scope).await;
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let response = self.emulator.handle(request).await.unwrap();
        (response.status().as_u16(), json_of(&response))
    }

    async fn token(&self, scope: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}&scope={scope}"
        );
        let request = Request::post(format!(
            "https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
        ))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .unwrap();
        let response = self.emulator.handle(request).await.unwrap();
        json_of(&response)["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or(json!(null))
}
