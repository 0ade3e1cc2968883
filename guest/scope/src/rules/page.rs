//! The query of a list's pages: what the first one has, and what a service may add in the link
//! to the next one. The extension follows a link only where the grant allows it, so that an odd
//! link costs a list and not, as a denied request would, the job.
//!
//! Must not know: where a list is, and how a link is taken apart.

use super::PairTemplate;

/// Longest skip token, in bytes. Key Vault's are some 150; Azure Resource Manager's pass 1,000,
/// and its URLs may have 4 KB.
pub(super) const SKIP_TOKEN: usize = 4096;

/// Longest number of a page's size.
const SIZE: usize = 4;

/// The query of a page of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    version: &'static str,
    /// What the service repeats of a page size in some of its links, although none was asked for.
    size: &'static str,
}

impl PageQuery {
    /// The lists of a vault.
    pub const KEY_VAULT: PageQuery = PageQuery {
        version: super::KEY_VAULT_API_VERSION,
        size: "maxresults",
    };

    /// A list of Azure Resource Manager, in this API version.
    pub const fn arm(version: &'static str) -> PageQuery {
        PageQuery {
            version,
            size: "$top",
        }
    }

    pub(super) fn pairs(self) -> Vec<PairTemplate> {
        vec![
            PairTemplate::fixed("api-version", self.version),
            PairTemplate::opaque("$skiptoken", SKIP_TOKEN).optional(),
            PairTemplate::opaque(self.size, SIZE).optional(),
        ]
    }

    /// Whether a query of these decoded pairs is one of the list's.
    ///
    /// # Errors
    /// What is wrong with it; nothing of the query itself.
    pub fn check(self, given: &[(String, String)]) -> Result<(), &'static str> {
        for (index, (name, value)) in given.iter().enumerate() {
            let fits = match name.as_str() {
                "api-version" => value == self.version,
                "$skiptoken" => value.len() <= SKIP_TOKEN,
                name if name == self.size => value.len() <= SIZE,
                _ => return Err("a parameter that no list has"),
            };
            if !fits {
                return Err("a parameter of another value, or too long");
            }
            if given.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err("the same parameter twice");
            }
        }
        match given.iter().any(|(name, _)| name == "api-version") {
            true => Ok(()),
            false => Err("no API version"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: PageQuery, given: &[(&str, &str)]) -> Result<(), &'static str> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        query.check(&given.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_query_is_followed_where_its_rule_allows_it() {
        let vault = PageQuery::KEY_VAULT;
        let arm = PageQuery::arm("2022-12-01");
        let longest = "t".repeat(SKIP_TOKEN);
        let too_long = "t".repeat(SKIP_TOKEN + 1);
        for (query, given, fits) in [
            (vault, &[("api-version", "7.6")][..], true),
            (
                vault,
                &[
                    ("$skiptoken", &longest),
                    ("api-version", "7.6"),
                    ("maxresults", "25"),
                ],
                true,
            ),
            (arm, &[("$top", "1"), ("api-version", "2022-12-01")], true),
            (vault, &[], false),
            (vault, &[("api-version", "7.5")], false),
            (
                vault,
                &[("api-version", "7.6"), ("$skiptoken", &too_long)],
                false,
            ),
            (vault, &[("api-version", "7.6"), ("$top", "1")], false),
            (vault, &[("api-version", "7.6"), ("q", "1")], false),
            (
                vault,
                &[("api-version", "7.6"), ("maxresults", "10000")],
                false,
            ),
            (
                vault,
                &[
                    ("api-version", "7.6"),
                    ("$skiptoken", "a"),
                    ("$skiptoken", "b"),
                ],
                false,
            ),
        ] {
            let result = check(query, given);
            assert_eq!(result.is_ok(), fits, "{given:?}: {result:?}");
        }
    }
}
