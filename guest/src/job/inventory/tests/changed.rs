//! Inventories that compare with the last one.

use super::*;
use crate::contract::KnownCertificate;

/// What [`LISTED`] is in hex, and another one.
const SAME: &str = "CE38DC703D66FA1F923AB0FAE2D93ED57EA8DBC3";
const OTHER: &str = "A9993E364706816ABA3E25717850C26C9CD0D89D";

fn last(alias: String, thumbprint: &str) -> KnownCertificate {
    KnownCertificate {
        alias,
        thumbprints: vec![thumbprint.to_owned()],
    }
}

/// Of sixty certificates fifty-seven are the same, two are others, and one is new; two of the
/// last inventory are gone.
fn compared(fake: Fake) -> Fake {
    let known = (0..59).map(|number| last(name(number), if number < 57 { SAME } else { OTHER }));
    let gone = ["gone-1", "gone-2"].map(|alias| last(alias.to_owned(), SAME));
    *fake.last_inventory.borrow_mut() = known.chain(gone).collect();
    fake
}

fn changed_only(fake: &Fake, partial: bool) -> Outcome {
    let mut options = vec![("changed-only".to_owned(), "true".to_owned())];
    options.extend(partial.then(|| ("partial".to_owned(), "submit".to_owned())));
    let job = Job { options, ..job() };
    fake.run(run(fake, &job, &store()))
}

fn handed_over(fake: &Fake, state: KnownState) -> Vec<String> {
    let known = fake.known.borrow();
    let known = known.iter().filter(|(_, of)| *of == state);
    known.map(|(alias, _)| alias.clone()).collect()
}

#[test]
fn what_is_the_same_is_not_read_and_what_is_gone_is_told_after_the_last_page() {
    let fake = compared(healthy(60));
    let outcome = changed_only(&fake, false);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    for part in [
        "of 60 certificates 57",
        "gone since then: 2",
        "tags",
        "NonExportable",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    let same: Vec<String> = (0..57).map(name).collect();
    assert_eq!(handed_over(&fake, KnownState::Unchanged), same);
    assert_eq!(
        handed_over(&fake, KnownState::Deleted),
        ["gone-1", "gone-2"]
    );
    assert_eq!(fake.aliases(), [name(57), name(58), name(59)]);
    assert_eq!(fake.sent_to("/certificates/").len(), 3);
    assert_eq!(fake.progress.borrow().last(), Some(&(60, Some(60))));
}

#[test]
fn after_a_partial_list_nothing_is_told_as_gone() {
    let fake = compared(vault(60, |sent, _| {
        sent.url()
            .contains("skiptoken=50")
            .then(|| Ok(answer(400, THROTTLED)))
    }));
    for partial in [false, true] {
        failed(&changed_only(&fake, partial));
        assert!(handed_over(&fake, KnownState::Deleted).is_empty());
    }
}

#[test]
fn one_that_changed_and_was_then_deleted_is_gone_and_one_that_cannot_be_read_is_not() {
    let fake = compared(with_odd(60, &[(57, 404, GONE), (58, 403, RBAC)]));
    let outcome = changed_only(&fake, false);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    assert!(outcome.message.contains(&name(58)), "{}", outcome.message);
    assert_eq!(
        handed_over(&fake, KnownState::Deleted),
        [name(57), "gone-1".to_owned(), "gone-2".to_owned()]
    );
    assert_eq!(fake.aliases(), [name(59)]);
}

#[test]
fn without_the_option_or_without_a_last_inventory_everything_is_read() {
    let fake = compared(healthy(3));
    assert_eq!(inventory(&fake), Outcome::new(Status::Success, ""));
    let fresh = healthy(3);
    assert_eq!(
        changed_only(&fresh, false),
        Outcome::new(Status::Success, "")
    );
    for fake in [fake, fresh] {
        assert_eq!(fake.aliases().len(), 3);
        assert!(fake.known.borrow().is_empty());
    }
}

#[test]
fn a_host_that_does_not_take_them_ends_the_job() {
    let fake = compared(healthy(60));
    fake.refuse_submissions.set(true);
    assert_eq!(
        failed(&changed_only(&fake, false)),
        Failure::SubmissionRefused
    );
}

/// The list has the leaf's thumbprint alone: whether its issuers are still the same is not known.
#[test]
fn with_chains_what_was_known_without_is_read_and_what_was_not_compared_is_told() {
    const PEM: &str = include_str!("../../../azure/testdata/leaf.pem");
    let fake = vault(3, |sent, _| {
        let secret = serde_json::json!({"value": PEM, "contentType": "application/x-pem-file"});
        sent.url()
            .contains("/secrets/")
            .then(|| Ok(answer(200, &secret.to_string())))
    });
    let chain = |alias| KnownCertificate {
        thumbprints: vec![SAME.to_owned(), OTHER.to_owned()],
        ..last(alias, SAME)
    };
    *fake.last_inventory.borrow_mut() = vec![chain(name(0)), last(name(1), SAME), chain(name(2))];
    let options = ["changed-only", "full-chain"].map(|name| (name.to_owned(), "true".to_owned()));
    let job = Job {
        options: options.to_vec(),
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let told = "the chains of those that were not read again were not compared";
    assert!(outcome.message.contains(told), "{}", outcome.message);
    assert_eq!(
        handed_over(&fake, KnownState::Unchanged),
        [name(0), name(2)]
    );
    assert_eq!(fake.aliases(), [name(1)]);
    assert_eq!(fake.sent_to("/secrets/").len(), 1);
}
