//! Azure Resource Manager's error answers: one row per code played.
//!
//! Must not know how requests are decided. Source: "Troubleshoot common Azure deployment errors", "Azure
//! REST: Key Vault - Vaults", "Understand how Azure Resource Manager throttles requests", and answers of
//! the live service quoted in public issues (wire 3.4, 3.6).

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::answer;

/// Code, status and text; `{}` takes what the error is about, in order.
type Row = (&'static str, u16, &'static str);

static ROWS: &[Row] = &[
    (
        "AuthenticationFailed",
        401,
        "Authentication failed. The 'Authorization' header is missing.",
    ),
    (
        "InvalidAuthenticationToken",
        401,
        "The access token is invalid.",
    ),
    (
        "ExpiredAuthenticationToken",
        401,
        "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
    ),
    (
        "InvalidAuthenticationTokenTenant",
        401,
        "The access token is from the wrong issuer '{}'. It must match the tenant '{}' associated with this subscription. Please use the authority (URL) '{}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour).",
    ),
    (
        "InvalidAuthenticationTokenAudience",
        401,
        "The access token has been obtained for wrong audience or resource '{}'. It should exactly match with one of the allowed audiences {}.",
    ),
    (
        "AuthorizationFailed",
        403,
        "The client '{}' with object id '{}' does not have authorization to perform action '{}' over scope '{}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
    ),
    (
        "SubscriptionNotFound",
        404,
        "The subscription '{}' could not be found.",
    ),
    (
        "InvalidSubscriptionId",
        400,
        "The provided subscription identifier '{}' is malformed or invalid.",
    ),
    (
        "ResourceGroupNotFound",
        404,
        "Resource group '{}' could not be found.",
    ),
    (
        "ResourceNotFound",
        404,
        "The Resource 'Microsoft.KeyVault/vaults/{}' under resource group '{}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    (
        "DeletedVaultNotFound",
        404,
        "The specified deleted vault '{}' does not exist.",
    ),
    (
        "InvalidResourceType",
        404,
        "The resource type could not be found at '{}' for api version '{}'.",
    ),
    (
        "OperationNotFound",
        404,
        "The operation '{}' could not be found.",
    ),
    (
        "MissingSubscriptionRegistration",
        409,
        "The subscription is not registered to use namespace 'Microsoft.KeyVault'. See https://aka.ms/rps-not-found for how to register subscriptions.",
    ),
    (
        "ReadOnlyDisabledSubscription",
        409,
        "The subscription '{}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.",
    ),
    (
        "MissingApiVersionParameter",
        400,
        "The api-version query parameter (?api-version=) is required for all requests.",
    ),
    (
        "InvalidApiVersionParameter",
        400,
        "The api-version '{}' is invalid. The supported versions are '{}'.",
    ),
    (
        "NoRegisteredProviderFound",
        400,
        "No registered resource provider found for API version '{}' for type '{}'. The supported api-versions are '{}'.",
    ),
    (
        "VaultAlreadyExists",
        409,
        "The vault name '{}' is already in use. Vault names are globaly unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more information about VaultNameCheck, follow this link https://go.microsoft.com/fwlink/?linkid=2147741.",
    ),
    (
        "ConflictError",
        409,
        "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
    ),
    (
        "VaultNameNotValid",
        400,
        "The vault name '{}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742",
    ),
    ("BadRequest", 400, "{}"),
    (
        "InvalidRequestContent",
        400,
        "The request content was invalid and could not be deserialized: '{}'.",
    ),
    (
        "SkuNotSupported",
        400,
        "The sku '{}' is not supported. The supported skus are 'standard, premium'.",
    ),
    (
        "LocationRequired",
        400,
        "The location property is required for this definition.",
    ),
    (
        "LocationNotAvailableForResourceType",
        400,
        "The provided location '{}' is not available for resource type 'Microsoft.KeyVault/vaults'. List of available regions for the resource type is '{}'.",
    ),
    (
        "InvalidResourceLocation",
        409,
        "The resource '{}' already exists in location '{}' in resource group '{}'. A resource with the same name cannot be created in location '{}'. Please select a new resource name.",
    ),
    (
        "RequestDisallowedByPolicy",
        403,
        "Resource '{}' was disallowed by policy. Policy identifiers: '{}'.",
    ),
    (
        "ScopeLocked",
        409,
        "The scope '{}' cannot perform delete operation because following scope(s) are locked. Please remove the lock and try again.",
    ),
    (
        "MethodNotAllowed",
        405,
        "Operation \"DeletedVaultPurge\" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed. Vault: {}",
    ),
    (
        "UnsupportedMethod",
        405,
        "The requested resource does not support http method '{}'.",
    ),
    ("TooManyRequests", 429, "The request is being throttled."),
    (
        "SubscriptionRequestsThrottled",
        429,
        "Number of requests for subscription '{}' and operation '{}' exceeded the backend storage limit. Please try again after '{}' seconds.",
    ),
    (
        "RateLimiting",
        429,
        "Please provide below info when asking for support: timestamp = {}.",
    ),
    (
        "InternalServerError",
        500,
        "Encountered internal server error.",
    ),
    (
        "BadGateway",
        502,
        "The gateway did not receive a response from the resource provider.",
    ),
    (
        "ServiceUnavailable",
        503,
        "The service is currently unavailable.",
    ),
    (
        "GatewayTimeout",
        504,
        "The gateway did not receive a response from 'Microsoft.KeyVault' within the specified time period.",
    ),
];

/// What stands for a code that is not in the table.
static BROKEN: Row = ("InternalServerError", 500, "");

/// Where a 401 sends its reader when nothing better is known.
const AUTHORITY: &str = "https://login.windows.net/";

/// Why a request was refused: a row, what it is about, and what comes along.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    row: &'static Row,
    about: Vec<String>,
    /// Boxed, because most refusals have nothing of it and every operation's result carries one.
    extras: Box<Extras>,
}

#[derive(Clone, Debug, Default)]
struct Extras {
    target: Option<String>,
    details: Vec<Value>,
    additional: Vec<Value>,
    retry_after: Option<u64>,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// The refusal of a code in the table; another one is a server error.
    pub(super) fn new<const N: usize>(code: &str, about: [&str; N]) -> Refusal {
        let about = about.iter().map(|&text| text.to_owned()).collect();
        Refusal::of(row(code).unwrap_or(&BROKEN), about)
    }

    fn of(row: &'static Row, about: Vec<String>) -> Refusal {
        let extras = Extras {
            // What throttling there is here always says when to come back (wire 6, number 9).
            retry_after: (row.1 == 429).then_some(10),
            ..Extras::default()
        };
        Refusal {
            row,
            about,
            extras: Box::new(extras),
        }
    }

    pub(super) fn bad_request(text: &str) -> Refusal {
        Refusal::new("BadRequest", [text])
    }

    pub(super) fn target(mut self, target: &str) -> Refusal {
        self.extras.target = Some(target.to_owned());
        self
    }

    pub(super) fn detail(mut self, code: &str, message: &str) -> Refusal {
        let detail = json!({"code": code, "message": message});
        self.extras.details.push(detail);
        self
    }

    pub(super) fn additional(mut self, info: Value) -> Refusal {
        self.extras.additional.push(info);
        self
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Refusal {
        self.extras.retry_after = Some(seconds);
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Refusal {
        self.extras.headers.push((name, value));
        self
    }

    /// The answer; a 401 leads to this authority.
    pub(super) fn response(&self, authority: &str) -> Response<Bytes> {
        let (code, status, template) = *self.row;
        let mut text = template.to_owned();
        for about in &self.about {
            text = text.replacen("{}", about, 1);
        }
        let text = text.replace("{}", "unknown");
        let mut error = json!({"code": code, "message": text});
        let extras = &*self.extras;
        if let Some(error) = error.as_object_mut() {
            if let Some(target) = &extras.target {
                error.insert("target".into(), json!(target));
            }
            if !extras.details.is_empty() {
                error.insert("details".into(), json!(extras.details));
            }
            if !extras.additional.is_empty() {
                error.insert("additionalInfo".into(), json!(extras.additional));
            }
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = answer::json(status, &json!({"error": error}));
        if let Some(seconds) = extras.retry_after {
            answer::set(&mut response, "retry-after", &seconds.to_string());
        }
        if status == StatusCode::UNAUTHORIZED {
            let said = text.replace('"', "'");
            let challenge = format!(
                "Bearer authorization_uri=\"{authority}\", error=\"invalid_token\", error_description=\"{said}\""
            );
            answer::set(&mut response, "www-authenticate", &challenge);
        }
        for (name, value) in &extras.headers {
            answer::set(&mut response, name, value);
        }
        response
    }
}

fn row(code: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.0 == code)
}

/// The answer of a code that a fault asked for.
pub(crate) fn named(code: &str) -> Option<Response<Bytes>> {
    row(code).map(|row| Refusal::of(row, Vec::new()).response(AUTHORITY))
}

/// What Azure Resource Manager says with a status that a fault asked for.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let code = match status.as_u16() {
        401 => "InvalidAuthenticationToken",
        403 => "AuthorizationFailed",
        404 => "ResourceNotFound",
        409 => "ConflictError",
        429 => "SubscriptionRequestsThrottled",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        500..=599 => "InternalServerError",
        _ => "BadRequest",
    };
    let mut response = Refusal::new(code, []).response(AUTHORITY);
    *response.status_mut() = status;
    response
}
