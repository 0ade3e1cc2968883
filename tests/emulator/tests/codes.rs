//! Every error that a client can tell apart, by its code: status, shape and words, had on demand.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use azure_emulator::Fault;
use common::*;

const HOST: &str = "login.microsoftonline.com";
const SCOPE: &str = "https://vault.azure.net/.default";

/// Every code that a client can tell apart, its status and its OAuth error.
#[tokio::test]
async fn every_code_of_entra_id_can_be_had_on_demand() {
    let emulator = built_in();
    for (code, status, error) in [
        ("7000215", 401, "invalid_client"),
        ("7000222", 401, "invalid_client"),
        ("7000218", 401, "invalid_client"),
        ("700027", 401, "invalid_client"),
        ("7002138", 401, "invalid_client"),
        ("7000229", 401, "invalid_client"),
        ("700016", 400, "unauthorized_client"),
        ("7000112", 401, "unauthorized_client"),
        ("70001", 400, "unauthorized_client"),
        ("700025", 401, "invalid_client"),
        ("90002", 400, "invalid_request"),
        ("900023", 400, "invalid_request"),
        ("900021", 400, "invalid_request"),
        ("90038", 400, "invalid_request"),
        ("900382", 400, "invalid_request"),
        ("900432", 400, "invalid_request"),
        ("70011", 400, "invalid_scope"),
        ("700022", 400, "invalid_scope"),
        ("1002012", 400, "invalid_scope"),
        ("500011", 400, "invalid_resource"),
        ("50001", 400, "invalid_resource"),
        ("53003", 400, "invalid_grant"),
        ("530032", 400, "access_denied"),
        ("50076", 400, "invalid_grant"),
        ("90006", 503, "temporarily_unavailable"),
        ("90024", 503, "temporarily_unavailable"),
        ("90033", 503, "temporarily_unavailable"),
        ("90055", 429, "temporarily_unavailable"),
        ("90090", 503, "temporarily_unavailable"),
        ("90012", 503, "temporarily_unavailable"),
        ("50000", 500, "server_error"),
        ("50196", 400, "temporarily_unavailable"),
    ] {
        emulator.inject(Fault::error(code).retry_after("7").times(1));
        let request = token_request(HOST, TENANT, &credentials(SECRET, SCOPE));
        let response = emulator.handle(request).await.unwrap();
        assert_eq!(response.status(), status, "{code}");
        assert_eq!(response.headers()["retry-after"], "7");
        let body = json(&response);
        assert_eq!(body["error"], error, "{code}");
        assert_eq!(body["error_codes"][0].to_string(), code);
        let text = body["error_description"].as_str().unwrap();
        assert!(
            text.starts_with(&format!("AADSTS{code}: ")) && !text.contains("{}"),
            "{text}"
        );
    }
}

/// The codes that a client can tell apart, and their statuses.
#[tokio::test]
async fn every_code_of_azure_resource_manager_can_be_had_on_demand() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let url = format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults?api-version=2025-05-01"
    );
    for (code, status) in [
        ("TooManyRequests", 429),
        ("SubscriptionRequestsThrottled", 429),
        ("AuthenticationFailed", 401),
        ("ExpiredAuthenticationToken", 401),
        ("InvalidAuthenticationToken", 401),
        ("InvalidAuthenticationTokenTenant", 401),
        ("InvalidAuthenticationTokenAudience", 401),
        ("VaultAlreadyExists", 409),
        ("ConflictError", 409),
        ("VaultNameNotValid", 400),
        ("BadRequest", 400),
        ("AuthorizationFailed", 403),
        ("ResourceGroupNotFound", 404),
        ("SubscriptionNotFound", 404),
        ("ResourceNotFound", 404),
        ("MissingSubscriptionRegistration", 409),
        ("RequestDisallowedByPolicy", 403),
        ("SkuNotSupported", 400),
        ("LocationNotAvailableForResourceType", 400),
        ("ReadOnlyDisabledSubscription", 409),
        ("ScopeLocked", 409),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
    ] {
        emulator.inject(Fault::error(code).host("management.azure.com").times(1));
        let response = fetch(&emulator, &url, &token).await;
        assert_eq!(response.status(), status, "{code}");
        let body = json(&response);
        assert_eq!(body["error"]["code"], code);
        let text = body["error"]["message"].as_str().unwrap();
        assert!(!text.is_empty() && !text.contains("{}"), "{text}");
        assert_eq!(
            response.headers().contains_key("retry-after"),
            status == 429
        );
        assert_eq!(
            response.headers().contains_key("www-authenticate"),
            status == 401
        );
    }
}

/// The errors of the managed-identity endpoint, by name and by status alone.
#[tokio::test]
async fn every_error_of_the_metadata_service_can_be_had_on_demand() {
    let emulator = built_in();
    let ask = async |fault: Fault| {
        emulator.inject(fault.times(1));
        let url = "http://169.254.169.254/metadata/identity/oauth2/token";
        let response = fetch(&emulator, url, "").await;
        let error = json(&response)["error"].as_str().unwrap().to_owned();
        (response.status().as_u16(), error)
    };
    for (error, status) in [
        ("bad_request_102", 400),
        ("invalid_request", 400),
        ("invalid_resource", 400),
        ("unknown_source", 401),
        ("access_denied", 401),
        ("unreachable", 403),
        ("unknown", 500),
    ] {
        assert_eq!(ask(Fault::error(error)).await, (status, error.to_owned()));
    }
    for status in [404, 410, 429, 500, 503] {
        assert_eq!(ask(Fault::status(status)).await.0, status);
    }
}
