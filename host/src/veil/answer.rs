//! The answer to a request for a token on its way back: rebuilt, never edited. Of its headers and
//! its JSON only what is known is copied (RFC 6749 sections 5.1 and 5.2, and what Entra ID and the
//! identity endpoint of a machine add), and the token in it becomes a placeholder.
//!
//! It must not know who asked, and keeps nothing.

mod skipped;

use super::search::Probes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::zeroize::Zeroize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use skipped::Skipped;
use std::collections::HashSet;
use std::fmt;

/// Bytes of a token answer. Real ones have a few kilobytes.
pub const LONGEST_ANSWER: usize = 64 << 10;

/// Bytes of a token: it has to fit a header.
const LONGEST_TOKEN: usize = 16 << 10;

/// Bytes of a header's value that is copied.
const LONGEST_HEADER: usize = 256;

/// Headers that are copied: when to ask again, and what to ask support about.
const HEADERS: [HeaderName; 3] = [
    header::RETRY_AFTER,
    header::DATE,
    HeaderName::from_static("x-ms-request-id"),
];

const TOKEN: &str = "access_token";

/// Members that are copied when they are texts.
const TEXTS: [&str; 8] = [
    "token_type",
    "resource",
    "error",
    "error_description",
    "error_uri",
    "timestamp",
    "trace_id",
    "correlation_id",
];

/// Members that are copied when they are numbers, or numbers written as texts.
const NUMBERS: [&str; 5] = [
    "expires_in",
    "ext_expires_in",
    "refresh_in",
    "expires_on",
    "not_before",
];

/// The member that is copied when it is a list of numbers.
const CODES: &str = "error_codes";

/// Codes that are copied.
const MOST_CODES: usize = 16;

/// Why nothing of an answer but its status is passed on. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// It is encoded, and nobody asked for that.
    #[error("its content is encoded")]
    Encoded,
    /// It is longer than a token answer.
    #[error("it is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
    /// Readers would differ on it, or it is something else.
    #[error("it is not one JSON object with each member once")]
    NotJson,
    /// The token cannot be one.
    #[error("its access_token is no token")]
    Token,
    /// It says a credential.
    #[error("it held a credential")]
    Credential,
    /// More tokens came than a job is given.
    #[error("more tokens came than a job is given")]
    TooMany,
}

impl Withheld {
    /// What the extension gets in place of the answer.
    pub fn text(self) -> String {
        format!("The host withheld this answer: {self}.")
    }
}

/// What is copied of an answer, and its token. It cannot be printed.
pub struct Parts<'a> {
    token: Option<&'a str>,
    members: Map<String, Value>,
}

impl<'a> Parts<'a> {
    /// Takes a whole answer apart and searches what is not the token.
    ///
    /// # Errors
    /// Why it is withheld.
    pub fn read(body: &'a [u8], probes: &Probes) -> Result<Self, Withheld> {
        if body.len() > LONGEST_ANSWER {
            return Err(Withheld::TooLong);
        }
        let mut wire: Wire<'a> = serde_json::from_slice(body).map_err(|_| Withheld::NotJson)?;
        let (token, around) = match wire.token {
            None => (None, [body, &[]]),
            Some(Token::Plain(token)) if is_token(token) => {
                let around = around(body, token).ok_or(Withheld::Token)?;
                (Some(token), around)
            }
            Some(Token::Plain(_) | Token::Escaped) => {
                wipe(&mut wire.members);
                return Err(Withheld::Token);
            }
        };
        let mut own = Probes::default();
        own.add(token.unwrap_or_default());
        if around
            .iter()
            .any(|part| probes.found_in(part) || own.found_in(part))
        {
            wipe(&mut wire.members);
            return Err(Withheld::Credential);
        }
        Ok(Self {
            token,
            members: wire.members,
        })
    }

    /// The real token.
    pub fn token(&self) -> Option<&'a str> {
        self.token
    }

    /// The answer, with this in the token's place.
    pub fn rebuilt(mut self, placeholder: Option<&str>) -> Vec<u8> {
        if let Some(placeholder) = placeholder {
            self.members.insert(TOKEN.to_owned(), placeholder.into());
        }
        Value::Object(self.members).to_string().into_bytes()
    }
}

/// Whether a text can be sent as a token (RFC 6750 section 2.1 has even fewer characters).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_TOKEN
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What stands before and behind a part of a text.
fn around<'t>(text: &'t [u8], part: &str) -> Option<[&'t [u8]; 2]> {
    let from = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some([text.get(..from)?, text.get(from + part.len()..)?])
}

/// The headers that are copied.
pub fn headers(given: &HeaderMap, probes: &Probes) -> HeaderMap {
    let mut copied = HeaderMap::new();
    for name in HEADERS {
        let short = |value: &&HeaderValue| value.len() <= LONGEST_HEADER;
        if let Some(value) = given.get(&name).filter(short)
            && !probes.found_in(value.as_bytes())
        {
            copied.insert(name, value.clone());
        }
    }
    copied
}

/// Whether an answer is in a coding that nobody asked for: of its content, or for its transfer
/// (RFC 9112 section 6.1), where a body may be in pieces, once, and nothing else.
pub fn is_encoded(headers: &HeaderMap) -> bool {
    let mut contents = headers.get_all(header::CONTENT_ENCODING).iter();
    let transfers = headers.get_all(header::TRANSFER_ENCODING);
    let is = |coding: &HeaderValue, name: &[u8]| coding.as_bytes().eq_ignore_ascii_case(name);
    contents.any(|coding| !is(coding, b"identity"))
        || transfers.iter().any(|coding| !is(coding, b"chunked"))
        || transfers.iter().count() > 1
}

/// An answer's members, each once, as far as they are known.
struct Wire<'a> {
    token: Option<Token<'a>>,
    members: Map<String, Value>,
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// As it stands in the answer.
    Plain(&'a str),
    /// Written with escapes, which no token needs.
    Escaped,
}

impl<'de> Deserialize<'de> for Wire<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WireVisitor)
    }
}

struct WireVisitor;

impl<'de> Visitor<'de> for WireVisitor {
    type Value = Wire<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut wire = Wire {
            token: None,
            members: Map::new(),
        };
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let known: Option<fn(Value) -> Option<Value>> = match name.as_str() {
                text if TEXTS.contains(&text) => Some(text_only),
                number if NUMBERS.contains(&number) => Some(number_only),
                CODES => Some(codes_only),
                _ => None,
            };
            if name == TOKEN {
                wire.token = Some(map.next_value()?);
            } else if let Some(known) = known {
                let value = known(map.next_value()?);
                wire.members
                    .extend(value.map(|value| (name.clone(), value)));
            } else {
                map.next_value::<Skipped>()?;
            }
            if !seen.insert(name) {
                return Err(serde::de::Error::custom("a member comes twice"));
            }
        }
        Ok(wire)
    }
}

fn text_only(value: Value) -> Option<Value> {
    value.is_string().then_some(value)
}

fn number_only(value: Value) -> Option<Value> {
    let digits = |text: &str| text.parse::<u64>().is_ok();
    (value.is_u64() || value.as_str().is_some_and(digits)).then_some(value)
}

fn codes_only(value: Value) -> Option<Value> {
    let codes = value.as_array()?.iter().filter(|code| code.is_u64());
    Some(codes.take(MOST_CODES).cloned().collect())
}

impl<'de> Deserialize<'de> for Token<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Token<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Token::Plain(text))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Token::Escaped)
    }
}

/// What was unescaped may have been a credential.
fn wipe(members: &mut Map<String, Value>) {
    for member in members.values_mut() {
        if let Value::String(text) = member {
            text.zeroize();
        }
    }
}

#[cfg(test)]
mod tests;
