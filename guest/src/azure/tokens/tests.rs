use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const SCOPE: &str = "https://vault.azure.net/.default";
const HOUR: Duration = Duration::from_secs(3_600);

fn tokens() -> Tokens {
    Tokens::new(Application {
        authority: "login.microsoftonline.com",
        tenant: "1111".into(),
        client_id: "3333".into(),
        secret: Secret::new("sp-secret~1".into()),
    })
}

fn calls(fake: &Fake) -> Calls<'_, Fake> {
    use crate::clock::Clock as _;
    Calls::new(fake, "attempt", fake.now() + 10 * HOUR)
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
    let all = futures_util::future::join_all((0..48).map(|_| tokens.get(&calls, SCOPE)));
    for bearer in fake.run(all) {
        assert_eq!(header(bearer), "Bearer t1");
    }
    assert_eq!(fake.sent().len(), 1);
}

#[test]
fn a_token_is_kept_per_scope() {
    let fake = Fake::new(hourly);
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(async {
        header(tokens.get(&calls, "one").await);
        header(tokens.get(&calls, "two").await);
        header(tokens.get(&calls, "one").await);
    });
    let bodies: Vec<String> = fake.sent().iter().map(Sent::body).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies[0].ends_with("scope=one") && bodies[1].ends_with("scope=two"));
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
            header(tokens.get(&calls, SCOPE).await);
            fake.sleep(Duration::from_secs(renewed_after) - Duration::from_millis(1))
                .await;
            assert_eq!(
                header(tokens.get(&calls, SCOPE).await),
                "Bearer t1",
                "{members}"
            );
            fake.sleep(Duration::from_millis(1)).await;
            assert_eq!(
                header(tokens.get(&calls, SCOPE).await),
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
        header(tokens.get(&calls, SCOPE).await);
        broken.set(true);
        fake.sleep(Duration::from_secs(3_301)).await;
        assert_eq!(header(tokens.get(&calls, SCOPE).await), "Bearer t1");
        // The next renewal waits a little.
        assert_eq!(header(tokens.get(&calls, SCOPE).await), "Bearer t1");
        assert_eq!(fake.sent().len(), 2);
        fake.sleep(Duration::from_secs(300)).await;
        assert!(tokens.get(&calls, SCOPE).await.is_err());
    });
}

#[test]
fn of_many_calls_whose_token_was_refused_one_asks_for_another() {
    let fake = Fake::new(hourly).latency(30);
    let (tokens, calls) = (tokens(), calls(&fake));
    fake.run(async {
        let refused = tokens.get(&calls, SCOPE).await.ok().unwrap();
        let claims = Some(r#"{"a":1}"#);
        let renewals = (0..48).map(|_| tokens.instead_of(&refused, &calls, SCOPE, claims));
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
    let error = fake.run(tokens.get(&calls, SCOPE)).err().unwrap();
    assert_eq!(error.failure(), crate::contract::Failure::Authentication);
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
        assert_eq!(header(fake.run(tokens.get(&calls, SCOPE))), "Bearer t2");
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
    fake.run(tokens.get(&calls, SCOPE)).ok().unwrap();
    let sent = fake.sent();
    let waited = sent[1].at - sent[0].at;
    assert!((7_000..=7_200).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(
        sent[0].request.header("x-ms-client-request-id"),
        sent[1].request.header("x-ms-client-request-id"),
    );
}
