//! The exit codes, stable for scripts. One table; the help text is made from it.

use anyhow::Result;
use extension_host::runner::{Cause, Status};
use std::process::ExitCode;

/// How `akv` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    Failure = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    Warning = 5,
    Throttled = 6,
    Interrupted = 130,
}

/// Each code and what it means.
pub(crate) const EXITS: &[(Exit, &str)] = &[
    (Exit::Success, "success"),
    (Exit::Failure, "failure"),
    (
        Exit::Usage,
        "wrong call, or a file that cannot be read or used",
    ),
    (Exit::NotFound, "the store does not exist"),
    (
        Exit::Refused,
        "refused: the identity, what it may do, or where it comes from",
    ),
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

/// Says of an error that the call itself is wrong.
pub(crate) trait OrUsage<T> {
    /// The same, said once however often it is said.
    fn or_usage(self) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrUsage<T> for Result<T, E> {
    fn or_usage(self) -> Result<T> {
        self.map_err(|error| {
            let error = error.into();
            match Exit::of_error(&error) {
                Exit::Usage => error,
                _ => error.context(UsageError),
            }
        })
    }
}

impl Exit {
    /// The code for the end of a job.
    pub(crate) fn of_status(status: Status) -> Self {
        match status {
            Status::Success => Self::Success,
            Status::Warning => Self::Warning,
            Status::Failure(cause) => match cause {
                Cause::File => Self::Usage,
                Cause::NotFound => Self::NotFound,
                Cause::Authentication | Cause::Forbidden => Self::Refused,
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

    #[test]
    fn a_wrong_call_is_said_once() {
        let wrong: Result<()> = Err(anyhow::anyhow!("cannot read x")).or_usage();
        let twice = wrong.or_usage().unwrap_err();
        assert_eq!(format!("{twice:#}"), "nothing was run: cannot read x");
        assert_eq!(Exit::of_error(&twice), Exit::Usage);
    }
}
