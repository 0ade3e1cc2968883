//! Bodies that are too large, never end, or say something else than the job's. It must not know
//! what those say.

use crate::Call;
use crate::ask::{Ask, FORM, LIST, TOKEN, TOKEN_FORM, answered};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{Fields, Method, OutgoingBody};

/// Where the attempts go that another test may send elsewhere.
fn list_or_given<'a>(call: &Call<'a>) -> &'a str {
    if call.argument.starts_with("https://") {
        call.argument
    } else {
        LIST
    }
}

/// GHSA-c9gc-w9vx-w86p: more body than a host should hold.
pub(crate) fn oversized_body(call: &Call<'_>) -> String {
    let body = format!(
        "{TOKEN_FORM}&claims={}",
        "x".repeat(call.pick(1 << 20, 1_000))
    );
    let url = match list_or_given(call) {
        LIST => TOKEN,
        given => given,
    };
    Ask::form(url, &body).send()
}

pub(crate) fn body_of_a_get(call: &Call<'_>) -> String {
    let leak: &[u8] = b"leak";
    Ask {
        method: Method::Get,
        url: LIST,
        headers: &[],
        body: call.pick(leak, b""),
    }
    .send()
}

/// GHSA-jxcf-8qw5-5c33: trailers are headers that nobody looked at.
pub(crate) fn trailers(call: &Call<'_>) -> String {
    with_body(list_or_given(call), |body| {
        let trailers = call.pick(true, false).then(|| {
            let fields = Fields::new();
            let _ = fields.append("x-leak", b"1");
            fields
        });
        let _ = OutgoingBody::finish(body, trailers);
    })
}

/// A body that is dropped before it was finished.
pub(crate) fn body_never_finished(call: &Call<'_>) -> String {
    with_body(list_or_given(call), |body| {
        if call.pick(false, true) {
            let _ = OutgoingBody::finish(body, None);
        }
    })
}

/// A body that is held open.
pub(crate) fn body_without_an_end(call: &Call<'_>) -> String {
    let mut held = None;
    with_body(list_or_given(call), |body| {
        if call.pick(true, false) {
            held = Some(body);
        } else {
            let _ = OutgoingBody::finish(body, None);
        }
    })
}

fn with_body(url: &str, body: impl FnOnce(OutgoingBody)) -> String {
    let request = match Ask::new(Method::Get, url).request() {
        Ok(request) => request,
        Err(text) => return text,
    };
    let Ok(outgoing) = request.body() else {
        return "refused: the body".to_owned();
    };
    match outgoing_handler::handle(request, None) {
        Ok(answer) => {
            body(outgoing);
            answered(&answer)
        }
        Err(error) => format!("{error:?}"),
    }
}

fn token(call: &Call<'_>, form: &str) -> String {
    Ask::form(TOKEN, call.pick(form, TOKEN_FORM)).send()
}

pub(crate) fn token_for_another_scope(call: &Call<'_>) -> String {
    token(
        call,
        &TOKEN_FORM.replace("vault.azure.net", "management.azure.com"),
    )
}

pub(crate) fn token_with_a_field_twice(call: &Call<'_>) -> String {
    token(
        call,
        &format!("{TOKEN_FORM}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"),
    )
}

pub(crate) fn token_with_another_content_type(call: &Call<'_>) -> String {
    let other: &[(&str, &[u8])] = &[("content-type", b"application/json")];
    Ask::form(TOKEN, TOKEN_FORM)
        .with_headers(call.pick(other, &[FORM]))
        .send()
}

/// A body that a matcher reads as UTF-8, and a service as something else.
pub(crate) fn token_in_another_charset(call: &Call<'_>) -> String {
    let other: &[(&str, &[u8])] = &[(
        "content-type",
        b"application/x-www-form-urlencoded; charset=utf-7",
    )];
    Ask::form(TOKEN, TOKEN_FORM)
        .with_headers(call.pick(other, &[FORM]))
        .send()
}

fn query(body: &str) -> String {
    Ask {
        method: Method::Post,
        url: "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01",
        headers: &[("content-type", b"application/json")],
        body: body.as_bytes(),
    }
    .send()
}

/// Another question to the service that finds resources.
pub(crate) fn query_of_its_own(_: &Call<'_>) -> String {
    query(
        r#"{"subscriptions":["22222222-2222-4222-8222-222222222222"],"query":"resources | where type == 'microsoft.compute/virtualmachines' | project id"}"#,
    )
}

/// No subscription in the list is every subscription to the service.
pub(crate) fn query_of_all_subscriptions(call: &Call<'_>) -> String {
    let one = r#""22222222-2222-4222-8222-222222222222""#;
    query(&format!(
        r#"{{"subscriptions":[{}],"query":"resources | where type =~ 'microsoft.keyvault/vaults' | project id, vaultTenant = tostring(properties.tenantId) | order by id asc","options":{{"resultFormat":"objectArray"}}}}"#,
        call.pick("", one)
    ))
}

/// More in one write than the stream says it takes.
pub(crate) fn write_beyond_the_budget(call: &Call<'_>) -> String {
    let body = vec![b'x'; call.pick(10 << 20, 0)];
    let mut said = "written".to_owned();
    let answer = with_body(list_or_given(call), |outgoing| {
        if let Ok(stream) = outgoing.write() {
            let _ = stream.check_write();
            if let Err(error) = stream.write(&body) {
                said = format!("{error:?}");
            }
        }
        let _ = OutgoingBody::finish(outgoing, None);
    });
    format!("{said}, {answer}")
}
