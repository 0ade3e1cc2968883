//! `[extensions]`: which components are run. It must not know how one is loaded.

use super::PolicyError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A digest, or those of several versions.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Digests {
    One(String),
    Several(Vec<String>),
}

/// The components that an operator approved: names for people, with sha256 digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approved(BTreeMap<String, Vec<String>>);

/// A component that is none of the approved ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the component's sha256 is {digest}, which the policy's [extensions] does not have; it approves {}: run one of these, or add `NAME = {digest:?}` there",
    names.join(", ")
)]
pub struct NotApproved {
    /// Its digest.
    pub digest: String,
    /// The names of the approved ones.
    pub names: Vec<String>,
}

/// What a policy says of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval<'a> {
    /// It names this very file.
    ByName(&'a str),
    /// It approves any.
    Any,
}

impl Approved {
    pub(super) fn read(section: Option<BTreeMap<String, Digests>>) -> Result<Self, PolicyError> {
        let Some(section) = section else {
            return Ok(Self::default());
        };
        if section.is_empty() {
            return Err(PolicyError(
                "[extensions] is empty, so that no job could run; leave it out to run any"
                    .to_owned(),
            ));
        }
        let mut approved = BTreeMap::new();
        for (name, digests) in section {
            let digests = match digests {
                Digests::One(digest) => vec![digest],
                Digests::Several(digests) => digests,
            };
            let is_digest = |digest: &String| {
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            if digests.is_empty() || !digests.iter().all(is_digest) {
                return Err(PolicyError(format!(
                    "[extensions]: {name} must be 64 hex digits, as sha256sum prints them, or a list of such"
                )));
            }
            let lower = digests.iter().map(|digest| digest.to_ascii_lowercase());
            approved.insert(name, lower.collect());
        }
        Ok(Self(approved))
    }

    /// What is said of the component with this sha256, in lower case.
    ///
    /// # Errors
    /// Others are approved, and it is not.
    pub fn approve(&self, digest: &str) -> Result<Approval<'_>, NotApproved> {
        if self.0.is_empty() {
            return Ok(Approval::Any);
        }
        let has = |(_, digests): &(&String, &Vec<String>)| digests.iter().any(|one| one == digest);
        match self.0.iter().find(has) {
            Some((name, _)) => Ok(Approval::ByName(name)),
            None => Err(NotApproved {
                digest: digest.to_owned(),
                names: self.0.keys().cloned().collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Approved, PolicyError> {
        Approved::read(Some(toml::from_str(text).unwrap()))
    }

    #[test]
    fn only_what_is_named_is_approved_and_without_names_everything() {
        let (a, b, c) = ("A".repeat(64), "b".repeat(64), "c".repeat(64));
        let approved = read(&format!("one = \"{a}\"\ntwo = [\"{b}\", \"{c}\"]")).unwrap();
        assert_eq!(
            approved.approve(&"a".repeat(64)),
            Ok(Approval::ByName("one"))
        );
        assert_eq!(approved.approve(&c), Ok(Approval::ByName("two")));
        let refused = approved.approve(&"0".repeat(64)).unwrap_err().to_string();
        for part in ["sha256", &"0".repeat(64), "one, two", "[extensions]"] {
            assert!(refused.contains(part), "{refused}");
        }
        assert_eq!(Approved::default().approve(&a), Ok(Approval::Any));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in [
            "",
            "one = \"abc\"",
            "one = []",
            "one = [\"abc\"]",
            &format!("one = \"{}\"", "g".repeat(64)),
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
