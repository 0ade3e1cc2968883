//! The chain is what the signatures say.

use super::*;

/// Certificates of `testdata/chains`, with the key of their leaf.
fn chain_of(name: &str) -> Bundle {
    let contents = [
        file("chains/leaf.test-key.pem"),
        file(&format!("chains/{name}.crt")),
    ];
    read_pem(&contents.concat(), None).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Where in the file each certificate of the chain stands.
fn order(name: &str) -> Vec<usize> {
    let contents = file(&format!("chains/{name}.crt"));
    let found = found_in_pem(&contents);
    let chain = chain_of(name);
    let places = chain.chain().iter().map(|der| {
        let mut certificates = found.certificates.iter();
        certificates.position(|found| found.der == *der).unwrap()
    });
    places.collect()
}

/// Every signature that is verified, as OpenSSL and `cryptography` make it. Each file has the
/// leaf, a stranger of the authority's name that ends later, and the authority.
const VERIFIED: [&str; 26] = [
    "rsa-sha1",
    "rsa-sha224",
    "rsa-sha256",
    "rsa-sha384",
    "rsa-sha512",
    "rsa-4096",
    "rsa-2049",
    "rsa-2056",
    "rsa-e3",
    "pss-sha256",
    "pss-sha384-salt0",
    "pss-sha512-salt20",
    "pss-2049",
    "pss-key",
    "pss-mgf1-sha1",
    "p256-sha256",
    "p256-sha512",
    "p384-sha256",
    "p384-sha384",
    "p521-sha1",
    "p521-sha256",
    "p521-sha512",
    "p256k-sha256",
    "p256k-high",
    "p256k-low",
    "explicit-p384",
];

#[test]
fn of_two_authorities_of_one_name_the_one_that_signed_is_taken() {
    for name in VERIFIED {
        let name = format!("signed-{name}");
        assert_eq!(order(&name), [0, 2], "{name}");
        let chain = chain_of(&name);
        let [Remark::LeftOut(left_out)] = chain.remarks() else {
            panic!("{name}: {:?}", chain.remarks());
        };
        assert_eq!(left_out.len(), 1, "{name}");
    }
}

#[test]
fn the_issuers_out_of_a_vault_are_those_that_signed_too() {
    for name in VERIFIED {
        let name = format!("signed-{name}");
        let contents = file(&format!("chains/{name}.crt"));
        let chain = chain_of(&name);
        let found = issuers(&contents, Form::Pem, chain.leaf()).unwrap();
        assert_eq!(found, chain.chain()[1..], "{name}");
    }
}

#[test]
fn a_signature_that_is_changed_in_one_bit_is_no_signature() {
    for name in VERIFIED {
        let contents = file(&format!("chains/signed-{name}.crt"));
        let mut found = found_in_pem(&contents);
        let last = found.certificates[0].der.last_mut().unwrap();
        *last ^= 1;
        let leaf = found.certificates[0].der.clone();
        let certificates = found.read_certificates(Container::Pem).unwrap();
        assert_eq!(certificates[0].der, leaf);
        let chain = chain::Chains::new(&certificates).upward(0);
        assert_eq!(chain, [0], "{name}");
    }
}

#[test]
fn a_signature_of_broken_bytes_is_none_and_the_certificate_is_read() {
    let mut found = found_in_pem(&file("chains/signed-p256-sha256.crt"));
    let leaf = &mut found.certificates[0].der;
    // The number of bits that the last byte does not use.
    let unused = leaf
        .windows(4)
        .rposition(|w| w[0] == 3 && w[2..] == [0, 0x30]);
    leaf[unused.unwrap() + 2] = 7;
    let certificates = found.read_certificates(Container::Pem).unwrap();
    assert_eq!(chain::Chains::new(&certificates).upward(0), [0]);
}

#[test]
fn signatures_of_other_kinds_leave_it_to_names_and_say_so() {
    assert_eq!(order("signed-ed25519"), [0, 2]);
    let chain = chain_of("signed-ed25519");
    let told = chain.remarks();
    assert!(told.contains(&Remark::UnknownSignatures), "{told:?}");
    assert!(matches!(told, [Remark::LeftOut(_), _]), "{told:?}");
}

#[test]
fn a_key_of_another_kind_has_not_signed_what_is_verified_here() {
    // The leaf is signed with ECDSA, by an authority that is not there.
    let mut found = found_in_pem(&file("chains/signed-ed25519.crt"));
    let leaf = found_in_pem(&file("chains/signed-p256-sha256.crt"));
    found.certificates[0].der = leaf.certificates[0].der.clone();
    found.keys = found_in_pem(&file("chains/leaf.test-key.pem")).keys;
    let bundle = Bundle::choose(found, Container::Pem, now()).unwrap();
    assert_eq!(bundle.chain().len(), 1);
    assert!(matches!(bundle.remarks(), [Remark::LeftOut(l)] if l.len() == 2));
}

#[test]
fn identifiers_neither_lose_nor_make_an_issuer() {
    // Computed by two methods; a stranger's fits; none can be read.
    assert_eq!(order("ids-two-methods"), [0, 1]);
    assert_eq!(order("ids-of-a-stranger"), [0, 2]);
    assert_eq!(order("ids-unreadable"), [0, 1, 2]);
}

#[test]
fn a_leaf_with_the_name_of_its_authority_keeps_it() {
    assert_eq!(order("leaf-named-like-authority"), [0, 1]);
}

#[test]
fn the_right_key_under_another_name_is_no_issuer() {
    assert_eq!(order("authority-of-another-name"), [0]);
}

#[test]
fn every_certificate_on_a_way_up_stays_cross_signs_first() {
    // Self-signed, old root, cross-signed, intermediate, leaf: the whole file from behind, but
    // the old root above what it has signed.
    assert_eq!(order("cross-root"), [4, 3, 2, 1, 0]);
    let names = names(&chain_of("cross-root"));
    let wanted = ["leaf", "Issuing", "New Root", "Old Root", "New Root"];
    assert_eq!(names, wanted);
    // An intermediate that both roots have signed: the one that ends last first.
    assert_eq!(order("cross-intermediate"), [0, 1, 2, 3, 4]);
    // Roots that certify each other, both self-signed as well.
    assert_eq!(order("cross-both-ways"), [0, 1, 2, 3, 4, 5]);
    for name in ["cross-root", "cross-intermediate", "cross-both-ways"] {
        assert_eq!(chain_of(name).remarks(), [], "{name}");
    }
}

#[test]
fn what_was_written_is_read_in_the_same_order() {
    for name in ["cross-root", "cross-intermediate", "cross-both-ways"] {
        let chain = chain_of(name);
        let again = read(&chain.to_pkcs12(), None).unwrap();
        assert_eq!(again.chain(), chain.chain(), "{name}");
    }
}

/// A leaf, so many strangers of its authority's name whose keys are no keys, and the authority.
fn crowd(strangers: u16) -> Bundle {
    let contents = file("chains/signed-p256-sha256.crt");
    let mut found = found_in_pem(&contents);
    let key = found_in_pem(&file("chains/leaf.test-key.pem"));
    found.keys = key.keys;
    let authority = found.certificates.pop().unwrap();
    let stranger = found.certificates.pop().unwrap();
    let point = stranger.der.windows(4).position(|w| w == [3, 0x42, 0, 4]);
    for number in 0..strangers {
        let mut der = stranger.der.clone();
        let at = point.unwrap() + 10;
        der[at..at + 2].copy_from_slice(&number.to_be_bytes());
        let local_id = None;
        let certificate = found::FoundCertificate { der, local_id };
        found.certificates.push(certificate);
    }
    found.certificates.push(authority);
    Bundle::choose(found, Container::Pem, now()).unwrap()
}

#[test]
fn the_number_of_verifications_is_bounded_and_that_is_said() {
    let few = crowd(150);
    assert_eq!(few.chain().len(), 2);
    assert!(matches!(few.remarks(), [Remark::LeftOut(l)] if l.len() == 150));
    let many = crowd(400);
    let told = many.remarks();
    assert!(told.contains(&Remark::TooManySignatures), "{told:?}");
    assert!(told[1].to_string().contains("200 signatures"), "{told:?}");
}
