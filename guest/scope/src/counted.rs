//! Numbers of things in messages.
//!
//! Must not know: what is counted.

/// A number of things: `1 vault`, `2 vaults`.
pub fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_told_in_the_singular() {
        for (number, wanted) in [(0, "0 vaults"), (1, "1 vault"), (2, "2 vaults")] {
            assert_eq!(counted(number, "vault"), wanted);
        }
    }
}
