//! What comes back when a token is asked for, alike for Entra ID and for the
//! managed-identity endpoint: a token, or a refusal.
//!
//! It must not send or keep anything: values to values.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use super::discretion::Discretion;
use crate::contract::Secret;
use crate::http::Response;

/// What is assumed when an answer does not say how long its token lives. Real ones
/// live an hour at least; asking again too early costs one request.
const UNSTATED_LIFETIME: Duration = Duration::from_secs(600);

/// A token as it was issued.
pub struct Issued {
    /// What goes behind `Bearer `.
    pub bearer: Secret,
    /// How long it is valid.
    pub lifetime: Duration,
    /// From when on it is better renewed, if the service says so (`refresh_in`).
    pub refresh_in: Option<Duration>,
}

/// Why there is no token. Nothing in it is a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRefusal {
    /// The status code.
    pub status: u16,
    /// `error`, such as `invalid_client`; absent when the answer is not the service's.
    pub error: Option<String>,
    /// AADSTS codes ("Microsoft Entra authentication and authorization error codes").
    pub codes: Vec<u64>,
    /// Of `error_description` what is known.
    pub detail: Option<&'static str>,
    /// `trace_id`, for a support case.
    pub trace_id: Option<String>,
    /// What the identity was to be proved with.
    pub proved_by: ProvedBy,
}

/// What an identity proves itself with where it asks for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProvedBy {
    /// A client secret.
    #[default]
    Secret,
    /// A federated token.
    Assertion,
    /// That it runs on the machine.
    Machine,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireRefusal {
    error: Option<String>,
    error_description: Option<String>,
    error_codes: Vec<u64>,
    trace_id: Option<String>,
}

#[derive(Deserialize)]
struct WireToken {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<Value>,
    expires_on: Option<Value>,
    refresh_in: Option<Value>,
}

impl Issued {
    /// Reads a token out of a 200 that came at `wall`, or says what is wrong with the answer.
    /// A time of expiry (`expires_on`, seconds since 1970) counts before a lifetime: the
    /// managed-identity endpoint answers from a cache.
    ///
    /// # Errors
    /// A fixed text: the answer may hold a token, so that nothing of it is repeated.
    pub fn read(response: &Response, wall: SystemTime) -> Result<Issued, &'static str> {
        let wire: WireToken = serde_json::from_slice(&response.body)
            .map_err(|_| "the answer is not the JSON of a token")?;
        let bearer = wire.token_type.as_deref().unwrap_or("Bearer");
        if !bearer.eq_ignore_ascii_case("bearer") {
            return Err("the token is not a bearer token");
        }
        if wire.access_token.is_empty() || !wire.access_token.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err("the token cannot be sent in a header");
        }
        let seconds = |value: &Option<Value>| value.as_ref().and_then(seconds);
        let until = |expiry: Duration| {
            (SystemTime::UNIX_EPOCH + expiry)
                .duration_since(wall)
                .unwrap_or_default()
        };
        Ok(Issued {
            bearer: Secret::new(wire.access_token),
            lifetime: seconds(&wire.expires_on)
                .filter(|expiry| *expiry <= LAST_EXPIRY)
                .map(until)
                .or_else(|| seconds(&wire.expires_in))
                .unwrap_or(UNSTATED_LIFETIME),
            refresh_in: seconds(&wire.refresh_in),
        })
    }
}

/// Later times of expiry are mistakes (milliseconds, most likely): this one is in 2286.
const LAST_EXPIRY: Duration = Duration::from_secs(9_999_999_999);

/// A number of seconds; the managed-identity endpoint sends it as text.
fn seconds(value: &Value) -> Option<Duration> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .map(Duration::from_secs)
}

impl TokenRefusal {
    /// Reads an answer that is not a token. It does not say what the identity
    /// was to be proved with.
    pub fn read(response: &Response, discretion: &Discretion) -> TokenRefusal {
        let wire: WireRefusal = serde_json::from_slice(&response.body).unwrap_or_default();
        let mut codes = wire.error_codes;
        codes.retain(|code| discretion.allows(&code.to_string()));
        TokenRefusal {
            status: response.status,
            error: wire.error.and_then(|error| discretion.code(&error)),
            codes,
            detail: wire
                .error_description
                .and_then(|description| discretion.words(&description)),
            trace_id: wire.trace_id.and_then(|id| discretion.id(&id)),
            proved_by: ProvedBy::default(),
        }
    }

    /// Whether the service says itself that another try may help (`error`, RFC 6749
    /// section 4.1.2.1, which Entra also uses here).
    pub fn says_transient(&self) -> bool {
        matches!(
            self.error.as_deref(),
            Some("temporarily_unavailable" | "server_error")
        )
    }

    /// Whether what is known of its description has these words in it.
    pub fn says(&self, words: &str) -> bool {
        self.detail.is_some_and(|detail| detail.contains(words))
    }

    /// Whether one of the AADSTS codes is this one.
    pub fn has_code(&self, code: u64) -> bool {
        self.codes.contains(&code)
    }
}

/// `401 invalid_client, AADSTS7000215: "Invalid client secret provided. …" (trace id …)`
impl fmt::Display for TokenRefusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.status)?;
        match &self.error {
            Some(error) => write!(out, " {error}")?,
            None => out.write_str(", without an error that the service makes")?,
        }
        for code in self.codes.iter().take(5) {
            write!(out, ", AADSTS{code}")?;
        }
        if let Some(detail) = &self.detail {
            write!(out, ": \"{detail}\"")?;
        }
        if let Some(id) = &self.trace_id {
            write!(out, " (trace id {id})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    /// 2017-09-27 04:16:13 UTC.
    const WALL: u64 = 1_506_480_573;

    fn issued(body: &str) -> Result<Issued, &'static str> {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(WALL);
        Issued::read(&answer(200, body), wall)
    }

    #[test]
    fn numbers_are_read_as_numbers_and_as_text() {
        for (body, lifetime, refresh) in [
            (r#"{"access_token":"t","expires_in":3599}"#, 3599, None),
            (
                r#"{"access_token":"t","expires_in":"86399","refresh_in":"43199","token_type":"bearer"}"#,
                86_399,
                Some(43_199),
            ),
            (r#"{"access_token":"t"}"#, 600, None),
            (r#"{"access_token":"t","expires_in":-1}"#, 600, None),
            // The endpoint's answer, out of its cache.
            (
                r#"{"access_token":"t","refresh_token":"","expires_in":"3599","expires_on":"1506484173",
                    "not_before":"1506480273","resource":"https://vault.azure.net/","token_type":"Bearer"}"#,
                3_600,
                None,
            ),
            (r#"{"access_token":"t","expires_on":"1506480000"}"#, 0, None),
            (
                r#"{"access_token":"t","expires_on":1506484173000}"#,
                600,
                None,
            ),
            (
                r#"{"access_token":"t","expires_on":18446744073709551615}"#,
                600,
                None,
            ),
        ] {
            let issued = issued(body).ok().unwrap();
            assert_eq!(issued.lifetime, Duration::from_secs(lifetime), "{body}");
            assert_eq!(
                issued.refresh_in,
                refresh.map(Duration::from_secs),
                "{body}"
            );
        }
    }

    #[test]
    fn a_token_that_is_none_is_refused_without_repeating_it() {
        for body in [
            "<html>",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"secret","token_type":"pop"}"#,
        ] {
            let problem = issued(body).err().unwrap();
            assert!(!problem.contains("secret"), "{body}");
        }
    }

    fn refusal(status: u16, body: &str) -> TokenRefusal {
        TokenRefusal::read(&answer(status, body), &Discretion::default())
    }

    #[test]
    fn a_refusal_shows_the_error_the_code_and_known_words_only() {
        let refusal = refusal(
            401,
            r#"{"error":"invalid_client","error_description":
            "AADSTS7000215: Invalid client secret provided. Trace ID: 7d2c Correlation ID: 5b1e Timestamp: 2026-08-20 10:15:30Z",
            "error_codes":[7000215],"trace_id":"7d2c0000-0000-4000-8000-000000000001"}"#,
        );
        assert_eq!(
            refusal.to_string(),
            "401 invalid_client, AADSTS7000215: \"Invalid client secret provided\" \
             (trace id 7d2c0000-0000-4000-8000-000000000001)"
        );
        assert!(refusal.has_code(7_000_215));
    }

    #[test]
    fn a_body_that_is_not_json_leaves_the_status_and_a_fixed_text() {
        assert_eq!(
            refusal(502, "<html>oops</html>").to_string(),
            "502, without an error that the service makes"
        );
    }
}
