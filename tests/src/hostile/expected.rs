//! What a row of the table says. It must not know how it is held to.

use azure_emulator::Emulator;
use extension_host::egress::CredentialUse;
use extension_host::limits::Limits;
use extension_host::runner::Cause;
use std::fmt;
use std::ops::RangeInclusive;

/// An attempt, and what must come of it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its name, which the extension knows.
    pub name: &'static str,
    /// The job that it is made in.
    pub job: &'static str,
    /// What stops it.
    pub stopped: Stopped,
    /// What a user sees of it: a part of the result's message, or of the log.
    pub sees: &'static str,
    /// How many denials it has, where it is denied.
    pub denials: usize,
    /// Requests that arrive at the service all the same.
    pub arrive: RangeInclusive<usize>,
    /// What the operator's policy says at its top, where that is not the built-in one.
    pub policy: &'static str,
    /// The limits that it is made under, where they are not the usual ones.
    pub limits: fn(&mut Limits),
    /// How the service answers, where that is not as usual.
    pub service: fn(&Emulator),
    /// What shows that the test could have seen it succeed.
    pub control: Control,
}

/// What stops an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// No rule of the job allows it: denied, with this reason.
    Denied(&'static str),
    /// The implementation of WASI refuses to make a request of it, and the extension is told.
    Wasi,
    /// The sandbox: the extension traps.
    Sandbox,
    /// A limit, which ends the job for this cause.
    Limit(Cause),
    /// A limit that slows, cuts or drops, and ends nothing.
    Bounded,
    /// The host does not take the submission, which fails the job.
    Submission,
    /// The veil: what is sent is a placeholder, and the audit says so.
    Veiled(CredentialUse),
    /// What is printed is made safe.
    MadeSafe,
    /// Nothing has to: it does no harm.
    Harmless,
}

/// What shows that the test could have seen an attempt succeed.
#[derive(Debug, Clone, Copy)]
pub enum Control {
    /// The same attempt under a policy with the rule that the denial offers; one request arrives.
    Pasted,
    /// The same thing done within what is allowed, in which so many requests arrive.
    Within(usize),
    /// The same attempt in another job, where it is allowed; so many requests arrive.
    Job(&'static str, usize),
}

impl fmt::Display for Stopped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(code) => write!(out, "the job's grants: `{code}`"),
            Self::Wasi => out.write_str("WASI: no request is made"),
            Self::Sandbox => out.write_str("the sandbox: a trap"),
            Self::Limit(_) => out.write_str("a limit, which ends the job"),
            Self::Bounded => out.write_str("a limit, which cuts it"),
            Self::Submission => out.write_str("the check of submissions"),
            Self::Veiled(_) => out.write_str("the veil: it is a placeholder"),
            Self::MadeSafe => out.write_str("nothing is printed as it came"),
            Self::Harmless => out.write_str("nothing to stop"),
        }
    }
}

const INVENTORY: &str = "inventory-service-principal";

/// An attempt in an inventory, with the request in it done rightly as its control.
pub(super) fn row(name: &'static str, stopped: Stopped, sees: &'static str) -> Attempt {
    Attempt {
        name,
        job: INVENTORY,
        stopped,
        sees,
        denials: 1,
        arrive: 0..=0,
        policy: "",
        limits: |_| {},
        service: |_| {},
        control: Control::Within(1),
    }
}

/// One that is denied, and allowed by the rule that the denial offers.
pub(super) fn deniable(name: &'static str, code: &'static str, sees: &'static str) -> Attempt {
    row(name, Stopped::Denied(code), sees).control(Control::Pasted)
}

/// One that is denied under any policy.
pub(super) fn denied(name: &'static str, code: &'static str, sees: &'static str) -> Attempt {
    row(name, Stopped::Denied(code), sees)
}

/// One of which no request is made.
pub(super) fn refused(name: &'static str, sees: &'static str) -> Attempt {
    row(name, Stopped::Wasi, sees)
}

/// One without any request, its control neither.
pub(super) fn quiet(name: &'static str, stopped: Stopped, sees: &'static str) -> Attempt {
    row(name, stopped, sees).control(Control::Within(0))
}

impl Attempt {
    pub(super) fn of(self, job: &'static str) -> Self {
        Self { job, ..self }
    }

    pub(super) fn control(self, control: Control) -> Self {
        Self { control, ..self }
    }

    pub(super) fn denials(self, denials: usize) -> Self {
        Self { denials, ..self }
    }

    pub(super) fn arrive(self, arrive: usize) -> Self {
        self.arrive_between(arrive, arrive)
    }

    pub(super) fn arrive_between(self, least: usize, most: usize) -> Self {
        Self {
            arrive: least..=most,
            ..self
        }
    }

    pub(super) fn under(self, limits: fn(&mut Limits)) -> Self {
        Self { limits, ..self }
    }

    pub(super) fn beneath(self, policy: &'static str) -> Self {
        Self { policy, ..self }
    }

    pub(super) fn served(self, service: fn(&Emulator)) -> Self {
        Self { service, ..self }
    }
}
