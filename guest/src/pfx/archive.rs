//! Walks through a PKCS#12 and collects its private keys and certificates.
//!
//! It must not know which of them are wanted. Source: RFC 7292 sections 4 and 5.

use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::asn1::{Malformed, Reader, tag};
use super::ber;
use super::error::{Container, Obstacle, PfxError};
use super::found::{Found, FoundCertificate, FoundKey};
use super::key::Encoding;
use super::protection::{self, Budget, Password};

pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const SIGNED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ENVELOPED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
pub(super) const KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
pub(super) const CERT_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
pub(super) const X509: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
pub(super) const LOCAL_KEY_ID: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

/// How deep bags of bags may lie in each other: no known program makes any.
const DEEPEST: u32 = 4;

/// What it takes to open what is closed.
struct Opener<'p> {
    password: &'p Password,
    budget: Budget,
    found: Found,
}

/// Everything that the password opens.
pub(super) fn open(contents: &[u8], password: &Password) -> Result<Found, PfxError> {
    let mut opener = Opener {
        password,
        budget: Budget::new(),
        found: Found::default(),
    };
    let (file, _) = ber::first(contents).map_err(|m| Obstacle::from(m).at(Container::Pfx))?;
    let checked = opener
        .check(&file)
        .map_err(|obstacle| named(obstacle, password))?;
    match opener.collect(&checked.safe) {
        Ok(()) => Ok(opener.found),
        Err(Obstacle::Password) if checked.has_mac => Err(PfxError::TwoPasswords),
        Err(obstacle) => Err(named(obstacle, password)),
    }
}

fn named(obstacle: Obstacle, password: &Password) -> PfxError {
    match obstacle {
        Obstacle::Password if password.is_empty() => PfxError::PasswordMissing(Container::Pfx),
        other => other.at(Container::Pfx),
    }
}

/// What is in a file whose checksum is right or absent.
struct Checked {
    safe: Zeroizing<Vec<u8>>,
    has_mac: bool,
}

impl Opener<'_> {
    fn check(&mut self, file: &[u8]) -> Result<Checked, Obstacle> {
        let mut pfx = Reader::new(file).sequence()?;
        if pfx.count()? != 3 {
            return Err(Obstacle::Malformed);
        }
        let mut auth_safe = pfx.sequence()?;
        let kind = auth_safe.oid()?;
        if kind == Some(SIGNED_DATA) {
            let name = "a signature instead of a password".to_owned();
            return Err(Obstacle::Algorithm(name));
        }
        if kind != Some(DATA) {
            return Err(Obstacle::Malformed);
        }
        let data = auth_safe.inside(tag::context(0))?.octets()?;
        let has_mac = !pfx.is_empty();
        if has_mac {
            protection::verify(pfx.sequence()?, data, self.password, &mut self.budget)?;
        }
        Ok(Checked {
            safe: Zeroizing::new(ber::first(data)?.0),
            has_mac,
        })
    }

    fn collect(&mut self, safe: &[u8]) -> Result<(), Obstacle> {
        let mut parts = Reader::new(safe).sequence()?;
        while !parts.is_empty() {
            let mut part = parts.sequence()?;
            let kind = part.oid()?;
            let mut content = part.inside(tag::context(0))?;
            let bags = if kind == Some(DATA) {
                Zeroizing::new(ber::first(content.octets()?)?.0)
            } else if kind == Some(ENCRYPTED_DATA) {
                self.decrypt(content.sequence()?)?
            } else if kind == Some(ENVELOPED_DATA) {
                let name = "a public key instead of a password".to_owned();
                return Err(Obstacle::Algorithm(name));
            } else {
                return Err(Obstacle::Malformed);
            };
            self.bags(Reader::new(&bags).sequence()?, DEEPEST)?;
        }
        Ok(())
    }

    /// EncryptedData (RFC 5652 section 8).
    fn decrypt(&mut self, mut encrypted: Reader<'_>) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
        encrypted.count()?;
        let mut info = encrypted.sequence()?;
        info.oid()?;
        let algorithm = info.sequence()?;
        let data = match info.optional(tag::context(0))? {
            Some(pieces) => ber::joined(pieces.content)?,
            None => info.take(tag::context_primitive(0))?.content.to_vec(),
        };
        protection::decrypt(algorithm, &data, self.password, &mut self.budget)
    }

    fn bags(&mut self, mut bags: Reader<'_>, depth: u32) -> Result<(), Obstacle> {
        let depth = depth.checked_sub(1).ok_or(Obstacle::Malformed)?;
        while !bags.is_empty() {
            let mut bag = bags.sequence()?;
            let kind = bag.oid()?;
            let mut value = bag.inside(tag::context(0))?;
            let local_id = local_key_id(bag);
            if kind == Some(KEY_BAG) {
                let key = value.take(tag::SEQUENCE)?.whole.to_vec();
                self.found.keys.push(FoundKey {
                    der: Zeroizing::new(key),
                    encoding: Encoding::Pkcs8,
                    local_id,
                });
            } else if kind == Some(SHROUDED_KEY_BAG) {
                let mut shrouded = value.sequence()?;
                let algorithm = shrouded.sequence()?;
                let data = shrouded.octets()?;
                let key = protection::decrypt(algorithm, data, self.password, &mut self.budget)?;
                self.found.keys.push(FoundKey {
                    der: key,
                    encoding: Encoding::Pkcs8,
                    local_id,
                });
            } else if kind == Some(CERT_BAG) {
                let mut bag = value.sequence()?;
                // The other kind, SDSI, is nothing that a vault takes.
                if bag.oid()? == Some(X509) {
                    let der = bag.inside(tag::context(0))?.octets()?.to_vec();
                    self.found
                        .certificates
                        .push(FoundCertificate { der, local_id });
                }
            } else if kind == Some(SAFE_CONTENTS_BAG) {
                self.bags(value.sequence()?, depth)?;
            }
            // Revocation lists and secrets (RFC 7292 sections 4.2.4 and 4.2.5) stay behind.
        }
        Ok(())
    }
}

/// From the attributes of a bag, which come after its value. They are hints: what cannot be read
/// of them is not there.
fn local_key_id(mut bag: Reader<'_>) -> Option<Vec<u8>> {
    let mut attributes = bag.inside(tag::SET).ok()?;
    let found = std::iter::from_fn(|| attributes.element().ok());
    found
        .map(|attribute| local_key_id_in(Reader::new(attribute.content)))
        .find_map(Result::unwrap_or_default)
}

fn local_key_id_in(mut attribute: Reader<'_>) -> Result<Option<Vec<u8>>, Malformed> {
    if attribute.oid()? != Some(LOCAL_KEY_ID) {
        return Ok(None);
    }
    let value = attribute.inside(tag::SET)?.octets()?;
    Ok(Some(value.to_vec()))
}
