//! Every fault at every request, once and for good: the vault is made at most once and
//! right, or the failure is true, and the next run ends well.

use super::*;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The connection breaks before the request has arrived.
    BrokenBefore,
    /// It breaks after the request took effect.
    BrokenAfter,
    TimeoutAfter,
    ErrorBefore,
    ErrorAfter,
    Unavailable,
    Throttled,
    Unauthorized,
    Forbidden,
    /// Something in between answers instead of the service.
    Html,
    /// It answers in place of the service, which did its work.
    HtmlAfter,
    /// The same, with JSON.
    OtherJson,
    OtherJsonAfter,
}

const FAULTS: [Fault; 13] = [
    Fault::BrokenBefore,
    Fault::BrokenAfter,
    Fault::TimeoutAfter,
    Fault::ErrorBefore,
    Fault::ErrorAfter,
    Fault::Unavailable,
    Fault::Throttled,
    Fault::Unauthorized,
    Fault::Forbidden,
    Fault::Html,
    Fault::HtmlAfter,
    Fault::OtherJson,
    Fault::OtherJsonAfter,
];

impl Fault {
    fn takes_effect(self) -> bool {
        matches!(
            self,
            Fault::BrokenAfter
                | Fault::TimeoutAfter
                | Fault::ErrorAfter
                | Fault::HtmlAfter
                | Fault::OtherJsonAfter
        )
    }

    /// Whether somebody who sees the answer alone cannot know.
    fn may_take_effect(self) -> bool {
        self.takes_effect()
            || matches!(
                self,
                Fault::BrokenBefore
                    | Fault::ErrorBefore
                    | Fault::Unavailable
                    | Fault::Html
                    | Fault::OtherJson
            )
    }

    /// What a run has failed of that meets it at the request of this number.
    fn failure(self, number: usize) -> Failure {
        match self {
            // Such an answer is not one that an issuer of tokens makes; a refused token is
            // asked for again, and then the issuer refuses it.
            Fault::Unauthorized => Failure::Unavailable,
            Fault::Forbidden if number == 0 => Failure::Unavailable,
            Fault::BrokenBefore
            | Fault::BrokenAfter
            | Fault::TimeoutAfter
            | Fault::ErrorBefore
            | Fault::ErrorAfter
            | Fault::Unavailable => Failure::Unavailable,
            Fault::Throttled => Failure::Throttled,
            Fault::Forbidden => Failure::MissingRole,
            Fault::Html | Fault::HtmlAfter | Fault::OtherJson | Fault::OtherJsonAfter => {
                Failure::UnreadableAnswer
            }
        }
    }

    fn answer(self) -> Answer {
        match self {
            Fault::BrokenBefore | Fault::BrokenAfter => Err(TransportError::Broken("reset")),
            Fault::TimeoutAfter => Err(TransportError::Timeout("no answer in time")),
            Fault::ErrorBefore | Fault::ErrorAfter => error(500, "InternalServerError"),
            Fault::Unavailable => error(503, "ServiceUnavailable"),
            Fault::Throttled => {
                error(429, "TooManyRequests").map(|answer| with_header(answer, "retry-after", "10"))
            }
            Fault::Unauthorized => error(401, "InvalidAuthenticationToken"),
            Fault::Forbidden => error(403, "AuthorizationFailed"),
            Fault::Html | Fault::HtmlAfter => Ok(answer(200, "<html>sign in</html>")),
            Fault::OtherJson | Fault::OtherJsonAfter => Ok(answer(200, r#"{"status":"ok"}"#)),
        }
    }
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lasting {
    Once,
    ForGood,
}

/// Azure where the request of this number, counted over all of them, meets a fault.
fn faulty(world: &World, number: usize, fault: Fault, lasting: Lasting) -> Fake {
    let inner = Rc::clone(world);
    let count = RefCell::new(0);
    azure(world, move |sent, _| {
        let now = count.replace_with(|count| *count + 1);
        let hit = match lasting {
            Lasting::Once => now == number,
            Lasting::ForGood => now >= number,
        };
        hit.then(|| {
            if fault.takes_effect() {
                let _ = inner.borrow_mut().serve(sent);
            }
            fault.answer()
        })
    })
}

/// Runs every case, and says how many there were.
fn every_fault(store: &Store, requests: usize) -> usize {
    let fake = healthy(&world());
    fake.run(run(&fake, &job(), store));
    assert_eq!(fake.sent().len(), requests);
    let mut cases = 0;
    for number in 0..requests {
        for fault in FAULTS {
            for lasting in [Lasting::Once, Lasting::ForGood] {
                one_fault(store, number, fault, lasting);
                cases += 1;
            }
        }
    }
    cases
}

fn one_fault(store: &Store, number: usize, fault: Fault, lasting: Lasting) {
    let case = format!("{fault:?} {lasting:?} at request {number}");
    let world = world();
    let fake = faulty(&world, number, fault, lasting);
    let start = fake.now();
    let outcome = fake.run(run(&fake, &job(), store));
    assert!(fake.now() - start <= Duration::from_secs(898), "{case}");
    // A token that the issuer itself refuses is not asked for again.
    let passes = lasting == Lasting::Once
        && !matches!(
            fault,
            Fault::Forbidden
                | Fault::Html
                | Fault::HtmlAfter
                | Fault::OtherJson
                | Fault::OtherJsonAfter
        )
        && !(fault == Fault::Unauthorized && number == 0);
    match outcome.status {
        Status::Success => {
            assert_eq!(world.borrow().state, "Succeeded", "{case}");
            assert_eq!(world.borrow().made, [plain_body()], "{case}");
        }
        Status::Warning => panic!("{case}: {}", outcome.message),
        Status::Failure(failure) => {
            assert!(!passes, "{case}: {}", outcome.message);
            let message = &outcome.message;
            let made = !world.borrow().made.is_empty();
            let open = failure == Failure::Unresolved;
            let underway = message.contains("kv-new is being made;");
            assert_eq!(made, underway || made && open, "{case}: {message}");
            // Whoever does not know has sent a request that may have taken effect.
            assert!(!open || fault.may_take_effect(), "{case}: {message}");
            assert!(!open || fake.sent().iter().any(asked_to_make), "{case}");
            let again = message.contains("run the job again");
            assert!(again || !(open || underway), "{case}: {message}");
            assert!(
                open || failure == fault.failure(number),
                "{case}: {outcome:?}"
            );
        }
    }
    let fake = healthy(&world);
    let again = fake.run(run(&fake, &job(), store));
    let failed = matches!(again.status, Status::Failure(_));
    assert!(!failed, "{case}: {}", again.message);
    let world = world.borrow();
    assert_eq!(world.state, "Succeeded", "{case}");
    assert_eq!(world.made, [plain_body()], "{case}");
    // A repeated request is the same one: it changes nothing.
    assert!(
        world.changed.iter().all(|body| *body == plain_body()),
        "{case}"
    );
}

#[test]
fn no_fault_at_any_request_makes_a_second_vault_or_a_wrong_one_and_the_next_run_ends_well() {
    assert_eq!(every_fault(&store(), 10), 10 * 13 * 2);
}

#[test]
fn nor_does_one_where_only_the_subscription_says_the_tenant() {
    let domain = Store {
        tenant: "contoso.example".into(),
        ..store()
    };
    assert_eq!(every_fault(&domain, 10), 10 * 13 * 2);
}

#[test]
fn a_request_that_takes_effect_only_after_it_was_looked_for_is_the_same_as_the_second_one() {
    let world = world();
    let inner = Rc::clone(&world);
    let late = RefCell::new(None);
    let fake = azure(&world, move |sent, _| {
        if !asked_to_make(sent) {
            return None;
        }
        match late.take() {
            None => {
                late.replace(Some(sent.clone()));
                Some(Err(TransportError::Timeout("no answer in time")))
            }
            Some(first) => {
                let _ = inner.borrow_mut().serve(&first);
                None
            }
        }
    });
    assert_eq!(create(&fake).status, Status::Success);
    assert_eq!(world.borrow().made, [plain_body()]);
    assert_eq!(world.borrow().changed, [plain_body()]);
}
