//! Names for the keys and curves that are refused, so that a message can say which it is.

use const_oid::ObjectIdentifier;

const KEYS: [(&str, &str); 20] = [
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10046.2.1", "Diffie-Hellman"),
    ("1.2.840.113549.1.3.1", "Diffie-Hellman"),
    (
        "1.2.840.113549.1.1.10",
        "RSASSA-PSS (an RSA key bound to that padding)",
    ),
    (
        "1.2.840.113549.1.1.7",
        "RSAES-OAEP (an RSA key bound to that padding)",
    ),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.3.132.1.12", "EC for Diffie-Hellman only"),
    ("1.2.643.2.2.19", "GOST R 34.10-2001"),
    ("1.2.643.7.1.1.1.1", "GOST R 34.10-2012 (256 bits)"),
    ("1.2.643.7.1.1.1.2", "GOST R 34.10-2012 (512 bits)"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("2.16.840.1.101.3.4.4.1", "ML-KEM-512"),
    ("2.16.840.1.101.3.4.4.2", "ML-KEM-768"),
    ("2.16.840.1.101.3.4.4.3", "ML-KEM-1024"),
    ("1.2.804.2.1.1.1.1.3.1.1", "DSTU 4145"),
];

const CURVES: [(&str, &str); 28] = [
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.132.0.31", "secp192k1"),
    ("1.3.132.0.32", "secp224k1"),
    ("1.3.132.0.9", "secp160k1"),
    ("1.3.132.0.8", "secp160r1"),
    ("1.3.132.0.30", "secp160r2"),
    ("1.3.132.0.6", "secp112r1"),
    ("1.3.132.0.28", "secp128r1"),
    ("1.3.132.0.1", "sect163k1"),
    ("1.3.132.0.15", "sect163r2"),
    ("1.3.132.0.26", "sect233k1"),
    ("1.3.132.0.27", "sect233r1"),
    ("1.3.132.0.16", "sect283k1"),
    ("1.3.132.0.17", "sect283r1"),
    ("1.3.132.0.36", "sect409k1"),
    ("1.3.132.0.37", "sect409r1"),
    ("1.3.132.0.38", "sect571k1"),
    ("1.3.132.0.39", "sect571r1"),
    ("1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1"),
    ("1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1"),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.2.156.10197.1.301", "SM2"),
    ("1.2.250.1.223.101.256.1", "FRP256v1"),
];

/// The kind of key with this object identifier.
pub(super) fn key_name(oid: Option<ObjectIdentifier>) -> String {
    find(&KEYS, oid).map_or_else(|| unnamed("a kind of key", oid), str::to_owned)
}

/// The kind of EC key with this curve.
pub(super) fn curve_name(oid: Option<ObjectIdentifier>) -> String {
    find(&CURVES, oid).map_or_else(
        || unnamed("EC on a curve", oid),
        |name| format!("EC on the curve {name}"),
    )
}

fn find(names: &[(&str, &'static str)], oid: Option<ObjectIdentifier>) -> Option<&'static str> {
    let dotted = oid?.to_string();
    names.iter().find(|(o, _)| *o == dotted).map(|(_, n)| *n)
}

fn unnamed(what: &str, oid: Option<ObjectIdentifier>) -> String {
    match oid {
        Some(oid) => format!("{what} that is not known here ({oid})"),
        None => format!("{what} that is not known here"),
    }
}
