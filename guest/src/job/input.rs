//! What a job says, read into types that are valid because they exist.
//!
//! It must not send anything: what is malformed ends here, naming the field.

use job_scope::{ClientId, FieldError, Identity, Properties, StoreScope};

use crate::azure::entra::Application;
use crate::contract::{Credential, Job, Secret, Store};

/// What an inventory does when single certificates cannot be read although the vault
/// is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partial {
    /// The platform takes a shorter list as removals, so that only a defect of a
    /// certificate itself is tolerated.
    Refuse,
    /// Any single failure is tolerated, as this extension's predecessor did.
    Submit,
}

/// Reads the option `partial`.
///
/// # Errors
/// Any value but `submit`.
pub fn partial(job: &Job) -> Result<Partial, FieldError> {
    match job.option("partial") {
        None => Ok(Partial::Refuse),
        Some("submit") => Ok(Partial::Submit),
        Some(_) => Err(FieldError::new(
            "partial",
            "the option has a value that it does not know",
            "write submit, or leave it out",
        )),
    }
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

/// The application that asks for tokens.
///
/// # Errors
/// An identity that this version cannot work with, or a blank secret.
pub fn application(job: &Job, scope: &StoreScope) -> Result<Application, FieldError> {
    let unsupported = |kind: &str| {
        Err(FieldError::new(
            "credential",
            format!("this version of the extension does not support {kind}"),
            "use an application with a client secret",
        ))
    };
    let (client_id, secret) = match &job.credential {
        Credential::ClientSecret { client_id, secret } => (client_id, secret),
        Credential::ClientAssertion(_) => {
            return unsupported("workload identity (a federated client assertion)");
        }
        Credential::ManagedIdentity(Some(_)) => {
            return unsupported("a user-assigned managed identity");
        }
        Credential::ManagedIdentity(None) => {
            return unsupported("the system-assigned managed identity");
        }
    };
    if secret.reveal().is_empty() {
        return Err(FieldError::new(
            "ServerPassword",
            "the client secret is empty",
            "write the application's secret",
        ));
    }
    let Some(tenant) = scope.tenant() else {
        return Err(FieldError::new(
            "ClientMachine",
            "no tenant is known",
            "write the tenant's id (a GUID) or one of its verified domains",
        ));
    };
    Ok(Application {
        authority: scope.endpoints().authority,
        tenant: tenant.to_string(),
        client_id: ClientId::parse(client_id)?.to_string(),
        secret: Secret::new(secret.reveal().to_owned()),
    })
}
