//! How a Create ends otherwise than well, and what its message says was done.

use super::*;

#[test]
fn w34_every_refusal_of_the_request_is_told_with_its_remedy_and_leaves_nothing_open() {
    for (status, code, message, failure, part) in [
        (
            409,
            "VaultAlreadyExists",
            "The vault name 'kv-new' is already in use.",
            Failure::Conflict,
            "purge --name kv-new",
        ),
        (
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state.",
            Failure::Conflict,
            "recover --name kv-new",
        ),
        (
            403,
            "AuthorizationFailed",
            "does not have authorization to perform action 'Microsoft.KeyVault/vaults/write' over scope",
            Failure::MissingRole,
            "Microsoft.KeyVault/vaults/write",
        ),
        (
            409,
            "MissingSubscriptionRegistration",
            "not registered",
            Failure::Other,
            "az provider register",
        ),
        (
            400,
            "LocationNotAvailableForResourceType",
            "no",
            Failure::InvalidInput,
            "VaultRegion",
        ),
        (
            400,
            "SkuNotSupported",
            "no",
            Failure::InvalidInput,
            "SkuType",
        ),
        (
            400,
            "VaultNameNotValid",
            "no",
            Failure::InvalidInput,
            "StorePath",
        ),
        (409, "VaultsQuotaExceeded", "no", Failure::Conflict, "limit"),
        (
            404,
            "SubscriptionNotFound",
            "no",
            Failure::NotFound,
            "AzureCloud",
        ),
        (
            400,
            "BadRequest",
            "The parameter accessPolicies is not specified.",
            Failure::Other,
            "accessPolicies",
        ),
    ] {
        let world = world();
        let fake = azure(&world, move |sent, _| {
            asked_to_make(sent).then(|| refused(status, code, message))
        });
        let outcome = create(&fake);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        assert!(outcome.message.contains(part), "{}", outcome.message);
        assert!(outcome.message.contains(code), "{}", outcome.message);
        assert!(
            !outcome.message.contains("run the job again: it looks"),
            "{}",
            outcome.message
        );
        assert_eq!(
            fake.sent()
                .iter()
                .filter(|sent| asked_to_make(sent))
                .count(),
            1
        );
    }
}

#[test]
fn a_denial_by_azure_policy_names_the_policy() {
    let world = world();
    let fake = azure(&world, |sent, _| {
        let body = json!({"error": {"code": "RequestDisallowedByPolicy", "message": "Resource 'kv-new' was disallowed by policy.",
            "additionalInfo": [{"type": "PolicyViolation", "info": {
                "policyDefinitionDisplayName": "No public vaults", "policyAssignmentName": "deny-public"}}]}});
        asked_to_make(sent).then(|| Ok(answer(403, &body.to_string())))
    });
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Forbidden);
    let named = "the Azure Policy \"No public vaults (assignment deny-public)\" forbids it";
    assert!(outcome.message.contains(named), "{}", outcome.message);
}

#[test]
fn a_vault_that_fails_on_its_way_is_told_with_the_services_reason() {
    let world = world();
    world.borrow_mut().becomes = "Failed";
    let fake = healthy(&world);
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Other);
    for part in [
        "the vault kv-new could not be made (Failed)",
        "activity log of the resource group rg-one",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn a_vault_that_disappears_on_its_way_is_given_up_after_a_minute() {
    let world = world();
    let fake = azure(&world, |sent, earlier| {
        (looks(sent) && earlier > 1).then(|| error(404, "ResourceNotFound"))
    });
    let start = fake.now();
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::NotFound);
    assert!(
        outcome.message.contains("has disappeared"),
        "{}",
        outcome.message
    );
    let took = fake.now() - start;
    assert!(took < Duration::from_secs(80), "{took:?}");
}

#[test]
fn a_time_limit_while_the_vault_is_being_made_says_that_the_next_run_follows_it() {
    let world = world();
    world.borrow_mut().looks = u32::MAX;
    let fake = healthy(&world);
    let short = Job {
        time_limit: Duration::from_secs(60),
        ..job()
    };
    let start = fake.now();
    let outcome = fake.run(run(&fake, &short, &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    for part in ["time limit", "kv-new is being made", "run the job again"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(fake.now() - start, Duration::from_secs(58));
    world.borrow_mut().looks = 1;
    let fake = healthy(&world);
    let again = fake.run(run(&fake, &job(), &store()));
    assert_eq!(again.status, Status::Success, "{}", again.message);
    assert_eq!(world.borrow().made.len(), 1);
}

#[test]
fn a_time_limit_before_the_request_says_that_nothing_was_changed() {
    let fake = azure(&world(), |sent, _| {
        sent.url()
            .contains("/resourceGroups/rg-one?")
            .then(|| Ok(answer(503, "")))
    })
    .latency(8_000);
    let short = Job {
        time_limit: Duration::from_secs(20),
        ..job()
    };
    let outcome = fake.run(run(&fake, &short, &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    for part in ["the last trouble was", "503", "nothing was changed"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn a_time_limit_while_the_request_is_out_says_that_nobody_knows() {
    let world = world();
    let fake = healthy(&world).slow("/vaults/kv-new?", Duration::from_secs(40));
    let short = Job {
        time_limit: Duration::from_secs(60),
        ..job()
    };
    // The look takes 40 s, so that the request is out when the time is up.
    let outcome = fake.run(run(&fake, &short, &store()));
    assert_eq!(failed(&outcome), Failure::Unresolved);
    assert!(
        outcome.message.contains("time limit"),
        "{}",
        outcome.message
    );
    assert!(
        outcome.message.contains("is not known; run the job again"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_cancelled_job_asks_for_nothing_more_and_says_what_was_done() {
    let start = Duration::from_secs(1_000);
    for (after, latency, asks, failure, part) in [
        (0, 400, 0, Failure::Cancelled, "nothing was changed"),
        (1_950, 400, 0, Failure::Cancelled, "nothing was changed"),
        // The answer comes in the seconds that a cancelled job has left for it.
        (2_100, 400, 1, Failure::Cancelled, "is being made"),
        (3_400, 400, 1, Failure::Cancelled, "is being made"),
        (51_000, 10_000, 1, Failure::Unresolved, "is not known"),
    ] {
        let world = world();
        // Token, group, vault, subscription, name, request: of 400 ms each, so that the request is
        // out from 2000 to 2400 ms. The clock is looked at each 250 ms, and before the request.
        let fake = healthy(&world).latency(latency);
        fake.cancel_at
            .set(Some(start + Duration::from_millis(after)));
        let outcome = create(&fake);
        assert_eq!(failed(&outcome), failure, "{after}");
        assert!(
            outcome.message.contains(part),
            "{after}: {}",
            outcome.message
        );
        let asked = fake
            .sent()
            .iter()
            .filter(|sent| asked_to_make(sent))
            .count();
        assert_eq!(asked, asks, "{after}");
    }
}

#[test]
fn a_request_that_was_only_held_back_has_changed_nothing_when_the_job_ends() {
    let throttled = |sent: &Sent, _| {
        let busy = || with_header(answer(429, "{}"), "retry-after", "60");
        asked_to_make(sent).then(|| Ok(busy()))
    };
    let fake = azure(&world(), throttled);
    fake.cancel_at
        .set(Some(fake.now() + Duration::from_secs(20)));
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Cancelled);
    let fake = azure(&world(), throttled);
    let short = Job {
        time_limit: Duration::from_secs(100),
        ..job()
    };
    let late = fake.run(run(&fake, &short, &store()));
    assert_eq!(failed(&late), Failure::Throttled);
    for outcome in [outcome, late] {
        assert!(
            !outcome.message.contains("not known"),
            "{}",
            outcome.message
        );
    }
}

#[test]
fn an_answer_that_is_lost_every_time_is_given_up_after_three_requests_each_looked_after() {
    let world = world();
    let fake = azure(&world, |sent, _| {
        asked_to_make(sent).then_some(Err(TransportError::Broken("reset")))
    });
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Unresolved);
    for part in ["no trace of the vault", "reset", "run the job again"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    let puts = asked(&fake);
    let tail: Vec<Method> = puts[4..].iter().map(|(method, _)| *method).collect();
    use Method::{Get, Put};
    assert_eq!(tail, [Put, Get, Put, Get, Put, Get]);
}

#[test]
fn a_lost_answer_that_cannot_be_looked_after_is_unresolved() {
    let world = world();
    let fake = azure(&world, |sent, earlier| {
        if asked_to_make(sent) {
            return Some(Err(TransportError::Timeout("no answer in time")));
        }
        (looks(sent) && earlier > 0).then(|| error(403, "AuthorizationFailed"))
    });
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Unresolved);
    for part in [
        "could not be found out",
        "no answer in time",
        "run the job again",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn a_second_request_that_is_refused_is_looked_after_too() {
    for applied_late in [true, false] {
        let world = world();
        let inner = Rc::clone(&world);
        let asked = RefCell::new(0);
        let fake = azure(&world, move |sent, _| {
            if !asked_to_make(sent) {
                return None;
            }
            *asked.borrow_mut() += 1;
            if *asked.borrow() == 1 {
                return Some(Err(TransportError::Broken("reset")));
            }
            if applied_late {
                let _ = inner.borrow_mut().serve(sent);
            }
            Some(error(409, "ConflictError"))
        });
        let outcome = create(&fake);
        if applied_late {
            assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        } else {
            assert_eq!(failed(&outcome), Failure::Unresolved);
            assert!(
                outcome.message.contains("ConflictError"),
                "{}",
                outcome.message
            );
        }
    }
}

#[test]
fn neither_log_nor_message_ever_holds_a_secret_a_token_or_a_tags_value() {
    let world = world();
    let fake = azure(&world, |sent, earlier| {
        if sent.url().contains("/oauth2/") {
            return Some(Ok(answer(
                200,
                r#"{"access_token":"the-token","expires_in":3599}"#,
            )));
        }
        (earlier == 0 && !asked_to_make(sent)).then(|| error(429, "TooManyRequests"))
    });
    let job = with_options(&[("create-tags", r#"{"owner":"tag-value"}"#)]);
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let log = fake.log.borrow();
    let lines = log.iter().map(|(_, line)| line.as_str());
    for line in lines.chain([outcome.message.as_str()]) {
        for secret in ["sp-secret", "the-token", "tag-value"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
