//! Keys and certificates as text.

use super::*;

fn text(parts: &[&str]) -> Vec<u8> {
    parts.iter().flat_map(|name| file(name)).collect()
}

fn open_pem(parts: &[&str], password: Option<&str>) -> Result<Bundle, PfxError> {
    read_pem(&text(parts), password)
}

#[test]
fn every_form_of_key_is_the_same_key() {
    let rsa = bundle("rsa-2048", "test").to_pkcs12();
    let ec = bundle("ec-p256", "test").to_pkcs12();
    for (key, certificate, expected) in [
        ("rsa-2048.pkcs8.test-key.pem", "rsa-2048.crt", &rsa),
        ("rsa-2048.pkcs1.test-key.pem", "rsa-2048.crt", &rsa),
        ("ec-p256.sec1.test-key.pem", "ec-p256.crt", &ec),
        ("ec-p256.locked.test-key.pem", "ec-p256.crt", &ec),
    ] {
        for parts in [[key, certificate], [certificate, key]] {
            let opened = open_pem(&parts, Some("test")).unwrap_or_else(|e| panic!("{key}: {e}"));
            assert_eq!(opened.to_pkcs12(), *expected, "{key}");
        }
    }
}

#[test]
fn the_chain_comes_leaf_first() {
    let parts = ["chain-shuffled.crt", "chain.pkcs8.test-key.pem"];
    let opened = open_pem(&parts, None).unwrap();
    assert_eq!(names(&opened), ["leaf", "Issuing", "Root"]);
    assert_eq!(left_out(&opened), 1);
}

#[test]
fn text_between_the_blocks_and_blocks_of_other_kinds_are_left_out() {
    let mut contents = b"Bag Attributes\r\n-----BEGIN EC PARAMETERS-----\r\nBggq\r\n-----END EC PARAMETERS-----\r\n".to_vec();
    contents.extend(text(&["ec-p256.sec1.test-key.pem"]));
    contents.extend_from_slice(b"subject=CN = test\n");
    contents.extend(text(&["ec-p256.crt"]));
    assert!(read_pem(&contents, None).is_ok());
}

#[test]
fn text_between_the_blocks_may_be_in_any_encoding() {
    // "Zürich" in ISO 8859-1, as older tools write the names of subjects.
    let mut contents = b"subject=L = Z\xFCrich\n".to_vec();
    contents.extend(text(&["ec-p256.sec1.test-key.pem", "ec-p256.crt"]));
    assert!(read_pem(&contents, None).is_ok());
    let bad = |contents: &[u8]| read_pem(contents, None).err();
    for block in [
        &b"-----BEGIN CERTIFICATE-----\nAQ\xFCID\n-----END CERTIFICATE-----\n"[..],
        b"-----BEGIN CERTIFICATE-----\nAQID\n-----END",
    ] {
        let unreadable = PfxError::UnreadableCertificate {
            container: Container::Pem,
            number: 1,
            certificates: 1,
        };
        assert_eq!(bad(block), Some(unreadable));
    }
    for block in [
        &b"-----BEGIN CERTIFICAT\xFC-----\nAQID\n-----END CERTIFICAT\xFC-----\n"[..],
        b"-----BEGIN PRIVATE KEY-----\nAQID\n-----END",
        b"-----BEGIN PRIVATE KEY-----\nAQ*D\n-----END PRIVATE KEY-----",
    ] {
        assert_eq!(bad(block), Some(PfxError::Damaged(Container::Pem)));
    }
    assert_eq!(bad(b"\xFF\xFE-\0-\0"), Some(PfxError::NotPem));
}

#[test]
fn the_contents_of_the_job_sample_open() {
    let opened = open_pem(&["job-add-pem-contents-format.pem"], None).unwrap();
    assert_eq!(opened.kind(), KeyKind::Rsa(2048));
    assert_eq!(opened.chain().len(), 3);
}

#[test]
fn what_is_wrong_is_said() {
    let ec = "ec-p256.crt";
    let container = Container::Pem;
    for (parts, password, expected) in [
        (
            &["ec-p256.locked.test-key.pem", ec][..],
            "other",
            PfxError::WrongPassword(container),
        ),
        (
            &["ec-p256.locked.test-key.pem", ec],
            "",
            PfxError::PasswordMissing(container),
        ),
        (
            &[ec],
            "",
            PfxError::NoKey {
                container,
                certificates: 1,
            },
        ),
        (
            &["ec-p256.sec1.test-key.pem"],
            "",
            PfxError::NoCertificate(container),
        ),
        (
            &["ec-p256.sec1.test-key.pem", "rsa-2048.crt"],
            "",
            PfxError::NoMatch {
                container,
                certificates: 1,
            },
        ),
        (
            &["ed25519.pkcs8.test-key.pem", ec],
            "",
            PfxError::UnsupportedKey("Ed25519".into()),
        ),
        (&["ec-p256.p12"], "", PfxError::NotPem),
        (
            &[
                "rsa-2048.pkcs1.test-key.pem",
                "ec-p256.sec1.test-key.pem",
                ec,
                "rsa-2048.crt",
            ],
            "",
            PfxError::SeveralKeys {
                container,
                keys: 2,
                matched: 2,
            },
        ),
    ] {
        assert_eq!(
            open_pem(parts, Some(password)).err(),
            Some(expected),
            "{parts:?}"
        );
    }
}

#[test]
fn openssls_old_encryption_is_named() {
    let refused = open_pem(
        &["rsa-2048.proc-type.test-key.pem", "rsa-2048.crt"],
        Some("test"),
    );
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("Proc-Type: 4,ENCRYPTED"), "{text}");
}

#[test]
fn a_block_that_does_not_end_is_damaged() {
    let mut contents = file("ec-p256.sec1.test-key.pem");
    contents.truncate(100);
    assert_eq!(
        read_pem(&contents, None).err(),
        Some(PfxError::Damaged(Container::Pem))
    );
}
