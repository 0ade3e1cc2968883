//! What can become of a request, and the answers that a test gives instead.
//!
//! It must not know what is in the vault.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Response, TransportError};
use crate::testing::{Answer, Sent, answer, with_header};

/// What happens to a request instead.
#[derive(Clone)]
pub(crate) enum Fault {
    /// It is not worked on.
    Instead(Answer),
    /// It is worked on, and this is what comes back.
    Lost(Answer),
    /// It is worked on after so long; this comes back at once.
    Late(Duration, Answer),
    /// It is not worked on, and everything that it carried comes back in the error of this
    /// status and code.
    Echo(u16, &'static str),
}

/// The token of the fake vault.
pub(crate) const TOKEN: &str = "planted-token-of-the-fake-vault";

/// An error that repeats a request wherever an error has room for it: its body, or its
/// token where it has none.
pub(super) fn echo(status: u16, code: &str, sent: &Sent) -> Response {
    let body: Value = serde_json::from_slice(&sent.request.body).unwrap_or_default();
    let tags = body["tags"].as_object();
    let first = tags.and_then(|tags| tags.values().next()?.as_str());
    let value = first.unwrap_or(TOKEN);
    let carried = match &body {
        Value::Null => sent
            .request
            .header("authorization")
            .unwrap_or_default()
            .to_owned(),
        body => body.to_string(),
    };
    let error = json!({
        "code": code,
        "message": format!("{value}: {carried}\r\nAction: 'Microsoft.{value}'"),
        "innererror": { "code": value },
        "details": [{ "code": value }],
        "additionalInfo": [{ "info": { "policyAssignmentName": format!("of {value}") } }],
    });
    let answer = answer(status, &json!({ "error": error }).to_string());
    with_header(answer, "x-ms-request-id", TOKEN)
}

/// The id of every request that is refused.
pub(in crate::job) const REQUEST_ID: &str = "7d2c0000-0000-4000-8000-000000000001";

pub(super) fn refusal(status: u16, code: &str, inner: Option<&str>) -> Response {
    let mut error = json!({ "code": code, "message": "the service says so" });
    if let Some(inner) = inner {
        error["innererror"] = json!({ "code": inner });
    }
    let body = json!({ "error": error }).to_string();
    with_header(answer(status, &body), "x-ms-request-id", REQUEST_ID)
}

/// An error of the service.
pub(crate) fn refused(status: u16, code: &str, inner: Option<&str>) -> Answer {
    Ok(refusal(status, code, inner))
}

/// An answer of something in between.
pub(crate) fn html(status: u16) -> Answer {
    Ok(answer(status, "<html>proxy</html>"))
}

/// An answer of something in between that speaks JSON.
pub(crate) fn other_json() -> Answer {
    Ok(answer(200, r#"{"status":"ok"}"#))
}

/// The connection breaks.
pub(crate) fn reset() -> Answer {
    Err(TransportError::Broken("the connection was reset"))
}

/// Nothing comes.
pub(crate) fn timeout() -> Answer {
    Err(TransportError::Timeout("no answer in time"))
}

/// An error of the service that says when to come back, in seconds.
pub(crate) fn unavailable_for(seconds: &str) -> Answer {
    refused(503, "ServiceUnavailable", None)
        .map(|response| with_header(response, "retry-after", seconds))
}

/// Every fault that a single request can have, with its name.
pub(crate) fn faults() -> Vec<(&'static str, Fault)> {
    let unavailable = || refused(503, "ServiceUnavailable", None);
    let broken = || refused(500, "InternalServerError", None);
    vec![
        (
            "no connection",
            Fault::Instead(Err(TransportError::Connection("refused"))),
        ),
        ("reset before", Fault::Instead(reset())),
        ("reset after", Fault::Lost(reset())),
        ("timeout before", Fault::Instead(timeout())),
        ("timeout after", Fault::Lost(timeout())),
        (
            "too large after",
            Fault::Lost(Err(TransportError::TooLarge { limit: 1 })),
        ),
        ("500 before", Fault::Instead(broken())),
        ("500 after", Fault::Lost(broken())),
        ("503 before", Fault::Instead(unavailable())),
        ("503 after", Fault::Lost(unavailable())),
        (
            "503 with a delay before",
            Fault::Instead(unavailable_for("1")),
        ),
        ("503 with a delay after", Fault::Lost(unavailable_for("1"))),
        ("429 with an echo", Fault::Echo(429, "Throttled")),
        ("400 with an echo", Fault::Echo(400, "BadParameter")),
        ("500 with an echo", Fault::Echo(500, "InternalServerError")),
        ("429", Fault::Instead(refused(429, "Throttled", None))),
        ("400", Fault::Instead(refused(400, "BadParameter", None))),
        ("401", Fault::Instead(refused(401, "Unauthorized", None))),
        (
            "403",
            Fault::Instead(refused(403, "Forbidden", Some("ForbiddenByRbac"))),
        ),
        ("409", Fault::Instead(refused(409, "Conflict", None))),
        ("html 404", Fault::Instead(html(404))),
        ("other JSON before", Fault::Instead(other_json())),
        ("other JSON after", Fault::Lost(other_json())),
        ("html 200 before", Fault::Instead(html(200))),
        ("html 200 after", Fault::Lost(html(200))),
        ("html 502 before", Fault::Instead(html(502))),
        ("html 502 after", Fault::Lost(html(502))),
        ("html 520 after", Fault::Lost(html(520))),
        (
            "late, after a reset",
            Fault::Late(Duration::from_secs(3), reset()),
        ),
        (
            "later than any look",
            Fault::Late(Duration::from_secs(3_000), reset()),
        ),
    ]
}
