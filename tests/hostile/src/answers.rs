//! Requests that the job may send, and what can be done to them once they were. It must not
//! know what the host does when.

use crate::Call;
use crate::ask::{Ask, LIST, answered};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{Method, OutgoingRequest, RequestOptions};

/// CVE-2024-32980: another host, put into the request after it was checked.
#[allow(unsafe_code)] // What is attempted is the use of a handle that was given away.
pub(crate) fn destination_changed_after_the_check(call: &Call<'_>) -> String {
    let request = match Ask::new(Method::Get, LIST).request() {
        Ok(request) => request,
        Err(text) => return text,
    };
    let handle = request.handle();
    let answer = match outgoing_handler::handle(request, None) {
        Ok(answer) => answer,
        Err(error) => return format!("{error:?}"),
    };
    if call.pick(true, false) {
        // SAFETY: there is none, and it is the host that must see to it.
        let again = unsafe { OutgoingRequest::from_handle(handle) };
        let changed = again.set_authority(Some("evil.example"));
        std::mem::forget(again);
        return format!("changed: {changed:?}, {}", answered(&answer));
    }
    answered(&answer)
}

/// The test lets the service answer with a redirect.
pub(crate) fn redirect_followed(_: &Call<'_>) -> String {
    Ask::new(Method::Get, LIST).send()
}

/// GHSA-3r89-v5mq-j5xf and its kin: what is under way is dropped.
pub(crate) fn future_dropped_in_flight(call: &Call<'_>) -> String {
    for _ in 0..100 {
        match Ask::new(Method::Get, LIST).begin(None) {
            Ok(answer) if call.pick(true, false) => drop(answer),
            Ok(answer) => return answered(&answer),
            Err(text) => return text,
        }
    }
    "dropped".to_owned()
}

fn with_timeouts(nanoseconds: u64) -> String {
    let options = RequestOptions::new();
    let set = [
        options.set_connect_timeout(Some(nanoseconds)),
        options.set_first_byte_timeout(Some(nanoseconds)),
        options.set_between_bytes_timeout(Some(nanoseconds)),
    ];
    if set.iter().any(Result::is_err) {
        return "refused: a timeout".to_owned();
    }
    match Ask::new(Method::Get, LIST).begin(Some(options)) {
        Ok(answer) => answered(&answer),
        Err(text) => text,
    }
}

/// GHSA-w4qr-p94g-mjhv: a timeout of zero made hosts panic. The test's service takes a second.
pub(crate) fn zero_timeouts(call: &Call<'_>) -> String {
    with_timeouts(call.pick(0, 10_000_000_000))
}

/// The test's service never answers.
pub(crate) fn endless_timeouts(call: &Call<'_>) -> String {
    with_timeouts(call.pick(u64::MAX, 1_000_000_000))
}

/// More attempts than the job may have, none of which may leave. The test lets it have three.
pub(crate) fn flood_denials(call: &Call<'_>) -> String {
    let url = call.pick("https://evil.example/", LIST);
    let answers: Vec<String> = (0..call.pick(10, 3))
        .map(|_| Ask::new(Method::Get, url).send())
        .collect();
    answers.join(", ")
}

/// More requests than the job may send. The test lets it send three.
pub(crate) fn too_many_requests(call: &Call<'_>) -> String {
    let answers: Vec<String> = (0..call.pick(5, 3))
        .map(|_| Ask::new(Method::Get, LIST).send())
        .collect();
    answers.join(", ")
}
