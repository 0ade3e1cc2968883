use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::clock::Clock as _;
use crate::http::TransportError;
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const VAULT: Audience = Audience {
    scope: "https://vault.azure.net/.default",
    resource: "https://vault.azure.net",
};
const ARM: Audience = Audience {
    scope: "https://management.azure.com/.default",
    resource: "https://management.azure.com",
};
const HOUR: Duration = Duration::from_secs(3_600);

fn tokens() -> Tokens {
    tokens_with(Proof::Secret(Secret::new("sp-secret~1".into())))
}

fn tokens_with(proof: Proof) -> Tokens {
    Tokens::new(Issuer::Entra(Application {
        authority: "login.microsoftonline.com",
        tenant: "1111".into(),
        client_id: "3333".into(),
        proof,
    }))
}

fn calls(fake: &Fake) -> Calls<'_, Fake> {
    use crate::clock::Clock as _;
    Calls::new(fake, "attempt", fake.now() + 100 * HOUR)
}

fn token(number: usize, members: &str) -> Answer {
    Ok(answer(
        200,
        &format!(r#"{{"token_type":"Bearer","access_token":"t{number}"{members}}}"#),
    ))
}

/// Answers each request with the next token, valid for an hour.
fn hourly(_: &Sent, earlier: usize) -> Answer {
    token(earlier + 1, r#","expires_in":3600"#)
}

fn header(result: Result<Bearer, CallError>) -> String {
    result.map_err(|error| error.to_string()).unwrap().header()
}

#[test]
fn concurrent_callers_share_one_request_for_a_token() {
    let fake = Fake::new(hourly).latency(30);
    let (tokens, calls) = (tokens(), calls(&fake));
    let all = futures_util::future::join_all((0..48).map(|_| tokens.get(&calls, VAULT)));
    for bearer in fake.run(all) {
        assert_eq!(header(bearer), "Bearer t1");
    }
    assert_eq!(fake.sent().len(), 1);
}

#[test]
fn a_token_is_kept_per_audience() {
    let fake = Fake::new(hourly);
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(async {
        header(tokens.get(&calls, VAULT).await);
        header(tokens.get(&calls, ARM).await);
        header(tokens.get(&calls, VAULT).await);
    });
    let bodies: Vec<String> = fake.sent().iter().map(Sent::body).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies[0].contains("vault.azure.net") && bodies[1].contains("management.azure.com"));
}

#[test]
fn a_token_is_renewed_five_minutes_before_it_expires_or_when_the_service_says() {
    for (members, renewed_after) in [
        (r#","expires_in":3600"#, 3_300),
        (r#","expires_in":"3600""#, 3_300),
        (r#","expires_in":86400,"refresh_in":43200"#, 43_200),
        (r#","expires_in":3600,"refresh_in":3599"#, 3_300),
        // Five minutes before its end would be before its beginning.
        (r#","expires_in":60"#, 30),
    ] {
        let fake = Fake::new(move |_, earlier| token(earlier + 1, members));
        let (tokens, calls) = (tokens(), calls(&fake));
        fake.run(async {
            use crate::clock::Clock as _;
            header(tokens.get(&calls, VAULT).await);
            fake.sleep(Duration::from_secs(renewed_after) - Duration::from_millis(1))
                .await;
            assert_eq!(
                header(tokens.get(&calls, VAULT).await),
                "Bearer t1",
                "{members}"
            );
            fake.sleep(Duration::from_millis(1)).await;
            assert_eq!(
                header(tokens.get(&calls, VAULT).await),
                "Bearer t2",
                "{members}"
            );
        });
    }
}

#[test]
fn while_a_renewal_fails_the_old_token_is_used_as_long_as_it_is_good() {
    let broken = Rc::new(Cell::new(false));
    let seen = Rc::clone(&broken);
    let fake = Fake::new(move |_, earlier| {
        if seen.get() {
            return Ok(answer(400, r#"{"error":"invalid_request"}"#));
        }
        token(earlier + 1, r#","expires_in":3600"#)
    });
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(async {
        use crate::clock::Clock as _;
        header(tokens.get(&calls, VAULT).await);
        broken.set(true);
        fake.sleep(Duration::from_secs(3_301)).await;
        assert_eq!(header(tokens.get(&calls, VAULT).await), "Bearer t1");
        // The next renewal waits a little.
        assert_eq!(header(tokens.get(&calls, VAULT).await), "Bearer t1");
        assert_eq!(fake.sent().len(), 2);
        fake.sleep(Duration::from_secs(300)).await;
        assert!(tokens.get(&calls, VAULT).await.is_err());
    });
}

#[test]
fn a_renewal_that_is_tried_again_holds_no_call_up_while_the_old_token_is_good() {
    use crate::clock::Clock as _;
    let broken = Rc::new(Cell::new(false));
    let seen = Rc::clone(&broken);
    let fake = Fake::new(move |sent, earlier| match seen.get() {
        true => Ok(answer(503, "")),
        false => hourly(sent, earlier),
    });
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(async {
        header(tokens.get(&calls, VAULT).await);
        broken.set(true);
        fake.sleep(Duration::from_secs(3_301)).await;
        let start = fake.now();
        let all = futures_util::future::join_all((0..48).map(|_| tokens.get(&calls, VAULT)));
        for bearer in all.await {
            assert_eq!(header(bearer), "Bearer t1");
        }
        assert!(fake.now() - start <= Duration::from_secs(5));
        // A token that ends while another is asked for is not good any more.
        fake.sleep(Duration::from_secs(3_598) - (fake.now() - Duration::from_secs(1_000)))
            .await;
        assert!(tokens.get(&calls, VAULT).await.is_err());
    });
}

#[test]
fn of_many_calls_whose_token_was_refused_one_asks_for_another() {
    let fake = Fake::new(hourly).latency(30);
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(async {
        let refused = tokens.get(&calls, VAULT).await.ok().unwrap();
        let claims = Some(r#"{"a":1}"#);
        let renewals = (0..48).map(|_| tokens.instead_of(&refused, &calls, VAULT, claims));
        for bearer in futures_util::future::join_all(renewals).await {
            assert_eq!(header(bearer), "Bearer t2");
        }
    });
    let sent = fake.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent[1].body().ends_with("&claims=%7B%22a%22%3A1%7D"));
}

#[test]
fn a_wrong_secret_is_an_authentication_failure_and_is_not_tried_again() {
    let fake = Fake::new(|_, _| {
        Ok(answer(
            401,
            r#"{"error":"invalid_client","error_codes":[7000215],"error_description":
                "AADSTS7000215: Invalid client secret provided. Trace ID: 1"}"#,
        ))
    });
    let (tokens, calls) = (tokens(), calls(&fake));
    let error = fake.run(tokens.get(&calls, VAULT)).err().unwrap();
    assert_eq!(error.failure(), crate::contract::Failure::WrongSecret);
    let text = error.to_string();
    assert!(text.contains("AADSTS7000215"), "{text}");
    assert!(text.contains("not its id"), "{text}");
    assert!(!text.contains("sp-secret"), "{text}");
    assert_eq!(fake.sent().len(), 1);
}

#[test]
fn what_entra_calls_temporary_is_tried_again_whatever_its_status() {
    for status in [400, 503] {
        let fake = Fake::new(move |sent, earlier| match earlier {
            0 => Ok(answer(status, r#"{"error":"temporarily_unavailable"}"#)),
            _ => hourly(sent, earlier),
        });
        let (tokens, calls) = (tokens(), calls(&fake));
        assert_eq!(header(fake.run(tokens.get(&calls, VAULT))), "Bearer t2");
    }
}

#[test]
fn a_throttled_token_service_is_waited_for_as_long_as_it_says() {
    let fake = Fake::new(|sent, earlier| match earlier {
        0 => Ok(with_header(
            answer(429, r#"{"error":"temporarily_unavailable"}"#),
            "retry-after",
            "7",
        )),
        _ => hourly(sent, earlier),
    });
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(tokens.get(&calls, VAULT)).ok().unwrap();
    let sent = fake.sent();
    let waited = sent[1].at - sent[0].at;
    assert!((7_000..=7_200).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(
        sent[0].request.header("x-ms-client-request-id"),
        sent[1].request.header("x-ms-client-request-id"),
    );
}

#[test]
fn every_request_of_a_workload_identity_has_a_fresh_assertion() {
    let fake = Fake::new(hourly);
    *fake.assertions.borrow_mut() = vec![Ok("second".into()), Ok("first".into())];
    let (tokens, calls) = (tokens_with(Proof::Assertion), calls(&fake));
    fake.run(async {
        header(tokens.get(&calls, VAULT).await);
        header(tokens.get(&calls, ARM).await);
        let none = tokens.instead_of(&bearer_of("t2"), &calls, ARM, None).await;
        assert!(none.is_ok(), "another one was issued meanwhile");
    });
    let bodies: Vec<String> = fake.sent().iter().map(Sent::body).collect();
    assert!(
        bodies[0].contains("client_assertion=first"),
        "{}",
        bodies[0]
    );
    assert!(
        bodies[1].contains("client_assertion=second"),
        "{}",
        bodies[1]
    );
}

fn bearer_of(token: &str) -> Bearer {
    Bearer {
        secret: Secret::new(token.into()),
        serial: 0,
    }
}

#[test]
fn without_an_assertion_nothing_is_sent_and_the_hosts_reason_is_told() {
    let fake = Fake::new(hourly);
    fake.assertions
        .borrow_mut()
        .push(Err("the file is gone".into()));
    let (tokens, calls) = (tokens_with(Proof::Assertion), calls(&fake));
    let error = fake.run(tokens.get(&calls, VAULT)).err().unwrap();
    assert!(error.to_string().contains("the file is gone"), "{error}");
    assert_eq!(fake.sent().len(), 0);
}

fn machine(client_id: Option<&str>) -> Tokens {
    Tokens::new(Issuer::Endpoint(ManagedIdentity {
        client_id: client_id.map(str::to_owned),
    }))
}

#[test]
fn r4_r5_w37_a_managed_identity_asks_its_machine_and_nobody_else() {
    for client_id in [None, Some("5555")] {
        let fake = Fake::new(|sent, _| {
            assert!(sent.url().starts_with("http://169.254.169.254/"));
            Ok(answer(
                200,
                r#"{"access_token":"t1","expires_in":"3599","expires_on":"4600","token_type":"Bearer"}"#,
            ))
        });
        let (tokens, calls) = (machine(client_id), calls(&fake));
        assert_eq!(header(fake.run(tokens.get(&calls, VAULT))), "Bearer t1");
        let url = fake.sent()[0].url().to_owned();
        assert_eq!(
            url.ends_with("&client_id=5555"),
            client_id.is_some(),
            "{url}"
        );
        assert_eq!(tokens.tenant(), None);
    }
}

#[test]
fn an_endpoint_that_is_being_updated_is_waited_for_longer_than_seventy_seconds() {
    for status in [404, 410, 429, 503] {
        let fake = Fake::new(move |sent, _| match sent.at.as_secs() {
            // The fake's clock starts at 1,000 s.
            ..1_071 => Ok(answer(status, "")),
            _ => token(1, r#","expires_in":"3599""#),
        });
        let (tokens, calls) = (machine(None), calls(&fake));
        assert_eq!(
            header(fake.run(tokens.get(&calls, VAULT))),
            "Bearer t1",
            "{status}"
        );
    }
}

#[test]
fn a_machine_that_has_no_such_endpoint_is_told_so_after_three_connections() {
    let fake = Fake::new(|_, _| Err(TransportError::Connection("no connection in time")));
    let (tokens, calls) = (machine(None), calls(&fake));
    let error = fake.run(tokens.get(&calls, VAULT)).err().unwrap();
    assert_eq!(error.failure(), crate::contract::Failure::NoIdentity);
    assert!(error.to_string().contains("virtual machine"), "{error}");
    assert_eq!(fake.sent().len(), 3);
}

#[test]
fn an_endpoint_that_takes_connections_and_never_answers_is_given_up_within_33_seconds() {
    let fake = Fake::new(|_, _| Ok(answer(200, TOO_LATE))).latency(3_600_000);
    let (tokens, calls, start) = (machine(None), calls(&fake), fake.now());
    let error = fake.run(tokens.get(&calls, VAULT)).err().unwrap();
    assert_eq!(error.failure(), crate::contract::Failure::NoIdentity);
    assert!(error.to_string().contains("virtual machine"), "{error}");
    assert_eq!(fake.sent().len(), 3);
    assert!(fake.now() - start < Duration::from_secs(33));
}

/// What nobody waits for.
const TOO_LATE: &str = r#"{"access_token":"t1","expires_in":3599}"#;

#[test]
fn a_machine_without_that_identity_is_told_so_at_once() {
    let fake = Fake::new(|_, _| {
        Ok(answer(
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
        ))
    });
    let (tokens, calls) = (machine(Some("5555")), calls(&fake));
    let error = fake.run(tokens.get(&calls, VAULT)).err().unwrap();
    assert_eq!(error.failure(), crate::contract::Failure::NoIdentity);
    assert!(error.to_string().contains("Identity not found"), "{error}");
    assert!(error.to_string().contains("assign it"), "{error}");
    assert_eq!(fake.sent().len(), 1);
}
