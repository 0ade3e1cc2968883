//! Whole inventories against a vault that is a function.

mod changed;
mod endings;
mod losses;
mod more;
mod pace;
mod stopping;

use std::time::Duration;

use super::*;
use crate::clock::Clock as _;
use crate::contract::{Credential, MESSAGE_LIMIT, ParameterValue, Secret};
use crate::http::TransportError;
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const PATH: &str = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
const VAULT: &str = "https://kv-one.vault.azure.net";
/// The thumbprint that every certificate of the list has.
const LISTED: &str = "zjjccD1m-h-SOrD64tk-1X6o28M";
const RBAC: &str = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nmore","innererror":{"code":"ForbiddenByRbac"}}}"#;
const GONE: &str = r#"{"error":{"code":"CertificateNotFound","message":"not found"}}"#;
const REQUEST_ID: &str = "7d2c0000-0000-4000-8000-000000000001";
const THROTTLED: &str = r#"{"error":{"code":"Throttled","message":"too many"}}"#;

fn job() -> Job {
    Job {
        attempt_id: "0b0a6c1e-0000-4000-8000-000000000001".into(),
        time_limit: Duration::from_secs(900),
        credential: Credential::ClientSecret {
            client_id: "33333333-3333-3333-3333-333333333333".into(),
            secret: Secret::new("sp-secret~1".into()),
        },
        options: Vec::new(),
    }
}

fn submitting() -> Job {
    Job {
        options: vec![("partial".into(), "submit".into())],
        ..job()
    }
}

fn store() -> Store {
    Store {
        tenant: TENANT.into(),
        path: PATH.into(),
        properties: Vec::new(),
    }
}

fn name(number: usize) -> String {
    format!("cert-{number:04}")
}

/// The last path segment of a detail's URL.
fn asked(sent: &Sent) -> Option<&str> {
    let path = sent.url().split_once("/certificates/")?.1;
    path.split('?').next()
}

fn bundle(name: &str) -> String {
    format!(
        r#"{{"id":"{VAULT}/certificates/{name}/b3f8e3f983b646649483e253819b0c25","cer":"MAMCAQU=",
            "attributes":{{"enabled":true,"exp":1951333471}},"tags":{{"env":"prod"}},
            "policy":{{"key_props":{{"exportable":true,"kty":"RSA","key_size":2048}}}}}}"#
    )
}

/// The vault's answer about a certificate that has no content.
fn hollow(name: &str) -> String {
    bundle(name).replace(r#""cer":"MAMCAQU=","#, "")
}

/// The same about one whose content is none.
fn garbled(name: &str) -> String {
    bundle(name).replace("MAMCAQU=", "aGVsbG8=")
}

/// A page of 25 with a link as the service makes it.
fn page(url: &str, count: usize) -> Answer {
    let first: usize = url
        .split_once("$skiptoken=")
        .map_or(0, |(_, token)| token.parse().unwrap());
    let next = first + 25;
    let items: Vec<String> = (first..next.min(count))
        .map(|number| {
            let name = name(number);
            format!(r#"{{"id":"{VAULT}/certificates/{name}","x5t":"{LISTED}"}}"#)
        })
        .collect();
    let link = if next < count {
        format!(r#""{VAULT}:443/certificates?api-version=7.6&$skiptoken={next}""#)
    } else {
        "null".to_owned()
    };
    let body = format!(r#"{{"value":[{}],"nextLink":{link}}}"#, items.join(","));
    Ok(answer(200, &body))
}

/// A vault of `count` certificates; `odd` may answer instead.
fn vault(count: usize, odd: impl Fn(&Sent, usize) -> Option<Answer> + 'static) -> Fake {
    Fake::new(move |sent, earlier| {
        if let Some(answer) = odd(sent, earlier) {
            return answer;
        }
        if sent.url().contains("/oauth2/") {
            return Ok(answer(200, r#"{"access_token":"t1","expires_in":3599}"#));
        }
        match asked(sent) {
            Some(name) => Ok(answer(200, &bundle(name))),
            None => page(sent.url(), count),
        }
    })
}

fn healthy(count: usize) -> Fake {
    vault(count, |_, _| None)
}

/// A vault where these certificates are answered otherwise.
fn with_odd(count: usize, odd: &'static [(usize, u16, &'static str)]) -> Fake {
    vault(count, |sent, _| {
        let name_asked = asked(sent)?;
        let (_, status, body) = odd
            .iter()
            .find(|(number, ..)| name(*number) == name_asked)?;
        Some(Ok(answer(*status, body)))
    })
}

fn inventory(fake: &Fake) -> Outcome {
    fake.run(run(fake, &job(), &store()))
}

fn failed(outcome: &Outcome) -> Failure {
    match outcome.status {
        Status::Failure(failure) => failure,
        _ => panic!("{outcome:?}"),
    }
}
