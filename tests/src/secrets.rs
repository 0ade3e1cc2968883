//! What must be in no output, and the search for it in every spelling in which it could get
//! there: raw, base64 and base64url in their three alignments, percent-encoded, JSON-escaped and hexadecimal.
//!
//! It must not know where a text comes from.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;
use p12_keystore::Pkcs12Archive;
use serde_json::Value;

/// How tokens begin that Entra ID and the emulator issue: their type or algorithm, in base64.
const TOKENS: [&[u8]; 2] = [b"eyJ0eXAiOiJKV1Qi", b"eyJhbGciOiJSUzI1"];

/// Bytes of a piece of a long secret that is looked for: long enough not to occur by chance.
const PIECE: usize = 24;

/// Shortest text that is looked for.
const SHORTEST: usize = 8;

/// Secrets by name, in every spelling.
#[derive(Default)]
pub struct Secrets {
    needles: Vec<(String, Vec<u8>)>,
}

impl Secrets {
    /// The secrets of a job of the platform: client secret, password, contents, tag values.
    pub fn of_job(job: &Value) -> Self {
        let mut secrets = Self::default();
        for token in TOKENS {
            secrets.add("token", token);
        }
        let certificate = &job["JobCertificate"];
        for (name, value) in [
            ("client secret", &job["ServerPassword"]),
            ("password", &certificate["PrivateKeyPassword"]),
        ] {
            if let Some(text) = value.as_str().filter(|text| *text != "managed") {
                secrets.add(name, text.as_bytes());
            }
        }
        if let Some(contents) = certificate["Contents"].as_str() {
            let contents = STANDARD.decode(contents).unwrap();
            secrets.add_pieces("contents", &contents);
            if let Some(key) = key_of(certificate) {
                secrets.add_pieces("private key", &key);
            }
        }
        let tags = job["JobProperties"]["CertificateTags"].as_str();
        if let Some(Ok(Value::Object(tags))) = tags.map(serde_json::from_str) {
            for value in tags.values().filter_map(Value::as_str) {
                secrets.add("tag value", value.as_bytes());
            }
        }
        secrets
    }

    /// Adds a secret. One that is too short to be told from chance is left out.
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        if secret.len() < SHORTEST {
            return;
        }
        for (spelling, needle) in spellings(secret) {
            self.needles.push((format!("{name}, {spelling}"), needle));
        }
    }

    /// Adds pieces of a long secret.
    pub fn add_pieces(&mut self, name: &str, secret: &[u8]) {
        // The beginning of a container says only what it is.
        for piece in secret.chunks_exact(PIECE).skip(2).step_by(7) {
            self.add(name, piece);
        }
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Secrets) {
        self.needles.extend(other.needles);
    }

    /// Every spelling that is text.
    pub fn spelled(&self) -> Vec<String> {
        let texts = self.needles.iter();
        texts
            .filter_map(|(_, needle)| String::from_utf8(needle.clone()).ok())
            .collect()
    }

    /// How many spellings are looked for.
    pub fn len(&self) -> usize {
        self.needles.len()
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The first one that a text holds.
    pub fn find_in(&self, text: &str) -> Option<&str> {
        let text = text.as_bytes();
        self.needles
            .iter()
            .find(|(_, needle)| memmem::find(text, needle).is_some())
            .map(|(name, _)| name.as_str())
    }
}

/// The private key that a delivery holds, in PKCS#8: what an import sends in the clear.
fn key_of(certificate: &Value) -> Option<Vec<u8>> {
    let contents = STANDARD.decode(certificate["Contents"].as_str()?).ok()?;
    if let Ok(text) = std::str::from_utf8(&contents) {
        let (_, rest) = text.split_once("-----BEGIN PRIVATE KEY-----")?;
        let body: String = rest.split("-----END").next()?.split_whitespace().collect();
        return STANDARD.decode(body).ok();
    }
    let password = certificate["PrivateKeyPassword"].as_str()?;
    let archive = Pkcs12Archive::from_pkcs12(&contents, password).ok()?;
    Some(archive.keys.first()?.key.as_der().to_vec())
}

/// The spellings of a secret. Of base64, what does not depend on the neighbours.
fn spellings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("raw", secret.to_vec())];
    for (name, before) in [
        ("base64", 0),
        ("base64, shifted by one", 1),
        ("base64, shifted by two", 2),
    ] {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        let text = STANDARD.encode(&padded);
        // Characters that hold bits of the bytes before or behind.
        let from = if before == 0 { 0 } else { before + 1 };
        let whole = padded.len() / 3 * 4;
        all.push((name, text.as_bytes()[from..whole].to_vec()));
        let text = URL_SAFE.encode(&padded);
        all.push(("base64url", text.as_bytes()[from..whole].to_vec()));
    }
    let mut percent = String::new();
    let mut lower = String::new();
    let mut upper = String::new();
    for byte in secret {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            percent.push(char::from(*byte));
        } else {
            let _ = write!(percent, "%{byte:02X}");
        }
        let _ = write!(lower, "{byte:02x}");
        let _ = write!(upper, "{byte:02X}");
    }
    all.push(("percent-encoded", percent.into_bytes()));
    all.push(("hexadecimal", lower.into_bytes()));
    all.push(("hexadecimal in capitals", upper.into_bytes()));
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).unwrap();
        all.push(("JSON-escaped", json.as_bytes()[1..json.len() - 1].to_vec()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_secret_is_found_in_every_spelling_and_alignment() {
        let secret = "p\"~1+/= &\u{e4}secret";
        let mut secrets = Secrets::default();
        secrets.add("planted", secret.as_bytes());
        let base64 = |before: &str| STANDARD.encode(format!("{before}{secret}{before}"));
        for text in [
            secret.to_owned(),
            base64(""),
            base64("x"),
            base64("xy"),
            base64("xyz"),
            serde_json::to_string(secret).unwrap(),
            secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
            secret.bytes().map(|byte| format!("{byte:02X}")).collect(),
            form_encoded(secret),
        ] {
            let found = secrets.find_in(&format!("before {text} behind"));
            assert!(found.is_some(), "{text}");
        }
        assert_eq!(secrets.find_in("a line without one"), None);
    }

    fn form_encoded(text: &str) -> String {
        text.bytes()
            .map(|byte| match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect()
    }
}
