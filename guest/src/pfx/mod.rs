//! A private key with its certificates out of the file that a job brings, and into the one that
//! a vault gets.
//!
//! Bytes in, values out: no I/O, no clock, no randomness, no panic whatever comes in. It must
//! not know jobs, vaults or policies.
//!
//! | part | what it is about |
//! |---|---|
//! | `asn1`, `ber`, `der` | elements: reading them, bringing them to definite lengths, writing them |
//! | `protection` | what a password opens: encryption and the checksum; bounds the work |
//! | `archive` | the inside of a PKCS#12 |
//! | `text`, `kind` | files that are text, or something else than what they should be |
//! | `pem`, `pem_text`, `pkcs7` | PEM: reading it, writing it, and certificates that come in a PKCS#7 |
//! | `key`, `curve`, `explicit_curve`, `family`, `certificate`, `name`, `time`, `public_key` | what is found |
//! | `signature`, `rsa` | whether a key has signed a certificate |
//! | `leaf`, `chain`, `bundle`, `issuers` | what of it is wanted, and how it is written |
//! | `remark`, `error` | what is said about a file that is taken, and about one that is not |
//!
//! The structures are read by the few lines in `asn1` and `archive` and not by a PKCS#12 crate:
//! files in use are BER now and then and disagree about empty passwords, and their work must be
//! bounded as a whole. The cryptography is RustCrypto's.

mod archive;
mod asn1;
mod ber;
mod bundle;
mod certificate;
mod chain;
mod curve;
mod der;
mod error;
mod explicit_curve;
mod family;
mod found;
mod issuers;
mod key;
mod key_names;
mod kind;
mod leaf;
mod name;
pub mod pem;
mod pem_text;
mod pkcs7;
mod protection;
mod public_key;
mod remark;
mod rsa;
mod signature;
mod text;
mod time;

pub use bundle::Bundle;
pub use curve::Curve;
pub use error::{Container, PfxError};
pub use family::Family;
pub use issuers::{Form, issuers};
pub use key::KeyKind;
pub use public_key::key_of;
pub use remark::{Remark, Seen};
pub use time::Time;

use protection::Password;

/// The most bytes that are read. A key with its chain has 3 to 10 kB; with every public root
/// beside it, 250 kB. Key Vault takes far less, but what it takes is written anew here.
const LARGEST: usize = 1 << 20;

/// The most certificates that are looked at: with every public root beside it, a chain has some
/// 150. Each one above another is looked for among all, so that the work grows with the square.
const MOST_CERTIFICATES: usize = 500;

/// Reads a PKCS#12, or one as base64 text. No password and an empty one are the same; `now` tells
/// certificates that are valid from those that are not.
///
/// # Errors
///
/// What is wrong with `Contents` or with `PrivateKeyPassword`.
pub fn read(contents: &[u8], password: Option<&str>, now: Time) -> Result<Bundle, PfxError> {
    within_limit(contents)?;
    let decoded = text::pkcs12_in_base64(contents);
    let contents = decoded.as_deref().map_or(contents, Vec::as_slice);
    if let Some(kind) = kind::other_than_pfx(contents) {
        return Err(PfxError::NotPfx(kind));
    }
    let found = archive::open(contents, &Password::new(password));
    let found = found.map_err(|error| match error {
        PfxError::WrongPassword(_) | PfxError::Damaged(_) if decoded.is_some() => {
            PfxError::InBase64(Box::new(error))
        }
        error => error,
    })?;
    Bundle::choose(found, Container::Pfx, now)
}

fn within_limit(contents: &[u8]) -> Result<(), PfxError> {
    match contents.len() {
        0 => Err(PfxError::Empty),
        size if size > LARGEST => Err(PfxError::TooLarge {
            size,
            limit: LARGEST,
        }),
        _ => Ok(()),
    }
}

fn few_enough(certificates: usize, container: Container) -> Result<(), PfxError> {
    if certificates > MOST_CERTIFICATES {
        return Err(PfxError::TooManyCertificates {
            container,
            certificates,
            limit: MOST_CERTIFICATES,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
