//! `akv discover`: the vaults of tenants, for people and scripts. It must not know how they are
//! found.

use super::args::{DiscoverArgs, Output};
use super::exit::Exit;
use super::job::{self, options};
use super::setup;
use super::table::{Json, table, write_csv, write_json};
use anyhow::{Context, Result};
use extension_host::orchestrator::{Task, each_once};
use extension_host::spool::Spool;
use job_scope::{JobKind, StorePath, option};
use serde::Serialize;
use std::io::{self, BufWriter, Write};

/// One vault, for people.
#[derive(Debug, Serialize)]
struct Found {
    /// Its name; empty where the path is of a form that is not known here.
    vault: String,
    resource_group: String,
    subscription: String,
    /// The store path, as it was discovered.
    path: String,
}

const COLUMNS: [&str; 4] = ["vault", "resource group", "subscription", "path"];

pub(crate) fn discover(args: &DiscoverArgs) -> Result<Exit> {
    let given = options(&[
        (option::CLOUD, args.cloud.as_deref()),
        (option::PATH_FORMAT, args.path_format.as_deref()),
    ]);
    let task = Task::Discovery {
        places: each_once(&args.tenants.join(",")),
    };
    let job = job::job(&args.by.identity, given, task)?;
    let mut report = setup::run(&args.by.host, job)?;
    if let Some(list) = report.list.as_mut() {
        print(list, args.output).context("cannot write the list")?;
    }
    setup::tell(&report, Some(JobKind::Discovery));
    Ok(job::exit(&report))
}

impl Found {
    fn at(path: String) -> Self {
        let read = StorePath::parse(&path).ok();
        let part = |part: fn(&StorePath) -> Option<String>| {
            read.as_ref().and_then(part).unwrap_or_default()
        };
        Self {
            vault: part(|path| Some(path.vault().to_string())),
            resource_group: part(|path| path.resource_group().map(ToString::to_string)),
            subscription: part(|path| Some(path.subscription().to_string())),
            path,
        }
    }

    /// The values of [`COLUMNS`].
    fn row(&self) -> [&str; 4] {
        [
            &self.vault,
            &self.resource_group,
            &self.subscription,
            &self.path,
        ]
    }
}

fn found(list: &mut Spool) -> io::Result<impl Iterator<Item = io::Result<Found>>> {
    Ok(list.read::<String>()?.map(|path| path.map(Found::at)))
}

fn print(list: &mut Spool, output: Output) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    match output {
        Output::Table => write_table(&mut out, list)?,
        Output::Json => write_json(&mut out, found(list)?, Json::Array)?,
        Output::Jsonl => write_json(&mut out, found(list)?, Json::Lines)?,
        Output::Csv => write_csv(&mut out, &COLUMNS, found(list)?, |found| {
            found.row().to_vec()
        })?,
    }
    out.flush()?;
    Ok(())
}

/// Writes a list as a table, by path.
pub(crate) fn write_table(out: &mut impl Write, list: &mut Spool) -> Result<()> {
    let mut all = found(list)?.collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| a.path.cmp(&b.path));
    table(out, &COLUMNS, all.iter().map(Found::row))?;
    Ok(())
}
