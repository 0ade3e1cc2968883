//! Certificates, keys and the files that hold them.
//!
//! `keys` makes key pairs from labels and `private` signs with them, `issue` makes the certificates of
//! a seed and `build` those that a client wishes for, `facts` and `names` read certificates, `curves` knows
//! the curves of keys, `bundle`
//! reads and writes PKCS#12 and PEM. Must not know vaults, requests or the seed's file format.

mod build;
mod bundle;
mod curves;
mod der;
mod facts;
mod issue;
mod keys;
mod names;
mod private;

pub(crate) use build::{BadWish, Wish, check, request, self_signed};
pub(crate) use bundle::{BadBundle, Bundle, read_pem, read_pkcs12, write_pem, write_pkcs12};
pub(crate) use curves::Curve;
pub(crate) use der::Der;
pub(crate) use facts::{Facts, Family, KeyFacts, Sans, same_key};
pub(crate) use issue::{Authority, Blueprint, EXTENDED_KEY_USAGE, PkiError};
pub use keys::KeyKind;
pub(crate) use keys::rsa_pair;
pub(crate) use names::from_windows;
pub(crate) use private::{KeySource, public_bits};
