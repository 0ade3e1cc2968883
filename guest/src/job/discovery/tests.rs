//! Whole discoveries in tenants that are a function.

mod endings;
mod finding;
mod graph;
mod losses;
mod other_tenants;
mod stopping;

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock as _;
use crate::contract::{Credential, Secret};
use crate::http::{Method, TransportError};
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const ONE: &str = "11111111-1111-4111-8111-111111111111";
const TWO: &str = "99999999-9999-4999-8999-999999999999";
const ARM: &str = "https://management.azure.com";

fn job() -> Job {
    Job {
        attempt_id: "0b0a6c1e-0000-4000-8000-000000000001".into(),
        time_limit: Duration::from_secs(900),
        credential: Credential::ClientSecret {
            client_id: "33333333-3333-4333-8333-333333333333".into(),
            secret: Secret::new("sp-secret~1".into()),
        },
        options: Vec::new(),
    }
}

fn short() -> Job {
    Job {
        options: vec![("path-format".into(), "short".into())],
        ..job()
    }
}

fn machine() -> Job {
    Job {
        credential: Credential::ManagedIdentity(None),
        ..short()
    }
}

fn places(names: &[&str]) -> Vec<Place> {
    let place = |name: &&str| Place {
        name: (*name).to_owned(),
        options: Vec::new(),
    };
    names.iter().map(place).collect()
}

/// The id of a subscription by its number.
fn sub(number: usize) -> String {
    format!("22222222-2222-4222-8222-{number:012}")
}

/// A tenant's subscription.
#[derive(Clone)]
struct Subscription {
    tenant: &'static str,
    id: String,
    state: &'static str,
    vaults: usize,
    /// The tenant that has delegated it to `tenant`, whose its vaults are.
    owner: Option<&'static str>,
}

fn subscription(tenant: &'static str, number: usize, vaults: usize) -> Subscription {
    Subscription {
        tenant,
        id: sub(number),
        state: "Enabled",
        vaults,
        owner: None,
    }
}

/// One that `owner` has delegated to the tenant ONE.
fn delegated(owner: &'static str, number: usize, vaults: usize) -> Subscription {
    Subscription {
        owner: Some(owner),
        ..subscription(ONE, number, vaults)
    }
}

impl Subscription {
    fn entry(&self) -> Value {
        let managing = self.owner.map(|_| json!({"tenantId": self.tenant}));
        json!({"subscriptionId": self.id, "state": self.state,
            "tenantId": self.owner.unwrap_or(self.tenant),
            "managedByTenants": managing.into_iter().collect::<Vec<_>>()})
    }

    fn vault_tenant(&self) -> &'static str {
        self.owner.unwrap_or(self.tenant)
    }
}

/// Of the tenant ONE.
fn subscriptions(count: usize, vaults: usize) -> Vec<Subscription> {
    (0..count)
        .map(|number| subscription(ONE, number, vaults))
        .collect()
}

fn id(subscription: &str, vault: usize) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-{vault}"
    )
}

fn path(subscription: usize, vault: usize) -> String {
    format!("{}:rg-one:kv-{vault}", sub(subscription))
}

/// The page at a link as the service makes it, a tenth of the entries each, but two at
/// least; before the last one, an empty one.
fn page(url: &str, entries: &[Value]) -> Answer {
    let size = (entries.len() / 10).max(2);
    let (first, empty) = match url.split_once("skiptoken=") {
        None => (0, false),
        Some((_, token)) => (
            token.trim_matches('e').parse().unwrap(),
            token.ends_with('e'),
        ),
    };
    let base = url.split('?').next().unwrap();
    let end = if empty {
        first
    } else {
        entries.len().min(first + size)
    };
    let last = entries.len().saturating_sub(size);
    let token = match end {
        end if end == entries.len() => None,
        end if !empty && end >= last => Some(format!("{end}e")),
        end => Some(end.to_string()),
    };
    let version = url.split_once("api-version=").unwrap().1;
    let version = version.split('&').next().unwrap();
    let link = token.map(|token| format!("{base}?api-version={version}&$skiptoken={token}"));
    let body = json!({"value": entries[first..end], "nextLink": link});
    Ok(answer(200, &body.to_string()))
}

/// The tenant that a request's token is of.
fn tenant_of(sent: &Sent) -> &str {
    let header = sent.request.header("authorization").unwrap_or_default();
    match header.strip_prefix("Bearer t-").unwrap_or_default() {
        "machine" => ONE,
        tenant => tenant,
    }
}

fn serve(all: &[Subscription], sent: &Sent) -> Answer {
    let url = sent.url();
    if url.contains("/oauth2/v2.0/token") {
        let tenant = url.split('/').nth(3).unwrap();
        let body = json!({"access_token": format!("t-{tenant}"), "expires_in": 3599});
        return Ok(answer(200, &body.to_string()));
    }
    if url.contains("/metadata/identity/") {
        let body = json!({"access_token": "t-machine", "expires_in": "3599"});
        return Ok(answer(200, &body.to_string()));
    }
    let visible: Vec<&Subscription> = all
        .iter()
        .filter(|one| one.tenant == tenant_of(sent))
        .collect();
    let parts: Vec<&str> = url.split(['/', '?']).skip(3).collect();
    match (sent.request.method, parts.as_slice()) {
        (Method::Get, ["subscriptions", query, ..]) if query.contains("api-version") => {
            let entries: Vec<Value> = visible.iter().map(|one| one.entry()).collect();
            page(url, &entries)
        }
        (Method::Get, ["subscriptions", wanted, "providers", ..]) => {
            let found = visible.iter().find(|one| one.id == *wanted).unwrap();
            let entries: Vec<Value> = (0..found.vaults)
                .map(|number| {
                    json!({"id": id(&found.id, number),
                        "properties": {"tenantId": found.vault_tenant()}})
                })
                .collect();
            page(url, &entries)
        }
        (Method::Post, ["providers", "Microsoft.ResourceGraph", ..]) => graph(&visible, sent),
        _ => panic!("nobody answers {url}"),
    }
}

/// Everything on one page: the pages are tested where the query is.
fn graph(visible: &[&Subscription], sent: &Sent) -> Answer {
    let body: Value = serde_json::from_str(&sent.body()).unwrap();
    let asked: Vec<&str> = body["subscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let rows: Vec<Value> = visible
        .iter()
        .filter(|one| asked.contains(&one.id.as_str()))
        .flat_map(|one| {
            (0..one.vaults)
                .map(|number| json!({"id": id(&one.id, number), "vaultTenant": one.vault_tenant()}))
        })
        .collect();
    Ok(answer(
        200,
        &json!({"data": rows, "resultTruncated": "false"}).to_string(),
    ))
}

/// These subscriptions; `odd` may answer instead.
fn azure(all: Vec<Subscription>, odd: impl Fn(&Sent, usize) -> Option<Answer> + 'static) -> Fake {
    Fake::new(move |sent, earlier| odd(sent, earlier).unwrap_or_else(|| serve(&all, sent)))
}

fn healthy(all: Vec<Subscription>) -> Fake {
    azure(all, |_, _| None)
}

fn discover(fake: &Fake, job: &Job, names: &[&str]) -> Outcome {
    fake.run(run(fake, job, &places(names)))
}

fn submitted(fake: &Fake) -> Vec<String> {
    fake.discovered.borrow().iter().flatten().cloned().collect()
}

fn failed(outcome: &Outcome) -> Failure {
    match outcome.status {
        Status::Failure(failure) => failure,
        _ => panic!("{outcome:?}"),
    }
}

fn error(status: u16, code: &str) -> Answer {
    let body = json!({"error": {"code": code, "message": format!("about {code}")}});
    Ok(answer(status, &body.to_string()))
}

/// Whether it is the list of vaults of this subscription.
fn lists(sent: &Sent, number: usize) -> bool {
    sent.url()
        .contains(&format!("/subscriptions/{}/providers/", sub(number)))
}

fn asks_graph(sent: &Sent) -> bool {
    sent.url().contains("Microsoft.ResourceGraph")
}
