//! What other tests have this extension do: not an attempt each, but the pieces of some. It must
//! not know which test asks.

use crate::ask::{Ask, LIST};
use crate::bindings::certstore::extension::host::{self, submit_discovery};
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::types::Method;
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
        "not_waiting" => |call| not_waiting(call.argument),
        "everything_but_its_work" => everything_but_its_work,
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
    submit("a");
    if call.argument == crate::CONTROL {
        return Ask::new(Method::Get, LIST).send();
    }
    answers.join(", ")
}
