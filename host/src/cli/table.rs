//! How lists are printed: as a table, as JSON, as JSON lines. It must not know what is in them.

use comfy_table::{ContentArrangement, Table, presets};
use extension_host::text::one_line;
use serde::Serialize;
use std::io::{self, Write};

/// Longest text in a cell, in bytes; the other outputs have all of it.
const CELL: usize = 200;

/// Writes rows under a header. A cell may hold a stranger's text; on a terminal it could be an
/// order.
pub(crate) fn table<'a, R>(
    out: &mut impl Write,
    header: &[&str],
    rows: impl Iterator<Item = R>,
) -> io::Result<()>
where
    R: IntoIterator<Item = &'a str>,
{
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for row in rows {
        table.add_row(row.into_iter().map(|text| one_line(text, CELL)));
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Json {
    /// One array.
    Array,
    /// One object a line.
    Lines,
}

/// Writes entries as they come.
pub(crate) fn write_json<T: Serialize>(
    out: &mut impl Write,
    entries: impl Iterator<Item = io::Result<T>>,
    form: Json,
) -> io::Result<()> {
    let (begin, between, end): (&[u8], &[u8], &[u8]) = match form {
        Json::Array => (b"[\n", b",\n", b"\n]\n"),
        Json::Lines => (b"", b"\n", b"\n"),
    };
    let mut written = false;
    for entry in entries {
        out.write_all(if written { between } else { begin })?;
        serde_json::to_writer(&mut *out, &entry?)?;
        written = true;
    }
    match (written, form) {
        (true, _) => out.write_all(end),
        (false, Json::Array) => out.write_all(b"[]\n"),
        (false, Json::Lines) => Ok(()),
    }
}
