//! What a job could not read (the certificates of an inventory, the places of a discovery),
//! kept as far as a message has room for it.
//!
//! It must not decide whether a loss is tolerable.

use std::collections::BTreeMap;
use std::fmt;

/// Characters of names that are kept of all causes together; names beyond are counted. With
/// the causes themselves, of some 200 characters each, this fits a message of 4,000.
const NAMES: usize = 2_400;

/// Causes kept; the others are counted together.
const CAUSES: usize = 5;

/// What was lost, by cause.
pub struct Losses {
    /// What is lost, for a cause of which no name has room.
    noun: &'static str,
    causes: BTreeMap<String, Loss>,
    others: u64,
    count: u64,
    /// Characters of names that were kept.
    kept: usize,
}

#[derive(Default)]
struct Loss {
    names: Vec<String>,
    count: u64,
}

impl Default for Losses {
    /// Of certificates.
    fn default() -> Self {
        Losses::of("certificates")
    }
}

impl Losses {
    /// None yet; `noun` says in the plural what may be lost.
    pub fn of(noun: &'static str) -> Self {
        Losses {
            noun,
            causes: BTreeMap::new(),
            others: 0,
            count: 0,
            kept: 0,
        }
    }

    /// Adds one. The same cause in the same words counts as the same.
    pub fn add(&mut self, name: &str, cause: &str) {
        self.count += 1;
        if self.causes.len() >= CAUSES && !self.causes.contains_key(cause) {
            self.others += 1;
            return;
        }
        let loss = self.causes.entry(cause.to_owned()).or_default();
        loss.count += 1;
        let length = name.chars().count();
        if self.kept + length <= NAMES {
            self.kept += length;
            loss.names.push(name.to_owned());
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// `cert-01, cert-02: it has no content; and 3 more: …`
impl fmt::Display for Losses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |(cause, loss): (&String, &Loss)| {
            let names = loss.names.join(", ");
            let kept = u64::try_from(loss.names.len()).unwrap_or(u64::MAX);
            match (kept, loss.count.saturating_sub(kept)) {
                (_, 0) => format!("{names}: {cause}"),
                (0, all) => format!("{all} {}: {cause}", self.noun),
                (_, more) => format!("{names} and {more} more: {cause}"),
            }
        };
        let mut all: Vec<String> = self.causes.iter().map(told).collect();
        if self.others > 0 {
            all.push(format!("and {} more for other reasons", self.others));
        }
        out.write_str(&all.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_grouped_by_cause_and_the_surplus_is_counted() {
        let mut losses = Losses::default();
        for number in 1..=10 {
            losses.add(&format!("c{number}"), "it has no content");
        }
        losses.add("d", "403");
        for _ in 0..30 {
            losses.add(&"n".repeat(100), "it is not there");
        }
        let text = losses.to_string();
        assert!(text.starts_with("d: 403; "), "{text}");
        assert!(
            text.contains("c1, c2, c3, c4, c5, c6, c7, c8, c9, c10: it has no content"),
            "{text}"
        );
        assert!(text.ends_with("nnn and 7 more: it is not there"), "{text}");
        assert_eq!(losses.count(), 41);
    }

    #[test]
    fn many_causes_stay_within_bounds() {
        let mut losses = Losses::default();
        for number in 0..10_000 {
            losses.add(&"n".repeat(127), &format!("cause {number}"));
        }
        let text = losses.to_string();
        assert!(text.ends_with("and 9995 more for other reasons"), "{text}");
        assert!(text.len() < 2_000, "{}", text.len());
    }

    #[test]
    fn a_cause_whose_names_have_no_room_is_still_counted() {
        let mut losses = Losses::default();
        for number in 0..100 {
            losses.add(&"n".repeat(127), if number < 50 { "a" } else { "b" });
        }
        let text = losses.to_string();
        assert!(
            text.contains("and 32 more: a; 50 certificates: b"),
            "{text}"
        );
        let mut places = Losses::of("places");
        places.add(&"n".repeat(3_000), "403");
        assert_eq!(places.to_string(), "1 places: 403");
    }
}
