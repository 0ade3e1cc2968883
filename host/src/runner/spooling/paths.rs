//! One path of a discovery. It must not know how a path is written.

use crate::text::is_unsafe;

/// Longest store path: an Azure resource id of a vault has at most some 300 bytes.
const LONGEST_PATH: usize = 1 << 10;

pub(super) fn check(path: &str) -> Result<(), String> {
    if path.trim().is_empty() {
        return Err("a discovered path is blank".to_owned());
    }
    if path.len() > LONGEST_PATH || path.chars().any(is_unsafe) {
        return Err(format!(
            "a discovered path is longer than {LONGEST_PATH} bytes or has characters that cannot be printed"
        ));
    }
    Ok(())
}
