//! What was changed survives a restart: one JSON file, written whole and never torn.
//!
//! `keeper` writes it soon after a change and at the end. Must not know what the services keep in it.

mod keeper;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub(crate) use keeper::Keeper;

use crate::arm::{Births, BirthsState};
use crate::vault::{Vaults, VaultsState};

/// The shape of the file; another number is another shape.
const VERSION: u32 = 1;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    version: u32,
    #[serde(flatten)]
    vaults: VaultsState,
    /// Absent from files of the first emulators that kept one.
    #[serde(default)]
    births: BirthsState,
}

/// Takes over what a file holds, where there is one, and keeps it up to date from now on.
pub(crate) fn open(
    path: &Path,
    vaults: &Arc<Vaults>,
    births: &Arc<Births>,
    dirty: Dirty,
) -> Result<Keeper, StateError> {
    let unusable = |source| StateError::File {
        path: path.to_owned(),
        source,
    };
    let shape = |problem: String| StateError::Shape {
        path: path.to_owned(),
        problem,
    };
    match std::fs::read(path) {
        Ok(bytes) => {
            let document: Document =
                serde_json::from_slice(&bytes).map_err(|e| shape(e.to_string()))?;
            if document.version != VERSION {
                let found = document.version;
                return Err(shape(format!("version {found} instead of {VERSION}")));
            }
            vaults.restore(document.vaults);
            births.restore(document.births);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    let (vaults, births) = (Arc::clone(vaults), Arc::clone(births));
    let content = move || {
        let document = Document {
            version: VERSION,
            vaults: vaults.snapshot(),
            births: births.snapshot(),
        };
        serde_json::to_vec(&document).map_err(io::Error::other)
    };
    Keeper::start(path, dirty, Box::new(content)).map_err(unusable)
}

/// Why a state file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file could not be read or written.
    #[error("the state file {} cannot be used: {source}; give a path that can be read and written", path.display())]
    File {
        /// The path given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not one that this emulator wrote.
    #[error("the state file {} does not have the shape of one: {problem}; remove it to start anew", path.display())]
    Shape {
        /// The path given.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is a state file already.
    #[error("the emulator keeps a state file already; open one alone")]
    Open,
}

/// Tells the keeper that something changed; clones tell the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dirty(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    flags: Mutex<Flags>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Flags {
    dirty: bool,
    stop: bool,
}

impl Dirty {
    /// Something changed.
    pub(crate) fn mark(&self) {
        self.with(|flags| flags.dirty = true);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Flags) -> T) -> T {
        let answer = act(&mut self.0.flags.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
        answer
    }
}
