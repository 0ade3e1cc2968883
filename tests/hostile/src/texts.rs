//! Texts that would be something else where people read them, and too many of them. It must not
//! know where they are read.

use crate::Call;
use crate::bindings::certstore::extension::host::{LogLevel, log, progress};
use crate::submissions::{no_text, out_of_bounds};

fn warn(text: &str) -> String {
    log(LogLevel::Warn, text);
    "logged".to_owned()
}

pub(crate) fn newline_in_the_log(call: &Call<'_>) -> String {
    warn(call.pick("one\nerror: two", "one"))
}

pub(crate) fn escape_sequence_in_the_log(call: &Call<'_>) -> String {
    warn(call.pick("one\u{1b}[2J\u{9b}1Atwo\u{7}", "one"))
}

pub(crate) fn bidi_in_the_log(call: &Call<'_>) -> String {
    warn(call.pick("one\u{202e}owt\u{2066}", "one"))
}

/// A line as the audit has them.
pub(crate) fn audit_line_in_the_log(call: &Call<'_>) -> String {
    warn(call.pick("one\n{\"decision\":\"allowed\",\"job\":1}\n", "one"))
}

pub(crate) fn log_that_is_not_utf8(call: &Call<'_>) -> String {
    warn(&call.pick(no_text(), "one".to_owned()))
}

pub(crate) fn log_out_of_bounds(call: &Call<'_>) -> String {
    let text = call.pick(out_of_bounds as fn() -> String, || "one".to_owned())();
    let said = warn(&text);
    std::mem::forget(text);
    said
}

pub(crate) fn long_log_line(call: &Call<'_>) -> String {
    warn(&"x".repeat(call.pick(1 << 20, 100)))
}

/// As many long lines as the argument says, or a few.
pub(crate) fn flood_log(call: &Call<'_>) -> String {
    let line = "x".repeat(10_000);
    for _ in 0..call.argument.parse().unwrap_or(call.pick(5_000, 10)) {
        log(LogLevel::Warn, &line);
    }
    crate::submissions::submit("a")
}

pub(crate) fn ten_million_log_lines(call: &Call<'_>) -> String {
    for _ in 0..call.pick(10_000_000, 1_000) {
        log(LogLevel::Warn, "x");
    }
    "logged".to_owned()
}

pub(crate) fn progress_without_end(call: &Call<'_>) -> String {
    for done in 0..call.pick(1_000_000, 10) {
        progress(done, Some(1));
    }
    "told".to_owned()
}

pub(crate) fn long_message(call: &Call<'_>) -> String {
    "x".repeat(call.pick(100_000, 4_000))
}

pub(crate) fn escape_sequence_in_the_message(call: &Call<'_>) -> String {
    call.pick("one\u{1b}[2Jtwo\u{9b}1A", "one").to_owned()
}

pub(crate) fn bidi_in_the_message(call: &Call<'_>) -> String {
    call.pick("one\u{202e}owt\u{2066}", "one").to_owned()
}

pub(crate) fn message_that_is_not_utf8(call: &Call<'_>) -> String {
    call.pick(no_text(), "one".to_owned())
}
