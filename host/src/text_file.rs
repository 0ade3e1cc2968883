//! Text files as people and shells write them, read into buffers that are wiped.
//!
//! | the file | read as |
//! |---|---|
//! | begins with the mark of UTF-16, either way | UTF-16 |
//! | has no mark, but a zero as the high byte of at least half of its pairs, and never as the low one | UTF-16, either way |
//! | is UTF-8, with or without its mark | UTF-8 |
//! | is anything else, and holds a password | Latin-1, each byte a character |
//! | is anything else | an error |
//!
//! Notepad writes UTF-8 with or without a mark, `>` of Windows PowerShell UTF-16 with one,
//! programs that hand strings through pipes UTF-16 without. A mark is no part of the text. A
//! character of zero is in no text that a person writes: such a file is something else.
//!
//! It must not know which file a text is from: the caller names it.

use secrecy::zeroize::Zeroizing;

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// It has characters of zero.
    #[error(
        "it has zero bytes, so it is no text file, or one in UTF-16 without a mark that says so; {SAVE}"
    )]
    Zeros,
    /// Its mark says UTF-16, and it is none.
    #[error("it begins like a UTF-16 text, but is damaged or cut off; {SAVE}")]
    Utf16,
    /// It is in an encoding that nothing names.
    #[error("it is neither UTF-8 nor UTF-16, and which encoding it is in cannot be told; {SAVE}")]
    Unknown,
}

const SAVE: &str = "save it as text in UTF-8";

/// The bytes of a text that is no password.
///
/// # Errors
/// Where it cannot be told what the text is.
pub fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, NotText> {
    match utf(bytes)? {
        Some(text) => Ok(text),
        None => Err(NotText::Unknown),
    }
}

/// The same of a secret or a token, without the line ends after it.
///
/// # Errors
/// As [`decode`].
pub fn secret(bytes: &[u8]) -> Result<Zeroizing<String>, NotText> {
    decode(bytes).map(|text| unended(&text))
}

/// The same of a password, which is Latin-1 where it is nothing else.
///
/// # Errors
/// Characters of zero, and a damaged UTF-16.
pub fn password(bytes: &[u8]) -> Result<Zeroizing<String>, NotText> {
    match utf(bytes)? {
        Some(text) => Ok(unended(&text)),
        None if bytes.contains(&0) => Err(NotText::Zeros),
        None => {
            // Two bytes of UTF-8 at most for each; a string that grows leaves copies.
            let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
            text.extend(bytes.iter().map(|byte| char::from(*byte)));
            Ok(unended(&text))
        }
    }
}

/// PEM in UTF-8, where it was in UTF-16 or had a mark. What stands around its blocks may be in any
/// encoding (RFC 7468 section 2), so that other bytes stay as they are. `None` for what has no
/// block.
pub fn pem(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const BEGIN: &str = "-----BEGIN ";
    let own = || Zeroizing::new(bytes.to_vec());
    match utf(bytes) {
        Ok(Some(text)) => text
            .contains(BEGIN)
            .then(|| Zeroizing::new(text.as_bytes().to_vec())),
        // A text without a zero, as no PFX is.
        Ok(None) if !bytes.contains(&0) => {
            let has_block = bytes
                .windows(BEGIN.len())
                .any(|part| part == BEGIN.as_bytes());
            has_block.then(own)
        }
        Ok(None) | Err(_) => None,
    }
}

/// A value of a variable of the environment, to which shells give what they read from files:
/// without a mark before it and line ends after it.
pub fn unended(text: &str) -> Zeroizing<String> {
    let text = text.trim_start_matches(MARK).trim_end_matches(['\r', '\n']);
    Zeroizing::new(text.to_owned())
}

const MARK: char = '\u{feff}';

/// The text, if it is UTF-8 or UTF-16; `None` if it is neither.
fn utf(bytes: &[u8]) -> Result<Option<Zeroizing<String>>, NotText> {
    let marked = match bytes {
        [0xff, 0xfe, rest @ ..] => Some((rest, Order::Little)),
        [0xfe, 0xff, rest @ ..] => Some((rest, Order::Big)),
        _ => None,
    };
    let text = if let Some((rest, order)) = marked {
        utf16(rest, order).ok_or(NotText::Utf16)?
    } else if let Some(order) = unmarked(bytes) {
        utf16(bytes, order).ok_or(NotText::Zeros)?
    } else {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Ok(None);
        };
        Zeroizing::new(text.trim_start_matches(MARK).to_owned())
    };
    if text.contains('\0') {
        return Err(NotText::Zeros);
    }
    Ok(Some(text))
}

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// Whether bytes without a mark can be nothing but UTF-16: a zero is the high byte of at least
/// half of the units, and never the low one.
fn unmarked(bytes: &[u8]) -> Option<Order> {
    let (units, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let zeros = |place: fn(&[u8; 2]) -> u8| units.iter().filter(|unit| place(unit) == 0).count();
    let (first, second) = (zeros(|unit| unit[0]), zeros(|unit| unit[1]));
    match (first, second) {
        (0, high) if high > 0 && high * 2 >= units.len() => Some(Order::Little),
        (high, 0) if high > 0 && high * 2 >= units.len() => Some(Order::Big),
        _ => None,
    }
}

fn utf16(bytes: &[u8], order: Order) -> Option<Zeroizing<String>> {
    let (units, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units = units.iter().map(|unit| match order {
        Order::Little => u16::from_le_bytes(*unit),
        Order::Big => u16::from_be_bytes(*unit),
    });
    // Three bytes of UTF-8 at most for each unit; a string that grows leaves copies.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 2 * 3));
    for character in char::decode_utf16(units) {
        text.push(character.ok()?);
    }
    if text.starts_with(MARK) {
        return Some(Zeroizing::new(text.trim_start_matches(MARK).to_owned()));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiped::watched::{PATTERN, left_behind};

    fn utf16_of(text: &str, order: Order) -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| match order {
                Order::Little => unit.to_le_bytes(),
                Order::Big => unit.to_be_bytes(),
            })
            .collect()
    }

    /// A text in each encoding that says which it is, or can be nothing else.
    fn spellings(text: &str) -> Vec<Vec<u8>> {
        let marked = format!("\u{feff}{text}");
        vec![
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf16_of(&marked, Order::Little),
            utf16_of(&marked, Order::Big),
            utf16_of(text, Order::Little),
            utf16_of(text, Order::Big),
        ]
    }

    #[test]
    fn a_text_is_the_same_in_every_encoding() {
        for text in ["sp-secret~1", "a = \"b\"\r\n# Grüße, 1 €\n", "x"] {
            for bytes in spellings(text) {
                assert_eq!(decode(&bytes).unwrap().as_str(), text, "{bytes:02x?}");
            }
        }
        // Without a mark nothing says that this is UTF-16, but with one it is read.
        for text in ["пароль", "密码", "\u{1f511}"] {
            for bytes in &spellings(text)[..4] {
                assert_eq!(decode(bytes).unwrap().as_str(), text, "{bytes:02x?}");
            }
        }
        assert_eq!(decode(b"").unwrap().as_str(), "");
    }

    #[test]
    fn line_ends_after_a_secret_are_no_part_of_it_and_blanks_are() {
        for ends in ["", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n"] {
            for bytes in spellings(&format!(" s e \r\nc {ends}")) {
                for read in [secret(&bytes), password(&bytes)] {
                    assert_eq!(read.unwrap().as_str(), " s e \r\nc ", "{bytes:02x?}");
                }
            }
        }
        assert_eq!(unended("\u{feff}s3cret\r\n").as_str(), "s3cret");
    }

    #[test]
    fn only_a_password_is_read_as_latin_1() {
        let latin = b"1234\xe9567\r\n";
        assert_eq!(password(latin).unwrap().as_str(), "1234é567");
        assert_eq!(decode(latin), Err(NotText::Unknown));
        assert_eq!(secret(latin), Err(NotText::Unknown));
        assert_eq!(password(b"1234\xe9\0").unwrap_err(), NotText::Zeros);
        assert_eq!(password(b"1234\xc3\xa9567").unwrap().as_str(), "1234é567");
    }

    #[test]
    fn what_is_no_text_is_told_with_what_to_do() {
        for (bytes, problem) in [
            (&b"a\0b"[..], NotText::Zeros),
            (b"\0\0\0\0", NotText::Zeros),
            (b"\0", NotText::Zeros),
            (b"\xff\xfe\0\0a\0\0\0", NotText::Zeros),
            (b"\xff\xfea\0b", NotText::Utf16),
            (b"\xff\xfe\x00\xd8a\0", NotText::Utf16),
            (b"\xfe\xff\xd8\x00", NotText::Utf16),
        ] {
            for read in [decode(bytes), secret(bytes), password(bytes)] {
                assert_eq!(read, Err(problem), "{bytes:02x?}");
            }
            assert!(problem.to_string().contains("UTF-8"), "{problem}");
        }
    }

    #[test]
    fn pem_is_read_in_every_encoding_and_nothing_else_is_pem() {
        let text = "Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nMII\r\n";
        for bytes in spellings(text) {
            assert_eq!(*pem(&bytes).unwrap(), text.as_bytes(), "{bytes:02x?}");
        }
        let latin = [b"subject=Gr\xfc\xdfe\n", text.as_bytes()].concat();
        assert_eq!(*pem(&latin).unwrap(), latin);
        let der = [b"\x30\x82\x01\0\xff", text.as_bytes()].concat();
        for bytes in [&b""[..], b"MII", b"\x30\x82\x01\x00", &der] {
            assert_eq!(pem(bytes), None, "{bytes:02x?}");
        }
    }

    #[test]
    fn nothing_of_a_text_is_left_in_freed_memory() {
        let pattern = std::str::from_utf8(PATTERN).unwrap().repeat(100);
        for bytes in spellings(&format!("{pattern}\r\n")) {
            assert_eq!(left_behind(|| drop(secret(&bytes))), 0);
            assert_eq!(left_behind(|| drop(password(&bytes))), 0);
            assert_eq!(left_behind(|| drop(pem(&bytes))), 0);
        }
        let latin = [pattern.as_bytes(), b"\xe9"].concat();
        assert_eq!(left_behind(|| drop(password(&latin))), 0);
    }
}
