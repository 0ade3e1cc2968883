//! The parts of a certificate that say whose it is and who issued it.
//!
//! Nothing is verified here: Key Vault and those who rely on the certificate do that. Source:
//! RFC 5280 section 4.1.

use const_oid::ObjectIdentifier;

use super::asn1::{Malformed, Reader, tag};
use super::key::PublicKey;
use super::name;

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
    /// In an order that can be compared: `20300101000000Z`.
    pub(super) not_after: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    subject_id: Option<Vec<u8>>,
    authority_id: Option<Vec<u8>>,
    authority_serial: Option<Vec<u8>>,
}

impl Certificate {
    pub(super) fn read(der: &[u8], local_id: Option<Vec<u8>>) -> Result<Self, Malformed> {
        let whole = Reader::new(der).take(tag::SEQUENCE)?;
        let mut tbs = Reader::new(whole.content).sequence()?;
        tbs.optional(tag::context(0))?;
        let serial = tbs.take(tag::INTEGER)?.content.to_vec();
        tbs.sequence()?;
        let issuer = tbs.take(tag::SEQUENCE)?.content;
        let mut validity = tbs.sequence()?;
        validity.element()?;
        let not_after = time(&mut validity)?;
        let subject = tbs.take(tag::SEQUENCE)?.content;
        let public_key = PublicKey::read(tbs.sequence()?)?;
        let mut certificate = Certificate {
            der: whole.whole.to_vec(),
            local_id,
            public_key,
            not_after,
            serial,
            issuer: name::comparable(issuer),
            subject: name::comparable(subject),
            subject_id: None,
            authority_id: None,
            authority_serial: None,
        };
        tbs.optional(tag::context_primitive(1))?;
        tbs.optional(tag::context_primitive(2))?;
        if let Some(extensions) = tbs.optional(tag::context(3))? {
            certificate.read_extensions(Reader::new(extensions.content).sequence()?)?;
        }
        Ok(certificate)
    }

    fn read_extensions(&mut self, mut extensions: Reader<'_>) -> Result<(), Malformed> {
        /// BOOLEAN.
        const CRITICAL: u8 = 0x01;
        while !extensions.is_empty() {
            let mut extension = extensions.sequence()?;
            let oid = extension.oid()?;
            extension.optional(CRITICAL)?;
            let mut value = Reader::new(extension.octets()?);
            if oid == Some(SUBJECT_KEY_IDENTIFIER) {
                self.subject_id = Some(value.octets()?.to_vec());
            } else if oid == Some(AUTHORITY_KEY_IDENTIFIER) {
                let mut authority = value.sequence()?;
                let owned = |found: Option<super::asn1::Element<'_>>| {
                    found.map(|element| element.content.to_vec())
                };
                self.authority_id = owned(authority.optional(tag::context_primitive(0))?);
                authority.optional(tag::context(1))?;
                self.authority_serial = owned(authority.optional(tag::context_primitive(2))?);
            }
        }
        Ok(())
    }

    /// Whether it names itself as its issuer, and nothing says that it means an older key.
    pub(super) fn is_self_signed(&self) -> bool {
        self.may_be_issued_by(self)
    }

    /// By names, and by key identifiers where both have one (RFC 5280 section 4.2.1.1).
    pub(super) fn may_be_issued_by(&self, issuer: &Certificate) -> bool {
        let ids_agree = match (&self.authority_id, &issuer.subject_id) {
            (Some(authority), Some(subject)) => authority == subject,
            _ => true,
        };
        self.issuer == issuer.subject && ids_agree
    }

    /// How surely: by key identifier, then by serial number.
    pub(super) fn points_at(&self, issuer: &Certificate) -> (bool, bool) {
        (
            self.authority_id.is_some() && self.authority_id == issuer.subject_id,
            self.authority_serial.as_ref() == Some(&issuer.serial),
        )
    }
}

/// A Time, with a century where it has none (RFC 5280 section 4.1.2.5.1).
fn time(reader: &mut Reader<'_>) -> Result<Vec<u8>, Malformed> {
    let element = reader.element()?;
    if element.tag != tag::UTC_TIME {
        return Ok(element.content.to_vec());
    }
    let century: &[u8] = match element.content.first() {
        Some(b'5'..=b'9') => b"19",
        _ => b"20",
    };
    Ok([century, element.content].concat())
}
