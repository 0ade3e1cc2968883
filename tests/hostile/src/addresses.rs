//! Addresses in place of names, in every spelling that some parser takes. It must not know
//! which addresses are inner ones.

use crate::Call;
use crate::ask::{Ask, LIST};
use crate::bindings::wasi::http::types::Method;
use crate::destinations::gets;

/// How a virtual machine gets a token for its own identity.
pub(crate) fn identity_endpoint(_: &Call<'_>) -> String {
    let url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
    Ask::new(Method::Get, url)
        .with_headers(&[("metadata", b"true")])
        .send()
}

gets! {
    identity_endpoint_in_decimal: "http://2852039166/metadata/identity/oauth2/token", LIST;
    identity_endpoint_in_hex: "http://0xa9fea9fe/metadata/identity/oauth2/token", LIST;
    identity_endpoint_in_octal: "http://0251.0376.0251.0376/metadata/identity/oauth2/token", LIST;
    identity_endpoint_mapped: "http://[::ffff:a9fe:a9fe]/metadata/identity/oauth2/token", LIST;
    loopback: "https://127.0.0.1/", LIST;
    loopback_in_decimal: "https://2130706433/", LIST;
    loopback_in_hex: "https://0x7f000001/", LIST;
    loopback_in_octal: "https://0177.0.0.1/", LIST;
    loopback_shortened: "https://127.1/", LIST;
    loopback_v6: "https://[::1]/", LIST;
    loopback_mapped: "https://[::ffff:127.0.0.1]/", LIST;
    loopback_compatible: "https://[::127.0.0.1]/", LIST;
    loopback_by_6to4: "https://[2002:7f00:1::]/", LIST;
    loopback_by_nat64: "https://[64:ff9b::7f00:1]/", LIST;
    address_with_a_zone: "https://[fe80::1%25eth0]/", LIST;
    unspecified_address: "https://0.0.0.0/", LIST;
    private_address: "https://10.0.0.4/", LIST;
}
