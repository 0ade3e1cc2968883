//! The thumbprint by which a job says which certificate it means: SHA-1 or SHA-256 of the
//! certificate's DER. It is a guard, so that what cannot be read is an error and never "none".
//!
//! Must not know: what has that thumbprint, nor how one is computed.

use std::fmt;

use crate::counted::counted;
use crate::error::FieldError;
use crate::spelling::{is_blank, is_joint};

/// A thumbprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Thumbprint {
    /// SHA-1 of the DER.
    Sha1([u8; 20]),
    /// SHA-256 of the DER.
    Sha256([u8; 32]),
}

/// The field by which a platform says it.
const FIELD: &str = "JobCertificate.Thumbprint";

impl Thumbprint {
    /// Reads a thumbprint as programs show it: 40 hex digits (SHA-1) or 64 (SHA-256) in any case,
    /// with any blanks, invisible marks, colons and hyphens. `None` where there is nothing but
    /// blanks: then the job has no guard. Marks alone are what is left of a thumbprint that lost
    /// its digits on the way, and an error.
    ///
    /// # Errors
    /// Anything else. The text is not repeated.
    ///
    /// ```
    /// use job_scope::Thumbprint;
    ///
    /// let shown_by_windows = "\u{200e}a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d";
    /// let read = Thumbprint::parse(shown_by_windows)?.unwrap();
    /// assert_eq!(read.to_string(), "A9993E364706816ABA3E25717850C26C9CD0D89D");
    /// assert_eq!(Thumbprint::parse(" ")?, None);
    /// assert!(Thumbprint::parse("A9993E").is_err());
    /// # Ok::<(), job_scope::FieldError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Option<Thumbprint>, FieldError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let separates = |c: char| is_blank(c) || is_joint(c) || c == ':';
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| !separates(*c))
            .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
            .collect();
        let Some(digits) = digits else {
            return Err(wrong("has other characters than hex digits".to_owned()));
        };
        let (pairs, _) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        if digits.len() == 40
            && let Ok(bytes) = bytes.as_slice().try_into()
        {
            return Ok(Some(Thumbprint::Sha1(bytes)));
        }
        if digits.len() == 64
            && let Ok(bytes) = bytes.as_slice().try_into()
        {
            return Ok(Some(Thumbprint::Sha256(bytes)));
        }
        Err(wrong(format!("has {}", counted(digits.len(), "hex digit"))))
    }

    /// What is wrong with a value of the field that is no text.
    pub fn not_a_text() -> FieldError {
        wrong("is not a text".to_owned())
    }
}

fn wrong(problem: String) -> FieldError {
    FieldError::new(
        FIELD,
        problem,
        "write the certificate's SHA-1 thumbprint (40 hex digits) or SHA-256 thumbprint (64 hex \
         digits), or leave it blank to say none",
    )
}

/// Hex digits in upper case, as platforms show it.
impl fmt::Display for Thumbprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match self {
            Thumbprint::Sha1(bytes) => bytes.as_slice(),
            Thumbprint::Sha256(bytes) => bytes.as_slice(),
        };
        bytes.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHA1: &str = "A9993E364706816ABA3E25717850C26C9CD0D89D";
    const SHA256: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";

    /// The pairs of a thumbprint with something between.
    fn joined(plain: &str, between: &str) -> String {
        let pairs: Vec<&str> = (0..plain.len() / 2)
            .map(|n| &plain[2 * n..2 * n + 2])
            .collect();
        pairs.join(between)
    }

    #[test]
    fn every_spelling_of_a_thumbprint_is_read() {
        for plain in [SHA1, SHA256] {
            for given in [
                plain.to_owned(),
                plain.to_lowercase(),
                format!(" {plain}\r\n"),
                format!("\u{200e}{}", joined(&plain.to_lowercase(), " ")),
                format!("{}\u{200f}", joined(plain, "\u{a0}")),
                format!("\u{feff}{}", joined(plain, ":")),
                joined(plain, "-"),
                joined(plain, "\u{2011}"),
                joined(plain, ": "),
                joined(plain, "\u{200b}"),
                joined(plain, "\u{202f}"),
            ] {
                let read = Thumbprint::parse(&given).unwrap().unwrap();
                assert_eq!(read.to_string(), plain, "{given:?}");
            }
        }
    }

    #[test]
    fn only_blanks_are_no_thumbprint() {
        for given in ["", " ", "\t\r\n", "\u{a0}"] {
            assert_eq!(Thumbprint::parse(given), Ok(None), "{given:?}");
        }
    }

    #[test]
    fn what_is_no_thumbprint_is_an_error_that_names_the_field() {
        let long = format!("{SHA1}0");
        let wide = SHA1.replace('9', "\u{ff19}");
        for given in [
            "null",
            "\u{200e}",
            "\u{feff}\u{a0}\u{200b}",
            "none",
            "-",
            "::",
            "0011",
            &SHA1[1..],
            &long,
            &SHA256[2..],
            &format!("{SHA256}{SHA256}"),
            &format!("0x{SHA1}"),
            &format!("{SHA1} {SHA1}"),
            &format!("{SHA1}\0"),
            &format!("{}g", &SHA1[1..]),
            &format!("{}+1", &SHA1[2..]),
            &wide,
            "zjjccD1m-h-SOrD64tk-1X6o28M",
        ] {
            let error = Thumbprint::parse(given).unwrap_err();
            assert_eq!(error.field(), "JobCertificate.Thumbprint", "{given:?}");
        }
        let secret = Thumbprint::parse("s3cret").unwrap_err();
        assert!(!secret.to_string().contains("s3cret"), "{secret}");
        let short = Thumbprint::parse(&SHA1[1..]).unwrap_err();
        assert!(short.problem().contains("39"), "{short}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_thumbprint_parser_panic(text: String) {
            let _ = Thumbprint::parse(&text);
        }
    }
}
