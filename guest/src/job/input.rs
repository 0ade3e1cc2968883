//! What a job says, read into types that are valid because they exist.
//!
//! It must not send anything: what is malformed ends here, naming the field.

use job_scope::{
    ClientId, Endpoints, FieldError, Identity, JobOptions, Properties, StoreScope, TenantId,
};

use crate::azure::entra::{Application, Proof};
use crate::azure::identity_endpoint::ManagedIdentity;
use crate::azure::tokens::{Issuer, Tokens};
use crate::contract::{Credential, Job, Store};

/// Reads the options.
///
/// # Errors
/// A known option with a value that it does not know.
pub fn options(job: &Job) -> Result<JobOptions, FieldError> {
    JobOptions::from_fields(job.options.iter().map(|(name, value)| (name, value)))
}

/// Reads the credential.
///
/// # Errors
/// A client id that is none.
pub fn identity(job: &Job) -> Result<Identity, FieldError> {
    Ok(match &job.credential {
        Credential::ClientSecret { client_id, .. } => Identity::ClientSecret {
            client_id: ClientId::parse(client_id)?,
        },
        Credential::ClientAssertion(client_id) => Identity::ClientAssertion {
            client_id: ClientId::parse(client_id)?,
        },
        Credential::ManagedIdentity(client_id) => Identity::ManagedIdentity {
            client_id: client_id.as_deref().map(ClientId::parse).transpose()?,
        },
    })
}

/// Reads what the job is about.
///
/// # Errors
/// The first field that is malformed.
pub fn scope(store: &Store, identity: &Identity) -> Result<StoreScope, FieldError> {
    let properties = Properties::from_fields(store.properties.iter().cloned());
    StoreScope::parse(&store.tenant, &store.path, &properties, identity)
}

/// The tokens of a job about a store.
///
/// # Errors
/// As [`tokens`].
pub fn tokens_of(job: &Job, scope: &StoreScope) -> Result<Tokens, FieldError> {
    tokens(job, scope.tenant(), scope.endpoints())
}

/// The tokens of the job's identity, in this tenant and cloud.
///
/// # Errors
/// A blank secret, or no tenant where the identity needs one.
pub fn tokens(
    job: &Job,
    tenant: Option<&TenantId>,
    endpoints: &Endpoints,
) -> Result<Tokens, FieldError> {
    let (client_id, proof) = match &job.credential {
        Credential::ManagedIdentity(client_id) => {
            let client_id = client_id.as_deref().map(ClientId::parse).transpose()?;
            return Ok(Tokens::new(Issuer::Endpoint(ManagedIdentity {
                client_id: client_id.map(|id| id.to_string()),
            })));
        }
        Credential::ClientSecret { client_id, secret } => {
            if secret.reveal().is_empty() {
                return Err(FieldError::new(
                    "ServerPassword",
                    "the client secret is empty",
                    "write the application's secret",
                ));
            }
            (client_id, Proof::Secret(secret.clone()))
        }
        Credential::ClientAssertion(client_id) => (client_id, Proof::Assertion),
    };
    let Some(tenant) = tenant else {
        return Err(FieldError::new(
            "ClientMachine",
            "no tenant is known",
            "write the tenant's id (a GUID) or one of its verified domains",
        ));
    };
    Ok(Tokens::new(Issuer::Entra(Application {
        authority: endpoints.authority,
        tenant: tenant.to_string(),
        client_id: ClientId::parse(client_id)?.to_string(),
        proof,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Secret;

    #[test]
    fn an_application_without_a_tenant_or_with_a_blank_secret_is_refused() {
        let endpoints = job_scope::Cloud::Public.endpoints();
        let job = |secret: &str| Job {
            attempt_id: String::new(),
            time_limit: std::time::Duration::ZERO,
            credential: Credential::ClientSecret {
                client_id: "33333333-3333-3333-3333-333333333333".into(),
                secret: Secret::new(secret.into()),
            },
            options: Vec::new(),
        };
        let tenant = TenantId::parse("contoso.example").ok();
        for (secret, tenant, field) in [
            ("s", None, "ClientMachine"),
            ("", tenant.as_ref(), "ServerPassword"),
        ] {
            let error = tokens(&job(secret), tenant, endpoints).err().unwrap();
            assert_eq!(error.field(), field);
        }
    }
}
