//! What an extension is called for, one variant for each interface of the contract, with that
//! interface's input.
//!
//! It must not know who asked, nor what an extension makes of it.

use super::Extension;
use super::bindings::certstore::extension::host::{Credential, Job, Outcome, Store as JobStore};
use super::bindings::exports::certstore::extension as exported;
use super::run::Stop;
use super::state::JobState;
use secrecy::zeroize::Zeroize;
use wasmtime::Store;

/// The inputs of the interfaces, under the contract's names.
pub mod input {
    pub use crate::engine::bindings::exports::certstore::extension::add::{
        Certificate, ContentsFormat,
    };
    pub use crate::engine::bindings::exports::certstore::extension::check::JobKind;
    pub use crate::engine::bindings::exports::certstore::extension::discovery::Place;
}

/// What an extension is called for. It holds secrets, so it cannot be printed.
pub enum Work {
    /// `inventory.run` of this store.
    Inventory(JobStore),
    /// `add.run`: this certificate into this store.
    Add(JobStore, CertificateToAdd),
    /// `remove.run`
    Remove {
        /// From which store.
        store: JobStore,
        /// Which certificate.
        alias: String,
        /// The thumbprint that the current one must have.
        thumbprint: Option<String>,
    },
    /// `create-store.run` of this store.
    CreateStore(JobStore),
    /// `discovery.run` in these places.
    Discovery(Vec<input::Place>),
    /// `check.run`: these kinds of job in this store.
    Check(JobStore, Vec<input::JobKind>),
}

/// A certificate with its key, wiped when it is dropped. There is no way to print it.
pub struct CertificateToAdd(input::Certificate);

impl CertificateToAdd {
    /// Takes over a certificate.
    pub fn new(certificate: input::Certificate) -> Self {
        Self(certificate)
    }
}

impl Drop for CertificateToAdd {
    fn drop(&mut self) {
        self.0.contents.zeroize();
        self.0.password.zeroize();
        for (_, value) in &mut self.0.parameters {
            value.zeroize();
        }
    }
}

/// The common input of a job, with its credential: wiped when it is dropped, never printed.
pub struct JobInput(pub(super) Job);

impl JobInput {
    /// Takes over a job. Its time limit is set when it runs.
    pub fn new(job: Job) -> Self {
        Self(job)
    }
}

impl Drop for JobInput {
    fn drop(&mut self) {
        if let Credential::ClientSecret(secret) = &mut self.0.credential {
            secret.secret.zeroize();
        }
    }
}

/// Makes a fresh instance and calls it once. The work is gone, and what is secret in it wiped,
/// when the call is over, however it ends.
pub(super) async fn call(
    extension: &Extension,
    store: &mut Store<JobState>,
    work: Work,
    job: &Job,
) -> Result<Outcome, Stop> {
    let trap = |error: wasmtime::Error| Stop::Trap(format!("{error:#}"));
    let start = |error: wasmtime::Error| Stop::Start(format!("{error:#}"));
    let offers = &extension.offers;
    macro_rules! run {
        ($interface:ident, $($argument:expr),+) => {{
            let indices: &exported::$interface::GuestIndices = offers
                .$interface
                .as_ref()
                .ok_or_else(|| Stop::NotOffered(extension.exports.join(", ")))?;
            let instance = extension
                .pre
                .instantiate_async(&mut *store)
                .await
                .map_err(start)?;
            let guest = indices.load(&mut *store, &instance).map_err(start)?;
            guest
                .call_run(&mut *store, job, $($argument),+)
                .await
                .map_err(trap)
        }};
    }
    match &work {
        Work::Inventory(of) => run!(inventory, of),
        Work::Add(to, certificate) => run!(add, to, &certificate.0),
        Work::Remove {
            store: from,
            alias,
            thumbprint,
        } => run!(remove, from, alias, thumbprint.as_deref()),
        Work::CreateStore(which) => run!(create_store, which),
        Work::Discovery(places) => run!(discovery, places),
        Work::Check(of, kinds) => run!(check, of, kinds),
    }
}
