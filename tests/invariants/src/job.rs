//! The job configuration, as a platform hands it over.

use extension_host::orchestrator::{self, Task};
use secrecy::ExposeSecret as _;
use serde_json::Value;

/// Shorter secrets may be found in any text.
const TELLING: usize = 8;

/// Nothing that is said of a job, read or refused, holds its secret, and no message breaks a line.
pub(crate) fn holds(data: &[u8]) {
    let parsed = orchestrator::parse(data);
    let (said, secret) = match &parsed.job {
        Ok(job) => {
            assert_eq!(job.history_id, parsed.history_id);
            let Ok(number) = read_number(data) else {
                return;
            };
            assert_eq!(job.history_id, number);
            if let Some(store) = job.store() {
                let copies = ["ServerUsername", "ServerPassword"];
                for (name, _) in store.properties.fields() {
                    assert!(!copies.contains(&name), "{name}");
                }
            }
            if let Task::Discovery { places } = &job.task {
                assert!(!places.is_empty());
            }
            (
                format!("{job:?}"),
                job.secret
                    .as_ref()
                    .map(|secret| secret.expose_secret().to_owned()),
            )
        }
        Err(error) => {
            let told = error.to_string();
            assert!(!told.chars().any(char::is_control), "{told:?}");
            (told, password(data))
        }
    };
    let Some(secret) = secret.filter(|secret| secret.len() >= TELLING) else {
        return;
    };
    // What the platform says elsewhere too is no secret.
    let text = String::from_utf8_lossy(data);
    if text.matches(&secret).count() == 1 && !secret.contains(['"', '\\', '{']) {
        assert!(!said.contains(&secret), "{said}");
    }
}

fn object(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)).ok()
}

fn read_number(data: &[u8]) -> Result<i64, ()> {
    let object = object(data).ok_or(())?;
    match object.get("JobHistoryId") {
        Some(Value::Number(number)) => number.as_i64().ok_or(()),
        Some(Value::String(text)) => text.trim().parse().map_err(|_| ()),
        _ => Err(()),
    }
}

fn password(data: &[u8]) -> Option<String> {
    let object = object(data)?;
    Some(object.get("ServerPassword")?.as_str()?.to_owned())
}
