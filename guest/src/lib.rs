//! The Azure Key Vault job logic, as a WASI component.
//!
//! This file only turns the contract's types (`wit/`) into the guest's own and back.
//! It must not hold job logic: that lives in [`job`] and [`azure`], which compile and
//! are tested natively, without wasm.

pub mod allocator;
pub mod azure;
pub mod clock;
pub mod contract;
pub mod env;
pub mod host;
pub mod http;
pub mod job;
pub mod panic;
pub mod pfx;
pub mod tags;
pub mod text;

#[cfg(test)]
mod testing;

#[cfg(target_arch = "wasm32")]
mod wasi;

#[cfg(target_arch = "wasm32")]
mod bindings {
    #![allow(unsafe_code, unreachable_pub)] // Generated: the canonical ABI is raw memory.

    use crate::component::Extension;

    wit_bindgen::generate!({
        path: "../wit",
        world: "inventory-extension",
        generate_all,
    });
    export!(Extension);
}

#[cfg(target_arch = "wasm32")]
mod component {
    use std::time::Duration;

    use crate::allocator::Wiping;
    use crate::bindings::certstore::extension::host as wit;
    use crate::bindings::exports::certstore::extension::inventory;
    use crate::contract::{
        Credential, Failure, InventoryItem, Job, Outcome, ParameterValue, Secret, Status, Store,
    };
    use crate::wasi::Wasi;

    #[global_allocator]
    static ALLOCATOR: Wiping<std::alloc::System> = Wiping(std::alloc::System);

    /// What the component exports.
    pub(crate) struct Extension;

    impl inventory::Guest for Extension {
        fn run(job: wit::Job, store: wit::Store) -> wit::Outcome {
            crate::panic::report_through(|line| wit::log(wit::LogLevel::Error, line));
            let wasi = Wasi::new();
            let (job, store) = (job.into(), store.into());
            wstd::runtime::block_on(crate::job::inventory::run(&wasi, &job, &store)).into()
        }
    }

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
                wit::Credential::ClientAssertion(client_id) => {
                    Credential::ClientAssertion(client_id)
                }
                wit::Credential::ManagedIdentity(client_id) => {
                    Credential::ManagedIdentity(client_id)
                }
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
}
