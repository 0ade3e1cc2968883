//! Creates that are cancelled after any answer, and what others do while one must wait.

use super::*;

/// A tenant by its domain, so that the subscription is asked for its id.
fn by_domain() -> Store {
    Store {
        tenant: "contoso.example".into(),
        ..store()
    }
}

#[test]
fn a_job_that_is_cancelled_after_any_answer_begins_no_other_request_and_is_true() {
    let taken = |name_taken| {
        let world = world();
        world.borrow_mut().name_taken = name_taken;
        world
    };
    for (store, name_taken) in [(store(), false), (by_domain(), false), (store(), true)] {
        for after in 0.. {
            let world = taken(name_taken);
            let fake = healthy(&world);
            fake.cancel_after.set(Some(after));
            let outcome = fake.run(run(&fake, &job(), &store));
            assert!(fake.sent().len() <= after, "{after}");
            if outcome.status == Status::Success || failed(&outcome) == Failure::Conflict {
                break;
            }
            assert_eq!(failed(&outcome), Failure::Cancelled);
            let told = match world.borrow().made.len() {
                0 => "nothing was changed",
                _ => "is being made",
            };
            assert!(outcome.message.contains(told), "{}", outcome.message);
        }
    }
}

#[test]
fn a_job_that_is_cancelled_before_it_looks_after_a_lost_answer_says_that_nobody_knows() {
    let fake = azure(&world(), |sent, _| {
        asked_to_make(sent).then_some(Err(TransportError::Broken("reset")))
    });
    // Token, group, vault, subscription, name, request.
    fake.cancel_after.set(Some(6));
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Unresolved);
    for part in ["cancelled", "is not known; run the job again"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn a_look_that_fails_behind_a_taken_name_is_told_and_nothing_is_asked_for() {
    let world = world();
    world.borrow_mut().name_taken = true;
    let fake = azure(&world, |sent, earlier| {
        (looks(sent) && earlier > 0).then(|| error(403, "AuthorizationFailed"))
    });
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::MissingRole);
    assert!(!fake.sent().iter().any(asked_to_make));
}

/// The request for the vault is throttled this often; before that answer comes, something
/// happens.
fn throttled(world: &World, times: usize, meanwhile: impl Fn(&mut Azure) + 'static) -> Fake {
    let others = Rc::clone(world);
    let asked = std::cell::Cell::new(0);
    azure(world, move |sent, _| {
        if !asked_to_make(sent) || asked.get() == times {
            return None;
        }
        asked.set(asked.get() + 1);
        meanwhile(&mut others.borrow_mut());
        Some(Ok(answer(429, "{}")))
    })
}

#[test]
fn a_request_that_must_wait_is_sent_again_after_a_look() {
    let world = world();
    let fake = throttled(&world, 2, |_| ());
    let outcome = create(&fake);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let methods: Vec<Method> = asked(&fake)[4..9]
        .iter()
        .map(|(method, _)| *method)
        .collect();
    use Method::{Get, Put};
    assert_eq!(methods, [Put, Get, Put, Get, Put]);
    assert_eq!(world.borrow().made.len(), 1);
}

#[test]
fn a_throttled_request_is_tried_eight_times_in_all() {
    let fake = throttled(&world(), usize::MAX, |_| ());
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Throttled);
    let asked = fake
        .sent()
        .iter()
        .filter(|sent| asked_to_make(sent))
        .count();
    assert_eq!(asked, 8);
}

#[test]
fn w34_a_vault_that_somebody_makes_while_the_request_must_wait_is_not_touched() {
    for (sku, differs) in [("standard", false), ("premium", true)] {
        let world = world();
        let fake = throttled(&world, 1, move |azure| {
            let mut body = plain_body();
            body["properties"]["sku"]["name"] = sku.into();
            azure.vault = Some(body);
            azure.state = "RegisteringDns";
        });
        let store = with_properties(&[("SkuType", "standard")]);
        let outcome = fake.run(run(&fake, &job(), &store));
        let there = world.borrow();
        assert!(there.made.is_empty() && there.changed.is_empty());
        if differs {
            assert_eq!(failed(&outcome), Failure::Conflict, "{}", outcome.message);
        } else {
            assert_eq!(outcome.status, Status::Success);
            assert!(
                outcome.message.contains("already being made"),
                "{}",
                outcome.message
            );
        }
    }
}

#[test]
fn after_a_lost_answer_what_is_there_while_the_next_request_must_wait_is_this_jobs_own() {
    let world = world();
    let others = Rc::clone(&world);
    let requests = std::cell::Cell::new(0);
    let fake = azure(&world, move |sent, _| {
        if !asked_to_make(sent) {
            return None;
        }
        requests.set(requests.get() + 1);
        match requests.get() {
            1 => Some(Err(TransportError::Broken("reset"))),
            _ => {
                let _ = others.borrow_mut().put(&sent.body());
                Some(Ok(answer(429, "{}")))
            }
        }
    });
    let outcome = create(&fake);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(world.borrow().made.len(), 1);
}

#[test]
fn a_job_that_is_cancelled_while_it_waits_to_look_again_says_what_was_done() {
    let lost =
        |sent: &Sent, _: usize| asked_to_make(sent).then_some(Err(TransportError::Broken("reset")));
    for (name_taken, loses, failure, told) in [
        (true, false, Failure::Cancelled, "nothing was changed"),
        (false, true, Failure::Unresolved, "is not known"),
        (false, false, Failure::Cancelled, "is being made"),
    ] {
        let world = world();
        world.borrow_mut().name_taken = name_taken;
        let fake = azure(&world, move |sent, earlier| {
            loses.then(|| lost(sent, earlier))?
        });
        // The very moment at which the job would look.
        fake.cancel_at.set(Some(fake.now() + LOOK_EVERY));
        let outcome = create(&fake);
        assert_eq!(failed(&outcome), failure);
        assert!(outcome.message.contains(told), "{}", outcome.message);
    }
}
