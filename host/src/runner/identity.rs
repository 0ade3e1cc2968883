//! Which identity a job works with, where the operator knows more than the platform: in a
//! tenant with a federated token, a client id without a secret is a workload identity.
//!
//! It must not read the token.

use crate::orchestrator::{Job, Task};
use crate::policy::Policy;
use job_scope::{Identity, TenantId};
use std::path::PathBuf;

/// The job with the identity that it has under this policy. The platform's fields have no room
/// for a workload identity: a client id alone would be a user-assigned managed identity. Where
/// somebody wrote `managed`, or gave a command, that one is meant.
#[must_use]
pub fn identified(mut job: Job, policy: &Policy) -> Job {
    if job.blank_secret
        && let Identity::ManagedIdentity {
            client_id: Some(client_id),
        } = &job.identity
        && let Some(file) = token_file(&job, policy)
    {
        job.identity = Identity::ClientAssertion {
            client_id: client_id.clone(),
        };
        job.token_file = Some(file);
    }
    job
}

/// The tenant's file; of several tenants only one that they share.
fn token_file(job: &Job, policy: &Policy) -> Option<PathBuf> {
    let of = |tenant: &str| {
        let tenant = TenantId::parse(tenant).ok()?;
        policy.about(&[tenant], None).federated_token_file
    };
    match &job.task {
        Task::Discovery { places } => {
            let (first, others) = places.split_first()?;
            let file = of(first)?;
            let shared = others.iter().all(|place| of(place).as_ref() == Some(&file));
            shared.then_some(file)
        }
        _ => {
            let tenants = job.store()?.tenants();
            policy.about(&tenants, None).federated_token_file
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orchestrator::parse;
    use serde_json::{Value, json};

    const TENANT: &str = "11111111-1111-4111-8111-111111111111";
    const POLICY: &str = "[[tenant]]\nnames = [\"11111111-1111-4111-8111-111111111111\"]\nfederated-token-file = \"/run/token\"";

    fn read(user: Value, secret: Value, task: Value) -> Job {
        let mut job = json!({
            "JobHistoryId": 1, "ServerUsername": user, "ServerPassword": secret,
        });
        for (name, value) in task.as_object().unwrap() {
            job[name] = value.clone();
        }
        parse(job.to_string().as_bytes()).job.unwrap()
    }

    fn inventory(tenant: &str) -> Value {
        json!({
            "Capability": "CertStores.AKV.Inventory",
            "CertificateStoreDetails": {
                "ClientMachine": tenant, "Properties": "{}",
                "StorePath": "22222222-2222-4222-8222-222222222222:rg-one:kv-one",
            },
        })
    }

    fn discovery(tenants: &str) -> Value {
        json!({"Capability": "CertStores.AKV.Discovery", "JobProperties": {"dirs": tenants}})
    }

    #[test]
    fn a_client_id_alone_is_a_workload_identity_where_the_tenant_has_a_federated_token() {
        let id = json!("55555555-5555-4555-8555-555555555555");
        let other = "99999999-9999-4999-8999-999999999999";
        let both = format!("{TENANT},{other}");
        let policy = Policy::parse(POLICY).unwrap();
        for (user, secret, task, workload) in [
            (id.clone(), json!(null), inventory(TENANT), true),
            (id.clone(), json!(" "), inventory(TENANT), true),
            (id.clone(), json!("managed"), inventory(TENANT), false),
            (id.clone(), json!(null), discovery(TENANT), true),
            (id.clone(), json!(null), inventory(other), false),
            (id.clone(), json!(null), discovery(&both), false),
            (id.clone(), json!("a-secret"), inventory(TENANT), false),
            (json!(null), json!(null), inventory(TENANT), false),
        ] {
            let job = identified(read(user, secret, task.clone()), &policy);
            let assertion = matches!(job.identity, Identity::ClientAssertion { .. });
            assert_eq!(assertion, workload, "{task}");
            assert_eq!(job.token_file.is_some(), workload, "{task}");
        }
    }

    #[test]
    fn a_managed_identity_that_was_asked_for_by_a_command_stays_one() {
        let policy = Policy::parse(POLICY).unwrap();
        let id = json!("55555555-5555-4555-8555-555555555555");
        let job = Job {
            blank_secret: false,
            ..read(id, json!(null), inventory(TENANT))
        };
        let job = identified(job, &policy);
        assert!(matches!(job.identity, Identity::ManagedIdentity { .. }));
    }

    #[test]
    fn without_the_key_a_client_id_alone_is_a_managed_identity() {
        let id = json!("55555555-5555-4555-8555-555555555555");
        let policy = Policy::builtin().unwrap();
        let job = identified(read(id, json!(null), inventory(TENANT)), &policy);
        assert!(matches!(job.identity, Identity::ManagedIdentity { .. }));
    }
}
