//! Lines on stderr. Nobody need read them: a stderr that is closed ends nothing.
//!
//! It must not know what is said.

use std::fmt::Arguments;
use std::io::Write;

/// Writes a line to stderr, as far as anybody takes it.
pub(crate) fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// `eprintln!`, which would panic where stderr is closed.
macro_rules! say {
    ($($part:tt)*) => { $crate::say::line(format_args!($($part)*)) };
}
pub(crate) use say;
