//! `akv inventory`: a store's certificates for people and scripts. The same job as the
//! orchestrator's, made from arguments.

use super::args::{InventoryArgs, Output};
use super::exit::{Exit, UsageError};
use super::facts::{COLUMNS, Facts};
use super::setup;
use anyhow::{Context, Result};
use comfy_table::{ContentArrangement, Table, presets};
use extension_host::orchestrator::{Item, Job, Store, Task};
use extension_host::runner::{Cause, Status};
use extension_host::spool::Spool;
use extension_host::text::one_line;
use job_scope::{Identity, Properties};
use secrecy::SecretString;
use std::io::{self, BufWriter, Write};

/// Columns of the table; the other outputs have them all.
const SHOWN: usize = 7;

pub(crate) fn inventory(args: &InventoryArgs) -> Result<Exit> {
    let job = job(args)?;
    let mut report = setup::run(&args.host, job)?;
    if let Some(list) = report.list.as_mut() {
        print(list, args.output).context("cannot write the list")?;
    }
    setup::tell(&report);
    Ok(match report.status {
        // Here the job is the call.
        Status::Failure(Cause::Input) => Exit::Usage,
        status => Exit::of_status(status),
    })
}

fn job(args: &InventoryArgs) -> Result<Job> {
    let secret = match &args.client_secret_file {
        Some(path) => Some(
            String::from_utf8(setup::read(path)?)
                .ok()
                .with_context(|| format!("{} is not text", path.display()))
                .context(UsageError)?,
        ),
        None => std::env::var("AZURE_CLIENT_SECRET").ok(),
    };
    let secret = secret
        .as_deref()
        .map(|text| text.trim_end_matches(['\r', '\n']));
    let identity = Identity::choose(Some(&args.client_id), secret).context(UsageError)?;
    let fields = [
        ("AzureCloud", &args.cloud),
        ("PrivateEndpoint", &args.private_endpoint),
    ];
    Ok(Job {
        history_id: 0,
        identity,
        secret: secret.map(|secret| SecretString::from(secret.to_owned())),
        token_file: None,
        options: Vec::new(),
        task: Task::Inventory {
            store: Store {
                tenant: args.tenant.clone(),
                path: args.path.clone(),
                properties: Properties::from_fields(
                    fields
                        .into_iter()
                        .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))),
                ),
            },
            last_inventory: 0,
        },
    })
}

fn print(list: &mut Spool, output: Output) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut facts = facts(list)?;
    match output {
        Output::Table => table(&mut out, facts)?,
        Output::Json => {
            out.write_all(b"[")?;
            for (index, fact) in facts.enumerate() {
                out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut out, &fact?)?;
            }
            out.write_all(b"\n]\n")?;
        }
        Output::Jsonl => {
            for fact in facts {
                serde_json::to_writer(&mut out, &fact?)?;
                out.write_all(b"\n")?;
            }
        }
        Output::Csv => {
            let mut csv = csv::Writer::from_writer(&mut out);
            csv.write_record(COLUMNS)?;
            facts.try_for_each(|fact| -> Result<()> {
                csv.write_record(fact?.row())?;
                Ok(())
            })?;
            csv.flush()?;
        }
    }
    out.flush()?;
    Ok(())
}

/// The facts of a list, as it was submitted.
fn facts(list: &mut Spool) -> io::Result<impl Iterator<Item = io::Result<Facts>>> {
    Ok(list
        .read::<Item>()?
        .map(|item| item.map(|item| Facts::of(&item))))
}

/// Writes a list as a table, by alias.
pub(crate) fn write_table(out: &mut impl Write, list: &mut Spool) -> Result<()> {
    let facts = facts(list)?;
    table(out, facts)
}

fn table(out: &mut impl Write, facts: impl Iterator<Item = io::Result<Facts>>) -> Result<()> {
    let mut all = facts.collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| a.alias.cmp(&b.alias));
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(COLUMNS.iter().take(SHOWN));
    for fact in &all {
        // A subject is a stranger's text; on a terminal it could be an order.
        table.add_row(fact.row().iter().take(SHOWN).map(|text| one_line(text, 80)));
    }
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(())
}
