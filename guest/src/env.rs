//! Everything outside the job logic in one name, so that its functions have one
//! type parameter instead of three.
//!
//! It must not grow functions of its own.

use crate::clock::Clock;
use crate::host::Host;
use crate::http::Http;

/// HTTP, time and the host.
pub trait Environment: Http + Clock + Host {}

impl<T: Http + Clock + Host> Environment for T {}
