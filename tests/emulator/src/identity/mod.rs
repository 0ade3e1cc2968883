//! The managed-identity endpoint of the instance metadata service, which a machine asks over plain HTTP.
//!
//! Must not know how tokens are made. Plays one machine, to which every managed identity of the seed is
//! assigned; the cloud follows from the resource asked for. Source: "How to use managed identities for
//! Azure resources on an Azure VM to acquire an access token" (wire 1.3.1).

mod error;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::answer::{self, Ids, derived_uuid};
use crate::clock::Clock;
use crate::entra::{Entra, object_id};
use crate::seed::{PhaseSeed, Seed};

use error::Refusal;
pub(crate) use error::{named, plain};

/// The api-versions of the token endpoint; "Azure Instance Metadata Service", supported versions.
const API_VERSIONS: [&str; 10] = [
    "2017-12-01",
    "2018-02-01",
    "2018-04-02",
    "2018-10-01",
    "2019-06-01",
    "2019-08-01",
    "2020-06-01",
    "2021-02-01",
    "2021-12-13",
    "2023-11-15",
];

/// The machine's identities and the phases of its metadata service.
#[derive(Debug)]
pub(crate) struct Machine {
    identities: Vec<Identity>,
    phases: Vec<PhaseSeed>,
}

/// One managed identity, ids in lower case.
#[derive(Debug)]
struct Identity {
    client_id: String,
    object_id: String,
    tenant: String,
    /// In the case of the seed.
    resource_id: String,
    system_assigned: bool,
}

impl Machine {
    pub(crate) fn new(seed: &Seed) -> Machine {
        let identities = seed.managed_identities.iter().map(|table| {
            let client_id = table.client_id.to_ascii_lowercase();
            let tenant = table.tenant.to_ascii_lowercase();
            let made_up = || {
                let subscription = derived_uuid(&format!("{}/machine", seed.key));
                let machine = if table.system_assigned {
                    "Microsoft.Compute/virtualMachines/emulated"
                } else {
                    "Microsoft.ManagedIdentity/userAssignedIdentities"
                };
                let name = if table.system_assigned { "" } else { &client_id };
                format!(
                    "/subscriptions/{subscription}/resourcegroups/rg-machine/providers/{machine}/{name}"
                )
                .trim_end_matches('/')
                .to_owned()
            };
            Identity {
                object_id: object_id(&tenant, &client_id),
                resource_id: table.resource_id.clone().unwrap_or_else(made_up),
                system_assigned: table.system_assigned,
                client_id,
                tenant,
            }
        });
        Machine {
            identities: identities.collect(),
            phases: seed.metadata.phases.clone(),
        }
    }

    /// Answers a request to the metadata address.
    pub(crate) fn answer(
        &self,
        entra: &Entra,
        clock: &Clock,
        ids: &Ids,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let mut response = self
            .serve(entra, clock, request)
            .unwrap_or_else(|refusal| refusal.response());
        answer::set(&mut response, "server", "IMDS/150.870.65.1854");
        answer::set(&mut response, "x-ms-request-id", &ids.next());
        response
    }

    fn serve(
        &self,
        entra: &Entra,
        clock: &Clock,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Refusal> {
        let headers = request.headers();
        // Both guard against a server that was talked into asking for somebody else.
        if headers.contains_key("x-forwarded-for") {
            return Err(Refusal::Forwarded);
        }
        let metadata = headers.get("metadata").and_then(|v| v.to_str().ok());
        if !metadata.is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            return Err(Refusal::NoMetadataHeader);
        }
        if request.uri().path() != "/metadata/identity/oauth2/token" {
            return Err(Refusal::UnknownSource(request.uri().path().to_owned()));
        }
        if request.method() != Method::GET {
            return Err(Refusal::Method);
        }
        let running = clock.since_start();
        let over = |p: &&PhaseSeed| running >= Duration::from_secs(p.until_seconds);
        if let Some(phase) = self
            .phases
            .iter()
            .filter(|p| !over(p))
            .min_by_key(|p| p.until_seconds)
        {
            return Ok(plain(
                StatusCode::from_u16(phase.status).unwrap_or(StatusCode::GONE),
            ));
        }
        let query = Query::parse(request);
        match query.get("api-version") {
            None => return Err(Refusal::Missing("api-version")),
            Some(version) if !API_VERSIONS.contains(&version) => {
                return Err(Refusal::ApiVersion);
            }
            Some(_) => {}
        }
        let resource = query
            .get("resource")
            .filter(|r| !r.is_empty())
            .ok_or(Refusal::Missing("resource"))?;
        let identity = self.chosen(&query)?;
        let granted = entra
            .grant_identity(
                &identity.tenant,
                &identity.client_id,
                &identity.resource_id,
                resource,
                clock,
            )
            .map_err(|(error, text)| Refusal::Entra(error, text))?;
        // Every value is a string here, unlike Entra ID's own answers (wire 6, number 8).
        let lifetime = granted.claims.exp.saturating_sub(granted.claims.iat);
        Ok(answer::json(
            StatusCode::OK,
            &json!({
                "access_token": granted.token,
                "client_id": identity.client_id,
                "expires_in": lifetime.to_string(),
                "expires_on": granted.claims.exp.to_string(),
                "ext_expires_in": lifetime.to_string(),
                "not_before": granted.claims.nbf.to_string(),
                "refresh_token": "",
                "resource": resource,
                "token_type": "Bearer",
            }),
        ))
    }

    /// The identity that the query names, or the machine's own, or the only one there is.
    fn chosen(&self, query: &Query) -> Result<&Identity, Refusal> {
        type Key = fn(&Identity) -> &str;
        let keys: [(&str, Key); 4] = [
            ("client_id", |i| &i.client_id),
            ("object_id", |i| &i.object_id),
            ("msi_res_id", |i| &i.resource_id),
            ("mi_res_id", |i| &i.resource_id),
        ];
        let mut named = keys
            .iter()
            .filter_map(|(name, key)| query.get(name).map(|v| (v, key)));
        let Some((value, key)) = named.next() else {
            let mut users = self.identities.iter().filter(|i| !i.system_assigned);
            let system = self.identities.iter().find(|i| i.system_assigned);
            return match (system, users.next(), users.next()) {
                (Some(identity), _, _) | (None, Some(identity), None) => Ok(identity),
                (None, Some(_), Some(_)) => Err(Refusal::SeveralIdentities),
                (None, None, _) => Err(Refusal::NoIdentity),
            };
        };
        if named.next().is_some() {
            return Err(Refusal::TwoNames);
        }
        self.identities
            .iter()
            .find(|identity| key(identity).eq_ignore_ascii_case(value))
            .ok_or(Refusal::NoIdentity)
    }
}

struct Query(Vec<(String, String)>);

impl Query {
    fn parse(request: &Request<Bytes>) -> Query {
        let text = request.uri().query().unwrap_or_default();
        Query(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}
