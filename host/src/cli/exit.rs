//! The exit codes, stable for scripts. One table; the help text is made from it.

use extension_host::runner::{Cause, Status};
use std::process::ExitCode;

/// How `akv` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    Failure = 1,
    Usage = 2,
    NotFound = 3,
    Authentication = 4,
    Warning = 5,
    Throttled = 6,
    Interrupted = 130,
}

/// Each code and what it means.
pub(crate) const EXITS: &[(Exit, &str)] = &[
    (Exit::Success, "success"),
    (Exit::Failure, "failure"),
    (Exit::Usage, "wrong call, or a file that cannot be read"),
    (Exit::NotFound, "the store does not exist"),
    (Exit::Authentication, "the identity was refused"),
    (Exit::Warning, "done, with a warning"),
    (Exit::Throttled, "throttled, or out of time"),
    (Exit::Interrupted, "interrupted"),
];

/// An error of the call itself: arguments, files, policy.
#[derive(Debug)]
pub(crate) struct UsageError;

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing was run")
    }
}

impl Exit {
    /// The code for the end of a job.
    pub(crate) fn of_status(status: Status) -> Self {
        match status {
            Status::Success => Self::Success,
            Status::Warning => Self::Warning,
            Status::Failure(cause) => match cause {
                Cause::NotFound => Self::NotFound,
                Cause::Authentication => Self::Authentication,
                Cause::Throttled | Cause::Deadline => Self::Throttled,
                Cause::Cancelled => Self::Interrupted,
                _ => Self::Failure,
            },
        }
    }

    /// The code for an error before or after a job.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        if error.downcast_ref::<UsageError>().is_some() {
            Self::Usage
        } else {
            Self::Failure
        }
    }

    /// The table for the help text.
    pub(crate) fn help() -> String {
        let mut text = "Exit codes:\n".to_owned();
        for (exit, meaning) in EXITS {
            text.push_str(&format!("  {:<4} {meaning}\n", *exit as u8));
        }
        text
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_meaning_and_stays_what_it_is() {
        let codes: Vec<u8> = EXITS.iter().map(|(exit, _)| *exit as u8).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 130]);
    }
}
