//! The contract's words (`wit/host.wit`) as the guest's own types, so that the job
//! logic compiles and is tested natively, where no generated bindings exist.
//!
//! It must not know WIT, wasm, or how anything here is carried over the boundary.

use std::fmt;
use std::time::Duration;

/// A client secret, or what stands in its place. It has no `Debug` and no `Display`:
/// text that holds one cannot be written by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is; nothing is trimmed.
    pub fn new(text: String) -> Self {
        Secret(text)
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// How a job proves who it is (`host.credential`).
#[derive(Clone)]
pub enum Credential {
    /// Client id and secret.
    ClientSecret {
        /// The application (client) id.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// A federated assertion for this client id.
    ClientAssertion(String),
    /// The machine's managed identity, user-assigned when there is a client id.
    ManagedIdentity(Option<String>),
}

/// What every job gets (`host.job`).
#[derive(Clone)]
pub struct Job {
    /// A UUID, different for each attempt.
    pub attempt_id: String,
    /// From the call until the host ends the job.
    pub time_limit: Duration,
    /// The identity to work with.
    pub credential: Credential,
    /// Options by name. Unknown ones are ignored.
    pub options: Vec<(String, String)>,
}

/// Which store a job is about (`host.store`), in the orchestrator's words.
#[derive(Clone, Debug)]
pub struct Store {
    /// Tenant, as the platform has it.
    pub tenant: String,
    /// Store path, as the platform holds it.
    pub path: String,
    /// The custom fields that the store type names.
    pub properties: Vec<(String, String)>,
}

/// What a certificate is delivered in (`add.contents-format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentsFormat {
    /// PKCS#12.
    Pkcs12,
    /// PEM blocks.
    Pem,
}

/// A certificate to add (`add.certificate`). No `Debug`: it holds a private key.
pub struct NewCertificate {
    /// The name it gets.
    pub alias: String,
    /// The bytes as they were delivered.
    pub contents: Vec<u8>,
    /// How to read them.
    pub format: ContentsFormat,
    /// Their password; `None` when none was given.
    pub password: Option<Secret>,
    /// Whether a live certificate of that name may be replaced.
    pub overwrite: bool,
    /// Entry parameters of the store type, by name, as text.
    pub parameters: Vec<(String, String)>,
}

/// One place to look for stores in (`discovery.place`).
#[derive(Clone, Debug)]
pub struct Place {
    /// A tenant, as the platform has it.
    pub name: String,
    /// Options for this place alone; they win over the job's.
    pub options: Vec<(String, String)>,
}

/// Why a job failed, as far as its caller acts on it (`host.failure`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The job's own input is wrong.
    InvalidInput,
    /// The client secret is not the application's.
    WrongSecret,
    /// The client secret has expired.
    ExpiredSecret,
    /// The tenant does not exist in this cloud.
    UnknownTenant,
    /// The application does not exist in this tenant, or is disabled.
    UnknownApplication,
    /// The tenant or the store lives in another cloud.
    WrongCloud,
    /// The machine has no such managed identity, or the host no federated token.
    NoIdentity,
    /// The identity or its token was refused for another reason.
    Authentication,
    /// A role is missing.
    MissingRole,
    /// A permission of the store's access policies is missing.
    MissingAccessPolicy,
    /// The store's firewall does not admit this machine.
    Firewall,
    /// The store takes connections from a private link only.
    PrivateLink,
    /// The identity may not do this for another reason.
    Forbidden,
    /// The store's name does not resolve.
    StoreNotFound,
    /// What the job is about does not exist.
    NotFound,
    /// It is there already, or in a state in which the job must not touch it.
    Conflict,
    /// The service asked to slow down for longer than the job may wait.
    Throttled,
    /// The time limit came first.
    Deadline,
    /// The host asked to stop.
    Cancelled,
    /// The service cannot be reached, or fails itself.
    Unavailable,
    /// The service's answer makes no sense.
    UnreadableAnswer,
    /// A change was sent, and whether it took effect is not known.
    Unresolved,
    /// The host refused a submission.
    SubmissionRefused,
    /// Everything else.
    Other,
}

/// How a job ended (`host.status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The wanted state is there.
    Success,
    /// The wanted state is there, but look at something.
    Warning,
    /// The wanted state was not reached.
    Failure(Failure),
}

/// What a job reports (`host.outcome`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// For people, at most [`MESSAGE_LIMIT`] UTF-16 units, the cause first.
    pub message: String,
}

/// UTF-16 units that a platform stores of a message (`host.outcome`).
pub const MESSAGE_LIMIT: usize = 4_000;

/// Stands at the end of a message that was cut.
const CUT: &str = " … (truncated)";

impl Outcome {
    /// An outcome whose message is cut to [`MESSAGE_LIMIT`].
    pub fn new(status: Status, message: &str) -> Self {
        Outcome {
            status,
            message: bounded(message, MESSAGE_LIMIT),
        }
    }

    /// A failure with its cause.
    pub fn failure(failure: Failure, cause: impl fmt::Display) -> Self {
        Outcome::new(Status::Failure(failure), &cause.to_string())
    }
}

/// `text`, cut with a note when it has more than `limit` UTF-16 units.
pub fn bounded(text: &str, limit: usize) -> String {
    if text.encode_utf16().count() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(CUT.encode_utf16().count());
    let mut units = 0;
    let mut cut: String = text
        .chars()
        .take_while(|character| {
            units += character.len_utf16();
            units <= room
        })
        .collect();
    cut.push_str(CUT);
    cut
}

/// The value of an entry parameter (`host.parameter-value`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    /// Text.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// `null`: it exists and has no value.
    Unset,
}

/// One certificate of a store (`host.inventory-item`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryItem {
    /// The name under which the store holds it.
    pub alias: String,
    /// DER, the leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// Whether the store holds a private key for it.
    pub private_key: bool,
    /// Entry parameters by name.
    pub parameters: Vec<(&'static str, ParameterValue)>,
    /// Facts for people that a platform does not take.
    pub details: Vec<(&'static str, String)>,
}

/// A certificate of the last inventory (`host.known-certificate`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCertificate {
    /// The name under which it was reported.
    pub alias: String,
    /// SHA-1 of what was reported, in hex.
    pub thumbprints: Vec<String>,
}

/// What became of one (`host.known-state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownState {
    /// It is the same.
    Unchanged,
    /// It is not there any more.
    Deleted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_at_utf16_units_and_says_that_it_was_truncated() {
        // U+1F511 is one character, two UTF-16 units and four bytes.
        for text in ["a".repeat(5_000), "ä".repeat(4_001), "🔑".repeat(2_001)] {
            let outcome = Outcome::new(Status::Warning, &text);
            let units = outcome.message.encode_utf16().count();
            assert!(units <= MESSAGE_LIMIT, "{units}");
            assert!(units >= MESSAGE_LIMIT - 1, "{units}");
            assert!(outcome.message.ends_with("truncated)"));
        }
    }

    #[test]
    fn a_message_that_just_fits_is_left_alone() {
        for text in ["a".repeat(4_000), "🔑".repeat(2_000)] {
            assert_eq!(Outcome::new(Status::Warning, &text).message, text);
        }
    }
}
