//! The shape of a rule template: one kind of request that a job may send, as data.
//!
//! The same shape is a policy file's `[[rule]]`, written by hand:
//!
//! ```toml
//! id = "call-home"
//! purpose = "Reports what was found"
//! method = "POST"
//! url = "https://api.example/v1/{name}"
//! query = [
//!     { name = "api-version", value = "7.6" },
//!     { name = "$skiptoken", opaque = true, optional = true },
//! ]
//! headers = { allow = ["accept", "x-key"], required = [{ name = "x-key", value = "1" }] }
//! body = { form = [{ name = "grant_type", value = "client_credentials" }] }
//! ```
//!
//! `purpose`, `query`, `headers`, `body` and `veil` may be left out; unknown keys are errors.
//! Templates are exact: what they do not mention is not allowed.
//!
//! Must not know: any service, and how a template is expanded and matched.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::body::BodyTemplate;
use super::pair::{PairTemplate, each_name_once};
use super::veil::VeilTemplate;

/// Header names that a request may carry when its rule says nothing else, in lower case.
/// Transport headers that no extension sets (`host`, `content-length`) are not part of it, and
/// trailers are never allowed.
pub const ALLOWED_HEADERS: &[&str] = &[
    "accept",
    "content-type",
    "authorization",
    "metadata",
    "user-agent",
    "x-ms-client-request-id",
    "x-ms-return-client-request-id",
    "traceparent",
];

/// One kind of request that may be sent.
///
/// Texts may hold `{variable}`, which [`crate::Variables`] fills before the job starts, and `url`
/// also the name of a [`crate::SegmentPattern`], which stays open for one path segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleTemplate {
    /// What audit and explanations call the rule, kebab-case.
    pub id: Cow<'static, str>,
    /// Why the request is sent; a few words for people.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub purpose: Cow<'static, str>,
    /// The method.
    pub method: Method,
    /// Scheme, host, optionally port, and path; no query, no fragment, no user.
    pub url: Cow<'static, str>,
    /// The query: exactly these names, none twice, in any order, names and values compared after
    /// percent-decoding. Empty means no query.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "each_name_once"
    )]
    pub query: Vec<QueryTemplate>,
    /// The headers.
    #[serde(default, skip_serializing_if = "HeaderRule::is_default")]
    pub headers: HeaderRule,
    /// The body.
    #[serde(default, skip_serializing_if = "BodyTemplate::is_none")]
    pub body: BodyTemplate,
    /// What becomes of its credentials on a host that keeps them to itself.
    #[serde(default, skip_serializing_if = "VeilTemplate::is_none")]
    pub veil: VeilTemplate,
}

/// One name of the query.
pub type QueryTemplate = PairTemplate;

/// An HTTP method (RFC 9110 section 9, RFC 5789). In a policy in upper case, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The token on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Which headers a request may and must carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HeaderRule {
    /// The names that may occur, compared ignoring case.
    #[serde(default = "allowed_headers")]
    pub allow: Vec<Cow<'static, str>>,
    /// Headers that must occur once, with exactly this value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<RequiredHeader>,
}

/// A header that a request must carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequiredHeader {
    /// The name, compared ignoring case.
    pub name: Cow<'static, str>,
    /// The value, compared exactly.
    pub value: Cow<'static, str>,
}

fn allowed_headers() -> Vec<Cow<'static, str>> {
    ALLOWED_HEADERS
        .iter()
        .map(|name| Cow::Borrowed(*name))
        .collect()
}

impl Default for HeaderRule {
    /// [`ALLOWED_HEADERS`], none required.
    fn default() -> HeaderRule {
        HeaderRule {
            allow: allowed_headers(),
            required: Vec::new(),
        }
    }
}

impl HeaderRule {
    fn is_default(&self) -> bool {
        *self == HeaderRule::default()
    }
}

#[cfg(test)]
mod tests;
