//! Runs extensions: wasmtime, configured once; components, checked and compiled once;
//! and a fresh instance with limits of its own for every job.
//!
//! It knows the contract of `wit/` and nothing of what an extension does with it, who
//! asked for the job, or which requests are allowed: those are given to it.

mod apart;
mod bindings;
mod cache;
mod contract;
mod courtesy;
mod imports;
pub mod inspect;
mod offers;
mod run;
mod state;
mod work;

use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

pub use apart::{Compiler, compile_here};
pub use bindings::certstore::extension::host as vocabulary;
pub use cache::Cache;
pub use imports::Reports;
pub use run::{Cancel, Ended, JobRun, Stop, Usage};
pub use work::{CertificateToAdd, JobInput, Work, input};

use crate::limits::{CompileLimits, EPOCH_TICK, Limits, MEMORIES, key, to_raise};
use inspect::AtCall;
use offers::Offers;
use state::JobState;

/// What every component begins with: the magic number of WebAssembly, the version of the binary
/// format, and the layer that tells it from a module (Component Model, "Binary Format").
const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It is larger than the limit.
    #[error(
        "the component has {size} bytes, more than the {limit} a component may have; {}",
        to_raise(key::COMPONENT)
    )]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Its digest is not the pinned one.
    #[error(
        "the component's sha256 is {found}, not the expected {expected}: it is not the file that was approved"
    )]
    Digest {
        /// The digest that was asked for, lower-case hex.
        expected: String,
        /// The digest of the file, lower-case hex.
        found: String,
    },
    /// It needs more memories, tables or instances than a job may have, as wasmtime says.
    #[error(
        "the component needs more than a job may have: {0}; if it is to have that, see `{memory}`, `{tables}` and `{instances}` under `[limits]` in the policy",
        memory = key::MEMORY,
        tables = key::TABLE_ELEMENTS,
        instances = key::INSTANCES
    )]
    Limit(String),
    /// It is something else.
    #[error("it is not a WebAssembly component")]
    NoComponent,
    /// It is a broken component.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// It could not be compiled within the limits for that.
    #[error("the component was not compiled: {0}")]
    NotCompiled(String),
    /// It imports something that the contract does not have.
    #[error(
        "the component imports `{0}`, which the contract does not have; an extension may import only wasi:http, wasi:io, wasi:clocks and certstore:extension/host"
    )]
    Import(String),
    /// It exports something that the contract does not have.
    #[error(
        "the component exports `{0}`, which the contract does not have; see the worlds of certstore:extension"
    )]
    Export(String),
    /// It exports no job.
    #[error("the component exports no job of certstore:extension, so there is nothing to run")]
    OffersNothing,
    /// Its types are not those of the contract.
    #[error("the component does not fit the contract: {0}")]
    Mismatch(String),
}

/// Why an engine could not be made.
#[derive(Debug, thiserror::Error)]
#[error("wasmtime could not be set up: {0}")]
pub struct EngineError(String);

/// Wasmtime with its pool, the linked host interfaces and the epoch clock.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    compiler: Option<Arc<Compiler>>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<JobState>,
    cache: Option<Cache>,
    component_limit: u64,
    compile_limits: CompileLimits,
    /// Of a test that looks on.
    at_call: Option<AtCall>,
    /// Ends the ticker's thread when the engine is dropped.
    _ticker: SyncSender<()>,
}

/// A component, checked against the contract, compiled and linked.
#[derive(Clone)]
pub struct Extension {
    pre: InstancePre<JobState>,
    offers: Offers,
    digest: String,
    size: u64,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Engine {
    /// An engine for `jobs` jobs at once, with pool slots sized by `limits`.
    pub fn new(limits: &Limits, jobs: u32, cache: Option<Cache>) -> Result<Self, EngineError> {
        Self::of(&config(limits, jobs), limits, cache, None)
    }

    fn of(
        config: &Config,
        limits: &Limits,
        cache: Option<Cache>,
        at_call: Option<AtCall>,
    ) -> Result<Self, EngineError> {
        let failed = |error: wasmtime::Error| EngineError(format!("{error:#}"));
        let wasmtime = wasmtime::Engine::new(config).map_err(failed)?;
        let linker = state::linker(&wasmtime).map_err(failed)?;
        let ticker = tick(wasmtime.clone()).map_err(|error| EngineError(error.to_string()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                wasmtime,
                linker,
                cache,
                component_limit: limits.component,
                compile_limits: CompileLimits {
                    artifact: limits
                        .compile
                        .artifact
                        .max(limits.component.saturating_mul(4)),
                    ..limits.compile.clone()
                },
                at_call,
                _ticker: ticker,
            }),
            compiler: None,
        })
    }

    /// The same engine, which compiles what is not pinned in a process of `compiler`. Without
    /// it, everything is compiled in this process, where nothing bounds the time and the memory
    /// that takes: for components that somebody vouches for.
    #[must_use]
    pub fn compiling_apart(self, compiler: Compiler) -> Self {
        Self {
            compiler: Some(Arc::new(compiler)),
            ..self
        }
    }

    /// Loads a component. With `pinned` (64 hex digits, any case) only that very file.
    pub fn load(&self, bytes: &[u8], pinned: Option<&str>) -> Result<Extension, LoadError> {
        let size = bytes.len() as u64;
        let limit = self.inner.component_limit;
        if size > limit {
            return Err(LoadError::TooLarge { size, limit });
        }
        let digest = sha256(bytes);
        if let Some(expected) = pinned
            && !expected.trim().eq_ignore_ascii_case(&digest)
        {
            return Err(LoadError::Digest {
                expected: expected.trim().to_ascii_lowercase(),
                found: digest,
            });
        }
        let component = self.compiled(bytes, &digest, pinned.is_some())?;
        let engine = &self.inner.wasmtime;
        let types = component.component_type();
        let imports: Vec<String> = types.imports(engine).map(|(n, _)| n.to_owned()).collect();
        let exports: Vec<String> = types.exports(engine).map(|(n, _)| n.to_owned()).collect();
        contract::check(
            imports.iter().map(String::as_str),
            exports.iter().map(String::as_str),
        )?;
        let mismatch = |error: wasmtime::Error| LoadError::Mismatch(format!("{error:#}"));
        let pre = self
            .inner
            .linker
            .instantiate_pre(&component)
            .map_err(mismatch)?;
        let offers = Offers::bind(&pre, &exports).map_err(mismatch)?;
        Ok(Extension {
            pre,
            offers,
            digest,
            size,
            imports,
            exports,
        })
    }

    fn compiled(&self, bytes: &[u8], digest: &str, pinned: bool) -> Result<Component, LoadError> {
        if !bytes.starts_with(PREAMBLE) {
            return Err(LoadError::NoComponent);
        }
        let engine = &self.inner.wasmtime;
        let cached = self.inner.cache.as_ref();
        let limits = &self.inner.compile_limits;
        if let Some(component) =
            cached.and_then(|cache| cache.load(engine, digest, limits.artifact))
        {
            return Ok(component);
        }
        let artifact = match self.compiler.as_deref().filter(|_| !pinned) {
            Some(compiler) => compiler
                .compile(bytes, limits)
                .map_err(LoadError::NotCompiled)?,
            None => engine
                .precompile_component(bytes)
                .map_err(|error| not_compiled(&error))?,
        };
        let component =
            deserialize(engine, &artifact).map_err(|error| match not_compiled(&error) {
                limit @ LoadError::Limit(_) => limit,
                _ => LoadError::NotCompiled(format!(
                    "what the compiler made is of another version: {error:#}"
                )),
            })?;
        if let Some(cache) = cached {
            cache.store(engine, digest, &artifact);
        }
        Ok(component)
    }
}

impl Extension {
    /// The sha256 of the component file, in lower-case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The size of the component file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Full names of what it imports.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Full names of what it exports, one interface for each kind of job it offers.
    pub fn exports(&self) -> &[String] {
        &self.exports
    }

    /// The world of the contract that it fits: the one of its only kind of job, or the
    /// one of them all, of which it may offer a part.
    pub fn world(&self) -> String {
        let kind = |export: &str| Some(export.split_once('/')?.1.split_once('@')?.0.to_owned());
        match self.exports.as_slice() {
            [only] => kind(only).map_or_else(String::new, |kind| format!("{kind}-extension")),
            _ => "extension".to_owned(),
        }
    }

    /// Whether it exports the interface `name`, such as `inventory`.
    pub fn offers(&self, name: &str) -> bool {
        offers::exported(&self.exports, name)
    }
}

fn config(limits: &Limits, jobs: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let instances = jobs.saturating_mul(limits.instances);
    pool.total_component_instances(jobs)
        .total_stacks(jobs)
        .total_core_instances(instances)
        .total_memories(jobs.saturating_mul(MEMORIES))
        .total_tables(instances)
        .max_core_instances_per_component(limits.instances)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(limits.instances)
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements);
    let mut config = codegen();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// What compiled code depends on: alike for the process that compiles and the one that runs.
fn codegen() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_component_model(true)
        // A trap's text says which trap; frames of a stripped guest add nothing to it.
        .wasm_backtrace_max_frames(None);
    config
}

/// Moves the epoch on, from a thread of its own, until the sender is dropped.
fn tick(engine: wasmtime::Engine) -> std::io::Result<SyncSender<()>> {
    let (alive, ended) = sync_channel::<()>(0);
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(EPOCH_TICK) {
                engine.increment_epoch();
            }
        })?;
    Ok(alive)
}

/// The sha256 of a component file, in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[allow(unsafe_code)]
fn deserialize(engine: &wasmtime::Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are what wasmtime made of a component in this process, in one that runs
    // this program, or in an earlier one of this user's: an entry of the cache is theirs alone,
    // and its hash is right. An artifact of another wasmtime or configuration is refused by
    // wasmtime itself.
    unsafe { Component::deserialize(engine, artifact) }
}

/// Wasmtime has no types for what does not fit into its pool, only texts.
fn not_compiled(error: &wasmtime::Error) -> LoadError {
    let text = format!("{error:#}");
    let limit = ["exceeds the limit", "exceeds the configured maximum"];
    if limit.iter().any(|words| text.contains(words)) {
        LoadError::Limit(text)
    } else {
        LoadError::Invalid(text)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
