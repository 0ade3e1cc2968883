//! Why a proxy opens no connection, and what helps: one table over the statuses that it may answer
//! with.
//!
//! It must not know how a proxy is asked.

use super::connect::ConnectError;
use http::StatusCode;
use std::io;
use std::time::Duration;

/// What a proxy did instead of opening a connection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyProblem {
    /// There is no connection to the proxy itself.
    #[error("{0}")]
    Unreachable(Box<ConnectError>),
    /// It took too long to answer.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// It answered with this status (RFC 9110 section 9.3.6).
    #[error("it answers {} instead of opening it", shown(*.0))]
    Answered(u16),
    /// It ended the connection before it had answered.
    #[error("it closes the connection without an answer")]
    Closed,
    /// What it answered with is not HTTP.
    #[error("it does not answer as an HTTP proxy")]
    NoProxy,
    /// The connection to it broke.
    #[error("the connection to it broke: {0}")]
    Broken(io::ErrorKind),
}

/// A status with its name, where it has one.
fn shown(status: u16) -> String {
    let known = StatusCode::from_u16(status).ok();
    match known.and_then(|known| known.canonical_reason()) {
        Some(reason) => format!("{status} ({reason})"),
        None => status.to_string(),
    }
}

impl ProxyProblem {
    /// Whether the same request may fare better later, with nothing done but waiting. What a proxy
    /// answers about who asks and for what stays as it is; a gateway's trouble passes.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Answered(status) => matches!(status, 408 | 429 | 500 | 502..=504),
            Self::Unreachable(error) => !matches!(
                **error,
                ConnectError::Certificate { .. }
                    | ConnectError::UnknownName(_)
                    | ConnectError::Trust(_)
                    | ConnectError::Destination(_)
                    | ConnectError::NoTls(_)
            ),
            Self::NoProxy => false,
            Self::Late(_) | Self::Closed | Self::Broken(_) => true,
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> String {
        let text = match self {
            Self::Answered(407) => {
                "it wants credentials, and `[proxy]` in the policy takes none: have the proxy admit \
                 this machine without them, for instance by its address"
            }
            Self::Answered(300..=399 | 511) => {
                "a redirection is not followed: it may lead to a page for signing in. Have the proxy \
                 admit this machine without one, or correct `host` and `port` of `[proxy]` in the \
                 policy"
            }
            Self::Answered(401 | 403 | 451) => {
                "the proxy does not let this machine reach that name: have it allowed in the proxy, \
                 or name it in `except` of `[proxy]` in the policy, where it can be reached directly"
            }
            Self::Answered(408 | 429 | 500 | 502..=504) => {
                "the proxy could not reach the server itself: its own log says why"
            }
            Self::Answered(_) | Self::NoProxy => {
                "it may be no proxy that opens connections (HTTP CONNECT): see that `host`, `port` \
                 and `tls` of `[proxy]` in the policy are right"
            }
            Self::Unreachable(error) => {
                let rest = "see that the proxy runs, and that `host`, `port` and `tls` of `[proxy]` in \
                            the policy are right";
                return match error.remedy() {
                    Some(own) => format!("{own}; {rest}"),
                    None => rest.to_owned(),
                };
            }
            Self::Late(_) | Self::Closed | Self::Broken(_) => {
                "see that the proxy runs, and that `host`, `port` and `tls` of `[proxy]` in the policy \
                 are right"
            }
        };
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_stays_as_it_is_is_told_apart_from_trouble_that_passes() {
        let passing: Vec<u16> = (100..600)
            .filter(|status| ProxyProblem::Answered(*status).may_pass())
            .collect();
        assert_eq!(passing, [408, 429, 500, 502, 503, 504]);
    }

    #[test]
    fn each_status_is_told_with_what_helps() {
        for (status, says) in [
            (407, "takes none"),
            (302, "not followed"),
            (511, "not followed"),
            (403, "allowed in the proxy"),
            (502, "its own log"),
            (405, "no proxy that opens connections"),
            (501, "no proxy that opens connections"),
            (599, "no proxy that opens connections"),
        ] {
            let problem = ProxyProblem::Answered(status);
            let cause = problem.to_string();
            assert!(cause.contains(&status.to_string()), "{cause}");
            let remedy = problem.remedy();
            assert!(remedy.contains(says), "{status}: {remedy}");
        }
        let named = ProxyProblem::Answered(407).to_string();
        assert!(
            named.contains("407 (Proxy Authentication Required)"),
            "{named}"
        );
    }
}
