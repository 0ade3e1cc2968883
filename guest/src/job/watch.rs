//! Ends a job early: at its deadline, and when it is cancelled.
//!
//! Between two looks of this watch no request begins either: [`crate::azure::calls`] asks
//! before each attempt, and holds a job that has ended until the watch drops it.
//!
//! It must not know what the job does meanwhile; its work is dropped where it waits.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::azure::error::CallError;
use crate::contract::Failure;
use crate::env::Environment;

/// How often the host is asked whether the job was cancelled, besides before each request.
/// A person who cancels does not notice a quarter of a second, and four questions a
/// second cost nothing.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// How long a cancelled job may still wait for the answer to a change that is under way.
/// An import or a deletion is answered within a second or two; dropped before, nobody
/// would know what became of it. It begins up to [`ASK_EVERY`] late and is looked at as
/// seldom, and the host ends the job five seconds after the cancellation (`wit/host.wit`,
/// `cancelled`): what is left then is for the report.
const LAST_ANSWER: Duration = Duration::from_secs(3);

/// The part of a time limit that is left for the report: the host ends the job at the
/// limit itself, and what it ends cannot say why.
const LONGEST_RESERVE: Duration = Duration::from_secs(2);

/// Why a job ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The time was up.
    Deadline,
    /// The host asked to stop.
    Cancelled,
}

const OUT_OF_TIME: &str = "the job's time limit came first; give the job more time";

impl Ended {
    /// What the job reports: the kind of failure, and the cause as a sentence without its
    /// end. `last` is the last trouble that a call had; a job that ran out of time while the
    /// service was throttled is throttled, whatever kind of job it is.
    pub fn told(self, last: Option<&CallError>) -> (Failure, String) {
        match (self, last) {
            (Ended::Cancelled, _) => (Failure::Cancelled, "the job was cancelled".to_owned()),
            (Ended::Deadline, Some(error)) => (
                match error.failure() {
                    Failure::Throttled => Failure::Throttled,
                    _ => Failure::Deadline,
                },
                format!("{OUT_OF_TIME}; the last trouble was: {error}"),
            ),
            (Ended::Deadline, None) => (Failure::Deadline, OUT_OF_TIME.to_owned()),
        }
    }
}

/// When a job that began at `start` must be done.
pub fn deadline(start: Duration, time_limit: Duration) -> Duration {
    let reserve = LONGEST_RESERVE.min(time_limit / 10);
    start.saturating_add(time_limit.saturating_sub(reserve))
}

/// Does the work unless it must end before.
///
/// # Errors
/// Why it ended.
pub async fn watched<E: Environment, T>(
    env: &E,
    deadline: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Ended> {
    watched_changing(env, deadline, || false, work).await
}

/// The same for work that changes something: while `changing` says that a change is under
/// way, a cancelled job waits a little for its answer. What the work would send after that
/// answer is not sent, so that no other change follows.
///
/// # Errors
/// Why it ended.
pub async fn watched_changing<E: Environment, T>(
    env: &E,
    deadline: Duration,
    changing: impl Fn() -> bool,
    work: impl Future<Output = T>,
) -> Result<T, Ended> {
    let mut work = pin!(work);
    let mut watch = pin!(watch(env, deadline, changing));
    poll_fn(|context| {
        if let Poll::Ready(result) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(result));
        }
        watch.as_mut().poll(context).map(Err)
    })
    .await
}

async fn watch<E: Environment>(env: &E, deadline: Duration, changing: impl Fn() -> bool) -> Ended {
    let mut cancelled_at = None;
    loop {
        let now = env.now();
        if env.cancelled() {
            let waited = now.saturating_sub(*cancelled_at.get_or_insert(now));
            if !changing() || waited >= LAST_ANSWER {
                return Ended::Cancelled;
            }
        }
        let left = deadline.saturating_sub(now);
        if left.is_zero() {
            return Ended::Deadline;
        }
        env.sleep(left.min(ASK_EVERY)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::action::{Action, Call};
    use crate::azure::refusal::Refusal;

    #[test]
    fn a_job_that_ends_early_is_cancelled_or_throttled_or_out_of_time() {
        let answered = |status| CallError::Service {
            refusal: Box::new(Refusal {
                status,
                ..Refusal::default()
            }),
            call: Call {
                action: Action::ListCertificates,
                server: "kv-one.vault.azure.net".into(),
            },
            hint: None,
        };
        for (ended, last, failure, word) in [
            (
                Ended::Cancelled,
                Some(429),
                Failure::Cancelled,
                "was cancelled",
            ),
            (Ended::Deadline, Some(429), Failure::Throttled, "429"),
            (Ended::Deadline, Some(503), Failure::Deadline, "503"),
            (Ended::Deadline, None, Failure::Deadline, "more time"),
        ] {
            let (told, cause) = ended.told(last.map(answered).as_ref());
            assert_eq!(told, failure, "{ended:?} {last:?}");
            assert!(cause.contains(word), "{cause}");
            let out_of_time = ended == Ended::Deadline;
            assert_eq!(cause.contains("more time"), out_of_time, "{cause}");
        }
    }
}
