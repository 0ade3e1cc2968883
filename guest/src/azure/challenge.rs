//! What the `WWW-Authenticate` header of a 401 says (RFC 9110 section 11.6.1, Bearer
//! of RFC 6750 section 3).
//!
//! It must not lead anywhere: authority and scope come from the job alone. A challenge
//! is read for the claims of continuous access evaluation and for the diagnosis.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::http::Response;

/// The useful part of a challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// The tenant that the service names: the first path segment of `authorization`
    /// or `authorization_uri`, as it came.
    pub tenant: Option<String>,
    /// The claims to ask for, as JSON text, when the token lacks some (Microsoft
    /// identity platform, "Claims challenges, claims requests, and client capabilities").
    pub claims: Option<String>,
    /// Whether it asks for claims, readable or not (`error="insufficient_claims"`).
    pub asks_for_claims: bool,
}

/// A claim that services ask for, of those with a remedy of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `xms_rp_ipaddr`: the address that the service sees.
    Address,
    /// `nbf`: a token that was issued after a time.
    IssuedLater,
    /// `acrs`: an authentication context.
    Context,
}

/// Services send the claims with or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Characters of claims that are passed on; real ones have below 200.
const LONGEST_CLAIMS: usize = 4 * 1024;

impl Challenge {
    /// Reads every `WWW-Authenticate` header of an answer. What cannot be read is
    /// left out: the answer is a refusal either way.
    pub fn read(response: &Response) -> Challenge {
        let mut challenge = Challenge::default();
        for header in response.headers("www-authenticate") {
            for (name, value) in parameters(header) {
                match name.as_str() {
                    "authorization" | "authorization_uri" if challenge.tenant.is_none() => {
                        challenge.tenant = tenant(&value);
                    }
                    "claims" if challenge.claims.is_none() => {
                        challenge.claims = claims(&value);
                        challenge.asks_for_claims |= challenge.claims.is_some();
                    }
                    "error" if value == "insufficient_claims" => challenge.asks_for_claims = true,
                    _ => {}
                }
            }
        }
        challenge
    }

    /// The known ones of the claims that are asked for.
    pub fn wanted(&self) -> Vec<Claim> {
        let claims = self.claims.as_deref().unwrap_or_default();
        let claims: serde_json::Value = serde_json::from_str(claims).unwrap_or_default();
        let known = [
            ("xms_rp_ipaddr", Claim::Address),
            ("nbf", Claim::IssuedLater),
            ("acrs", Claim::Context),
        ];
        let of_token = claims.get("access_token");
        let asked = |(name, _): &(&str, Claim)| of_token.is_some_and(|of| of.get(name).is_some());
        let asked = known.into_iter().filter(asked);
        asked.map(|(_, claim)| claim).collect()
    }
}

/// The `name=value` pairs, names in lower case, whatever schemes stand between them.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before
            .rsplit([',', ' ', '\t'])
            .find(|word| !word.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let (value, left) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find([',', ' ']).unwrap_or(after.len());
                let (value, left) = after.split_at(end);
                (value.to_owned(), left)
            }
        };
        pairs.push((name, value));
        rest = left;
    }
    pairs
}

/// A quoted string after its opening quote, and what follows it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    (value, characters.as_str())
}

fn tenant(authority: &str) -> Option<String> {
    let (_, rest) = authority.split_once("://")?;
    let segment = rest.split('/').nth(1)?;
    Some(segment.to_owned())
}

fn claims(encoded: &str) -> Option<String> {
    if encoded.len() > LONGEST_CLAIMS {
        return None;
    }
    let engines = [
        GeneralPurpose::new(&alphabet::STANDARD, LENIENT),
        GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT),
    ];
    let decoded = engines
        .iter()
        .find_map(|engine| engine.decode(encoded).ok())?;
    let text = String::from_utf8(decoded).ok()?;
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Challenge {
        Challenge::read(&Response {
            status: 401,
            headers: headers
                .iter()
                .map(|value| ("www-authenticate".to_owned(), (*value).to_owned()))
                .collect(),
            body: Vec::new(),
        })
    }

    #[test]
    fn the_vaults_challenge_names_its_tenant() {
        for header in [
            r#"Bearer authorization="https://login.microsoftonline.com/72f988bf", resource="https://vault.azure.net""#,
            r#"Bearer resource="https://vault.azure.net",authorization_uri="https://login.windows.net/72f988bf/oauth2""#,
            r#"Basic realm="a, b=c", Bearer authorization="https://login.windows.net/72f988bf""#,
            r#"bearer AUTHORIZATION = "https://login.windows.net/72f988bf""#,
        ] {
            assert_eq!(
                read(&[header]).tenant.as_deref(),
                Some("72f988bf"),
                "{header}"
            );
        }
    }

    #[test]
    fn claims_are_decoded_with_and_without_padding() {
        let json = r#"{"access_token":{"nbf":{"essential":true}}}"#;
        let padded = base64::engine::general_purpose::STANDARD.encode(json);
        for encoded in [padded.as_str(), padded.trim_end_matches('=')] {
            let header = format!(
                r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="{encoded}""#
            );
            assert_eq!(read(&[&header]).claims.as_deref(), Some(json));
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for header in [
            "",
            "Bearer",
            "=",
            "Bearer claims=\"%%%\"",
            "Bearer claims=\"bm90IGpzb24=\"",
            "Bearer claims=\"WzFd\"",
            "Bearer authorization=\"login\"",
            "Bearer authorization=\"unclosed\\",
        ] {
            assert_eq!(read(&[header]), Challenge::default(), "{header}");
        }
    }
}
