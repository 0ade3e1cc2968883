//! Where requests would go: hosts, addresses, paths, methods. It must not know how a row is held
//! to.

use super::Attempt;
use super::expected::{Control, deniable, denied, refused};

const URL: &str = "url";

pub(super) fn rows() -> Vec<Attempt> {
    [hosts(), addresses(), paths(), methods()].concat()
}

fn hosts() -> Vec<Attempt> {
    vec![
        deniable("another_host", "host", "GET https://login.microsoftonline.us/common/discovery/instance: no rule of this job allows the host"),
        deniable("another_vault", "host", "GET https://kv-two.vault.azure.net/certificates: no rule of this job allows the host"),
        deniable("another_clouds_vault", "host", "GET https://kv-one.vault.azure.cn/certificates: no rule of this job allows the host"),
        deniable("another_tenants_token_endpoint", "path", "POST https://login.microsoftonline.com/99999999-9999-4999-8999-999999999999/oauth2/v2.0/token: no rule of this job allows the path"),
        deniable("another_clouds_token_endpoint", "host", "POST https://login.microsoftonline.us/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: no rule of this job allows the host"),
        deniable("resource_manager", "host", "GET https://management.azure.com/subscriptions: no rule of this job allows the host"),
        denied("another_subscription", "path", "GET https://management.azure.com/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/rg-one: no rule of this job allows the path").of("check-inventory-service-principal"),
        denied("next_link_to_elsewhere", "host", "GET https://kv-one.vault.azure.net.pages.example/certificates: no rule of this job allows the host"),
        denied("granted_host_as_a_label", "host", "GET https://kv-one.vault.azure.net.evil.example/certificates: no rule of this job allows the host"),
        denied("granted_host_as_user", URL, "GET https://evil.example/certificates: the URL is refused: it has a user part"),
        denied("user_before_the_granted_host", URL, "GET https://kv-one.vault.azure.net/certificates: the URL is refused: it has a user part"),
        denied("plain_http", "host", "GET http://kv-one.vault.azure.net/certificates: no rule of this job allows the host"),
        deniable("another_port", "host", "GET https://kv-one.vault.azure.net:8443/certificates: no rule of this job allows the host"),
        denied("port_zero", URL, "GET https://kv-one.vault.azure.net:0/certificates: the URL is refused: its port is not a number from 1 to 65535"),
        denied("port_beyond_the_last", URL, "GET https://kv-one.vault.azure.net:65979/certificates: the URL is refused: its port is not a number from 1 to 65535"),
        denied("empty_port", URL, "GET https://kv-one.vault.azure.net:/certificates: the URL is refused: its port is not a number from 1 to 65535"),
        denied("trailing_dot", URL, "GET https://kv-one.vault.azure.net./certificates: the URL is refused: its host is not in its one plain spelling"),
        denied("upper_case", URL, "GET https://KV-ONE.vault.azure.net/certificates: the URL is refused: its host is not in its one plain spelling"),
        refused("idn_in_unicode", "refused: the host"),
        denied("idn_in_punycode", URL, "GET https://xn--kv-ne-lua.vault.azure.net/certificates: the URL is refused: its host is not in its one plain spelling"),
        refused("percent_encoded_host", "refused: the host"),
        refused("no_host", "ErrorCode::HttpRequestUriInvalid"),
        denied("scheme_ws", URL, "GET ws://kv-one.vault.azure.net/certificates: the URL is refused: its scheme is neither https nor http"),
        denied("scheme_ftp", URL, "GET ftp://kv-one.vault.azure.net/certificates: the URL is refused: its scheme is neither https nor http"),
        denied("scheme_file", URL, "GET file://kv-one.vault.azure.net/etc/passwd: the URL is refused: its scheme is neither https nor http"),
    ]
}

fn addresses() -> Vec<Attempt> {
    vec![
        denied("identity_endpoint", "host", "GET http://169.254.169.254/metadata/identity/oauth2/token: no rule of this job allows the host")
            .control(Control::Job("inventory-managed-identity-system", 1)),
        denied("identity_endpoint_in_decimal", URL, "GET http://2852039166/metadata/identity/oauth2/token: the URL is refused: its host is not in its one plain spelling"),
        denied("identity_endpoint_in_hex", URL, "GET http://0xa9fea9fe/metadata/identity/oauth2/token: the URL is refused: its host is not in its one plain spelling"),
        denied("identity_endpoint_in_octal", URL, "GET http://0251.0376.0251.0376/metadata/identity/oauth2/token: the URL is refused: its host is not in its one plain spelling"),
        denied("identity_endpoint_mapped", "host", "GET http://[::ffff:a9fe:a9fe]/metadata/identity/oauth2/token: no rule of this job allows the host"),
        denied("loopback", "host", "GET https://127.0.0.1/: no rule of this job allows the host"),
        denied("loopback_in_decimal", URL, "GET https://2130706433/: the URL is refused: its host is not in its one plain spelling"),
        denied("loopback_in_hex", URL, "GET https://0x7f000001/: the URL is refused: its host is not in its one plain spelling"),
        denied("loopback_in_octal", URL, "GET https://0177.0.0.1/: the URL is refused: its host is not in its one plain spelling"),
        denied("loopback_shortened", URL, "GET https://127.1/: the URL is refused: its host is not in its one plain spelling"),
        denied("loopback_v6", "host", "GET https://[::1]/: no rule of this job allows the host"),
        denied("loopback_mapped", URL, "GET https://[::ffff:127.0.0.1]/: the URL is refused: its host is not in its one plain spelling"),
        denied("loopback_compatible", URL, "GET https://[::127.0.0.1]/: the URL is refused: its host is not in its one plain spelling"),
        denied("loopback_by_6to4", "host", "GET https://[2002:7f00:1::]/: no rule of this job allows the host"),
        denied("loopback_by_nat64", "host", "GET https://[64:ff9b::7f00:1]/: no rule of this job allows the host"),
        denied("address_with_a_zone", URL, "GET https://[fe80::1%25eth0]/: the URL is refused: its host is not in its one plain spelling"),
        denied("unspecified_address", "host", "GET https://0.0.0.0/: no rule of this job allows the host"),
        denied("private_address", "host", "GET https://10.0.0.4/: no rule of this job allows the host"),
    ]
}

fn paths() -> Vec<Attempt> {
    vec![
        deniable(
            "secrets_read",
            "path",
            "GET https://kv-one.vault.azure.net/secrets/cert-01: no rule of this job allows the path",
        ),
        deniable(
            "contacts",
            "path",
            "GET https://kv-one.vault.azure.net/certificates/contacts: no rule of this job allows the path",
        ),
        deniable(
            "issuers",
            "path",
            "GET https://kv-one.vault.azure.net/certificates/issuers: no rule of this job allows the path",
        ),
        denied(
            "dot_segments",
            URL,
            "GET https://kv-one.vault.azure.net/certificates/../secrets/cert-01: the URL is refused: its path has a dot segment",
        ),
        denied(
            "encoded_dot_segments",
            URL,
            "GET https://kv-one.vault.azure.net/certificates/%2e%2e/secrets/cert-01: the URL is refused: its path escapes a character that needs none",
        ),
        denied(
            "encoded_slash",
            URL,
            "GET https://kv-one.vault.azure.net/certificates%2fcert-01: the URL is refused: its path has an escaped slash or control character",
        ),
        denied(
            "encoded_backslash",
            URL,
            "GET https://kv-one.vault.azure.net/certificates%5ccert-01: the URL is refused: its path has an escaped slash or control character",
        ),
        denied(
            "backslash",
            URL,
            "GET https://kv-one.vault.azure.net/certificates\\..\\secrets: the URL is refused: its path has a character that must be escaped",
        ),
        denied(
            "encoded_twice",
            URL,
            "GET https://kv-one.vault.azure.net/certificates%252fcert-01: the URL is refused: its path has an escaped slash or control character",
        ),
        denied(
            "encoded_nul",
            URL,
            "GET https://kv-one.vault.azure.net/certificates/cert-01%00: the URL is refused: its path has an escaped slash or control character",
        ),
        denied(
            "encoded_newline",
            URL,
            "GET https://kv-one.vault.azure.net/certificates/a%0a%7b%22decision%22:%22allowed%22%7d: the URL is refused: its path has an escaped slash or control character",
        ),
        denied(
            "empty_segment",
            URL,
            "GET https://kv-one.vault.azure.net//certificates: the URL is refused: its path has an empty segment",
        ),
        denied(
            "path_parameter",
            "path",
            "GET https://kv-one.vault.azure.net/certificates;v=1: no rule of this job allows the path",
        ),
        denied(
            "bidi_in_a_path",
            URL,
            "GET https://kv-one.vault.azure.net/certificates/a\\u{202e}b: the URL is refused: its path has a character that must be escaped",
        ),
        refused("absolute_form", "refused: the path"),
        denied(
            "very_long_url",
            "limit",
            "GET https://kv-one.vault.azure.net/certificates: the URL has more than the 8192 bytes one may have",
        ),
        denied(
            "wrong_query_value",
            "query",
            "GET https://kv-one.vault.azure.net/certificates: the query value \"api-version\" is not what the rule says",
        ),
        deniable(
            "unknown_query_value",
            "query",
            "GET https://kv-one.vault.azure.net/certificates: the query value \"leak\" is not what the rule says",
        ),
        denied(
            "query_value_twice",
            "query",
            "GET https://kv-one.vault.azure.net/certificates: the query value \"api-version\" is not what the rule says",
        ),
        denied(
            "query_value_missing",
            "query",
            "GET https://kv-one.vault.azure.net/certificates: the query value \"api-version\" is not what the rule says",
        ),
    ]
}

fn methods() -> Vec<Attempt> {
    vec![
        deniable(
            "delete",
            "method",
            "DELETE https://kv-one.vault.azure.net/certificates/cert-01: no rule of this job allows the method",
        ),
        deniable(
            "put",
            "method",
            "PUT https://kv-one.vault.azure.net/certificates/cert-01: no rule of this job allows the method",
        ),
        deniable(
            "patch",
            "method",
            "PATCH https://kv-one.vault.azure.net/certificates/cert-01: no rule of this job allows the method",
        ),
        deniable(
            "import",
            "path",
            "POST https://kv-one.vault.azure.net/certificates/cert-01/import: no rule of this job allows the path",
        ),
        deniable(
            "recover",
            "path",
            "POST https://kv-one.vault.azure.net/deletedcertificates/cert-01/recover: no rule of this job allows the path",
        ),
        denied(
            "connect",
            "method",
            "CONNECT https://kv-one.vault.azure.net/certificates: no rule of this job allows the method",
        ),
        denied(
            "trace",
            "method",
            "TRACE https://kv-one.vault.azure.net/certificates: no rule of this job allows the method",
        ),
        denied(
            "options",
            "method",
            "OPTIONS https://kv-one.vault.azure.net/certificates: no rule of this job allows the method",
        ),
        denied(
            "method_of_its_own",
            "method",
            "PURGE https://kv-one.vault.azure.net/certificates: no rule of this job allows the method",
        ),
        refused("method_with_a_newline", "refused: the method"),
        deniable(
            "method_override",
            "header",
            "GET https://kv-one.vault.azure.net/certificates/cert-01: the header \"x-http-method-override\" is not what the rule says",
        ),
        denied(
            "long_method",
            "method",
            "AAAAAAAAAAAAAAAAAAAA… https://kv-one.vault.azure.net/certificates: no rule of this job allows the method",
        ),
    ]
}
