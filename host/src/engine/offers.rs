//! The jobs that a component offers, each interface bound by itself: one that offers only some
//! is welcome.
//!
//! It must not know what the jobs do.

use super::bindings::exports::certstore::extension as exported;
use super::state::JobState;
use wasmtime::component::InstancePre;

/// Where each job's function is in a component, as far as it has it.
#[derive(Clone)]
pub(super) struct Offers {
    pub(super) inventory: Option<exported::inventory::GuestIndices>,
    pub(super) add: Option<exported::add::GuestIndices>,
    pub(super) remove: Option<exported::remove::GuestIndices>,
    pub(super) create_store: Option<exported::create_store::GuestIndices>,
    pub(super) discovery: Option<exported::discovery::GuestIndices>,
    pub(super) check: Option<exported::check::GuestIndices>,
}

impl Offers {
    /// Binds every interface that is exported. One that is there and does not fit is an error.
    pub(super) fn bind(pre: &InstancePre<JobState>, exports: &[String]) -> wasmtime::Result<Self> {
        let has = |name| exported(exports, name);
        macro_rules! bound {
            ($interface:ident, $name:literal) => {
                has($name)
                    .then(|| exported::$interface::GuestIndices::new(pre))
                    .transpose()?
            };
        }
        Ok(Self {
            inventory: bound!(inventory, "inventory"),
            add: bound!(add, "add"),
            remove: bound!(remove, "remove"),
            create_store: bound!(create_store, "create-store"),
            discovery: bound!(discovery, "discovery"),
            check: bound!(check, "check"),
        })
    }
}

/// Whether the interface `name` of the contract is among full names of exports.
pub(super) fn exported(exports: &[String], name: &str) -> bool {
    let prefix = format!("certstore:extension/{name}@");
    exports.iter().any(|export| export.starts_with(&prefix))
}
