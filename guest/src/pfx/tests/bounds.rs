//! How much work and how many bytes a file may ask for.

use const_oid::ObjectIdentifier;

use super::*;
use crate::pfx::protection::Budget;

/// A PKCS#12 without a checksum, with so many encrypted keys of so many iterations (RFC 7292's
/// derivation, 3DES).
fn shrouded(keys: usize, iterations: u32) -> Vec<u8> {
    let oid = |text: &str| der::oid(ObjectIdentifier::new_unwrap(text));
    let parameters = der::sequence(&[
        &der::octets(b"saltsalt"),
        &der::unsigned(&iterations.to_be_bytes()),
    ]);
    let algorithm = der::sequence(&[&oid("1.2.840.113549.1.12.1.3"), &parameters]);
    let shrouded = der::sequence(&[&algorithm, &der::octets(&[7; 24])]);
    let bag = der::sequence(&[
        &oid("1.2.840.113549.1.12.10.1.2"),
        &der::holding(asn1::tag::context(0), &[&shrouded]),
    ]);
    let data = |content: &[u8]| {
        let content = der::octets(content);
        let data = der::holding(asn1::tag::context(0), &[&content]);
        der::sequence(&[&oid("1.2.840.113549.1.7.1"), &data])
    };
    let bags = der::sequence(&vec![bag.as_slice(); keys]);
    der::sequence(&[&der::unsigned(&[3]), &data(&der::sequence(&[&data(&bags)]))])
}

#[test]
fn an_iteration_count_beyond_the_limit_is_refused_before_any_work() {
    // Done, the work of the last would take half an hour.
    for iterations in [20_000_000, 1 << 31, u32::MAX] {
        assert_eq!(
            read(&shrouded(1, iterations), Some("test")).err(),
            Some(PfxError::TooMuchWork {
                container: Container::Pfx,
                iterations
            })
        );
    }
}

#[test]
fn counts_in_use_are_within_the_limit() {
    assert_eq!(
        read(&shrouded(1, 600_000), Some("test")).err(),
        Some(PfxError::WrongPassword(Container::Pfx))
    );
}

#[test]
fn a_file_with_more_certificates_than_any_chain_is_refused_before_they_are_compared() {
    let leaf = file("ec-p256.crt");
    let with = |certificates: usize| {
        let mut contents = file("ec-p256.sec1.test-key.pem");
        (0..certificates).for_each(|_| contents.extend_from_slice(&leaf));
        contents
    };
    assert!(read_pem(&with(500), None).is_ok());
    let refused = PfxError::TooManyCertificates {
        container: Container::Pem,
        certificates: 501,
        limit: 500,
    };
    let read = read_pem(&with(501), None).err();
    assert_eq!(read.as_ref(), Some(&refused));
    assert_eq!(issuers(&with(501), Form::Pem, &[]), Err(refused));
}

#[test]
fn many_small_counts_are_added_up() {
    let mut budget = Budget::new();
    let afforded = (0..1_000_000)
        .take_while(|_| budget.spend(100, 2, 1, 16).is_ok())
        .count();
    assert!((10_000..100_000).contains(&afforded), "{afforded}");
    // The least that a derivation can ask for is not free either.
    let mut budget = Budget::new();
    assert!(!(0..1_000_000).all(|_| budget.spend(0, 1, 1, 0).is_ok()));
}

#[test]
fn a_count_of_the_checksum_is_bounded_too() {
    let contents = file("null-mac.p12");
    // The last field is the checksum's iteration count; a longer one needs new lengths around.
    let mut pfx = asn1::Reader::new(&contents).sequence().unwrap();
    let (version, safe) = (pfx.element().unwrap(), pfx.element().unwrap());
    let mut mac = pfx.sequence().unwrap();
    let (digest, salt) = (mac.element().unwrap(), mac.element().unwrap());
    for count in [&[0x7f_u8, 0xff, 0xff, 0xff][..], &[1; 9]] {
        let mac = der::sequence(&[digest.whole, salt.whole, &der::unsigned(count)]);
        let contents = der::sequence(&[version.whole, safe.whole, &mac]);
        assert!(
            matches!(read(&contents, None), Err(PfxError::TooMuchWork { .. })),
            "{count:?}"
        );
    }
}

#[test]
fn a_crowd_of_keys_is_not_looked_at() {
    let one = archive::open(&file("same-key-twice.p12"), &Password::new(None)).unwrap();
    let crowd = |keys: usize| found::Found {
        keys: (0..keys)
            .map(|_| found::FoundKey {
                der: one.keys[0].der.clone(),
                encoding: key::Encoding::Pkcs8,
                local_id: None,
            })
            .collect(),
        certificates: Vec::new(),
    };
    let choose = |keys| Bundle::choose(crowd(keys), Container::Pem, now()).err();
    assert_eq!(choose(32), Some(PfxError::NoCertificate(Container::Pem)));
    let expected = PfxError::TooManyKeys {
        container: Container::Pem,
        keys: 33,
    };
    assert_eq!(choose(33), Some(expected));
}

#[test]
fn contents_beyond_the_limit_are_refused_whatever_they_are() {
    let contents = vec![0x30; LARGEST + 1];
    let expected = PfxError::TooLarge {
        size: LARGEST + 1,
        limit: LARGEST,
    };
    assert_eq!(read(&contents, None).err(), Some(expected.clone()));
    assert_eq!(read_pem(&contents, None).err(), Some(expected));
    assert_eq!(read(&[], None).err(), Some(PfxError::Empty));
}

#[test]
fn deep_nesting_is_refused_on_a_small_stack() {
    let refused = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(|| {
            let definite = (0..1000).fold(Vec::new(), |inner, _| der::sequence(&[&inner]));
            let indefinite = [0x30, 0x80].repeat(100_000);
            [definite, indefinite].map(|contents| ber::first(&contents).is_err())
        })
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(refused, [true, true]);
}
