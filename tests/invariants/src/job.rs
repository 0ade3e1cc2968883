//! The job configuration, as a platform hands it over.

use extension_host::orchestrator::{self, Task};
use serde_json::Value;

/// A secret that stands in no message of ours.
const SECRET: &str = "sEcReT~0123456789";

/// What is read is what is written, and nothing that is said of a job, read or refused, holds its
/// secret or breaks a line.
pub(crate) fn holds(data: &[u8]) {
    looked_at(data);
    // The same job with a secret that can be told from everything else.
    let Some(password) = password(data).filter(|password| !password.is_empty()) else {
        return;
    };
    let text = String::from_utf8_lossy(data);
    let quoted = Value::from(password).to_string();
    if text.matches(&quoted).count() == 1 && !text.contains(SECRET) {
        let said = looked_at(
            text.replace(&quoted, &Value::from(SECRET).to_string())
                .as_bytes(),
        );
        assert!(!said.contains(SECRET), "{said}");
    }
}

/// Everything that is said of a job.
fn looked_at(data: &[u8]) -> String {
    let parsed = orchestrator::parse(data);
    let job = match parsed.job {
        Ok(job) => job,
        Err(error) => {
            let told = error.to_string();
            assert!(!told.chars().any(char::is_control), "{told:?}");
            return told;
        }
    };
    assert_eq!(Some(job.history_id), number(data));
    assert_eq!(job.history_id, parsed.history_id);
    if let Some(store) = job.store() {
        let copies = ["ServerUsername", "ServerPassword"];
        for (name, _) in store.properties.fields() {
            assert!(!copies.contains(&name), "{name}");
        }
    }
    if let Task::Discovery { places } = &job.task {
        assert!(!places.is_empty());
    }
    format!("{job:?}")
}

fn object(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)).ok()
}

fn number(data: &[u8]) -> Option<i64> {
    match object(data)?.get("JobHistoryId")? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn password(data: &[u8]) -> Option<String> {
    Some(object(data)?.get("ServerPassword")?.as_str()?.to_owned())
}
