//! The tenant that a new vault is made for: its subscription's own. A subscription that is
//! delegated (Azure Lighthouse) is worked in with tokens of another tenant than that.
//!
//! It must not create anything.

use job_scope::{SubscriptionId, TenantId};

use crate::azure::arm::Arm;
use crate::azure::error::CallError;
use crate::env::Environment;

/// The tenant of a new vault.
#[derive(Debug)]
pub enum Owner {
    /// The subscription's own, read from it.
    Read(TenantId),
    /// The job's: the subscription itself could not be read.
    Assumed(TenantId, CallError),
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum NoOwner {
    /// The subscription's is another than the one that the job names.
    #[error(
        "the subscription {subscription} belongs to the tenant {own}, and the tenant of this job is \
         {of_job} (a delegated subscription): a vault takes tokens of one tenant only, and belongs \
         to that of its subscription; write {own} into the client machine, with an application that \
         has a service principal there, or a subscription of {of_job} into the StorePath"
    )]
    Another {
        /// Which subscription.
        subscription: SubscriptionId,
        /// Its tenant.
        own: TenantId,
        /// The job's.
        of_job: TenantId,
    },
    /// It could not be read, and the job does not say it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Owner {
    /// Reads the subscription, and compares its tenant with the id that the job names, if it
    /// names one. An identity whose role is on the resource group may lack the right to read
    /// the subscription: then the job's is taken.
    ///
    /// # Errors
    /// Two tenants, or none.
    pub async fn of<E: Environment>(
        arm: &Arm<'_, E>,
        subscription: &SubscriptionId,
        of_job: Option<&TenantId>,
    ) -> Result<Owner, NoOwner> {
        let of_job = of_job.filter(|tenant| tenant.is_guid());
        match (arm.tenant_of(subscription).await, of_job) {
            (Ok(own), Some(of_job)) if own != *of_job => Err(NoOwner::Another {
                subscription: subscription.clone(),
                own,
                of_job: of_job.clone(),
            }),
            (Ok(own), _) => Ok(Owner::Read(own)),
            (Err(error), Some(of_job)) if is_hidden(&error) => {
                Ok(Owner::Assumed(of_job.clone(), error))
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Owner::Read(tenant) | Owner::Assumed(tenant, _) => tenant,
        }
    }
}

fn is_hidden(error: &CallError) -> bool {
    let refusal = error.refusal();
    refusal.is_some_and(|refusal| matches!(refusal.status, 403 | 404))
}
