//! Text from outside, made fit for a message: one line, bounded, no control characters.
//!
//! It must not know where the text comes from.

/// The first line of `text` that is not blank, without control characters, cut to
/// `limit` characters.
pub fn excerpt(text: &str, limit: usize) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let mut characters = line.chars().filter(|character| !character.is_control());
    let mut short: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// Percent-encodes everything but RFC 3986's unreserved characters, so that the
/// result stands in a form body as well as in a query.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for half in [byte >> 4, byte & 0xF] {
                let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}

/// Undoes percent-encoding. What is not encoded right stays as it is; bytes that are no text
/// become U+FFFD.
pub fn percent_decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded_bytes(text)).into_owned()
}

/// The same, as bytes.
pub fn percent_decoded_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |place: usize| char::from(*after.get(place)?).to_digit(16);
        let decoded = match (*first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        let taken = if decoded.is_some() { 2 } else { 0 };
        rest = after.get(taken..).unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_percent_encoded_is_decoded_and_all_else_stays() {
        for text in ["$skiptoken", "ä b/c?d=e&f%", ""] {
            assert_eq!(percent_decoded(&percent_encoded(text)), text);
        }
        for (text, wanted) in [
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%ff", "\u{FFFD}"),
        ] {
            assert_eq!(percent_decoded(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn an_excerpt_is_the_first_line_with_something_in_it() {
        for (text, wanted) in [
            ("\r\n  first\r\nsecond", "first"),
            ("\u{1b}[31mred", "[31mred"),
            ("abcdef", "abcde…"),
            ("äöüäö", "äöüäö"),
            ("", ""),
        ] {
            assert_eq!(
                excerpt(text, 5),
                if wanted == "[31mred" {
                    "[31mr…"
                } else {
                    wanted
                }
            );
        }
    }

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        assert_eq!(percent_encoded("aZ0-._~"), "aZ0-._~");
        assert_eq!(percent_encoded("a+b &=%/ä"), "a%2Bb%20%26%3D%25%2F%C3%A4");
    }
}
