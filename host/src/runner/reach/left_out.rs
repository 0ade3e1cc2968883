//! The places of a discovery that the policy keeps from it, told by the reason.
//!
//! It must not know how a place is looked at.

use crate::policy::Beyond;

/// Places named in a warning; the others are counted.
const NAMES: usize = 5;

/// What is not searched.
#[derive(Default)]
pub(super) struct LeftOut(Vec<Group>);

/// The places with one reason.
struct Group {
    why: String,
    /// The list of the policy that lacks something, and what it lacks.
    lacking: Option<(&'static str, Vec<String>)>,
    names: Vec<String>,
}

impl LeftOut {
    /// Takes a place down: why, and what the policy's list lacks if that is the reason.
    pub(super) fn add(&mut self, name: &str, why: &str, beyond: Option<Beyond>) {
        let group = Group {
            why: why.to_owned(),
            lacking: beyond.map(|beyond| (beyond.key, vec![beyond.value])),
            names: vec![name.to_owned()],
        };
        match self.0.iter_mut().find(|known| known.is_like(&group)) {
            Some(known) => known.join(group),
            None => self.0.push(group),
        }
    }

    /// One sentence for each reason.
    pub(super) fn warnings(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|group| {
            let why = match &group.lacking {
                Some((key, values)) if values.len() > 1 => format!(
                    "the policy's `{key}` does not have {}; correct the job, or add them to `{key}` in the policy",
                    if *values == group.names { "them".to_owned() } else { first(values) }
                ),
                _ => group.why,
            };
            let were = if group.names.len() == 1 { "was" } else { "were" };
            format!("{} {were} not searched: {why}", first(&group.names))
        })
    }
}

impl Group {
    fn is_like(&self, other: &Group) -> bool {
        match (&self.lacking, &other.lacking) {
            (Some((key, _)), Some((other, _))) => key == other,
            (None, None) => self.why == other.why,
            _ => false,
        }
    }

    fn join(&mut self, other: Group) {
        self.names.extend(other.names);
        if let (Some((_, values)), Some((_, others))) = (&mut self.lacking, other.lacking) {
            let new = others.into_iter().filter(|value| !values.contains(value));
            let new: Vec<String> = new.collect();
            values.extend(new);
        }
    }
}

fn first(names: &[String]) -> String {
    let told: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    let told = told.join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, reason, and what a list of the policy lacks.
    type Place<'a> = (&'a str, &'a str, Option<(&'static str, &'a str)>);

    fn told(places: &[Place<'_>]) -> Vec<String> {
        let mut left = LeftOut::default();
        for (name, why, beyond) in places {
            let beyond = beyond.map(|(key, value)| Beyond {
                key,
                value: value.to_owned(),
            });
            left.add(name, why, beyond);
        }
        left.warnings().collect()
    }

    #[test]
    fn places_with_one_reason_are_told_together() {
        let tenants: Vec<String> = (0..7).map(|number| format!("t{number}")).collect();
        let beyond = |name| (name, "no such", Some(("tenants", name)));
        let all: Vec<_> = tenants.iter().map(|name| beyond(name.as_str())).collect();
        assert_eq!(
            told(&all),
            [
                "t0, t1, t2, t3, t4 and 2 more were not searched: the policy's `tenants` does not have them; correct the job, or add them to `tenants` in the policy"
            ]
        );
        assert_eq!(
            told(&[
                ("a", "no secret", None),
                ("b", "the one", Some(("clouds", "china"))),
                ("c", "no secret", None),
                ("d", "the other", Some(("clouds", "china"))),
            ]),
            [
                "a, c were not searched: no secret",
                "b, d were not searched: the one"
            ]
        );
    }

    #[test]
    fn one_place_has_its_reason_as_it_is() {
        let one = [("a", "no such", Some(("tenants", "a")))];
        assert_eq!(told(&one), ["a was not searched: no such"]);
    }
}
