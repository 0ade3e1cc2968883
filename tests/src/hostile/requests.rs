//! What requests would say: headers and bodies; and what is done with those that were sent. It must
//! not know how a row is held to.

use super::Attempt;
use super::expected::{Control, Stopped, deniable, denied, quiet, refused, row};
use azure_emulator::{Effect, Fault};
use extension_host::egress::CredentialUse;
use extension_host::runner::Cause;
use std::time::Duration;

pub(super) fn rows() -> Vec<Attempt> {
    [headers(), bodies(), answers(), placeholders()].concat()
}

fn headers() -> Vec<Attempt> {
    vec![
        deniable(
            "extra_header",
            "header",
            "GET https://kv-one.vault.azure.net/certificates: the header \"x-leak\" is not what the rule says",
        ),
        deniable(
            "cookie",
            "header",
            "GET https://kv-one.vault.azure.net/certificates: the header \"cookie\" is not what the rule says",
        ),
        denied(
            "authorization_twice",
            "header",
            "GET https://kv-one.vault.azure.net/certificates: the header \"authorization\" is not what the rule says",
        ),
        refused(
            "host_header",
            "refused: the header host: HeaderError::Forbidden",
        ),
        refused(
            "transfer_encoding",
            "refused: the header transfer-encoding: HeaderError::Forbidden",
        ),
        refused(
            "connection_header",
            "refused: the header connection: HeaderError::Forbidden",
        ),
        refused(
            "upgrade_header",
            "refused: the header upgrade: HeaderError::Forbidden",
        ),
        refused(
            "expect_header",
            "refused: the header expect: HeaderError::Forbidden",
        ),
        refused(
            "two_content_lengths",
            "refused: the header content-length: HeaderError::InvalidSyntax",
        ),
        row(
            "content_length_too_small",
            Stopped::Bounded,
            "ErrorCode::HttpRequestBodySize(Some(139))",
        ),
        row(
            "content_length_too_large",
            Stopped::Bounded,
            "ErrorCode::HttpRequestBodySize(Some(139))",
        ),
        refused(
            "content_length_of_nonsense",
            "refused: the header content-length: HeaderError::InvalidSyntax",
        ),
        refused(
            "newline_in_a_header",
            "refused: the header accept: HeaderError::InvalidSyntax",
        ),
        quiet(
            "too_many_fields",
            Stopped::Limit(Cause::Other),
            "the extension needed more than the 16 KiB of headers that one request may have",
        ),
        row(
            "header_too_large",
            Stopped::Limit(Cause::Other),
            "the extension needed more than the 16 KiB of headers that one request may have",
        ),
        refused(
            "headers_changed_after_the_check",
            "refused: a change: HeaderError::Immutable",
        ),
    ]
}

fn bodies() -> Vec<Attempt> {
    vec![
        denied("oversized_body", "limit", "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: the body has more than the 262144 bytes one may have"),
        denied("body_of_a_get", "body", "GET https://kv-one.vault.azure.net/certificates: the body is not what the rule says: there should be none"),
        denied("trailers", "body", "GET https://kv-one.vault.azure.net/certificates: the body has trailers, which no rule allows"),
        row("body_never_finished", Stopped::Bounded, "ErrorCode::HttpProtocolError"),
        row("body_without_an_end", Stopped::Bounded, "ErrorCode::ConnectionWriteTimeout"),
        denied("token_for_another_scope", "body", "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: the body is not what the rule says: a form field is unknown, twice, missing or wrong"),
        denied("token_with_a_field_twice", "body", "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: the body is not what the rule says: a form field is unknown, twice, missing or wrong"),
        denied("token_with_another_content_type", "body", "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: the body is not what the rule says: its content type is another one"),
        denied("token_in_another_charset", "body", "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: the body is not what the rule says: its content type is another one"),
        deniable("query_of_its_own", "body", "POST https://management.azure.com/providers/Microsoft.ResourceGraph/resources: the body is not what the rule says: the JSON has another value").of("discovery-service-principal"),
        denied("query_of_all_subscriptions", "body", "POST https://management.azure.com/providers/Microsoft.ResourceGraph/resources: the body is not what the rule says: a member is not what it may hold").of("discovery-service-principal").beneath("vaults = [\"*\"]\nsubscriptions = [\"22222222-2222-4222-8222-222222222222\"]"),
        row("write_beyond_the_budget", Stopped::Sandbox, "the extension ended abnormally: write exceeded budget"),
    ]
}

fn answers() -> Vec<Attempt> {
    vec![
        row(
            "destination_changed_after_the_check",
            Stopped::Sandbox,
            "the extension ended abnormally: handle index 1 used with the wrong type, expected guest-defined resource but found a different guest-defined resource",
        ),
        row("redirect_followed", Stopped::Harmless, "status 307")
            .served(|emulator| {
                emulator.inject(Fault::new(Effect::Redirect {
                    location: "https://evil.example/collect".to_owned(),
                    status: Some(307),
                }));
            })
            .arrive(1),
        row("future_dropped_in_flight", Stopped::Harmless, "dropped"),
        row(
            "zero_timeouts",
            Stopped::Harmless,
            "ErrorCode::HttpResponseTimeout",
        )
        .served(|emulator| emulator.set_latency(Duration::from_secs(1))),
        row(
            "endless_timeouts",
            Stopped::Bounded,
            "ErrorCode::HttpResponseTimeout",
        )
        .served(|emulator| {
            emulator.inject(Fault::new(Effect::Silence).times(1));
        })
        .arrive(1),
        row(
            "too_many_requests",
            Stopped::Limit(Cause::Other),
            "the extension tried more than the 3 requests a job may send",
        )
        .under(|limits| limits.requests = 3)
        .arrive(3)
        .control(Control::Within(3)),
        denied(
            "flood_denials",
            "host",
            "and it tried more than the 3 requests a job may send",
        )
        .under(|limits| limits.requests = 3)
        .denials(3)
        .control(Control::Within(3)),
    ]
}

fn placeholders() -> Vec<Attempt> {
    let useless = |name, sees| row(name, Stopped::Veiled(CredentialUse::Misplaced), sees);
    vec![
        denied(
            "secret_in_a_query",
            "query",
            "GET https://kv-one.vault.azure.net/certificates: the query value \"api-version\" is not what the rule says",
        ),
        denied(
            "secret_at_another_host",
            "host",
            "GET https://evil.example/collect: no rule of this job allows the host",
        ),
        useless("secret_in_a_header", "status 401").arrive(1),
        useless("secret_in_a_tag", "status 401")
            .of("add-rsa-2048-chain")
            .arrive(1),
        denied(
            "secret_twice_in_the_form",
            "body",
            "POST https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token: the body is not what the rule says: a form field is unknown, twice, missing or wrong",
        ),
        row(
            "secret_in_another_field",
            Stopped::Veiled(CredentialUse::AttachedAndMisplaced),
            "status 200",
        )
        .arrive(1),
        useless("token_in_another_header", "status 401")
            .arrive(2)
            .control(Control::Within(2)),
        useless("token_at_another_host", "status 401")
            .arrive(2)
            .control(Control::Within(2)),
    ]
}
