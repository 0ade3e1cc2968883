//! Recognises the files that are given instead of a PFX, so that the refusal can name them.

use super::asn1::{Header, tag};
use super::text;

/// What it is, if it is not a PKCS#12. Bytes that begin like one count as one.
pub(super) fn other_than_pfx(contents: &[u8]) -> Option<&'static str> {
    const DAMAGED: &str = "base64 text that is damaged or cut off";
    const MARKS: [(&[u8], &str); 6] = [
        (b"\xfe\xed\xfe\xed", "a Java keystore of the type JKS"),
        (b"\xce\xce\xce\xce", "a Java keystore of the type JCEKS"),
        (b"MII", DAMAGED),
        (b"MIA", DAMAGED),
        (b"TUl", "base64 once more (it is encoded twice)"),
        (b"PK\x03\x04", "a zip file"),
    ];
    let text = text::of(contents);
    let is_text = !text.contains(&0);
    if is_text && text::has_begin(&text) {
        return Some("PEM text");
    }
    if let Some((_, name)) = MARKS.iter().find(|(mark, _)| text.starts_with(mark)) {
        return Some(name);
    }
    let inside = Header::read(contents)
        .ok()
        .filter(|header| header.tag == tag::SEQUENCE)
        .and_then(|header| contents.get(header.size..));
    match inside {
        // The version: 3 is a PFX, 0 and 1 are keys.
        Some([tag::INTEGER, 1, 0 | 1, ..]) => Some("a private key without its certificate"),
        Some([] | [tag::INTEGER, ..]) => None,
        Some(algorithm @ [tag::SEQUENCE, ..]) if starts_with_oid(algorithm) => {
            Some("an encrypted private key without its certificate")
        }
        Some([tag::SEQUENCE, ..]) => Some("a certificate without its private key"),
        Some([tag::OID, ..]) => Some("a PKCS#7 file, which has no private key"),
        _ => Some("data of another kind"),
    }
}

/// Whether this is an element whose content starts with an object identifier.
fn starts_with_oid(element: &[u8]) -> bool {
    Header::read(element)
        .ok()
        .and_then(|header| element.get(header.size))
        == Some(&tag::OID)
}
