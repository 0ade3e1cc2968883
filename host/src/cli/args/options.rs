//! Options of a job as flags, named and explained by the one list of them. It must not know
//! what they do.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};
use extension_host::options::Options;
use job_scope::OPTIONS;

/// What the options of a Create begin with, and their flags do not.
const CREATE: &str = "create-";

/// What stands for a value that is not one of a few words.
const OPEN: &str = "VALUE";

/// The options of a Create that were given, under their own names.
#[derive(Debug, Default)]
pub(crate) struct CreateOptions(pub(crate) Options);

impl Args for CreateOptions {
    fn augment_args(command: Command) -> Command {
        OPTIONS.iter().fold(command, |command, option| {
            match option.name.strip_prefix(CREATE) {
                None => command,
                Some(flag) => command.arg(
                    Arg::new(option.name)
                        .long(flag)
                        .value_name(value_name(option.values))
                        .help(help(option.help, option.values)),
                ),
            }
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Words to choose from, as other flags show theirs; what is none is explained by the help.
fn value_name(values: &str) -> &'static str {
    match values {
        "true or false" => "true|false",
        "enabled or disabled" => "enabled|disabled",
        _ => OPEN,
    }
}

fn help(help: &str, values: &str) -> String {
    let help = help.trim_start_matches("Create: ").trim_end_matches('.');
    match value_name(values) {
        OPEN => format!("{help} [{values}]"),
        _ => help.to_owned(),
    }
}

impl FromArgMatches for CreateOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = OPTIONS
            .iter()
            .filter(|option| option.name.starts_with(CREATE))
            .filter_map(|option| {
                let value = matches.get_one::<String>(option.name)?;
                Some((option.name.to_owned(), value.clone()))
            });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
