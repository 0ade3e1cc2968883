//! Options by name, one layer over another. A blank value is "not said" and is never kept, so
//! that no layer covers the one below it with nothing.
//!
//! It must not know what an option does, nor which layers there are.

use std::collections::BTreeMap;
use std::fmt;

/// Options that somebody asked for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// The value of an option, where one was said.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let said = self.0.iter();
        said.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets an option, unless the value is blank.
    pub fn set(&mut self, name: &str, value: &str) {
        if !value.trim().is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Takes an option out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// These options, and those of a lower layer that these do not say.
    #[must_use]
    pub fn over(mut self, lower: &Self) -> Self {
        for (name, value) in &lower.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}

impl FromIterator<(String, String)> for Options {
    /// Of a name that comes twice the last value that is not blank stays.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(given: I) -> Self {
        let said = given.into_iter();
        Self(said.filter(|(_, value)| !value.trim().is_empty()).collect())
    }
}

impl IntoIterator for Options {
    type Item = (String, String);
    type IntoIter = std::collections::btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Names only: the tags of a vault are among the values.
impl fmt::Debug for Options {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Options")?;
        out.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Options {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_blank_value_covers_nothing_below_it() {
        let lower = options(&[("a", "lower"), ("b", "lower"), ("c", " ")]);
        let upper = options(&[("a", " "), ("b", "upper"), ("b", "")]);
        let merged = upper.over(&lower);
        assert_eq!(merged, options(&[("a", "lower"), ("b", "upper")]));
    }

    #[test]
    fn no_value_is_printed() {
        let shown = format!("{:?}", options(&[("create-tags", "{\"owner\":\"t4g\"}")]));
        assert_eq!(shown, "Options{\"create-tags\"}");
    }
}
