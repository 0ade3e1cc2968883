//! The parts of a certificate that say whose it is, for how long, and who issued it.
//!
//! Source: RFC 5280 section 4.1.

use const_oid::ObjectIdentifier;

use super::asn1::{Element, Malformed, Reader, tag};
use super::key::PublicKey;
use super::name;
use super::signature::{Signature, Verdict};
use super::time::Time;

const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");

/// A certificate that could be read.
pub(super) struct Certificate {
    /// X.509, byte for byte as it was found.
    pub(super) der: Vec<u8>,
    /// `localKeyId` of its bag (RFC 7292 section 4.2): a hint, never proof.
    pub(super) local_id: Option<Vec<u8>>,
    /// `None` for kinds of keys that are not read.
    pub(super) public_key: Option<PublicKey>,
    /// `None` where it cannot be read.
    pub(super) not_before: Option<Time>,
    /// `None` where it cannot be read.
    pub(super) not_after: Option<Time>,
    /// For people.
    pub(super) common_name: Option<String>,
    pub(super) serial: Vec<u8>,
    /// What is signed, byte for byte.
    signed: Vec<u8>,
    signature: Signature,
    /// The content of its SubjectPublicKeyInfo.
    spki: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    ids: KeyIds,
}

/// What the extensions say about keys. One that cannot be read counts as absent: an identifier
/// helps to find an issuer, and nothing depends on it.
#[derive(Default)]
struct KeyIds {
    subject: Option<Vec<u8>>,
    authority: Option<Vec<u8>>,
    authority_serial: Option<Vec<u8>>,
}

impl Certificate {
    pub(super) fn read(der: &[u8], local_id: Option<Vec<u8>>) -> Result<Self, Malformed> {
        let whole = Reader::new(der).take(tag::SEQUENCE)?;
        let mut parts = Reader::new(whole.content);
        let signed = parts.take(tag::SEQUENCE)?;
        let signature = Signature::read(&mut parts)?;
        let mut tbs = Reader::new(signed.content);
        tbs.optional(tag::context(0))?;
        let serial = tbs.take(tag::INTEGER)?.content.to_vec();
        tbs.sequence()?;
        let issuer = tbs.take(tag::SEQUENCE)?.content;
        let mut validity = tbs.sequence()?;
        let not_before = time(validity.element()?);
        let not_after = time(validity.element()?);
        let subject = tbs.take(tag::SEQUENCE)?.content;
        let spki = tbs.take(tag::SEQUENCE)?.content;
        Ok(Certificate {
            der: whole.whole.to_vec(),
            local_id,
            public_key: PublicKey::read(Reader::new(spki))?,
            not_before,
            not_after,
            common_name: name::common_name(subject),
            serial,
            signed: signed.whole.to_vec(),
            signature,
            spki: spki.to_vec(),
            issuer: name::comparable(issuer),
            subject: name::comparable(subject),
            ids: KeyIds::read(tbs),
        })
    }

    /// Whether the issuer that it names has that name.
    ///
    /// A certificate with the right key and another name is no issuer, although the signature
    /// verifies: whoever follows the chain looks for the name first and requires both to be
    /// equal (RFC 5280 section 6.1.3 (a)(4)).
    pub(super) fn names_as_issuer(&self, issuer: &Certificate) -> bool {
        self.issuer == issuer.subject
    }

    /// Whether the key of `issuer` has signed it.
    pub(super) fn signed_by(&self, issuer: &Certificate) -> Verdict {
        self.signature.by(&issuer.spki, &self.signed)
    }

    /// Whether both are about the same key.
    pub(super) fn has_key_of(&self, other: &Certificate) -> bool {
        self.spki == other.spki
    }

    /// Whether nothing says that the issuer's key is another one: key identifiers, where both
    /// have one (RFC 5280 section 4.2.1.1). There is more than one method to compute them, so
    /// this decides only where the signature cannot.
    pub(super) fn ids_agree(&self, issuer: &Certificate) -> bool {
        match (&self.ids.authority, &issuer.ids.subject) {
            (Some(authority), Some(subject)) => authority == subject,
            _ => true,
        }
    }

    /// How surely its identifiers mean this issuer: by key identifier, then by serial number.
    pub(super) fn points_at(&self, issuer: &Certificate) -> (bool, bool) {
        (
            self.ids.authority.is_some() && self.ids.authority == issuer.ids.subject,
            self.ids.authority_serial.as_ref() == Some(&issuer.serial),
        )
    }

    /// Whether it is neither expired nor not valid yet.
    pub(super) fn is_valid_at(&self, now: Time) -> bool {
        self.not_before.is_some_and(|start| start <= now)
            && self.not_after.is_some_and(|end| now <= end)
    }
}

impl KeyIds {
    /// From what follows the key in a TBSCertificate.
    fn read(mut tbs: Reader<'_>) -> Self {
        let mut ids = KeyIds::default();
        while let Ok(part) = tbs.element() {
            if part.tag == tag::context(3)
                && let Ok(mut extensions) = Reader::new(part.content).sequence()
            {
                while let Ok(extension) = extensions.element() {
                    // Which one it was is lost; the others are not.
                    let _unreadable = ids.read_extension(extension);
                }
            }
        }
        ids
    }

    fn read_extension(&mut self, extension: Element<'_>) -> Result<(), Malformed> {
        /// BOOLEAN.
        const CRITICAL: u8 = 0x01;
        let mut extension = Reader::new(extension.content);
        let oid = extension.oid()?;
        extension.optional(CRITICAL)?;
        let mut value = Reader::new(extension.octets()?);
        if oid == Some(SUBJECT_KEY_IDENTIFIER) {
            self.subject = Some(value.octets()?.to_vec());
        } else if oid == Some(AUTHORITY_KEY_IDENTIFIER) {
            let owned = |found: Option<Element<'_>>| found.map(|element| element.content.to_vec());
            let mut authority = value.sequence()?;
            let id = owned(authority.optional(tag::context_primitive(0))?);
            authority.optional(tag::context(1))?;
            let serial = owned(authority.optional(tag::context_primitive(2))?);
            (self.authority, self.authority_serial) = (id, serial);
        }
        Ok(())
    }
}

fn time(element: Element<'_>) -> Option<Time> {
    if element.tag == tag::UTC_TIME {
        Time::from_utc(element.content)
    } else {
        Time::from_generalized(element.content)
    }
}
