//! The documents that say where a tenant's endpoints are and how its tokens are signed.
//!
//! Must not know applications. Source: "OpenID Connect on the Microsoft identity platform" and what MSAL
//! reads of the instance discovery answer.

use serde_json::{Value, json};

use super::error::Problem;
use super::token::Tokens;
use crate::cloud::Cloud;

/// `GET /common/discovery/instance`: which hosts are one authority. `asked` is the authorization
/// endpoint that the client was configured with.
pub(super) fn instance(cloud: Cloud, asked: Option<&str>) -> Result<Value, Problem> {
    let unknown = || Problem::new(50_049, []);
    let rest = asked
        .and_then(|url| url.strip_prefix("https://"))
        .ok_or_else(unknown)?;
    let (host, path) = rest.split_once('/').ok_or_else(unknown)?;
    let host = host.to_ascii_lowercase();
    let tenant = path.split('/').next().unwrap_or_default();
    // Every cloud's service knows the hosts of all of them.
    if !Cloud::ALL
        .iter()
        .any(|c| c.authority_hosts().contains(&host.as_str()))
    {
        return Err(unknown());
    }
    let metadata: Vec<Value> = Cloud::ALL
        .iter()
        .map(|c| {
            json!({
                "preferred_network": c.authority(),
                "preferred_cache": c.authority_hosts().last(),
                "aliases": c.authority_hosts(),
            })
        })
        .collect();
    let home = if cloud.authority_hosts().contains(&host.as_str()) {
        cloud.authority()
    } else {
        &host
    };
    Ok(json!({
        "tenant_discovery_endpoint":
            format!("https://{home}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": metadata,
    }))
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
pub(super) fn configuration(cloud: Cloud, host: &str, tenant: &str) -> Value {
    let at = |path: &str| format!("https://{host}/{tenant}/{path}");
    json!({
        "token_endpoint": at("oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"],
        "jwks_uri": at("discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": at("v2.0"),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": at("oauth2/v2.0/logout"),
        "tenant_region_scope": null,
        "cloud_instance_name": match cloud {
            Cloud::Public => "microsoftonline.com",
            Cloud::China => "partner.microsoftonline.cn",
            Cloud::Government => "microsoftonline.us",
        },
    })
}

/// `GET /{tenant}/discovery/v2.0/keys`: the key that every token is signed with.
pub(super) fn keys(tokens: &Tokens) -> Value {
    json!({"keys": [tokens.public_key()]})
}
