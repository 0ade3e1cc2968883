//! What the component exports: one `run` for each kind of job, which turns the contract's
//! types into the crate's own and back.
//!
//! It must not hold job logic.

mod convert;

use std::future::Future;

use crate::allocator::Wiping;
use crate::bindings::certstore::extension::host as wit;
use crate::bindings::exports::certstore::extension::{
    add, check, create_store, discovery, inventory, remove,
};
use crate::contract::Outcome;
use crate::wasi::Wasi;

#[global_allocator]
static ALLOCATOR: Wiping<std::alloc::System> = Wiping(std::alloc::System);

/// What the component exports.
pub(crate) struct Extension;

fn report<F: Future<Output = Outcome>>(work: impl FnOnce() -> F) -> wit::Outcome {
    crate::panic::report_through(|line| wit::log(wit::LogLevel::Error, line));
    wstd::runtime::block_on(work()).into()
}

impl inventory::Guest for Extension {
    fn run(job: wit::Job, store: wit::Store) -> wit::Outcome {
        let (wasi, job, store) = (Wasi::new(), job.into(), store.into());
        report(|| crate::job::inventory::run(&wasi, &job, &store))
    }
}

impl add::Guest for Extension {
    fn run(job: wit::Job, store: wit::Store, certificate: add::Certificate) -> wit::Outcome {
        let (wasi, job, store) = (Wasi::new(), job.into(), store.into());
        report(|| crate::job::add::run(&wasi, &job, &store, certificate.into()))
    }
}

impl remove::Guest for Extension {
    fn run(
        job: wit::Job,
        store: wit::Store,
        alias: String,
        thumbprint: Option<String>,
    ) -> wit::Outcome {
        let (wasi, job, store) = (Wasi::new(), job.into(), store.into());
        report(|| crate::job::remove::run(&wasi, &job, &store, &alias, thumbprint.as_deref()))
    }
}

impl create_store::Guest for Extension {
    fn run(job: wit::Job, store: wit::Store) -> wit::Outcome {
        let (wasi, job, store) = (Wasi::new(), job.into(), store.into());
        report(|| crate::job::create::run(&wasi, &job, &store))
    }
}

impl discovery::Guest for Extension {
    fn run(job: wit::Job, places: Vec<discovery::Place>) -> wit::Outcome {
        let (wasi, job) = (Wasi::new(), job.into());
        let places: Vec<_> = places.into_iter().map(Into::into).collect();
        report(|| crate::job::discovery::run(&wasi, &job, &places))
    }
}

impl check::Guest for Extension {
    fn run(job: wit::Job, store: wit::Store, kinds: Vec<check::JobKind>) -> wit::Outcome {
        let (wasi, job, store) = (Wasi::new(), job.into(), store.into());
        let kinds: Vec<_> = kinds.into_iter().map(Into::into).collect();
        report(|| crate::job::check::run(&wasi, &job, &store, &kinds))
    }
}
