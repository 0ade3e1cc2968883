//! Secrets that are not in the job but on this machine: `file:/path` or `env:NAME` in the place
//! of the secret, where the operator allows it. Without that, nobody who writes jobs may have
//! files and variables of the orchestrator read.
//!
//! It must not know what a secret is for. Nothing that may be one is ever printed.

use super::verdict::Failure;
use job_scope::FieldError;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;
use std::io::Read;

const FIELD: &str = "ServerPassword";

/// Bytes of a secret's file: secrets have some forty, and a file of another kind is a mistake.
const LONGEST: u64 = 4 << 10;

enum Reference<'a> {
    File(&'a str),
    Variable(&'a str),
}

impl<'a> Reference<'a> {
    fn read(secret: &'a SecretString) -> Option<Self> {
        let (scheme, rest) = secret.expose_secret().trim().split_once(':')?;
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

/// The secret itself, which for a reference is read now.
pub(super) fn resolve(secret: SecretString) -> Result<SecretString, Failure> {
    let wrong = |problem: &str| {
        Failure::configuration(FieldError::new(
            FIELD,
            problem,
            "see that the reference leads to the secret and that this program may read it",
        ))
    };
    let found = match Reference::read(&secret) {
        None => return Ok(secret),
        Some(Reference::File(path)) => read_file(path)
            .map_err(|error| wrong(&format!("refers to a file that cannot be read: {error}")))?,
        Some(Reference::Variable(name)) => Zeroizing::new(
            std::env::var(name)
                .map_err(|_| wrong("refers to an environment variable that is not set"))?,
        ),
    };
    let found = found.trim();
    if found.is_empty() {
        return Err(wrong("refers to something that is blank"));
    }
    Ok(SecretString::from(found.to_owned()))
}

fn read_file(path: &str) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(std::io::Error::other("it is too long for a secret"));
    }
    Ok(text)
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
        assert!(resolve(reference()).is_err());
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
