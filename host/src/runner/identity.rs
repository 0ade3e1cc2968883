//! Which identity a job works with, where the operator knows more than the platform: in a
//! tenant with a federated token, a client id without a secret is a workload identity.
//!
//! It must not read the token.

use super::Failure;
use crate::orchestrator::{Job, Task};
use crate::policy::{About, IdentityKind, Policy};
use job_scope::{Identity, TenantId};
use std::path::PathBuf;

/// The job with the identity that it has under this policy. The platform's fields have no room
/// for a workload identity: a client id alone would be a user-assigned managed identity. Where
/// somebody wrote `managed`, or gave a command, that one is meant.
///
/// # Errors
/// A discovery in tenants that have no federated token in common, though one of them has one.
pub fn identified(mut job: Job, policy: &Policy) -> Result<Job, Failure> {
    if job.blank_secret
        && let Identity::ManagedIdentity {
            client_id: Some(client_id),
        } = &job.identity
        && let Some(file) = token_file(&job, policy)?
    {
        job.identity = Identity::ClientAssertion {
            client_id: client_id.clone(),
        };
        job.token_file = Some(file);
    }
    Ok(job)
}

fn token_file(job: &Job, policy: &Policy) -> Result<Option<PathBuf>, Failure> {
    match &job.task {
        Task::Discovery { places } => shared_file(places, policy),
        _ => Ok(job
            .store()
            .and_then(|store| policy.about(&store.tenants(), None).federated_token_file)),
    }
}

/// The file of all tenants, or that none has one. A job has one identity: working as another one
/// than the operator wrote down for a tenant is nothing to do silently. Names that can be no
/// tenant's, and tenants that accept nobody the job could be, are left out of it anyhow.
fn shared_file(names: &[String], policy: &Policy) -> Result<Option<PathBuf>, Failure> {
    let files: Vec<(&str, Option<PathBuf>)> = names
        .iter()
        .filter_map(|name| Some((name, TenantId::parse(name).ok()?)))
        .map(|(name, tenant)| (name, policy.about(&[tenant], None)))
        .filter(|(_, about)| accepts_a_client_id_alone(about))
        .map(|(name, about)| (name.as_str(), about.federated_token_file))
        .collect();
    let first = files.first().and_then(|(_, file)| file.clone());
    if files.iter().all(|(_, file)| *file == first) {
        return Ok(first);
    }
    let tenants: Vec<String> = files
        .iter()
        .map(|(name, file)| match file {
            Some(_) => format!("{name} (has one)"),
            None => format!("{name} (has none)"),
        })
        .collect();
    Err(Failure::configuration(format!(
        "dirs: a discovery works as one identity, and these tenants have no `federated-token-file` in common: {}; give them the same one in the policy, or discover them by jobs of their own",
        tenants.join(", ")
    )))
}

/// Whether a tenant takes what a client id without a secret is there: an application with a
/// federated token where it has one, else a managed identity.
fn accepts_a_client_id_alone(about: &About) -> bool {
    let kind = match about.federated_token_file {
        Some(_) => IdentityKind::ClientAssertion,
        None => IdentityKind::ManagedIdentity,
    };
    about
        .identities
        .as_ref()
        .is_none_or(|accepted| accepted.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orchestrator::parse;
    use crate::runner::Cause;
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
        let policy = Policy::parse(POLICY).unwrap();
        for (user, secret, task, workload) in [
            (id.clone(), json!(null), inventory(TENANT), true),
            (id.clone(), json!(" "), inventory(TENANT), true),
            (id.clone(), json!("managed"), inventory(TENANT), false),
            (id.clone(), json!(null), discovery(TENANT), true),
            (id.clone(), json!(null), inventory(other), false),
            (id.clone(), json!("a-secret"), inventory(TENANT), false),
            (json!(null), json!(null), inventory(TENANT), false),
        ] {
            let job = identified(read(user, secret, task.clone()), &policy).unwrap();
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
        let job = identified(job, &policy).unwrap();
        assert!(matches!(job.identity, Identity::ManagedIdentity { .. }));
    }

    #[test]
    fn tenants_with_different_federated_tokens_are_not_discovered_as_somebody_else() {
        let id = json!("55555555-5555-4555-8555-555555555555");
        let (second, third) = (
            "99999999-9999-4999-8999-999999999999",
            "88888888-8888-4888-8888-888888888888",
        );
        let of = |tenant: &str, rest: &str| format!("[[tenant]]\nnames = [\"{tenant}\"]\n{rest}\n");
        let file = |name: &str| format!("federated-token-file = \"/run/{name}\"");
        let tenants = format!("{TENANT},{second},not a tenant");
        for (policy, found) in [
            (of(TENANT, &file("a")) + &of(second, &file("b")), None),
            (of(TENANT, &file("a")), None),
            (of(second, &file("b")), None),
            (of(TENANT, &file("a")) + &of(second, &file("a")), Some(true)),
            (of(third, &file("a")), Some(false)),
            // It would leave that one out.
            (
                of(TENANT, &file("a")) + &of(second, "identities = [\"client-secret\"]"),
                Some(true),
            ),
        ] {
            let policy = Policy::parse(&policy).unwrap();
            let job = read(id.clone(), json!(null), discovery(&tenants));
            match (identified(job, &policy), found) {
                (Ok(job), Some(workload)) => {
                    let assertion = matches!(job.identity, Identity::ClientAssertion { .. });
                    assert_eq!(assertion, workload, "{policy:?}");
                }
                (Err(failure), None) => {
                    assert_eq!(failure.cause, Cause::Configuration);
                    for word in ["federated-token-file", TENANT, second] {
                        assert!(failure.message.contains(word), "{}", failure.message);
                    }
                    assert!(!failure.message.contains("not a tenant"));
                }
                (other, _) => panic!("{policy:?}: {other:?}"),
            }
        }
        // Whoever has a secret needs no token.
        let policy = Policy::parse(&of(TENANT, &file("a"))).unwrap();
        let job = read(id, json!("a-secret"), discovery(&tenants));
        let job = identified(job, &policy).unwrap();
        assert!(matches!(job.identity, Identity::ClientSecret { .. }));
    }

    #[test]
    fn without_the_key_a_client_id_alone_is_a_managed_identity() {
        let id = json!("55555555-5555-4555-8555-555555555555");
        let policy = Policy::builtin().unwrap();
        let job = identified(read(id, json!(null), inventory(TENANT)), &policy).unwrap();
        assert!(matches!(job.identity, Identity::ManagedIdentity { .. }));
    }
}
