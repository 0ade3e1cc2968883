//! Time, memory and handles without end. It must not know how much there is.

use crate::Call;
use crate::ask::{Ask, LIST, TOKEN, write};
use crate::bindings::certstore::extension::host::{LogLevel, cancelled, log};
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{Fields, Method, OutgoingRequest};

pub(crate) fn spin(call: &Call<'_>) -> String {
    let mut turns = 0_u64;
    while call.pick(true, turns < 1_000) {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
    turns.to_string()
}

pub(crate) fn overflow_stack(call: &Call<'_>) -> String {
    deeper(0, call.pick(u64::MAX, 10)).to_string()
}

fn deeper(depth: u64, to: u64) -> u64 {
    if depth == to {
        return depth;
    }
    // Little of it lies in the linear memory, so that it is the host's stack that ends first.
    std::hint::black_box(deeper(depth + 1, to)).wrapping_mul(depth | 1)
}

pub(crate) fn allocate(call: &Call<'_>) -> String {
    let mut held: Vec<Vec<u8>> = Vec::new();
    while call.pick(true, held.len() < 10) {
        held.push(vec![1; 1 << 20]);
        std::hint::black_box(&held);
    }
    "held".to_owned()
}

/// All the memory that a module of 32 bits may have, at once.
pub(crate) fn grow_memory_at_once(call: &Call<'_>) -> String {
    let grown = std::arch::wasm32::memory_grow::<0>(call.pick(65_000, 16));
    if grown == usize::MAX {
        "refused: the growth".to_owned()
    } else {
        "grown".to_owned()
    }
}

pub(crate) fn panic(call: &Call<'_>) -> String {
    assert!(call.pick(false, true), "on purpose");
    String::new()
}

/// Sleeps, and never looks whether it was cancelled.
pub(crate) fn sleep(call: &Call<'_>) -> String {
    log(LogLevel::Info, "sleeping");
    monotonic_clock::subscribe_duration(call.pick(u64::MAX / 2, 1_000_000_000)).block();
    cancelled().to_string()
}

/// The call of the job is dropped while the host is in the middle of one of its own. The test's
/// service never answers.
pub(crate) fn sleep_with_a_request_in_flight(call: &Call<'_>) -> String {
    let answer = Ask::new(Method::Get, LIST).begin(None);
    let slept = call.pick(u64::MAX / 2, 1_000_000_000);
    monotonic_clock::subscribe_duration(slept).block();
    drop(answer);
    "slept".to_owned()
}

/// Holds what `more` makes until there is no more of it.
fn hoard<T>(call: &Call<'_>, mut more: impl FnMut() -> T) -> String {
    let mut held = Vec::new();
    while call.pick(true, held.len() < 100) {
        held.push(more());
        std::hint::black_box(&held);
    }
    "held".to_owned()
}

pub(crate) fn hoard_fields(call: &Call<'_>) -> String {
    hoard(call, || {
        let fields = Fields::new();
        let _ = fields.append("x-held", &[b'x'; 8 << 10]);
        fields
    })
}

pub(crate) fn hoard_timers(call: &Call<'_>) -> String {
    hoard(call, || monotonic_clock::subscribe_duration(u64::MAX / 2))
}

/// Pending requests whose bodies are written and never finished.
pub(crate) fn hoard_bodies(call: &Call<'_>) -> String {
    let large = vec![b'x'; 64 << 10];
    hoard(call, || {
        let request = Ask::new(Method::Post, TOKEN).request().expect("a URL");
        let body = request.body().expect("the first call gives the body");
        let answer = outgoing_handler::handle(request, None);
        write(&body, &large);
        (body, answer)
    })
}

pub(crate) fn hoard_requests(call: &Call<'_>) -> String {
    if call.pick(false, true) {
        let answers = (0..10).map(|_| Ask::new(Method::Get, LIST).send());
        return answers.collect::<Vec<_>>().join(", ");
    }
    hoard(call, || Ask::new(Method::Get, LIST).begin(None))
}

/// As many of the largest of everything as there are handles for.
pub(crate) fn hoard_everything(call: &Call<'_>) -> String {
    let large = vec![b'x'; 256 << 10];
    hoard(call, || {
        let request = Ask::new(Method::Post, TOKEN).request().expect("a URL");
        let body = request.body().expect("the first call gives the body");
        let answer = outgoing_handler::handle(request, None);
        write(&body, &large);
        let fields = Fields::new();
        let _ = fields.append("x-held", &[b'x'; 15 << 10]);
        (body, answer, fields)
    })
}

/// A handle that is lent to the host again and again, within one call.
pub(crate) fn borrow_without_end(call: &Call<'_>) -> String {
    let timer = monotonic_clock::subscribe_duration(0);
    let borrowed = vec![&timer; call.pick(100_000, 100)];
    let ready = crate::bindings::wasi::io::poll::poll(&borrowed);
    ready.len().to_string()
}

/// Handles of others, guessed: whatever is behind these numbers, it is not this job's.
#[allow(unsafe_code)] // What is attempted is the use of a handle that nobody gave.
pub(crate) fn forged_handle(call: &Call<'_>) -> String {
    let own = OutgoingRequest::new(Fields::new());
    if call.pick(false, true) {
        return format!("{:?}", own.set_authority(Some("kv-one.vault.azure.net")));
    }
    // SAFETY: there is none, and it is the host that must see to it.
    let other = unsafe { OutgoingRequest::from_handle(own.handle() + 7) };
    let said = format!("{:?}", other.set_authority(Some("evil.example")));
    std::mem::forget(other);
    said
}

/// One call that carries more than the host lets a call carry.
pub(crate) fn call_with_a_giant_text(call: &Call<'_>) -> String {
    log(LogLevel::Debug, &"x".repeat(call.pick(20 << 20, 1 << 20)));
    "called".to_owned()
}
