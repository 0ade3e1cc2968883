//! What the jobs share that change one certificate: their patience, and what they say when
//! they must stop.
//!
//! It must not know what is changed.

use std::time::Duration;

use job_scope::StoreScope;

use super::watch::Ended;
use crate::azure::error::CallError;
use crate::contract::{Failure, Outcome, Status};

/// Between two looks at a name that the vault is at work on; Azure's own libraries wait as
/// long.
pub const LOOK_AT_NAME_EVERY: Duration = Duration::from_secs(2);

/// How long a deletion or a recovery may be going on. Both take seconds; two minutes is
/// what Microsoft's own tools grant.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before looking what became of a change whose answer was lost: the first
/// time, and the second. So many times it is sent; who loses two answers in a row loses the
/// third too. A change that is under way takes effect within a second or two, but whatever
/// loses a second answer may as well hold requests back. One that takes effect after the last
/// look cannot be told from one that never does.
pub const SETTLE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];

/// The wanted state is there: a success, and a warning where the job's input has something
/// to look at. The platform shows what is `told` in the job's history.
pub fn reached(scope: &StoreScope, told: &[String]) -> Outcome {
    let status = if scope.notes().is_empty() {
        Status::Success
    } else {
        Status::Warning
    };
    Outcome::new(status, &sentences(scope, told))
}

/// The wanted state is there, or left alone on purpose, and somebody should look.
pub fn look(scope: &StoreScope, told: &[String]) -> Outcome {
    Outcome::new(Status::Warning, &sentences(scope, told))
}

fn sentences(scope: &StoreScope, told: &[String]) -> String {
    let all: Vec<&str> = told
        .iter()
        .chain(scope.notes())
        .map(String::as_str)
        .collect();
    all.join(". ")
}

/// Seconds since 1970 for people, in UTC.
pub fn date(seconds: i64) -> Option<String> {
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    // Beyond the year 9999 there is no such date.
    let last = Duration::from_secs(253_402_300_799);
    (since <= last).then(|| httpdate::fmt_http_date(std::time::UNIX_EPOCH + since))
}

/// The job had to stop. `so_far` says what it has done; `unknown` is set where a change
/// was sent and nobody knows what became of it.
pub fn stopped(ended: Ended, last: Option<CallError>, so_far: &str, unknown: bool) -> Outcome {
    let (failure, cause) = ended.told(last.as_ref());
    let failure = if unknown {
        Failure::Unresolved
    } else {
        failure
    };
    Outcome::failure(failure, format!("{cause}; {so_far}"))
}
