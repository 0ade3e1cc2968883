//! The secrets that a job holds, and whether a text repeats one of them, in any spelling.
//!
//! It must not know whose text it is, nor what becomes of it.
//!
//! A spelling is undone, not imitated: the text is read as everything that it might be, and
//! each reading is searched. So neither alignment nor the case of a digit matters.
//!
//! | read as | what of it |
//! |---|---|
//! | itself, percent-encoded, a form's value, a JSON string | the whole text |
//! | base64, standard or for URLs | each run of its characters, from each of the first four |
//! | hexadecimal | each run of digits, from each of the first two |

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::text::percent_decoded_bytes;

/// Bytes of a secret that give nothing away: as many in both are no accident, they are 96
/// bits.
const PIECE: usize = 12;

/// Fewest bytes of a secret that is searched for within a text: shorter ones, such as a tag's
/// value `eu`, are in every text. Those a text must not be.
const TELLING: usize = 4;

/// Bytes of the blocks of a secret. Every piece holds a whole one, so that a text without any
/// needs no further search.
const BLOCK: usize = 6;

/// Secrets. No `Debug`.
#[derive(Default)]
pub struct Secrets {
    whole: Vec<Zeroizing<Vec<u8>>>,
    blocks: BTreeSet<[u8; BLOCK]>,
}

impl Secrets {
    /// Takes a secret down.
    pub fn keep(&mut self, secret: &[u8]) {
        if secret.is_empty() || self.is_one(secret) {
            return;
        }
        let blocks = secret.chunks_exact(BLOCK);
        self.blocks
            .extend(blocks.filter_map(|block| <[u8; BLOCK]>::try_from(block).ok()));
        self.whole.push(Zeroizing::new(secret.to_vec()));
    }

    /// Takes all of another's.
    pub fn keep_all(&mut self, other: Secrets) {
        for secret in other.whole {
            self.keep(&secret);
        }
    }

    /// Whether a text holds a secret, or a piece of one.
    pub fn are_in(&self, text: &str) -> bool {
        readings(text).iter().any(|reading| {
            self.is_one(reading.trim_ascii())
                || self.one_is_in(reading)
                || self.piece_is_in(reading)
        })
    }

    fn is_one(&self, reading: &[u8]) -> bool {
        self.whole.iter().any(|secret| secret.as_slice() == reading)
    }

    fn one_is_in(&self, reading: &[u8]) -> bool {
        let telling = |secret: &&Zeroizing<Vec<u8>>| secret.len() >= TELLING;
        let mut telling = self.whole.iter().filter(telling);
        telling.any(|secret| within(reading, secret))
    }

    fn piece_is_in(&self, reading: &[u8]) -> bool {
        reading.windows(PIECE).any(|piece| {
            let known = |block: &[u8]| self.blocks.contains(block);
            piece.windows(BLOCK).any(known) && self.whole.iter().any(|secret| within(secret, piece))
        })
    }
}

fn within(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|some| some == part)
}

/// Everything that a text may say.
fn readings(text: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let texts = BTreeSet::from([
        text.as_bytes().to_vec(),
        percent_decoded_bytes(text),
        percent_decoded_bytes(&text.replace('+', " ")),
        unescaped(text).into_bytes(),
    ]);
    let mut readings = Vec::new();
    for text in texts {
        // Six bits of a character from the left, or four.
        for (digit, bits, starts) in [
            (base64_digit as fn(u8) -> Option<u32>, 6, 4),
            (hexadecimal_digit, 4, 2),
        ] {
            for run in text.split(|byte| digit(*byte).is_none()) {
                let digits: Vec<u32> = run.iter().filter_map(|byte| digit(*byte)).collect();
                let from = |start| decoded(digits.get(start..).unwrap_or_default(), bits);
                readings.extend((0..starts).map(from));
            }
        }
        readings.push(Zeroizing::new(text));
    }
    readings.retain(|reading| !reading.is_empty());
    readings
}

/// The whole bytes in digits of so many bits.
fn decoded(digits: &[u32], bits: u32) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len()));
    let (mut held, mut count) = (0_u32, 0);
    for digit in digits {
        held = held << bits | digit;
        count += bits;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (held >> count).to_be_bytes();
            bytes.push(byte);
        }
    }
    bytes
}

fn base64_digit(byte: u8) -> Option<u32> {
    let place = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(place.into())
}

fn hexadecimal_digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// Undoes the escapes of a JSON string (RFC 8259 section 7). What is not escaped right stays.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let (unit, after) = match escape.strip_prefix('u') {
            Some(_) => unicode(escape),
            None => None,
        }
        .or_else(|| {
            let mut characters = escape.chars();
            let one = match characters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            };
            Some((one, characters.as_str()))
        })
        .unwrap_or(('\\', escape));
        plain.push(unit);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// The character of `uXXXX`, or of `uXXXX\uXXXX` for those beyond 16 bits, and what follows.
fn unicode(escape: &str) -> Option<(char, &str)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix('u')?.get(..4)?, 16).ok();
    let first = unit(escape)?;
    let rest = escape.get(5..)?;
    let pair = rest.strip_prefix('\\').and_then(unit);
    match char::decode_utf16([Some(first), pair].into_iter().flatten()).next()? {
        Ok(one) if u32::from(one) > 0xFFFF => Some((one, rest.get(6..)?)),
        Ok(one) => Some((one, rest)),
        Err(_) => Some((char::REPLACEMENT_CHARACTER, rest)),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;
    use crate::text::percent_encoded;

    fn holding(secrets: &[&str]) -> Secrets {
        let mut all = Secrets::default();
        for secret in secrets {
            all.keep(secret.as_bytes());
        }
        all
    }

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        let secrets = holding(&["p\"~1+/= &\u{e4}\u{1f511}secret"]);
        for text in [
            "p\"~1+/= &\u{e4}\u{1f511}secret",
            "p%22~1%2B%2F%3D%20%26%C3%A4%F0%9F%94%91secret",
            "p%22%7e1%2b%2f%3d+%26%c3%a4%f0%9f%94%91secret",
            r#"p\"~1+\/= &\u00e4\uD83D\uDD11secret"#,
            r#"\u0070\"~1+/=\u0020&\u00E4🔑secret"#,
            "cCJ+MSsvPSAmw6Twn5SRc2VjcmV0",
            "cCJ-MSsvPSAmw6Twn5SRc2VjcmV0",
            "70227e312b2f3d2026c3a4f09f9491736563726574",
            "70227E312B2F3D2026C3A4F09F9491736563726574",
        ] {
            let said = format!("it was: {text}.");
            assert!(secrets.are_in(text) && secrets.are_in(&said), "{text}");
        }
        assert!(!secrets.are_in("The specified PKCS#12 content can not be read"));
    }

    #[test]
    fn a_piece_of_a_long_secret_is_one() {
        let secrets = holding(&["eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6IjEyMyJ9"]);
        for (piece, held) in [("JKV1QiLCJhbG", true), ("JKV1QiLCJhb", false)] {
            let digits = hexadecimal(piece.as_bytes());
            for text in [
                piece.to_owned(),
                format!("the token …{piece}… is odd"),
                STANDARD.encode(piece),
                STANDARD.encode(format!("x{piece}")),
                digits.clone(),
                format!("0{digits}"),
            ] {
                assert_eq!(secrets.are_in(&text), held, "{text}");
            }
        }
    }

    #[test]
    fn a_short_secret_is_found_where_it_stands_alone() {
        let secrets = holding(&["eu", "prod", ""]);
        for (text, held) in [
            ("eu", true),
            (" eu ", true),
            ("ZXU=", true),
            ("6575", true),
            ("Queue", false),
            ("prod", true),
            ("is-prod-there", true),
            ("x-cHJvZA", true),
            ("product", true),
            ("Forbidden", false),
            ("", false),
        ] {
            assert_eq!(secrets.are_in(text), held, "{text}");
        }
    }

    #[test]
    fn what_is_not_escaped_right_stays() {
        for (text, wanted) in [
            (r"a\", "a\\"),
            (r"\q\n\t\r\b\f", "q\n\t\r\u{8}\u{c}"),
            (r"\u12", "u12"),
            (r"\ud83d", "\u{FFFD}"),
            (r"\ud83dx\u0041", "\u{FFFD}xA"),
            (r"\u00", "u00"),
            (r"\ué123", "ué123"),
        ] {
            assert_eq!(unescaped(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_neighbours_hide_a_secret(
            secret in proptest::collection::vec(any::<u8>(), TELLING..40),
            before in proptest::collection::vec(any::<u8>(), 0..5),
            behind in proptest::collection::vec(any::<u8>(), 0..5),
            around in "[a-zA-Z0-9 +/=_-]{0,5}",
        ) {
            let mut secrets = Secrets::default();
            secrets.keep(&secret);
            let padded = [before, secret, behind].concat();
            let percent: String = padded.iter().map(|byte| format!("%{byte:02x}")).collect();
            for text in [
                percent,
                STANDARD.encode(&padded),
                STANDARD_NO_PAD.encode(&padded),
                URL_SAFE.encode(&padded),
                hexadecimal(&padded),
                hexadecimal(&padded).to_uppercase(),
            ] {
                let said = format!("{around}{text}{around}");
                prop_assert!(secrets.are_in(&said), "{said}");
            }
        }

        #[test]
        fn no_neighbours_hide_a_text(secret in ".{4,40}", before in "[^%\\\\]{0,9}", behind: String) {
            let secrets = holding(&[&secret]);
            let json = serde_json::to_string(&secret).unwrap();
            for text in [secret.clone(), percent_encoded(&secret), json] {
                let said = format!("{before}{text}{behind}");
                prop_assert!(secrets.are_in(&said), "{said}");
            }
        }
    }
}
