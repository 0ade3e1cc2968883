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
        let mut client = wstd::http::Client::new();
        client.set_connect_timeout(crate::http::CONNECT_TIMEOUT);
        client.set_first_byte_timeout(crate::http::FIRST_BYTE_TIMEOUT);
        client.set_between_bytes_timeout(crate::http::BETWEEN_BYTES_TIMEOUT);
        Wasi { client }
    }
}
