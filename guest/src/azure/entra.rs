//! Asking Entra ID for a token: OAuth 2.0 client credentials (RFC 6749 section 4.4)
//! on the v2.0 endpoint (Microsoft identity platform, "OAuth 2.0 client credentials
//! flow").
//!
//! It must not send or keep anything: values to values.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::contract::Secret;
use crate::http::{Method, Request, Response};
use crate::text::{excerpt, identifier, percent_encoded};

/// Characters of a description that are shown.
const DETAIL: usize = 400;

/// What is assumed when an answer does not say how long its token lives. Real ones
/// live an hour at least; asking again too early costs one request.
const UNSTATED_LIFETIME: Duration = Duration::from_secs(600);

/// An application and where it is known.
pub struct Application {
    /// Host of the token service, from the cloud's fixed table.
    pub authority: &'static str,
    /// The tenant, valid as a path segment.
    pub tenant: String,
    /// The application (client) id.
    pub client_id: String,
    /// Its secret.
    pub secret: Secret,
}

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
    /// The first line of `error_description`, without its trailing ids and time.
    pub detail: Option<String>,
    /// `trace_id`, for a support case.
    pub trace_id: Option<String>,
}

impl Application {
    /// The request for a token of this scope, with the claims of a challenge if there
    /// was one.
    pub fn token_request(&self, scope: &str, claims: Option<&str>) -> Request {
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.secret.reveal()),
            ("scope", scope),
        ];
        fields.extend(claims.map(|claims| ("claims", claims)));
        let form: Vec<String> = fields
            .into_iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        Request {
            method: Method::Post,
            url: format!(
                "https://{}/{}/oauth2/v2.0/token",
                self.authority, self.tenant
            ),
            headers: vec![
                ("accept", "application/json".to_owned()),
                (
                    "content-type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
            ],
            body: form.join("&").into_bytes(),
        }
    }

    /// Text of the service, with the secret taken out in case it was echoed.
    fn clean(&self, text: &str) -> String {
        let secret = self.secret.reveal();
        if secret.is_empty() {
            return text.to_owned();
        }
        text.replace(secret, "[secret]")
            .replace(&percent_encoded(secret), "[secret]")
    }

    /// Reads an answer that is not a token.
    pub fn refusal(&self, response: &Response) -> TokenRefusal {
        let wire: WireRefusal = serde_json::from_slice(&response.body).unwrap_or_default();
        let shown = |text: Option<String>| text.map(|text| self.clean(&text));
        TokenRefusal {
            status: response.status,
            error: shown(wire.error).and_then(|error| identifier(&error).map(str::to_owned)),
            codes: wire.error_codes,
            detail: shown(wire.error_description)
                .map(|text| excerpt(without_trace(&text), DETAIL))
                .filter(|text| !text.is_empty()),
            trace_id: shown(wire.trace_id).and_then(|id| identifier(&id).map(str::to_owned)),
        }
    }
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
    refresh_in: Option<Value>,
}

/// Reads a token out of a 200, or says what is wrong with the answer.
///
/// # Errors
/// A fixed text: the answer may hold a token, so that nothing of it is repeated.
pub fn issued(response: &Response) -> Result<Issued, &'static str> {
    let wire: WireToken = serde_json::from_slice(&response.body)
        .map_err(|_| "the answer is not the JSON of a token")?;
    let bearer = wire.token_type.as_deref().unwrap_or("Bearer");
    if !bearer.eq_ignore_ascii_case("bearer") {
        return Err("the token is not a bearer token");
    }
    if wire.access_token.is_empty() || !wire.access_token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the token cannot be sent in a header");
    }
    Ok(Issued {
        bearer: Secret::new(wire.access_token),
        lifetime: wire
            .expires_in
            .as_ref()
            .and_then(seconds)
            .unwrap_or(UNSTATED_LIFETIME),
        refresh_in: wire.refresh_in.as_ref().and_then(seconds),
    })
}

/// A number of seconds; some endpoints send it as text.
fn seconds(value: &Value) -> Option<Duration> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .map(Duration::from_secs)
}

/// Entra appends "Trace ID: … Correlation ID: … Timestamp: …" to its descriptions.
fn without_trace(text: &str) -> &str {
    text.split("Trace ID:").next().unwrap_or(text).trim()
}

impl TokenRefusal {
    /// Whether the service says itself that another try may help (`error`, RFC 6749
    /// section 4.1.2.1, which Entra also uses here).
    pub fn says_transient(&self) -> bool {
        matches!(
            self.error.as_deref(),
            Some("temporarily_unavailable" | "server_error")
        )
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
        let named = |code: &u64| {
            let text = format!("AADSTS{code}");
            !self
                .detail
                .as_ref()
                .is_some_and(|detail| detail.contains(&text))
        };
        for code in self.codes.iter().take(5).filter(|code| named(code)) {
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

    fn application(secret: &str) -> Application {
        Application {
            authority: "login.microsoftonline.com",
            tenant: "contoso.example".into(),
            client_id: "3333".into(),
            secret: Secret::new(secret.into()),
        }
    }

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_request_is_a_form_with_every_value_encoded() {
        let application = application("p~1+/=& ä");
        let request = application.token_request("https://vault.azure.net/.default", None);
        assert_eq!(
            request.url,
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
        );
        assert_eq!(
            String::from_utf8(request.body).unwrap(),
            "grant_type=client_credentials&client_id=3333\
             &client_secret=p~1%2B%2F%3D%26%20%C3%A4\
             &scope=https%3A%2F%2Fvault.azure.net%2F.default"
        );
        let claims = application.token_request("s", Some(r#"{"a":1}"#)).body;
        let form = String::from_utf8(claims).unwrap();
        assert!(
            form.ends_with("&scope=s&claims=%7B%22a%22%3A1%7D"),
            "{form}"
        );
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
        ] {
            let issued = issued(&answer(200, body)).ok().unwrap();
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
            let problem = issued(&answer(200, body)).err().unwrap();
            assert!(!problem.contains("secret"), "{body}");
        }
    }

    #[test]
    fn a_refusal_shows_the_error_the_code_and_the_first_line_only() {
        let body = r#"{"error":"invalid_client","error_description":
            "AADSTS7000215: Invalid client secret provided. Trace ID: 7d2c Correlation ID: 5b1e Timestamp: 2026-08-20 10:15:30Z",
            "error_codes":[7000215],"trace_id":"7d2c-01"}"#;
        let refusal = application("sp-secret~1").refusal(&answer(401, body));
        assert_eq!(
            refusal.to_string(),
            "401 invalid_client: \"AADSTS7000215: Invalid client secret provided.\" (trace id 7d2c-01)"
        );
        assert!(refusal.has_code(7_000_215));
    }

    #[test]
    fn a_secret_that_the_answer_echoes_is_taken_out() {
        let application = application("p+q r");
        for echoed in ["p+q r", "p%2Bq%20r"] {
            let body =
                format!(r#"{{"error":"invalid_client","error_description":"bad {echoed}!"}}"#);
            let text = application.refusal(&answer(401, &body)).to_string();
            assert!(text.contains("bad [secret]!"), "{text}");
        }
    }

    #[test]
    fn a_body_that_is_not_json_leaves_the_status_and_a_fixed_text() {
        let refusal = application("s").refusal(&answer(502, "<html>oops</html>"));
        assert_eq!(
            refusal.to_string(),
            "502, without an error that the service makes"
        );
    }
}
