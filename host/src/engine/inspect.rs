//! A look into the memory of extensions, for tests that say what must not be in it: an engine
//! whose linear memories are the test's, and which tells it whenever a job turns to its host.
//!
//! It must not know what is looked for. No engine that runs jobs for anybody is made like this.

use super::{Engine, EngineError};
use crate::limits::Limits;
use std::sync::Arc;

pub use wasmtime::{LinearMemory, MemoryCreator, MemoryType, Result};

/// How a test looks on.
#[derive(Clone)]
pub struct Inspection {
    /// Makes the linear memories. They need no guards and no address space of their own: the
    /// engine checks each access, and copies what a memory holds at first.
    pub memories: Arc<dyn MemoryCreator>,
    /// Called at every call of a job into its host, on the job's thread, at least once, before
    /// the host does anything.
    pub at_call: Arc<dyn Fn() + Send + Sync>,
}

impl Engine {
    /// An engine that is looked into.
    ///
    /// # Errors
    /// As of [`Engine::new`].
    pub fn inspected(limits: &Limits, inspection: Inspection) -> Result<Self, EngineError> {
        let mut config = super::codegen();
        config
            .with_host_memory(inspection.memories)
            .memory_reservation(0)
            .memory_reservation_for_growth(0)
            .memory_guard_size(0)
            .memory_init_cow(false);
        Self::of(&config, limits, None, Some(inspection.at_call))
    }
}

/// What is called at every call of a job into its host.
pub(super) type AtCall = Arc<dyn Fn() + Send + Sync>;
