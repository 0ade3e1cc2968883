//! What an inventory gives beyond the current leaf, where its options ask for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const CURRENT: &str = "b3f8e3f983b646649483e253819b0c25";
const OLDER: &str = "00f8e3f983b646649483e253819b0c00";
const LEAF: &str = include_str!("../../../azure/testdata/leaf.pem");
/// Of an older version, whose answer has no policy.
const OLDER_PEM: &str = include_str!("../../../pfx/testdata/ec-p256.crt");
const ISSUER: &str = include_str!("../../../azure/testdata/issuer.pem");

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.contains("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn with(name: &str, value: &str) -> Job {
    Job {
        options: vec![(name.into(), value.into())],
        ..job()
    }
}

fn detail<'i>(item: &'i crate::contract::InventoryItem, name: &str) -> Option<&'i str> {
    item.details
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.as_str())
}

/// A vault whose certificates have two versions.
fn versioned() -> Fake {
    vault(2, |sent, _| {
        let (name, rest) = sent.url().split_once("/certificates/")?.1.split_once('/')?;
        let body = if rest.starts_with("versions?") && !rest.contains("$skiptoken") {
            format!(
                r#"{{"value":[{{"id":"{VAULT}/certificates/{name}/{CURRENT}"}}],
                    "nextLink":"{VAULT}:443/certificates/{name}/versions?api-version=7.6&$skiptoken=1"}}"#
            )
        } else if rest.starts_with("versions?") {
            format!(
                r#"{{"value":[{{"id":"{VAULT}/certificates/{name}/{OLDER}"}}],"nextLink":null}}"#
            )
        } else {
            assert!(rest.starts_with(OLDER), "the current one was read already");
            let cer = STANDARD.encode(der(OLDER_PEM));
            format!(r#"{{"id":"{VAULT}/certificates/{name}/{OLDER}","cer":"{cer}"}}"#)
        };
        Some(Ok(answer(200, &body)))
    })
}

#[test]
fn all_versions_are_shown_where_asked_and_the_current_one_is_marked() {
    let fake = versioned();
    let outcome = fake.run(run(&fake, &with("versions", "all"), &store()));
    assert_eq!(outcome, Outcome::new(Status::Success, ""));
    let batch = fake.batches().remove(0);
    let told: Vec<_> = batch
        .iter()
        .map(|item| {
            (
                item.alias.as_str(),
                detail(item, "version"),
                detail(item, "key"),
                detail(item, "current"),
            )
        })
        .collect();
    let (first, second) = (name(0), name(1));
    assert_eq!(
        told,
        [
            (
                first.as_str(),
                Some(CURRENT),
                Some("RSA 2048"),
                Some("true")
            ),
            (first.as_str(), Some(OLDER), Some("EC P-256"), Some("false")),
            (
                second.as_str(),
                Some(CURRENT),
                Some("RSA 2048"),
                Some("true")
            ),
            (
                second.as_str(),
                Some(OLDER),
                Some("EC P-256"),
                Some("false")
            ),
        ]
    );
    assert_eq!(fake.progress.borrow().last(), Some(&(2, Some(2))));
}

#[test]
fn without_the_option_no_versions_are_asked_for_and_none_is_marked() {
    let fake = healthy(2);
    inventory(&fake);
    assert_eq!(fake.sent_to("/versions").len(), 0);
    assert_eq!(detail(&fake.batches()[0][0], "current"), None);
}

#[test]
fn a_version_that_is_pending_or_gone_is_left_out() {
    for (status, body) in [(404, GONE.to_owned()), (200, hollow(&name(0)))] {
        let odd = versioned();
        let fake = vault(1, move |sent, earlier| {
            if sent.url().contains(OLDER) {
                return Some(Ok(answer(status, &body)));
            }
            let answered = odd_answer(&odd, sent, earlier);
            sent.url().contains("/versions?").then_some(answered)
        });
        let outcome = fake.run(run(&fake, &with("versions", "all"), &store()));
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0)]);
    }
}

fn odd_answer(fake: &Fake, sent: &Sent, _: usize) -> Answer {
    use crate::http::Http as _;
    fake.run(fake.send(sent.request.clone()))
}

/// A vault of one real certificate whose secret is answered so.
fn chained(status: u16, secret: String) -> Fake {
    vault(1, move |sent, _| {
        if sent.url().contains("/secrets/") {
            assert!(sent.url().contains(CURRENT), "the version that was read");
            return Some(Ok(answer(status, &secret)));
        }
        let leaf = STANDARD.encode(der(LEAF));
        let name = asked(sent)?;
        let body = format!(r#"{{"id":"{VAULT}/certificates/{name}/{CURRENT}","cer":"{leaf}"}}"#);
        Some(Ok(answer(200, &body)))
    })
}

fn pem_secret(text: &str) -> String {
    serde_json::json!({"value": text, "contentType": "application/x-pem-file"}).to_string()
}

#[test]
fn w42_the_full_chain_is_the_leaf_and_its_issuers_and_nothing_else_of_the_secret() {
    let key = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";
    let fake = chained(200, pem_secret(&format!("{key}{ISSUER}{LEAF}")));
    let outcome = fake.run(run(&fake, &with("full-chain", "true"), &store()));
    assert_eq!(outcome, Outcome::new(Status::Success, ""));
    assert_eq!(fake.batches()[0][0].certificates, [der(LEAF), der(ISSUER)]);
}

#[test]
fn without_the_option_no_secret_is_ever_read() {
    let fake = chained(200, String::new());
    inventory(&fake);
    assert_eq!(fake.sent_to("/secrets/").len(), 0);
}

#[test]
fn a_certificate_whose_secret_is_withheld_is_there_without_its_issuers_and_named() {
    const NONE: &str = r#"{"error":{"code":"SecretNotFound","message":"not found"}}"#;
    for (status, secret, cause) in [
        (404, NONE.to_owned(), "SecretNotFound"),
        (200, "{}".to_owned(), "cannot be read"),
        (200, r#"{"value":"MAMCAQU="}"#.to_owned(), "cannot be read"),
        (200, r#"{"value":"?"}"#.to_owned(), "cannot be read"),
    ] {
        let fake = chained(status, secret);
        let outcome = fake.run(run(&fake, &with("full-chain", "true"), &store()));
        assert_eq!(outcome.status, Status::Warning, "{cause}");
        let message = &outcome.message;
        let in_full = ": could not read the chain of cert-0000";
        assert_eq!(message.contains(in_full), status != 200, "{message}");
        assert_eq!(fake.logged("without its issuers: "), 1);
        assert!(message.contains("without issuers"), "{message}");
        assert!(
            message.contains(&name(0)) && message.contains(cause),
            "{message}"
        );
        assert_eq!(fake.batches()[0][0].certificates, [der(LEAF)]);
    }
}

/// A vault shows no secret of a disabled certificate, whatever the identity may do.
#[test]
fn a_disabled_certificate_is_there_without_its_issuers_and_no_role_is_asked_for() {
    const DISABLED: &str =
        r#"{"error":{"code":"Forbidden","innererror":{"code":"SecretDisabled"}}}"#;
    let before = vault(2, |sent, _| {
        let name_asked = asked(sent)?;
        let body = bundle(name_asked).replace(r#""enabled":true"#, r#""enabled":false"#);
        Some(Ok(answer(200, &body)))
    });
    // Disabled between the two requests.
    let meanwhile = chained(403, DISABLED.to_owned());
    for (fake, asked) in [(before, 0), (meanwhile, 1)] {
        let outcome = fake.run(run(&fake, &with("full-chain", "true"), &store()));
        let message = &outcome.message;
        assert_eq!(outcome.status, Status::Warning, "{message}");
        for part in ["without issuers: cert-0000", "it is disabled", "enable it"] {
            assert!(message.contains(part), "{message}");
        }
        for part in ["403", "may not", "role", "permission", "could not"] {
            assert!(!message.contains(part), "{message}");
        }
        assert_eq!(fake.sent_to("/secrets/").len(), asked);
        assert_eq!(fake.aliases()[0], name(0));
    }
}

#[test]
fn a_secret_that_only_trouble_keeps_away_fails_the_job() {
    let fake = chained(503, String::new());
    let outcome = fake.run(run(&fake, &with("full-chain", "true"), &store()));
    assert_eq!(failed(&outcome), Failure::Unavailable);
    assert!(fake.batches().is_empty());
}

#[test]
fn a_certificate_without_a_version_has_no_chain_and_gaps_of_both_kinds_are_told() {
    let fake = vault(3, |sent, _| {
        let name_asked = asked(sent)?;
        Some(Ok(if name_asked == name(0) {
            answer(200, &hollow(name_asked))
        } else {
            let id = format!("{VAULT}/certificates/{name_asked}");
            answer(200, &format!(r#"{{"id":"{id}","cer":"MAMCAQU="}}"#))
        }))
    });
    let store = Store {
        properties: vec![("AzureCloud".into(), "public,china,government".into())],
        ..store()
    };
    let outcome = fake.run(run(&fake, &with("full-chain", "true"), &store));
    assert_eq!(outcome.status, Status::Warning);
    for word in [
        "missing from this inventory: cert-0000",
        "without issuers: cert-0001, cert-0002: the vault did not say its version",
        "AzureCloud",
    ] {
        assert!(outcome.message.contains(word), "{}", outcome.message);
    }
    assert_eq!(fake.sent_to("/secrets/").len(), 0);
}

/// A vault whose secrets are answered by their place in the list.
fn secrets(statuses: &'static [u16]) -> Fake {
    let leaf = base64::engine::general_purpose::STANDARD.encode(der(LEAF));
    vault(statuses.len(), move |sent, _| {
        if let Some((_, rest)) = sent.url().split_once("/secrets/") {
            let status = statuses
                .iter()
                .enumerate()
                .find(|(number, _)| rest.starts_with(&name(*number)))
                .map(|(_, status)| *status)?;
            let body = match status {
                200 => pem_secret(LEAF),
                403 => RBAC.to_owned(),
                _ => r#"{"error":{"code":"SecretNotFound"}}"#.to_owned(),
            };
            let answer = answer(status, &body);
            return Some(Ok(with_header(answer, "x-ms-request-id", REQUEST_ID)));
        }
        let name = asked(sent)?;
        let body = format!(r#"{{"id":"{VAULT}/certificates/{name}/{CURRENT}","cer":"{leaf}"}}"#);
        Some(Ok(answer(200, &body)))
    })
}

#[test]
fn who_may_read_no_chain_at_all_has_no_inventory_with_chains() {
    for (statuses, chains) in [
        (&[403, 403, 403][..], false),
        (&[404, 403, 404], false),
        (&[404, 404], true),
        (&[403, 200, 403], true),
    ] {
        let fake = secrets(statuses);
        let outcome = fake.run(run(&fake, &with("full-chain", "true"), &store()));
        if chains {
            assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
            assert_eq!(fake.aliases().len(), statuses.len());
            continue;
        }
        assert_eq!(failed(&outcome), Failure::MissingRole);
        for part in [
            "could not read the chain of cert-000",
            "Key Vault Secrets User",
            REQUEST_ID,
            "nothing is submitted",
            "full-chain to false",
        ] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        assert!(fake.batches().is_empty());
        // Whoever asks for what can be read gets it.
        let mut job = with("full-chain", "true");
        job.options.push(("partial".into(), "submit".into()));
        let outcome = fake.run(run(&fake, &job, &store()));
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        assert_eq!(fake.aliases().len(), statuses.len());
    }
}
