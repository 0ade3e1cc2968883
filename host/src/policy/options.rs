//! Tables of options, checked where their names are known; the others are for extensions of
//! the operator's own. `[create]` is the same with a shorter spelling.
//!
//! It must not know where a table stands, nor what an option does.

use super::PolicyError;
use super::file::Text;
use super::keys::Keys;
use crate::options::Options;
use job_scope::{JobOptions, OPTIONS, Versions, is_spelling_of, option};
use std::collections::BTreeMap;

/// What the names of the options begin with that `[create]` holds.
const CREATE: &str = "create-";

/// Most edits between a key and an option that is taken for what was meant. Fewer than for the
/// policy's own keys: options may be another extension's.
const SLIP: usize = 2;

/// Reads a table; `place` is where it stands.
pub(super) fn read(place: &str, table: BTreeMap<String, Text>) -> Result<Options, PolicyError> {
    // Among options they would be silent: an extension ignores what it does not know, and the
    // operator believes that they hold.
    let keys = Keys::new();
    let misplaced = table.keys().find_map(|key| {
        // The policy has a key of its own for that one, with places of its own.
        let is_option =
            key != option::MAX_SHRINK && OPTIONS.iter().any(|one| is_spelling_of(key, one.name));
        Some((key, keys.belongs(key).filter(|_| !is_option)?))
    });
    if let Some((key, belongs)) = misplaced {
        return Err(PolicyError(format!(
            "{place}: `{key}` is no option, but a key of the policy; it belongs {belongs}"
        )));
    }
    if let Some((key, known)) = table.keys().find_map(|key| Some((key, meant(key)?))) {
        return Err(PolicyError(format!(
            "{place}: `{key}` is no option; did you mean `{known}`? An option of another extension needs a name that is less like it"
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

/// The option that an unknown one is a slip of: what is ignored would be believed to hold.
fn meant(key: &str) -> Option<&'static str> {
    let mut known = OPTIONS.iter().map(|option| option.name);
    if known.clone().any(|name| name == key) {
        return None;
    }
    let is_near = |name: &str| {
        if is_spelling_of(key, name) {
            return true;
        }
        let edits = strsim::damerau_levenshtein(key, name);
        edits <= SLIP && edits * 3 <= name.len()
    };
    let is_beginning = |name: &str| {
        let rest = name.strip_prefix(key);
        key.contains('-') && rest.is_some_and(|rest| rest.starts_with('-'))
    };
    known.find(|name| is_near(name) || is_beginning(name))
}

/// Reads `[create]`, whose keys are the options' names without what they all begin with.
pub(super) fn read_create(table: BTreeMap<String, Text>) -> Result<Options, PolicyError> {
    let named = table
        .into_iter()
        .map(|(key, text)| (format!("{CREATE}{key}"), text));
    read("[create]", named.collect())
}
