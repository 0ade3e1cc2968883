//! The arguments of the jobs that people run. It must not know what happens then.

use super::{CreateOptions, HostArgs, IdentityArgs};
use clap::{Args, ValueEnum};
use job_scope::JobKind;
use std::path::PathBuf;
use std::time::Duration;

/// Who a job works as, and the host that runs it.
#[derive(Debug, Args)]
pub(crate) struct ByArgs {
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

/// Which vault.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// subscription:group:vault, subscription:vault, or the full Azure resource id
    #[arg(value_name = "STORE_PATH")]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Where a vault is, and how it is reached.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The tenant: a GUID or a verified domain; not needed with a managed identity
    #[arg(long, env = "AZURE_TENANT_ID", value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// public, china or government
    #[arg(long, value_name = "CLOUD")]
    pub(crate) cloud: Option<String>,
    /// A suffix, host or URL by which the vault is reached instead of its public name
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) private_endpoint: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InventoryArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// Every version of each certificate, not only the current one
    #[arg(long)]
    pub(crate) all_versions: bool,
    /// The issuers too. This reads the managed secrets, private keys included, so the policy
    /// must say `reads-private-keys = true`
    #[arg(long)]
    pub(crate) full_chain: bool,
    /// Show what can be read although single certificates failed
    #[arg(long)]
    pub(crate) partial: bool,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The certificate's name in the vault
    #[arg(value_name = "ALIAS")]
    pub(crate) alias: String,
    /// The certificate with its key: a PFX (PKCS#12) or PEM file; - is standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// What the file is; without it, PEM if it begins like PEM, else a PFX
    #[arg(long, value_enum)]
    pub(crate) format: Option<PrivateFormat>,
    /// A file with the password of the certificate file, if it has one; - is standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) password_file: Option<PathBuf>,
    /// Replace a certificate of that name
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// A tag; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tag: Vec<(String, String)>,
    /// All tags as one JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "tag")]
    pub(crate) tags_json: Option<String>,
    /// Keep the tags that the replaced certificate has
    #[arg(long, value_name = "true|false")]
    pub(crate) preserve_existing_tags: Option<bool>,
    /// Whether the key must never leave the vault again
    #[arg(long, value_name = "true|false")]
    pub(crate) non_exportable: Option<bool>,
    /// What becomes of a key in an HSM that can only be replaced by a software key: warn replaces
    /// it and says so, keep fails and imports nothing
    #[arg(long, value_name = "warn|keep")]
    pub(crate) hsm: Option<String>,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The certificate's name in the vault
    #[arg(value_name = "ALIAS")]
    pub(crate) alias: String,
    /// Only if the current version has this thumbprint: SHA-1 (40 hex digits) or SHA-256 (64),
    /// with or without colons
    #[arg(long, value_name = "HEX")]
    pub(crate) thumbprint: Option<String>,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// standard or premium
    #[arg(long, value_name = "SKU")]
    pub(crate) sku: Option<String>,
    /// The region, such as westeurope
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    #[command(flatten)]
    pub(crate) options: CreateOptions,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiscoverArgs {
    /// The tenants to search, each a GUID or a verified domain
    #[arg(value_name = "TENANT", required = true)]
    pub(crate) tenants: Vec<String>,
    /// public, china or government
    #[arg(long, value_name = "CLOUD")]
    pub(crate) cloud: Option<String>,
    /// How a vault is written: resource-id, or short for subscription:group:vault
    #[arg(long, value_name = "FORMAT")]
    pub(crate) path_format: Option<String>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// subscription:group:vault, subscription:vault, or the full Azure resource id; not needed for
    /// discovery alone
    #[arg(value_name = "STORE_PATH")]
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// The kinds of job to check for: inventory, add, remove, create, discover
    #[arg(
        long = "for",
        value_name = "KIND,…",
        value_delimiter = ',',
        default_value = "inventory",
        value_parser = work
    )]
    pub(crate) kinds: Vec<JobKind>,
    /// Ask again until it can, for as long as this, such as 90s or 10m: a role needs up to ten
    /// minutes to arrive
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// A kind of job that does something, by the name of its command or of its job.
fn work(text: &str) -> Result<JobKind, String> {
    let word = match text.trim() {
        "create" => "create-store",
        "discover" => "discovery",
        other => other,
    };
    let kinds = || {
        JobKind::ALL
            .into_iter()
            .filter(|kind| *kind != JobKind::Check)
    };
    let found = kinds().find(|kind| kind.as_str() == word);
    found.ok_or_else(|| {
        let known: Vec<&str> = kinds().map(JobKind::as_str).collect();
        format!("use one of {}", known.join(", "))
    })
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateFormat {
    /// PKCS#12
    Pfx,
    /// PEM blocks: one private key and its certificates
    Pem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns for people
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
}
