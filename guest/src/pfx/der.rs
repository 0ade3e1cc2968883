//! Writes DER, from the inside out.
//!
//! It must not know what any structure means. Source: ITU-T X.690, 8.1.3 and 10.1.

use const_oid::ObjectIdentifier;

use super::asn1::{tag, without_leading_zeros};

/// Appends an element to `output`.
pub(super) fn append(tag: u8, content: &[u8], output: &mut Vec<u8>) {
    output.push(tag);
    let length = content.len().to_be_bytes();
    match without_leading_zeros(&length) {
        [] => output.push(0),
        [short @ 0..0x80] => output.push(*short),
        long => {
            // A usize has at most eight bytes.
            output.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            output.extend_from_slice(long);
        }
    }
    output.extend_from_slice(content);
}

/// An element that holds bytes.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(content.len().saturating_add(6));
    append(tag, content, &mut output);
    output
}

/// An element that holds elements.
pub(super) fn holding(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// A SEQUENCE of elements.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    holding(tag::SEQUENCE, parts)
}

/// An OCTET STRING.
pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    element(tag::OCTET_STRING, content)
}

/// An object identifier.
pub(super) fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    element(tag::OID, oid.as_bytes())
}

/// A positive integer or zero, given in bytes of any length.
pub(super) fn unsigned(value: &[u8]) -> Vec<u8> {
    let value = without_leading_zeros(value);
    match value.first() {
        None => element(tag::INTEGER, &[0]),
        // The first bit is the sign.
        Some(0x80..) => element(tag::INTEGER, &[&[0], value].concat()),
        Some(_) => element(tag::INTEGER, value),
    }
}
