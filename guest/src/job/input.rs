//! What a job says, read into types that are valid because they exist.
//!
//! It must not send anything: what is malformed ends here, naming the field.

use job_scope::{ClientId, Endpoints, FieldError, Identity, JobOptions, TenantId};

use crate::azure::entra::{Application, Proof};
use crate::azure::identity_endpoint::ManagedIdentity;
use crate::azure::tokens::{Issuer, Tokens};
use crate::contract::{Credential, Job};

/// Reads the options.
///
/// # Errors
/// A known option with a value that it does not know.
pub fn options(job: &Job) -> Result<JobOptions, FieldError> {
    JobOptions::from_fields(job.options.iter().map(|(name, value)| (name, value)))
}

/// Reads these options alone: a job heeds no other's.
///
/// # Errors
/// One of them with a value that it does not know.
pub fn options_named(job: &Job, names: &[&str]) -> Result<JobOptions, FieldError> {
    let named = job.options.iter();
    let named = named.filter(|(name, _)| names.contains(&name.as_str()));
    JobOptions::from_fields(named.map(|(name, value)| (name, value)))
}

/// Who a job is, and how it proves that.
pub struct Caller {
    identity: Identity,
    proved_by: ProvedBy,
}

enum ProvedBy {
    /// The machine's endpoint, which knows it.
    Endpoint(Option<String>),
    /// The application of this client id itself.
    Application(String, Proof),
}

impl Caller {
    /// Reads the credential.
    ///
    /// # Errors
    /// A client id that is none.
    pub fn of(job: &Job) -> Result<Caller, FieldError> {
        let application = |client_id: &ClientId, proof| {
            let client_id = client_id.to_string();
            ProvedBy::Application(client_id, proof)
        };
        Ok(match &job.credential {
            Credential::ClientSecret { client_id, secret } => {
                let client_id = ClientId::parse(client_id)?;
                Caller {
                    proved_by: application(&client_id, Proof::Secret(secret.clone())),
                    identity: Identity::ClientSecret { client_id },
                }
            }
            Credential::ClientAssertion(client_id) => {
                let client_id = ClientId::parse(client_id)?;
                Caller {
                    proved_by: application(&client_id, Proof::Assertion),
                    identity: Identity::ClientAssertion { client_id },
                }
            }
            Credential::ManagedIdentity(client_id) => {
                let client_id = client_id.as_deref().map(ClientId::parse).transpose()?;
                Caller {
                    proved_by: ProvedBy::Endpoint(client_id.as_ref().map(ClientId::to_string)),
                    identity: Identity::ManagedIdentity { client_id },
                }
            }
        })
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its tokens in this tenant and cloud.
    ///
    /// # Errors
    /// A blank secret, or no tenant where the identity needs one.
    pub fn tokens(
        &self,
        tenant: Option<&TenantId>,
        endpoints: &Endpoints,
    ) -> Result<Tokens, FieldError> {
        let (client_id, proof) = match &self.proved_by {
            ProvedBy::Application(client_id, proof) => (client_id.clone(), proof.clone()),
            ProvedBy::Endpoint(client_id) => {
                return Ok(Tokens::new(Issuer::Endpoint(ManagedIdentity {
                    client_id: client_id.clone(),
                })));
            }
        };
        if matches!(&proof, Proof::Secret(secret) if secret.reveal().is_empty()) {
            return Err(FieldError::new(
                "ServerPassword",
                "the client secret is empty",
                "write the application's secret",
            ));
        }
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
            client_id,
            proof,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Secret;

    #[test]
    fn a_client_id_that_is_none_is_refused_for_every_kind_of_identity() {
        let none = || "me".to_owned();
        for credential in [
            Credential::ClientSecret {
                client_id: none(),
                secret: Secret::new("s".into()),
            },
            Credential::ClientAssertion(none()),
            Credential::ManagedIdentity(Some(none())),
        ] {
            let job = Job {
                attempt_id: String::new(),
                time_limit: std::time::Duration::ZERO,
                credential,
                options: Vec::new(),
            };
            let error = Caller::of(&job).err().unwrap();
            assert_eq!(error.field(), "ServerUsername");
        }
    }

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
            let caller = Caller::of(&job(secret)).unwrap();
            let error = caller.tokens(tenant, endpoints).err().unwrap();
            assert_eq!(error.field(), field);
        }
    }
}
