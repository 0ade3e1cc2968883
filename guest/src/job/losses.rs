//! What a job could not read (the certificates of an inventory, the places of a discovery),
//! kept as far as a message has room for it.
//!
//! It must not decide whether a loss is tolerable.

use std::collections::BTreeMap;
use std::fmt;

use job_scope::counted;

/// Characters of names that are kept of all causes together; names beyond are counted. With
/// the causes themselves, of some 200 characters each, this fits a message of 4,000.
const NAMES: usize = 2_400;

/// Causes kept; the others are counted together.
const CAUSES: usize = 5;

/// What was lost, by cause.
pub struct Losses {
    /// What is lost, in the singular, for a cause of which no name has room.
    noun: &'static str,
    causes: BTreeMap<String, Loss>,
    /// The first cause that has more to say, and all of it; it stands in that cause's place.
    in_full: Option<(String, String)>,
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
        Losses::of("certificate")
    }
}

impl Losses {
    /// None yet; `noun` says in the singular what may be lost.
    pub fn of(noun: &'static str) -> Self {
        Losses {
            noun,
            causes: BTreeMap::new(),
            in_full: None,
            others: 0,
            count: 0,
            kept: 0,
        }
    }

    /// Adds one. The same cause in the same words counts as the same; `in_full` is the cause
    /// with what is this one's alone, and what to do.
    pub fn add(&mut self, name: &str, cause: &str, in_full: Option<String>) {
        self.count += 1;
        if self.causes.len() >= CAUSES && !self.causes.contains_key(cause) {
            self.others += 1;
            return;
        }
        if self.in_full.is_none() {
            self.in_full = in_full.map(|all| (cause.to_owned(), all));
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

/// `cert-01, cert-02: it has no content; cert-03 and 3 more: …`, the cause in full first.
impl fmt::Display for Losses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.in_full.as_ref().map(|(cause, _)| cause);
        let told = |(cause, loss): (&String, &Loss)| {
            let cause = match &self.in_full {
                Some((brief, all)) if brief == cause => all,
                _ => cause,
            };
            let names = loss.names.join(", ");
            let kept = u64::try_from(loss.names.len()).unwrap_or(u64::MAX);
            match (kept, loss.count.saturating_sub(kept)) {
                (_, 0) => format!("{names}: {cause}"),
                (0, all) => format!("{}: {cause}", counted(all, self.noun)),
                (_, more) => format!("{names} and {more} more: {cause}"),
            }
        };
        let (in_full, brief): (Vec<_>, Vec<_>) = self
            .causes
            .iter()
            .partition(|(cause, _)| Some(*cause) == first);
        let mut all: Vec<String> = in_full.into_iter().chain(brief).map(told).collect();
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
            losses.add(&format!("c{number}"), "it has no content", None);
        }
        losses.add("d", "403", None);
        for _ in 0..30 {
            losses.add(&"n".repeat(100), "it is not there", None);
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
            losses.add(&"n".repeat(127), &format!("cause {number}"), None);
        }
        let text = losses.to_string();
        assert!(text.ends_with("and 9995 more for other reasons"), "{text}");
        assert!(text.len() < 2_000, "{}", text.len());
    }

    #[test]
    fn a_cause_whose_names_have_no_room_is_still_counted() {
        let mut losses = Losses::default();
        for number in 0..100 {
            losses.add(&"n".repeat(127), if number < 50 { "a" } else { "b" }, None);
        }
        let text = losses.to_string();
        assert!(
            text.contains("and 32 more: a; 50 certificates: b"),
            "{text}"
        );
        let mut places = Losses::of("place");
        places.add(&"n".repeat(3_000), "403", None);
        assert_eq!(places.to_string(), "1 place: 403");
    }

    #[test]
    fn the_first_cause_with_more_to_say_is_told_in_full_and_once() {
        let mut losses = Losses::default();
        losses.add("c", "a", None);
        losses.add("d", "z", Some("could not read d: z; do this".to_owned()));
        losses.add("e", "z", Some("could not read e: z; do this".to_owned()));
        losses.add("f", "b", Some("could not read f: b".to_owned()));
        assert_eq!(
            losses.to_string(),
            "d, e: could not read d: z; do this; c: a; f: b"
        );
    }
}
