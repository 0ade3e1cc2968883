//! The leaf and the way up from it.

use super::*;

#[test]
fn r3_r23_the_whole_chain_is_kept_leaf_first_whatever_the_order_and_the_encryption() {
    for file in ["chain-aes", "chain-3des", "chain-rc2"] {
        let opened = bundle(file, "test");
        assert_eq!(names(&opened), ["leaf", "Issuing", "Root"], "{file}");
        assert_eq!(left_out(&opened), 1, "{file}");
    }
}

#[test]
fn a_long_chain_in_any_order_is_followed_to_its_root() {
    let opened = bundle("chain-deep", "");
    assert_eq!(names(&opened), ["leaf", "c5", "c4", "c3", "c2", "c1", "c0"]);
}

#[test]
fn authorities_that_certify_each_other_end_the_chain() {
    assert_eq!(names(&bundle("chain-cycle", "")), ["leaf", "A", "B"]);
}

#[test]
fn a_missing_issuer_ends_the_chain() {
    let opened = bundle("chain-gap", "");
    assert_eq!(
        (names(&opened), left_out(&opened)),
        (vec!["leaf".into()], 1)
    );
}

#[test]
fn of_two_authorities_of_one_name_the_one_with_the_right_key_is_taken() {
    let opened = bundle("chain-rollover", "");
    assert_eq!(names(&opened), ["leaf", "CA"]);
    let leaf = certificate::Certificate::read(opened.leaf(), None).unwrap();
    let above = certificate::Certificate::read(&opened.chain()[1], None).unwrap();
    assert_eq!(leaf.points_at(&above), (true, false));
}

#[test]
fn an_authority_of_the_right_name_with_another_key_is_not_the_issuer() {
    let contents = file("chain-rollover.p12");
    let mut found = archive::open(&contents, &Password::new(None)).unwrap();
    let right = bundle("chain-rollover", "").chain()[1].clone();
    found.certificates.retain(|c| c.der != right);
    let opened = Bundle::choose(found, Container::Pfx, now()).unwrap();
    assert_eq!(
        (names(&opened), left_out(&opened)),
        (vec!["leaf".into()], 1)
    );
}

#[test]
fn of_a_renewed_authority_the_one_that_ends_last_comes_first() {
    let opened = bundle("chain-renewed-authority", "");
    assert_eq!((names(&opened).len(), left_out(&opened)), (3, 0));
    let above = certificate::Certificate::read(&opened.chain()[1], None).unwrap();
    assert_eq!(above.not_after, Time::from_generalized(b"20650101000000Z"));
}

#[test]
fn certificates_that_differ_only_in_their_end_are_refused() {
    let refusal = refusal("chain-renewed-leaf", "");
    assert!(
        matches!(&refusal, PfxError::SeveralLeaves { certificates, .. } if certificates.len() == 3),
        "{refusal}"
    );
}

#[test]
fn a_name_in_another_case_or_string_type_is_the_same_name() {
    assert_eq!(names(&bundle("chain-folded-names", "")), ["leaf", "my ca"]);
}

#[test]
fn a_certificate_that_cannot_be_read_is_refused_by_its_number() {
    let refused = PfxError::UnreadableCertificate {
        container: Container::Pfx,
        number: 1,
        certificates: 2,
    };
    assert_eq!(refusal("unreadable-certificate", ""), refused);
    assert!(refused.to_string().contains("certificate 1 of 2"));
    let contents = file("unreadable-certificate.p12");
    assert_eq!(issuers(&contents, Form::Pkcs12, &[]), Err(refused));
}

#[test]
fn the_issuers_of_a_known_leaf_are_found_without_its_key_and_without_the_strangers() {
    let opened = bundle("chain-deep", "");
    let issuers = issuers(&file("chain-deep.p12"), Form::Pkcs12, opened.leaf()).unwrap();
    assert_eq!(issuers, opened.chain()[1..]);
    let other = bundle("chain-gap", "");
    let none = super::issuers(&file("chain-deep.p12"), Form::Pkcs12, other.leaf()).unwrap();
    assert!(none.is_empty());
}
