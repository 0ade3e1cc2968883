//! Why a call failed: what was wanted, what came instead, what to do.
//!
//! It must not decide what a job makes of it, beyond the contract's kinds of failure.

use super::action::{Action, Call, Party};
use super::discretion::Discretion;
use super::paging::LinkRefusal;
use super::refusal::{Refusal, request_id};
use super::remedy;
use super::retry::GiveUp;
use super::token::TokenRefusal;
use crate::contract::Failure;
use crate::http::{Response, TransportError};

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
        /// The cause and what to do, where more is known than the refusal says: what a 401's
        /// challenge shows, what was sent.
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
    #[error("{}", remedy::unreadable(problem, call, request_id.as_deref()))]
    Unreadable {
        /// What is wrong with it; nothing of the answer itself.
        problem: String,
        /// To what.
        call: Call,
        /// Of the answer, for a support case.
        request_id: Option<String>,
    },
    /// The list leads elsewhere.
    #[error("{}", remedy::link(refusal, request_id.as_deref()))]
    Link {
        /// How.
        refusal: LinkRefusal,
        /// Of the page, for a support case.
        request_id: Option<String>,
    },
}

impl CallError {
    /// An answer that makes no sense.
    pub fn unreadable(
        problem: impl Into<String>,
        call: Call,
        response: &Response,
        discretion: &Discretion,
    ) -> Self {
        CallError::Unreadable {
            problem: problem.into(),
            call,
            request_id: request_id(response, discretion),
        }
    }

    /// The same refusal with its cause and what to do, where the caller knows more than the
    /// service says.
    pub fn because(self, cause: String) -> Self {
        match self {
            CallError::Service { refusal, call, .. } => CallError::Service {
                refusal,
                call,
                hint: Some(cause),
            },
            other => other,
        }
    }

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
            CallError::Unreadable { .. } | CallError::Link { .. } => Failure::UnreadableAnswer,
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
            CallError::Token { .. } | CallError::NoAssertion { .. } | CallError::Link { .. } => {
                false
            }
        }
    }

    /// Of a request that may be sent again once its caller has looked: the attempts so far.
    pub fn held(&self) -> Option<u32> {
        match self {
            CallError::GaveUp {
                why: GiveUp::Held,
                attempts,
                ..
            } => Some(*attempts),
            _ => None,
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
            CallError::Link { refusal, .. } => remedy::link_briefly(refusal),
            CallError::Token { .. } | CallError::NoAssertion { .. } => {
                self.without_ids().to_string()
            }
        }
    }

    /// The same error without the ids of its answer, to compare it with others.
    pub fn without_ids(&self) -> CallError {
        let mut error = self.clone();
        match &mut error {
            CallError::Token { refusal, .. } => refusal.trace_id = None,
            CallError::Service { refusal, .. } => refusal.request_id = None,
            CallError::GaveUp { last, .. } => **last = last.without_ids(),
            CallError::Unreadable { request_id, .. } | CallError::Link { request_id, .. } => {
                *request_id = None;
            }
            CallError::NoAssertion { .. } | CallError::Transport { .. } => {}
        }
        error
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
                    && !refusal.is_by_firewall()
                    && !refusal.is_by_connection()
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
                refusal.status != 401 && !refusal.is_by_firewall() && !refusal.is_by_connection()
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
            CallError::Token { .. } | CallError::NoAssertion { .. } | CallError::Link { .. } => {
                false
            }
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
        return match (refusal.status, refusal.error.as_deref()) {
            (400, Some("invalid_resource")) => Failure::WrongCloud,
            (400, Some("bad_request_102")) => Failure::Other,
            (400, _) => Failure::NoIdentity,
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
    } else if any(&[700_016, 70_001, 7_000_112, 7_000_229]) {
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
        // No role helps against it.
        403 if refusal.deny.is_some() => Failure::Forbidden,
        403 if refusal.is_by_firewall() => Failure::Firewall,
        403 if refusal.is_by_connection() => Failure::PrivateLink,
        403 if refusal.lacks_role() => Failure::MissingRole,
        403 if refusal.lacks_access_policy() => Failure::MissingAccessPolicy,
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
        TransportError::Connection(_) | TransportError::Timeout(_)
            if call.action == Action::AskMachineForToken =>
        {
            Failure::NoIdentity
        }
        TransportError::Denied
        | TransportError::AddressDenied
        | TransportError::Certificate
        | TransportError::HostConfiguration
        | TransportError::Unsendable(_) => Failure::Other,
        TransportError::TooLarge { .. } => Failure::UnreadableAnswer,
        _ => Failure::Unavailable,
    }
}

#[cfg(test)]
mod tests;
