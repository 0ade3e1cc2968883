//! What an extension says: lists, log lines, messages. It must not know how a row is held to.

use super::Attempt;
use super::expected::{Control, Stopped, quiet};

const DISCOVERY: &str = "discovery-service-principal";

pub(super) fn rows() -> Vec<Attempt> {
    [submissions(), texts()].concat()
}

fn submissions() -> Vec<Attempt> {
    let refused = |name, sees| quiet(name, Stopped::Submission, sees);
    vec![
        refused("paths_of_an_inventory", "the host refused a submission: this job is no discovery")
            .control(Control::Job(DISCOVERY, 0)),
        refused("items_of_a_discovery", "the host refused a submission: this job is no inventory")
            .of(DISCOVERY)
            .control(Control::Job("inventory-service-principal", 0)),
        refused("items_of_a_removal", "the host refused a submission: this job is no inventory")
            .of("remove")
            .control(Control::Job("inventory-service-principal", 0)),
        refused("alias_twice", "the host refused a submission: A was submitted twice"),
        refused("blank_alias", "the host refused a submission: an item has no alias"),
        refused("long_alias", "the host refused a submission: an alias is longer than 256 bytes or has characters that cannot be printed"),
        refused("newline_in_an_alias", "the host refused a submission: an alias is longer than 256 bytes or has characters that cannot be printed"),
        refused("bidi_in_an_alias", "the host refused a submission: an alias is longer than 256 bytes or has characters that cannot be printed"),
        quiet("alias_that_is_not_utf8", Stopped::Sandbox, "the extension ended abnormally: invalid utf-8 sequence of 1 bytes from index 1"),
        refused("no_certificate", "the host refused a submission: a has no certificate"),
        quiet("item_out_of_bounds", Stopped::Sandbox, "the extension ended abnormally: string pointer/length out of bounds of memory"),
        quiet("trap_between_submissions", Stopped::Sandbox, "the extension ended abnormally: wasm trap: wasm `unreachable` instruction executed"),
        refused("too_many_items", "the host refused a submission: a job may submit 100 items").under(|limits| limits.submitted_items = 100),
        refused("too_many_bytes", "the host refused a submission: a job may submit 100000 bytes").under(|limits| limits.submitted_bytes = 100_000),
        refused("newline_in_a_path", "the host refused a submission: a discovered path is longer than 1024 bytes or has characters that cannot be printed").of(DISCOVERY),
        refused("going_on_after_a_refusal", "the host refused a submission: an item has no alias"),
        quiet("assertion", Stopped::Harmless, "this job has no federated identity"),
    ]
}

fn texts() -> Vec<Attempt> {
    let safe = |name, sees| quiet(name, Stopped::MadeSafe, sees);
    vec![
        safe("newline_in_the_log", "one\\nerror: two"),
        safe(
            "escape_sequence_in_the_log",
            "one\\u{1b}[2J\\u{9b}1Atwo\\u{7}",
        ),
        safe("bidi_in_the_log", "one\\u{202e}owt\\u{2066}"),
        safe(
            "audit_line_in_the_log",
            "one\\n{\"decision\":\"allowed\",\"job\":1}\\n",
        ),
        quiet(
            "log_that_is_not_utf8",
            Stopped::Sandbox,
            "the extension ended abnormally: invalid utf-8 sequence of 1 bytes from index 1",
        ),
        quiet(
            "log_out_of_bounds",
            Stopped::Sandbox,
            "the extension ended abnormally: string pointer/length out of bounds of memory",
        ),
        quiet(
            "long_log_line",
            Stopped::Bounded,
            "1 line above had more than the 1024 bytes one may have, and was cut",
        ),
        quiet(
            "flood_log",
            Stopped::Bounded,
            "4000 more lines were dropped: a job may log 1000",
        ),
        quiet(
            "ten_million_log_lines",
            Stopped::Bounded,
            "9999000 more lines were dropped: a job may log 1000",
        ),
        quiet("progress_without_end", Stopped::Harmless, "told"),
        quiet(
            "long_message",
            Stopped::Bounded,
            "truncated to 4000 characters; the log has the rest",
        ),
        safe(
            "escape_sequence_in_the_message",
            "one\\u{1b}[2Jtwo\\u{9b}1A",
        ),
        safe("bidi_in_the_message", "one\\u{202e}owt\\u{2066}"),
        quiet(
            "message_that_is_not_utf8",
            Stopped::Sandbox,
            "the extension ended abnormally: invalid utf-8 sequence of 1 bytes from index 1",
        ),
    ]
}
