//! A job as the platform hands it over. What of it cannot be read is found here, before
//! anything runs, and names its field; what a field means, and whether that can be, is found where
//! it is used.
//!
//! It must not know policies or networks: what the platform's JSON has no place for in a [`Job`] is
//! filled in by others. The secret it reads is never printed.

mod certificate;
mod entry;
mod fields;
mod json;
mod last;
mod line;
mod places;
mod properties;
#[cfg(test)]
mod tests;

pub use certificate::{Certificate, Contents, Format, ToRemove};
pub use last::{Known, LastInventory};
pub use line::{JobLine, LONGEST_LINE, LineError, parse_line};
pub use places::each_once;

use crate::options::Options;
use crate::text::one_line;
use crate::text_file::{self, NotText};
use fields::{AS_WRITTEN, flag, member, needed, text};
use job_scope::{FieldError, Identity, JobKind, Properties, TenantId, bare};
use json::Object;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// A job that was read.
#[derive(Debug, Clone)]
pub struct Job {
    /// The number by which the platform knows this run; it comes back in the result.
    pub history_id: i64,
    /// How the job proves who it is.
    pub identity: Identity,
    /// The secret, where the identity has one.
    pub secret: Option<SecretString>,
    /// The file that holds a fresh federated token, where the identity is of that kind.
    pub token_file: Option<PathBuf>,
    /// Whether the platform left the secret blank: which identity that means is the policy's to
    /// say. On the command line it is always said.
    pub blank_secret: bool,
    /// Options that were asked for with the job itself; the platform has no place for any.
    pub options: Options,
    /// What to do.
    pub task: Task,
}

/// What a job is to do.
#[derive(Debug, Clone)]
pub enum Task {
    /// Lists the certificates of a store.
    Inventory {
        /// Which store.
        store: Store,
        /// What the platform knew before.
        last_inventory: LastInventory,
    },
    /// Adds a certificate.
    Add {
        /// To which store.
        store: Store,
        /// Which certificate.
        certificate: Certificate,
    },
    /// Removes a certificate.
    Remove {
        /// From which store.
        store: Store,
        /// Which certificate.
        certificate: ToRemove,
    },
    /// Creates a store.
    CreateStore {
        /// Which store.
        store: Store,
    },
    /// Finds stores.
    Discovery {
        /// The tenants to search.
        places: Vec<String>,
    },
    /// Says whether the identity could do its work.
    Check {
        /// In which store.
        store: Store,
        /// Which kinds of job.
        kinds: Vec<JobKind>,
    },
}

/// Which store a job is about, in the platform's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// `ClientMachine`: the tenant.
    pub tenant: String,
    /// `StorePath`.
    pub path: String,
    /// The store type's own fields among `Properties`. Copies of the credentials that the
    /// platform puts there ended here.
    pub properties: Properties,
    /// The options that stand among `Properties`, under their own names.
    pub options: Options,
}

impl Store {
    /// The tenants that the store says it is in: the client machine, and the property `TenantId`.
    /// With a managed identity nothing proves them; they serve to find the operator's entries.
    pub fn tenants(&self) -> Vec<TenantId> {
        let said = [Some(self.tenant.as_str()), self.properties.get("TenantId")];
        let mut tenants: Vec<TenantId> = Vec::new();
        for tenant in said.into_iter().flatten() {
            if let Ok(tenant) = TenantId::parse(tenant)
                && !tenants.contains(&tenant)
            {
                tenants.push(tenant);
            }
        }
        tenants
    }
}

impl Job {
    /// The kind of job.
    pub fn kind(&self) -> JobKind {
        match self.task {
            Task::Inventory { .. } => JobKind::Inventory,
            Task::Add { .. } => JobKind::Add,
            Task::Remove { .. } => JobKind::Remove,
            Task::CreateStore { .. } => JobKind::CreateStore,
            Task::Discovery { .. } => JobKind::Discovery,
            Task::Check { .. } => JobKind::Check,
        }
    }

    /// The store that the job is about; a discovery has none.
    pub fn store(&self) -> Option<&Store> {
        match &self.task {
            Task::Inventory { store, .. }
            | Task::Add { store, .. }
            | Task::Remove { store, .. }
            | Task::CreateStore { store }
            | Task::Check { store, .. } => Some(store),
            Task::Discovery { .. } => None,
        }
    }

    /// The same, to be changed.
    pub fn store_mut(&mut self) -> Option<&mut Store> {
        match &mut self.task {
            Task::Inventory { store, .. }
            | Task::Add { store, .. }
            | Task::Remove { store, .. }
            | Task::CreateStore { store }
            | Task::Check { store, .. } => Some(store),
            Task::Discovery { .. } => None,
        }
    }
}

/// Why a job cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// It is not text.
    #[error("the job is not text: {0}")]
    NotText(NotText),
    /// It is not JSON.
    #[error(
        "the job is not a JSON object: {0}; pass the job configuration as the platform wrote it"
    )]
    NotJson(String),
    /// A field is missing, or wrong.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The platform cancelled it before it was run.
    #[error("cancelled: the platform cancelled the job before it was run")]
    Cancelled,
}

/// What came of reading a job: the number for the result is there even when the rest is not.
#[derive(Debug)]
pub struct Parsed {
    /// `JobHistoryId`; 0 when the job has none that can be read.
    pub history_id: i64,
    /// The job, or why there is none.
    pub job: Result<Job, JobError>,
}

/// Reads a job configuration, in any encoding in which shells write files.
pub fn parse(text: &[u8]) -> Parsed {
    let text = match text_file::decode(text) {
        Ok(text) => text,
        Err(problem) => {
            return Parsed {
                history_id: 0,
                job: Err(JobError::NotText(problem)),
            };
        }
    };
    let Object(object) = &match serde_json::from_str(&text) {
        Ok(object) => object,
        Err(error) => {
            return Parsed {
                history_id: 0,
                job: Err(JobError::NotJson(position(&error))),
            };
        }
    };
    read_all(object)
}

const HISTORY_ID: &str = "JobHistoryId";

fn read_all(object: &Map<String, Value>) -> Parsed {
    let history_id = history_id(object);
    Parsed {
        history_id: *history_id.as_ref().unwrap_or(&0),
        job: history_id
            .map_err(JobError::from)
            .and_then(|history_id| read(object, history_id)),
    }
}

fn history_id(object: &Map<String, Value>) -> Result<i64, FieldError> {
    let history_id = match member(object, HISTORY_ID, HISTORY_ID)? {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    history_id
        .ok_or_else(|| FieldError::new(HISTORY_ID, "is missing or not a whole number", AS_WRITTEN))
}

fn read(object: &Map<String, Value>, history_id: i64) -> Result<Job, JobError> {
    if flag(object, "JobCancelled", "JobCancelled")? == Some(true) {
        return Err(JobError::Cancelled);
    }
    let task = task(object)?;
    let user = text(object, "ServerUsername", "ServerUsername")?;
    let secret = text(object, "ServerPassword", "ServerPassword")?;
    let identity = Identity::choose(user, secret)?;
    let blank_secret = secret.is_none_or(|secret| bare(secret).is_empty());
    let secret = match identity {
        Identity::ClientSecret { .. } => secret.map(|secret| SecretString::from(secret.to_owned())),
        Identity::ClientAssertion { .. } | Identity::ManagedIdentity { .. } => None,
    };
    Ok(Job {
        history_id,
        identity,
        secret,
        token_file: None,
        blank_secret,
        options: Options::default(),
        task,
    })
}

/// The store type that this extension is for, by its short name.
const STORE_TYPE: &str = "AKV";

/// What to do, from the last part of the capability, and for a management job from its operation.
fn task(object: &Map<String, Value>) -> Result<Task, FieldError> {
    let capability = text(object, "Capability", "Capability")?.unwrap_or_default();
    let parts: Vec<&str> = bare(capability).split('.').collect();
    let kind = match parts.as_slice() {
        [stores, of, kind]
            if stores.eq_ignore_ascii_case("CertStores") && of.eq_ignore_ascii_case(STORE_TYPE) =>
        {
            *kind
        }
        _ => "",
    };
    match kind {
        "Inventory" => Ok(Task::Inventory {
            store: store(object)?,
            last_inventory: LastInventory::read(object)?,
        }),
        "Discovery" => Ok(Task::Discovery {
            places: places::places(object)?,
        }),
        "Management" => management(object),
        _ => Err(FieldError::new(
            "Capability",
            format!(
                "is {:?}, which this extension does not do",
                one_line(capability, 80)
            ),
            "it does CertStores.AKV.Inventory, CertStores.AKV.Management and CertStores.AKV.Discovery",
        )),
    }
}

/// `OperationType`, by number or by name.
fn management(object: &Map<String, Value>) -> Result<Task, FieldError> {
    let given = member(object, "OperationType", "OperationType")?;
    let word = match given {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(name)) => bare(name).to_owned(),
        _ => String::new(),
    };
    let store = || store(object);
    match word.as_str() {
        "Add" | "2" => Ok(Task::Add {
            store: store()?,
            certificate: certificate::to_add(object)?,
        }),
        "Remove" | "3" => Ok(Task::Remove {
            store: store()?,
            certificate: certificate::to_remove(object)?,
        }),
        "Create" | "4" => Ok(Task::CreateStore { store: store()? }),
        _ => {
            let shown = given.map_or_else(
                || "missing".to_owned(),
                |value| {
                    let value = one_line(&value.to_string(), 80);
                    format!("{value}, an invalid operation")
                },
            );
            Err(FieldError::new(
                "OperationType",
                format!("is {shown}"),
                "it is 2 (Add), 3 (Remove) or 4 (Create)",
            ))
        }
    }
}

fn store(object: &Map<String, Value>) -> Result<Store, FieldError> {
    let store = needed(object, "CertificateStoreDetails")?;
    let field = |name: &'static str| text(store, name, name).map(Option::unwrap_or_default);
    let (properties, options) = match member(store, "Properties", "Properties")? {
        Some(given) => properties::read(given)?,
        None => <(Properties, Options)>::default(),
    };
    Ok(Store {
        tenant: field("ClientMachine")?.to_owned(),
        path: field("StorePath")?.to_owned(),
        properties,
        options,
    })
}

/// Where the JSON breaks, without a piece of it: it holds secrets.
fn position(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early".to_owned(),
        serde_json::error::Category::Data => "it is another JSON value".to_owned(),
        _ => format!("line {}, column {}", error.line(), error.column()),
    }
}
