//! What a password protects: encryption (PBES1, PBES2) and the checksum over a file.
//!
//! It must not know what is protected. Sources: RFC 7292 appendices B and C, RFC 8018
//! section 6, RFC 9579.

mod budget;
mod cipher;
mod hash;
mod mac;
mod names;
mod password;
mod scheme;

pub(super) use budget::Budget;
pub(super) use hash::Hash;
pub(super) use mac::verify;
pub(super) use password::Password;
pub(super) use scheme::decrypt;
