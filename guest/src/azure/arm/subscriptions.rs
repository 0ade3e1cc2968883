//! Which subscriptions the identity can see, and whose one is (Azure REST,
//! "Subscriptions - List" and "Subscriptions - Get").
//!
//! It must not know what is in a subscription.

use std::collections::BTreeSet;

use job_scope::{ARM_SUBSCRIPTIONS_API_VERSION, SubscriptionId, TenantId};
use serde::Deserialize;
use serde_json::Value;

use super::Arm;
use super::listing::Listing;
use crate::azure::action::Action;
use crate::azure::error::CallError;
use crate::env::Environment;

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whether it can be used.
    pub state: State,
    /// The tenant that it belongs to, and those that it is delegated to (Azure Lighthouse): of
    /// one of them are the tokens that see it. None where the answer does not say.
    pub tenants: BTreeSet<TenantId>,
}

/// Whether the resources of a subscription can be used (Azure REST, `SubscriptionState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `Enabled`, `Warned` and `PastDue`, and whatever may be added later.
    Usable,
    /// `Disabled` and `Deleted`.
    Closed,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "subscriptionId", default)]
    id: String,
    #[serde(rename = "tenantId", default)]
    tenant: Value,
    #[serde(rename = "managedByTenants", default)]
    managed_by: Value,
    state: Option<String>,
}

impl State {
    fn read(word: Option<&str>) -> State {
        let closed = ["Disabled", "Deleted"];
        match word {
            Some(word) if closed.iter().any(|known| known.eq_ignore_ascii_case(word)) => {
                State::Closed
            }
            _ => State::Usable,
        }
    }
}

impl<E: Environment> Arm<'_, E> {
    /// The subscriptions that the identity sees in the token's tenant, as far as the list
    /// can be read. Without any role there are none, which is no error.
    pub async fn subscriptions(&self) -> Listing<Subscription> {
        let read = |wire: Wire| {
            let id = SubscriptionId::parse(&wire.id).map_err(|_| "an entry has no id")?;
            let managing = wire.managed_by.as_array().into_iter().flatten();
            let managing = managing.filter_map(|one| self.tenant_in(one.get("tenantId")?));
            let own = self.tenant_in(&wire.tenant);
            Ok(Subscription {
                id,
                state: State::read(wire.state.as_deref()),
                tenants: own
                    .into_iter()
                    .flat_map(|own| managing.clone().chain([own]))
                    .collect(),
            })
        };
        self.list(
            &Action::ListSubscriptions,
            "/subscriptions",
            ARM_SUBSCRIPTIONS_API_VERSION,
            read,
        )
        .await
    }

    /// The tenant that a subscription belongs to, a GUID.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub async fn tenant_of(&self, subscription: &SubscriptionId) -> Result<TenantId, CallError> {
        let action = || Action::ReadSubscription;
        let path = format!("/subscriptions/{subscription}");
        let answer = self
            .get(action(), &path, ARM_SUBSCRIPTIONS_API_VERSION)
            .await?;
        let wire: Wire = self.read(action(), &answer)?;
        self.tenant_in(&wire.tenant)
            .ok_or_else(|| self.unreadable(action(), "it names no tenant", &answer))
    }
}
