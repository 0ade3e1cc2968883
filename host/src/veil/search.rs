//! The search for real values in what comes back: raw, percent-encoded, escaped as in JSON (each
//! in any spelling, and one inside the other), in base64 in its three alignments and two
//! alphabets, and in hexadecimal.
//!
//! What is looked for is the end of a value: its last `TELLING` bytes. They are enough to be no
//! accident (of a signed token, the end of the signature), and a value without them is of no use.
//!
//! It must not know where a text comes from, nor what becomes of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::{memchr2, memmem};
use secrecy::zeroize::Zeroizing;

/// Shortest value that can be told from accident.
pub const SHORTEST: usize = 8;

/// Bytes of a value that are looked for.
const TELLING: usize = 32;

/// Bytes that one character may take in an escape: `\u0041`.
pub const LARGEST_ESCAPE: usize = 6;

/// Characters that one byte of a value may take before it is escaped: two hexadecimal digits.
const LARGEST_SPELLING: usize = 2;

/// Bytes beyond the value that the search must see, for what stands around it in base64 or in the
/// middle of an escape.
const AROUND: usize = 64;

/// One inside the other: this many escapes are taken off.
const DEPTH: u32 = 2;

/// Real values, ready to be looked for. Wiped when it is dropped; it cannot be printed.
#[derive(Clone, Default)]
pub struct Probes {
    spellings: Vec<Zeroizing<Vec<u8>>>,
    longest: usize,
    with_space: bool,
}

impl Probes {
    /// Adds a value. One of fewer than [`SHORTEST`] bytes is in too many texts to be looked for.
    pub fn add(&mut self, real: &str) {
        // Who repeats it may have taken the blanks off.
        let real = real.trim().as_bytes();
        if real.len() < SHORTEST {
            return;
        }
        self.longest = self.longest.max(real.len());
        let (_, tail) = real.split_at(real.len().saturating_sub(TELLING));
        self.with_space |= tail.contains(&b' ');
        for spelling in spellings(tail) {
            if !self.spellings.contains(&spelling) {
                self.spellings.push(spelling);
            }
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.spellings.is_empty()
    }

    /// Bytes of a text that hold what is looked for of any value, however it is spelled, and the
    /// whole of it where it takes no more than [`LARGEST_ESCAPE`] bytes a byte. More would be
    /// needed for the whole of a long one that is escaped twice: 36 bytes a byte, a megabyte and a
    /// half for three windows of a token of 16 KiB, for each of 64 answers under way.
    pub fn window(&self) -> usize {
        let end = self.longest.min(TELLING) * LARGEST_SPELLING * LARGEST_ESCAPE.pow(DEPTH);
        end.max(self.longest * LARGEST_ESCAPE) + AROUND
    }

    /// Whether a text holds a value.
    pub fn found_in(&self, text: &[u8]) -> bool {
        !self.is_empty() && self.found_at_depth(text, DEPTH)
    }

    fn found_at_depth(&self, text: &[u8], depth: u32) -> bool {
        if self.spelled_in(text) {
            return true;
        }
        if depth == 0 || memchr2(b'%', b'\\', text).is_none() && !self.with_space {
            return false;
        }
        // Where a text was cut, it may begin with the second half of an escaped backslash.
        let behind_half = text.strip_prefix(b"\\").map(json_unescaped);
        [self.percent_decoded(text), json_unescaped(text)]
            .into_iter()
            .chain(behind_half)
            .filter(|decoded| decoded.as_slice() != text)
            .any(|decoded| self.found_at_depth(&decoded, depth - 1))
    }

    fn spelled_in(&self, text: &[u8]) -> bool {
        self.spellings
            .iter()
            .any(|spelling| memmem::find(text, spelling).is_some())
    }

    /// `%41` as `A`, and in a form `+` as a space.
    fn percent_decoded(&self, text: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match (byte, after) {
                (b'%', [high, low, behind @ ..]) if hex(&[*high, *low]).is_some() => {
                    decoded.extend(hex(&[*high, *low]).map(|value| value as u8));
                    rest = behind;
                }
                (b'+', _) if self.with_space => decoded.push(b' '),
                _ => decoded.push(byte),
            }
        }
        decoded
    }
}

/// Without the escapes of JSON (RFC 8259 section 7); what is none stays.
fn json_unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        let Some((&escape, after)) = after.split_first() else {
            plain.push(byte);
            break;
        };
        rest = after;
        match escape {
            b'u' => match unicode(after) {
                Some((character, behind)) => {
                    let mut bytes = [0; 4];
                    plain.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
                    rest = behind;
                }
                None => plain.extend_from_slice(b"\\u"),
            },
            b'n' => plain.push(b'\n'),
            b'r' => plain.push(b'\r'),
            b't' => plain.push(b'\t'),
            b'b' => plain.push(8),
            b'f' => plain.push(12),
            other => plain.push(other),
        }
    }
    plain
}

/// The character of `\u`, or of two of them, and what is behind.
fn unicode(after: &[u8]) -> Option<(char, &[u8])> {
    let (digits, behind) = after.split_first_chunk::<4>()?;
    let first = hex(digits)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, behind));
    }
    let (digits, behind) = behind.strip_prefix(b"\\u")?.split_first_chunk::<4>()?;
    let units = [
        u16::try_from(first).ok()?,
        u16::try_from(hex(digits)?).ok()?,
    ];
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((character, behind))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// The spellings that are not undone before the search. Of base64, what does not depend on what
/// stands before and behind.
fn spellings(value: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut all = vec![Zeroizing::new(value.to_vec())];
    for digits in [b"0123456789abcdef", b"0123456789ABCDEF"] {
        let digit = |place: u8| digits.get(usize::from(place)).copied().unwrap_or_default();
        let mut text = Zeroizing::new(Vec::with_capacity(2 * value.len()));
        for byte in value {
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        all.push(text);
    }
    for before in 0..3 {
        let mut padded = Zeroizing::new(vec![0; before]);
        padded.extend_from_slice(value);
        // Characters that hold bits of what is before, or behind.
        let from = if before == 0 { 0 } else { before + 1 };
        let to = padded.len() / 3 * 4;
        for engine in [&STANDARD, &URL_SAFE] {
            let text = Zeroizing::new(engine.encode(&padded));
            if let Some(own) = text.as_bytes().get(from..to) {
                all.push(Zeroizing::new(own.to_vec()));
            }
        }
    }
    all
}

#[cfg(test)]
pub(super) mod tests;
