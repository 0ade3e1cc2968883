//! Where a discovery looks: the tenants of the platform's form.
//!
//! It must not know what a tenant is; whether a name can be one is found out where it is used.

use super::fields::{object, said};
use job_scope::FieldError;
use serde_json::{Map, Value};

/// The key of `JobProperties` behind the form's field "directories to search".
const DIRS: &str = "dirs";

/// The tenants to search, in order, each once.
pub(super) fn places(job: &Map<String, Value>) -> Result<Vec<String>, FieldError> {
    let listed = match object(job, "JobProperties")? {
        Some(given) => said(given, DIRS, DIRS)?,
        None => None,
    };
    let text = match listed {
        Some(listed) => listed,
        None => said(job, "ClientMachine", "ClientMachine")?.unwrap_or_default(),
    };
    let places = each_once(text);
    if places.is_empty() {
        return Err(FieldError::new(
            DIRS,
            "is blank, and so is the client machine: there is no tenant to search",
            "write the tenant's id into \"directories to search\", several with commas between",
        ));
    }
    Ok(places)
}

/// The tenants of a list with commas, in order, each once whatever its case.
pub fn each_once(list: &str) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for place in list.split(',').map(str::trim) {
        let known = |other: &String| other.to_lowercase() == place.to_lowercase();
        if !place.is_empty() && !places.iter().any(known) {
            places.push(place.to_owned());
        }
    }
    places
}
