//! The contract's generated types into the crate's own, and back. Nothing else.

use std::time::Duration;

use job_scope::JobKind;

use super::wit;
use super::{add, check, discovery};
use crate::contract::{
    ContentsFormat, Credential, Failure, InventoryItem, Job, NewCertificate, Outcome,
    ParameterValue, Place, Secret, Status, Store,
};

impl From<wit::Job> for Job {
    fn from(job: wit::Job) -> Self {
        Job {
            attempt_id: job.attempt_id,
            time_limit: Duration::from_millis(job.time_limit),
            credential: job.credential.into(),
            options: job.options,
        }
    }
}

impl From<wit::Credential> for Credential {
    fn from(credential: wit::Credential) -> Self {
        match credential {
            wit::Credential::ClientSecret(wit::ClientSecret { client_id, secret }) => {
                Credential::ClientSecret {
                    client_id,
                    secret: Secret::new(secret),
                }
            }
            wit::Credential::ClientAssertion(client_id) => Credential::ClientAssertion(client_id),
            wit::Credential::ManagedIdentity(client_id) => Credential::ManagedIdentity(client_id),
        }
    }
}

impl From<wit::Store> for Store {
    fn from(store: wit::Store) -> Self {
        Store {
            tenant: store.tenant,
            path: store.path,
            properties: store.properties,
        }
    }
}

impl From<Outcome> for wit::Outcome {
    fn from(outcome: Outcome) -> Self {
        wit::Outcome {
            status: match outcome.status {
                Status::Success => wit::Status::Success,
                Status::Warning => wit::Status::Warning,
                Status::Failure(failure) => wit::Status::Failure(failure.into()),
            },
            message: outcome.message,
        }
    }
}

impl From<Failure> for wit::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidInput => wit::Failure::InvalidInput,
            Failure::WrongSecret => wit::Failure::WrongSecret,
            Failure::ExpiredSecret => wit::Failure::ExpiredSecret,
            Failure::UnknownTenant => wit::Failure::UnknownTenant,
            Failure::UnknownApplication => wit::Failure::UnknownApplication,
            Failure::WrongCloud => wit::Failure::WrongCloud,
            Failure::NoIdentity => wit::Failure::NoIdentity,
            Failure::Authentication => wit::Failure::Authentication,
            Failure::MissingRole => wit::Failure::MissingRole,
            Failure::MissingAccessPolicy => wit::Failure::MissingAccessPolicy,
            Failure::Firewall => wit::Failure::Firewall,
            Failure::PrivateLink => wit::Failure::PrivateLink,
            Failure::Forbidden => wit::Failure::Forbidden,
            Failure::StoreNotFound => wit::Failure::StoreNotFound,
            Failure::NotFound => wit::Failure::NotFound,
            Failure::Conflict => wit::Failure::Conflict,
            Failure::Throttled => wit::Failure::Throttled,
            Failure::Deadline => wit::Failure::Deadline,
            Failure::Cancelled => wit::Failure::Cancelled,
            Failure::Unavailable => wit::Failure::Unavailable,
            Failure::UnreadableAnswer => wit::Failure::UnreadableAnswer,
            Failure::Unresolved => wit::Failure::Unresolved,
            Failure::SubmissionRefused => wit::Failure::SubmissionRefused,
            Failure::Other => wit::Failure::Other,
        }
    }
}

impl From<InventoryItem> for wit::InventoryItem {
    fn from(item: InventoryItem) -> Self {
        let owned = |name: &str| name.to_owned();
        wit::InventoryItem {
            alias: item.alias,
            certificates: item.certificates,
            private_key: item.private_key,
            parameters: item
                .parameters
                .into_iter()
                .map(|(name, value)| (owned(name), value.into()))
                .collect(),
            details: item
                .details
                .into_iter()
                .map(|(name, value)| (owned(name), value))
                .collect(),
        }
    }
}

impl From<ParameterValue> for wit::ParameterValue {
    fn from(value: ParameterValue) -> Self {
        match value {
            ParameterValue::Text(text) => wit::ParameterValue::Text(text),
            ParameterValue::Flag(flag) => wit::ParameterValue::Flag(flag),
            ParameterValue::Unset => wit::ParameterValue::Unset,
        }
    }
}

impl From<add::Certificate> for NewCertificate {
    fn from(certificate: add::Certificate) -> Self {
        NewCertificate {
            alias: certificate.alias,
            contents: certificate.contents,
            format: match certificate.format {
                add::ContentsFormat::Pkcs12 => ContentsFormat::Pkcs12,
                add::ContentsFormat::Pem => ContentsFormat::Pem,
            },
            password: certificate.password.map(Secret::new),
            overwrite: certificate.overwrite,
            parameters: certificate.parameters,
        }
    }
}

impl From<discovery::Place> for Place {
    fn from(place: discovery::Place) -> Self {
        Place {
            name: place.name,
            options: place.options,
        }
    }
}

impl From<check::JobKind> for JobKind {
    fn from(kind: check::JobKind) -> Self {
        match kind {
            check::JobKind::Inventory => JobKind::Inventory,
            check::JobKind::Add => JobKind::Add,
            check::JobKind::Remove => JobKind::Remove,
            check::JobKind::CreateStore => JobKind::CreateStore,
            check::JobKind::Discovery => JobKind::Discovery,
        }
    }
}
