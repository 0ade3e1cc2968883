//! Secrets that are not in the job but on this machine: `file:/path` or `env:NAME` in the place
//! of the secret, where the operator allows it. Without that, nobody who writes jobs may have
//! files and variables of the orchestrator read.
//!
//! It must not know what a secret is for. Nothing that may be one is ever printed.

use super::verdict::{Cause, Failure};
use crate::{text_file, wiped};
use job_scope::{FieldError, LONGEST_SECRET, bare};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;

const FIELD: &str = "ServerPassword";

enum Reference<'a> {
    File(&'a str),
    Variable(&'a str),
}

impl<'a> Reference<'a> {
    fn read(secret: &'a SecretString) -> Option<Self> {
        let (scheme, rest) = bare(secret.expose_secret()).split_once(':')?;
        if scheme.eq_ignore_ascii_case("file") {
            Some(Self::File(rest))
        } else if scheme.eq_ignore_ascii_case("env") {
            Some(Self::Variable(rest))
        } else {
            None
        }
    }
}

/// Refuses what looks like a reference where the policy does not allow any: taken literally it
/// would be sent over the network, and could only be wrong.
pub(super) fn permitted(secret: Option<&SecretString>, references: bool) -> Result<(), Failure> {
    match secret.and_then(Reference::read) {
        Some(_) if !references => Err(Failure::configuration(FieldError::new(
            FIELD,
            "looks like a reference (file: or env:), which the policy does not allow",
            "set `secret-references = true` in the policy, or give the secret itself",
        ))),
        _ => Ok(()),
    }
}

/// The secret itself, which for a reference is read now, without blanks, line ends and invisible
/// marks around it: no secret has any, and what is copied often does. One that is longer than any
/// secret is refused here: on its way it would be denied with a reason that explains nothing.
pub(super) fn resolve(secret: SecretString) -> Result<SecretString, Failure> {
    let wrong = |problem: &str| {
        Failure::configuration(FieldError::new(
            FIELD,
            problem,
            "see that the reference leads to the secret and that this program may read it",
        ))
    };
    let found = match Reference::read(&secret) {
        None => Zeroizing::new(secret.expose_secret().to_owned()),
        Some(Reference::File(path)) => read_file(Path::new(path)).map_err(|error| Failure {
            cause: Cause::File,
            ..wrong(&format!("refers to a file that cannot be used: {error}"))
        })?,
        Some(Reference::Variable(name)) => Zeroizing::new(
            std::env::var(name)
                .map_err(|_| wrong("refers to an environment variable that is not set"))?,
        ),
    };
    let found = bare(&found);
    if found.is_empty() && Reference::read(&secret).is_some() {
        return Err(wrong("refers to something that is blank"));
    }
    if found.len() > LONGEST_SECRET {
        return Err(too_long());
    }
    Ok(SecretString::from(found.to_owned()))
}

fn too_long() -> Failure {
    Failure::configuration(FieldError::new(
        FIELD,
        format!("is longer than the {LONGEST_SECRET} bytes that a client secret may have"),
        "give the secret's value, and nothing else",
    ))
}

/// Bytes of a secret's file besides the secret: the end of its line, and some room.
const AROUND: u64 = 64;

fn read_file(path: &Path) -> std::io::Result<Zeroizing<String>> {
    // UTF-16 has two bytes for each of ASCII.
    let bytes = wiped::read_regular(path, 2 * LONGEST_SECRET as u64 + AROUND)?;
    text_file::secret(&bytes).map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: impl Into<String>) -> SecretString {
        SecretString::from(text.into())
    }

    #[test]
    fn a_reference_is_refused_by_name_unless_the_policy_allows_it() {
        for text in ["file:/run/secrets/x", " ENV:SECRET", "env:"] {
            let failure = permitted(Some(&secret(text)), false).unwrap_err();
            assert!(failure.message.contains("secret-references"));
            assert!(!failure.message.contains("/run/secrets"));
            assert!(permitted(Some(&secret(text)), true).is_ok());
        }
        for text in ["sp-secret~1", "a:b", "profile:1"] {
            assert!(permitted(Some(&secret(text)), false).is_ok(), "{text}");
            assert_eq!(resolve(secret(text)).unwrap().expose_secret(), text);
        }
    }

    #[test]
    fn what_is_around_a_secret_is_no_part_of_it_wherever_it_comes_from() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for text in [
            "sp-secret~1",
            " sp-secret~1",
            "sp-secret~1\r\n",
            "\tsp-secret~1 \n",
            "\u{feff}sp-secret~1\r\n\r\n",
            "sp-secret~1\u{200e}",
        ] {
            std::fs::write(&path, text).unwrap();
            for given in [text.to_owned(), format!(" file:{}", path.display())] {
                let found = resolve(secret(&*given)).unwrap();
                assert_eq!(found.expose_secret(), "sp-secret~1", "{given:?}");
            }
        }
    }

    #[test]
    fn a_file_is_read_without_its_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let reference = || secret(format!("file:{}", path.display()));
        std::fs::write(&path, "sp-secret~1\r\n").unwrap();
        assert_eq!(resolve(reference()).unwrap().expose_secret(), "sp-secret~1");
        for content in ["\n".to_owned(), "s3cret".repeat(1000)] {
            std::fs::write(&path, content).unwrap();
            let failure = resolve(reference()).unwrap_err();
            assert!(!failure.message.contains("s3cret"), "{}", failure.message);
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(resolve(reference()).unwrap_err().cause, Cause::File);
        let device = resolve(secret("file:/dev/zero")).unwrap_err();
        assert!(
            device.message.contains("regular file"),
            "{}",
            device.message
        );
    }

    #[test]
    fn a_secret_file_is_read_in_every_encoding_that_shells_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let reference = || secret(format!("file:{}", path.display()));
        let long = "s".repeat(LONGEST_SECRET);
        for text in ["sp-secret~1", &long] {
            let marked = format!("\u{feff}{text}\r\n");
            let units = || marked.encode_utf16();
            for bytes in [
                marked.as_bytes().to_vec(),
                units().flat_map(u16::to_le_bytes).collect(),
                units().flat_map(u16::to_be_bytes).collect(),
            ] {
                std::fs::write(&path, bytes).unwrap();
                assert_eq!(resolve(reference()).unwrap().expose_secret(), text);
            }
        }
        for bytes in [&b"s3cr\xe9t"[..], b"s3\0cret"] {
            std::fs::write(&path, bytes).unwrap();
            let failure = resolve(reference()).unwrap_err();
            assert_eq!(failure.cause, Cause::File);
            assert!(failure.message.contains("UTF-8"), "{}", failure.message);
            assert!(!failure.message.contains("s3"), "{}", failure.message);
        }
    }

    #[test]
    fn a_secret_is_no_longer_than_its_rule_lets_pass_wherever_it_comes_from() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for (length, passes) in [(LONGEST_SECRET, true), (LONGEST_SECRET + 1, false)] {
            let text = "s".repeat(length);
            std::fs::write(&path, format!("{text}\r\n")).unwrap();
            for given in [secret(&*text), secret(format!("file:{}", path.display()))] {
                match resolve(given) {
                    Ok(found) => assert_eq!((found.expose_secret(), passes), (&*text, true)),
                    Err(failure) => {
                        assert!(!passes);
                        assert!(failure.message.starts_with("ServerPassword"));
                    }
                }
            }
        }
    }

    #[test]
    fn a_variable_is_read_and_one_that_is_not_set_is_told() {
        let path = std::env::var("PATH").unwrap();
        let found = resolve(secret("env:PATH")).unwrap();
        assert_eq!(found.expose_secret(), path.trim());
        let failure = resolve(secret("env:NO_SUCH_VARIABLE_HERE")).unwrap_err();
        assert!(failure.message.starts_with("ServerPassword"));
    }
}
