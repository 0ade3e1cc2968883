//! Whose turn a full inventory is. One small file per store, in a directory that the operator
//! names, says how many inventories since the last full one were not full.
//!
//! It must not know what a full inventory is. Whatever cannot be read or trusted means that it
//! is a full one's turn: that is always right, and only slower.
//!
//! | a file | whose turn |
//! |---|---|
//! | absent, unreadable, odd | a full one's |
//! | fewer than six | one of what changed; it is counted before it runs |
//! | six or more | a full one's; the count begins anew when it has succeeded |

use crate::wiped::read_regular;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One of so many inventories is a full one.
const FULL_EVERY: u32 = 7;

/// Bytes of a file; what is longer is none of ours.
const LONGEST: u64 = 256;

/// Which inventory comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Full,
    ChangedOnly,
}

/// The turns of all stores.
#[derive(Debug)]
pub(super) struct Turns {
    directory: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Kept {
    since_full: u32,
}

impl Turns {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Takes a store's next turn.
    ///
    /// # Errors
    /// A directory that is not this user's alone to write, or a file that cannot be written.
    pub(super) fn take(&self, store: &str) -> io::Result<Turn> {
        let _alone = self.alone()?;
        match self.read(store) {
            Some(since_full) if since_full.saturating_add(1) < FULL_EVERY => {
                self.write(store, since_full + 1)?;
                Ok(Turn::ChangedOnly)
            }
            _ => Ok(Turn::Full),
        }
    }

    /// A full inventory has succeeded.
    ///
    /// # Errors
    /// As [`Turns::take`].
    pub(super) fn full_done(&self, store: &str) -> io::Result<()> {
        let _alone = self.alone()?;
        self.write(store, 0)
    }

    /// Checks the directory, and locks it against other processes.
    fn alone(&self) -> io::Result<File> {
        let refused = |problem: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        let found = fs::symlink_metadata(&self.directory)?;
        if !found.is_dir() {
            return refused("it is not a directory");
        }
        if !is_ours(&found) {
            return refused("it must belong to this user, and be writable by nobody else");
        }
        let directory = File::open(&self.directory)?;
        directory.lock()?;
        Ok(directory)
    }

    fn read(&self, store: &str) -> Option<u32> {
        let path = self.file(store);
        let found = fs::symlink_metadata(&path).ok()?;
        if !found.is_file() || !is_ours(&found) {
            return None;
        }
        let text = read_regular(&path, LONGEST).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        Some(kept.since_full)
    }

    /// Writes a file anew, whole or not at all.
    fn write(&self, store: &str, since_full: u32) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(&serde_json::to_vec(&Kept { since_full })?)?;
        file.as_file().sync_all()?;
        file.persist(self.file(store))?;
        Ok(())
    }

    /// A store's name may be long and hold anything.
    fn file(&self, store: &str) -> PathBuf {
        let mut name = String::new();
        for byte in Sha256::digest(store.to_lowercase()) {
            let _ = write!(name, "{byte:02x}");
        }
        self.directory.join(name + ".json")
    }
}

fn is_ours(found: &fs::Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use tempfile::TempDir;

    fn turns() -> (TempDir, Turns) {
        let directory = tempfile::tempdir().unwrap();
        let turns = Turns::new(directory.path());
        (directory, turns)
    }

    #[test]
    fn every_seventh_is_a_full_one_if_it_succeeds() {
        let (_directory, turns) = turns();
        for _ in 0..3 {
            // Until one has succeeded.
            assert_eq!(turns.take("a").unwrap(), Turn::Full);
        }
        for _ in 0..3 {
            turns.full_done("a").unwrap();
            for _ in 0..6 {
                assert_eq!(turns.take("A").unwrap(), Turn::ChangedOnly);
            }
            for _ in 0..2 {
                assert_eq!(turns.take("a").unwrap(), Turn::Full);
            }
        }
        assert_eq!(turns.take("b").unwrap(), Turn::Full);
    }

    #[test]
    fn a_file_that_cannot_be_trusted_means_a_full_one() {
        let (directory, turns) = turns();
        turns.full_done("a").unwrap();
        let file = turns.file("a");
        let good = fs::read(&file).unwrap();
        for text in [
            &b""[..],
            b"x",
            b"{}",
            b"{\"since-full\":-1}",
            b"{\"since-full\":0,\"more\":1}",
            &[b' '; 300],
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(turns.take("a").unwrap(), Turn::Full, "{text:?}");
        }
        fs::write(&file, &good).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(turns.take("a").unwrap(), Turn::Full);
        let elsewhere = directory.path().join("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&elsewhere, &file).unwrap();
        assert_eq!(turns.take("a").unwrap(), Turn::Full);
        // And is replaced, not written through.
        turns.full_done("a").unwrap();
        assert!(fs::symlink_metadata(&file).unwrap().is_file());
        assert_eq!(turns.take("a").unwrap(), Turn::ChangedOnly);
        assert_eq!(fs::read(&elsewhere).unwrap(), good);
    }

    #[test]
    fn a_directory_that_others_may_write_is_refused() {
        let (directory, turns) = turns();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let error = turns.take("a").unwrap_err();
        assert!(error.to_string().contains("nobody else"), "{error}");
        for path in ["absent", "file"] {
            let path = directory.path().join(path);
            if path.ends_with("file") {
                fs::write(&path, "").unwrap();
            }
            let turns = Turns::new(&path);
            assert!(turns.take("a").is_err() && turns.full_done("a").is_err());
        }
    }
}
