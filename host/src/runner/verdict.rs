//! What a run comes to: a pure function from everything that happened to one report. The
//! extension's word is only part of it.
//!
//! It must not know who reads the report.

use crate::egress::Traffic;
use crate::engine::vocabulary as contract;
use crate::engine::{Ended, Stop};
use crate::grant::Outside;
use crate::limits::{Limits, Reached, key, to_raise};
use crate::spool::Spool;
use crate::text::message;
use job_scope::{FieldError, JobKind, counted};

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The wanted state is there.
    Success,
    /// The wanted state is there, but look at something.
    Warning,
    /// The wanted state was not reached, for this reason.
    Failure(Cause),
}

/// Why a job failed, as far as a caller acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Something in the job is wrong, or is not supported.
    Input,
    /// The policy, or the host's own set-up, does not let it.
    Configuration,
    /// A file that the job's identity is read from cannot be read or used.
    File,
    /// The identity was refused.
    Authentication,
    /// The identity may not do this.
    Forbidden,
    /// What the job is about does not exist.
    NotFound,
    /// The service asked to slow down for too long.
    Throttled,
    /// The time limit came first.
    Deadline,
    /// Somebody asked to stop.
    Cancelled,
    /// The extension tried what the job may not do.
    Denied,
    /// Everything else.
    Other,
}

/// A failure before, or instead of, a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// For people.
    pub message: String,
}

impl Failure {
    pub(super) fn unsupported(message: String) -> Self {
        Self {
            cause: Cause::Input,
            message,
        }
    }

    pub(super) fn configuration(error: impl ToString) -> Self {
        Self {
            cause: Cause::Configuration,
            message: error.to_string(),
        }
    }

    /// `field` is the one of the job that leads there, as far as one does.
    pub(super) fn outside(outside: &Outside, field: Option<&str>) -> Self {
        let Outside { rule, host } = outside;
        let field = field.map_or_else(String::new, |field| format!("{field}: "));
        Self {
            cause: Cause::Configuration,
            message: format!(
                "{field}the job would have to reach {host} ({rule}), which the policy does not allow; correct the field, or add {host:?} to `hosts` in the policy"
            ),
        }
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        Self {
            cause: Cause::Input,
            message: error.to_string(),
        }
    }
}

/// What a job came to.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub status: Status,
    /// For people; the cause first, and the caution last.
    pub message: String,
    /// What a reader must know of the run, whatever it came to: the policy's caution.
    pub caution: Option<String>,
    /// The extension's own word for why it failed, where that is what the job came to.
    pub failure: Option<contract::Failure>,
    /// The complete list; `None` on a failure.
    pub list: Option<Spool>,
    /// Its requests.
    pub traffic: Traffic,
}

impl Report {
    /// The report of a job that was not run. `caution` is the policy's, where there is one.
    pub fn not_run(failure: Failure, caution: Option<&str>, limits: &Limits) -> Self {
        Self {
            status: Status::Failure(failure.cause),
            message: told(&failure.message, caution, limits.message),
            caution: caution.map(str::to_owned),
            failure: None,
            list: None,
            traffic: Traffic {
                sent: 0,
                denied: 0,
                denials: Vec::new(),
                reached: Vec::new(),
            },
        }
    }

    /// The message without the caution, for whoever shows that by itself.
    pub fn text(&self) -> &str {
        let text = match &self.caution {
            Some(caution) => self.message.strip_suffix(caution.as_str()),
            None => None,
        };
        text.map_or(self.message.as_str(), |text| {
            text.strip_suffix(BEFORE_CAUTION).unwrap_or(text)
        })
    }

    /// The report of a job that was stopped while it waited to be run again after this one.
    pub(super) fn stopped_waiting(self, caution: Option<&str>, limits: &Limits) -> Self {
        let failure = Failure {
            cause: Cause::Cancelled,
            message: format!(
                "cancelled while waiting; the last answer was: {}",
                self.text()
            ),
        };
        Self {
            traffic: self.traffic,
            ..Self::not_run(failure, caution, limits)
        }
    }

    /// Whether it may end otherwise later, with nothing done but waiting: what was granted, or
    /// made, takes minutes to arrive, and a service has bad moments. No wrong secret becomes a
    /// right one, and a service may lock an application that goes on trying.
    pub(super) fn may_pass(&self) -> bool {
        use contract::Failure as Word;
        matches!(
            self.failure,
            Some(
                Word::MissingRole
                    | Word::MissingAccessPolicy
                    | Word::StoreNotFound
                    | Word::NotFound
                    | Word::Throttled
                    | Word::Unavailable
            )
        )
    }
}

/// What stands between a text and the caution.
const BEFORE_CAUTION: &str = "; ";

/// What a person is told: the text, cut where it is too long, and then the caution, which is
/// never cut away.
fn told(text: &str, caution: Option<&str>, limit: usize) -> String {
    let caution = match (caution, text.is_empty()) {
        (None, _) => String::new(),
        (Some(caution), true) => message(caution, limit),
        (Some(caution), false) => message(&format!("{BEFORE_CAUTION}{caution}"), limit),
    };
    let room = limit.saturating_sub(caution.encode_utf16().count());
    message(text, room) + &caution
}

/// Everything that a verdict is made from.
pub(super) struct Evidence {
    pub(super) ended: Ended,
    pub(super) traffic: Traffic,
    pub(super) kind: JobKind,
    pub(super) list: Option<Spool>,
    /// Entries of the list that say that something is gone.
    pub(super) gone: u64,
    pub(super) last_inventory: usize,
    pub(super) max_shrink: u8,
    /// What the host itself has to say of the job, besides what it came to.
    pub(super) warnings: Vec<String>,
    /// The key of its time limit; none where whoever called it gave it less.
    pub(super) time_limit: Option<&'static str>,
    pub(super) caution: Option<String>,
    pub(super) message_limit: usize,
}

/// The smallest last inventory that is compared: in a small store every removal is a large
/// share.
const SHRINK_FROM: usize = 20;

/// Decides. In this order: a denied request, a refused submission, an end without a word,
/// the extension's own failure, a list that should be there and is not, or shrank too far, its
/// word.
pub(super) fn verdict(evidence: Evidence) -> Report {
    let Evidence {
        ended,
        traffic,
        kind,
        list,
        gone,
        last_inventory,
        max_shrink,
        warnings,
        time_limit,
        caution,
        message_limit,
    } = evidence;
    let said = match &ended.outcome {
        Ok(outcome) => reported(outcome, time_limit),
        Err(stop) => (
            Status::Failure(cause_of(stop)),
            stopped(stop, kind, &traffic, time_limit),
        ),
    };
    let entries = list.as_ref().map_or(0, Spool::entries).saturating_sub(gone);
    let mut failure = None;
    let (status, text) = if traffic.denied > 0 {
        let limit = traffic.reached.iter().find(|limit| ends_a_job(limit));
        let beyond = limit.map_or_else(String::new, |limit| {
            format!("; and it tried {limit}; {}", to_raise(limit.key()))
        });
        let text = denied(&traffic, &said) + &beyond;
        (Status::Failure(Cause::Denied), text)
    } else if let Some(reason) = &ended.refused {
        let text = format!("the host refused a submission: {reason}");
        (Status::Failure(Cause::Other), text)
    } else if let Some(limit) = traffic.reached.iter().find(|limit| ends_a_job(limit)) {
        let text = format!("the extension tried {limit}; {}", to_raise(limit.key()));
        (Status::Failure(Cause::Other), text)
    } else if matches!(said.0, Status::Failure(_)) {
        failure = word(&ended);
        (said.0, with_limits(said, &traffic))
    } else if makes_a_list(kind) && list.is_none() {
        let text = "the job's list was lost".to_owned();
        (Status::Failure(Cause::Other), text)
    } else if kind == JobKind::Inventory
        && let Some(text) = shrank(last_inventory, entries, max_shrink)
    {
        (Status::Failure(Cause::Other), text)
    } else {
        said
    };
    let status = match status {
        Status::Success if !warnings.is_empty() => Status::Warning,
        status => status,
    };
    let text = std::iter::once(text)
        .chain(warnings)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    let failed = matches!(status, Status::Failure(_));
    Report {
        status,
        message: told(&text, caution.as_deref(), message_limit),
        caution,
        failure,
        list: list.filter(|_| !failed),
        traffic,
    }
}

/// Whether a job that came to this limit cannot have done its work: nothing more of it left.
fn ends_a_job(limit: &Reached) -> bool {
    matches!(limit, Reached::Requests(_))
}

/// A failure's text with the limits that may be its cause.
fn with_limits((status, text): (Status, String), traffic: &Traffic) -> String {
    let late = status == Status::Failure(Cause::Deadline);
    traffic
        .reached
        .iter()
        // Who waits for others to end is only late.
        .filter(|limit| late || !matches!(limit, Reached::RequestsInFlight(_)))
        .fold(text, |text, limit| {
            let raise = to_raise(limit.key());
            format!("{text}; there was {limit}; {raise}")
        })
}

fn word(ended: &Ended) -> Option<contract::Failure> {
    match ended.outcome.as_ref().ok()?.status {
        contract::Status::Failure(word) => Some(word),
        contract::Status::Success | contract::Status::Warning => None,
    }
}

fn reported(outcome: &contract::Outcome, time_limit: Option<&str>) -> (Status, String) {
    use contract::Failure as Word;
    let status = match &outcome.status {
        contract::Status::Success => Status::Success,
        contract::Status::Warning => Status::Warning,
        contract::Status::Failure(failure) => Status::Failure(match failure {
            Word::InvalidInput => Cause::Input,
            Word::WrongSecret
            | Word::ExpiredSecret
            | Word::UnknownTenant
            | Word::UnknownApplication
            | Word::WrongCloud
            | Word::NoIdentity
            | Word::Authentication => Cause::Authentication,
            Word::MissingRole
            | Word::MissingAccessPolicy
            | Word::Firewall
            | Word::PrivateLink
            | Word::Forbidden => Cause::Forbidden,
            Word::StoreNotFound | Word::NotFound => Cause::NotFound,
            Word::Throttled => Cause::Throttled,
            Word::Deadline => Cause::Deadline,
            Word::Cancelled => Cause::Cancelled,
            Word::Conflict
            | Word::Unavailable
            | Word::UnreadableAnswer
            | Word::Unresolved
            | Word::SubmissionRefused
            | Word::Other => Cause::Other,
        }),
    };
    let text = if matches!(status, Status::Failure(_)) && outcome.message.trim().is_empty() {
        "the extension gave no reason".to_owned()
    } else {
        outcome.message.clone()
    };
    match time_limit.filter(|_| status == Status::Failure(Cause::Deadline)) {
        Some(key) => (status, format!("{text}; {}", to_raise(key))),
        None => (status, text),
    }
}

fn makes_a_list(kind: JobKind) -> bool {
    match kind {
        JobKind::Inventory | JobKind::Discovery => true,
        JobKind::Add | JobKind::Remove | JobKind::CreateStore | JobKind::Check => false,
    }
}

/// Why a job ended without a word, and for one that changes something what that leaves open.
fn stopped(
    stop: &Stop,
    kind: JobKind,
    traffic: &Traffic,
    time_limit: Option<&'static str>,
) -> String {
    let limit = match stop {
        Stop::Limit(reached) => Some(reached.key()),
        Stop::Cpu(_) => Some(key::CPU),
        Stop::Deadline(_) => time_limit,
        _ => None,
    };
    let stop = match limit {
        Some(key) => format!("{stop}; {}", to_raise(key)),
        None => stop.to_string(),
    };
    let changes = match kind {
        JobKind::Add | JobKind::Remove | JobKind::CreateStore => true,
        JobKind::Inventory | JobKind::Discovery | JobKind::Check => false,
    };
    if changes && traffic.sent > 0 {
        format!(
            "{stop}; it had sent requests, and whether its change took effect is not known: run it again, what is done already is not done twice"
        )
    } else {
        stop
    }
}

fn cause_of(stop: &Stop) -> Cause {
    match stop {
        Stop::Deadline(_) | Stop::Cpu(_) => Cause::Deadline,
        Stop::Cancelled => Cause::Cancelled,
        Stop::NotOffered(_) => Cause::Input,
        _ => Cause::Other,
    }
}

fn denied(traffic: &Traffic, said: &(Status, String)) -> String {
    let listed: Vec<String> = traffic.denials.iter().map(ToString::to_string).collect();
    let word = match said.0 {
        Status::Success => "Success",
        Status::Warning => "Warning",
        Status::Failure(_) => "Failure",
    };
    let own = if said.1.is_empty() {
        String::new()
    } else {
        format!(": {}", said.1)
    };
    format!(
        "the extension tried what this job may not do, {} time{}: {} (it reported {word}{own})",
        traffic.denied,
        if traffic.denied == 1 { "" } else { "s" },
        listed.join("; "),
    )
}

fn shrank(before: usize, now: u64, max_shrink: u8) -> Option<String> {
    let before = before as u64;
    let kept_least = before.saturating_mul(u64::from(100_u8.saturating_sub(max_shrink)));
    (before >= SHRINK_FROM as u64 && now.saturating_mul(100) < kept_least).then(|| {
        format!(
            "the store has {}, the last inventory had {before}: more than {max_shrink} % are missing, so nothing was submitted; if that is right, run the job once with --max-shrink 100, or say max-shrink = 100 among the properties of the store or in the policy",
            counted(now, "certificate")
        )
    })
}

#[cfg(test)]
mod tests;
