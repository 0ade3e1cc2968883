//! The federated token of a workload identity, read afresh each time: whoever issues it renews
//! the file long before the token in it expires.
//!
//! It must not know what a token says. It is never printed, nor is a piece of it.

use super::verdict::{Cause, Failure};
use crate::egress::JobVeil;
use crate::limits::{key, to_raise};
use crate::veil::Kind;
use crate::{text_file, wiped};
use job_scope::bare;
use secrecy::zeroize::Zeroizing;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a job's assertions come from.
pub(super) struct Assertions {
    file: TokenFile,
    veil: Option<Arc<JobVeil>>,
}

impl Assertions {
    /// Those in a file, of at most so many bytes. What cannot be used now is told now, before an
    /// extension makes something else of it.
    pub(super) fn new(
        path: PathBuf,
        most_bytes: u64,
        veil: Option<Arc<JobVeil>>,
    ) -> Result<Self, Failure> {
        let file = TokenFile::new(path, most_bytes);
        match file.read() {
            Ok(_) => Ok(Self { file, veil }),
            Err(message) => Err(Failure {
                cause: Cause::File,
                message,
            }),
        }
    }

    /// What the extension gets: the token that is in the file now, or what stands for it.
    pub(super) fn get(&self) -> Result<String, NoAssertion> {
        let token = self.file.read().map_err(NoAssertion::Unread)?;
        match &self.veil {
            Some(veil) => veil
                .cover(Kind::Assertion, &token)
                .map(|placeholder| placeholder.as_str().to_owned())
                .map_err(|error| NoAssertion::Uncovered(error.to_string())),
            None => Ok(String::clone(&token)),
        }
    }
}

/// Why there is no assertion.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoAssertion {
    /// The file cannot be used. Where it is, is nothing to the extension.
    Unread(String),
    /// The veil takes no more.
    Uncovered(String),
}

impl NoAssertion {
    /// What the extension is told.
    pub(super) fn told(self) -> String {
        match self {
            Self::Unread(_) => {
                "the host cannot read the federated token; its log says why".to_owned()
            }
            Self::Uncovered(why) => why,
        }
    }
}

/// Bytes of a mark before a text, and of a line end after it.
const MARK: u64 = 8;

/// A file that holds a federated token.
#[derive(Debug, Clone)]
struct TokenFile {
    path: PathBuf,
    most_bytes: u64,
}

impl TokenFile {
    fn new(path: PathBuf, most_bytes: u64) -> Self {
        Self { path, most_bytes }
    }

    /// The token that is in the file now.
    fn read(&self) -> Result<Zeroizing<String>, String> {
        let wrong =
            |what: &str| format!("the federated token file {}: {what}", self.path.display());
        let too_long = || {
            wrong(&format!(
                "has more than the {} bytes a token may have; {}",
                self.most_bytes,
                to_raise(key::ASSERTION)
            ))
        };
        // UTF-16 has two bytes for each of ASCII, and a mark.
        let most_bytes = self.most_bytes.saturating_mul(2).saturating_add(MARK);
        let bytes =
            wiped::read_regular(&self.path, most_bytes).map_err(|error| match error.kind() {
                ErrorKind::FileTooLarge => too_long(),
                _ => wrong(&error.to_string()),
            })?;
        let text = text_file::secret(&bytes).map_err(|error| wrong(&error.to_string()))?;
        let token = bare(&text);
        if token.len() as u64 > self.most_bytes {
            return Err(too_long());
        }
        // RFC 7515 section 7.1: base64url pieces and dots.
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if token.is_empty() {
            return Err(wrong("is empty"));
        }
        if !token.bytes().all(is_token) {
            return Err(wrong("holds something else than one token"));
        }
        Ok(Zeroizing::new(token.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Zeroizing<String>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, content).unwrap();
        TokenFile::new(path, 100).read()
    }

    #[test]
    fn a_token_is_read_afresh_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let file = TokenFile::new(path.clone(), 100);
        for token in ["eyJ.one.sig", "eyJ.two-_.sig"] {
            std::fs::write(&path, format!("{token}\n")).unwrap();
            assert_eq!(file.read().unwrap().as_str(), token);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(file.read().unwrap_err().contains("token"));
    }

    #[test]
    fn a_token_is_read_in_every_encoding_that_shells_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let file = TokenFile::new(path.clone(), 100);
        let marked = "\u{feff}eyJ.one.sig\r\n";
        for bytes in [
            marked.as_bytes().to_vec(),
            marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(file.read().unwrap().as_str(), "eyJ.one.sig");
        }
        std::fs::write(&path, b"eyJ.on\xe9.sig").unwrap();
        let error = file.read().unwrap_err();
        assert!(
            error.contains("token") && error.contains("UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_token_is_refused_and_never_repeated() {
        for content in [
            "",
            " \n",
            "s3cret s3cret",
            "\"s3cret\"",
            &"s3cret".repeat(20),
        ] {
            let error = read(content).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
