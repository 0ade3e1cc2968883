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
        (200, "{}", "no content"),
        (200, r#"{"cer":"aGVsbG8="}"#, "not a DER certificate"),
        (200, "<html>", "not the JSON"),
        (403, RBAC, "403 ForbiddenByRbac"),
    ] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(status, body)))
        });
        let outcome = inventory(&fake);
        assert_eq!(outcome.status, Status::Warning, "{cause}");
        assert!(outcome.message.contains("cert-0001"), "{}", outcome.message);
        assert!(outcome.message.contains(cause), "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0), name(2)], "{cause}");
    }
}

#[test]
fn a_reserved_name_is_never_asked_for_and_is_named_in_the_warning() {
    let fake = vault(0, |sent, _| {
        sent.url().contains("/certificates?").then(|| {
            let item = |name: &str| format!(r#"{{"id":"{VAULT}/certificates/{name}"}}"#);
            let (a, b, c) = (item("contacts"), item("a"), item("..%2f"));
            Ok(answer(200, &format!(r#"{{"value":[{a},{b},{c}]}}"#)))
        })
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(outcome.message.contains("contacts"), "{}", outcome.message);
    let details = fake.sent_to("/certificates/");
    let urls: Vec<&str> = details.iter().map(Sent::url).collect();
    assert_eq!(urls, [format!("{VAULT}/certificates/a?api-version=7.6")]);
}

#[test]
fn r20_w09_when_no_certificate_can_be_read_it_is_a_failure_with_the_cause() {
    for (body, failure, cause) in [
        (Some(RBAC), Failure::MissingRole, "ForbiddenByRbac"),
        (None, Failure::Other, "no content"),
    ] {
        let fake = vault(3, move |sent, _| {
            asked(sent)?;
            Some(Ok(match body {
                Some(body) => answer(403, body),
                None => answer(200, "{}"),
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
    let fake = vault(3_000, |sent, _| {
        (asked(sent)? != name(7)).then(|| Ok(answer(200, "{}")))
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.starts_with("2999 certificates"),
        "{}",
        outcome.message
    );
    assert!(
        outcome.message.contains("and 2733 more"),
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
fn w08_a_right_that_is_missing_for_most_names_is_no_defect_of_single_ones() {
    const ODD: &[(usize, u16, &str)] = &[(0, 403, RBAC), (1, 403, RBAC), (2, 403, RBAC)];
    let fake = with_odd(5, ODD);
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::MissingRole);
    for word in ["3 certificates may not be read", "only 2", "partial"] {
        assert!(outcome.message.contains(word), "{}", outcome.message);
    }
    assert!(fake.batches().is_empty());

    let outcome = fake.run(run(&fake, &submitting(), &store()));
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    assert_eq!(fake.aliases().len(), 2);

    let half = with_odd(6, ODD);
    assert_eq!(inventory(&half).status, Status::Warning);
    assert_eq!(half.aliases().len(), 3);
}

#[test]
fn causes_of_several_kinds_are_a_failure_of_no_kind_in_particular() {
    const NO_POLICY: &str =
        r#"{"error":{"code":"Forbidden","message":"no","innererror":{"code":"AccessDenied"}}}"#;
    let fake = with_odd(2, &[(0, 403, RBAC), (1, 403, NO_POLICY)]);
    assert_eq!(failed(&inventory(&fake)), Failure::Other);
}
