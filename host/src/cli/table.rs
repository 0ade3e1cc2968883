//! How lists are printed: as a table, as JSON, as JSON lines. It must not know what is in them.

use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use extension_host::text::one_line;
use serde::Serialize;
use std::io::{self, Write};

/// Longest text in a cell, in bytes; the other outputs have all of it.
const CELL: usize = 200;

/// Prints a list. Whoever stops reading, as `head` does, has what it wanted.
pub(crate) fn print(
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| Ok(out.flush()?)) {
        Err(error) if error.chain().any(says_nobody_reads) => Ok(()),
        printed => printed.context("cannot write the list"),
    }
}

fn says_nobody_reads(cause: &(dyn std::error::Error + 'static)) -> bool {
    let cause = cause.downcast_ref::<io::Error>();
    cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes rows under a header. A cell may hold a stranger's text; on a terminal it could be an
/// order.
pub(crate) fn table<R>(
    out: &mut impl Write,
    header: &[&str],
    rows: impl Iterator<Item = R>,
) -> io::Result<()>
where
    R: IntoIterator<Item: AsRef<str>>,
{
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for row in rows {
        table.add_row(row.into_iter().map(|text| one_line(text.as_ref(), CELL)));
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// Writes entries as comma-separated values with a header (RFC 4180).
pub(crate) fn write_csv<R>(
    out: &mut impl Write,
    header: &[&str],
    rows: impl Iterator<Item = R>,
) -> io::Result<()>
where
    R: IntoIterator<Item: AsRef<str>>,
{
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(header)?;
    for row in rows {
        csv.write_record(row.into_iter().map(|text| cell(text.as_ref())))?;
    }
    csv.flush()
}

/// A stranger's text for a spreadsheet: on one line, and no formula. A quote before it makes a
/// text of what would be computed (OWASP, "CSV Injection").
fn cell(text: &str) -> String {
    let line = one_line(text, usize::MAX);
    match line.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{line}"),
        _ => line,
    }
}

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Json {
    /// One array.
    Array,
    /// One object a line.
    Lines,
}

/// Writes entries.
pub(crate) fn write_json<T: Serialize>(
    out: &mut impl Write,
    entries: &[T],
    form: Json,
) -> io::Result<()> {
    let (begin, between, end): (&[u8], &[u8], &[u8]) = match form {
        Json::Array => (b"[\n", b",\n", b"\n]\n"),
        Json::Lines => (b"", b"\n", b"\n"),
    };
    let mut written = false;
    for entry in entries {
        out.write_all(if written { between } else { begin })?;
        serde_json::to_writer(&mut *out, entry)?;
        written = true;
    }
    match (written, form) {
        (true, _) => out.write_all(end),
        (false, Json::Array) => out.write_all(b"[]\n"),
        (false, Json::Lines) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_csv_is_one_line_and_no_formula() {
        let mut out = Vec::new();
        let values = ["=1+1", "@a", " -2", "a\nb\u{1b}[2J", "CN=a,O=b", "plain-1"];
        let header = ["a", "b", "c", "d", "e", "f"];
        write_csv(&mut out, &header, [values].into_iter()).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a,b,c,d,e,f\n'=1+1,'@a,' -2,a\\nb\\u{1b}[2J,\"CN=a,O=b\",plain-1\n"
        );
    }
}
