//! Tables of options, checked where their names are known; the others are for extensions of
//! the operator's own. `[create]` is the same with a shorter spelling.
//!
//! It must not know where a table stands, nor what an option does.

use super::PolicyError;
use super::file::Text;
use crate::options::Options;
use job_scope::{JobOptions, OPTIONS, Versions, option};
use std::collections::BTreeMap;

/// Keys of a policy, and where each is read. Among options they would be silent: an extension
/// ignores what it does not know, and the operator believes that they hold.
const KEYS: [(&str, &str); 13] = [
    ("hosts", "at the top of the policy"),
    ("extension-sha256", "at the top of the policy"),
    ("secret-references", "at the top of the policy"),
    ("identities", "at the top of the policy or in [[tenant]]"),
    (
        "max-shrink",
        "at the top of the policy, in [[tenant]] or in [[vault]]",
    ),
    (
        "reads-private-keys",
        "at the top of the policy or in [[vault]]",
    ),
    ("federated-token-file", "in [[tenant]]"),
    ("names", "in [[tenant]] or in [[vault]]"),
    (
        "options",
        "at the top of the policy, in [[tenant]] or in [[vault]]",
    ),
    ("create", "at the top of the policy"),
    ("connect-to", "at the top of the policy, as [[connect-to]]"),
    ("ca", "at the top of the policy, as [[ca]]"),
    ("rule", "at the top of the policy, as [[rule]]"),
];

/// What the names of the options begin with that `[create]` holds.
const CREATE: &str = "create-";

/// Reads a table; `place` is where it stands.
pub(super) fn read(place: &str, table: BTreeMap<String, Text>) -> Result<Options, PolicyError> {
    let misplaced = KEYS.iter().find(|(key, _)| table.contains_key(*key));
    if let Some((key, belongs)) = misplaced {
        return Err(PolicyError(format!(
            "{place}: `{key}` is no option, but a key of the policy; it belongs {belongs}"
        )));
    }
    let options: Options = table
        .into_iter()
        .map(|(name, Text(text))| (name, text))
        .collect();
    let read = JobOptions::from_fields(options.iter())
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
