//! Other methods than those of an inventory. It must not know which those are.

use crate::Call;
use crate::ask::{Ask, LIST};
use crate::bindings::wasi::http::types::Method;

const ONE: &str = "https://kv-one.vault.azure.net/certificates/cert-01?api-version=7.6";

const JSON: (&str, &[u8]) = ("content-type", b"application/json");

pub(crate) fn delete(_: &Call<'_>) -> String {
    Ask::new(Method::Delete, ONE).send()
}

fn json(method: Method, url: &str) -> String {
    Ask {
        method,
        url,
        headers: &[JSON],
        body: b"{}",
    }
    .send()
}

pub(crate) fn put(_: &Call<'_>) -> String {
    json(Method::Put, ONE)
}

pub(crate) fn patch(_: &Call<'_>) -> String {
    json(Method::Patch, ONE)
}

pub(crate) fn import(_: &Call<'_>) -> String {
    json(
        Method::Post,
        "https://kv-one.vault.azure.net/certificates/cert-01/import?api-version=7.6",
    )
}

pub(crate) fn recover(_: &Call<'_>) -> String {
    Ask::new(
        Method::Post,
        "https://kv-one.vault.azure.net/deletedcertificates/cert-01/recover?api-version=7.6",
    )
    .send()
}

fn list(call: &Call<'_>, method: Method) -> String {
    Ask::new(call.pick(method, Method::Get), LIST).send()
}

pub(crate) fn connect(call: &Call<'_>) -> String {
    list(call, Method::Connect)
}

pub(crate) fn trace(call: &Call<'_>) -> String {
    list(call, Method::Trace)
}

pub(crate) fn options(call: &Call<'_>) -> String {
    list(call, Method::Options)
}

pub(crate) fn method_of_its_own(call: &Call<'_>) -> String {
    list(call, Method::Other("PURGE".to_owned()))
}

pub(crate) fn method_with_a_newline(call: &Call<'_>) -> String {
    list(
        call,
        Method::Other("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\nGET".to_owned()),
    )
}

/// A method that would be most of a disk in an audit, if it stood there often enough.
pub(crate) fn long_method(call: &Call<'_>) -> String {
    list(call, Method::Other("A".repeat(15 << 20)))
}

/// A header by which some servers take another method for the one that was checked.
pub(crate) fn method_override(_: &Call<'_>) -> String {
    Ask::new(Method::Get, ONE)
        .with_headers(&[("x-http-method-override", b"DELETE")])
        .send()
}
