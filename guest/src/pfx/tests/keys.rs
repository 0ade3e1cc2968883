//! Which keys are taken, and what is said about them.

use super::*;

#[test]
fn h1_an_rsa_key_of_2048_bits_has_its_type_and_size() {
    let kind = bundle("rsa-2048", "test").kind();
    assert_eq!((kind.kty(), kind.key_size()), ("RSA", Some(2048)));
}

#[test]
fn h2_an_rsa_key_of_4096_bits_has_its_type_and_size() {
    let kind = bundle("rsa-4096", "test").kind();
    assert_eq!((kind.kty(), kind.key_size()), ("RSA", Some(4096)));
}

#[test]
fn h3_an_ec_key_has_its_type_and_no_size() {
    let kind = bundle("ec-p256", "test").kind();
    assert_eq!((kind.kty(), kind.key_size()), ("EC", None));
}

#[test]
fn r37_w16_every_key_that_key_vault_takes_has_its_size_or_curve() {
    for (file, kty, size, curve) in [
        ("rsa-2048", "RSA", Some(2048), None),
        ("rsa-3072", "RSA", Some(3072), None),
        ("rsa-4096", "RSA", Some(4096), None),
        ("ec-p256", "EC", None, Some("P-256")),
        ("ec-p384", "EC", None, Some("P-384")),
        ("ec-p521", "EC", None, Some("P-521")),
        ("ec-p256k", "EC", None, Some("P-256K")),
    ] {
        let kind = bundle(file, "test").kind();
        assert_eq!(
            (kind.kty(), kind.key_size(), kind.crv()),
            (kty, size, curve),
            "{file}"
        );
    }
}

#[test]
fn w16_any_other_key_is_refused_by_its_name() {
    for (file, name) in [
        ("rsa-1024", "RSA with 1024 bits"),
        ("rsa-pss", "RSASSA-PSS"),
        ("ec-p224", "EC on the curve P-224"),
        ("brainpool", "EC on the curve brainpoolP256r1"),
        ("ed25519", "Ed25519"),
        ("dsa", "DSA"),
    ] {
        let refusal = refusal(file, "test");
        assert!(
            matches!(refusal, PfxError::UnsupportedKey(_)),
            "{file}: {refusal:?}"
        );
        let text = refusal.to_string();
        assert!(text.contains(&format!("is {name}")), "{file}: {text}");
        assert!(text.contains("2048, 3072 or 4096"), "{file}: {text}");
    }
}

#[test]
fn an_ec_key_is_the_same_key_however_its_number_is_written() {
    let expected = bundle("ec-p256", "test").to_pkcs12();
    for file in ["bare-number", "long-number"] {
        assert_eq!(bundle(file, "").to_pkcs12(), expected, "{file}");
    }
    assert_eq!(names(&bundle("short-number", "")), ["short"]);
}

#[test]
fn an_ec_key_whose_public_point_is_another_keys_is_damaged() {
    assert_eq!(
        refusal("wrong-point", ""),
        PfxError::Damaged(Container::Pfx)
    );
}

#[test]
fn w19_of_two_keys_with_certificates_none_is_chosen() {
    assert_eq!(
        refusal("two-keys", "changeit"),
        PfxError::SeveralKeys {
            container: Container::Pfx,
            keys: 2,
            matched: 2
        }
    );
}

#[test]
fn w19_of_two_keys_the_one_with_a_certificate_is_chosen_whatever_local_key_ids_say() {
    let chosen = bundle("two-keys-one-certificate", "");
    assert_eq!(chosen.to_pkcs12(), bundle("ec-p256", "test").to_pkcs12());
}

#[test]
fn a_second_key_of_a_kind_that_cannot_be_compared_is_refused() {
    assert_eq!(
        refusal("key-beside-ed25519", ""),
        PfxError::SeveralKeys {
            container: Container::Pfx,
            keys: 2,
            matched: 1
        }
    );
}

#[test]
fn the_same_key_twice_is_one() {
    assert_eq!(bundle("same-key-twice", "").chain().len(), 1);
}
