//! Small pieces of answers that every service uses: JSON bodies, derived ids, times as text.
//!
//! Must not know any service: what an error looks like is each service's own.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

/// The error shape of Key Vault and Azure Resource Manager.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    json(
        status,
        &serde_json::json!({"error": {"code": code, "message": message}}),
    )
}

/// Adds a header whose value was computed; a value that cannot be a header is left out.
pub(crate) fn set(response: &mut Response<Bytes>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// SHA-256 of a label: where every derived value comes from.
pub(crate) fn digest(label: &str) -> [u8; 32] {
    Sha256::digest(label.as_bytes()).into()
}

/// A UUID that is always the same for the same label.
pub(crate) fn derived_uuid(label: &str) -> String {
    let hex: String = digest(label)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

/// Hands out request, trace and correlation ids. Derived, so that a run can be repeated exactly.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: String,
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new(seed: &str) -> Ids {
        Ids {
            seed: seed.to_owned(),
            next: AtomicU64::new(0),
        }
    }

    pub(crate) fn next(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        derived_uuid(&format!("{}/request/{number}", self.seed))
    }
}

/// `2026-08-20 10:15:30Z`, as Entra ID writes times.
pub(crate) fn timestamp(unix_seconds: u64) -> String {
    x509_cert::der::DateTime::from_unix_duration(std::time::Duration::from_secs(unix_seconds))
        .map_or_else(
            |_| String::new(),
            |t| {
                format!(
                    "{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z",
                    t.year(),
                    t.month(),
                    t.day(),
                    t.hour(),
                    t.minutes(),
                    t.seconds()
                )
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_uuids_are_stable_and_shaped_like_version_4() {
        let id = derived_uuid("x");
        assert_eq!(id, derived_uuid("x"));
        assert_ne!(id, derived_uuid("y"));
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
    }

    #[test]
    fn times_are_written_as_entra_writes_them() {
        assert_eq!(timestamp(1_787_220_930), "2026-08-20 10:15:30Z");
    }
}
