//! Key Vault's data plane for certificates: which operation a path means, and what every answer carries.
//!
//! `route` finds the operation, `access` decides who may, `throttle` how often; `list`, `import`,
//! `create`, `update`, `backup`, `secret` and `side` do it, `show` and `policy` say how things look, `error` words
//! refusals, `on_demand` those that a fault names. `vaults` holds the vaults, `room` is one, `store` its certificates with `derived` beneath, `alone` what is none,
//! `renew` what they do by themselves. Must not know sockets, faults or how tokens are made. Source:
//! "Azure REST: Key Vault, Certificates".

mod access;
mod alone;
mod backup;
mod certificate;
mod change;
mod control;
mod create;
mod derived;
mod error;
mod import;
mod list;
mod on_demand;
mod policy;
mod renew;
mod room;
mod route;
mod secret;
mod show;
mod side;
mod spec;
mod store;
mod throttle;
mod update;
mod vaults;

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::entra::Tokens;

pub(crate) use crate::seed::{Network, Sku};
pub(crate) use access::bearer;
use certificate::Certificate;
pub use control::VaultControl;
use error::Refusal;
pub(crate) use on_demand::{named, plain};
pub(crate) use room::Vault;
use route::Operation;
pub(crate) use spec::{AccessPolicy, NetworkAcls, Role, VaultSpec};
pub(crate) use vaults::{DeletedVault, NameTaken, NotPurged, Vaults, VaultsState};

/// The api-versions that the service knows with the shapes played here; "Azure REST: Key Vault" (wire 2.1). A
/// request without one, or with another, is a bad one (wire 6, number 2).
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

/// A request that got through, with what its operation may need.
struct Call<'a> {
    vault: &'a Vault,
    /// Milliseconds since 1970.
    now: u64,
    query: Vec<(String, String)>,
    api_version: String,
    body: &'a Bytes,
}

impl Call<'_> {
    fn query(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Now, in seconds since 1970.
    fn seconds(&self) -> u64 {
        self.now / 1_000
    }

    /// So many seconds from now, in milliseconds since 1970.
    fn later(&self, seconds: u64) -> u64 {
        self.now.saturating_add(seconds.saturating_mul(1_000))
    }

    /// The certificate of a name, alive or not.
    fn find(&self, name: &str) -> Result<Option<Arc<Certificate>>, Refusal> {
        self.vault.store.find(name).map_err(Refusal::broken)
    }
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
    let now = clock
        .now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let mut call = Call {
        vault,
        now,
        query,
        api_version: String::new(),
        body: request.body(),
    };
    call.api_version = match call.query("api-version") {
        None => return Err(Refusal::NoApiVersion),
        Some(version) if !API_VERSIONS.contains(&version) => {
            return Err(Refusal::UnknownApiVersion(version.to_owned()));
        }
        Some(version) => version.to_owned(),
    };
    let operation = Operation::find(request.method(), request.uri().path())?;
    access::authorize(vault, &caller, operation.permission(), operation.name())?;
    let kind = operation.kind();
    if !vault.throttle.takes(kind, now) {
        return Err(Refusal::Throttled(kind.limit()));
    }
    vault.settle(now).map_err(Refusal::broken)?;
    let response = operate(&call, operation)?;
    if ["2016-10-01", "7.0"].contains(&call.api_version.as_str()) {
        return Ok(before_7_1(response));
    }
    Ok(response)
}

/// `recoverableDays` came with api-version 7.1; recordings of 7.0 have no such attribute.
fn before_7_1(response: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = response.into_parts();
    let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, body);
    };
    let forget = |bundle: &mut Value| {
        if let Some(Value::Object(attributes)) = bundle.get_mut("attributes") {
            attributes.remove("recoverableDays");
        }
    };
    forget(&mut json);
    if let Some(Value::Array(items)) = json.get_mut("value") {
        items.iter_mut().for_each(forget);
    }
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, Bytes::from(json.to_string()))
}

fn operate(call: &Call<'_>, operation: Operation<'_>) -> Result<Response<Bytes>, Refusal> {
    use Operation as O;
    let body = match operation {
        O::List => list::certificates(call),
        O::Versions(name) => list::versions(call, name),
        O::ListDeleted => list::deleted(call),
        O::Get(name, version) => get(call, name, version),
        O::GetPolicy(name) => get_policy(call, name),
        O::Import(name) => import::import(call, name),
        O::Create(name) => return create::create(call, name),
        O::GetPending(name) => return create::get(call, name),
        O::CancelPending(name) => create::cancel(call, name),
        O::DeletePending(name) => create::delete(call, name),
        O::Merge(name) => return create::merge(call, name),
        O::Update(name, version) => update::update(call, name, version),
        O::UpdatePolicy(name) => update::policy(call, name),
        O::Delete(name) => update::delete(call, name),
        O::GetDeleted(name) => update::get_deleted(call, name),
        O::Recover(name) => update::recover(call, name),
        O::Purge(name) => {
            update::purge(call, name)?;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            return Ok(response);
        }
        O::GetContacts => side::get_contacts(call),
        O::SetContacts => side::set_contacts(call),
        O::DeleteContacts => side::delete_contacts(call),
        O::ListIssuers => Ok(side::list_issuers(call)),
        O::GetIssuer(name) => side::get_issuer(call, name),
        O::SetIssuer(name) => side::set_issuer(call, name),
        O::UpdateIssuer(name) => side::update_issuer(call, name),
        O::DeleteIssuer(name) => side::delete_issuer(call, name),
        O::GetSecret(name, version) => secret::get(call, name, version),
        O::Backup(name) => backup::backup(call, name),
        O::Restore => backup::restore(call),
    }?;
    Ok(answer::json(StatusCode::OK, &body))
}

/// `GET /certificates/{name}[/{version}]`: a version comes without the policy, the current one too
/// (recordings of DownloadVersionedCertificate).
fn get(call: &Call<'_>, name: &str, version: Option<&str>) -> Result<Value, Refusal> {
    let asked = version.map_or_else(|| name.to_owned(), |v| format!("{name}/{v}"));
    let missing = || Refusal::NotFound(asked.clone());
    let found = call
        .find(name)?
        .filter(|c| c.is_live())
        .ok_or_else(missing)?;
    let (wanted, shown) = match version {
        None => (found.current(), show::Shown::Name),
        Some(id) => (found.version(id), show::Shown::Version),
    };
    let wanted = wanted.ok_or_else(missing)?;
    show::bundle(call.vault, &found, wanted, shown).map(Value::Object)
}

fn get_policy(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let found = call
        .find(name)?
        .filter(|c| c.is_live())
        .ok_or_else(|| Refusal::NotFound(name.to_owned()))?;
    show::policy(call.vault, &found.name, &found.policy)
}
