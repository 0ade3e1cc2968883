//! What can be typed. It must not know what happens then.

use super::exit::Exit;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Manages the certificates of Azure Key Vaults, in a sandbox that reaches only what each
/// job needs.
#[derive(Debug, Parser)]
#[command(name = "akv", version, after_help = Exit::help())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a job of the orchestrator, and print its result as JSON
    Run(RunArgs),
    /// List the certificates of a vault
    Inventory(InventoryArgs),
    /// Look at what a policy means
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look at a component
    #[command(subcommand)]
    Component(ComponentCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Say what a job may reach, without running it
    Explain(ExplainArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// Print a component's world, size and digest
    Inspect(InspectArgs),
}

/// What every command that runs a job takes.
#[derive(Debug, Args)]
pub(crate) struct HostArgs {
    /// The operator's policy; without it, Azure's own endpoints are the limit
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Append a JSON line for every request that was tried
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// The extension; without it, keyvault_extension.wasm beside this program
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
    /// Show the extension's debug lines too
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The job configuration, as the platform writes it; - is standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) job: PathBuf,
    /// Show the list on stderr too, as a table
    #[arg(long)]
    pub(crate) table: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The job configuration; - is standard input
    #[arg(value_name = "JOB")]
    pub(crate) job: PathBuf,
    /// The operator's policy; without it, the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The component; without it, keyvault_extension.wasm beside this program
    #[arg(value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InventoryArgs {
    /// subscription:group:vault, subscription:vault, or the full Azure resource id
    #[arg(value_name = "STORE_PATH")]
    pub(crate) path: String,
    /// The tenant: a GUID or a verified domain
    #[arg(long, env = "AZURE_TENANT_ID", value_name = "TENANT")]
    pub(crate) tenant: String,
    /// The application's client id
    #[arg(long, env = "AZURE_CLIENT_ID", value_name = "ID")]
    pub(crate) client_id: String,
    /// A file with the client secret, - is standard input; without it the environment
    /// variable AZURE_CLIENT_SECRET
    #[arg(long, value_name = "FILE|-")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// public, china or government
    #[arg(long, value_name = "CLOUD")]
    pub(crate) cloud: Option<String>,
    /// A suffix, host or URL by which the vault is reached instead of its public name
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) private_endpoint: Option<String>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) host: HostArgs,
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
