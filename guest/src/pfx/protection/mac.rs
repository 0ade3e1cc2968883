//! The checksum over a whole file, which tells a wrong password from damage.

use const_oid::ObjectIdentifier;

use super::budget::Budget;
use super::hash::{Hash, Purpose};
use super::names::name;
use super::password::Password;
use super::scheme::Pbkdf2;
use crate::pfx::asn1::Reader;
use crate::pfx::error::Obstacle;

/// RFC 9579.
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

/// The longest key that PBMAC1 may ask for: the block of the largest hash. A longer one would
/// be hashed down by HMAC.
const LONGEST_KEY: usize = 128;

/// Succeeds where the checksum of `data` fits one reading of the password. `mac_data` is the
/// content of a MacData (RFC 7292 section 4).
pub(in crate::pfx) fn verify(
    mut mac_data: Reader<'_>,
    data: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<(), Obstacle> {
    let mut digest_info = mac_data.sequence()?;
    let mut algorithm = digest_info.sequence()?;
    let tag = digest_info.octets()?;
    let oid = algorithm.oid()?;
    if oid == Some(PBMAC1) {
        return verify_pbmac1(algorithm.sequence()?, tag, data, password, budget);
    }
    let hash = oid
        .and_then(Hash::from_oid)
        .ok_or_else(|| Obstacle::Algorithm(name(oid)))?;
    let salt = mac_data.octets()?;
    let iterations = mac_data.optional_count()?.unwrap_or(1);
    for reading in password.bmp() {
        let key =
            hash.derive_pkcs12(Purpose::Mac, reading, salt, iterations, hash.size(), budget)?;
        if hash.hmac_fits(&key, data, tag) {
            return Ok(());
        }
    }
    Err(Obstacle::Password)
}

/// RFC 9579 section 4; what MacData says about salt and iterations means nothing then.
fn verify_pbmac1(
    mut parameters: Reader<'_>,
    tag: &[u8],
    data: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<(), Obstacle> {
    let kdf = Pbkdf2::read(parameters.sequence()?)?;
    let hmac = parameters.sequence()?.oid()?;
    let hash = hmac
        .and_then(Hash::from_hmac_oid)
        .ok_or_else(|| Obstacle::Algorithm(name(hmac)))?;
    let length = kdf
        .key_size
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| (1..=LONGEST_KEY).contains(size))
        .ok_or(Obstacle::Malformed)?;
    for reading in password.plain() {
        let key = kdf.derive(reading, length, budget)?;
        if hash.hmac_fits(&key, data, tag) {
            return Ok(());
        }
    }
    Err(Obstacle::Password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pfx::{asn1::tag, der};

    /// A MacData by PBMAC1 with a password in these bytes.
    fn mac_data(password: &[u8], data: &[u8]) -> Vec<u8> {
        let oid = |text: &str| der::oid(ObjectIdentifier::new_unwrap(text));
        let sha256 = der::sequence(&[&oid("1.2.840.113549.2.9"), &der::element(tag::NULL, &[])]);
        let parameters = der::sequence(&[
            &der::octets(b"saltsalt"),
            &der::unsigned(&[100]),
            &der::unsigned(&[32]),
            &sha256,
        ]);
        let kdf = der::sequence(&[&oid("1.2.840.113549.1.5.12"), &parameters]);
        let parameters = der::sequence(&[&kdf, &sha256]);
        let algorithm = der::sequence(&[&der::oid(PBMAC1), &parameters]);
        let key = Hash::Sha256
            .derive_pbkdf2(password, b"saltsalt", 100, 32, &mut Budget::new())
            .unwrap();
        // HMAC by its definition, since only its verification is at hand.
        let pad = |byte: u8| -> Vec<u8> {
            let key = key.iter().chain(&[0; 32]);
            key.map(|k| k ^ byte).collect()
        };
        let inner = Hash::Sha256.of(&[&pad(0x36), data]);
        let tag = Hash::Sha256.of(&[&pad(0x5c), &inner]);
        let digest = der::sequence(&[&algorithm, &der::octets(&tag)]);
        [digest, der::octets(&[]), der::unsigned(&[1])].concat()
    }

    #[test]
    fn pbmac1_takes_a_password_in_utf_8_in_latin_1_and_in_utf_16() {
        let opens = |bytes: &[u8]| {
            let mac = mac_data(bytes, b"data");
            let password = Password::new(Some("1234é"));
            verify(Reader::new(&mac), b"data", &password, &mut Budget::new()).is_ok()
        };
        assert!(opens("1234é".as_bytes()));
        assert!(opens(b"1234\xe9"));
        assert!(opens(b"\x001\x002\x003\x004\0\xe9\0\0"));
        assert!(!opens(b"1234e"));
    }
}
