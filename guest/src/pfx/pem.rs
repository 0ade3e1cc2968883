//! PEM: a private key and certificates as text (RFC 7468). What stands around the blocks may be
//! in any encoding: tools write names of subjects there.

use zeroize::Zeroizing;

use super::asn1::Reader;
use super::bundle::Bundle;
use super::error::{Container, Obstacle, PfxError};
use super::found::{Found, FoundCertificate, FoundKey};
use super::key::Encoding;
use super::protection::{self, Budget, Password};
use super::text::{self, BEGIN};
use super::time::Time;
use super::{ber, pkcs7, within_limit};

/// Reads one private key (PKCS#8, encrypted or not, PKCS#1 or SEC 1) and its certificates, also
/// those of a PKCS#7. The text may be in UTF-8 or UTF-16, in base64 once more, and without its
/// line ends; `now` tells certificates that are valid from those that are not.
///
/// # Errors
///
/// What is wrong with `Contents` or with `PrivateKeyPassword`. A password that nothing in the
/// text needs is not an error.
pub fn read(contents: &[u8], password: Option<&str>, now: Time) -> Result<Bundle, PfxError> {
    within_limit(contents)?;
    let found = open(contents, &Password::new(password))?;
    Bundle::choose(found, Container::Pem, now)
}

/// What stands in the text.
pub(super) fn open(contents: &[u8], password: &Password) -> Result<Found, PfxError> {
    let decoded = text::pem_in_base64(contents);
    let text = text::of(decoded.as_deref().map_or(contents, Vec::as_slice));
    let mut budget = Budget::new();
    let mut found = Found::default();
    for block in blocks(&text)? {
        let encoding = match block.label {
            // What OpenSSL trusts the last one for stands behind the certificate.
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                // One that cannot be read is counted, so that a message can say which it is.
                let der = block.der().map(|der| der.to_vec()).unwrap_or_default();
                found.add_certificate(der);
                continue;
            }
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => {
                let inside = pkcs7::certificates(&block.der()?);
                let inside = inside.map_err(|_| PfxError::Damaged(Container::Pem))?;
                inside
                    .into_iter()
                    .for_each(|der| found.add_certificate(der));
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
        if split(block.body, b"Proc-Type:").is_some() {
            return Err(PfxError::OldPemEncryption);
        }
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

impl Found {
    fn add_certificate(&mut self, der: Vec<u8>) {
        self.certificates.push(FoundCertificate {
            der,
            local_id: None,
        });
    }
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
    /// Whether its own end follows.
    ends: bool,
}

impl Block<'_> {
    fn der(&self) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        let der = text::decode(self.body).filter(|_| self.ends);
        der.ok_or(PfxError::Damaged(Container::Pem))
    }
}

/// The blocks of a text, with whatever stands between them left out.
fn blocks(contents: &[u8]) -> Result<Vec<Block<'_>>, PfxError> {
    const MARK: &[u8] = b"-----";
    const END: &[u8] = b"-----END ";
    let damaged = || PfxError::Damaged(Container::Pem);
    let mut blocks = Vec::new();
    let mut rest = contents;
    while let Some((_, after)) = split(rest, BEGIN) {
        let (label, after) = split(after, MARK).ok_or_else(damaged)?;
        let end = after.windows(MARK.len()).position(|part| part == MARK);
        let (body, after) = after
            .split_at_checked(end.unwrap_or(after.len()))
            .ok_or_else(damaged)?;
        let own_end = after
            .strip_prefix(END)
            .and_then(|after| after.strip_prefix(label))
            .and_then(|after| after.strip_prefix(MARK));
        rest = own_end.unwrap_or(after);
        let label = std::str::from_utf8(label).map_err(|_| damaged())?;
        let ends = own_end.is_some();
        blocks.push(Block { label, body, ends });
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
