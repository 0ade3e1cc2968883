//! Whether a failed attempt is tried again, and when. One pure function.
//!
//! It must not send, wait, or know what the call is about.

use std::time::Duration;

use crate::http::TransportError;

/// Attempts of one call, the first included. With the delays below they stretch over
/// 72 to 88 s, which outlasts Key Vault's 10 s throttling windows ("Key Vault service
/// limits"), a service restart, and the 70 s for which a machine's identity endpoint may be
/// updated; and is what Azure's SDKs stay near (3 to 8 retries).
pub const MAX_ATTEMPTS: u32 = 8;

/// Attempts when a name does not resolve. A resolver's hiccup passes in seconds, while
/// a vault that does not exist never comes; its job should say so soon.
pub const MAX_ATTEMPTS_WITHOUT_NAME: u32 = 3;

/// The first delay; it doubles from attempt to attempt ("Azure.Core: RetryOptions").
pub const FIRST_DELAY: Duration = Duration::from_millis(800);

/// Our own delays grow no further: a longer one gains nothing and may waste what is
/// left of the job.
pub const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// A server is obeyed up to here. Azure asks for seconds; whoever asks for an hour is
/// asked again after two minutes.
pub const LONGEST_SERVER_DELAY: Duration = Duration::from_secs(120);

/// A server's delay as far as it is obeyed.
pub fn bounded(asked: Duration) -> Duration {
    asked.min(LONGEST_SERVER_DELAY)
}

/// What went wrong.
#[derive(Clone, Copy, Debug)]
pub enum Trouble<'a> {
    /// An answer with this status.
    Status(u16),
    /// An answer that is worth another try, whatever its status: the service says so, or
    /// is known for it.
    Transient,
    /// No answer.
    Transport(&'a TransportError),
}

/// Whether a request may be sent again while nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is the same as once.
    Freely,
    /// Only when the service has certainly done nothing: it was not reached, or it throttled.
    OnlyIfUndone,
    /// Then too, but by the caller: what it has seen before it asked may be another after the
    /// wait, so that it looks again.
    AfterLook {
        /// Attempts that were made before.
        made: u32,
    },
}

impl Repeat {
    /// Attempts that were made before.
    pub fn made(self) -> u32 {
        match self {
            Repeat::Freely | Repeat::OnlyIfUndone => 0,
            Repeat::AfterLook { made } => made,
        }
    }
}

/// Where a call stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether it may simply be sent again.
    pub repeat: Repeat,
    /// The attempt that just failed, from 1.
    pub attempt: u32,
    /// What is left of the job.
    pub remaining: Duration,
    /// What the server asked for.
    pub server_delay: Option<Duration>,
    /// A number in 0..1.
    pub jitter: f64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this long.
    Retry(Duration),
    /// Do not.
    GiveUp(GiveUp),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUp {
    /// Another try cannot help.
    Permanent,
    /// It was tried often enough.
    Attempts,
    /// The next attempt would come after the job's end.
    NoTime,
    /// It may have taken effect, and must not be sent twice.
    Uncertain,
    /// It has done nothing, and its time has come to be sent again, if the caller still wants
    /// it.
    Held,
}

/// Decides. The delay is the larger of the server's and our own exponential one, the
/// latter times 0.9 to 1.1.
pub fn decide(trouble: Trouble<'_>, standing: Standing) -> Decision {
    let Some(most) = attempts(trouble) else {
        return Decision::GiveUp(GiveUp::Permanent);
    };
    if standing.repeat != Repeat::Freely && may_have_taken_effect(trouble) {
        return Decision::GiveUp(GiveUp::Uncertain);
    }
    if standing.attempt >= most {
        return Decision::GiveUp(GiveUp::Attempts);
    }
    let asked = standing.server_delay.map(bounded).unwrap_or_default();
    let delay = own_delay(standing.attempt, standing.jitter).max(asked);
    if delay >= standing.remaining {
        return Decision::GiveUp(GiveUp::NoTime);
    }
    Decision::Retry(delay)
}

/// A throttled request was not processed ("Azure Key Vault throttling guidance"). Everyone
/// else who answers may have worked on it, also one that says when to come back: a gateway
/// gives that to a request which the service behind it has already taken.
fn may_have_taken_effect(trouble: Trouble<'_>) -> bool {
    match trouble {
        Trouble::Status(429) => false,
        Trouble::Status(_) | Trouble::Transient => true,
        Trouble::Transport(error) => error.may_have_arrived(),
    }
}

fn own_delay(attempt: u32, jitter: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    FIRST_DELAY
        .saturating_mul(1 << doublings)
        .min(LONGEST_DELAY)
        .mul_f64(0.9 + 0.2 * jitter.clamp(0.0, 1.0))
}

/// How often at most, or `None` when never again.
fn attempts(trouble: Trouble<'_>) -> Option<u32> {
    match trouble {
        Trouble::Transient | Trouble::Status(408 | 429 | 500 | 502 | 503 | 504) => {
            Some(MAX_ATTEMPTS)
        }
        Trouble::Status(_) => None,
        Trouble::Transport(error) => match error {
            TransportError::NameNotFound => Some(MAX_ATTEMPTS_WITHOUT_NAME),
            TransportError::Tls
            | TransportError::Connection(_)
            | TransportError::Broken(_)
            | TransportError::Timeout(_)
            | TransportError::Other(_) => Some(MAX_ATTEMPTS),
            // A grant, an address rule, a certificate and a size do not change by asking again.
            TransportError::Denied
            | TransportError::AddressDenied
            | TransportError::Certificate
            | TransportError::TooLarge { .. }
            | TransportError::HostConfiguration
            | TransportError::Unsendable(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(900);

    fn standing(attempt: u32) -> Standing {
        Standing {
            repeat: Repeat::Freely,
            attempt,
            remaining: LONG,
            server_delay: None,
            jitter: 0.5,
        }
    }

    #[test]
    fn exactly_the_transient_statuses_are_tried_again() {
        let again: Vec<u16> = (100..600)
            .filter(|status| {
                matches!(
                    decide(Trouble::Status(*status), standing(1)),
                    Decision::Retry(_)
                )
            })
            .collect();
        assert_eq!(again, [408, 429, 500, 502, 503, 504]);
    }

    #[test]
    fn what_the_host_denies_and_untrusted_certificates_are_never_tried_again() {
        for (error, again) in [
            (TransportError::Denied, false),
            (TransportError::AddressDenied, false),
            (TransportError::Certificate, false),
            (TransportError::TooLarge { limit: 1 }, false),
            (TransportError::HostConfiguration, false),
            (TransportError::Unsendable("x".into()), false),
            (TransportError::NameNotFound, true),
            (TransportError::Tls, true),
            (TransportError::Connection("x"), true),
            (TransportError::Broken("x"), true),
            (TransportError::Timeout("x"), true),
            (TransportError::Other("x".into()), true),
        ] {
            let decision = decide(Trouble::Transport(&error), standing(1));
            assert_eq!(
                matches!(decision, Decision::Retry(_)),
                again,
                "{error:?}: {decision:?}"
            );
        }
    }

    #[test]
    fn what_must_not_happen_twice_is_sent_again_only_when_it_certainly_did_not_happen() {
        let status = |status, server_delay| {
            let standing = Standing {
                repeat: Repeat::OnlyIfUndone,
                server_delay,
                ..standing(1)
            };
            decide(Trouble::Status(status), standing)
        };
        let soon = Some(Duration::from_secs(1));
        for (code, server_delay, again) in [
            (429, None, true),
            (503, soon, false),
            (503, None, false),
            (500, soon, false),
            (502, None, false),
            (504, None, false),
            (408, None, false),
        ] {
            let decision = status(code, server_delay);
            let wanted = Decision::GiveUp(GiveUp::Uncertain);
            assert_eq!(decision != wanted, again, "{code}: {decision:?}");
        }
        for (error, again) in [
            (TransportError::NameNotFound, true),
            (TransportError::Tls, true),
            (TransportError::Connection("x"), true),
            (TransportError::Broken("x"), false),
            (TransportError::Timeout("x"), false),
            (TransportError::Other("x".into()), false),
        ] {
            let standing = Standing {
                repeat: Repeat::OnlyIfUndone,
                ..standing(1)
            };
            let decision = decide(Trouble::Transport(&error), standing);
            let retried = matches!(decision, Decision::Retry(_));
            assert_eq!(retried, again, "{error:?}: {decision:?}");
        }
    }

    #[test]
    fn delays_double_up_to_a_limit_and_then_it_was_tried_often_enough() {
        let delays: Vec<Decision> = (1..=8)
            .map(|attempt| decide(Trouble::Status(503), standing(attempt)))
            .collect();
        let wait = |milliseconds| Decision::Retry(Duration::from_millis(milliseconds));
        assert_eq!(
            delays,
            [
                wait(800),
                wait(1_600),
                wait(3_200),
                wait(6_400),
                wait(12_800),
                wait(25_600),
                wait(30_000),
                Decision::GiveUp(GiveUp::Attempts),
            ]
        );
    }

    #[test]
    fn an_identity_endpoint_that_is_updated_for_70_seconds_is_outlasted_whatever_the_jitter() {
        for jitter in [0.0, 1.0] {
            let delays = (1..8).map(|attempt| {
                let standing = Standing {
                    jitter,
                    ..standing(attempt)
                };
                match decide(Trouble::Transient, standing) {
                    Decision::Retry(delay) => delay,
                    Decision::GiveUp(why) => panic!("{attempt}: {why:?}"),
                }
            });
            let all: Duration = delays.sum();
            assert!(all > Duration::from_secs(71), "{jitter}: {all:?}");
        }
    }

    #[test]
    fn a_name_that_does_not_resolve_is_given_up_sooner() {
        let error = TransportError::NameNotFound;
        for (attempt, again) in [(1, true), (2, true), (3, false)] {
            let decision = decide(Trouble::Transport(&error), standing(attempt));
            assert_eq!(matches!(decision, Decision::Retry(_)), again, "{attempt}");
        }
    }

    #[test]
    fn jitter_spreads_our_own_delay_by_a_tenth_and_never_shortens_the_servers() {
        let seconds = Duration::from_secs;
        for (jitter, server, wanted) in [
            (0.0, None, Duration::from_millis(720)),
            (1.0, None, Duration::from_millis(880)),
            (0.0, Some(seconds(5)), seconds(5)),
            (1.0, Some(Duration::ZERO), Duration::from_millis(880)),
        ] {
            let decision = decide(
                Trouble::Status(429),
                Standing {
                    jitter,
                    server_delay: server,
                    ..standing(1)
                },
            );
            assert_eq!(decision, Decision::Retry(wanted), "{jitter} {server:?}");
        }
    }

    #[test]
    fn a_server_is_obeyed_up_to_two_minutes() {
        for (asked, wanted) in [(119, 119), (121, 120), (86_400, 120)] {
            let decision = decide(
                Trouble::Status(429),
                Standing {
                    server_delay: Some(Duration::from_secs(asked)),
                    ..standing(1)
                },
            );
            assert_eq!(decision, Decision::Retry(Duration::from_secs(wanted)));
        }
    }

    #[test]
    fn an_attempt_that_would_start_after_the_deadline_is_not_waited_for() {
        for (remaining, wanted) in [
            (801, Decision::Retry(FIRST_DELAY)),
            (800, Decision::GiveUp(GiveUp::NoTime)),
            (0, Decision::GiveUp(GiveUp::NoTime)),
        ] {
            let decision = decide(
                Trouble::Status(503),
                Standing {
                    remaining: Duration::from_millis(remaining),
                    ..standing(1)
                },
            );
            assert_eq!(decision, wanted, "{remaining}");
        }
    }
}
