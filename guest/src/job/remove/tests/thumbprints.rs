//! The thumbprint by which a Remove says which certificate it means, in every spelling.

use super::*;
use crate::azure::thumbprint::sha256;

/// As Windows shows it: a mark, lower case, pairs.
fn as_windows_shows(thumbprint: &str) -> String {
    let pairs: Vec<_> = (0..thumbprint.len() / 2)
        .map(|n| thumbprint[2 * n..2 * n + 2].to_lowercase())
        .collect();
    format!("\u{200e}{}", pairs.join(" "))
}

#[test]
fn w44_a_thumbprint_must_be_that_of_the_current_version_in_any_spelling() {
    for (ours, another) in [
        (thumbprint(OURS), thumbprint(ANOTHER)),
        (sha256(OURS).to_string(), sha256(ANOTHER).to_string()),
    ] {
        for given in [
            ours.clone(),
            ours.to_lowercase(),
            format!(" {ours} "),
            as_windows_shows(&ours),
            as_windows_shows(&ours).replace(' ', ":"),
        ] {
            let vault = live();
            succeeded(&remove(&vault, Some(&given)));
            assert_eq!(vault.requests()[..2], [LOOK, DELETE], "{given}");
        }
        for given in [
            another.clone(),
            as_windows_shows(&another),
            as_windows_shows(&another).replace(' ', "-"),
        ] {
            let vault = live();
            let outcome = remove(&vault, Some(&given));
            assert_eq!(failed(&outcome), Failure::Conflict, "{given}");
            says(&outcome, &[&ours, &another, "nothing was deleted"]);
            assert_eq!(vault.requests(), [LOOK]);
        }
    }
}

#[test]
fn a_sha256_thumbprint_deletes_nothing_where_it_cannot_be_compared() {
    for given in [OURS, ANOTHER] {
        let vault = live();
        vault.change(|state| state.versions[0].der.clear());
        let outcome = remove(&vault, Some(&sha256(given).to_string()));
        assert_eq!(failed(&outcome), Failure::Conflict);
        says(
            &outcome,
            &[
                "SHA-256",
                "JobCertificate.Thumbprint",
                "nothing was deleted",
            ],
        );
        assert_eq!(vault.requests(), [LOOK]);
    }
}

#[test]
fn w44_a_certificate_that_is_still_being_made_is_not_the_one_that_is_meant() {
    let vault = live();
    vault.change(|state| state.versions[0].der.clear());
    let outcome = remove(&vault, Some(&thumbprint(OURS)));
    assert_eq!(failed(&outcome), Failure::Conflict);
    says(&outcome, &["not known"]);
}

#[test]
fn a_blank_thumbprint_says_nothing() {
    for given in ["", " ", "\r\n\u{a0}"] {
        let vault = live();
        succeeded(&remove(&vault, Some(given)));
        assert_eq!(vault.asked(LOOK), 0, "{given}");
    }
}

#[test]
fn a_thumbprint_that_cannot_be_read_deletes_nothing() {
    for given in [
        "null",
        "\u{200e}",
        "00:11:22",
        &thumbprint(OURS)[1..],
        &"g".repeat(40),
    ] {
        let vault = live();
        let outcome = remove(&vault, Some(given));
        assert_eq!(failed(&outcome), Failure::InvalidInput, "{given}");
        says(&outcome, &["JobCertificate.Thumbprint"]);
        assert!(vault.requests().is_empty(), "{given}");
    }
}
