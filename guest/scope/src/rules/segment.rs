//! The wildcards of a URL template that a job fills at run time: certificate names, versions and
//! subscription ids, as data.
//!
//! Must not know: how a path is split or decoded; a pattern sees one decoded segment.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What one path segment may be where a template says `{name}`.
///
/// A segment matches when it has `min` to `max` characters, all of them from `alphabet`, and is
/// none of `except`, in any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SegmentPattern {
    /// The word between the braces.
    pub name: Cow<'static, str>,
    /// Every character that may occur, one after the other; no ranges, no classes.
    pub alphabet: Cow<'static, str>,
    /// Fewest characters, at least 1.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    /// Words that are other resources under the same path, compared ignoring ASCII case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Cow<'static, str>>,
}

impl SegmentPattern {
    /// Whether a decoded segment is one of these.
    pub fn matches(&self, segment: &str) -> bool {
        (self.min.max(1)..=self.max).contains(&segment.chars().count())
            && segment
                .chars()
                .all(|character| self.alphabet.contains(character))
            && !self.excludes(segment)
    }

    /// Whether a segment is one of the reserved words.
    pub fn excludes(&self, segment: &str) -> bool {
        self.except
            .iter()
            .any(|word| word.eq_ignore_ascii_case(segment))
    }
}

const NAME: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
const HEX: &str = "0123456789ABCDEFabcdef";
const HEX_AND_HYPHEN: &str = "0123456789ABCDEFabcdef-";

/// `{name}`: the name of a certificate (Azure REST: Certificates).
pub(crate) fn certificate_name() -> SegmentPattern {
    SegmentPattern {
        name: "name".into(),
        alphabet: NAME.into(),
        min: 1,
        max: 127,
        except: vec!["contacts".into(), "issuers".into(), "restore".into()],
    }
}

/// The wildcards of the built-in templates:
///
/// * `{name}`: the name of a certificate, never `contacts`, `issuers` or `restore`;
/// * `{version}`: the version of a certificate, 32 hex digits;
/// * `{id}`: a subscription id, 36 hex digits and hyphens.
pub fn segment_patterns() -> Vec<SegmentPattern> {
    vec![
        certificate_name(),
        SegmentPattern {
            name: "version".into(),
            alphabet: HEX.into(),
            min: 32,
            max: 32,
            except: Vec::new(),
        },
        SegmentPattern {
            name: "id".into(),
            alphabet: HEX_AND_HYPHEN.into(),
            min: 36,
            max: 36,
            except: Vec::new(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(name: &str, segment: &str) -> bool {
        segment_patterns()
            .iter()
            .any(|pattern| pattern.name == name && pattern.matches(segment))
    }

    #[test]
    fn wildcards_match_what_the_service_calls_by_that_name_and_nothing_else() {
        for (name, segment, wanted) in [
            ("name", "cert-01", true),
            ("name", &"a".repeat(127), true),
            ("name", &"a".repeat(128), false),
            ("name", "", false),
            ("name", "..", false),
            ("name", "a/b", false),
            ("name", "a%2fb", false),
            ("name", "contacts", false),
            ("name", "Issuers", false),
            ("name", "restore", false),
            ("version", "0123456789abcdef0123456789abcdef", true),
            ("version", "import", false),
            ("version", "pending", false),
            ("version", "0123456789abcdef0123456789abcde", false),
            ("id", "22222222-2222-4222-8222-222222222222", true),
            ("id", "resourceGroups", false),
        ] {
            assert_eq!(matches(name, segment), wanted, "{{{name}}} {segment:?}");
        }
    }

    #[test]
    fn a_pattern_never_matches_an_empty_segment() {
        let pattern = SegmentPattern {
            min: 0,
            ..certificate_name()
        };
        assert!(!pattern.matches(""));
    }

    proptest! {
        #[test]
        fn no_segment_makes_a_pattern_panic(segment: String) {
            for pattern in segment_patterns() {
                let _ = pattern.matches(&segment);
            }
        }
    }
}
