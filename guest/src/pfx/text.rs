//! Files that are text: in the encodings that shells and editors write, flattened on their way,
//! or base64 of what should have been bytes.
//!
//! What comes out may hold a private key, so it is wiped.
//!
//! The host reads text files too (`host/src/text_file.rs`): those of its own machine, and PEM that
//! a job says is PEM. There bytes that are no text are an error. Here the format is not known
//! before the bytes are looked at, so that bytes that are no text stay as they are. And these are
//! bytes from outside: what looks into a certificate does so inside the sandbox, and no code of
//! the host is there.

use std::ops::Deref;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::asn1::tag;

/// The mark at the start of a PEM block.
pub(super) const BEGIN: &[u8] = b"-----BEGIN ";

/// Base64 whose padding was kept or lost.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Text with one byte for each ASCII character.
pub(super) enum Text<'a> {
    AsItIs(&'a [u8]),
    Converted(Zeroizing<Vec<u8>>),
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Text::AsItIs(text) => text,
            Text::Converted(text) => text,
        }
    }
}

/// Takes the mark of UTF-8 away and narrows UTF-16, with a mark or without, to UTF-8. All else
/// stays as it is, bytes that are no text too.
pub(super) fn of(contents: &[u8]) -> Text<'_> {
    let widen: fn([u8; 2]) -> u16 = match contents {
        [0xef, 0xbb, 0xbf, text @ ..] => return Text::AsItIs(text),
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        // Without a mark: ASCII and zeros in turn, as no structure of bytes begins.
        [a, 0, b, 0, ..] if a.is_ascii_graphic() && b.is_ascii_graphic() => u16::from_le_bytes,
        [0, a, 0, b, ..] if a.is_ascii_graphic() && b.is_ascii_graphic() => u16::from_be_bytes,
        _ => return Text::AsItIs(contents),
    };
    let units = contents
        .chunks(2)
        .filter_map(|unit| unit.try_into().ok())
        .map(widen)
        .skip_while(|unit| *unit == 0xfeff);
    // Three bytes for a unit are the most: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(contents.len().saturating_mul(2)));
    for character in char::decode_utf16(units) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Text::Converted(text)
}

/// Decodes base64 whatever stands between its characters: line ends, blanks where they were, or
/// line ends written out (`\n`, `\r\n`).
pub(super) fn decode(base64: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut characters = Zeroizing::new(Vec::with_capacity(base64.len()));
    let mut rest = base64;
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\\', [b'n' | b'r' | b't', after @ ..]) => after,
            _ => after,
        };
        if *first != b'\\' && !first.is_ascii_whitespace() {
            characters.push(*first);
        }
    }
    BASE64.decode(&*characters).ok().map(Zeroizing::new)
}

/// What a file decodes to that is base64 text of an ASN.1 structure, as downloads of a vault's
/// secret are.
pub(super) fn pkcs12_in_base64(contents: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    in_base64(contents).filter(|decoded| decoded.first() == Some(&tag::SEQUENCE))
}

/// What a file decodes to that is base64 text of PEM.
pub(super) fn pem_in_base64(contents: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    in_base64(contents).filter(|decoded| has_begin(&of(decoded)))
}

/// Whether there is a PEM block in it.
pub(super) fn has_begin(text: &[u8]) -> bool {
    text.windows(BEGIN.len()).any(|part| part == BEGIN)
}

fn in_base64(contents: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = of(contents);
    let text = text.trim_ascii();
    // Quoted, as tools show a JSON string.
    let quoted = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\""));
    decode(quoted.unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_of_a_text_is_the_same_text() {
        let text = "-----BEGIN é🔑";
        let marked = format!("\u{feff}{text}");
        for encoded in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
        ] {
            assert_eq!(&*of(&encoded), text.as_bytes(), "{encoded:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        for bytes in [
            &b""[..],
            b"0\x82\x01\0",
            b"0\x80\0\0",
            b"\0\0\0\0",
            b"Z\xFCrich",
        ] {
            assert_eq!(&*of(bytes), bytes);
        }
    }

    #[test]
    fn a_converted_text_never_grows_its_buffer() {
        let wide = utf16(&"\u{fffd}€-".repeat(1_000), u16::to_le_bytes);
        let marked = [&[0xff, 0xfe], wide.as_slice()].concat();
        let Text::Converted(text) = of(&marked) else {
            panic!("it is UTF-16");
        };
        assert!(text.len() <= marked.len() * 2);
        assert_eq!(text.capacity(), marked.len() * 2);
    }

    #[test]
    fn base64_is_decoded_however_its_lines_end() {
        for text in [
            "AQIDBAUGBwg=",
            "AQID\r\nBAUG\nBwg=\n",
            "AQID BAUG  Bwg=",
            r"AQID\nBAUG\r\nBwg=\n",
            r"AQID\\nBAUG\\r\\nBwg=",
            "AQIDBAUGBwg",
        ] {
            let decoded = decode(text.as_bytes());
            assert_eq!(decoded.as_deref(), Some(&(1..=8).collect()), "{text}");
        }
        for text in ["AQ*D", "A", "-----BEGIN A-----"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
