use std::rc::Rc;
use std::time::Duration;

use job_scope::Alias;

use super::*;
use crate::azure::audience::Audience;
use crate::azure::entra::{Application, Proof};
use crate::azure::identity_endpoint::ManagedIdentity;
use crate::azure::thumbprint::Thumbprint;
use crate::azure::tokens::{Issuer, Tokens};
use crate::clock::Clock as _;
use crate::contract::{Failure, Secret};
use crate::http::TransportError;
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const REQUEST_ID: &str = "7d2c0000-0000-4000-8000-000000000001";
const HOST: &str = "kv-one.vault.azure.net";
const LIST: &str = "https://kv-one.vault.azure.net/certificates?api-version=7.6";
const EMPTY: &str = r#"{"value":[],"nextLink":null}"#;
const UNAUTHORIZED: &str =
    r#"{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer."}}"#;

fn vault(fake: &Fake) -> Vault<'_, Fake> {
    vault_of(fake, "11111111-1111-1111-1111-111111111111")
}

fn vault_of<'f>(fake: &'f Fake, tenant: &str) -> Vault<'f, Fake> {
    let application = Application {
        authority: "login.microsoftonline.com",
        tenant: tenant.to_owned(),
        client_id: "3333".into(),
        proof: Proof::Secret(Secret::new("sp-secret~1".into())),
    };
    let calls = Calls::new(fake, "attempt", fake.now() + Duration::from_secs(900));
    Vault::new(Service::new(
        Rc::new(calls),
        Rc::new(Tokens::new(Issuer::Entra(application))),
        HOST,
        Audience::vault(job_scope::Cloud::Public.endpoints()),
    ))
}

/// Gives tokens t1, t2, … and leaves the rest to `vault`.
fn served(vault: impl Fn(&Sent, usize) -> Answer + 'static) -> Fake {
    Fake::new(move |sent, earlier| {
        if !sent.url().contains("/oauth2/") {
            return vault(sent, earlier);
        }
        let token = earlier + 1;
        let body = format!(r#"{{"access_token":"t{token}","expires_in":3599}}"#);
        Ok(answer(200, &body))
    })
}

fn challenged(header: &str) -> Answer {
    let response = answer(401, UNAUTHORIZED);
    Ok(with_header(response, "www-authenticate", header))
}

#[test]
fn the_first_request_to_the_vault_already_has_the_token_and_the_documented_form() {
    let fake = served(|_, _| Ok(answer(200, EMPTY)));
    fake.run(vault(&fake).page(None)).unwrap();
    let sent = fake.sent();
    assert_eq!(sent.len(), 2);
    let request = &sent[1].request;
    assert_eq!(request.url, LIST);
    assert_eq!(request.header("authorization"), Some("Bearer t1"));
    let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "authorization",
            "user-agent",
            "x-ms-client-request-id",
            "x-ms-return-client-request-id"
        ]
    );
    assert_ne!(
        request.header("x-ms-client-request-id"),
        sent[0].request.header("x-ms-client-request-id"),
        "two calls, two ids"
    );
}

#[test]
fn a_refused_token_is_replaced_once_with_the_claims_that_were_asked_for() {
    let fake = served(|_, earlier| match earlier {
        // {"access_token":{}}
        0 => challenged(
            r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
        ),
        _ => Ok(answer(200, EMPTY)),
    });
    fake.run(vault(&fake).page(None)).unwrap();
    let asked = fake.sent_to("/oauth2/");
    assert_eq!(asked.len(), 2);
    assert!(
        asked[1]
            .body()
            .ends_with("&claims=%7B%22access_token%22%3A%7B%7D%7D")
    );
    let listed = fake.sent_to("/certificates");
    assert_eq!(listed[1].request.header("authorization"), Some("Bearer t2"));
    let id = |sent: &Sent| {
        sent.request
            .header("x-ms-client-request-id")
            .map(str::to_owned)
    };
    assert_eq!(id(&listed[0]), id(&listed[1]), "one logical call, one id");
}

#[test]
fn claims_that_are_asked_for_when_a_new_token_is_refused_too_are_asked_of_the_issuer() {
    let asks = r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let fake = served(move |_, earlier| match earlier {
        0 => challenged("Bearer"),
        1 => challenged(asks),
        _ => Ok(answer(200, EMPTY)),
    });
    fake.run(vault(&fake).page(None)).unwrap();
    let asked = fake.sent_to("/oauth2/");
    assert_eq!(asked.len(), 3);
    assert!(asked[2].body().contains("&claims="));

    let fake = served(move |_, _| challenged(asks));
    let error = fake.run(vault(&fake).page(None)).unwrap_err();
    assert_eq!(error.failure(), Failure::Authentication);
    assert_eq!(fake.sent_to("/certificates").len(), 3, "and not for ever");
}

#[test]
fn claims_that_no_token_has_are_told_apart_from_a_wrong_tenant() {
    // {"access_token":{"xms_rp_ipaddr":{"value":"192.0.2.7"}}} and {"access_token":{"acrs":{}}}
    let address = "eyJhY2Nlc3NfdG9rZW4iOnsieG1zX3JwX2lwYWRkciI6eyJ2YWx1ZSI6IjE5Mi4wLjIuNyJ9fX0=";
    let context = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6e319fQ==";
    let nothing = "%%%";
    for (claims, word) in [
        (address, "leave by the same address"),
        (context, "authentication context"),
        (nothing, "sign-in logs"),
    ] {
        let header = format!(
            r#"Bearer authorization_uri="https://login.microsoftonline.com/99999999-9999-9999-9999-999999999999", error="insufficient_claims", claims="{claims}""#
        );
        let fake = served(move |_, _| challenged(&header));
        let error = fake.run(vault(&fake).page(None)).unwrap_err();
        assert_eq!(error.failure(), Failure::Authentication);
        let text = error.to_string();
        for part in ["conditional access", word] {
            assert!(text.contains(part), "{text}");
        }
        for part in ["belongs to the tenant", "AzureCloud", "192.0.2.7"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}

#[test]
fn an_evaluation_that_is_told_in_the_message_alone_is_known() {
    let fake = served(|_, _| {
        let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation resulted in challenge with result: InteractionRequired and code: LocationConditionEvaluationSatisfied"}}"#;
        Ok(answer(401, body))
    });
    let error = fake.run(vault(&fake).page(None)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("sign-in logs"), "{text}");
}

#[test]
fn a_right_that_a_machine_lacks_may_come_with_its_next_token() {
    let refused = |issuer: Issuer| {
        let fake = Fake::new(|sent, _| {
            let body = match sent.url().contains("/certificates") {
                true => {
                    return Ok(answer(
                        403,
                        r#"{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}}"#,
                    ));
                }
                false => r#"{"access_token":"t","expires_in":"3599"}"#,
            };
            Ok(answer(200, body))
        });
        let calls = Calls::new(&fake, "attempt", fake.now() + Duration::from_secs(900));
        let vault = Vault::new(Service::new(
            Rc::new(calls),
            Rc::new(Tokens::new(issuer)),
            HOST,
            Audience::vault(job_scope::Cloud::Public.endpoints()),
        ));
        fake.run(vault.page(None)).unwrap_err().to_string()
    };
    let machine = refused(Issuer::Endpoint(ManagedIdentity { client_id: None }));
    for part in ["ten minutes", "up to 24 hours", "through a group"] {
        assert!(machine.contains(part), "{machine}");
    }
    let application = refused(Issuer::Entra(Application {
        authority: "login.microsoftonline.com",
        tenant: "contoso.example".into(),
        client_id: "3333".into(),
        proof: Proof::Secret(Secret::new("sp-secret~1".into())),
    }));
    assert!(!application.contains("24 hours"), "{application}");
}

#[test]
fn a_token_refused_twice_is_a_failure_that_names_the_vaults_tenant_and_never_goes_there() {
    for (tenant, wanted) in [
        (
            "11111111-1111-1111-1111-111111111111",
            "belongs to the tenant 99999999-9999-9999-9999-999999999999, not to 11111111",
        ),
        ("contoso.example", "check that contoso.example is a domain"),
    ] {
        let fake = served(|_, _| {
            challenged(
                r#"Bearer authorization="https://login.evil.example/99999999-9999-9999-9999-999999999999", resource="https://vault.azure.net""#,
            )
        });
        let error = fake.run(vault_of(&fake, tenant).page(None)).unwrap_err();
        assert_eq!(error.failure(), Failure::Authentication);
        let text = error.to_string();
        assert!(text.contains("AKV10032"), "{text}");
        assert!(text.contains(wanted), "{text}");
        assert_eq!(fake.sent_to("/certificates").len(), 2);
        for sent in fake.sent_to("/oauth2/") {
            let url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
            assert_eq!(sent.url(), url);
        }
    }
}

#[test]
fn a_page_gives_names_thumbprints_and_the_link_as_they_are() {
    let fake = served(|_, _| {
        Ok(answer(
            200,
            r#"{"value":[{"id":"https://kv-one.vault.azure.net/certificates/Web-1","x5t":"zjjccD1m-h-SOrD64tk-1X6o28M","subject":""},
                         {"id":"https://kv-one.vault.azure.net:443/certificates/b","attributes":{"enabled":true},"x5t":7}],
                "nextLink":"https://kv-one.vault.azure.net:443/certificates?api-version=7.6&$skiptoken=eyJO"}"#,
        ))
    });
    assert_eq!(
        fake.run(vault(&fake).page(None)).unwrap(),
        Page {
            items: vec![
                Listed {
                    name: "Web-1".into(),
                    thumbprint: Thumbprint::from_base64url("zjjccD1m-h-SOrD64tk-1X6o28M"),
                },
                Listed {
                    name: "b".into(),
                    thumbprint: None,
                },
            ],
            next: Some(
                "https://kv-one.vault.azure.net:443/certificates?api-version=7.6&$skiptoken=eyJO"
                    .into()
            ),
            request_id: None,
        }
    );
}

#[test]
fn a_page_that_cannot_be_read_is_an_error_that_repeats_nothing_of_it() {
    for body in [
        "<html>secret</html>",
        r#"{"value":[{"id":"secret"}]}"#,
        r#"{"value":[{"id":"https://kv-one.vault.azure.net/secrets/secret"}]}"#,
        r#"{"value":[{"x5t":"secret"}]}"#,
    ] {
        for (id, shown) in [(REQUEST_ID, true), ("secret", false)] {
            let answer = move || with_header(answer(200, body), "x-ms-request-id", id);
            let fake = served(move |_, _| Ok(answer()));
            let error = fake.run(vault(&fake).page(None)).unwrap_err();
            assert!(matches!(error, CallError::Unreadable { .. }), "{body}");
            assert!(!error.to_string().contains("secret"), "{error}");
            let told = error.to_string().contains(&format!("(request id {id})"));
            assert_eq!(told, shown, "{error}");
        }
    }
}

#[test]
fn only_the_services_own_404_means_that_a_certificate_was_deleted() {
    let name = Alias::parse("web-1").unwrap();
    let own = r#"{"error":{"code":"CertificateNotFound","message":"A certificate with (name/id) web-1 was not found"}}"#;
    let fake = served(move |_, _| Ok(answer(404, own)));
    let reading = fake.run(vault(&fake).certificate(&name));
    assert!(matches!(reading, Ok(Reading::Gone)), "{reading:?}");
    assert_eq!(
        fake.sent_to("/certificates")[0].url(),
        "https://kv-one.vault.azure.net/certificates/web-1?api-version=7.6"
    );

    let fake = served(|_, _| Ok(answer(404, "<html>no such page</html>")));
    let error = fake.run(vault(&fake).certificate(&name)).unwrap_err();
    assert!(error.to_string().contains("check the proxy"), "{error}");
}

#[test]
fn w31_a_throttled_answer_holds_back_every_other_call_to_the_vault() {
    let fake = served(|sent, earlier| {
        if sent.url().contains("/certificates/a") && earlier == 0 {
            let response = answer(429, r#"{"error":{"code":"Throttled"}}"#);
            return Ok(with_header(response, "retry-after", "10"));
        }
        let id = sent.url().split('?').next().unwrap();
        Ok(answer(200, &format!(r#"{{"id":"{id}"}}"#)))
    })
    .latency(30);
    let vault = vault(&fake);
    let (a, b) = (Alias::parse("a").unwrap(), Alias::parse("b").unwrap());
    let start = fake.now();
    fake.run(async {
        let throttled = vault.certificate(&a);
        let later = async {
            fake.sleep(Duration::from_millis(100)).await;
            vault.certificate(&b).await
        };
        let (a, b) = futures_util::future::join(throttled, later).await;
        assert!(a.is_ok() && b.is_ok());
    });
    let b = &fake.sent_to("/certificates/b")[0];
    assert!(
        b.at - start >= Duration::from_secs(10),
        "{:?}",
        b.at - start
    );
    assert!(
        b.at - start < Duration::from_millis(10_300),
        "{:?}",
        b.at - start
    );
    assert_eq!(fake.logged("asks to slow down"), 1);
}

#[test]
fn a_denied_request_and_a_missing_name_say_so() {
    for (error, attempts, failure, wanted) in [
        (
            TransportError::Denied,
            1,
            Failure::Other,
            "the host refused the request",
        ),
        (
            TransportError::Certificate,
            1,
            Failure::Other,
            "certificate is not accepted",
        ),
        (
            TransportError::NameNotFound,
            3,
            Failure::StoreNotFound,
            "the vault does not exist",
        ),
    ] {
        let fails = error.clone();
        let fake = served(move |_, _| Err(fails.clone()));
        let got = fake.run(vault(&fake).page(None)).unwrap_err();
        assert_eq!(got.failure(), failure, "{got}");
        assert!(got.to_string().contains(wanted), "{got}");
        assert_eq!(fake.sent_to("/certificates").len(), attempts, "{error:?}");
    }
}

#[test]
fn a_list_of_versions_that_leads_elsewhere_is_an_error_with_its_request_id() {
    let page = r#"{"value":[],"nextLink":"https://kv-two.vault.azure.net/certificates"}"#;
    let page = with_header(answer(200, page), "x-ms-request-id", REQUEST_ID);
    for (page, word) in [
        (page, "another host"),
        (
            with_header(answer(200, "{}"), "x-ms-request-id", REQUEST_ID),
            "not the JSON of a list",
        ),
    ] {
        let fake = served(move |_, _| Ok(page.clone()));
        let name = Alias::parse("web-1").unwrap();
        let error = fake.run(vault(&fake).versions(&name)).unwrap_err();
        for part in [word, REQUEST_ID] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
