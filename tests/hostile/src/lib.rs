//! An extension that misbehaves in one way at a time. The job's option `attempt` names the
//! way; the tests say what must come of it.
//!
//! It must not know how the host defends itself.

#![cfg(target_arch = "wasm32")]
// What it is for.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used)]

mod attempts;

#[allow(unsafe_code, unreachable_pub, missing_docs)] // Generated: the canonical ABI is raw memory.
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "inventory-extension",
        generate_all,
    });
    export!(Hostile with_types_in self);

    use super::Hostile;
}

use bindings::certstore::extension::host::{Job, Outcome, Status, Store};

struct Hostile;

impl bindings::exports::certstore::extension::inventory::Guest for Hostile {
    fn run(job: Job, store: Store) -> Outcome {
        let option = |wanted: &str| {
            job.options
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let message = attempts::attempt(&option("attempt"), &option("argument"), &job, &store);
        Outcome {
            status: Status::Success,
            message,
        }
    }
}
