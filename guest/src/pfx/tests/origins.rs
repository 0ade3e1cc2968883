//! Every protection and every program: the same key and certificate must come out.

use super::*;
use crate::azure::thumbprint::Thumbprint;

/// Files with the key and the certificate of `ec-p256`, and their passwords.
const SAME: [(&str, &str); 31] = [
    ("by-NONE", "test"),
    ("by-AES-128-CBC", "test"),
    ("by-AES-192-CBC", "test"),
    ("by-DES-EDE3-CBC", "test"),
    ("by-PBE-SHA1-3DES", "test"),
    ("by-PBE-SHA1-2DES", "test"),
    ("by-PBE-SHA1-RC2-40", "test"),
    ("by-PBE-SHA1-RC2-128", "test"),
    ("by-PBE-SHA1-RC4-40", "test"),
    ("by-PBE-SHA1-RC4-128", "test"),
    ("mac-sha1", "test"),
    ("mac-sha224", "test"),
    ("mac-sha384", "test"),
    ("mac-sha512", "test"),
    ("mac-sha512-224", "test"),
    ("mac-sha512-256", "test"),
    ("pbmac1", "test"),
    ("no-mac", "test"),
    ("no-mac-no-encryption", "test"),
    ("no-mac-no-encryption", ""),
    ("empty-password", ""),
    ("empty-password-legacy", ""),
    ("empty-mac", ""),
    ("null-mac", ""),
    ("null-mac-sha256", ""),
    ("unicode", "contraseña🔑"),
    ("unicode-3des", "contraseña🔑"),
    ("widened-mac", "contraseña🔑"),
    ("nss", "test"),
    ("nss-aes", "test"),
    ("gnutls", "test"),
];

#[test]
fn r23_every_protection_opens_to_the_same_key_and_certificate() {
    let expected = bundle("ec-p256", "test").to_pkcs12();
    for (file, password) in SAME {
        assert_eq!(bundle(file, password).to_pkcs12(), expected, "{file}");
    }
}

#[test]
fn indefinite_lengths_and_octet_strings_in_pieces_are_read() {
    let expected = bundle("ec-p256", "test").to_pkcs12();
    for file in ["ber-outer", "ber-inner"] {
        assert_eq!(bundle(file, "test").to_pkcs12(), expected, "{file}");
    }
}

#[test]
fn keystores_of_java_open() {
    for (file, kty) in [
        ("java-rsa", "RSA"),
        ("java-ec", "EC"),
        ("java-legacy", "EC"),
    ] {
        let opened = bundle(file, "changeit");
        assert_eq!(opened.kind().kty(), kty, "{file}");
        assert_eq!(names(&opened), ["java"], "{file}");
    }
}

#[test]
fn no_password_and_an_empty_one_are_the_same() {
    for name in ["empty-password", "null-mac", "no-mac-no-encryption"] {
        let contents = file(&format!("{name}.p12"));
        let without = read(&contents, None).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(without.to_pkcs12(), bundle(name, "").to_pkcs12(), "{name}");
    }
}

#[test]
fn bytes_after_the_end_are_not_read() {
    let mut contents = file("ec-p256.p12");
    contents.extend_from_slice(b"\r\n");
    assert!(read(&contents, Some("test")).is_ok());
}

#[test]
fn bags_in_bags_are_looked_into() {
    assert_eq!(names(&bundle("nested-bags", "")), ["test"]);
}

#[test]
fn the_contents_of_the_job_samples_open() {
    for (file, kty, size, curve, chain, thumbprint) in [
        (
            "rsa-2048-chain",
            "RSA",
            Some(2048),
            None,
            3,
            "32A51176161132B26962468A9BD6C0F5FED8094D",
        ),
        (
            "rsa-2048-legacy-encryption",
            "RSA",
            Some(2048),
            None,
            3,
            "32A51176161132B26962468A9BD6C0F5FED8094D",
        ),
        (
            "renewal-overwrite-preserve-tags",
            "RSA",
            Some(2048),
            None,
            3,
            "7412A37D61447066DC09C3DB481A6468F500757F",
        ),
        (
            "rsa-4096-non-exportable-text",
            "RSA",
            Some(4096),
            None,
            1,
            "B784B78A176F52120E61C919507F7146063875D2",
        ),
        (
            "ec-p256",
            "EC",
            None,
            Some("P-256"),
            3,
            "4F434CC4A245A45789C312CCD7F7C906D96DD65B",
        ),
        (
            "ec-p384",
            "EC",
            None,
            Some("P-384"),
            1,
            "53BE8986F95804161FE96937982C701035D20FE3",
        ),
    ] {
        let opened = bundle(&format!("job-add-{file}"), "Pfx-Secret-1");
        let kind = opened.kind();
        assert_eq!(
            (kind.kty(), kind.key_size(), kind.crv()),
            (kty, size, curve),
            "{file}"
        );
        assert_eq!(
            (opened.chain().len(), left_out(&opened)),
            (chain, 0),
            "{file}"
        );
        let leaf = Thumbprint::of(opened.leaf()).to_string();
        assert_eq!(leaf, thumbprint, "{file}");
    }
}
