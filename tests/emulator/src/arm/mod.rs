//! Azure Resource Manager: subscriptions, groups, vaults as resources, Resource Graph.
//!
//! Must not know certificates. `route` finds the operation, `access` and `quota` decide whether it runs,
//! the other files are operations by subject, `error` words refusals. Source: "Azure REST: Resource
//! Management", "Azure REST: Key Vault - Vaults", "Azure REST: Resource Graph" (wire 3).

mod access;
mod births;
mod call;
mod change;
mod create;
mod deleted;
mod error;
mod graph;
mod locations;
mod names;
mod page;
mod permissions;
mod policy;
mod quota;
mod render;
mod route;
mod subscriptions;
mod vaults;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::answer::{self, Ids};
use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::entra::{Claims, Tokens};
use crate::seed::{ArmSeed, PolicySeed, Seed, SubscriptionSeed, TenantSeed};
use crate::state::Dirty;
use crate::vault::Vaults;

use access::Roles;
pub(crate) use births::{Births, BirthsState};
use call::{Call, Query};
pub(crate) use error::{named, plain};
use quota::{Kind, Quota, Spent};

/// What Azure Resource Manager knows beside the vaults.
#[derive(Debug)]
pub(crate) struct Arm {
    tenants: Vec<TenantSeed>,
    subscriptions: Vec<SubscriptionSeed>,
    policies: Vec<PolicySeed>,
    settings: ArmSeed,
    roles: Roles,
    quota: Quota,
    births: Arc<Births>,
}

/// What an operation answers.
#[derive(Debug)]
pub(super) enum Reply {
    Ok(Value),
    /// Work goes on; the answer says where to ask.
    Accepted {
        location: String,
        body: Option<Value>,
    },
    NoContent,
    /// 200 without a body.
    Done,
}

impl Arm {
    pub(crate) fn new(seed: &Seed, dirty: Dirty) -> Arm {
        let mut subscriptions = seed.subscriptions.clone();
        for subscription in &mut subscriptions {
            subscription.id.make_ascii_lowercase();
            subscription.tenant.make_ascii_lowercase();
            for tenant in &mut subscription.managed_by {
                tenant.make_ascii_lowercase();
            }
        }
        Arm {
            tenants: seed.tenants.clone(),
            subscriptions,
            policies: seed.policies.clone(),
            roles: Roles::new(seed),
            quota: Quota::new(&seed.arm),
            births: Arc::new(Births::new(&seed.arm, dirty)),
            settings: seed.arm.clone(),
        }
    }

    /// What has to survive a restart.
    pub(crate) fn births(&self) -> &Arc<Births> {
        &self.births
    }

    /// Whether a vault's name does not resolve yet, because the vault is still being made.
    pub(crate) fn is_unborn(&self, vault_host: &str, now: u64) -> bool {
        self.births.is_unborn(vault_host, now)
    }

    /// Answers a request to Azure Resource Manager's host.
    pub(crate) fn answer(
        &self,
        cloud: Cloud,
        vaults: &Vaults,
        tokens: &Tokens,
        clock: &Clock,
        ids: &Ids,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let now = clock.unix_seconds();
        let path = decoded(request.uri().path());
        let mut response = match access::authenticate(cloud, tokens, now, request.headers()) {
            Err(refusal) => refusal.response(&self.authority(cloud, &path)),
            Ok(caller) => self.serve(cloud, vaults, clock, &caller, request, &path),
        };
        let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
        let own = ids.next();
        let correlation = header("x-ms-correlation-request-id").unwrap_or(&own);
        let routing = format!(
            "EMULATOR:{}:{own}",
            answer::timestamp(now)
                .replace(['-', ':'], "")
                .replace(' ', "T")
        );
        for (name, value) in [
            ("cache-control", "no-cache"),
            ("pragma", "no-cache"),
            ("expires", "-1"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-ms-request-id", own.as_str()),
            ("x-ms-correlation-request-id", correlation),
            ("x-ms-routing-request-id", routing.as_str()),
        ] {
            answer::set(&mut response, name, value);
        }
        if header("x-ms-return-client-request-id").is_some_and(|v| v.eq_ignore_ascii_case("true"))
            && let Some(id) = header("x-ms-client-request-id")
        {
            answer::set(&mut response, "x-ms-client-request-id", id);
        }
        response
    }

    fn serve(
        &self,
        cloud: Cloud,
        vaults: &Vaults,
        clock: &Clock,
        caller: &Arc<Claims>,
        request: &Request<Bytes>,
        path: &str,
    ) -> Response<Bytes> {
        let query = Query::parse(request);
        let call = Call {
            arm: self,
            cloud,
            vaults,
            caller,
            now: clock.unix_seconds(),
            query: &query,
            body: request.body(),
            method: request.method(),
            host: cloud.arm_host(),
        };
        let (kind, scope) = route::counts_as(request.method(), path, &caller.tid);
        let spent = self
            .quota
            .spend(&scope, &caller.appid, kind, clock.since_start());
        let outcome = match spent {
            Spent::Throttled(wait) => Err(throttled(kind, &scope, wait)),
            Spent::Left(_) => route::dispatch(&call, path),
        };
        let mut response = match outcome {
            Ok(Reply::Ok(body)) => answer::json(StatusCode::OK, &body),
            Ok(Reply::Done) => Response::new(Bytes::new()),
            Ok(Reply::NoContent) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            Ok(Reply::Accepted { location, body }) => {
                let mut response = match body {
                    Some(body) => answer::json(StatusCode::ACCEPTED, &body),
                    None => Response::new(Bytes::new()),
                };
                *response.status_mut() = StatusCode::ACCEPTED;
                answer::set(&mut response, "location", &location);
                answer::set(&mut response, "retry-after", "1");
                response
            }
            Err(refusal) => refusal.response(&self.authority(cloud, path)),
        };
        let left = match spent {
            Spent::Left(left) => left,
            Spent::Throttled(_) => 0,
        };
        let of_tenant = !scope.contains("subscriptions");
        let name = match (kind, of_tenant) {
            (Kind::Graph, _) => "x-ms-user-quota-remaining",
            (Kind::Read, true) => "x-ms-ratelimit-remaining-tenant-reads",
            (Kind::Read, false) => "x-ms-ratelimit-remaining-subscription-reads",
            (Kind::Write, true) => "x-ms-ratelimit-remaining-tenant-writes",
            (Kind::Write, false) => "x-ms-ratelimit-remaining-subscription-writes",
            (Kind::Delete, _) => "x-ms-ratelimit-remaining-subscription-deletes",
        };
        answer::set(&mut response, name, &left.to_string());
        if kind == Kind::Graph {
            answer::set(&mut response, "x-ms-user-quota-resets-after", "00:00:05");
        }
        response
    }

    /// Where a token for this path would come from.
    fn authority(&self, cloud: Cloud, path: &str) -> String {
        let host = match cloud {
            Cloud::Public => "login.windows.net",
            Cloud::China | Cloud::Government => cloud.authority(),
        };
        let tenant = path
            .split('/')
            .nth(2)
            .and_then(|id| self.subscription(cloud, id))
            .map_or("", |s| s.tenant.as_str());
        format!("https://{host}/{tenant}")
    }

    /// The subscription of an id, in a cloud.
    fn subscription(&self, cloud: Cloud, id: &str) -> Option<&SubscriptionSeed> {
        self.subscriptions
            .iter()
            .find(|s| s.id.eq_ignore_ascii_case(id) && s.clouds.contains(&cloud))
    }
}

/// A path as it is meant: each segment decoded (RFC 3986 section 2.1), as clients encode the brackets and
/// letters that a group's name may have. What would be two segments, or is no text, stays as it came.
fn decoded(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let text = percent_decode_str(segment).decode_utf8();
        text.ok()
            .filter(|text| !text.contains('/'))
            .unwrap_or_else(|| segment.into())
    });
    segments.collect::<Vec<_>>().join("/")
}

fn throttled(kind: Kind, scope: &str, wait: std::time::Duration) -> error::Refusal {
    // Whole seconds, rounded up: who comes back then is let in.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let refusal = match kind {
        Kind::Graph => error::Refusal::new("RateLimiting", []).detail(
            "RateLimiting",
            "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.",
        ),
        Kind::Read | Kind::Write | Kind::Delete => {
            let operation = if kind == Kind::Read { "read" } else { "write" };
            let id = scope.rsplit('/').next().unwrap_or_default();
            error::Refusal::new(
                "SubscriptionRequestsThrottled",
                [id, operation, &seconds.to_string()],
            )
        }
    };
    refusal
        .retry_after(seconds)
        .header("x-ms-failure-cause", "gateway".to_owned())
}
