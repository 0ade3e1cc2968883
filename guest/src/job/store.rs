//! What a job about a store works with: the store's scope, its vault, and Azure Resource
//! Manager, asked with the job's identity.
//!
//! It must not know what the job does with them, and sends nothing.

use std::rc::Rc;
use std::time::Duration;

use job_scope::{FieldError, Identity, Properties, StoreScope};

use super::input::Caller;
use crate::azure::arm::Arm;
use crate::azure::audience::Audience;
use crate::azure::calls::Calls;
use crate::azure::service::Service;
use crate::azure::tokens::Tokens;
use crate::azure::vault::Vault;
use crate::contract::{Job, Store};
use crate::env::Environment;

/// A store whose fields are valid, and the job's way to it.
pub struct Opened<'e, E> {
    /// What the fields say.
    pub scope: StoreScope,
    /// Who asks.
    pub identity: Identity,
    /// The store's properties, for what is not in the scope.
    pub properties: Properties,
    calls: Rc<Calls<'e, E>>,
    tokens: Rc<Tokens>,
}

/// Reads the fields of a job about a store.
///
/// # Errors
/// The first field that is malformed.
pub fn open<'e, E: Environment>(
    env: &'e E,
    job: &Job,
    store: &Store,
    deadline: Duration,
) -> Result<Opened<'e, E>, FieldError> {
    let caller = Caller::of(job)?;
    let properties = Properties::from_fields(store.properties.iter().cloned());
    let scope = StoreScope::parse(&store.tenant, &store.path, &properties, caller.identity())?;
    let tokens = caller.tokens(scope.tenant(), scope.endpoints())?;
    Ok(Opened {
        scope,
        identity: caller.identity().clone(),
        properties,
        calls: Rc::new(Calls::new(env, &job.attempt_id, deadline)),
        tokens: Rc::new(tokens),
    })
}

impl<'e, E: Environment> Opened<'e, E> {
    /// The store's vault.
    pub fn vault(&self) -> Vault<'e, E> {
        Vault::new(Service::new(
            Rc::clone(&self.calls),
            Rc::clone(&self.tokens),
            self.scope.vault_host(),
            Audience::vault(self.scope.endpoints()),
        ))
    }

    /// Azure Resource Manager of the store's cloud.
    pub fn arm(&self) -> Arm<'e, E> {
        Arm::new(
            Rc::clone(&self.calls),
            Rc::clone(&self.tokens),
            self.scope.endpoints(),
        )
    }
}
