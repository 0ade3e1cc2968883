//! What must hold for every input of the parsers that read what a stranger wrote. Each function
//! takes any bytes and panics when something does not hold, so that a fuzzer can look for such
//! bytes (`tests/fuzz`), and each test run goes through what was found before.
//!
//! It must not know who makes the bytes. What it compares with is written down here a second
//! time, or done by somebody else's parser: never by the code that is looked at.

mod challenge;
mod grant;
mod job;
mod next_link;
mod pkcs12;
mod policy;
mod store_path;
mod tags;
mod veil_form;
mod veil_json;

/// One parser and what must hold of it.
#[derive(Clone, Copy)]
pub struct Invariant {
    /// The name of its fuzz target, and of the folder of its corpus.
    pub name: &'static str,
    /// Panics when it does not hold of these bytes.
    pub holds: fn(&[u8]),
}

/// All of them.
pub const ALL: &[Invariant] = &[
    Invariant {
        name: "challenge",
        holds: challenge::holds,
    },
    Invariant {
        name: "grant",
        holds: grant::holds,
    },
    Invariant {
        name: "job",
        holds: job::holds,
    },
    Invariant {
        name: "next_link",
        holds: next_link::holds,
    },
    Invariant {
        name: "pkcs12",
        holds: pkcs12::holds,
    },
    Invariant {
        name: "policy",
        holds: policy::holds,
    },
    Invariant {
        name: "store_path",
        holds: store_path::holds,
    },
    Invariant {
        name: "tags",
        holds: tags::holds,
    },
    Invariant {
        name: "veil_form",
        holds: veil_form::holds,
    },
    Invariant {
        name: "veil_json",
        holds: veil_json::holds,
    },
];

/// Looks whether the invariant `name` holds of these bytes.
pub fn holds(name: &str, data: &[u8]) {
    let found = ALL.iter().find(|invariant| invariant.name == name);
    assert!(found.is_some(), "there is no invariant {name}");
    if let Some(invariant) = found {
        (invariant.holds)(data);
    }
}
