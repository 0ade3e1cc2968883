//! What each kind of job may send, as data. Nothing here matches a request: the host expands and
//! matches these templates, and intersects them with the operator's policy.
//!
//! | job | requests |
//! |---|---|
//! | all, as an application | one token request; a check two |
//! | all, as a managed identity | the machine's identity endpoint |
//! | inventory | list certificates, get one; list versions and get one of them where asked |
//! | inventory with private keys | also get a version of a secret: see [`private_key_rules`] |
//! | add | get, import, get deleted, and with Overwrite recover, each for the job's alias alone |
//! | add with private keys | also get the secret of the job's alias: see [`private_key_rules`] |
//! | remove | get, delete, get deleted, each for the job's alias alone |
//! | create-store | get the resource group and the subscription, get and put the vault, check its name |
//! | discovery | list subscriptions, list vaults, the one Resource Graph query |
//! | check of inventory | list and get certificates |
//! | check of add or remove | get certificates, get the vault as a resource, the permissions on it |
//! | check of create-store | get the resource group, the permissions there; get the subscription as a Create does |
//! | check of discovery | list subscriptions, and the permissions in the resource group |
//!
//! A check of several kinds has the requests of all of them, each once, and a token for each of
//! the two services that it asks.
//!
//! Of what asks Azure Resource Manager about a group or a vault, a check has only what its store
//! says the group of, and nothing where it must not ask there.
//!
//! Must not know: more of a job than [`Needs`] says (its other values are [`crate::Variables`]), the
//! policy, HTTP.

mod body;
mod certificates;
mod management;
mod page;
mod pair;
mod segment;
mod template;
mod token;
mod veil;
mod versions;

use crate::identity::Identity;
use crate::kind::JobKind;
use crate::names::SubscriptionId;
use crate::new_vault::NewVault;
use crate::options::{CheckArm, Versions};
use crate::scope::StoreScope;
use veil::bearing;

pub use body::{BodyTemplate, BoundedBody, FreeMember, JsonTemplate, MemberType};
pub use page::PageQuery;
pub use pair::{OPAQUE_LENGTH, PairTemplate, ValueTemplate};
pub(crate) use segment::certificate_name;
pub use segment::{SegmentPattern, segment_patterns};
pub use template::{
    ALLOWED_HEADERS, HeaderRule, Method, QueryTemplate, RequiredHeader, RuleTemplate,
};
pub use token::LONGEST_SECRET;
pub use veil::VeilTemplate;
pub use versions::{
    ARM_PERMISSIONS_API_VERSION, ARM_RESOURCE_GROUPS_API_VERSION, ARM_SUBSCRIPTIONS_API_VERSION,
    ARM_VAULTS_API_VERSION, CLIENT_ASSERTION_TYPE, IDENTITY_API_VERSION, KEY_VAULT_API_VERSION,
    RESOURCE_GRAPH_API_VERSION, RESOURCE_GRAPH_QUERY,
};

/// The ids of all rules that there are; no rule of an operator's own may go by one of them.
pub const RULE_IDS: &[&str] = &[
    "check-vault-name",
    "delete-certificate",
    "get-certificate",
    "get-certificate-version",
    "get-deleted-certificate",
    "get-group-permissions",
    "get-resource-group",
    "get-secret",
    "get-secret-version",
    "get-subscription",
    "get-vault",
    "get-vault-permissions",
    "identity-endpoint",
    "identity-endpoint-arm",
    "import-certificate",
    "list-certificate-versions",
    "list-certificates",
    "list-subscriptions",
    "list-vaults",
    "put-vault",
    "query-resource-graph",
    "recover-certificate",
    "token",
    "token-arm",
];

/// What a job is, as far as its rules depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
    /// The kind of job.
    pub kind: JobKind,
    /// The identity.
    pub identity: &'a Identity,
    /// The store; a discovery has none.
    pub store: Option<&'a StoreScope>,
    /// The vault that a Create asks for.
    pub new_vault: Option<&'a NewVault>,
    /// Which versions an inventory shows.
    pub versions: Versions,
    /// Whether an Add may replace what is there; without it, nothing is recovered.
    pub overwrite: bool,
    /// The subscriptions that a discovery searches; `None` is all.
    pub subscriptions: Option<&'a [SubscriptionId]>,
    /// The kinds of job that a check is about.
    pub check_kinds: &'a [JobKind],
    /// Whether a check may ask Azure Resource Manager.
    pub check_arm: CheckArm,
}

impl<'a> Needs<'a> {
    /// A job without a store and without options: an Add that replaces nothing, a check of
    /// nothing.
    pub fn new(kind: JobKind, identity: &'a Identity) -> Self {
        Needs {
            kind,
            identity,
            store: None,
            new_vault: None,
            versions: Versions::Current,
            overwrite: false,
            subscriptions: None,
            check_kinds: &[],
            check_arm: CheckArm::Ask,
        }
    }
}

impl Needs<'_> {
    /// Whether a check looks into the vault.
    fn checks_vault(&self) -> bool {
        self.check_kinds.iter().any(|kind| match kind {
            JobKind::Inventory | JobKind::Add | JobKind::Remove | JobKind::Check => true,
            JobKind::CreateStore | JobKind::Discovery => false,
        })
    }

    /// Whether a check lists the vault.
    fn checks_list(&self) -> bool {
        let lists = |kind: &JobKind| matches!(kind, JobKind::Inventory | JobKind::Check);
        self.check_kinds.iter().any(lists)
    }

    /// Whether a check asks Azure Resource Manager: about vaults as resources, and what else than
    /// reading the identity may do in one.
    fn asks_arm(&self) -> bool {
        self.check_arm == CheckArm::Ask
            && self.check_kinds.iter().any(|kind| match kind {
                JobKind::Add | JobKind::Remove | JobKind::CreateStore | JobKind::Discovery => true,
                JobKind::Inventory | JobKind::Check => false,
            })
    }
}

/// The templates of a job, with the ones by which its identity gets a token first. Every
/// `{variable}` in them is one of [`crate::Variables`], or one of [`segment_patterns`].
///
/// Requests that read private keys are not among them: see [`private_key_rules`].
pub fn rules(needs: Needs<'_>) -> Vec<RuleTemplate> {
    let mut rules = token::rules_for(&needs);
    let (vault, arm) = match needs.kind {
        JobKind::Inventory => (certificates::inventory(needs.versions), Vec::new()),
        JobKind::Add => (certificates::add(needs.overwrite), Vec::new()),
        JobKind::Remove => (certificates::remove(), Vec::new()),
        JobKind::CreateStore => (
            Vec::new(),
            management::create_store(needs.store, needs.new_vault),
        ),
        JobKind::Discovery => (Vec::new(), management::discovery(needs.subscriptions)),
        JobKind::Check => check(&needs),
    };
    rules.extend(bearing(token::Audience::Vault.resource(), vault));
    rules.extend(bearing(token::Audience::Arm.resource(), arm));
    rules
}

/// What a check asks of the vault, and of Azure Resource Manager.
fn check(needs: &Needs<'_>) -> (Vec<RuleTemplate>, Vec<RuleTemplate>) {
    let (mut vault, mut arm) = (Vec::new(), Vec::new());
    if needs.checks_vault() {
        vault.extend(needs.checks_list().then(certificates::list));
        vault.push(certificates::get_any());
    }
    if needs.asks_arm() {
        arm.extend(management::check(needs.check_kinds, needs.store));
    }
    (vault, arm)
}

/// The templates of a kind of job that read private keys: a certificate's managed secret holds
/// its exportable key. Only for operators who say `reads-private-keys = true`, and to be shown
/// as what they are.
pub fn private_key_rules(kind: JobKind) -> Vec<RuleTemplate> {
    match kind {
        JobKind::Inventory => of_vault(certificates::private_keys()),
        JobKind::Add => of_vault(certificates::private_key_of_job()),
        JobKind::Remove | JobKind::CreateStore | JobKind::Discovery | JobKind::Check => Vec::new(),
    }
}

fn of_vault(templates: Vec<RuleTemplate>) -> Vec<RuleTemplate> {
    bearing(token::Audience::Vault.resource(), templates).collect()
}

fn rule(
    id: &'static str,
    purpose: &'static str,
    method: Method,
    url: &'static str,
) -> RuleTemplate {
    RuleTemplate {
        id: id.into(),
        purpose: purpose.into(),
        method,
        url: url.into(),
        query: Vec::new(),
        headers: HeaderRule::default(),
        body: BodyTemplate::None,
        veil: VeilTemplate::None,
    }
}

fn get(
    id: &'static str,
    purpose: &'static str,
    url: &'static str,
    version: &'static str,
) -> RuleTemplate {
    RuleTemplate {
        query: api_version(version),
        ..rule(id, purpose, Method::Get, url)
    }
}

fn api_version(version: &'static str) -> Vec<PairTemplate> {
    vec![PairTemplate::fixed("api-version", version)]
}

#[cfg(test)]
mod tests;
