//! `akv`: the command line over the library. Results go to stdout, everything else to
//! stderr, and the exit code says how it ended.
//!
//! It must not decide anything about a job: it reads arguments, calls the library and
//! shows what comes back.

mod args;
mod change;
mod check;
mod compile;
mod discover;
mod exit;
mod explain;
mod facts;
mod files;
mod inspect;
mod inventory;
mod job;
mod policy;
mod run;
mod say;
mod serve;
mod setup;
mod table;
mod watch;
mod wording;

use args::{Cli, Command, ComponentCommand, PolicyCommand};
use clap::Parser;
use exit::Exit;
use say::say;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; everything else is a wrong call.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Success.into()
            };
        }
    };
    let ended = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Inventory(args) => inventory::inventory(args),
        Command::Add(args) => change::add(args),
        Command::Remove(args) => change::remove(args),
        Command::Create(args) => change::create(args),
        Command::Discover(args) => discover::discover(args),
        Command::Check(args) => check::check(args),
        Command::Serve(args) => serve::serve(args),
        Command::Policy(PolicyCommand::Check(args)) => policy::check(args),
        Command::Policy(PolicyCommand::Show(args)) => policy::show(args),
        Command::Policy(PolicyCommand::Explain(args)) => explain::explain(args),
        Command::Policy(PolicyCommand::Schema) => policy::schema(),
        Command::Component(ComponentCommand::Inspect(args)) => inspect::inspect(args),
        Command::Component(ComponentCommand::Compile(args)) => compile::compile(args),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            say!("akv: {error:#}");
            Exit::of_error(&error).into()
        }
    }
}
