//! The `authorization` header on its way out (RFC 6750 section 2.1): a token is put in where
//! exactly `Bearer` and its placeholder stand, and nowhere else.
//!
//! It must not know whither the request goes.

use bytes::Bytes;
use http::HeaderValue;
use secrecy::zeroize::Zeroizing;

const SCHEME: &str = "Bearer ";

/// The placeholder of a header that has nothing else in it: `Bearer`, in just this spelling, one
/// space, and a token.
pub fn presented(header: &HeaderValue) -> Option<&str> {
    header.to_str().ok()?.strip_prefix(SCHEME)
}

/// The header with the real token, marked so that nobody prints it, and wiped when the last
/// reader is done with it.
pub fn header(real: &str) -> Option<HeaderValue> {
    let mut text = Zeroizing::new(Vec::with_capacity(SCHEME.len() + real.len()));
    text.extend_from_slice(SCHEME.as_bytes());
    text.extend_from_slice(real.as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_value_is_read_as_a_token() {
        for (text, wanted) in [
            ("Bearer abc_-1", Some("abc_-1")),
            ("bearer abc", None),
            ("BEARER abc", None),
            (" Bearer abc", None),
            ("Bearer\tabc", None),
            ("Basic abc", None),
            ("abc", None),
            ("", None),
            // What these present is no placeholder.
            ("Bearer  abc", Some(" abc")),
            ("Bearer abc ", Some("abc ")),
            ("Bearer abc, Bearer abc", Some("abc, Bearer abc")),
        ] {
            let header = HeaderValue::from_str(text).unwrap();
            assert_eq!(presented(&header), wanted, "{text:?}");
        }
        let odd = HeaderValue::from_bytes(b"Bearer \xff").unwrap();
        assert_eq!(presented(&odd), None);
    }

    #[test]
    fn the_real_header_is_never_printed() {
        let value = header("eyJ.real.token").unwrap();
        assert_eq!(value, "Bearer eyJ.real.token");
        assert!(!format!("{value:?}").contains("real"));
        assert_eq!(header("a\nb"), None);
    }
}
