//! A resource group (Azure REST, "Resource Groups - Get").
//!
//! It must not know what is in it.

use job_scope::{ARM_RESOURCE_GROUPS_API_VERSION, Region, ResourceGroup, SubscriptionId};
use serde::Deserialize;

use super::{Arm, group_path};
use crate::azure::action::Action;
use crate::azure::error::CallError;
use crate::env::Environment;

/// A resource group that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its region.
    pub region: Region,
}

#[derive(Deserialize)]
struct Wire {
    location: String,
}

impl<E: Environment> Arm<'_, E> {
    /// Reads a resource group.
    ///
    /// # Errors
    /// Whatever keeps it from being read, 404 included.
    pub async fn resource_group(
        &self,
        subscription: &SubscriptionId,
        name: &ResourceGroup,
    ) -> Result<Group, CallError> {
        let action = || Action::ReadResourceGroup(name.to_string());
        let path = group_path(subscription, name);
        let answer = self
            .get(action(), &path, ARM_RESOURCE_GROUPS_API_VERSION)
            .await?;
        let wire: Wire = self.read(action(), &answer)?;
        match Region::parse(&wire.location) {
            Ok(Some(region)) => Ok(Group { region }),
            _ => Err(self.unreadable(action(), "it names no region", &answer)),
        }
    }
}
