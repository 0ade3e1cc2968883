//! A password as the bytes that go into a key derivation.
//!
//! Programs disagree about them, so that there is more than one reading of the same password.

use zeroize::Zeroizing;

/// One reading.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// The readings of one password, the usual one first.
pub(in crate::pfx) struct Password {
    /// For RFC 7292's own derivation.
    bmp: Vec<Bytes>,
    /// For PBKDF2.
    plain: Vec<Bytes>,
    is_empty: bool,
}

impl Password {
    pub(in crate::pfx) fn new(password: Option<&str>) -> Self {
        let text = password.unwrap_or_default();
        let utf16 = terminated(text.encode_utf16());
        let mut bmp = vec![utf16.clone()];
        if text.is_empty() {
            // The null password: no terminator either (Windows, .NET, Go).
            bmp.push(Bytes::default());
        } else if !text.is_ascii() {
            // OpenSSL before 1.1.0 widened each byte of UTF-8.
            bmp.push(terminated(text.bytes().map(u16::from)));
        }
        let mut plain = vec![Zeroizing::new(text.as_bytes().to_vec())];
        if !text.is_ascii() {
            // What was typed in a terminal or a program of that encoding.
            plain.extend(latin1(text));
        }
        // NSS gave the same bytes to PBKDF2 as to RFC 7292's derivation.
        plain.push(utf16);
        Password {
            bmp,
            plain,
            is_empty: text.is_empty(),
        }
    }

    pub(in crate::pfx) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// For RFC 7292's derivation: two bytes for each unit, then two of zero (appendix B.1).
    pub(super) fn bmp(&self) -> &[Bytes] {
        &self.bmp
    }

    /// For PBKDF2.
    pub(super) fn plain(&self) -> &[Bytes] {
        &self.plain
    }
}

/// In ISO 8859-1; `None` where a character is not part of it.
fn latin1(text: &str) -> Option<Bytes> {
    // Large enough at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok()?);
    }
    Some(bytes)
}

fn terminated(units: impl Iterator<Item = u16>) -> Bytes {
    Zeroizing::new(units.chain([0]).flat_map(u16::to_be_bytes).collect())
}
