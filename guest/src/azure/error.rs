//! Why a call failed: what was wanted, what came instead, what to do.
//!
//! It must not decide what a job makes of it, beyond the contract's kinds of failure.

use std::fmt;

use super::entra::TokenRefusal;
use super::paging::LinkRefusal;
use super::refusal::Refusal;
use super::remedy;
use super::retry::GiveUp;
use crate::contract::Failure;
use crate::http::TransportError;

/// What a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A token of the application.
    AskForToken,
    /// A page of the vault's list.
    ListCertificates,
    /// One certificate.
    ReadCertificate(String),
}

/// Completes "could not …".
impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::AskForToken => out.write_str("get a token"),
            Action::ListCertificates => out.write_str("list the certificates"),
            Action::ReadCertificate(name) => write!(out, "read the certificate {name}"),
        }
    }
}

/// A call: what for, and with which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What for.
    pub action: Action,
    /// The server's host name.
    pub server: String,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Entra ID gave no token.
    #[error("{}", remedy::token(refusal, server))]
    Token {
        /// What it said.
        refusal: Box<TokenRefusal>,
        /// Its host name.
        server: String,
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
    #[error("could not list the certificates: {0}; nothing was sent there")]
    Link(#[from] LinkRefusal),
}

impl CallError {
    /// The contract's kind of failure.
    pub fn failure(&self) -> Failure {
        match self {
            CallError::Token { refusal, .. } if refusal.status == 429 => Failure::Throttled,
            // Without an error of the service's own, something in between has answered.
            CallError::Token { refusal, .. } if refusal.error.is_some() => Failure::Authentication,
            CallError::Service { refusal, call, .. } => match refusal.status {
                401 => Failure::Authentication,
                403 => Failure::Forbidden,
                404 if call.action == Action::ListCertificates => Failure::NotFound,
                429 => Failure::Throttled,
                _ => Failure::Other,
            },
            CallError::Transport { error, call } => match error {
                TransportError::NameNotFound if call.action != Action::AskForToken => {
                    Failure::NotFound
                }
                _ => Failure::Other,
            },
            CallError::GaveUp { last, why, .. } => match (last.failure(), why) {
                (Failure::Throttled, _) => Failure::Throttled,
                (_, GiveUp::NoTime) => Failure::Deadline,
                (Failure::Authentication, _) => Failure::Other,
                (failure, _) => failure,
            },
            CallError::Token { .. } | CallError::Unreadable { .. } | CallError::Link(_) => {
                Failure::Other
            }
        }
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
            CallError::Token { .. } | CallError::Link(_) => self.to_string(),
        }
    }

    /// Whether the identity may not read this one name, as far as one answer can tell.
    /// A firewall or a closed network refuses every name alike.
    pub fn forbids_one_name(&self) -> bool {
        match self {
            CallError::Service { refusal, call, .. } => {
                refusal.status == 403
                    && matches!(call.action, Action::ReadCertificate(_))
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
            CallError::Unreadable { call, .. } => call.action != Action::AskForToken,
            CallError::Token { .. } | CallError::Link(_) => false,
        }
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
            (service(list(), 404, None), Failure::NotFound),
            (service(read(), 404, None), Failure::Other),
            (service(list(), 400, None), Failure::Other),
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
                Failure::Other,
            ),
            (
                given_up(service(list(), 503, None), GiveUp::NoTime),
                Failure::Deadline,
            ),
        ] {
            assert_eq!(error.failure(), wanted, "{error}");
        }
    }

    #[test]
    fn a_name_that_does_not_resolve_is_a_vault_that_is_not_there_but_not_an_authority() {
        for (action, wanted) in [
            (Action::ListCertificates, Failure::NotFound),
            (Action::AskForToken, Failure::Other),
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
}
