//! What an extension holds in the place of a credential: 256 random bits, of which nothing can
//! be guessed and which mean nothing anywhere else.
//!
//! It must not know what it stands for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Random bytes of a placeholder.
const BYTES: usize = 32;

/// Stands for one credential of one job. `[A-Za-z0-9_-]` only, so that it is spelled the same in
/// a form, a URL, a header and in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Placeholder(String);

impl Placeholder {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut random = [0; BYTES];
        getrandom::fill(&mut random)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(random)))
    }

    /// As the extension sees it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn placeholders_are_43_characters_that_no_encoding_changes_and_none_comes_twice() {
        let many: HashSet<String> = (0..1_000).map(|_| Placeholder::new().unwrap().0).collect();
        assert_eq!(many.len(), 1_000);
        for text in many {
            assert_eq!(text.len(), 43);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            assert!(text.bytes().all(plain), "{text}");
            let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            assert_eq!(form, text);
        }
    }
}
