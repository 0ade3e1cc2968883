//! `[[vault]]`: what holds for the vaults whose names fit a pattern. It must not know the jobs.

use super::file::VaultEntry;
use super::options;
use super::{PolicyError, percentage, some_of};
use crate::options::Options;
use job_scope::{JobKind, VaultName, option};

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

    /// What is said, by its keys.
    fn says(&self) -> Vec<String> {
        let keys = [
            ("jobs", self.jobs.is_some()),
            ("max-shrink", self.max_shrink.is_some()),
            ("reads-private-keys", self.reads_private_keys.is_some()),
        ];
        let said = keys.into_iter().filter(|(_, is_said)| *is_said);
        let options = self
            .options
            .iter()
            .map(|(name, _)| format!("options.{name}"));
        said.map(|(key, _)| key.to_owned()).chain(options).collect()
    }
}

/// What is said in vain: of several entries that fit a vault, the first that says it holds.
pub(super) fn in_vain(entries: &[Vaults]) -> impl Iterator<Item = String> {
    entries.iter().enumerate().filter_map(move |(place, entry)| {
        let before = || entries.iter().take(place);
        let taken = |key: &String| {
            entry.names.iter().all(|name| {
                before().any(|other| {
                    let has = other.names.iter().any(|pattern| pattern.covers(name));
                    has && other.says().contains(key)
                })
            })
        };
        let taken: Vec<String> = entry.says().into_iter().filter(taken).collect();
        let first = entry.names.first()?;
        (!taken.is_empty()).then(|| {
            format!(
                "[[vault]] {}: {} is never used, since entries above say it for all of its vaults; move it above them, or leave it out",
                first.0,
                taken.join(", ")
            )
        })
    })
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
    let of_discoveries = [option::PATH_FORMAT, option::SUBSCRIPTIONS];
    if let Some(key) = of_discoveries
        .iter()
        .find(|key| entry.options.contains_key(**key))
    {
        return Err(PolicyError(format!(
            "{place}: the option `{key}` is for discoveries, which are about no vault; write it among the options of a [[tenant]] or of all"
        )));
    }
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

    /// Whether every name that fits the other fits this. A `*` of the other is a character that
    /// only a `*` of this can be.
    fn covers(&self, other: &Self) -> bool {
        self.matches(&other.0)
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

    #[test]
    fn a_pattern_covers_another_that_has_no_name_beyond_it() {
        for (one, other, covers) in [
            ("*", "kv-*", true),
            ("kv-*", "kv-prod-*", true),
            ("KV-*", "kv-one", true),
            ("kv-*", "kv-*", true),
            ("kv-*-eu", "kv-*a*-eu", true),
            ("kv-prod-*", "kv-*", false),
            ("kv-one", "kv-*", false),
            ("*-eu", "kv-*", false),
            ("kv-*-eu", "kv-*eu", false),
        ] {
            let parse = |text| NamePattern::parse(text).unwrap();
            assert_eq!(parse(one).covers(&parse(other)), covers, "{one} {other}");
        }
    }
}
