//! Other paths and queries of the job's own vault, and other spellings of its paths. It must
//! not know which the job may ask for.

use crate::Call;
use crate::ask::{Ask, LIST, get};
use crate::bindings::wasi::http::types::Method;
use crate::destinations::gets;

gets! {
    secrets_read: "https://kv-one.vault.azure.net/secrets/cert-01?api-version=7.6";
    contacts: "https://kv-one.vault.azure.net/certificates/contacts?api-version=7.6";
    issuers: "https://kv-one.vault.azure.net/certificates/issuers?api-version=7.6";
    unknown_query_value: "https://kv-one.vault.azure.net/certificates?api-version=7.6&leak=secret";
}

gets! {
    dot_segments: "https://kv-one.vault.azure.net/certificates/../secrets/cert-01?api-version=7.6", LIST;
    encoded_dot_segments: "https://kv-one.vault.azure.net/certificates/%2e%2e/secrets/cert-01?api-version=7.6", LIST;
    encoded_slash: "https://kv-one.vault.azure.net/certificates%2fcert-01?api-version=7.6", LIST;
    encoded_backslash: "https://kv-one.vault.azure.net/certificates%5ccert-01?api-version=7.6", LIST;
    backslash: "https://kv-one.vault.azure.net/certificates\\..\\secrets?api-version=7.6", LIST;
    encoded_twice: "https://kv-one.vault.azure.net/certificates%252fcert-01?api-version=7.6", LIST;
    encoded_nul: "https://kv-one.vault.azure.net/certificates/cert-01%00?api-version=7.6", LIST;
    encoded_newline: "https://kv-one.vault.azure.net/certificates/a%0a%7b%22decision%22:%22allowed%22%7d?api-version=7.6", LIST;
    empty_segment: "https://kv-one.vault.azure.net//certificates?api-version=7.6", LIST;
    path_parameter: "https://kv-one.vault.azure.net/certificates;v=1?api-version=7.6", LIST;
    bidi_in_a_path: "https://kv-one.vault.azure.net/certificates/a\u{202e}b?api-version=7.6", LIST;
    wrong_query_value: "https://kv-one.vault.azure.net/certificates?api-version=2016-10-01", LIST;
    query_value_twice: "https://kv-one.vault.azure.net/certificates?api-version=7.6&api-version=7.5", LIST;
    query_value_missing: "https://kv-one.vault.azure.net/certificates", LIST;
}

/// GHSA-5qpp-g3j2-8frx: the socket went to the checked host, the request line named another.
pub(crate) fn absolute_form(call: &Call<'_>) -> String {
    let ask = Ask::new(Method::Get, LIST);
    let path = call.pick(
        "http://evil.example/collect",
        "/certificates?api-version=7.6",
    );
    match ask.request() {
        Ok(request) if request.set_path_with_query(Some(path)).is_err() => {
            "refused: the path".to_owned()
        }
        Ok(_) => ask.send(),
        Err(text) => text,
    }
}

/// GHSA-w36r-2hch-9xp9: a very long URL.
pub(crate) fn very_long_url(call: &Call<'_>) -> String {
    let token = "x".repeat(call.pick(40_000, 1_000));
    get(&format!("{LIST}&$skiptoken={token}"))
}
