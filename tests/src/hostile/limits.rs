//! Time, memory and handles. It must not know how a row is held to.

use super::Attempt;
use super::expected::{Control, Stopped, quiet, row};
use azure_emulator::{Effect, Fault};
use extension_host::runner::Cause;
use std::time::Duration;

pub(super) fn rows() -> Vec<Attempt> {
    let limit = |name, sees| quiet(name, Stopped::Limit(Cause::Other), sees);
    let late = |name, sees| quiet(name, Stopped::Limit(Cause::Deadline), sees);
    vec![
        late("spin", "the extension used more than the 100ms of CPU time a job may have").under(|limits| limits.cpu = Duration::from_millis(100)),
        quiet("overflow_stack", Stopped::Sandbox, "wasm trap: call stack exhausted"),
        limit("allocate", "the extension needed more than the 64 MiB of memory a job may have"),
        quiet("grow_memory_at_once", Stopped::Bounded, "refused: the growth"),
        quiet("panic", Stopped::Sandbox, "the extension ended abnormally: wasm trap: wasm `unreachable` instruction executed"),
        late("sleep", "the job was not finished within its time limit of 900s"),
        row("sleep_with_a_request_in_flight", Stopped::Limit(Cause::Deadline), "the job was not finished within its time limit of 900s")
            .served(|emulator| {
                emulator.inject(Fault::new(Effect::Silence));
            })
            .arrive(1),
        limit("hoard_fields", "the extension needed more than the 1024 requests, streams, headers and timers a job may hold at once"),
        limit("hoard_timers", "the extension needed more than the 1024 requests, streams, headers and timers a job may hold at once"),
        limit("hoard_requests", "the extension needed more than the 1024 requests, streams, headers and timers a job may hold at once")
            .served(|emulator| {
                emulator.inject(Fault::new(Effect::Silence));
            })
            .arrive_between(0, 64)
            .control(Control::Within(10)),
        limit("hoard_bodies", "the extension needed more than the 1024 requests, streams, headers and timers a job may hold at once"),
        limit("borrow_without_end", "the extension needed more than the 2048 handles a job may hold at once"),
        quiet("forged_handle", Stopped::Sandbox, "the extension ended abnormally: unknown handle index 8"),
        limit("call_with_a_giant_text", "the extension needed more than the 16 MiB that one call to the host may carry"),
    ]
}
