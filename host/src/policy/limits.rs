//! `[limits]`: what one job may use, where an operator wants it otherwise. Lower and higher, since
//! the operator knows the vaults and the machine; but within bounds that the host can hold.
//!
//! It must not know what a limit protects.

use super::PolicyError;
use super::file::Text;
use crate::limits::{Limits, key};
use std::collections::BTreeMap;
use std::time::Duration;

/// One limit that a policy may set.
pub struct LimitKey {
    /// Its key.
    pub name: &'static str,
    /// What it bounds, for people.
    pub help: &'static str,
    least: u64,
    most: u64,
    slot: fn(&mut Limits) -> Slot<'_>,
}

/// A limit's place in the table, by the type it has there.
enum Slot<'a> {
    Time(&'a mut Duration),
    Bytes(&'a mut usize),
    BytesLong(&'a mut u64),
    Count(&'a mut usize),
    CountLong(&'a mut u64),
    CountShort(&'a mut u32),
}

macro_rules! keys {
    ($($name:ident $kind:ident $field:ident $least:literal ..= $most:literal $help:literal;)*) => {
        /// Every limit that a policy may set, with the least and the most that it may be: of
        /// times in milliseconds.
        pub const LIMITS: &[LimitKey] = &[$(LimitKey {
            name: key::$name,
            help: $help,
            least: $least,
            most: $most,
            slot: |limits| Slot::$kind(&mut limits.$field),
        }),*];
    };
}

keys! {
    DEADLINE Time deadline 1_000 ..= 86_400_000 "Time from start to result.";
    DEADLINE_OF_CHANGE Time deadline_of_change 1_000 ..= 86_400_000 "The same for an Add or a Create, where it is shorter.";
    GRACE Time grace 100 ..= 60_000 "Time for a last word of a job that is cancelled or overdue.";
    CPU Time cpu 100 ..= 3_600_000 "CPU time.";
    MEMORY Bytes memory 1_048_576 ..= 1_073_741_824 "Linear memory.";
    TABLE_ELEMENTS Count table_elements 100 ..= 1_000_000 "Elements of all tables of the component.";
    INSTANCES CountShort instances 1 ..= 256 "Core instances and tables of a component; of memories, it may have two.";
    HANDLES Count handles 64 ..= 100_000 "Handles that the extension holds.";
    RESOURCES Count resources 64 ..= 100_000 "Entries of the host's table of resources.";
    HOSTCALL_BYTES Bytes hostcall_bytes 65_536 ..= 134_217_728 "What one call to the host carries.";
    HEADER_BYTES Bytes header_bytes 1_024 ..= 131_072 "One set of header fields.";
    BODY_CHUNK Bytes body_chunk 4_096 ..= 1_048_576 "One write to a request body.";
    REQUESTS_IN_FLIGHT Count requests_in_flight 1 ..= 512 "Requests under way at once.";
    REQUESTS CountLong requests 1 ..= 100_000_000 "Requests in all, also those that are denied.";
    REQUEST_BODY Bytes request_body 1_024 ..= 16_777_216 "One request body, where the rule that it goes by does not say less.";
    REQUEST_BODY_TIME Time request_body_time 100 ..= 300_000 "Time to deliver a request body.";
    RESPONSE_HEADERS Bytes response_headers 1_024 ..= 65_536 "The header section of one response.";
    RESPONSE_BODY BytesLong response_body 1_024 ..= 268_435_456 "One response body.";
    URL Bytes url 256 ..= 65_536 "A URL.";
    LOG_LINES CountShort log_lines 1 ..= 1_000_000 "Log lines.";
    LOG_LINE Bytes log_line 64 ..= 65_536 "One log line.";
    SUBMITTED_ITEMS CountLong submitted_items 1 ..= 100_000_000 "Items that are submitted, in all.";
    SUBMITTED_BYTES BytesLong submitted_bytes 1_024 ..= 1_099_511_627_776 "What is submitted, in all.";
    ASSERTION BytesLong assertion 1_024 ..= 1_048_576 "A federated token.";
    MESSAGE Count message 200 ..= 4_000 "UTF-16 units of a result's message; a platform stores 4,000.";
    COMPONENT BytesLong component 1_024 ..= 268_435_456 "A component file.";
}

/// Reads the section: the built-in limits with what it says.
pub(super) fn read(section: BTreeMap<String, Text>) -> Result<Limits, PolicyError> {
    let mut limits = Limits::default();
    for (name, Text(text)) in section {
        // An unknown one was refused with every other unknown key.
        if let Some(key) = LIMITS.iter().find(|key| key.name == name) {
            key.set(&mut limits, &text)?;
        }
    }
    Ok(limits)
}

impl LimitKey {
    fn set(&self, limits: &mut Limits, text: &str) -> Result<(), PolicyError> {
        let wrong = || {
            let (least, most) = self.bounds();
            let name = self.name;
            PolicyError(format!(
                "[limits]: {name} is {text:?}; write {} from {least} to {most}",
                self.unit()
            ))
        };
        let text = text.trim();
        let amount = match (self.slot)(&mut Limits::default()) {
            Slot::Time(_) => humantime::parse_duration(text)
                .ok()
                .and_then(|time| u64::try_from(time.as_millis()).ok()),
            Slot::Bytes(_) | Slot::BytesLong(_) => bytes(text),
            Slot::Count(_) | Slot::CountLong(_) | Slot::CountShort(_) => text.parse().ok(),
        };
        let amount = amount
            .filter(|amount| (self.least..=self.most).contains(amount))
            .ok_or_else(wrong)?;
        match (self.slot)(limits) {
            Slot::Time(slot) => *slot = Duration::from_millis(amount),
            Slot::BytesLong(slot) | Slot::CountLong(slot) => *slot = amount,
            Slot::Bytes(slot) | Slot::Count(slot) => {
                *slot = usize::try_from(amount).map_err(|_| wrong())?;
            }
            Slot::CountShort(slot) => *slot = u32::try_from(amount).map_err(|_| wrong())?,
        }
        Ok(())
    }

    fn unit(&self) -> &'static str {
        match (self.slot)(&mut Limits::default()) {
            Slot::Time(_) => "a time such as 90s or 15m,",
            Slot::Bytes(_) | Slot::BytesLong(_) => "bytes, as a number or such as 64 MiB,",
            Slot::Count(_) | Slot::CountLong(_) | Slot::CountShort(_) => "a whole number",
        }
    }

    /// Its value in `limits`, as it would be written.
    pub fn value(&self, limits: &Limits) -> String {
        let mut limits = limits.clone();
        let amount = match (self.slot)(&mut limits) {
            Slot::Time(time) => u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            Slot::Bytes(amount) | Slot::Count(amount) => *amount as u64,
            Slot::BytesLong(amount) | Slot::CountLong(amount) => *amount,
            Slot::CountShort(amount) => u64::from(*amount),
        };
        self.written(amount)
    }

    /// The least and the most that it may be, as they would be written.
    pub fn bounds(&self) -> (String, String) {
        (self.written(self.least), self.written(self.most))
    }

    fn written(&self, amount: u64) -> String {
        match (self.slot)(&mut Limits::default()) {
            Slot::Time(_) => humantime::format_duration(Duration::from_millis(amount)).to_string(),
            Slot::Bytes(_) | Slot::BytesLong(_) => UNITS
                .iter()
                .find(|(_, size)| amount >= *size && amount.is_multiple_of(*size))
                .map_or_else(
                    || amount.to_string(),
                    |(unit, size)| format!("{} {unit}", amount / size),
                ),
            Slot::Count(_) | Slot::CountLong(_) | Slot::CountShort(_) => amount.to_string(),
        }
    }
}

const UNITS: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

/// Bytes, as a number or with a unit of 1,024.
fn bytes(text: &str) -> Option<u64> {
    let with_unit = UNITS
        .iter()
        .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)));
    let (number, size) = with_unit.unwrap_or((text, 1));
    number.trim().parse::<u64>().ok()?.checked_mul(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(name: &str, text: &str) -> Result<Limits, PolicyError> {
        read(BTreeMap::from([(name.to_owned(), Text(text.to_owned()))]))
    }

    #[test]
    fn a_limit_may_be_lower_and_higher_within_its_bounds() {
        for (name, text, shown) in [
            ("deadline", "90s", "1m 30s"),
            ("deadline", "24h", "1day"),
            ("cpu", "100ms", "100ms"),
            ("memory", "1 MiB", "1 MiB"),
            ("memory", "1GiB", "1 GiB"),
            ("memory", "2000000", "2000000"),
            ("requests", "1", "1"),
            ("log-lines", "1000000", "1000000"),
            ("submitted-bytes", "1 TiB", "1 TiB"),
        ] {
            let limits = read_one(name, text).unwrap_or_else(|error| panic!("{error}"));
            let key = LIMITS.iter().find(|key| key.name == name).unwrap();
            assert_eq!(key.value(&limits), shown, "{name} = {text}");
        }
        for (name, text) in [
            ("deadline", "0s"),
            ("deadline", "25h"),
            ("deadline", "900"),
            ("deadline", "soon"),
            ("memory", "0"),
            ("memory", "2 GiB"),
            ("memory", "64 MB"),
            ("memory", "-1"),
            ("memory", "18446744073709551615 KiB"),
            ("requests", "0"),
            ("requests", "1 KiB"),
            ("requests", ""),
            ("message", "4001"),
        ] {
            let error = read_one(name, text).unwrap_err().to_string();
            for part in [name, "from", "to"] {
                assert!(error.contains(part), "{name} = {text}: {error}");
            }
        }
    }

    #[test]
    fn every_limit_of_a_job_has_a_key_and_its_own_value_is_within_bounds() {
        let text = format!("{:#?}", Limits::default());
        let fields = text
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
            .map(|(field, _)| field)
            .filter(|field| field.chars().all(|c| c == '_' || c.is_ascii_lowercase()));
        let mut fields: Vec<String> = fields.map(|field| field.replace('_', "-")).collect();
        // Not of a job, but of the host that is about to run some.
        fields.retain(|field| field != "compile");
        let mut keys: Vec<&str> = LIMITS.iter().map(|key| key.name).collect();
        fields.sort_unstable();
        keys.sort_unstable();
        assert_eq!(keys, fields);
        for key in LIMITS {
            let own = key.value(&Limits::default());
            let limits = read_one(key.name, &own).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(limits, Limits::default(), "{}", key.name);
        }
    }
}
