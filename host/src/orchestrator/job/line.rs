//! A job among many: a line that says whose it is, `{"extension": "azure", "job": {…}}`.
//!
//! It must not know extensions. No value of a line is ever repeated, but the name in it.

use super::json::Object;
use super::{JobError, Parsed, position, read_all};
use serde_json::Value;

/// Bytes of a line. A job says what the last inventory had: of ten thousand certificates that
/// is about ten million bytes.
pub const LONGEST_LINE: usize = 32 << 20;

/// What a line asks for.
#[derive(Debug)]
pub struct JobLine {
    /// Of whom.
    pub extension: String,
    /// What.
    pub job: Parsed,
}

/// Why a line asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is no JSON.
    #[error("the line is no JSON: {0}; write {SHAPE}")]
    NotJson(String),
    /// It is something else.
    #[error("the line is something else than {SHAPE}, with these two members and no others")]
    Shape,
    /// It is longer than any job.
    #[error("the line is longer than {} MiB; no job is", LONGEST_LINE >> 20)]
    TooLong,
}

const SHAPE: &str = "{\"extension\": \"…\", \"job\": {…}}";

/// Reads a line.
///
/// # Errors
/// Where it does not say whose job it is.
pub fn parse_line(text: &[u8]) -> Result<JobLine, LineError> {
    let line: Result<Object, _> = serde_json::from_slice(text);
    let Object(line) = &line.map_err(|error| LineError::NotJson(position(&error)))?;
    let (Some(Value::String(extension)), Some(job), 2) =
        (line.get("extension"), line.get("job"), line.len())
    else {
        return Err(LineError::Shape);
    };
    let job = match job {
        Value::Object(job) => read_all(job),
        _ => Parsed {
            history_id: 0,
            job: Err(JobError::NotJson("it is another JSON value".to_owned())),
        },
    };
    Ok(JobLine {
        extension: extension.clone(),
        job,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiped::watched::{PATTERN, left_behind};

    #[test]
    fn a_line_says_whose_job_it_is() {
        let line = br#" {"job": {"JobHistoryId": 7} , "extension":"az\u0075re"} "#;
        let line = parse_line(line).unwrap();
        assert_eq!(line.extension, "azure");
        assert_eq!(line.job.history_id, 7);
        assert!(line.job.job.is_err());
        let line = parse_line(b"{\"extension\": \"\", \"job\": 7}").unwrap();
        assert!(matches!(line.job.job, Err(JobError::NotJson(_))));
    }

    #[test]
    fn everything_else_is_refused_and_never_repeated() {
        for line in [
            "",
            "s3cret",
            "\"s3cret\"",
            "[\"s3cret\"]",
            "{\"extension\": \"a\"}",
            "{\"job\": {\"s3cret\": 1}}",
            "{\"extension\": [\"s3cret\"], \"job\": {}}",
            "{\"extension\": \"a\", \"job\": {}, \"s3cret\": 1}",
            "{\"extension\": \"a\", \"job\": {}} s3cret",
            "{\"extension\": \"a\", \"extension\": \"s3cret\", \"job\": {}}",
            "{\"extension\": \"a\", \"job\": {\"s3cret\": 1}, \"job\": {}}",
            "{\"extension\": \"a\", \"job\": {\"s3cret\": ",
        ] {
            let error = parse_line(line.as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn nothing_of_a_job_is_left_in_freed_memory() {
        let secret = std::str::from_utf8(PATTERN).unwrap();
        let line = format!("{{\"extension\":\"a\",\"job\":{{\"ServerPassword\":\"{secret}\"}}}}");
        assert_eq!(left_behind(|| drop(parse_line(line.as_bytes()))), 0);
    }
}
