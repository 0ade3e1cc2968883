//! PEM: a private key and certificates as text (RFC 7468). What stands around the blocks may be
//! in any encoding: tools write names of subjects there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::asn1::Reader;
use super::ber;
use super::bundle::Bundle;
use super::error::{Container, Obstacle, PfxError};
use super::found::{Found, FoundCertificate, FoundKey};
use super::key::Encoding;
use super::protection::{self, Budget, Password};
use super::within_limit;

/// Reads one private key (PKCS#8, encrypted or not, PKCS#1 or SEC 1) and its certificates.
///
/// # Errors
///
/// What is wrong with `Contents` or with `PrivateKeyPassword`. A password that nothing in the
/// text needs is not an error.
pub fn read(contents: &[u8], password: Option<&str>) -> Result<Bundle, PfxError> {
    within_limit(contents)?;
    Bundle::choose(open(contents, &Password::new(password))?, Container::Pem)
}

/// What stands in the text.
pub(super) fn open(contents: &[u8], password: &Password) -> Result<Found, PfxError> {
    let mut budget = Budget::new();
    let mut found = Found::default();
    for block in blocks(contents)? {
        let encoding = match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" => {
                found.certificates.push(FoundCertificate {
                    der: block.der()?.to_vec(),
                    local_id: None,
                });
                continue;
            }
            "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => Encoding::Pkcs8,
            "RSA PRIVATE KEY" => Encoding::Pkcs1,
            "EC PRIVATE KEY" => Encoding::Sec1,
            label if label.ends_with("PRIVATE KEY") => {
                let name = format!("in the form {label}");
                return Err(PfxError::UnsupportedKey(name));
            }
            _ => continue,
        };
        let der = block.der()?;
        let der = if block.label == "ENCRYPTED PRIVATE KEY" {
            unlock(&der, password, &mut budget).map_err(|obstacle| match obstacle {
                Obstacle::Password if password.is_empty() => {
                    PfxError::PasswordMissing(Container::Pem)
                }
                other => other.at(Container::Pem),
            })?
        } else {
            der
        };
        found.keys.push(FoundKey {
            der,
            encoding,
            local_id: None,
        });
    }
    Ok(found)
}

/// EncryptedPrivateKeyInfo (RFC 5958 section 3).
fn unlock(
    der: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
    let (der, _) = ber::first(der)?;
    let mut info = Reader::new(&der).sequence()?;
    let algorithm = info.sequence()?;
    protection::decrypt(algorithm, info.octets()?, password, budget)
}

/// What stands between two marks.
struct Block<'a> {
    label: &'a str,
    body: &'a [u8],
}

impl Block<'_> {
    fn der(&self) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        if split(self.body, b"Proc-Type:").is_some() {
            return Err(PfxError::UnsupportedProtection {
                container: Container::Pem,
                algorithm: "OpenSSL's old PEM encryption (Proc-Type: 4,ENCRYPTED)".to_owned(),
            });
        }
        let base64: Zeroizing<Vec<u8>> = Zeroizing::new(
            self.body
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect(),
        );
        STANDARD
            .decode(&*base64)
            .map(Zeroizing::new)
            .map_err(|_| PfxError::Damaged(Container::Pem))
    }
}

/// The blocks of a text, with whatever stands between them left out.
fn blocks(contents: &[u8]) -> Result<Vec<Block<'_>>, PfxError> {
    const MARK: &[u8] = b"-----";
    let damaged = || PfxError::Damaged(Container::Pem);
    let mut blocks = Vec::new();
    let mut rest = contents;
    while let Some((_, after)) = split(rest, b"-----BEGIN ") {
        let (label, after) = split(after, MARK).ok_or_else(damaged)?;
        let (body, after) = split(after, b"-----END ").ok_or_else(damaged)?;
        rest = after
            .strip_prefix(label)
            .and_then(|after| after.strip_prefix(MARK))
            .ok_or_else(damaged)?;
        let label = std::str::from_utf8(label).map_err(|_| damaged())?;
        blocks.push(Block { label, body });
    }
    if blocks.is_empty() {
        return Err(PfxError::NotPem);
    }
    Ok(blocks)
}

/// What stands before the first mark, and after it.
fn split<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|part| part == mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}
