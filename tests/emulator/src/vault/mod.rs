//! Key Vault's data plane: which operation a path means, and what every answer carries.
//!
//! `state` holds the vaults, `access` decides who may, `list` and `get` answer, `error` words refusals.
//! Must not know sockets, faults or how tokens are made. Source: "Azure REST: Key Vault, Certificates".

mod access;
mod error;
mod get;
mod list;
mod spec;
mod state;
mod vaults;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::entra::Tokens;
use crate::seed::{CertificateAction, is_certificate_name};

pub(crate) use access::bearer;
use error::Refusal;
pub(crate) use error::plain;
pub(crate) use spec::{AccessPolicy, Network, Permissions, Role, Sku, VaultSpec};
pub(crate) use state::Vault;
pub(crate) use vaults::{DeletedVault, NameTaken, NotPurged, Vaults};

/// The api-versions that the service knows with the shapes played here; "Azure REST: Key Vault".
const API_VERSIONS: [&str; 10] = [
    "2016-10-01",
    "7.0",
    "7.1",
    "7.2",
    "7.3",
    "7.4",
    "7.5",
    "7.6",
    "2025-07-01",
    "2026-04-01",
];

/// What a request asks of a vault.
#[derive(Debug, PartialEq, Eq)]
enum Operation<'a> {
    List,
    Get {
        name: &'a str,
        version: Option<&'a str>,
    },
}

/// Answers a request to a vault's host.
pub(crate) fn answer(
    vault: &Vault,
    tokens: &Tokens,
    clock: &Clock,
    ids: &Ids,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let mut response =
        serve(vault, tokens, clock, request).unwrap_or_else(|refusal| refusal.response(vault));
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("expires", "-1"),
        (
            "strict-transport-security",
            "max-age=31536000;includeSubDomains",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-ms-keyvault-service-version", "1.9.2762.1"),
        (
            "x-ms-keyvault-network-info",
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
        ),
        ("x-ms-keyvault-region", vault.spec().location.as_str()),
    ] {
        answer::set(&mut response, name, value);
    }
    answer::set(&mut response, "x-ms-request-id", &ids.next());
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    if header("x-ms-return-client-request-id").is_some_and(|v| v.eq_ignore_ascii_case("true"))
        && let Some(id) = header("x-ms-client-request-id")
    {
        answer::set(&mut response, "x-ms-client-request-id", id);
    }
    response
}

fn serve(
    vault: &Vault,
    tokens: &Tokens,
    clock: &Clock,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let caller = access::authenticate(vault, tokens, clock, request.headers())?;
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let value = |key: &str| {
        query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    };
    match value("api-version") {
        None => return Err(Refusal::NoApiVersion),
        Some(version) if !API_VERSIONS.contains(&version) => {
            return Err(Refusal::UnknownApiVersion(version.to_owned()));
        }
        Some(_) => {}
    }
    let body = match operation(request.method(), request.uri().path())? {
        Operation::List => {
            access::authorize(vault, &caller, CertificateAction::List, None)?;
            list::page(vault, &list::Asked::parse(&query)?)?
        }
        Operation::Get { name, version } => {
            access::authorize(vault, &caller, CertificateAction::Get, Some(name))?;
            get::bundle(vault, name, version)?
        }
    };
    Ok(answer::json(StatusCode::OK, &body))
}

/// Finds the operation, and never takes another resource under `/certificates` for a certificate.
fn operation<'a>(method: &Method, path: &'a str) -> Result<Operation<'a>, Refusal> {
    let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
    let collection = parts.next().unwrap_or_default();
    if !collection.eq_ignore_ascii_case("certificates") {
        return Err(Refusal::NoSuchPath(path.to_owned()));
    }
    let rest: Vec<&str> = parts.collect();
    // A trailing slash asks for the current version, as some SDKs do.
    let rest = match rest.as_slice() {
        [head @ .., ""] => head,
        whole => whole,
    };
    let is_get = method == Method::GET;
    let only_get = |operation| {
        if is_get {
            Ok(operation)
        } else {
            Err(Refusal::MethodNotAllowed(method.to_string()))
        }
    };
    match rest {
        [] => only_get(Operation::List),
        [special, ..] if is_other_resource(special) => Err(match (*special, is_get) {
            ("contacts", true) => Refusal::NoContacts,
            ("issuers", true) => Refusal::NoIssuer,
            _ => Refusal::MethodNotAllowed(method.to_string()),
        }),
        [name, ..] if !is_certificate_name(name) => Err(Refusal::InvalidName((*name).to_owned())),
        [name] => only_get(Operation::Get {
            name,
            version: None,
        }),
        [name, "pending"] if is_get => Err(Refusal::NoPending((*name).to_owned())),
        [_, "versions" | "policy"] if is_get => Err(Refusal::NoSuchPath(path.to_owned())),
        [
            _,
            "pending" | "versions" | "policy" | "import" | "create" | "backup",
            ..,
        ] => Err(Refusal::MethodNotAllowed(method.to_string())),
        [name, version] => only_get(Operation::Get {
            name,
            version: Some(version),
        }),
        _ => Err(Refusal::NoSuchPath(path.to_owned())),
    }
}

fn is_other_resource(segment: &str) -> bool {
    ["contacts", "issuers", "restore"].contains(&segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_what_the_service_means_by_them() {
        let get = |name, version| Operation::Get { name, version };
        for (path, expected) in [
            ("/certificates", Operation::List),
            ("/certificates/", Operation::List),
            ("/certificates/web-1", get("web-1", None)),
            ("/certificates/web-1/", get("web-1", None)),
            ("/Certificates/web-1/0123", get("web-1", Some("0123"))),
        ] {
            assert_eq!(operation(&Method::GET, path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn other_resources_are_never_taken_for_certificates() {
        for (method, path, status) in [
            (Method::GET, "/certificates/contacts", 404),
            (Method::GET, "/certificates/issuers", 404),
            (Method::GET, "/certificates/issuers/one", 404),
            (Method::POST, "/certificates/restore", 405),
            (Method::GET, "/certificates/restore", 405),
            (Method::GET, "/certificates/a/pending", 404),
            (Method::GET, "/certificates/a/versions", 404),
            (Method::GET, "/certificates/a/policy", 404),
            (Method::POST, "/certificates/a/import", 405),
            (Method::DELETE, "/certificates/a", 405),
            (Method::GET, "/secrets/a", 404),
            (Method::GET, "/", 404),
            (Method::GET, "/certificates/a.b", 400),
            (Method::GET, "/certificates/a%20b", 400),
            (Method::GET, "/certificates//a", 400),
        ] {
            let refusal = operation(&method, path).unwrap_err();
            assert_eq!(refusal.status(), status, "{method} {path}");
        }
    }
}
