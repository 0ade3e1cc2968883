//! Why a call failed: what was wanted, what came instead, what to do.
//!
//! It must not decide what a job makes of it, beyond the contract's kinds of failure.

use super::action::{Action, Call, Party};
use super::paging::LinkRefusal;
use super::refusal::Refusal;
use super::remedy;
use super::retry::GiveUp;
use super::token::TokenRefusal;
use crate::contract::Failure;
use crate::http::TransportError;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no token.
    #[error("{}", remedy::token(refusal, call))]
    Token {
        /// What the issuer said.
        refusal: Box<TokenRefusal>,
        /// To what.
        call: Call,
    },
    /// The host has no federated token.
    #[error(
        "could not get a token: the host has no federated token: {reason}; see that the file of the workload identity is there and can be read"
    )]
    NoAssertion {
        /// In the host's words.
        reason: String,
    },
    /// The service refused.
    #[error("{}", remedy::service(refusal, call, hint.as_deref()))]
    Service {
        /// What it said.
        refusal: Box<Refusal>,
        /// To what.
        call: Call,
        /// More about the cause, as a sentence: what a 401's challenge says.
        hint: Option<String>,
    },
    /// There was no answer.
    #[error("{}", remedy::transport(error, call))]
    Transport {
        /// Why.
        error: TransportError,
        /// To what.
        call: Call,
    },
    /// It was tried more than once.
    #[error("{last} ({})", remedy::given_up(*attempts, *why))]
    GaveUp {
        /// The last error.
        last: Box<CallError>,
        /// How many attempts there were.
        attempts: u32,
        /// Why there is no other.
        why: GiveUp,
    },
    /// The answer makes no sense.
    #[error("could not {}: {} answered with something that cannot be read: {problem}", call.action, call.server)]
    Unreadable {
        /// What is wrong with it; nothing of the answer itself.
        problem: String,
        /// To what.
        call: Call,
    },
    /// The list leads elsewhere.
    #[error("could not read the whole list: {0}; nothing was sent there")]
    Link(#[from] LinkRefusal),
}

impl CallError {
    /// The contract's kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            CallError::Token { refusal, call } => of_token(refusal, call),
            CallError::NoAssertion { .. } => Failure::NoIdentity,
            CallError::Service { refusal, call, .. } => of_service(refusal, call),
            CallError::Transport { error, call } => of_transport(error, call),
            CallError::GaveUp { last, why, .. } => match (last.failure(), why) {
                (Failure::Throttled, _) => Failure::Throttled,
                (Failure::StoreNotFound | Failure::NoIdentity, _) => last.failure(),
                (_, GiveUp::NoTime) => Failure::Deadline,
                (failure, _) => failure,
            },
            CallError::Unreadable { .. } | CallError::Link(_) => Failure::UnreadableAnswer,
        }
    }

    /// The service's own words, where it answered.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            CallError::Service { refusal, .. } => Some(refusal),
            CallError::GaveUp { last, .. } => last.refusal(),
            _ => None,
        }
    }

    /// Whether the request may have taken effect all the same: it was sent, and what became
    /// of it is not known. For requests that are repeated only if undone; of the token that
    /// one needs, nothing can take effect.
    pub fn may_have_taken_effect(&self) -> bool {
        let asked = |call: &Call| call.action.party() != Party::Issuer;
        match self {
            CallError::GaveUp { why, .. } => *why == GiveUp::Uncertain,
            CallError::Unreadable { call, .. } => asked(call),
            // Whoever fails over a request may have worked on it.
            CallError::Service { refusal, .. } => refusal.status >= 500,
            CallError::Transport { error, call } => asked(call) && error.may_have_arrived(),
            CallError::Token { .. } | CallError::NoAssertion { .. } | CallError::Link(_) => false,
        }
    }

    /// Whether another attempt would have come after the job's end.
    pub fn is_out_of_time(&self) -> bool {
        matches!(
            self,
            CallError::GaveUp {
                why: GiveUp::NoTime,
                ..
            }
        )
    }

    /// The cause without the call's name and ids, the same for every call that fails
    /// alike.
    pub fn briefly(&self) -> String {
        match self {
            CallError::Service { refusal, .. } => Refusal {
                detail: None,
                request_id: None,
                ..(**refusal).clone()
            }
            .to_string(),
            CallError::Transport { error, .. } => error.to_string(),
            CallError::GaveUp { last, .. } => last.briefly(),
            CallError::Unreadable { problem, .. } => problem.clone(),
            CallError::Token { .. } | CallError::NoAssertion { .. } | CallError::Link(_) => {
                self.to_string()
            }
        }
    }

    /// Whether the identity may not read this one name, as far as one answer can tell.
    /// A firewall or a closed network refuses every name alike.
    pub fn forbids_one_name(&self) -> bool {
        match self {
            CallError::Service { refusal, call, .. } => {
                refusal.status == 403
                    && matches!(
                        call.action,
                        Action::ReadCertificate(_) | Action::ReadSecret(_)
                    )
                    && !refusal.is("ForbiddenByFirewall")
                    && !refusal.is("ForbiddenByConnection")
            }
            _ => false,
        }
    }

    /// Whether the error is about the one call alone, so that others may still succeed:
    /// a service's answer or a broken connection, after all attempts. Not what holds
    /// for every call of the job: its token, its grants, its network, its time.
    pub fn may_be_of_one_call(&self) -> bool {
        match self {
            CallError::Service { refusal, .. } => {
                refusal.status != 401
                    && !refusal.is("ForbiddenByFirewall")
                    && !refusal.is("ForbiddenByConnection")
            }
            CallError::Transport { error, .. } => !matches!(
                error,
                TransportError::Denied
                    | TransportError::AddressDenied
                    | TransportError::Certificate
                    | TransportError::HostConfiguration
                    | TransportError::NameNotFound
            ),
            CallError::GaveUp { last, why, .. } => {
                *why != GiveUp::NoTime && last.may_be_of_one_call()
            }
            CallError::Unreadable { call, .. } => call.action.party() != Party::Issuer,
            CallError::Token { .. } | CallError::NoAssertion { .. } | CallError::Link(_) => false,
        }
    }
}

/// Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
fn of_token(refusal: &TokenRefusal, call: &Call) -> Failure {
    if refusal.status == 429 {
        return Failure::Throttled;
    }
    if refusal.error.is_none() || refusal.says_transient() || refusal.status >= 500 {
        return Failure::Unavailable;
    }
    if call.action == Action::AskMachineForToken {
        return match refusal.status {
            400 => Failure::NoIdentity,
            _ => Failure::Unavailable,
        };
    }
    let any = |codes: &[u64]| codes.iter().any(|code| refusal.has_code(*code));
    if any(&[7_000_215]) {
        Failure::WrongSecret
    } else if any(&[7_000_222]) {
        Failure::ExpiredSecret
    } else if any(&[90_002, 900_021, 900_023]) {
        Failure::UnknownTenant
    } else if any(&[700_016, 7_000_112, 7_000_229]) {
        Failure::UnknownApplication
    } else if any(&[90_038, 900_382, 900_432]) {
        Failure::WrongCloud
    } else {
        Failure::Authentication
    }
}

/// What Azure Resource Manager says about a vault's region, SKU and name, which are the
/// job's own input.
const INPUT_CODES: [&str; 3] = [
    "LocationNotAvailableForResourceType",
    "SkuNotSupported",
    "VaultNameNotValid",
];

fn of_service(refusal: &Refusal, call: &Call) -> Failure {
    match refusal.status {
        401 => Failure::Authentication,
        403 if refusal.is("ForbiddenByFirewall") => Failure::Firewall,
        403 if refusal.is("ForbiddenByConnection") => Failure::PrivateLink,
        403 if refusal.is("ForbiddenByRbac") || refusal.is("AuthorizationFailed") => {
            Failure::MissingRole
        }
        403 if refusal.is("AccessDenied") || refusal.is("ForbiddenByPolicy") => {
            Failure::MissingAccessPolicy
        }
        403 => Failure::Forbidden,
        400 if INPUT_CODES.iter().any(|code| refusal.is(code)) => Failure::InvalidInput,
        // The vault's word for a certificate, a key or tags that it does not take.
        400 if matches!(call.action, Action::ImportCertificate(_))
            && refusal.is("BadParameter") =>
        {
            Failure::InvalidInput
        }
        404 => Failure::NotFound,
        // Nothing is in the way; something is missing.
        409 if refusal.is("MissingSubscriptionRegistration") => Failure::Other,
        409 => Failure::Conflict,
        429 => Failure::Throttled,
        408 | 500.. => Failure::Unavailable,
        _ => Failure::Other,
    }
}

fn of_transport(error: &TransportError, call: &Call) -> Failure {
    match error {
        TransportError::NameNotFound if call.action.party() == Party::Vault => {
            Failure::StoreNotFound
        }
        TransportError::Connection(_) if call.action == Action::AskMachineForToken => {
            Failure::NoIdentity
        }
        TransportError::Denied
        | TransportError::AddressDenied
        | TransportError::HostConfiguration
        | TransportError::Unsendable(_) => Failure::Other,
        TransportError::TooLarge { .. } => Failure::UnreadableAnswer,
        _ => Failure::Unavailable,
    }
}

#[cfg(test)]
mod tests {
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
}
