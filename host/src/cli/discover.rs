//! `akv discover`: the vaults of tenants, for people and scripts. It must not know how they are
//! found.

use super::args::{DiscoverArgs, Output};
use super::exit::Exit;
use super::job::{self, options};
use super::setup;
use super::table::{self, Json, table, write_csv, write_json};
use anyhow::Result;
use extension_host::orchestrator::{Task, each_once};
use extension_host::spool::Spool;
use job_scope::{JobKind, StorePath, option};
use serde::Serialize;
use std::io::{self, Write};

/// One vault, for people.
#[derive(Debug, Serialize)]
struct Found {
    /// Its name; none where the path is of a form that is not known here, as for the others.
    vault: Option<String>,
    #[serde(rename = "resource-group")]
    resource_group: Option<String>,
    subscription: Option<String>,
    /// The store path, as it was discovered.
    path: String,
}

/// The columns, by the names that they have in JSON too.
const COLUMNS: [&str; 4] = ["vault", "resource-group", "subscription", "path"];

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
        print(list, args.output)?;
    }
    setup::tell(&report, Some(JobKind::Discovery));
    Ok(job::exit(&report))
}

impl Found {
    fn at(path: String) -> Self {
        let read = StorePath::parse(&path).ok();
        let part = |part: fn(&StorePath) -> Option<String>| read.as_ref().and_then(part);
        Self {
            vault: part(|path| Some(path.vault().to_string())),
            resource_group: part(|path| path.resource_group().map(ToString::to_string)),
            subscription: part(|path| Some(path.subscription().to_string())),
            path,
        }
    }

    /// The values of [`COLUMNS`].
    fn row(&self) -> [&str; 4] {
        fn cell(part: &Option<String>) -> &str {
            part.as_deref().unwrap_or_default()
        }
        [
            cell(&self.vault),
            cell(&self.resource_group),
            cell(&self.subscription),
            &self.path,
        ]
    }
}

/// The vaults of a list, by path.
fn found(list: &mut Spool) -> io::Result<Vec<Found>> {
    let paths = list.read::<String>()?;
    let mut found = paths
        .map(|path| path.map(Found::at))
        .collect::<io::Result<Vec<_>>>()?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn print(list: &mut Spool, output: Output) -> Result<()> {
    let found = found(list)?;
    table::print(|mut out| {
        match output {
            Output::Table => table(&mut out, &COLUMNS, found.iter().map(Found::row))?,
            Output::Json => write_json(&mut out, &found, Json::Array)?,
            Output::Jsonl => write_json(&mut out, &found, Json::Lines)?,
            Output::Csv => write_csv(&mut out, &COLUMNS, found.iter().map(Found::row))?,
        }
        Ok(())
    })
}

/// Writes a list as a table.
pub(crate) fn write_table(out: &mut impl Write, list: &mut Spool) -> Result<()> {
    table(out, &COLUMNS, found(list)?.iter().map(Found::row))?;
    Ok(())
}
