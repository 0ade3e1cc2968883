//! What a job is given to work on the vault with, and what it must keep to itself.
//!
//! It must not know what is in the vault.

use std::time::Duration;

use crate::azure::thumbprint::Thumbprint;
use crate::contract::{Credential, Job, Outcome, Secret, Store};
use crate::testing::Fake;

pub(crate) fn job() -> Job {
    Job {
        attempt_id: "0b0a6c1e-0000-4000-8000-000000000001".into(),
        time_limit: Duration::from_secs(900),
        credential: Credential::ClientSecret {
            client_id: "33333333-3333-3333-3333-333333333333".into(),
            secret: Secret::new("sp-secret~1".into()),
        },
        options: Vec::new(),
    }
}

pub(crate) fn store() -> Store {
    Store {
        tenant: "11111111-1111-1111-1111-111111111111".into(),
        path: "22222222-2222-2222-2222-222222222222:rg-one:kv-one".into(),
        properties: Vec::new(),
    }
}

/// Nothing that a job says may hold a token, a client's secret, a tag's value (the tests
/// call theirs "planted" as well) or a piece of the key.
pub(crate) fn keeps_its_secrets(fake: &Fake, outcome: &Outcome) {
    let log = fake.log.borrow();
    let lines = log.iter().map(|(_, line)| line.as_str());
    for line in lines.chain([outcome.message.as_str()]) {
        for secret in ["planted", "sp-secret", "MII"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

/// What a job about this certificate would write as its thumbprint.
pub(crate) fn thumbprint(der: &[u8]) -> String {
    Thumbprint::of(der).to_string()
}
