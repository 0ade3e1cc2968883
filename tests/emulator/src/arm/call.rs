//! One request as every operation sees it: the caller, the path and the query.
//!
//! Must not know what any operation does.

use bytes::Bytes;
use http::{Method, Request};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::Arm;
use super::error::Refusal;
use crate::cloud::Cloud;
use crate::entra::Claims;
use crate::vault::Vaults;

/// What neither a path nor a query has as it is; the percent sign stays, because the query is encoded.
const OUTSIDE_OF_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request whose token was good.
pub(super) struct Call<'a> {
    pub(super) arm: &'a Arm,
    pub(super) cloud: Cloud,
    pub(super) vaults: &'a Vaults,
    pub(super) caller: &'a Claims,
    /// Seconds since 1970.
    pub(super) now: u64,
    pub(super) query: &'a Query,
    pub(super) body: &'a [u8],
    pub(super) method: &'a Method,
    pub(super) host: &'a str,
}

impl Call<'_> {
    /// The body as JSON of this shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(self.body)
            .map_err(|e| Refusal::new("InvalidRequestContent", [&e.to_string()]))
    }

    pub(super) fn api_version(&self) -> &str {
        self.query.get("api-version").unwrap_or_default()
    }

    /// An absolute link to this service; what no URL can hold is encoded.
    pub(super) fn link(&self, path_and_query: &str) -> String {
        let text = utf8_percent_encode(path_and_query, OUTSIDE_OF_URLS);
        format!("https://{}{text}", self.host)
    }

    pub(super) fn unsupported(&self) -> Refusal {
        Refusal::new("UnsupportedMethod", [self.method.as_str()])
    }
}

/// The query's pairs, decoded; keys in any case.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(request: &Request<Bytes>) -> Query {
        let text = request.uri().query().unwrap_or_default();
        Query(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.as_str())
    }

    /// `$top`, which must be a number above 0 where it is given.
    pub(super) fn top(&self) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get("$top") else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(Refusal::bad_request(
                "The value of $top must be a number above 0.",
            )),
        }
    }
}
