//! Tables of options, checked where their names are known; the others are for extensions of
//! the operator's own. `[create]` is the same with a shorter spelling.
//!
//! It must not know where a table stands, nor what an option does.

use super::PolicyError;
use super::file::Text;
use job_scope::{JobOptions, OPTIONS, Versions, option};
use std::collections::BTreeMap;

/// Options by name.
pub(super) type Options = BTreeMap<String, String>;

/// What the names of the options begin with that `[create]` holds.
const CREATE: &str = "create-";

/// Reads a table; `place` is where it stands.
pub(super) fn read(place: &str, table: BTreeMap<String, Text>) -> Result<Options, PolicyError> {
    let options: Options = table
        .into_iter()
        .map(|(name, Text(text))| (name, text))
        .collect();
    let read = JobOptions::from_fields(&options)
        .map_err(|error| PolicyError(format!("{place}: {error}")))?;
    if read.versions == Versions::All {
        return Err(PolicyError(format!(
            "{place}: {} = \"all\" is for people: a platform would get every alias more than once; ask for it on the command line",
            option::VERSIONS
        )));
    }
    Ok(options)
}

/// Reads `[create]`, whose keys are the options' names without what they all begin with.
pub(super) fn read_create(table: BTreeMap<String, Text>) -> Result<Options, PolicyError> {
    let known = || {
        let names = OPTIONS.iter().map(|option| option.name);
        names.filter_map(|name| name.strip_prefix(CREATE))
    };
    if let Some(unknown) = table.keys().find(|key| !known().any(|name| name == *key)) {
        let names: Vec<&str> = known().collect();
        return Err(PolicyError(format!(
            "[create]: unknown key `{unknown}`; known are {}",
            names.join(", ")
        )));
    }
    let named = table
        .into_iter()
        .map(|(key, text)| (format!("{CREATE}{key}"), text));
    read("[create]", named.collect())
}
