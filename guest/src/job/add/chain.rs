//! Whether the vault has the certificates above one that it has already: the same certificate may
//! have been imported without them, and its thumbprint does not tell.
//!
//! It must not ask the vault, nor decide what is imported.
//!
//! More is better, and nothing else is: a version is made only if the file's verified chain has all
//! that is there, and something that is not. So the same job makes no second version, and two jobs
//! with different chains do not replace each other's for ever.

use std::fmt;

use job_scope::counted;

/// How the certificates above the one that is there compare with those of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The file brings none.
    NoneBrought,
    /// All that the file brings are there.
    Complete,
    /// Some of them are not there.
    Lacks {
        missing: usize,
        brought: usize,
        /// Certificates that are there and that the file does not bring.
        others: usize,
    },
    /// They were not compared.
    NotCompared(NotCompared),
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotCompared {
    /// Nothing could come of it.
    WithoutOverwrite,
    /// They are only in the managed secret, beside the private key.
    NotAllowed,
    /// The secret could not be had: why.
    Withheld(String),
}

impl Comparison {
    /// Compares, whatever the order.
    pub(super) fn of(brought: &[Vec<u8>], there: &[Vec<u8>]) -> Comparison {
        let lacking =
            |of: &[Vec<u8>], from: &[Vec<u8>]| of.iter().filter(|one| !from.contains(one)).count();
        match (brought.len(), lacking(brought, there)) {
            (0, _) => Comparison::NoneBrought,
            (_, 0) => Comparison::Complete,
            (brought_count, missing) => Comparison::Lacks {
                missing,
                brought: brought_count,
                others: lacking(there, brought),
            },
        }
    }

    /// Whether an import would add to what is there, and take nothing from it.
    pub(super) fn is_completed_by_the_file(&self) -> bool {
        matches!(self, Comparison::Lacks { others: 0, .. })
    }
}

/// A part of a sentence; blank where there is nothing to say.
impl fmt::Display for Comparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::NoneBrought => Ok(()),
            Comparison::Complete => {
                out.write_str("it has all the certificates above it that came with this job")
            }
            Comparison::Lacks {
                missing,
                brought,
                others,
            } => {
                let brought = counted(*brought, "certificate");
                match others {
                    0 => write!(
                        out,
                        "its chain lacked {missing} of {brought} that came with this job"
                    ),
                    others => write!(
                        out,
                        "its chain is another one: it lacks {missing} of {brought} that came with \
                         this job, and has {} that did not come",
                        counted(*others, "certificate")
                    ),
                }
            }
            Comparison::NotCompared(why) => write!(
                out,
                "its chain was not compared with the one that came with this job, {why}"
            ),
        }
    }
}

/// Completes "was not compared, …".
impl fmt::Display for NotCompared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotCompared::WithoutOverwrite => {
                out.write_str("because that is only done with Overwrite")
            }
            NotCompared::NotAllowed => out.write_str(
                "because that reads the private key: it is done where the policy says \
                 reads-private-keys = true",
            ),
            NotCompared::Withheld(why) => {
                write!(out, "because the vault did not hand it out: {why}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_lacks_what_came_and_is_not_there_whatever_the_order() {
        let lacks = |missing, brought, others| Comparison::Lacks {
            missing,
            brought,
            others,
        };
        for (brought, there, wanted) in [
            ("", "", Comparison::NoneBrought),
            ("", "a", Comparison::NoneBrought),
            ("ab", "ab", Comparison::Complete),
            ("ab", "ba", Comparison::Complete),
            ("a", "ab", Comparison::Complete),
            ("ab", "", lacks(2, 2, 0)),
            ("ab", "a", lacks(1, 2, 0)),
            ("ab", "ac", lacks(1, 2, 1)),
            ("ab", "cd", lacks(2, 2, 2)),
        ] {
            let chain =
                |text: &str| -> Vec<Vec<u8>> { text.bytes().map(|byte| vec![byte]).collect() };
            let found = Comparison::of(&chain(brought), &chain(there));
            assert_eq!(found, wanted, "{brought} {there}");
            // What was made out of it lacks nothing.
            assert!(!Comparison::of(&chain(brought), &chain(brought)).is_completed_by_the_file());
        }
    }
}
