//! A job in the contract's words. It must not decide anything.

use super::reach::Place;
use crate::engine::vocabulary as contract;
use crate::engine::{CertificateToAdd, JobInput, Work, input};
use crate::options::Options;
use crate::orchestrator::{Certificate, Format, Store, Task};
use job_scope::{Identity, JobKind};
use secrecy::ExposeSecret;

/// What the extension is called for; `places` are those of a discovery, with their options.
pub(super) fn work(task: Task, places: Vec<Place>) -> Work {
    match task {
        Task::Inventory { store, .. } => Work::Inventory(store_of(store)),
        Task::Add { store, certificate } => Work::Add(store_of(store), to_add(certificate)),
        Task::Remove { store, certificate } => Work::Remove {
            store: store_of(store),
            alias: certificate.alias.to_string(),
            thumbprint: certificate.thumbprint.map(|one| one.to_string()),
        },
        Task::CreateStore { store } => Work::CreateStore(store_of(store)),
        Task::Discovery { .. } => Work::Discovery(
            places
                .into_iter()
                .map(|place| input::Place {
                    name: place.name,
                    options: place.options.into_iter().collect(),
                })
                .collect(),
        ),
        Task::Check { store, kinds } => Work::Check(
            store_of(store),
            kinds.into_iter().filter_map(kind).collect(),
        ),
    }
}

/// What every job gets; `secret` is the client secret, or what stands for it.
pub(super) fn job_input(
    attempt_id: String,
    identity: &Identity,
    secret: Option<&str>,
    options: Options,
) -> JobInput {
    let credential = match identity {
        Identity::ClientSecret { client_id } => {
            contract::Credential::ClientSecret(contract::ClientSecret {
                client_id: client_id.to_string(),
                secret: secret.unwrap_or_default().to_owned(),
            })
        }
        Identity::ClientAssertion { client_id } => {
            contract::Credential::ClientAssertion(client_id.to_string())
        }
        Identity::ManagedIdentity { client_id } => {
            contract::Credential::ManagedIdentity(client_id.as_ref().map(ToString::to_string))
        }
    };
    JobInput::new(contract::Job {
        attempt_id,
        time_limit: 0,
        credential,
        options: options.into_iter().collect(),
    })
}

fn store_of(store: Store) -> contract::Store {
    contract::Store {
        properties: store
            .properties
            .fields()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        tenant: store.tenant,
        path: store.path,
    }
}

fn to_add(certificate: Certificate) -> CertificateToAdd {
    CertificateToAdd::new(input::Certificate {
        alias: certificate.alias.to_string(),
        contents: certificate.contents.into_bytes(),
        format: match certificate.format {
            Format::Pfx => input::ContentsFormat::Pkcs12,
            Format::Pem => input::ContentsFormat::Pem,
        },
        password: certificate
            .password
            .map(|password| password.expose_secret().to_owned()),
        overwrite: certificate.overwrite,
        parameters: certificate
            .parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.expose_secret().to_owned()))
            .collect(),
    })
}

/// A check is not among the kinds that can be checked.
fn kind(kind: JobKind) -> Option<input::JobKind> {
    match kind {
        JobKind::Inventory => Some(input::JobKind::Inventory),
        JobKind::Add => Some(input::JobKind::Add),
        JobKind::Remove => Some(input::JobKind::Remove),
        JobKind::CreateStore => Some(input::JobKind::CreateStore),
        JobKind::Discovery => Some(input::JobKind::Discovery),
        JobKind::Check => None,
    }
}
