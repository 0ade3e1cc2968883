//! The component's surroundings: wasi:http and wasi:clocks through wstd, and the
//! contract's host interface. The only place that knows either.
//!
//! It must not know Azure or what a job is.

mod clock;
mod host;
mod http;

/// Implements [`crate::env::Environment`] over the component's imports.
pub(crate) struct Wasi {
    client: wstd::http::Client,
}

impl Wasi {
    pub(crate) fn new() -> Self {
        Wasi {
            // Without request options: see `crate::http::ATTEMPT_LIMIT`.
            client: wstd::http::Client::new(),
        }
    }
}
