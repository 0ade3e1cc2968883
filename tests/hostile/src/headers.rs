//! Headers that say more, or something else, than the job's requests need to. It must not know
//! which those need.

use crate::Call;
use crate::ask::{Ask, FORM, LIST, TOKEN, TOKEN_FORM, answered};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{Fields, Method};

fn list_with(headers: &[(&str, &[u8])]) -> String {
    Ask::new(Method::Get, LIST).with_headers(headers).send()
}

/// Attempts that are the list with these headers, and as a control with those.
macro_rules! lists {
    ($($name:ident: $headers:expr, $control:expr;)+) => {
        $(pub(crate) fn $name(call: &Call<'_>) -> String {
            let attempt: &[(&str, &[u8])] = &$headers;
            let control: &[(&str, &[u8])] = &$control;
            list_with(call.pick(attempt, control))
        })+
    };
}

lists! {
    extra_header: [("x-leak", b"1")], [];
    cookie: [("cookie", b"a=b")], [];
    authorization_twice:
        [("authorization", b"Bearer one"), ("authorization", b"Bearer two")],
        [("authorization", b"Bearer one")];
    host_header: [("host", b"evil.example")], [];
    transfer_encoding: [("transfer-encoding", b"chunked")], [];
    connection_header: [("connection", b"upgrade")], [];
    upgrade_header: [("upgrade", b"websocket")], [];
    expect_header: [("expect", b"100-continue")], [];
    newline_in_a_header: [("accept", b"a\r\nx-leak: 1")], [("accept", b"application/json")];
}

/// GHSA-r8xh-cgf7-392j and its kin: request smuggling by two lengths.
pub(crate) fn two_content_lengths(call: &Call<'_>) -> String {
    let two: &[(&str, &[u8])] = &[FORM, ("content-length", b"3"), ("content-length", b"30")];
    let none: &[(&str, &[u8])] = &[FORM];
    Ask::form(TOKEN, TOKEN_FORM)
        .with_headers(call.pick(two, none))
        .send()
}

fn token_of_length(length: &str) -> String {
    Ask::form(TOKEN, TOKEN_FORM)
        .with_headers(&[FORM, ("content-length", length.as_bytes())])
        .send()
}

pub(crate) fn content_length_too_small(call: &Call<'_>) -> String {
    token_of_length(&call.pick(3, TOKEN_FORM.len()).to_string())
}

pub(crate) fn content_length_too_large(call: &Call<'_>) -> String {
    token_of_length(&call.pick(100_000, TOKEN_FORM.len()).to_string())
}

pub(crate) fn content_length_of_nonsense(call: &Call<'_>) -> String {
    let right = TOKEN_FORM.len().to_string();
    token_of_length(call.pick("0x10", &right))
}

/// CVE-2026-27572: more fields than a map of headers can hold.
pub(crate) fn too_many_fields(call: &Call<'_>) -> String {
    let fields = Fields::new();
    for number in 0..call.pick(100_000, 10) {
        if let Err(error) = fields.append(&format!("x-{number}"), b"1") {
            return format!("refused: a field: {error:?}");
        }
    }
    "all taken".to_owned()
}

pub(crate) fn header_too_large(call: &Call<'_>) -> String {
    let value = vec![b'x'; call.pick(64 << 10, 1 << 10)];
    list_with(&[("authorization", &value)])
}

/// Headers that a request already has, changed through a handle to them.
pub(crate) fn headers_changed_after_the_check(call: &Call<'_>) -> String {
    let request = match Ask::new(Method::Get, LIST).request() {
        Ok(request) => request,
        Err(text) => return text,
    };
    let headers = request.headers();
    let changed = call
        .pick(true, false)
        .then(|| headers.append("x-leak", b"1"));
    drop(headers);
    match (changed, outgoing_handler::handle(request, None)) {
        (Some(Err(error)), _) => format!("refused: a change: {error:?}"),
        (_, Ok(answer)) => answered(&answer),
        (_, Err(error)) => format!("{error:?}"),
    }
}
