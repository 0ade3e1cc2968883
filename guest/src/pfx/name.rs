//! Distinguished names in a form in which equal names have equal bytes.
//!
//! Issuers write the name of an authority in another string type or case now and then, and it
//! is the same name (RFC 5280 section 7.1, reduced to what occurs: string types, ASCII case,
//! runs of spaces).

use super::asn1::{Malformed, Reader, tag};
use super::der;

/// The comparable form of a Name's content; a name that cannot be read is compared as it is.
pub(super) fn comparable(name: &[u8]) -> Vec<u8> {
    folded(name).unwrap_or_else(|Malformed| name.to_vec())
}

fn folded(name: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut output = Vec::with_capacity(name.len());
    let mut parts = Reader::new(name);
    while !parts.is_empty() {
        let mut part = Vec::new();
        let mut attributes = parts.inside(tag::SET)?;
        while !attributes.is_empty() {
            let mut attribute = attributes.sequence()?;
            let kind = attribute.take(tag::OID)?;
            let value = attribute.element()?;
            part.extend_from_slice(kind.whole);
            match text(value.tag, value.content) {
                Some(text) => der::append(tag::UTF8_STRING, fold(&text).as_bytes(), &mut part),
                None => part.extend_from_slice(value.whole),
            }
        }
        der::append(tag::SET, &part, &mut output);
    }
    Ok(output)
}

fn text(tag: u8, content: &[u8]) -> Option<String> {
    match tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
            std::str::from_utf8(content).ok().map(str::to_owned)
        }
        // In use, it is Latin-1.
        tag::TELETEX_STRING => Some(content.iter().copied().map(char::from).collect()),
        tag::BMP_STRING => {
            let units = content
                .chunks(2)
                .map(|unit| unit.try_into().map(u16::from_be_bytes))
                .collect::<Result<Vec<_>, _>>()
                .ok()?;
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

fn fold(text: &str) -> String {
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    words.join(" ").to_ascii_lowercase()
}
