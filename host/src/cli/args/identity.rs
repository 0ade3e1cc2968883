//! Who a command works as. It must not know how an identity proves itself.

use clap::Args;
use std::path::PathBuf;

/// How the job proves who it is: exactly one way, and none is guessed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Identity")]
pub(crate) struct IdentityArgs {
    /// The client id of the application, or of a user-assigned managed identity; without it, for
    /// an application, the environment variable AZURE_CLIENT_ID
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// A file with the application's client secret, - is standard input; without it the
    /// environment variable AZURE_CLIENT_SECRET
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["federated_token_file", "managed_identity"])]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// A file with a federated token of the application (workload identity), read afresh each
    /// time; without it the environment variable AZURE_FEDERATED_TOKEN_FILE
    #[arg(long, value_name = "FILE", conflicts_with = "managed_identity")]
    pub(crate) federated_token_file: Option<PathBuf>,
    /// The managed identity of this machine; with --client-id the user-assigned one of that id
    #[arg(long)]
    pub(crate) managed_identity: bool,
}
