//! Whose a file is that says where traffic goes, or what became of it: looked at on what was
//! opened, never by a name.
//!
//! It must not know what is in it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Why something is not its owner's alone to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "belongs to user {found} with mode {mode:03o}, but must belong to user {wanted} and be writable by nobody else: run `chown {wanted}` and `chmod go-w` on it"
)]
pub struct NotAlone {
    found: u32,
    wanted: u32,
    mode: u32,
}

/// Sees that what was opened is this user's, and that nobody else may write it.
///
/// # Errors
/// Whose it is, and what to do.
pub fn by(about: &Metadata, wanted: u32) -> Result<(), NotAlone> {
    let (found, mode) = (about.uid(), about.mode() & 0o777);
    if found == wanted && mode & 0o022 == 0 {
        Ok(())
    } else {
        Err(NotAlone {
            found,
            wanted,
            mode,
        })
    }
}
