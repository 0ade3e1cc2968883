use super::*;

fn service(action: Action, status: u16, inner: Option<&str>) -> CallError {
    CallError::Service {
        refusal: Box::new(Refusal {
            status,
            inner: inner.map(str::to_owned),
            ..Refusal::default()
        }),
        call: Call {
            action,
            server: "kv-one.vault.azure.net".into(),
        },
        hint: None,
    }
}

fn given_up(last: CallError, why: GiveUp) -> CallError {
    CallError::GaveUp {
        last: Box::new(last),
        attempts: 8,
        why,
    }
}

#[test]
fn every_error_has_its_kind_of_failure() {
    let list = || Action::ListCertificates;
    let read = || Action::ReadCertificate("a".into());
    for (error, wanted) in [
        (service(list(), 401, None), Failure::Authentication),
        (service(list(), 403, None), Failure::Forbidden),
        (
            service(list(), 403, Some("ForbiddenByRbac")),
            Failure::MissingRole,
        ),
        (
            service(list(), 403, Some("AccessDenied")),
            Failure::MissingAccessPolicy,
        ),
        (
            service(list(), 403, Some("ForbiddenByPolicy")),
            Failure::MissingAccessPolicy,
        ),
        (
            service(list(), 403, Some("ForbiddenByFirewall")),
            Failure::Firewall,
        ),
        (
            service(list(), 403, Some("ForbiddenByConnection")),
            Failure::PrivateLink,
        ),
        (service(list(), 404, None), Failure::NotFound),
        (service(read(), 404, None), Failure::NotFound),
        (service(read(), 409, None), Failure::Conflict),
        (service(list(), 400, None), Failure::Other),
        (service(list(), 400, Some("BadParameter")), Failure::Other),
        (
            service(
                Action::ImportCertificate("a".into()),
                400,
                Some("BadParameter"),
            ),
            Failure::InvalidInput,
        ),
        (
            service(
                Action::CreateVault("a".into()),
                400,
                Some("SkuNotSupported"),
            ),
            Failure::InvalidInput,
        ),
        (
            service(
                Action::CreateVault("a".into()),
                409,
                Some("MissingSubscriptionRegistration"),
            ),
            Failure::Other,
        ),
        (
            given_up(service(list(), 429, None), GiveUp::Attempts),
            Failure::Throttled,
        ),
        (
            given_up(service(list(), 429, None), GiveUp::NoTime),
            Failure::Throttled,
        ),
        (
            given_up(service(list(), 503, None), GiveUp::Attempts),
            Failure::Unavailable,
        ),
        (
            given_up(service(list(), 503, None), GiveUp::NoTime),
            Failure::Deadline,
        ),
    ] {
        assert_eq!(error.failure(), wanted, "{error}");
    }
}

fn no_token(action: Action, status: u16, code: u64, error: Option<&str>) -> CallError {
    CallError::Token {
        refusal: Box::new(TokenRefusal {
            status,
            error: error.map(str::to_owned),
            codes: vec![code],
            ..TokenRefusal::default()
        }),
        call: Call {
            action,
            server: "login.microsoftonline.com".into(),
        },
    }
}

#[test]
fn w33_every_refused_token_has_its_kind_of_failure() {
    for (status, code, error, wanted) in [
        (401, 7_000_215, "invalid_client", Failure::WrongSecret),
        (401, 7_000_222, "invalid_client", Failure::ExpiredSecret),
        (400, 90_002, "invalid_request", Failure::UnknownTenant),
        (400, 900_023, "invalid_request", Failure::UnknownTenant),
        (
            400,
            700_016,
            "unauthorized_client",
            Failure::UnknownApplication,
        ),
        (
            400,
            70_001,
            "unauthorized_client",
            Failure::UnknownApplication,
        ),
        (
            401,
            7_000_112,
            "unauthorized_client",
            Failure::UnknownApplication,
        ),
        (400, 90_038, "invalid_request", Failure::WrongCloud),
        (400, 900_432, "invalid_request", Failure::WrongCloud),
        (400, 70_011, "invalid_scope", Failure::Authentication),
        (400, 53_003, "access_denied", Failure::Authentication),
        (429, 90_055, "temporarily_unavailable", Failure::Throttled),
        (400, 90_033, "temporarily_unavailable", Failure::Unavailable),
    ] {
        let refused = no_token(Action::AskForToken, status, code, Some(error));
        assert_eq!(refused.failure(), wanted, "{refused}");
    }
    let html = no_token(Action::AskForToken, 502, 0, None);
    assert_eq!(html.failure(), Failure::Unavailable);
    let machine = no_token(Action::AskMachineForToken, 400, 0, Some("invalid_request"));
    assert_eq!(machine.failure(), Failure::NoIdentity);
}

#[test]
fn a_name_that_does_not_resolve_is_a_vault_that_is_not_there_but_not_an_authority() {
    for (action, wanted) in [
        (Action::ListCertificates, Failure::StoreNotFound),
        (Action::AskForToken, Failure::Unavailable),
        (Action::ListSubscriptions, Failure::Unavailable),
    ] {
        let error = CallError::Transport {
            error: TransportError::NameNotFound,
            call: Call {
                action,
                server: "a.example".into(),
            },
        };
        assert_eq!(given_up(error, GiveUp::Attempts).failure(), wanted);
    }
}

#[test]
fn a_firewall_forbids_every_name_and_a_missing_right_maybe_one() {
    let read = || Action::ReadCertificate("a".into());
    for (error, wanted) in [
        (service(read(), 403, Some("ForbiddenByRbac")), true),
        (service(read(), 403, Some("AccessDenied")), true),
        (service(read(), 403, None), true),
        (service(read(), 403, Some("ForbiddenByFirewall")), false),
        (service(read(), 403, Some("ForbiddenByConnection")), false),
        (service(read(), 401, None), false),
        (service(Action::ListCertificates, 403, None), false),
    ] {
        assert_eq!(error.forbids_one_name(), wanted, "{error}");
    }
}

#[test]
fn what_was_sent_and_not_answered_for_certain_may_have_taken_effect() {
    let import = || Action::ImportCertificate("a".into());
    let call = |action| Call {
        action,
        server: "kv-one.vault.azure.net".into(),
    };
    let transport = |action, error| CallError::Transport {
        error,
        call: call(action),
    };
    let unreadable = |action| CallError::Unreadable {
        problem: "odd".into(),
        call: call(action),
        request_id: None,
    };
    let large = || TransportError::TooLarge { limit: 1 };
    for (error, wanted) in [
        (
            given_up(service(import(), 500, None), GiveUp::Uncertain),
            true,
        ),
        (
            given_up(service(import(), 503, None), GiveUp::NoTime),
            false,
        ),
        (
            given_up(service(import(), 429, None), GiveUp::Attempts),
            false,
        ),
        (service(import(), 520, None), true),
        (service(import(), 409, None), false),
        (unreadable(import()), true),
        (unreadable(Action::AskForToken), false),
        (transport(import(), large()), true),
        (transport(import(), TransportError::Denied), false),
        (transport(Action::AskForToken, large()), false),
        (no_token(Action::AskForToken, 502, 0, None), false),
    ] {
        assert_eq!(error.may_have_taken_effect(), wanted, "{error}");
    }
}

/// Waiting mends neither a clock, nor trust, nor a policy: no caller asks again for a while.
#[test]
fn what_no_wait_mends_is_not_the_service_being_away() {
    for (error, wanted) in [
        (TransportError::Certificate, Failure::Other),
        (TransportError::HostConfiguration, Failure::Other),
        (TransportError::Tls, Failure::Unavailable),
        (TransportError::Connection("refused"), Failure::Unavailable),
    ] {
        let error = CallError::Transport {
            error,
            call: Call {
                action: Action::ListCertificates,
                server: "kv-one.vault.azure.net".into(),
            },
        };
        assert_eq!(error.failure(), wanted, "{error}");
    }
}
