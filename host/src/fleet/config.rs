//! The file that says which extensions one process runs. Unknown keys are errors, and so is a name
//! that two extensions would share.
//!
//! ```toml
//! [[extension]]
//! name = "azure"                # jobs and results name it so
//! component = "keyvault_extension.wasm"
//! sha256 = "…"                  # only this very file
//! policy = "azure.toml"         # without it, as without --policy
//! audit = "azure.jsonl"         # of no other; without it, nothing is recorded
//! jobs = 4                      # at once; without it, 4
//! waiting = 100                 # that wait for one of these to end; without it, 100
//! ```
//!
//! Paths are relative to the file. It leads to policies and so to where traffic goes: like them,
//! it is read only where somebody named it.
//!
//! It must not know what is in the files that it names.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of an extension's name.
pub(super) const LONGEST_NAME: usize = 64;

/// Most jobs at once: each is a thread, and the pool keeps addresses for each.
const MOST_JOBS: usize = 64;

/// Most jobs that wait: each keeps its secret and its certificate, or what the last inventory
/// had.
const MOST_WAITING: usize = 1_000;

/// Jobs of one extension that are taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many run.
    pub jobs: usize,
    /// How many more wait.
    pub waiting: usize,
}

/// One extension of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its component.
    pub component: PathBuf,
    /// The digest that the component must have.
    pub sha256: Option<String>,
    /// Its policy.
    pub policy: Option<PathBuf>,
    /// Where its attempts are recorded.
    pub audit: Option<PathBuf>,
    /// What it may have at once.
    pub quota: Quota,
}

/// A configuration that was read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The extensions, in the file's order.
    pub extensions: Vec<Entry>,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    extension: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    component: PathBuf,
    sha256: Option<String>,
    policy: Option<PathBuf>,
    audit: Option<PathBuf>,
    #[serde(default = "jobs")]
    jobs: usize,
    #[serde(default = "waiting")]
    waiting: usize,
}

fn jobs() -> usize {
    4
}

fn waiting() -> usize {
    100
}

impl Config {
    /// Reads a configuration; `directory` is where its paths begin.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, directory: &Path) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text)
            .map_err(|error| ConfigError(error.to_string().trim_end().to_owned()))?;
        if file.extension.is_empty() {
            return Err(ConfigError(
                "there is no [[extension]]; write one, with its name and component".to_owned(),
            ));
        }
        let mut names = BTreeSet::new();
        let mut extensions = Vec::new();
        for table in file.extension {
            let entry = entry(table, directory)?;
            if !names.insert(entry.name.clone()) {
                return Err(ConfigError(format!(
                    "[[extension]] {}: another has the same name; give each its own",
                    entry.name
                )));
            }
            extensions.push(entry);
        }
        Ok(Self { extensions })
    }
}

fn entry(table: Table, directory: &Path) -> Result<Entry, ConfigError> {
    let name = table.name;
    let is_name = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !is_name {
        return Err(ConfigError(format!(
            "[[extension]]: name is {:?}; write at most {LONGEST_NAME} letters, digits, hyphens, dots and underscores",
            crate::text::one_line(&name, LONGEST_NAME)
        )));
    }
    if !(1..=MOST_JOBS).contains(&table.jobs) || table.waiting > MOST_WAITING {
        return Err(ConfigError(format!(
            "[[extension]] {name}: jobs is a number from 1 to {MOST_JOBS}, and waiting one from 0 to {MOST_WAITING}"
        )));
    }
    let at = |path: PathBuf| directory.join(path);
    Ok(Entry {
        name,
        component: at(table.component),
        sha256: table.sha256,
        policy: table.policy.map(at),
        audit: table.audit.map(at),
        quota: Quota {
            jobs: table.jobs,
            waiting: table.waiting,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("/etc/akv"))
    }

    #[test]
    fn paths_begin_where_the_file_is_and_what_is_not_said_has_a_default() {
        let config = parse(
            "[[extension]]\nname = \"one\"\ncomponent = \"one.wasm\"\n\
             [[extension]]\nname = \"two\"\ncomponent = \"/lib/two.wasm\"\npolicy = \"two.toml\"\n\
             audit = \"/var/two.jsonl\"\njobs = 1\nwaiting = 0",
        );
        let [one, two] = &config.unwrap().extensions[..] else {
            panic!("two were written");
        };
        assert_eq!(one.component, Path::new("/etc/akv/one.wasm"));
        assert_eq!((&one.policy, &one.audit), (&None, &None));
        let quota = |jobs, waiting| Quota { jobs, waiting };
        assert_eq!((one.quota, two.quota), (quota(4, 100), quota(1, 0)));
        assert_eq!(two.component, Path::new("/lib/two.wasm"));
        assert_eq!(two.policy.as_deref(), Some(Path::new("/etc/akv/two.toml")));
        assert_eq!(two.audit.as_deref(), Some(Path::new("/var/two.jsonl")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = |more: &str| format!("[[extension]]\nname = \"a\"\ncomponent = \"a\"\n{more}\n");
        for (text, named) in [
            (String::new(), "[[extension]]"),
            ("extension = 1".to_owned(), "extension"),
            ("[[extension]]\nname = \"a\"".to_owned(), "component"),
            (one("polcy = \"p\""), "polcy"),
            (one("jobs = 0"), "jobs"),
            (one("jobs = 65"), "jobs"),
            (one("waiting = 1001"), "waiting"),
            (one("waiting = -1"), "waiting"),
            (one("").replace("\"a\"", "\"a b\""), "name"),
            (one("").replace("\"a\"", "\"\""), "name"),
            (one("") + &one(""), "name"),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
