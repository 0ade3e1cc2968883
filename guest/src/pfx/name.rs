//! Distinguished names in a form in which equal names have equal bytes, and what of them a
//! message shows.
//!
//! Issuers write the name of an authority in another string type or case now and then, and it
//! is the same name (RFC 5280 section 7.1, reduced to what occurs: string types, ASCII case,
//! runs of spaces).

use const_oid::ObjectIdentifier;

use super::asn1::{Malformed, Reader, tag};
use super::der;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The most characters of a name that are shown: as many as X.520 lets a common name have.
const LONGEST: usize = 64;

/// The comparable form of a Name's content; a name that cannot be read is compared as it is.
pub(super) fn comparable(name: &[u8]) -> Vec<u8> {
    folded(name).unwrap_or_else(|Malformed| name.to_vec())
}

/// The common name in a Name's content, the last where there are several, fit for a message:
/// bounded, and without characters that are not seen.
pub(super) fn common_name(name: &[u8]) -> Option<String> {
    let mut found = None;
    let mut parts = Reader::new(name);
    while let Ok(mut attributes) = parts.inside(tag::SET) {
        while let Ok(mut attribute) = attributes.sequence() {
            if attribute.oid().is_ok_and(|oid| oid == Some(COMMON_NAME))
                && let Ok(value) = attribute.element()
            {
                found = text(value.tag, value.content);
            }
        }
    }
    let shown: String = found?
        .chars()
        .map(|c| if is_shown(c) { c } else { '?' })
        .take(LONGEST)
        .collect();
    (!shown.trim().is_empty()).then_some(shown)
}

/// Whether a character can stand in a message: no control characters, and none that change the
/// direction of what follows or cannot be seen.
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        && !matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
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
