//! Whole Creates against a subscription that is a function with a memory.

mod endings;
mod faults;
mod looking;
mod making;
mod owner;
mod stopping;

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock as _;
use crate::contract::{Credential, Failure, Secret, Status};
use crate::http::{Method, TransportError};
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SUB: &str = "22222222-2222-4222-8222-222222222222";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const ARM: &str = "https://management.azure.com";
const ID: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-new";

fn job() -> Job {
    Job {
        attempt_id: "0b0a6c1e-0000-4000-8000-000000000001".into(),
        time_limit: Duration::from_secs(900),
        credential: Credential::ClientSecret {
            client_id: CLIENT.into(),
            secret: Secret::new("sp-secret~1".into()),
        },
        options: Vec::new(),
    }
}

fn with_options(options: &[(&str, &str)]) -> Job {
    Job {
        options: owned(options),
        ..job()
    }
}

fn store() -> Store {
    Store {
        tenant: TENANT.into(),
        path: format!("{SUB}:rg-one:kv-new"),
        properties: Vec::new(),
    }
}

fn with_properties(properties: &[(&str, &str)]) -> Store {
    Store {
        properties: owned(properties),
        ..store()
    }
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    fields.iter().map(owned).collect()
}

/// The body that a Create without any setting sends.
fn plain_body() -> Value {
    json!({"location": "eastus", "properties": {
        "tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": [],
        "enableRbacAuthorization": true, "enableSoftDelete": true,
    }})
}

fn error(status: u16, code: &str) -> Answer {
    let message = format!("about {code}");
    refused(status, code, &message)
}

fn refused(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({"error": {"code": code, "message": message}});
    Ok(answer(status, &body.to_string()))
}

/// The state of a subscription with one group, `rg-one`.
struct Azure {
    /// The vault, as the last request for it was.
    vault: Option<Value>,
    state: &'static str,
    /// Looks after which it is `becomes`.
    looks: u32,
    becomes: &'static str,
    name_taken: bool,
    /// The tenant of the subscription.
    owner: &'static str,
    /// The bodies that made a vault where none was.
    made: Vec<Value>,
    /// The bodies that changed one that was there.
    changed: Vec<Value>,
}

type World = Rc<RefCell<Azure>>;

/// Without the vault.
fn world() -> World {
    Rc::new(RefCell::new(Azure {
        vault: None,
        state: "Succeeded",
        looks: 2,
        becomes: "Succeeded",
        name_taken: false,
        owner: TENANT,
        made: Vec::new(),
        changed: Vec::new(),
    }))
}

/// With a vault of this body, in this state.
fn world_with(body: Value, state: &'static str) -> World {
    let world = world();
    world.borrow_mut().vault = Some(body);
    world.borrow_mut().state = state;
    world
}

impl Azure {
    fn serve(&mut self, sent: &Sent) -> Answer {
        let url = sent.url();
        let path = url.split('?').next().unwrap();
        if path.ends_with("/oauth2/v2.0/token") || path.contains("/metadata/identity/") {
            return Ok(answer(200, r#"{"access_token":"t1","expires_in":"3599"}"#));
        }
        let path = path.split_once("://").unwrap().1.split_once('/').unwrap().1;
        match (sent.request.method, path) {
            (Method::Get, path) if path.ends_with("/resourceGroups/rg-one") => {
                Ok(answer(200, r#"{"location":"westeurope"}"#))
            }
            (Method::Get, path) if path.contains("/resourceGroups/rg-none") => {
                error(404, "ResourceGroupNotFound")
            }
            (Method::Get, path) if path.ends_with("/vaults/kv-new") => {
                let shown = self.shown();
                self.look();
                shown
            }
            (Method::Put, path) if path.ends_with("/vaults/kv-new") => self.put(&sent.body()),
            (Method::Post, path) if path.ends_with("/checkNameAvailability") => {
                let free = self.vault.is_none() && !self.name_taken;
                let body = json!({"nameAvailable": free, "reason": "AlreadyExists"});
                Ok(answer(200, &body.to_string()))
            }
            (Method::Get, path) if path == format!("subscriptions/{SUB}") => Ok(answer(
                200,
                &json!({"subscriptionId": SUB, "tenantId": self.owner}).to_string(),
            )),
            _ => panic!("nobody answers {url}"),
        }
    }

    fn put(&mut self, body: &str) -> Answer {
        let body: Value = serde_json::from_str(body).unwrap();
        match self.vault {
            None => {
                self.made.push(body.clone());
                self.state = "RegisteringDns";
            }
            Some(_) => self.changed.push(body.clone()),
        }
        self.vault = Some(body);
        self.shown()
    }

    fn look(&mut self) {
        if self.state == "RegisteringDns" {
            match self.looks {
                0 => self.state = self.becomes,
                _ => self.looks -= 1,
            }
        }
    }

    fn shown(&self) -> Answer {
        let Some(mut vault) = self.vault.clone() else {
            return error(404, "ResourceNotFound");
        };
        vault["properties"]["provisioningState"] = self.state.into();
        Ok(answer(200, &vault.to_string()))
    }
}

/// Azure with this state; `odd` may answer instead.
fn azure(world: &World, odd: impl Fn(&Sent, usize) -> Option<Answer> + 'static) -> Fake {
    let world = Rc::clone(world);
    Fake::new(move |sent, earlier| {
        odd(sent, earlier).unwrap_or_else(|| world.borrow_mut().serve(sent))
    })
}

fn healthy(world: &World) -> Fake {
    azure(world, |_, _| None)
}

fn create(fake: &Fake) -> Outcome {
    fake.run(run(fake, &job(), &store()))
}

fn failed(outcome: &Outcome) -> Failure {
    match outcome.status {
        Status::Failure(failure) => failure,
        _ => panic!("{outcome:?}"),
    }
}

/// Method and path of what was sent to Azure Resource Manager.
fn asked(fake: &Fake) -> Vec<(Method, String)> {
    let sent = fake.sent();
    let of_arm = sent
        .iter()
        .filter(|sent| sent.url().starts_with("https://management."));
    of_arm
        .map(|sent| {
            let path = sent.url().split('?').next().unwrap();
            let last: Vec<&str> = path.rsplit('/').take(2).collect();
            (sent.request.method, format!("{}/{}", last[1], last[0]))
        })
        .collect()
}

fn asked_to_make(sent: &Sent) -> bool {
    sent.request.method == Method::Put
}

fn looks(sent: &Sent) -> bool {
    sent.request.method == Method::Get && sent.url().contains("/vaults/kv-new?")
}
