//! A value of JSON that nobody wants, read as strictly as one that somebody does: `IgnoredAny`
//! takes broken escapes that end every other parser, and what two parsers read differently is
//! withheld.
//!
//! It must not know where the value stands, and keeps nothing of it.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What was there.
pub(super) struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Skipped)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = Skipped;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Skipped, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Skipped, A::Error> {
        while values.next_element::<Skipped>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Skipped, A::Error> {
        while members.next_entry::<Skipped, Skipped>()?.is_some() {}
        Ok(self)
    }
}
