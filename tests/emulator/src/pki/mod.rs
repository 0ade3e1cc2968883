//! Certificates that are made when they are first looked at, and are the same every time.
//!
//! `keys` makes key pairs from labels, `issue` makes certificates from keys. Must not know vaults,
//! requests or the seed's file format.

mod issue;
mod keys;

pub(crate) use issue::{Authority, Blueprint, EXTENDED_KEY_USAGE, PkiError, subject};
pub use keys::KeyKind;
pub(crate) use keys::rsa_pair;
