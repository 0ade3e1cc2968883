//! What is refused, and in which words.

use base64::Engine as _;

use super::*;

#[test]
fn h7_a_wrong_password_is_told_from_damage() {
    for file in [
        "ec-p256",
        "by-PBE-SHA1-3DES",
        "no-mac",
        "pbmac1",
        "nss",
        "ber-outer",
        "unicode",
    ] {
        assert_eq!(
            refusal(file, "another"),
            PfxError::WrongPassword(Container::Pfx),
            "{file}"
        );
    }
    let text = refusal("ec-p256", "another").to_string();
    assert!(
        text.starts_with("PrivateKeyPassword does not open"),
        "{text}"
    );
    assert!(!text.contains("another"), "{text}");
}

#[test]
fn a_file_that_needs_a_password_says_so_when_there_is_none() {
    for file in ["ec-p256", "no-mac"] {
        assert_eq!(
            refusal(file, ""),
            PfxError::PasswordMissing(Container::Pfx),
            "{file}"
        );
    }
}

#[test]
fn two_passwords_in_one_file_are_told_from_a_wrong_one() {
    assert_eq!(refusal("two-passwords", "other"), PfxError::TwoPasswords);
    assert_eq!(
        refusal("two-passwords", "test"),
        PfxError::WrongPassword(Container::Pfx)
    );
}

#[test]
fn w18_a_pfx_without_a_private_key_is_refused() {
    for (file, password) in [
        ("no-key", "test"),
        ("job-add-no-private-key", "Pfx-Secret-1"),
    ] {
        let refusal = refusal(file, password);
        assert!(
            matches!(
                refusal,
                PfxError::NoKey {
                    certificates: 1,
                    ..
                }
            ),
            "{file}: {refusal:?}"
        );
        let text = refusal.to_string();
        assert!(
            text.contains("PFX") && text.contains("private key"),
            "{text}"
        );
    }
}

#[test]
fn a_key_without_its_certificate_is_refused() {
    assert_eq!(
        refusal("no-certificate", "test"),
        PfxError::NoCertificate(Container::Pfx)
    );
    assert_eq!(
        refusal("other-certificate", ""),
        PfxError::NoMatch {
            container: Container::Pfx,
            certificates: 1
        }
    );
    let text = refusal("other-certificate", "").to_string();
    let one = "the only certificate of the PFX in Contents does not belong to its private key: ";
    assert!(text.starts_with(one), "{text}");
}

#[test]
fn a_checksum_of_an_unknown_kind_is_named() {
    let text = refusal("md5-mac", "test").to_string();
    assert!(text.contains("MD5"), "{text}");
}

#[test]
fn what_is_given_instead_of_a_pfx_is_named() {
    let pfx = file("ec-p256.p12");
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let base64 = encode(encode(&pfx).as_bytes());
    for (contents, name) in [
        (
            file("job-add-certificate-without-password.crt.der"),
            "a certificate",
        ),
        (file("ec-p256.crt"), "PEM text"),
        (file("ec-p256.locked.test-key.pem"), "PEM text"),
        (base64.into_bytes(), "base64 once more"),
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), "JKS"),
        (b"0\x82\x01\x02\x06\x09".to_vec(), "PKCS#7"),
        (b"0\x82\x01\x02\x02\x01\x00".to_vec(), "a private key"),
        (
            b"0\x82\x01\x02\x30\x0d\x06\x09".to_vec(),
            "an encrypted private key",
        ),
        (b"hello".to_vec(), "data of another kind"),
    ] {
        let text = read(&contents, Some("test")).unwrap_err().to_string();
        assert!(
            text.contains(&format!("not a PFX but {name}")) || text.contains(name),
            "{text}"
        );
        assert!(text.contains("PFX"), "{text}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_damaged() {
    let contents = file("ec-p256.p12");
    for length in [4, 20, 100, contents.len() / 2, contents.len() - 1] {
        assert_eq!(
            read(&contents[..length], Some("test")).err(),
            Some(PfxError::Damaged(Container::Pfx)),
            "{length}"
        );
    }
}

#[test]
fn one_flipped_bit_under_the_checksum_never_passes() {
    let whole = file("ec-p256.p12");
    // Somewhere in the certificates, and in the key.
    for at in [200, 400, 600, 800] {
        let mut contents = whole.clone();
        contents[at] ^= 1;
        assert!(read(&contents, Some("test")).is_err(), "{at}");
    }
}

#[test]
fn no_text_shows_anything_of_the_file() {
    // Every refusal that has a file here, and a password that must not be repeated.
    for name in [
        "ec-p256",
        "no-key",
        "other-certificate",
        "two-keys",
        "md5-mac",
        "dsa",
    ] {
        let refusal = refusal(name, "planted-password");
        let shown = format!("{refusal} {refusal:?}");
        assert!(!shown.contains("planted-password"), "{shown}");
    }
    let shown = format!("{:?}", bundle("ec-p256", "test"));
    assert_eq!(shown, "Bundle { kind: Ec(P256), chain_length: 1, .. }");
}
