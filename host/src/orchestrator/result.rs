//! The result of a job, as the platform reads it. It must not know how it came about.

use super::item::{Item, Parameter};
use crate::spool::Spool;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What the platform calls the end of a job. The numbers are those of its native agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobResult {
    /// The wanted state is there.
    Success = 2,
    /// The wanted state is there, but look at something.
    Warning = 3,
    /// The wanted state was not reached.
    Failure = 4,
}

/// An inventory item, under the platform's names.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InventoryItem<'a> {
    alias: &'a str,
    private_key_entry: bool,
    item_status: u8,
    use_chain_level: bool,
    certificates: &'a [String],
    parameters: &'a BTreeMap<String, Parameter>,
}

/// The complete list of a job that makes one.
pub enum List<'a> {
    /// Certificates, each an [`Item`].
    Inventory(&'a mut Spool),
    /// Store paths, each a text.
    Discovered(&'a mut Spool),
}

/// Writes one JSON object, on one line but without its end: `Result`, `JobHistoryId`,
/// `FailureMessage`, and `Inventory` or `Discovered` when there is a list. It is streamed from the
/// spool.
pub fn write_result(
    out: &mut impl Write,
    result: JobResult,
    history_id: i64,
    message: &str,
    list: Option<List<'_>>,
) -> io::Result<()> {
    write!(
        out,
        "{{\"Result\":{},\"JobHistoryId\":{history_id},\"FailureMessage\":{}",
        result as u8,
        serde_json::to_string(message)?
    )?;
    match list {
        None => {}
        Some(List::Inventory(spool)) => {
            out.write_all(b",\"Inventory\":")?;
            write_array(out, spool.read::<Item>()?, |out, item| {
                let item = InventoryItem {
                    alias: &item.alias,
                    private_key_entry: item.private_key,
                    item_status: item.status as u8,
                    use_chain_level: true,
                    certificates: &item.certificates,
                    parameters: &item.parameters,
                };
                serde_json::to_writer(out, &item)
            })?;
        }
        Some(List::Discovered(spool)) => {
            out.write_all(b",\"Discovered\":")?;
            write_array(out, spool.read::<String>()?, |out, path| {
                serde_json::to_writer(out, path)
            })?;
        }
    }
    out.write_all(b"}")
}

fn write_array<W: Write, T>(
    out: &mut W,
    entries: impl Iterator<Item = io::Result<T>>,
    write: impl Fn(&mut W, &T) -> serde_json::Result<()>,
) -> io::Result<()> {
    out.write_all(b"[")?;
    for (index, entry) in entries.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        write(out, &entry?)?;
    }
    out.write_all(b"]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orchestrator::ItemStatus;

    fn written(result: JobResult, message: &str, list: Option<List<'_>>) -> String {
        let mut out = Vec::new();
        write_result(&mut out, result, 7, message, list).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_has_no_inventory_key() {
        assert_eq!(
            written(JobResult::Failure, "no \"way\"", None),
            "{\"Result\":4,\"JobHistoryId\":7,\"FailureMessage\":\"no \\\"way\\\"\"}"
        );
    }

    #[test]
    fn r21_an_empty_store_is_an_empty_list() {
        assert_eq!(
            written(
                JobResult::Success,
                "",
                Some(List::Inventory(&mut Spool::new().unwrap()))
            ),
            "{\"Result\":2,\"JobHistoryId\":7,\"FailureMessage\":\"\",\"Inventory\":[]}"
        );
    }

    #[test]
    fn an_item_has_the_platforms_names() {
        let mut spool = Spool::new().unwrap();
        spool
            .push(&Item {
                alias: "web-1".to_owned(),
                status: ItemStatus::Unknown,
                certificates: vec!["MIIB".to_owned()],
                private_key: true,
                parameters: [
                    ("NonExportable".to_owned(), Parameter::Flag(false)),
                    ("PreserveExistingTags".to_owned(), Parameter::Unset),
                ]
                .into(),
                details: [("enabled".to_owned(), "true".to_owned())].into(),
            })
            .unwrap();
        assert_eq!(
            written(JobResult::Warning, "", Some(List::Inventory(&mut spool))),
            "{\"Result\":3,\"JobHistoryId\":7,\"FailureMessage\":\"\",\"Inventory\":[{\
             \"Alias\":\"web-1\",\"PrivateKeyEntry\":true,\"ItemStatus\":0,\"UseChainLevel\":true,\
             \"Certificates\":[\"MIIB\"],\
             \"Parameters\":{\"NonExportable\":false,\"PreserveExistingTags\":null}}]}"
        );
    }

    #[test]
    fn what_the_platform_knows_has_its_status_and_an_empty_list_of_certificates() {
        for (status, number) in [(ItemStatus::Deleted, 3), (ItemStatus::Unchanged, 4)] {
            let mut spool = Spool::new().unwrap();
            let known = Item {
                alias: "web-1".to_owned(),
                status,
                certificates: Vec::new(),
                private_key: true,
                parameters: BTreeMap::new(),
                details: BTreeMap::new(),
            };
            spool.push(&known).unwrap();
            let text = written(JobResult::Success, "", Some(List::Inventory(&mut spool)));
            let item = format!(
                "[{{\"Alias\":\"web-1\",\"PrivateKeyEntry\":true,\"ItemStatus\":{number},\
                 \"UseChainLevel\":true,\"Certificates\":[],\"Parameters\":{{}}}}]"
            );
            assert!(text.contains(&item), "{text}");
        }
    }

    #[test]
    fn a_discovery_is_a_list_of_paths_and_an_empty_one_is_an_empty_list() {
        let mut spool = Spool::new().unwrap();
        assert_eq!(
            written(
                JobResult::Success,
                "none",
                Some(List::Discovered(&mut spool))
            ),
            "{\"Result\":2,\"JobHistoryId\":7,\"FailureMessage\":\"none\",\"Discovered\":[]}"
        );
        for path in ["/subscriptions/a", "b:\"c\""] {
            spool.push(&path).unwrap();
        }
        assert_eq!(
            written(JobResult::Warning, "2", Some(List::Discovered(&mut spool))),
            "{\"Result\":3,\"JobHistoryId\":7,\"FailureMessage\":\"2\",\
             \"Discovered\":[\"/subscriptions/a\",\"b:\\\"c\\\"\"]}"
        );
    }
}
