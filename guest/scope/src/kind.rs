//! The kinds of job, by the names that every part of the program uses for them.
//!
//! Must not know: what a kind of job does or needs (that is [`crate::rules()`]).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{FieldError, shown};

/// What a job does. One for each `run` interface of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Lists the certificates of a vault.
    Inventory,
    /// Imports a certificate with its key.
    Add,
    /// Deletes a certificate (soft delete).
    Remove,
    /// Creates a vault.
    CreateStore,
    /// Finds vaults.
    Discovery,
    /// Says what an identity may do, changing nothing.
    Check,
}

impl JobKind {
    /// Every kind, in the order in which they are listed to people.
    pub const ALL: [JobKind; 6] = [
        JobKind::Inventory,
        JobKind::Add,
        JobKind::Remove,
        JobKind::CreateStore,
        JobKind::Discovery,
        JobKind::Check,
    ];

    /// The kebab-case name, as in policies and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            JobKind::Inventory => "inventory",
            JobKind::Add => "add",
            JobKind::Remove => "remove",
            JobKind::CreateStore => "create-store",
            JobKind::Discovery => "discovery",
            JobKind::Check => "check",
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for JobKind {
    type Err = FieldError;

    /// Exactly the kebab-case name: this is a word of our own, not one that people type into a
    /// platform's form.
    fn from_str(text: &str) -> Result<JobKind, FieldError> {
        JobKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let known: Vec<_> = JobKind::ALL.iter().map(|kind| kind.as_str()).collect();
                FieldError::new(
                    "job kind",
                    format!("{} is not a kind of job", shown(text)),
                    format!("use one of {}", known.join(", ")),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_prints_and_parses_and_serializes_as_the_same_word() {
        for kind in JobKind::ALL {
            assert_eq!(kind.to_string().parse::<JobKind>(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<JobKind>(&json).unwrap(), kind);
        }
    }

    #[test]
    fn an_unknown_kind_is_answered_with_the_known_ones() {
        let text = "Inventory".parse::<JobKind>().unwrap_err().to_string();
        assert!(
            text.contains("inventory, add, remove, create-store"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_kind_parser_panic(text: String) {
            let _ = text.parse::<JobKind>();
        }
    }
}
