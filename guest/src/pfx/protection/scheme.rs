//! How something is encrypted: reads the algorithm identifier and undoes it.

use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::budget::Budget;
use super::cipher::Cipher;
use super::hash::{Hash, Purpose};
use super::names::name;
use super::password::Password;
use crate::pfx::asn1::Reader;
use crate::pfx::ber;
use crate::pfx::error::Obstacle;

/// RFC 7292 appendix C.
const PBES1: [(ObjectIdentifier, Cipher); 6] = [
    (oid("1.2.840.113549.1.12.1.1"), Cipher::Rc4 { key: 16 }),
    (oid("1.2.840.113549.1.12.1.2"), Cipher::Rc4 { key: 5 }),
    (oid("1.2.840.113549.1.12.1.3"), Cipher::TripleDes3),
    (oid("1.2.840.113549.1.12.1.4"), Cipher::TripleDes2),
    (
        oid("1.2.840.113549.1.12.1.5"),
        Cipher::Rc2 { key: 16, bits: 128 },
    ),
    (
        oid("1.2.840.113549.1.12.1.6"),
        Cipher::Rc2 { key: 5, bits: 40 },
    ),
];

/// RFC 8018 appendix B.2, RFC 3565.
const PBES2_CIPHERS: [(ObjectIdentifier, Cipher); 5] = [
    (oid("2.16.840.1.101.3.4.1.2"), Cipher::Aes128),
    (oid("2.16.840.1.101.3.4.1.22"), Cipher::Aes192),
    (oid("2.16.840.1.101.3.4.1.42"), Cipher::Aes256),
    (oid("1.2.840.113549.3.7"), Cipher::TripleDes3),
    (oid("1.3.14.3.2.7"), Cipher::Des),
];

const PBES2: ObjectIdentifier = oid("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = oid("1.2.840.113549.1.5.12");
const RC2_CBC: ObjectIdentifier = oid("1.2.840.113549.3.2");

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

fn find(table: &[(ObjectIdentifier, Cipher)], oid: ObjectIdentifier) -> Option<Cipher> {
    table.iter().find(|(o, _)| *o == oid).map(|(_, c)| *c)
}

/// Where key and IV come from.
enum Scheme<'a> {
    Pbes1 {
        cipher: Cipher,
        salt: &'a [u8],
        iterations: u32,
    },
    Pbes2 {
        cipher: Cipher,
        iv: &'a [u8],
        kdf: Pbkdf2<'a>,
    },
}

/// PBKDF2 with its parameters.
pub(super) struct Pbkdf2<'a> {
    hash: Hash,
    salt: &'a [u8],
    iterations: u32,
    pub(super) key_size: Option<u32>,
}

/// Decrypts `data`, which is one SEQUENCE under its encryption, and brings it to definite
/// lengths. `algorithm` is the content of an AlgorithmIdentifier.
///
/// A wrong password shows in the padding (all but one of 256 times) or in that what comes out
/// is no SEQUENCE of just this length.
pub(in crate::pfx) fn decrypt(
    algorithm: Reader<'_>,
    data: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
    let scheme = Scheme::read(algorithm)?;
    for reading in scheme.readings(password) {
        let plain = scheme.apply(reading, data, budget)?;
        let der = plain.and_then(|p| ber::exactly_one_sequence(&p).ok());
        if let Some(der) = der {
            return Ok(Zeroizing::new(der));
        }
    }
    Err(Obstacle::Password)
}

impl<'a> Scheme<'a> {
    fn read(mut algorithm: Reader<'a>) -> Result<Self, Obstacle> {
        let oid = algorithm.oid()?;
        if oid == Some(PBES2) {
            return Self::read_pbes2(algorithm.sequence()?);
        }
        let cipher = oid
            .and_then(|o| find(&PBES1, o))
            .ok_or_else(|| Obstacle::Algorithm(name(oid)))?;
        let mut parameters = algorithm.sequence()?;
        Ok(Scheme::Pbes1 {
            cipher,
            salt: parameters.octets()?,
            iterations: parameters.count()?,
        })
    }

    fn read_pbes2(mut parameters: Reader<'a>) -> Result<Self, Obstacle> {
        let kdf = Pbkdf2::read(parameters.sequence()?)?;
        let mut encryption = parameters.sequence()?;
        let oid = encryption.oid()?;
        let (cipher, iv) = if oid == Some(RC2_CBC) {
            let mut parameters = encryption.sequence()?;
            let version = parameters.optional_count()?;
            (rc2(version)?, parameters.octets()?)
        } else {
            let cipher = oid
                .and_then(|o| find(&PBES2_CIPHERS, o))
                .ok_or_else(|| Obstacle::Algorithm(name(oid)))?;
            (cipher, encryption.octets()?)
        };
        Ok(Scheme::Pbes2 { cipher, iv, kdf })
    }

    fn readings<'p>(&self, password: &'p Password) -> &'p [Zeroizing<Vec<u8>>] {
        match self {
            Scheme::Pbes1 { .. } => password.bmp(),
            Scheme::Pbes2 { .. } => password.plain(),
        }
    }

    /// `None` where this reading of the password cannot be right.
    fn apply(
        &self,
        password: &[u8],
        data: &[u8],
        budget: &mut Budget,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Obstacle> {
        match self {
            Scheme::Pbes1 {
                cipher,
                salt,
                iterations,
            } => {
                let mut derive = |purpose, length| {
                    Hash::Sha1.derive_pkcs12(purpose, password, salt, *iterations, length, budget)
                };
                let key = derive(Purpose::Key, cipher.key_size())?;
                let iv = derive(Purpose::Iv, cipher.iv_size())?;
                Ok(cipher.decrypt(&key, &iv, data))
            }
            Scheme::Pbes2 { cipher, iv, kdf } => {
                let key = kdf.derive(password, cipher.key_size(), budget)?;
                Ok(cipher.decrypt(&key, iv, data))
            }
        }
    }
}

impl<'a> Pbkdf2<'a> {
    /// From the content of an AlgorithmIdentifier.
    pub(super) fn read(mut algorithm: Reader<'a>) -> Result<Self, Obstacle> {
        let oid = algorithm.oid()?;
        if oid != Some(PBKDF2) {
            return Err(Obstacle::Algorithm(name(oid)));
        }
        let mut parameters = algorithm.sequence()?;
        let salt = parameters.octets()?;
        let iterations = parameters.count()?;
        let key_size = parameters.optional_count()?;
        let hash = if parameters.is_empty() {
            Hash::Sha1
        } else {
            let prf = parameters.sequence()?.oid()?;
            prf.and_then(Hash::from_hmac_oid)
                .ok_or_else(|| Obstacle::Algorithm(name(prf)))?
        };
        Ok(Pbkdf2 {
            hash,
            salt,
            iterations,
            key_size,
        })
    }

    pub(super) fn derive(
        &self,
        password: &[u8],
        length: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
        self.hash
            .derive_pbkdf2(password, self.salt, self.iterations, length, budget)
    }
}

/// RC2 by the number that stands for its effective bits (RFC 8018 appendix B.2.3); absent, it
/// is 32 bits, which nobody uses.
fn rc2(version: Option<u32>) -> Result<Cipher, Obstacle> {
    match version {
        Some(160) => Ok(Cipher::Rc2 { key: 5, bits: 40 }),
        Some(120) => Ok(Cipher::Rc2 { key: 8, bits: 64 }),
        Some(58) => Ok(Cipher::Rc2 { key: 16, bits: 128 }),
        _ => Err(Obstacle::Algorithm("RC2 of an unusual key size".to_owned())),
    }
}
