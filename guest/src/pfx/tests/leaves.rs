//! Which of several certificates for one key is the leaf.

use super::*;

fn text(name: &str) -> Vec<u8> {
    let certificates = file(&format!("chains/which-{name}.crt"));
    [file("chains/leaf.test-key.pem"), certificates].concat()
}

/// When what is taken has become valid, and what is said about it.
fn taken(name: &str) -> (String, Vec<String>) {
    let bundle = read_pem(&text(name), None).unwrap_or_else(|e| panic!("{name}: {e}"));
    let leaf = certificate::Certificate::read(bundle.leaf(), None).unwrap();
    let told = bundle.remarks().iter().map(Remark::to_string);
    (leaf.not_before.unwrap().to_string(), told.collect())
}

#[test]
fn the_one_that_became_valid_last_is_the_leaf_whenever_it_ends() {
    let (from, told) = taken("renewed");
    assert_eq!(from, "2026-11-20");
    assert_eq!(
        told,
        [
            "the file has 2 certificates for this key: leaf (2026-11-20 to 2027-02-20) was taken, \
          and not leaf (2026-02-01 to 2027-03-05)"
        ]
    );
}

#[test]
fn one_that_is_not_valid_yet_comes_after_one_that_is() {
    let (from, told) = taken("future");
    assert_eq!(from, "2026-11-20");
    assert!(told[0].contains("2027-06-01 to 2028-06-01"), "{told:?}");
    // Alone it is what the file is about.
    assert_eq!(taken("only-future").0, "2027-06-01");
    // When its time has come, it is the leaf.
    let later = Time::from_generalized(b"20270701000000Z").unwrap();
    let bundle = super::super::pem::read(&text("future"), None, later).unwrap();
    let leaf = certificate::Certificate::read(bundle.leaf(), None).unwrap();
    assert_eq!(leaf.not_before.unwrap().to_string(), "2027-06-01");
}

#[test]
fn a_placeholder_comes_after_what_an_authority_signed() {
    for (name, from) in [
        ("placeholder", "2026-11-20"),
        ("placeholder-or-expired", "2020-01-01"),
    ] {
        let (leaf, told) = taken(name);
        assert_eq!(leaf, from, "{name}");
        assert!(told[0].contains("2026-11-25 to 2046-01-01"), "{told:?}");
    }
}

#[test]
fn the_one_that_is_tied_to_the_key_is_the_leaf() {
    let mut found = found_in_pem(&text("placeholder"));
    found.keys[0].local_id = Some(vec![1]);
    found.certificates[0].local_id = Some(vec![1]);
    let tied = found.certificates[0].der.clone();
    let bundle = Bundle::choose(found, Container::Pem, now()).unwrap();
    assert_eq!(bundle.leaf(), tied);
}

#[test]
fn what_stays_undecided_is_refused_with_the_dates_of_each() {
    let refusal = read_pem(&text("undecided"), None).unwrap_err().to_string();
    for words in [
        "2 certificates for its private key",
        "leaf (2026-11-20 to 2027-02-20)",
        "leaf (2026-11-20 to 2027-05-20)",
    ] {
        assert!(refusal.contains(words), "{refusal}");
    }
}
