//! What is left out, what is a warning, and what fails the job.

use super::*;

#[test]
fn a_certificate_that_was_deleted_after_it_was_listed_is_left_out_silently() {
    let fake = with_odd(3, &[(1, 404, GONE)]);
    assert_eq!(inventory(&fake), Outcome::new(Status::Success, ""));
    assert_eq!(fake.aliases(), [name(0), name(2)]);
    assert_eq!(fake.progress.borrow().last(), Some(&(3, Some(3))));
}

#[test]
fn r19_w08_one_unreadable_certificate_of_three_is_a_warning_that_names_it() {
    for (status, body, cause) in [
        (200, hollow(&name(1)), "no content"),
        (200, garbled(&name(1)), "not a DER certificate"),
        (403, RBAC.to_owned(), "403 ForbiddenByRbac"),
    ] {
        let fake = vault(3, move |sent, _| {
            let answer = || with_header(answer(status, &body), "x-ms-request-id", REQUEST_ID);
            (asked(sent)? == name(1)).then(|| Ok(answer()))
        });
        let outcome = inventory(&fake);
        assert_eq!(outcome.status, Status::Warning, "{cause}");
        for part in [
            REQUEST_ID,
            "Key Vault Reader",
            "cert-0001: could not read the certificate cert-0001: ",
        ] {
            let of_a_call = status == 403;
            assert_eq!(
                outcome.message.contains(part),
                of_a_call,
                "{}",
                outcome.message
            );
        }
        assert_eq!(fake.logged("cert-0001 is missing from the inventory: "), 1);
        assert_eq!(fake.logged(REQUEST_ID), usize::from(status == 403));
        let one = "1 certificate could not be read and is missing from this inventory: cert-0001";
        assert!(outcome.message.starts_with(one), "{}", outcome.message);
        assert!(outcome.message.contains(cause), "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0), name(2)], "{cause}");
    }
}

#[test]
fn an_answer_that_is_not_the_vaults_about_the_certificate_fails_the_job() {
    for (body, problem) in [
        ("<html>".to_owned(), "not the JSON"),
        ("{}".to_owned(), "which certificate"),
        (r#"{"status":"ok"}"#.to_owned(), "which certificate"),
        (bundle(&name(2)), "another certificate"),
    ] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(200, &body)))
        });
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), Failure::UnreadableAnswer, "{problem}");
        assert!(outcome.message.contains(problem), "{}", outcome.message);
        assert!(fake.batches().is_empty(), "{problem}");

        let outcome = fake.run(run(&fake, &submitting(), &store()));
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0), name(2)], "{problem}");
    }
}

#[test]
fn a_reserved_name_is_never_asked_for_and_is_named_in_the_warning() {
    let fake = vault(0, |sent, _| {
        sent.url().contains("/certificates?").then(|| {
            let item = |name: &str| format!(r#"{{"id":"{VAULT}/certificates/{name}"}}"#);
            let items = ["contacts", "a", "..%2f", "b"].map(item).join(",");
            Ok(answer(200, &format!(r#"{{"value":[{items}]}}"#)))
        })
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(outcome.message.contains("contacts"), "{}", outcome.message);
    let details = fake.sent_to("/certificates/");
    let urls: Vec<&str> = details.iter().map(Sent::url).collect();
    let asked = ["a", "b"].map(|name| format!("{VAULT}/certificates/{name}?api-version=7.6"));
    assert_eq!(urls, asked);
}

#[test]
fn r20_w09_when_no_certificate_can_be_read_it_is_a_failure_with_the_cause() {
    for (body, failure, cause) in [
        (Some(RBAC), Failure::MissingRole, "ForbiddenByRbac"),
        (None, Failure::Other, "no content"),
    ] {
        let fake = vault(3, move |sent, _| {
            let name = asked(sent)?;
            Some(Ok(match body {
                Some(body) => answer(403, body),
                None => answer(200, &hollow(name)),
            }))
        });
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), failure);
        assert!(
            outcome.message.contains("none of the 3"),
            "{}",
            outcome.message
        );
        assert!(outcome.message.contains(cause), "{}", outcome.message);
        assert!(fake.batches().is_empty());
    }
}

#[test]
fn trouble_that_may_pass_fails_the_job_with_its_cause() {
    for (status, body, failure) in [
        (429, THROTTLED, Failure::Throttled),
        (503, "<html>", Failure::Unavailable),
        (400, r#"{"error":{"code":"BadParameter"}}"#, Failure::Other),
        (
            403,
            r#"{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByFirewall"}}}"#,
            Failure::Firewall,
        ),
    ] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(status, body)))
        });
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        assert!(
            outcome.message.contains(&status.to_string()),
            "{}",
            outcome.message
        );
        assert!(fake.batches().is_empty(), "{status}");
    }
}

#[test]
fn with_the_option_partial_submit_single_failures_of_any_kind_are_a_warning() {
    for (status, body) in [(429, THROTTLED), (503, "<html>"), (400, "{}")] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(status, body)))
        });
        let outcome = fake.run(run(&fake, &submitting(), &store()));
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        assert!(outcome.message.contains("cert-0001"), "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0), name(2)]);
    }
}

#[test]
fn even_with_partial_submit_a_refusal_that_holds_for_all_fails_the_job() {
    let fake = vault(3, |sent, _| {
        (asked(sent)? == name(1)).then_some(Err(TransportError::Denied))
    });
    let outcome = fake.run(run(&fake, &submitting(), &store()));
    assert_eq!(failed(&outcome), Failure::Other);
    assert!(
        outcome.message.contains("the host refused"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_warning_with_thousands_of_names_fits_the_platforms_message() {
    let fake = vault(6_000, |sent, _| {
        let asked = asked(sent)?;
        let even = asked.ends_with(['0', '2', '4', '6', '8']);
        even.then(|| Ok(answer(200, &hollow(asked))))
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.starts_with("3000 certificates"),
        "{}",
        outcome.message
    );
    assert!(
        outcome.message.contains("and 2734 more"),
        "{}",
        outcome.message
    );
    assert!(outcome.message.encode_utf16().count() <= MESSAGE_LIMIT);
}

#[test]
fn what_should_be_looked_at_is_a_warning_with_a_complete_inventory() {
    let fake = healthy(3);
    let store = Store {
        properties: vec![("AzureCloud".into(), "public,china,government".into())],
        ..store()
    };
    let outcome = fake.run(run(&fake, &job(), &store));
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("AzureCloud"),
        "{}",
        outcome.message
    );
    assert_eq!(fake.aliases().len(), 3);
}

#[test]
fn w08_what_is_lost_of_most_names_is_no_defect_of_single_ones() {
    let cases: [(&[u16], Failure); 3] = [
        (&[403, 403, 403], Failure::MissingRole),
        (&[200, 200, 200], Failure::Other),
        (&[403, 200, 403], Failure::Other),
    ];
    for (statuses, failure) in cases {
        let of = move |count| {
            vault(count, move |sent, _| {
                let asked = asked(sent)?;
                let number = (0..count).find(|number| name(*number) == asked)?;
                Some(Ok(match statuses.get(number)? {
                    403 => answer(403, RBAC),
                    _ => answer(200, &hollow(asked)),
                }))
            })
        };
        let fake = of(5);
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        for word in ["3 certificates could not be read", "only 2", "partial"] {
            assert!(outcome.message.contains(word), "{}", outcome.message);
        }
        assert!(fake.batches().is_empty());

        let outcome = fake.run(run(&fake, &submitting(), &store()));
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        assert_eq!(fake.aliases().len(), 2);

        let half = of(6);
        assert_eq!(inventory(&half).status, Status::Warning);
        assert_eq!(half.aliases().len(), 3);
    }
}

#[test]
fn causes_of_several_kinds_are_a_failure_of_no_kind_in_particular() {
    const NO_POLICY: &str =
        r#"{"error":{"code":"Forbidden","message":"no","innererror":{"code":"AccessDenied"}}}"#;
    let fake = with_odd(2, &[(0, 403, RBAC), (1, 403, NO_POLICY)]);
    assert_eq!(failed(&inventory(&fake)), Failure::Other);
}

#[test]
fn five_losses_with_one_cause_are_told_together_and_once() {
    let fake = vault(12, |sent, _| {
        let name_asked = asked(sent)?;
        let lost = (0..5).any(|number| name(number) == name_asked);
        lost.then(|| Ok(answer(403, RBAC)))
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    let message = &outcome.message;
    for number in 0..5 {
        assert!(message.contains(&name(number)), "{message}");
    }
    for once in ["ForbiddenByRbac", "assign the identity"] {
        assert_eq!(message.matches(once).count(), 1, "{message}");
    }
    let log = fake.log.borrow();
    let warned = log.iter().filter(|(level, _)| *level == LogLevel::Warn);
    assert_eq!(warned.count(), 0, "the result says it");
}
