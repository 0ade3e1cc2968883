//! `akv inventory`: a store's certificates for people and scripts. The same job as the
//! orchestrator's, made from arguments.

use super::args::{InventoryArgs, Output};
use super::exit::Exit;
use super::facts::{COLUMNS, Facts};
use super::job::{self, cloud, options, store};
use super::setup;
use super::table::{self, Json, table, write_csv, write_json};
use anyhow::Result;
use extension_host::orchestrator::{Item, LastInventory, Task};
use extension_host::spool::Spool;
use job_scope::{JobKind, option};
use std::io::{self, Write};

/// Columns of the table for people; the other outputs have them all.
const SHOWN: &[&str] = &[
    "alias",
    "subject",
    "issuer",
    "expires",
    "key",
    "exportable",
    "enabled",
    "thumbprint",
];

/// The same where every version is listed.
const SHOWN_OF_VERSIONS: &[&str] = &[
    "alias",
    "version",
    "current",
    "subject",
    "expires",
    "key",
    "exportable",
    "enabled",
    "thumbprint",
];

pub(crate) fn inventory(args: &InventoryArgs) -> Result<Exit> {
    let given = options(&[
        cloud(&args.store.place),
        (option::VERSIONS, args.all_versions.then_some("all")),
        (option::FULL_CHAIN, args.full_chain.then_some("true")),
        (option::PARTIAL, args.partial.then_some("submit")),
    ]);
    let task = Task::Inventory {
        store: store(&args.store, &[]),
        last_inventory: LastInventory::default(),
    };
    let mut report = setup::run(&args.by.host, job::job(&args.by.identity, given, task)?)?;
    if let Some(list) = report.list.as_mut() {
        let shown = match args.all_versions {
            true => SHOWN_OF_VERSIONS,
            false => SHOWN,
        };
        print(list, args.output, shown)?;
    }
    setup::tell(&report, Some(JobKind::Inventory));
    Ok(job::exit(&report))
}

fn print(list: &mut Spool, output: Output, shown: &[&str]) -> Result<()> {
    let all = facts(list)?;
    table::print(|mut out| {
        match output {
            Output::Table => write_columns(&mut out, &all, shown)?,
            Output::Json => write_json(&mut out, &all, Json::Array)?,
            Output::Jsonl => write_json(&mut out, &all, Json::Lines)?,
            Output::Csv => write_csv(&mut out, &COLUMNS, all.iter().map(Facts::row))?,
        }
        Ok(())
    })
}

/// The facts of a list, by alias; the versions of a certificate stay in the order they came.
fn facts(list: &mut Spool) -> io::Result<Vec<Facts>> {
    let items = list.read::<Item>()?;
    let facts = items.map(|item| item.map(|item| Facts::of(&item)));
    let mut facts = facts.collect::<io::Result<Vec<_>>>()?;
    facts.sort_by(|a, b| a.alias.cmp(&b.alias));
    Ok(facts)
}

/// Writes a list as a table.
pub(crate) fn write_table(out: &mut impl Write, list: &mut Spool) -> Result<()> {
    Ok(write_columns(out, &facts(list)?, SHOWN)?)
}

fn write_columns(out: &mut impl Write, all: &[Facts], shown: &[&str]) -> io::Result<()> {
    table(out, shown, all.iter().map(|facts| facts.cells(shown)))
}
