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
    /// 0: the platform computes the difference itself.
    item_status: u8,
    use_chain_level: bool,
    certificates: &'a [String],
    parameters: &'a BTreeMap<String, Parameter>,
}

/// Writes one JSON object on one line: `Result`, `JobHistoryId`, `FailureMessage`, and
/// `Inventory` when there is one. The list is streamed from the spool.
pub fn write_result(
    out: &mut impl Write,
    result: JobResult,
    history_id: i64,
    message: &str,
    inventory: Option<&mut Spool>,
) -> io::Result<()> {
    write!(
        out,
        "{{\"Result\":{},\"JobHistoryId\":{history_id},\"FailureMessage\":{}",
        result as u8,
        serde_json::to_string(message)?
    )?;
    if let Some(spool) = inventory {
        out.write_all(b",\"Inventory\":[")?;
        for (index, item) in spool.read::<Item>()?.enumerate() {
            if index > 0 {
                out.write_all(b",")?;
            }
            let item = item?;
            serde_json::to_writer(
                &mut *out,
                &InventoryItem {
                    alias: &item.alias,
                    private_key_entry: item.private_key,
                    item_status: 0,
                    use_chain_level: true,
                    certificates: &item.certificates,
                    parameters: &item.parameters,
                },
            )?;
        }
        out.write_all(b"]")?;
    }
    out.write_all(b"}\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(result: JobResult, message: &str, inventory: Option<&mut Spool>) -> String {
        let mut out = Vec::new();
        write_result(&mut out, result, 7, message, inventory).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_has_no_inventory_key() {
        assert_eq!(
            written(JobResult::Failure, "no \"way\"", None),
            "{\"Result\":4,\"JobHistoryId\":7,\"FailureMessage\":\"no \\\"way\\\"\"}\n"
        );
    }

    #[test]
    fn r21_an_empty_store_is_an_empty_list() {
        assert_eq!(
            written(JobResult::Success, "", Some(&mut Spool::new().unwrap())),
            "{\"Result\":2,\"JobHistoryId\":7,\"FailureMessage\":\"\",\"Inventory\":[]}\n"
        );
    }

    #[test]
    fn an_item_has_the_platforms_names() {
        let mut spool = Spool::new().unwrap();
        spool
            .push(&Item {
                alias: "web-1".to_owned(),
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
            written(JobResult::Warning, "", Some(&mut spool)),
            "{\"Result\":3,\"JobHistoryId\":7,\"FailureMessage\":\"\",\"Inventory\":[{\
             \"Alias\":\"web-1\",\"PrivateKeyEntry\":true,\"ItemStatus\":0,\"UseChainLevel\":true,\
             \"Certificates\":[\"MIIB\"],\
             \"Parameters\":{\"NonExportable\":false,\"PreserveExistingTags\":null}}]}\n"
        );
    }
}
