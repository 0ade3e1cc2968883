//! Inventories that are cancelled after any answer, and submissions that are refused late.

use super::*;
use crate::contract::KnownCertificate;

#[test]
fn a_job_that_is_cancelled_after_any_answer_soon_begins_no_other_request() {
    for after in 0.. {
        let fake = healthy(120);
        fake.cancel_after.set(Some(after));
        let outcome = inventory(&fake);
        // Reads are begun many at a time, and the next page beside them.
        assert!(fake.sent().len() <= after + IN_FLIGHT + 1, "{after}");
        if outcome.status == Status::Success {
            break;
        }
        assert_eq!(failed(&outcome), Failure::Cancelled);
    }
}

#[test]
fn a_last_batch_or_a_list_of_what_is_gone_that_is_refused_fails_the_job() {
    for (count, known) in [(3, None), (0, Some("gone"))] {
        let fake = healthy(count);
        if let Some(alias) = known {
            fake.last_inventory.borrow_mut().push(KnownCertificate {
                alias: alias.into(),
                thumbprints: vec!["A".repeat(40)],
            });
        }
        fake.refuse_submissions.set(true);
        let job = Job {
            options: vec![("changed-only".into(), "true".into())],
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store()));
        assert_eq!(
            failed(&outcome),
            Failure::SubmissionRefused,
            "{}",
            outcome.message
        );
    }
}

#[test]
fn older_versions_that_only_trouble_keeps_away_fail_the_job() {
    let job = Job {
        options: vec![
            ("versions".into(), "all".into()),
            ("full-chain".into(), "true".into()),
        ],
        ..job()
    };
    for broken in [
        "/certificates/cert-0000/versions",
        "/certificates/cert-0000/old",
        "/secrets/cert-0000/old",
    ] {
        let fake = vault(1, move |sent, _| {
            if sent.url().contains(broken) {
                return Some(Ok(answer(400, r#"{"error":{"code":"BadParameter"}}"#)));
            }
            sent.url().contains("/versions?").then(|| {
                let id = format!(r#"{{"id":"{VAULT}/certificates/cert-0000/old"}}"#);
                Ok(answer(
                    200,
                    &format!(r#"{{"value":[{id}],"nextLink":null}}"#),
                ))
            })
        });
        let outcome = fake.run(run(&fake, &job, &store()));
        assert!(
            matches!(outcome.status, Status::Failure(_)),
            "{}",
            outcome.message
        );
    }
}
