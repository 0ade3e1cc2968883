//! What other tests have this extension do: not an attempt each, but the pieces of some. It must
//! not know which test asks.

use crate::ask::{Ask, LIST};
use crate::bindings::certstore::extension::host::{self, submit_discovery};
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::types::Method;
use crate::bindings::wasi::io::streams::StreamError;
use crate::submissions::submit;
use crate::{Attempt, Call, destinations, resources};

pub(crate) fn by_name(name: &str) -> Option<Attempt> {
    Some(match name {
        "nothing" => |_| String::new(),
        "get" => destinations::given,
        "post" => |call| post(call.argument),
        "delete_url" => |call| Ask::new(Method::Delete, call.argument).send(),
        "hoard" => resources::hoard_fields,
        "naps" => |call| naps(call.argument.parse().unwrap_or(0)),
        "get_then_sleep" => |call| [destinations::given(call), resources::sleep(call)].join(", "),
        "submit_inventory" => |_| submit("a"),
        "submit_paths" => |call| paths(call.argument),
        "assertions" => |_| format!("{:?} {:?}", host::assertion(), host::assertion()),
        "tell_input" => |call| format!("{:?} {:?}", call.job, call.input),
        "nap_then_submit" => |call| [naps(10), submit(call.argument)].join(", "),
        "read_whole" => |_| read_whole(),
        "at_once" => |call| at_once(call.argument.parse().unwrap_or(0), true),
        "at_once_unread" => |call| at_once(call.argument.parse().unwrap_or(0), false),
        "given_list" => |_| destinations::list(),
        "hoard_everything" => resources::hoard_everything,
        "not_waiting" => |call| not_waiting(call.argument),
        "everything_then_sleep" => {
            |call| [everything_but_its_work(call), resources::sleep(call)].join(", ")
        }
        _ => return None,
    })
}

fn post(url: &str) -> String {
    Ask {
        method: Method::Post,
        url,
        headers: &[],
        body: b"leak",
    }
    .send()
}

/// Wakes up often and does nothing.
fn naps(count: u32) -> String {
    for _ in 0..count {
        monotonic_clock::subscribe_duration(11_000_000).block();
    }
    String::new()
}

fn paths(paths: &str) -> String {
    let paths: Vec<String> = paths.split(' ').map(str::to_owned).collect();
    format!("{:?}", submit_discovery(&paths))
}

fn not_waiting(url: &str) -> String {
    drop(Ask::new(Method::Get, url).begin(None));
    submit("a")
}

/// What an extension that was replaced by another would try in an inventory.
fn everything_but_its_work(call: &Call<'_>) -> String {
    let tried = [
        crate::methods::delete,
        crate::methods::put,
        crate::methods::import,
        destinations::another_vault,
        destinations::another_tenants_token_endpoint,
        destinations::resource_manager,
        crate::addresses::identity_endpoint,
    ];
    let answers: Vec<String> = tried.iter().map(|attempt| attempt(call)).collect();
    answers.join(", ")
}

/// The whole body of an answer; a failure where there is none.
fn read_whole() -> String {
    let answer = match Ask::new(Method::Get, LIST).begin(None) {
        Ok(answer) => answer,
        Err(text) => return format!("{}{text}", crate::FAILURE),
    };
    answer.subscribe().block();
    let response = match answer.get() {
        Some(Ok(Ok(response))) => response,
        other => return format!("{}{other:?}", crate::FAILURE),
    };
    let body = response.consume().expect("the first call gives the body");
    let stream = body.stream().expect("the first call gives the stream");
    let mut bytes = 0;
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(piece) => bytes += piece.len(),
            Err(StreamError::Closed) => return format!("{bytes} bytes"),
            Err(error) => return format!("{}{error:?}", crate::FAILURE),
        }
    }
}

/// So many requests under way at once. Read, each answer is dropped when the next is waited for;
/// unread, they are all held.
fn at_once(count: usize, read: bool) -> String {
    let pending: Vec<_> = (0..count)
        .filter_map(|_| Ask::new(Method::Get, LIST).begin(None).ok())
        .collect();
    let mut held = Vec::new();
    for answer in pending {
        answer.subscribe().block();
        if let Some(Ok(Ok(response))) = answer.get()
            && !read
        {
            held.push(response);
        }
    }
    held.len().to_string()
}
