//! The `WWW-Authenticate` header, as a vault or somebody in between sends it.

use keyvault_extension::azure::challenge::Challenge;
use keyvault_extension::http::Response;
use serde_json::{Map, Value};

/// A tenant is a plain word, as it goes into a message; claims are a JSON object, as they go into
/// a token request.
pub(crate) fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // A header cannot have a line break; two headers can.
    let headers = text
        .split('\n')
        .map(|value| ("www-authenticate".to_owned(), value.to_owned()))
        .collect();
    let challenge = Challenge::read(&Response {
        status: 401,
        headers,
        body: Vec::new(),
    });
    if let Some(tenant) = challenge.tenant {
        assert!((1..=64).contains(&tenant.len()), "{tenant:?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        assert!(tenant.chars().all(plain), "{tenant:?}");
    }
    if let Some(claims) = challenge.claims {
        assert!(
            serde_json::from_str::<Map<String, Value>>(&claims).is_ok(),
            "{claims:?}"
        );
    }
}
