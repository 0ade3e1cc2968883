//! Requests to where the job has no business. It must not know where it has.

use crate::Call;
use crate::ask::{Ask, LIST, TOKEN_FORM, get};

/// Attempts that are one GET: of this URL, and as a control of that.
macro_rules! gets {
    ($($name:ident: $url:expr, $control:expr;)+) => {
        $(pub(crate) fn $name(call: &crate::Call<'_>) -> String {
            crate::ask::get(call.pick($url, $control))
        })+
    };
    ($($name:ident: $url:expr;)+) => {
        $(pub(crate) fn $name(_: &crate::Call<'_>) -> String {
            crate::ask::get($url)
        })+
    };
}
pub(crate) use gets;

gets! {
    another_host: "https://login.microsoftonline.us/common/discovery/instance";
    another_vault: "https://kv-two.vault.azure.net/certificates?api-version=7.6";
    another_clouds_vault: "https://kv-one.vault.azure.cn/certificates?api-version=7.6";
    resource_manager: "https://management.azure.com/subscriptions?api-version=2022-12-01";
    another_port: "https://kv-one.vault.azure.net:8443/certificates?api-version=7.6";
}

gets! {
    another_subscription:
        "https://management.azure.com/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/rg-one?api-version=2022-09-01",
        "https://management.azure.com/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-one?api-version=2022-09-01";
    next_link_to_elsewhere:
        "https://kv-one.vault.azure.net.pages.example/certificates?api-version=7.6&$skiptoken=abc",
        "https://kv-one.vault.azure.net:443/certificates?api-version=7.6&$skiptoken=abc";
    granted_host_as_a_label: "https://kv-one.vault.azure.net.evil.example/certificates?api-version=7.6", LIST;
    granted_host_as_user: "https://kv-one.vault.azure.net@evil.example/certificates?api-version=7.6", LIST;
    user_before_the_granted_host: "https://user:password@kv-one.vault.azure.net/certificates?api-version=7.6", LIST;
    plain_http: "http://kv-one.vault.azure.net/certificates?api-version=7.6", LIST;
    port_zero: "https://kv-one.vault.azure.net:0/certificates?api-version=7.6", LIST;
    port_beyond_the_last: "https://kv-one.vault.azure.net:65979/certificates?api-version=7.6", LIST;
    empty_port: "https://kv-one.vault.azure.net:/certificates?api-version=7.6", LIST;
    trailing_dot: "https://kv-one.vault.azure.net./certificates?api-version=7.6", LIST;
    upper_case: "https://KV-ONE.vault.azure.net/certificates?api-version=7.6", LIST;
    idn_in_unicode: "https://kv\u{2010}one.vault.azure.net/certificates?api-version=7.6", LIST;
    idn_in_punycode: "https://xn--kv-ne-lua.vault.azure.net/certificates?api-version=7.6", LIST;
    percent_encoded_host: "https://%6bv-one.vault.azure.net/certificates?api-version=7.6", LIST;
    no_host: "https:///certificates?api-version=7.6", LIST;
    scheme_ws: "ws://kv-one.vault.azure.net/certificates?api-version=7.6", LIST;
    scheme_ftp: "ftp://kv-one.vault.azure.net/certificates?api-version=7.6", LIST;
    scheme_file: "file://kv-one.vault.azure.net/etc/passwd", LIST;
}

pub(crate) fn another_tenants_token_endpoint(_: &Call<'_>) -> String {
    let url =
        "https://login.microsoftonline.com/99999999-9999-4999-8999-999999999999/oauth2/v2.0/token";
    Ask::form(url, TOKEN_FORM).send()
}

pub(crate) fn another_clouds_token_endpoint(_: &Call<'_>) -> String {
    let url =
        "https://login.microsoftonline.us/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";
    Ask::form(url, TOKEN_FORM).send()
}

/// What an inventory may ask for.
pub(crate) fn list() -> String {
    get(LIST)
}

/// Whatever another test wants to be asked for.
pub(crate) fn given(call: &Call<'_>) -> String {
    get(call.argument)
}
