//! An extension that misbehaves in one way at a time. The job's option `attempt` names the
//! way; the tests say what must come of it. It offers every kind of job but one.
//!
//! It must not know how the host defends itself.

#![cfg(target_arch = "wasm32")]
// What it is for.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

include!("../attempts.rs");

mod addresses;
mod answers;
mod ask;
mod bodies;
mod destinations;
mod headers;
mod methods;
mod paths;
mod placeholders;
mod resources;
mod submissions;
mod texts;
mod tools;

#[allow(unsafe_code, unreachable_pub, missing_docs)] // Generated: the canonical ABI is raw memory.
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package hostile:extension;

            world hostile {
                include certstore:extension/imports@0.1.0;
                export certstore:extension/inventory@0.1.0;
                export certstore:extension/add@0.1.0;
                export certstore:extension/remove@0.1.0;
                export certstore:extension/discovery@0.1.0;
                export certstore:extension/check@0.1.0;
            }
        ",
        world: "hostile:extension/hostile",
        generate_all,
    });
    export!(Hostile with_types_in self);

    use super::Hostile;
}

use bindings::certstore::extension::host::{Failure, Job, Outcome, Status, Store};
use bindings::exports::certstore::extension::{add, check, discovery, inventory, remove};

struct Hostile;

/// What a message begins with whose job is to say Failure.
const FAILURE: &str = "failure: ";

/// What an attempt is called with.
struct Call<'a> {
    /// The job's option `argument`.
    argument: &'a str,
    job: &'a Job,
    input: &'a dyn std::fmt::Debug,
}

/// The argument that asks for the same thing done within what is allowed.
const CONTROL: &str = "control";

impl Call<'_> {
    /// One thing as the attempt, and another as its control.
    fn pick<T>(&self, attempt: T, control: T) -> T {
        if self.argument == CONTROL {
            control
        } else {
            attempt
        }
    }
}

/// An attempt. It returns what it learned, as the message of a job that says Success.
type Attempt = fn(&Call<'_>) -> String;

macro_rules! by_name {
    ($($module:ident: { $($name:ident,)+ },)+) => {
        fn by_name(wanted: &str) -> Option<Attempt> {
            match wanted {
                $($(stringify!($name) => Some($module::$name),)+)+
                _ => tools::by_name(wanted),
            }
        }
    };
}

attempts!(by_name);

/// Does what the job's options say, whatever kind of job it is.
fn run(job: &Job, input: &dyn std::fmt::Debug) -> Outcome {
    let option = |wanted: &str| {
        job.options
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let (name, argument) = (option("attempt"), option("argument"));
    let Some(attempt) = by_name(&name.replace('-', "_")) else {
        panic!("no attempt is called {name:?}");
    };
    let message = attempt(&Call {
        argument: &argument,
        job,
        input,
    });
    match message.strip_prefix(FAILURE) {
        Some(reason) => Outcome {
            status: Status::Failure(Failure::Other),
            message: reason.to_owned(),
        },
        None => Outcome {
            status: Status::Success,
            message,
        },
    }
}

impl inventory::Guest for Hostile {
    fn run(job: Job, store: Store) -> Outcome {
        run(&job, &store)
    }
}

impl add::Guest for Hostile {
    fn run(job: Job, store: Store, certificate: add::Certificate) -> Outcome {
        run(&job, &(store, certificate))
    }
}

impl remove::Guest for Hostile {
    fn run(job: Job, store: Store, alias: String, thumbprint: Option<String>) -> Outcome {
        run(&job, &(store, alias, thumbprint))
    }
}

impl discovery::Guest for Hostile {
    fn run(job: Job, places: Vec<discovery::Place>) -> Outcome {
        run(&job, &places)
    }
}

impl check::Guest for Hostile {
    fn run(job: Job, store: Store, kinds: Vec<check::JobKind>) -> Outcome {
        run(&job, &(store, kinds))
    }
}
