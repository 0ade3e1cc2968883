//! What one job is about: cloud, tenant, subscription, vault, alias, identity, and what it may
//! reach, parsed and validated.
//!
//! The guest and the host both read a job with this crate, so that what the guest asks for and
//! what the host grants come from one reading. It does no I/O, needs no executor, and compiles
//! for `wasm32-unknown-unknown`.
//!
//! # The way of a job
//!
//! 1. The platform's properties become [`Properties`]: the named fields, nothing else; copies of
//!    the credentials end here.
//! 2. The two credential fields become an [`Identity`], which says *how* a job proves who it is
//!    and holds no secret.
//! 3. Tenant, store path and properties become a [`StoreScope`]; its [`Variables`] are what the
//!    rules of the job are filled with.
//! 4. [`JobOptions`] say how the work is done; a Create's make a [`NewVault`].
//! 5. [`rules()`] gives the rule templates of what a job [`Needs`], as data. Expanding and matching
//!    them is the host's business.
//!
//! ```
//! use job_scope::{Identity, JobKind, Needs, Properties, StoreScope, rules};
//!
//! let identity = Identity::choose(Some("33333333-3333-4333-8333-333333333333"), Some("secret"))?;
//! let properties = Properties::from_json(&r#"{"AzureCloud":" China "}"#.into())?;
//! let scope = StoreScope::parse(
//!     "contoso.example",
//!     "22222222-2222-4222-8222-222222222222:rg-one:kv-one",
//!     &properties,
//!     &identity,
//! )?;
//! assert_eq!(scope.vault_url(), "https://kv-one.vault.azure.cn");
//! let needs = Needs { store: Some(&scope), ..Needs::new(JobKind::Inventory, &identity) };
//! assert_eq!(rules(needs).len(), 3);
//! # Ok::<(), job_scope::FieldError>(())
//! ```
//!
//! # What this crate must not know
//!
//! Where a job comes from, the operator's policy, secrets, and how HTTP is done. It parses; it
//! decides nothing about trust: a foreign private endpoint is read here and judged by the policy.

mod cloud;
mod counted;
mod endpoint;
mod error;
mod identity;
mod kind;
mod names;
mod new_vault;
mod options;
mod parameters;
mod path;
mod properties;
mod rules;
mod scope;
mod spelling;
mod thumbprint;
mod variables;
mod vault;

pub use cloud::{Cloud, Endpoints};
pub use counted::counted;
pub use error::FieldError;
pub use identity::Identity;
pub use kind::JobKind;
pub use names::{Alias, ClientId, ResourceGroup, SubscriptionId, TenantId, VaultName};
pub use new_vault::NewVault;
pub use options::{
    Chain, CheckArm, Extent, Hsm, JobOptions, OPTIONS, OptionField, Partial, PathFormat,
    PublicNetworkAccess, Versions, option,
};
pub use parameters::{ENTRY_PARAMETERS, EntryParameter, parameter};
pub use path::StorePath;
pub use properties::{Properties, STORE_FIELDS, StoreField};
pub use rules::LONGEST_SECRET;
pub use rules::{
    ALLOWED_HEADERS, ARM_PERMISSIONS_API_VERSION, ARM_RESOURCE_GROUPS_API_VERSION,
    ARM_SUBSCRIPTIONS_API_VERSION, ARM_VAULTS_API_VERSION, BodyTemplate, BoundedBody,
    CLIENT_ASSERTION_TYPE, FreeMember, HeaderRule, IDENTITY_API_VERSION, JsonTemplate,
    KEY_VAULT_API_VERSION, MemberType, Method, Needs, OPAQUE_LENGTH, PageQuery, PairTemplate,
    QueryTemplate, RESOURCE_GRAPH_API_VERSION, RESOURCE_GRAPH_QUERY, RULE_IDS, RequiredHeader,
    RuleTemplate, SegmentPattern, ValueTemplate, VeilTemplate, private_key_rules, rules,
    segment_patterns,
};
pub use scope::StoreScope;
pub use spelling::{bare, is_spelling_of};
pub use thumbprint::Thumbprint;
pub use variables::Variables;
pub use vault::{Region, Sku};
