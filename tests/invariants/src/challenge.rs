//! The `WWW-Authenticate` header, as a vault or somebody in between sends it.

use keyvault_extension::azure::challenge::Challenge;
use keyvault_extension::http::Response;
use serde_json::{Map, Value};

/// A tenant is one segment of a path, to be compared; claims are a JSON object, as they go into
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
        assert!(!tenant.contains(['/', '\n']), "{tenant:?}");
    }
    if let Some(claims) = challenge.claims {
        assert!(
            serde_json::from_str::<Map<String, Value>>(&claims).is_ok(),
            "{claims:?}"
        );
    }
}
