//! One vault as a resource: look at it, ask for its name, create it; and the lists of
//! vaults (Azure REST, "Vaults" of Microsoft.KeyVault).
//!
//! It must not know which settings are wanted, nor when to look again.

use std::time::Duration;

use job_scope::{
    ARM_VAULTS_API_VERSION, ResourceGroup, StorePath, SubscriptionId, TenantId, VaultName,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::listing::{Listing, Odd};
use super::{Arm, vault_path};
use crate::azure::action::Action;
use crate::azure::discretion::Discretion;
use crate::azure::error::CallError;
use crate::azure::retry::{LONGEST_SERVER_DELAY, Repeat};
use crate::azure::server_delay::server_delay;
use crate::env::Environment;
use crate::http::{Method, Request, Response};

/// Which vault.
#[derive(Clone, Copy, Debug)]
pub struct VaultRef<'a> {
    /// Its subscription.
    pub subscription: &'a SubscriptionId,
    /// Its resource group.
    pub group: &'a ResourceGroup,
    /// Its name.
    pub name: &'a VaultName,
}

impl VaultRef<'_> {
    fn path(&self) -> String {
        vault_path(self.subscription, self.group, self.name)
    }

    /// Its resource id, for people and their commands.
    pub fn resource_id(&self) -> String {
        resource_id(self.subscription, self.group, self.name)
    }
}

/// The resource id of a vault, in the spelling of its documentation.
pub fn resource_id(
    subscription: &SubscriptionId,
    group: &ResourceGroup,
    name: &VaultName,
) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
    )
}

/// A vault that exists, as far as its settings matter here. What the answer leaves out is
/// `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultResource {
    /// How far it is.
    pub state: Provisioning,
    /// Its region, in whatever spelling. This text and those below are as they came.
    pub location: Option<String>,
    /// Its tenant.
    pub tenant: Option<String>,
    /// The name of its SKU.
    pub sku: Option<String>,
    /// Whether roles say who may do what in it; absent, access policies do.
    pub rbac: Option<bool>,
    /// Days that what was deleted is kept.
    pub retention_days: Option<u64>,
    /// Whether it forbids purging.
    pub purge_protection: Option<bool>,
    /// `Enabled` or `Disabled`.
    pub public_network_access: Option<String>,
}

/// `provisioningState`; the terminal ones are those of every resource (Azure Resource
/// Manager, "Track asynchronous Azure operations").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// It is ready. Also without a state, as the rule for resources says.
    Succeeded,
    /// It is being made, in the service's word (`RegisteringDns`).
    Underway(String),
    /// It will never be ready: `Failed` or `Canceled`, and why, where the answer says so.
    Failed {
        /// The service's word.
        state: String,
        /// Its code and message.
        reason: Option<String>,
    },
}

/// A vault that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The vault.
    pub vault: VaultResource,
    /// When the service wants to be asked again.
    pub again_after: Option<Duration>,
}

/// A vault of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundVault {
    /// Where it is.
    pub path: StorePath,
    /// The tenant whose tokens it takes, where the list says so.
    pub tenant: Option<TenantId>,
}

/// Whether a vault's name can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameCheck {
    /// It can.
    Free,
    /// A vault anywhere in Azure has it, or a deleted one that is not purged.
    Taken,
    /// No vault can be called so; of the service's reason what is known.
    Impossible(Option<&'static str>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireVault {
    location: Option<String>,
    properties: WireProperties,
    error: Option<WireReason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProperties {
    tenant_id: Option<String>,
    sku: Option<WireSku>,
    enable_rbac_authorization: Option<bool>,
    soft_delete_retention_in_days: Option<u64>,
    enable_purge_protection: Option<bool>,
    public_network_access: Option<String>,
    provisioning_state: Option<String>,
    error: Option<WireReason>,
}

#[derive(Deserialize)]
struct WireSku {
    name: Option<String>,
}

#[derive(Deserialize)]
struct WireReason {
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireName {
    name_available: bool,
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct WireItem {
    #[serde(default)]
    id: String,
    #[serde(default)]
    properties: Value,
}

impl WireReason {
    fn text(&self, discretion: &Discretion) -> Option<String> {
        let code = self.code.as_deref().and_then(|code| discretion.code(code));
        let words = self.message.as_deref();
        match (code, words.and_then(|words| discretion.words(words))) {
            (Some(code), Some(words)) => Some(format!("{code}: \"{words}\"")),
            (Some(code), None) => Some(code),
            (None, words) => words.map(|words| format!("\"{words}\"")),
        }
    }
}

impl VaultResource {
    fn of(wire: WireVault, discretion: &Discretion) -> Self {
        let properties = wire.properties;
        let reason = [&wire.error, &properties.error]
            .into_iter()
            .flatten()
            .find_map(|reason| reason.text(discretion));
        let word = properties.provisioning_state.as_deref().unwrap_or_default();
        let shown = discretion.code(word);
        let shown = shown.unwrap_or_else(|| "an unknown state".to_owned());
        let is = |state: &str| word.eq_ignore_ascii_case(state);
        VaultResource {
            state: if word.is_empty() || is("Succeeded") {
                Provisioning::Succeeded
            } else if is("Failed") || is("Canceled") {
                Provisioning::Failed {
                    state: shown,
                    reason,
                }
            } else {
                Provisioning::Underway(shown)
            },
            location: wire.location,
            tenant: properties.tenant_id,
            sku: properties.sku.and_then(|sku| sku.name),
            rbac: properties.enable_rbac_authorization,
            retention_days: properties.soft_delete_retention_in_days,
            purge_protection: properties.enable_purge_protection,
            public_network_access: properties.public_network_access,
        }
    }
}

impl<E: Environment> Arm<'_, E> {
    /// Looks at a vault; `None` when it is not there.
    ///
    /// # Errors
    /// Whatever keeps it from being seen. A 404 about its group or its subscription, or of
    /// something in between, is not the service saying that there is no such vault.
    pub async fn vault(&self, vault: VaultRef<'_>) -> Result<Option<Sight>, CallError> {
        let action = Action::ReadVault(vault.name.to_string());
        let seen = self
            .get(action.clone(), &vault.path(), ARM_VAULTS_API_VERSION)
            .await;
        match seen {
            Ok(answer) => self.sight(action, &answer).map(Some),
            Err(CallError::Service { refusal, .. })
                if refusal.status == 404
                    && (refusal.is("ResourceNotFound") || refusal.is("VaultNotFound")) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks whether a vault's name is free, in all of Azure.
    ///
    /// # Errors
    /// Whatever keeps the question from being answered.
    pub async fn check_name(&self, vault: VaultRef<'_>) -> Result<NameCheck, CallError> {
        let action = Action::CheckVaultName(vault.name.to_string());
        let call = self.service.call(action.clone());
        let url = self.service.url(&format!(
            "/subscriptions/{}/providers/Microsoft.KeyVault/checkNameAvailability\
             ?api-version={ARM_VAULTS_API_VERSION}",
            vault.subscription
        ));
        let body = json!({ "name": vault.name.as_str(), "type": "Microsoft.KeyVault/vaults" });
        let request = Request::json(Method::Post, url, &body);
        let answer = self.service.send(&call, Repeat::Freely, request).await?;
        let wire: WireName = self.read(action, &answer)?;
        Ok(match (wire.name_available, wire.reason.as_deref()) {
            (true, _) => NameCheck::Free,
            (false, Some("AccountNameInvalid")) => NameCheck::Impossible(
                wire.message
                    .and_then(|text| self.calls().discretion().words(&text)),
            ),
            (false, _) => NameCheck::Taken,
        })
    }

    /// Asks for a vault. What becomes of a lost answer is the caller's to find out: the same
    /// request over a vault that exists is a change of its settings.
    ///
    /// # Errors
    /// The refusal, or that nobody knows (see [`CallError::may_have_taken_effect`]), or that it
    /// is to be looked at before it is sent again (see [`CallError::held`]).
    pub async fn put_vault(
        &self,
        vault: VaultRef<'_>,
        body: &Value,
        made: u32,
    ) -> Result<Sight, CallError> {
        let action = Action::CreateVault(vault.name.to_string());
        let call = self.service.call(action.clone());
        let url = self.service.url(&format!(
            "{}?api-version={ARM_VAULTS_API_VERSION}",
            vault.path()
        ));
        let request = Request::json(Method::Put, url, body);
        let answer = self
            .service
            .send(&call, Repeat::AfterLook { made }, request)
            .await?;
        self.sight(action, &answer)
    }

    /// The vaults of a subscription, as far as the list can be read.
    pub async fn vaults_of(&self, subscription: &SubscriptionId) -> Listing<FoundVault> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults");
        let read = |wire: WireItem| {
            Ok(FoundVault {
                path: vault_in(&wire.id, |of| of == subscription)?,
                tenant: wire
                    .properties
                    .get("tenantId")
                    .and_then(|id| self.tenant_in(id)),
            })
        };
        self.list(
            &Action::ListVaults(subscription.to_string()),
            &path,
            ARM_VAULTS_API_VERSION,
            read,
        )
        .await
    }

    /// The tenant that a value of an answer is the id of, if it may be shown.
    pub(super) fn tenant_in(&self, value: &Value) -> Option<TenantId> {
        let id = self.calls().discretion().id(value.as_str()?)?;
        TenantId::parse(&id).ok()
    }

    fn sight(&self, action: Action, answer: &Response) -> Result<Sight, CallError> {
        let wire: WireVault = self.read(action, answer)?;
        Ok(Sight {
            vault: VaultResource::of(wire, self.calls().discretion()),
            again_after: server_delay(answer, self.calls().env().wall())
                .map(|asked| asked.min(LONGEST_SERVER_DELAY)),
        })
    }
}

/// The vault of a resource id, in a subscription that was asked about. Read by the rules of
/// a store path, so that what a discovery finds every other job takes.
pub(super) fn vault_in(
    id: &str,
    asked: impl Fn(&SubscriptionId) -> bool,
) -> Result<StorePath, Odd> {
    Some(id)
        .filter(|id| id.starts_with('/'))
        .and_then(|id| StorePath::parse(id).ok())
        .filter(|path| asked(path.subscription()))
        .ok_or("an entry is not the resource id of a vault of the subscription")
}
