//! `[[vault]]`: what holds for the vaults whose names fit a pattern. It must not know the jobs.

use super::file::VaultEntry;
use super::options;
use super::{PolicyError, percentage, some_of};
use crate::options::Options;
use job_scope::{JobKind, VaultName};

/// What is said about some vaults.
#[derive(Debug, Clone)]
pub(super) struct Vaults {
    names: Vec<NamePattern>,
    pub(super) jobs: Option<Vec<JobKind>>,
    pub(super) max_shrink: Option<u8>,
    pub(super) reads_private_keys: Option<bool>,
    pub(super) options: Options,
}

impl Vaults {
    pub(super) fn have(&self, vault: &VaultName) -> bool {
        let fits = |pattern: &NamePattern| pattern.matches(vault.as_str());
        self.names.iter().any(fits)
    }
}

pub(super) fn read(entries: Vec<VaultEntry>) -> Result<Vec<Vaults>, PolicyError> {
    entries.into_iter().map(read_one).collect()
}

fn read_one(entry: VaultEntry) -> Result<Vaults, PolicyError> {
    let names = entry
        .names
        .iter()
        .map(|name| NamePattern::parse(name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| PolicyError(format!("[[vault]]: {error}")))?;
    let Some(first) = entry.names.first() else {
        return Err(PolicyError(
            "[[vault]]: names is empty; write vault names, with * for any letters".to_owned(),
        ));
    };
    let place = format!("[[vault]] {first}");
    Ok(Vaults {
        options: options::read(&place, entry.options)?,
        jobs: some_of(&place, "jobs", entry.jobs)?,
        max_shrink: entry
            .max_shrink
            .map(|percent| percentage(&place, percent))
            .transpose()?,
        reads_private_keys: entry.reads_private_keys,
        names,
    })
}

/// A text that is no pattern.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is no pattern of vault names; write letters, digits and hyphens, and * for any number of them"
)]
pub(super) struct PatternError(String);

/// A vault's name with `*` for any number of letters, digits and hyphens, in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamePattern(String);

impl NamePattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-*".contains(&byte);
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(PatternError(text.to_owned()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let mut pieces = self.0.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = pieces.next_back() else {
            return rest.is_empty();
        };
        for piece in pieces {
            match rest.split_once(piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_number_of_characters_and_case_does_not_matter() {
        for (pattern, name, fits) in [
            ("kv-one", "KV-One", true),
            ("kv-one", "kv-one-2", false),
            ("kv-prod-*", "kv-prod-eu", true),
            ("KV-PROD-*", "kv-prod-", true),
            ("kv-prod-*", "kv-production", false),
            ("*", "anything", true),
            ("*-eu", "kv-prod-eu", true),
            ("*-eu", "kv-eu-1", false),
            ("kv-*-eu", "kv-a-b-eu", true),
            ("kv-*-eu", "kv-eu", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("a**a", "aa", true),
            ("a*a", "a", false),
        ] {
            let pattern_of = NamePattern::parse(pattern).unwrap();
            assert_eq!(pattern_of.matches(name), fits, "{pattern} {name}");
        }
        for text in ["", " ", "kv.one", "kv_1", "https://kv", "k?"] {
            assert!(NamePattern::parse(text).is_err(), "{text}");
        }
    }
}
