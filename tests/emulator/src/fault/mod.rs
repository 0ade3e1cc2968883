//! What goes wrong on purpose: rules for which requests, how often, and what happens to them.
//!
//! Must not know how a service makes its answers; it sees requests before them and answers after them.
//! `queue` holds the rules still to strike, `effect` is what they do to an answer, `echo` what one says that says too much, `delivery` is how a
//! body arrives that does not arrive whole.

mod delivery;
mod echo;
mod effect;
mod queue;

use serde::Deserialize;

pub use delivery::{DeliveredBody, Delivery, deliver};
pub(crate) use queue::{Asked, Faults, Instead, Turn, Words};

/// One thing that goes wrong, for which requests, and how often. The same shape is `[[fault]]` in a
/// seed file and the body of `POST /faults`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    /// The requests it is for; every one when empty.
    #[serde(default)]
    pub when: When,
    /// How many requests of those it lets pass first, whatever else befalls them. With an empty `when`
    /// and `times` 1, it strikes exactly the request after so many.
    #[serde(default)]
    pub skip: u32,
    /// How many requests it strikes; absent means all of them.
    pub times: Option<u32>,
    /// Whether the service does what was asked all the same; only for what comes instead of an answer.
    #[serde(default)]
    pub applied: Applied,
    /// What happens to them.
    pub then: Effect,
}

/// Whether a request whose answer is replaced, lost or withheld takes effect.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// The service never sees it.
    #[default]
    Never,
    /// The service does it, and only then its answer is replaced.
    AtOnce,
    /// The service does it so many milliseconds of tokio's time later, when the client has its answer.
    AfterMs(u64),
}

/// Which requests a fault is for. Every part given must match.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct When {
    /// The method, upper case.
    pub method: Option<String>,
    /// The end of the host name, lower case.
    pub host: Option<String>,
    /// The beginning of the path.
    pub path: Option<String>,
}

/// What a fault does.
///
/// Of several that come instead of an answer, the first that matches strikes alone, and the service does
/// not see the request unless [`Applied`] says so. The others can strike the same request together.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(
    tag = "effect",
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Effect {
    /// Answers with this status instead, in the service's own error shape or with the body given.
    Status {
        /// The HTTP status.
        status: u16,
        /// A `Retry-After` header, in any spelling.
        retry_after: Option<String>,
        /// A body instead of the service's error.
        body: Option<String>,
    },
    /// Answers with an error of the service by its code, such as `53003` of Entra ID or
    /// `SubscriptionRequestsThrottled` of Azure Resource Manager, in the service's words.
    Error {
        /// The service's code.
        code: String,
        /// A `Retry-After` header, in any spelling.
        retry_after: Option<String>,
    },
    /// Drops the connection without an answer.
    Reset,
    /// Takes the request and never answers, with the connection open.
    Silence,
    /// Answers 200 with JSON that ends too early.
    InvalidJson,
    /// Answers 200 with a JSON object that is none of the service's, as a proxy on the way could.
    OtherJson,
    /// Answers with an HTML page, as a proxy on the way would.
    Html {
        /// The HTTP status.
        status: u16,
    },
    /// Answers with a redirect.
    Redirect {
        /// The HTTP status; 307 when absent.
        status: Option<u16>,
        /// Where it leads to.
        location: String,
    },
    /// Answers with an error of this status that says these texts wherever it has room for words,
    /// as a server would that knows too much.
    EchoError {
        /// The HTTP status.
        status: u16,
        /// What it says; those that come first, where there is room for one only.
        said: Vec<String>,
    },
    /// Puts a text in the place of one of the texts in an answer of success, other than of tags.
    EchoInside {
        /// Which one, counted as often around as needed.
        at: usize,
        /// What it says.
        said: String,
    },
    /// Lets the request wait, and then has it answered.
    Latency {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Moves the clock on before the request is answered.
    ClockSkip {
        /// How far.
        seconds: u64,
    },
    /// Lets a token answer hold a token that expired an hour ago.
    ExpiredToken,
    /// Lets a list's next link lead to another host.
    NextLinkHost {
        /// The host it leads to.
        host: String,
    },
    /// Lets every page's next link lead to that page again.
    RepeatNextLink,
    /// Lets every page have a next link that nobody has seen before; the pages are all the same.
    EndlessNextLink,
    /// Answers a get of this certificate with a `cer` that is no certificate.
    CorruptCertificate {
        /// The certificate's name.
        name: String,
    },
    /// Pads a JSON body with white space.
    OversizedBody {
        /// The least size, in bytes.
        bytes: usize,
    },
    /// Announces the whole body and closes the connection early.
    TruncatedBody {
        /// How much of it arrives, in bytes; half of it when absent.
        bytes: Option<usize>,
    },
    /// Announces the whole body and then stays silent, with the connection open.
    StalledBody {
        /// How much of it arrives, in bytes; half of it when absent.
        bytes: Option<usize>,
    },
    /// Lets the beginning of the answer trickle in byte by byte.
    SlowHeaders {
        /// How long that takes, in milliseconds.
        ms: u64,
    },
}

impl Fault {
    /// A fault that strikes every request until it is narrowed down.
    #[must_use]
    pub fn new(then: Effect) -> Fault {
        Fault {
            when: When::default(),
            skip: 0,
            times: None,
            applied: Applied::Never,
            then,
        }
    }

    /// A fault that answers with a status.
    #[must_use]
    pub fn status(status: u16) -> Fault {
        Fault::new(Effect::Status {
            status,
            retry_after: None,
            body: None,
        })
    }

    /// A fault that answers with an error of the service asked, by the service's code.
    #[must_use]
    pub fn error(code: &str) -> Fault {
        Fault::new(Effect::Error {
            code: code.to_owned(),
            retry_after: None,
        })
    }

    /// What makes no sense of it, for whoever wrote it.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        (self.applied != Applied::Never && !self.then.replaces()).then_some(
            "a fault's \"applied\" goes with an effect that comes instead of an answer, such as reset",
        )
    }

    /// With a `Retry-After` header; only a status and an error have one.
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Fault {
        if let Effect::Status { retry_after, .. } | Effect::Error { retry_after, .. } =
            &mut self.then
        {
            *retry_after = Some(value.to_owned());
        }
        self
    }

    /// Only for this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Fault {
        self.when.method = Some(method.to_owned());
        self
    }

    /// Only for hosts that end so.
    #[must_use]
    pub fn host(mut self, suffix: &str) -> Fault {
        self.when.host = Some(suffix.to_owned());
        self
    }

    /// Only for paths that begin so.
    #[must_use]
    pub fn path(mut self, prefix: &str) -> Fault {
        self.when.path = Some(prefix.to_owned());
        self
    }

    /// Not for the first so many requests.
    #[must_use]
    pub fn skip(mut self, requests: u32) -> Fault {
        self.skip = requests;
        self
    }

    /// With the request taking effect, now or later.
    #[must_use]
    pub fn applied(mut self, applied: Applied) -> Fault {
        self.applied = applied;
        self
    }

    /// Only for so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Fault {
        self.times = Some(times);
        self
    }
}
