//! The certificates that come in a PKCS#7 beside a key (RFC 5652 section 5).
//!
//! Who has signed what there is not looked at: the message is a wrapper.

use super::archive::SIGNED_DATA;
use super::asn1::{Malformed, Reader, tag};
use super::ber;

/// Its certificates, in its order. Those of other kinds than X.509 are left out.
pub(super) fn certificates(der: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
    let (der, _) = ber::first(der)?;
    let mut message = Reader::new(&der).sequence()?;
    if message.oid()? != Some(SIGNED_DATA) {
        return Err(Malformed);
    }
    let mut signed = message.inside(tag::context(0))?.sequence()?;
    // Version, hashes, what is signed.
    signed.count()?;
    signed.take(tag::SET)?;
    signed.sequence()?;
    let mut found = Vec::new();
    if let Some(set) = signed.optional(tag::context(0))? {
        let mut set = Reader::new(set.content);
        while !set.is_empty() {
            let element = set.element()?;
            if element.tag == tag::SEQUENCE {
                found.push(element.whole.to_vec());
            }
        }
    }
    Ok(found)
}
