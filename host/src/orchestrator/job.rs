//! A job as the platform hands it over. Everything that can be wrong with it is found
//! here, before anything runs, and names its field.
//!
//! It must not know policies or networks. The secret it reads is never printed.

use job_scope::{FieldError, Identity, JobKind, Properties};
use secrecy::SecretString;
use serde_json::{Map, Value};

/// A job that was read.
#[derive(Debug)]
pub struct Job {
    /// The number by which the platform knows this run; it comes back in the result.
    pub history_id: i64,
    /// What to do.
    pub kind: JobKind,
    /// `ClientMachine`: the tenant.
    pub tenant: String,
    /// `StorePath`.
    pub path: String,
    /// The store type's own fields among `Properties`. Copies of the credentials that the
    /// platform puts there ended here.
    pub properties: Properties,
    /// How the job proves who it is.
    pub identity: Identity,
    /// The secret, where the identity has one.
    pub secret: Option<SecretString>,
    /// How many certificates the platform knew before.
    pub last_inventory: usize,
}

/// Why a job cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
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

/// Reads a job configuration.
pub fn parse(text: &[u8]) -> Parsed {
    // Editors on Windows begin files with a byte order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let object: Map<String, Value> = match serde_json::from_slice(text) {
        Ok(object) => object,
        Err(error) => {
            return Parsed {
                history_id: 0,
                job: Err(JobError::NotJson(position(&error))),
            };
        }
    };
    let history_id = match object.get("JobHistoryId") {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    Parsed {
        history_id: history_id.unwrap_or(0),
        job: read(&object, history_id),
    }
}

fn read(object: &Map<String, Value>, history_id: Option<i64>) -> Result<Job, JobError> {
    let history_id = history_id.ok_or_else(|| {
        FieldError::new(
            "JobHistoryId",
            "is missing or not a whole number",
            "pass the job configuration as the platform wrote it",
        )
    })?;
    if flag(object, "JobCancelled")? {
        return Err(JobError::Cancelled);
    }
    let kind = kind(object)?;
    let store = match object.get("CertificateStoreDetails") {
        Some(Value::Object(store)) => store,
        _ => {
            return Err(FieldError::new(
                "CertificateStoreDetails",
                "is missing or not an object",
                "pass the job configuration as the platform wrote it",
            )
            .into());
        }
    };
    let user = text(object, "ServerUsername")?;
    let secret = text(object, "ServerPassword")?;
    let identity = Identity::choose(user, secret)?;
    let secret = match identity {
        Identity::ClientSecret { .. } => secret.map(|secret| SecretString::from(secret.to_owned())),
        Identity::ClientAssertion { .. } | Identity::ManagedIdentity { .. } => None,
    };
    let properties = store.get("Properties").unwrap_or(&Value::Null);
    Ok(Job {
        history_id,
        kind,
        tenant: text(store, "ClientMachine")?.unwrap_or_default().to_owned(),
        path: text(store, "StorePath")?.unwrap_or_default().to_owned(),
        properties: Properties::from_json(properties)?,
        identity,
        secret,
        last_inventory: match object.get("LastInventory") {
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        },
    })
}

/// The kind of job from the last part of its capability, and for a management job from its
/// operation, by number or by name.
fn kind(object: &Map<String, Value>) -> Result<JobKind, FieldError> {
    let capability = text(object, "Capability")?.unwrap_or_default();
    match capability.trim().rsplit('.').next().unwrap_or_default() {
        "Inventory" => Ok(JobKind::Inventory),
        "Discovery" => Ok(JobKind::Discovery),
        "Management" => operation(object.get("OperationType")),
        _ => Err(FieldError::new(
            "Capability",
            format!("is {capability:?}, which this extension does not do"),
            "it does CertStores.AKV.Inventory, CertStores.AKV.Management and CertStores.AKV.Discovery",
        )),
    }
}

fn operation(given: Option<&Value>) -> Result<JobKind, FieldError> {
    let known = match given {
        Some(Value::Number(number)) => match number.as_u64() {
            Some(2) => Some(JobKind::Add),
            Some(3) => Some(JobKind::Remove),
            Some(4) => Some(JobKind::CreateStore),
            _ => None,
        },
        Some(Value::String(name)) => match name.trim() {
            "Add" | "2" => Some(JobKind::Add),
            "Remove" | "3" => Some(JobKind::Remove),
            "Create" | "4" => Some(JobKind::CreateStore),
            _ => None,
        },
        _ => None,
    };
    known.ok_or_else(|| {
        let shown = given.map_or_else(
            || "missing".to_owned(),
            |v| format!("{v}, an invalid operation"),
        );
        FieldError::new(
            "OperationType",
            format!("is {shown}"),
            "it is 2 (Add), 3 (Remove) or 4 (Create)",
        )
    })
}

/// A field that is a text or absent. `null` is absent.
fn text<'a>(
    object: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, FieldError> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(FieldError::new(
            field,
            "is not a text",
            "write it as a JSON string, or null",
        )),
    }
}

/// A field that is a boolean, as such or as text; absent and blank are false.
fn flag(object: &Map<String, Value>, field: &'static str) -> Result<bool, FieldError> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(false),
        Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(FieldError::new(
            field,
            "is neither true nor false",
            "write true or false",
        )),
    }
}

/// Where the JSON breaks, without a piece of it: it holds secrets.
fn position(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early".to_owned(),
        serde_json::error::Category::Data => "it is another JSON value".to_owned(),
        _ => format!("line {}, column {}", error.line(), error.column()),
    }
}

#[cfg(test)]
mod tests;
