//! The certificates that an inventory could not read, kept as far as a message has
//! room for them.
//!
//! It must not decide whether a loss is tolerable.

use std::collections::BTreeMap;
use std::fmt;

/// NameReading kept per cause; the others are counted. With names of at most 127 characters,
/// three causes at this length still fit the message.
const NAMES: usize = 8;

/// Causes kept; the others are counted together.
const CAUSES: usize = 5;

/// What was lost, by cause.
#[derive(Default)]
pub struct Losses {
    causes: BTreeMap<String, Loss>,
    others: u64,
    count: u64,
}

#[derive(Default)]
struct Loss {
    names: Vec<String>,
    count: u64,
}

impl Losses {
    /// Adds one. The same cause in the same words counts as the same.
    pub fn add(&mut self, name: &str, cause: &str) {
        self.count += 1;
        if self.causes.len() >= CAUSES && !self.causes.contains_key(cause) {
            self.others += 1;
            return;
        }
        let loss = self.causes.entry(cause.to_owned()).or_default();
        loss.count += 1;
        if loss.names.len() < NAMES {
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
        let mut separator = "";
        for (cause, loss) in &self.causes {
            write!(out, "{separator}{}", loss.names.join(", "))?;
            let kept = u64::try_from(loss.names.len()).unwrap_or(u64::MAX);
            match loss.count.saturating_sub(kept) {
                0 => {}
                more => write!(out, " and {more} more")?,
            }
            write!(out, ": {cause}")?;
            separator = "; ";
        }
        match self.others {
            0 => Ok(()),
            more => write!(out, "; and {more} more for other reasons"),
        }
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
        assert_eq!(
            losses.to_string(),
            "d: 403; c1, c2, c3, c4, c5, c6, c7, c8 and 2 more: it has no content"
        );
        assert_eq!(losses.count(), 11);
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
}
