mod forbidden;

use super::*;
use crate::azure::action::Action;
use crate::azure::discretion::Discretion;
use crate::azure::error::CallError;
use crate::azure::refusal::Refusal;
use crate::azure::token::{ProvedBy, TokenRefusal};
use crate::contract::Failure;
use crate::http::TransportError;

const ID: &str = "7d2c0000-0000-4000-8000-000000000001";

fn forbidden(inner: Option<&str>) -> String {
    let refusal = Refusal {
        status: 403,
        code: Some("Forbidden".into()),
        inner: inner.map(str::to_owned),
        ..Refusal::default()
    };
    let call = Call {
        action: Action::ListCertificates,
        server: "kv-one.vault.azure.net".into(),
    };
    service(&refusal, &call, None)
}

#[test]
fn w33_every_kind_of_403_has_a_remedy_of_its_own() {
    for (inner, word) in [
        (Some("ForbiddenByRbac"), "role"),
        (Some("AccessDenied"), "access policies"),
        (Some("ForbiddenByPolicy"), "access policies"),
        (Some("ForbiddenByFirewall"), "firewall"),
        (Some("ForbiddenByConnection"), "private endpoint"),
        (None, "firewall"),
    ] {
        let text = forbidden(inner);
        assert!(text.contains(word), "{text}");
        assert!(
            text.starts_with("could not list the certificates: "),
            "{text}"
        );
    }
}

#[test]
fn several_identities_of_a_machine_want_a_client_id() {
    let body = r#"{"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"}"#;
    let answer = crate::testing::answer(400, body);
    let refused = CallError::Token {
        refusal: Box::new(TokenRefusal {
            proved_by: ProvedBy::Machine,
            ..TokenRefusal::read(&answer, &Discretion::default())
        }),
        call: call(Action::AskMachineForToken),
    };
    assert_eq!(refused.failure(), Failure::NoIdentity);
    let text = refused.to_string();
    for part in [
        "several user-assigned identities",
        "client id",
        "ServerUsername",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("no such managed identity"), "{text}");
}

#[test]
fn a_tenant_is_only_called_wrong_where_two_ids_differ() {
    let hint = |action, message: &'static str, of_service: Option<&str>, of_job| {
        let refusal = Refusal {
            status: 401,
            detail: Some(message),
            ..Refusal::default()
        };
        let call = Call {
            action,
            server: "a.example".into(),
        };
        tenant_hint(&refusal, &call, of_service.map(str::to_owned), of_job)
    };
    let list = || Action::ListCertificates;
    let foreign = "AKV10032: Invalid issuer.";
    assert_eq!(hint(list(), foreign, None, Some("1111")), None);
    assert_eq!(hint(list(), foreign, Some("AAAA"), Some("aaaa")), None);
    let differ = hint(list(), "", Some("9999"), Some("1111")).unwrap();
    assert!(differ.contains("vault belongs to the tenant 9999, not to 1111"));
    let maybe = hint(list(), "", Some("9999"), Some("contoso.example")).unwrap();
    assert!(maybe.contains("check that contoso.example"), "{maybe}");
    let arm = hint(Action::ListSubscriptions, "", Some("9999"), Some("1111")).unwrap();
    assert!(arm.starts_with("the subscription belongs"), "{arm}");
    // Every 401 names the tenant; that a managed identity's is another one, only some.
    assert_eq!(
        hint(list(), "AKV10022: Invalid audience.", Some("9999"), None),
        None
    );
    let machine = hint(list(), foreign, Some("9999"), None).unwrap();
    assert!(machine.contains("its own tenant only"), "{machine}");
}

#[test]
fn a_missing_name_says_that_the_vault_may_not_exist() {
    let call = Call {
        action: Action::ListCertificates,
        server: "kv-none.vault.azure.net".into(),
    };
    let text = transport(&TransportError::NameNotFound, &call);
    assert!(text.contains("kv-none.vault.azure.net"), "{text}");
    assert!(text.contains("the vault does not exist"), "{text}");
    let text = transport(&TransportError::Denied, &call);
    assert!(text.contains("the host refused the request"), "{text}");
}

#[test]
fn w47_a_conflict_says_what_may_be_in_the_way() {
    let conflict = |action, inner: Option<&str>| {
        let refusal = Refusal {
            status: 409,
            code: Some("Conflict".into()),
            inner: inner.map(str::to_owned),
            ..Refusal::default()
        };
        let call = Call {
            action,
            server: "kv-one.vault.azure.net".into(),
        };
        service(&refusal, &call, None)
    };
    let import = || Action::ImportCertificate("web-1".into());
    for (action, inner, word) in [
        (import(), None, "a key and a secret"),
        (
            import(),
            Some("ObjectIsDeletedButRecoverable"),
            "at the same time",
        ),
        (import(), Some("ObjectIsBeingDeleted"), "still at work"),
        (import(), Some("ObjectIsBeingRecovered"), "still at work"),
        (
            Action::DeleteCertificate("web-1".into()),
            None,
            "something else",
        ),
    ] {
        let text = conflict(action, inner);
        assert!(text.contains(word), "{text}");
    }
}

fn call(action: Action) -> Call {
    Call {
        action,
        server: "kv-one.vault.azure.net".into(),
    }
}

/// An action of each party, and those whose remedies differ.
fn actions() -> [Action; 6] {
    [
        Action::AskForToken,
        Action::AskMachineForToken,
        Action::ListCertificates,
        Action::ImportCertificate("web-1".into()),
        Action::ListSubscriptions,
        Action::CreateVault("kv-one".into()),
    ]
}

/// The text after the cause.
fn advice<'t>(text: &'t str, cause: &str) -> &'t str {
    let advice = text.split_once(&format!("{cause}; "));
    let (_, advice) = advice.unwrap_or_else(|| panic!("no remedy: {text}"));
    assert!(advice.contains(' '), "{text}");
    advice
}

#[test]
fn every_status_has_a_remedy_whoever_answers() {
    for status in 100..600 {
        for code in [None, Some("SomethingNew")] {
            let refusal = Refusal {
                status,
                code: code.map(str::to_owned),
                request_id: Some(ID.into()),
                ..Refusal::default()
            };
            for action in actions() {
                let text = service(&refusal, &call(action), None);
                advice(&text, &refusal.to_string());
            }
            let refusal = TokenRefusal {
                status,
                error: code.map(str::to_owned),
                proved_by: ProvedBy::Machine,
                ..TokenRefusal::default()
            };
            for action in [Action::AskForToken, Action::AskMachineForToken] {
                let text = token(&refusal, &call(action));
                advice(&text, &refusal.to_string());
            }
        }
    }
}

#[test]
fn a_failing_service_is_asked_again_later_and_an_unknown_code_is_for_the_support() {
    let of = |status, action, request_id: Option<&str>| {
        let refusal = Refusal {
            status,
            code: Some("SomethingNew".into()),
            request_id: request_id.map(str::to_owned),
            ..Refusal::default()
        };
        service(&refusal, &call(action), None)
    };
    for status in [408, 500, 502, 503, 520] {
        let text = of(status, Action::ListCertificates, Some(ID));
        for word in [
            "the vault is failing",
            "again later",
            "quote the request id",
        ] {
            assert!(text.contains(word), "{text}");
        }
        let text = of(status, Action::ListSubscriptions, None);
        for word in ["Azure Resource Manager is failing", "ask Microsoft's"] {
            assert!(text.contains(word), "{text}");
        }
    }
    for (status, action) in [
        (400, Action::ListCertificates),
        (404, Action::ReadSecret("web-1".into())),
        (409, Action::CreateVault("kv-one".into())),
        (412, Action::ListSubscriptions),
    ] {
        let text = of(status, action, Some(ID));
        assert!(text.contains("documentation of that code"), "{text}");
    }
}

#[test]
fn every_missing_answer_has_a_remedy() {
    for error in [
        TransportError::Denied,
        TransportError::AddressDenied,
        TransportError::NameNotFound,
        TransportError::Certificate,
        TransportError::Tls,
        TransportError::Connection("refused"),
        TransportError::Broken("reset"),
        TransportError::Timeout("no answer in time"),
        TransportError::TooLarge { limit: 1 },
        TransportError::HostConfiguration,
        TransportError::Unsendable("odd".into()),
        TransportError::Other("odd".into()),
    ] {
        for action in actions() {
            advice(&transport(&error, &call(action)), &error.to_string());
        }
    }
}

#[test]
fn an_answer_that_makes_no_sense_is_told_with_its_request_id_and_a_remedy() {
    let unreadable = |id| unreadable("it is odd", &call(Action::ListCertificates), id);
    let with_id = unreadable(Some(ID));
    let after = format!("it is odd (request id {ID})");
    assert!(advice(&with_id, &after).contains("check the proxy"));
    assert!(advice(&unreadable(None), "it is odd").contains("ask Microsoft's"));
    for refusal in [
        LinkRefusal::Elsewhere("another host"),
        LinkRefusal::Repeated,
        LinkRefusal::TooMany,
    ] {
        let text = link(&refusal, Some(ID));
        let after = format!("(request id {ID}); nothing was sent there");
        assert!(advice(&text, &after).contains("support"), "{text}");
        let error = CallError::Link {
            refusal,
            request_id: Some(ID.into()),
        };
        assert_eq!(error.failure(), Failure::UnreadableAnswer);
        assert!(!error.briefly().contains(ID), "the same for every list");
    }
}

#[test]
fn a_machine_whose_token_is_refused_may_have_an_identity_all_the_same() {
    for (error, failure, word) in [
        (Some("invalid_request"), Failure::NoIdentity, "assign it"),
        (
            Some("invalid_resource"),
            Failure::WrongCloud,
            "check AzureCloud, or cloud in the policy",
        ),
        (Some("bad_request_102"), Failure::Other, "without a proxy"),
        (None, Failure::Unavailable, "without a proxy"),
    ] {
        let refused = CallError::Token {
            refusal: Box::new(TokenRefusal {
                status: 400,
                error: error.map(str::to_owned),
                proved_by: ProvedBy::Machine,
                ..TokenRefusal::default()
            }),
            call: call(Action::AskMachineForToken),
        };
        assert_eq!(refused.failure(), failure, "{refused}");
        let text = refused.to_string();
        assert!(text.contains(word), "{text}");
        let identity = text.contains("no such managed identity");
        assert_eq!(identity, failure == Failure::NoIdentity, "{text}");
    }
}

#[test]
fn an_access_policy_that_lacks_a_permission_is_known_by_its_words_too() {
    let refusal = |detail| Refusal {
        status: 403,
        code: Some("Forbidden".into()),
        detail: Some(detail),
        ..Refusal::default()
    };
    for (detail, wanted) in [
        (
            "does not have certificates list permission on key vault",
            true,
        ),
        (
            "Caller is not authorized to perform action on resource",
            false,
        ),
    ] {
        let refused = CallError::Service {
            refusal: Box::new(refusal(detail)),
            call: call(Action::ListCertificates),
            hint: None,
        };
        let known = refused.failure() == Failure::MissingAccessPolicy;
        assert_eq!(known, wanted, "{refused}");
        let told = refused.to_string().contains("permission List");
        assert_eq!(told, wanted, "{refused}");
    }
}

#[test]
fn a_certificate_that_is_still_being_made_is_completed_or_cancelled() {
    let refusal = Refusal {
        status: 409,
        code: Some("Conflict".into()),
        detail: Some("while a pending key vault certificate's status is inProgress"),
        ..Refusal::default()
    };
    for (action, name) in [
        (Action::ImportCertificate("web-1".into()), "web-1"),
        (Action::RecoverCertificate("web-1".into()), "web-1"),
        (Action::DeleteCertificate("web-1".into()), "web-1"),
        (Action::ListCertificates, "…"),
    ] {
        let text = service(&refusal, &call(action), None);
        let cancel = format!("pending delete --vault-name kv-one --name {name})");
        assert!(text.contains(&cancel), "{text}");
        assert!(!text.contains("a secret"), "{text}");
    }
}
