//! What is written for the vault. OpenSSL and Python read the same bytes in `tests/pfx-corpus`.

use super::*;

#[test]
fn h4_h5_what_is_written_opens_without_a_password_to_the_same_key_and_chain() {
    for (file, password) in [
        ("rsa-2048", "test"),
        ("rsa-4096", "test"),
        ("ec-p521", "test"),
        ("chain-aes", "test"),
        ("java-ec", "changeit"),
    ] {
        let opened = bundle(file, password);
        let written = opened.to_pkcs12();
        let again = read(&written, None).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(again.kind(), opened.kind(), "{file}");
        assert_eq!(again.chain(), opened.chain(), "{file}");
        assert_eq!(again.to_pkcs12(), written, "{file}");
        assert_eq!(left_out(&again), 0, "{file}");
    }
}

#[test]
fn h6_what_is_written_has_the_private_key_and_its_certificate_tied_to_it() {
    let written = bundle("chain-aes", "test").to_pkcs12();
    let found = archive::open(&written, &Password::new(None)).unwrap();
    assert_eq!((found.keys.len(), found.certificates.len()), (1, 3));
    let tie = found.keys[0].local_id.clone();
    assert!(tie.is_some());
    let ties: Vec<_> = found
        .certificates
        .iter()
        .map(|c| c.local_id.clone())
        .collect();
    assert_eq!(ties, [tie, None, None]);
}

#[test]
fn what_is_written_has_neither_checksum_nor_encryption() {
    let written = bundle("ec-p256", "test").to_pkcs12();
    let mut pfx = asn1::Reader::new(&written).sequence().unwrap();
    assert_eq!(pfx.count(), Ok(3));
    pfx.sequence().unwrap();
    assert!(pfx.is_empty());
    // The private number is there in the clear.
    let key = key::PrivateKey::read(
        &archive::open(&written, &Password::new(None)).unwrap().keys[0].der,
        key::Encoding::Pkcs8,
    )
    .unwrap();
    let clear = written.windows(key.pkcs8.len()).any(|w| w == *key.pkcs8);
    assert!(clear);
}

#[test]
fn as_pem_it_is_the_same_key_and_chain_in_the_same_order() {
    for (file, password) in [
        ("rsa-2048", "test"),
        ("ec-p521", "test"),
        ("chain-aes", "test"),
    ] {
        let opened = bundle(file, password);
        let written = opened.to_pem();
        let again = read_pem(&written, None).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(again.to_pkcs12(), opened.to_pkcs12(), "{file}");
        assert_eq!(again.to_pem(), written, "{file}");
        let found = super::super::pem::open(&written, &Password::new(None)).unwrap();
        let order: Vec<_> = found.certificates.into_iter().map(|c| c.der).collect();
        assert_eq!(order, opened.chain(), "{file}");
        assert!(
            written.starts_with(b"-----BEGIN PRIVATE KEY-----\n"),
            "{file}"
        );
    }
}
