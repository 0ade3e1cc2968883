//! Names for algorithms that are not read, so that a refusal can be understood.

use const_oid::ObjectIdentifier;

const NAMES: [(&str, &str); 12] = [
    ("1.2.840.113549.1.5.3", "PBES1 with MD5 and DES"),
    ("1.2.840.113549.1.5.6", "PBES1 with MD5 and RC2"),
    ("1.2.840.113549.1.5.10", "PBES1 with SHA-1 and DES"),
    ("1.2.840.113549.1.5.11", "PBES1 with SHA-1 and RC2"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.2.643.7.1.1.2.2", "GOST R 34.11-2012 (256 bits)"),
    ("1.2.643.7.1.1.2.3", "GOST R 34.11-2012 (512 bits)"),
    ("1.3.6.1.4.1.11591.4.11", "scrypt"),
    ("2.16.840.1.101.3.4.1.6", "AES-128-GCM"),
    ("2.16.840.1.101.3.4.1.26", "AES-192-GCM"),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
    ("2.16.840.1.101.3.4.2.8", "SHA3-256"),
];

/// The name, or the object identifier where there is none here.
pub(super) fn name(oid: Option<ObjectIdentifier>) -> String {
    let Some(oid) = oid else {
        return "an algorithm without a known name".to_owned();
    };
    let dotted = oid.to_string();
    NAMES
        .iter()
        .find(|(known, _)| *known == dotted)
        .map_or_else(
            || format!("the algorithm {dotted}"),
            |(_, name)| (*name).to_owned(),
        )
}
