//! What can be typed. It must not know what happens then.

mod identity;
mod jobs;
mod options;

pub(crate) use identity::IdentityArgs;
pub(crate) use jobs::{
    AddArgs, ByArgs, CheckArgs, CreateArgs, DiscoverArgs, InventoryArgs, Output, PlaceArgs,
    PrivateFormat, RemoveArgs, StoreArgs,
};
pub(crate) use options::CreateOptions;

use super::exit::Exit;
use clap::{Args, Parser, Subcommand};
use extension_host::limits::CompileLimits;
use std::path::PathBuf;

/// Manages the certificates of Azure Key Vaults, in a sandbox that reaches only what each
/// job needs.
#[derive(Debug, Parser)]
#[command(name = "akv", version, after_help = help())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What stands under the help of the whole.
fn help() -> String {
    format!(
        "Documentation: README.md of the project, with a try against an emulated Azure\n\n{}",
        Exit::help()
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a job of the orchestrator, and print its result as JSON
    #[command(after_help = "Example:\n  akv run --job job.json --audit audit.jsonl > result.json")]
    Run(RunArgs),
    /// List the certificates of a vault
    #[command(
        after_help = "Example:\n  akv inventory SUBSCRIPTION:GROUP:VAULT --tenant TENANT --client-id ID --client-secret-file secret.txt -o csv"
    )]
    Inventory(InventoryArgs),
    /// Add a certificate with its key to a vault, or renew it
    #[command(
        after_help = "Example:\n  akv add SUBSCRIPTION:GROUP:VAULT web-1 --file web-1.pfx --password-file pfx.txt --tag owner=pki --managed-identity"
    )]
    Add(Box<AddArgs>),
    /// Remove a certificate from a vault (soft delete)
    #[command(
        after_help = "Example:\n  akv remove SUBSCRIPTION:GROUP:VAULT web-1 --managed-identity"
    )]
    Remove(RemoveArgs),
    /// Create a vault
    #[command(
        after_help = "Example:\n  akv create SUBSCRIPTION:GROUP:VAULT --region westeurope --purge-protection true --managed-identity"
    )]
    Create(CreateArgs),
    /// Find the vaults of tenants
    #[command(after_help = "Example:\n  akv discover TENANT -o jsonl --managed-identity")]
    Discover(DiscoverArgs),
    /// Say whether an identity can do its work, changing nothing
    #[command(
        after_help = "Example:\n  akv check SUBSCRIPTION:GROUP:VAULT --for inventory,add --wait 10m --managed-identity"
    )]
    Check(CheckArgs),
    /// Run the jobs of many extensions, as they come on standard input, one JSON object a line
    #[command(after_help = "Example:\n  akv serve akv.toml < jobs.jsonl > results.jsonl")]
    Serve(ServeArgs),
    /// Look at what a policy means
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look at a component
    #[command(subcommand)]
    Component(ComponentCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Say whether a policy can be used, and if not, why
    Check(CheckPolicyArgs),
    /// Print a policy with everything that holds where it says nothing
    Show(ShowArgs),
    /// Say what a job may reach, without running it
    Explain(ExplainArgs),
    /// Print the JSON Schema of policy files
    Schema,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// Print a component's world, size and digest
    #[command(after_help = "Example:\n  akv component inspect keyvault_extension.wasm")]
    Inspect(InspectArgs),
    /// Compile the component on standard input, under limits; this program calls itself so
    #[command(hide = true)]
    Compile(CompileArgs),
}

/// What every command that runs a job takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Host")]
pub(crate) struct HostArgs {
    /// The operator's policy; without it, /etc/akv/policy.toml, and without that Azure's own
    /// endpoints are the limit
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
    /// Percent of its certificates that a store may lose since the last inventory that the job
    /// names; stands over the store's property and the policy
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) max_shrink: Option<u8>,
    /// Show the list on stderr too, as a table
    #[arg(long)]
    pub(crate) table: bool,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Which extensions there are, each with its component, policy and audit
    #[arg(value_name = "CONFIG")]
    pub(crate) config: PathBuf,
    /// Show the extensions' debug lines too
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The job configuration; - is standard input
    #[arg(value_name = "JOB")]
    pub(crate) job: PathBuf,
    /// The operator's policy; without it, the one that a run would take
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckPolicyArgs {
    /// The policy; without it, the one that a run would take
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The operator's policy; without it, the one that a run would take
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
pub(crate) struct CompileArgs {
    /// What it may use
    #[arg(value_name = "LIMITS")]
    pub(crate) limits: CompileLimits,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use job_scope::{JobKind, OPTIONS};

    fn parsed(line: &str) -> Result<Cli, String> {
        let words = std::iter::once("akv").chain(line.split_whitespace());
        Cli::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn no_two_arguments_are_the_same() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_of_a_create_is_a_flag_under_its_own_name() {
        let line = "create s --purge-protection true --public-network-access disabled \
                    --retention-days 30 --tags {}";
        let Command::Create(args) = parsed(line).unwrap().command else {
            panic!("{line}");
        };
        let given: Vec<&str> = args.options.0.iter().map(|(name, _)| name).collect();
        let of_a_create = OPTIONS.iter().map(|option| option.name);
        let mut of_a_create: Vec<&str> = of_a_create.filter(|n| n.starts_with("create-")).collect();
        of_a_create.sort_unstable();
        assert_eq!(given, of_a_create);
        let Command::Create(args) = parsed("create s").unwrap().command else {
            panic!();
        };
        assert_eq!(args.options.0.iter().count(), 0);
    }

    #[test]
    fn how_far_a_store_may_shrink_is_a_percentage_of_a_job_that_knows_its_last_inventory() {
        for (line, wanted) in [
            ("run --job j", Ok(None)),
            ("run --job j --max-shrink 0", Ok(Some(0))),
            ("run --job j --max-shrink 100", Ok(Some(100))),
            ("run --job j --max-shrink 101", Err("0..=100")),
            ("inventory s --max-shrink 5", Err("--max-shrink")),
        ] {
            let found = parsed(line).map(|cli| match cli.command {
                Command::Run(args) => args.max_shrink,
                _ => panic!("{line}"),
            });
            match (found, wanted) {
                (Err(message), Err(word)) => assert!(message.contains(word), "{message}"),
                (found, wanted) => assert_eq!(found.ok(), wanted.ok(), "{line}"),
            }
        }
    }

    #[test]
    fn a_check_names_kinds_of_work() {
        for words in ["create-store,discovery", "create,discover"] {
            let line = format!("check s --for add,{words} --wait 10m");
            let Command::Check(args) = parsed(&line).unwrap().command else {
                panic!("{line}");
            };
            let kinds = [JobKind::Add, JobKind::CreateStore, JobKind::Discovery];
            assert_eq!(args.kinds, kinds, "{line}");
            assert_eq!(args.wait, Some(std::time::Duration::from_secs(600)));
        }
        let offered = parsed("check s --for everything").unwrap_err();
        assert!(
            offered.contains("add, remove, create-store, discovery") && !offered.contains("check,"),
            "{offered}"
        );
        for line in [
            "check s --for check",
            "check s --for everything",
            "check s --wait soon",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    /// The example is not only there, it is one that can be typed.
    #[test]
    fn every_command_has_an_example_that_parses() {
        let mut command = Cli::command();
        command.build();
        let inspect = command.find_subcommand("component").unwrap();
        let commands = command.get_subcommands().chain(inspect.get_subcommands());
        let leaves =
            commands.filter(|c| !c.has_subcommands() && !c.is_hide_set() && c.get_name() != "help");
        for command in leaves {
            let help = command.get_after_help().unwrap().to_string();
            let line = help.strip_prefix("Example:\n  akv ").unwrap();
            let line = line.split(['<', '>']).next().unwrap().trim();
            assert!(
                line.split(' ').any(|word| word == command.get_name()),
                "{line}"
            );
            parsed(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_flag_with_words_to_choose_from_shows_them() {
        let help = Cli::command()
            .find_subcommand_mut("create")
            .unwrap()
            .render_long_help()
            .to_string();
        for shown in [
            "--purge-protection <true|false>",
            "--public-network-access <enabled|disabled>",
            "--retention-days <VALUE>",
        ] {
            assert!(help.contains(shown), "{help}");
        }
        assert!(help.contains("[7 to 90]"), "{help}");
    }

    #[test]
    fn a_tag_is_a_name_and_a_value_which_may_hold_anything() {
        let Command::Add(args) = parsed("add s a --file f --tag k=v=w --tag empty=")
            .unwrap()
            .command
        else {
            panic!();
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(args.tag, [pair("k", "v=w"), pair("empty", "")]);
        for line in [
            "add s a --file f --tag k",
            "add s a --file f --tag =v",
            "add s a --file f --tag k=v --tags-json {}",
            "add s a --file f --non-exportable perhaps",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_command_works_as_one_identity() {
        for line in [
            "inventory s --managed-identity --client-secret-file f",
            "inventory s --managed-identity --federated-token-file f",
            "inventory s --federated-token-file f --client-secret-file f",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
        parsed("inventory s --managed-identity --client-id x").unwrap();
    }

    #[test]
    fn no_secret_is_an_argument() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let name = argument.get_long().unwrap_or_default();
                let secret = ["secret", "password", "token"]
                    .iter()
                    .any(|w| name.contains(w));
                assert!(!secret || name.ends_with("-file"), "{name}");
            }
        }
    }
}
