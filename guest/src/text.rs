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

/// `text` if it looks like an identifier (a code, a request id), else nothing: what
/// is not one is not repeated.
pub fn identifier(text: &str) -> Option<&str> {
    let text = text.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!text.is_empty() && text.len() <= 64 && text.bytes().all(plain)).then_some(text)
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn only_identifiers_are_repeated() {
        assert_eq!(identifier(" ForbiddenByRbac "), Some("ForbiddenByRbac"));
        for text in ["", "a b", "<html>", &"x".repeat(65)] {
            assert_eq!(identifier(text), None, "{text:?}");
        }
    }

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        assert_eq!(percent_encoded("aZ0-._~"), "aZ0-._~");
        assert_eq!(percent_encoded("a+b &=%/ä"), "a%2Bb%20%26%3D%25%2F%C3%A4");
    }
}
