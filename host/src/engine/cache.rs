//! Compiled components on disk, so that the second run starts in a millisecond.
//!
//! Wasmtime trusts what it deserialises as it trusts its own code, so an entry is used
//! only if this user wrote it, and wrote it for this. The directory is opened once, without
//! following a link, and looked at when it is open: whoever puts another one in its place
//! later has put it there for nobody. Directory and file must be this user's and closed to
//! others. The hash in front of an artifact is over the component and the compiler it is of,
//! too. Every doubt means "compile again". It must not know what a component is for.

use rustix::fs::{AtFlags, Mode, OFlags};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wasmtime::component::Component;

/// Bytes of the hash in front of an artifact.
const HASH: usize = 32;

/// A directory of compiled components.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: Arc<OwnedFd>,
}

impl Cache {
    /// The cache of this user: `$XDG_CACHE_HOME/akv`, else `~/.cache/akv`. `None` when
    /// neither is set, or when the directory could be written by somebody else.
    pub fn of_this_user() -> Option<Self> {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))?;
        Self::at(&base.join("akv"))
    }

    /// A cache in `directory`, which is made if it is missing. `None` when it is a symbolic
    /// link, another user's, or open to others.
    pub fn at(directory: &Path) -> Option<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .ok()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = File::from(rustix::fs::open(directory, flags, Mode::empty()).ok()?);
        is_private(&opened.metadata().ok()?).then(|| Self {
            directory: Arc::new(opened.into()),
        })
    }

    /// The component of `digest`, if it lies here, whole and ours. An artifact of more than
    /// `longest` bytes is none.
    pub(super) fn load(
        &self,
        engine: &wasmtime::Engine,
        digest: &str,
        longest: u64,
    ) -> Option<Component> {
        let name = Name::of(engine, digest);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, &name.0, flags, Mode::empty()).ok()?;
        let file = File::from(file);
        let found = file.metadata().ok()?;
        if !found.is_file() || !is_private(&found) || found.len() > longest + HASH as u64 {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(longest + HASH as u64)
            .read_to_end(&mut bytes)
            .ok()?;
        let (hash, artifact) = bytes.split_at_checked(HASH)?;
        if name.hash(artifact) != hash {
            return None;
        }
        super::deserialize(engine, artifact).ok()
    }

    /// Keeps a compiled component. A failure costs only the next start's time.
    pub(super) fn store(&self, engine: &wasmtime::Engine, digest: &str, artifact: &[u8]) {
        // A reader finds the old entry or the whole new one, never a part.
        let name = Name::of(engine, digest);
        let beside = format!(".{}.new", uuid::Uuid::new_v4());
        let write = || -> std::io::Result<()> {
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::RUSR | Mode::WUSR;
            let mut file = File::from(rustix::fs::openat(&self.directory, &beside, flags, mode)?);
            file.write_all(&name.hash(artifact))?;
            file.write_all(artifact)?;
            rustix::fs::renameat(&self.directory, &beside, &self.directory, &name.0)?;
            Ok(())
        };
        if write().is_err() {
            let _ = rustix::fs::unlinkat(&self.directory, &beside, AtFlags::empty());
        }
    }
}

/// The name of an entry: which component, compiled by what.
struct Name(String);

impl Name {
    fn of(engine: &wasmtime::Engine, digest: &str) -> Self {
        let mut compiler = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut compiler);
        Self(format!("{digest}-{:016x}.cwasm", compiler.finish()))
    }

    /// The hash of an artifact under this name, and under no other.
    fn hash(&self, artifact: &[u8]) -> [u8; HASH] {
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update([0]);
        hash.update(artifact);
        hash.finalize().into()
    }
}

/// Owned by this user and closed to all others.
fn is_private(found: &fs::Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::process::Command;

    const LONGEST: u64 = 1 << 20;

    fn engine() -> wasmtime::Engine {
        wasmtime::Engine::default()
    }

    struct Stored {
        home: tempfile::TempDir,
        cache: Cache,
        entry: PathBuf,
    }

    impl Stored {
        fn is_used(&self) -> bool {
            self.cache.load(&engine(), "digest", LONGEST).is_some()
        }

        /// Runs a program that tries something with the entry.
        fn sh(&self, script: &str) {
            let path = self.entry.to_str().unwrap();
            let status = Command::new("sh")
                .args(["-ec", script, "sh", path])
                .status();
            assert!(status.unwrap().success(), "{script}");
        }
    }

    fn stored() -> Stored {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("cache");
        let cache = Cache::at(&directory).unwrap();
        let component = Component::new(&engine(), b"\0asm\x0d\0\x01\0").unwrap();
        cache.store(&engine(), "digest", &component.serialize().unwrap());
        let entry = directory.join(Name::of(&engine(), "digest").0);
        Stored { home, cache, entry }
    }

    #[test]
    fn what_was_stored_is_found_again() {
        let stored = stored();
        assert_eq!(fs::metadata(&stored.entry).unwrap().mode() & 0o777, 0o600);
        assert!(stored.is_used());
        assert!(stored.cache.load(&engine(), "other", LONGEST).is_none());
    }

    #[test]
    fn storing_replaces_the_entry_and_leaves_nothing_beside_it() {
        let stored = stored();
        let inode = fs::metadata(&stored.entry).unwrap().ino();
        let component = Component::new(&engine(), b"\0asm\x0d\0\x01\0").unwrap();
        let artifact = component.serialize().unwrap();
        // Who has the old one open keeps it whole.
        let mut old = File::open(&stored.entry).unwrap();
        stored.cache.store(&engine(), "digest", &artifact);
        assert_ne!(fs::metadata(&stored.entry).unwrap().ino(), inode);
        let mut bytes = Vec::new();
        old.read_to_end(&mut bytes).unwrap();
        assert_eq!(&bytes[HASH..], artifact);
        let folder = stored.entry.parent().unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
    }

    #[test]
    fn a_changed_or_cut_entry_is_not_used() {
        for at in [0, HASH, HASH + 100] {
            let stored = stored();
            let mut bytes = fs::read(&stored.entry).unwrap();
            bytes[at] ^= 1;
            fs::write(&stored.entry, bytes).unwrap();
            assert!(!stored.is_used(), "byte {at}");
        }
        let stored = stored();
        let bytes = fs::read(&stored.entry).unwrap();
        for length in [0, HASH - 1, HASH, bytes.len() - 1] {
            fs::write(&stored.entry, &bytes[..length]).unwrap();
            assert!(!stored.is_used(), "{length} bytes");
        }
        fs::write(&stored.entry, &bytes).unwrap();
        assert!(stored.is_used());
        let longest = bytes.len() as u64 - HASH as u64;
        let load = |longest| stored.cache.load(&engine(), "digest", longest);
        assert!(load(longest).is_some());
        assert!(load(longest - 1).is_none());
    }

    #[test]
    fn an_entry_under_the_name_of_another_component_is_not_used() {
        let stored = stored();
        let other = stored
            .entry
            .with_file_name(Name::of(&engine(), "another").0);
        fs::rename(&stored.entry, other).unwrap();
        assert!(stored.cache.load(&engine(), "another", LONGEST).is_none());
    }

    #[test]
    fn an_entry_of_another_compiler_is_not_used() {
        let stored = stored();
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = wasmtime::Engine::new(&config).unwrap();
        assert!(stored.cache.load(&other, "digest", LONGEST).is_none());
        // Neither under the name that the other one looks for.
        fs::rename(
            &stored.entry,
            stored.entry.with_file_name(Name::of(&other, "digest").0),
        )
        .unwrap();
        assert!(stored.cache.load(&other, "digest", LONGEST).is_none());
    }

    #[test]
    fn an_entry_that_others_may_touch_is_not_used() {
        for mode in ["g+w", "o+w", "g+r", "o+r", "o+x"] {
            let stored = stored();
            stored.sh(&format!("chmod {mode} \"$1\""));
            assert!(!stored.is_used(), "{mode}");
        }
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let stored = stored();
        let elsewhere = stored.home.path().join("elsewhere");
        fs::rename(&stored.entry, &elsewhere).unwrap();
        symlink(&elsewhere, &stored.entry).unwrap();
        assert!(!stored.is_used());
        // And none is written through.
        let component = Component::new(&engine(), b"\0asm\x0d\0\x01\0").unwrap();
        let before = fs::read(&elsewhere).unwrap();
        fs::write(&elsewhere, b"kept").unwrap();
        let artifact = component.serialize().unwrap();
        stored.cache.store(&engine(), "digest", &artifact);
        assert_eq!(fs::read(&elsewhere).unwrap(), b"kept");
        assert_eq!(fs::read(&stored.entry).unwrap(), before);
    }

    #[test]
    fn what_is_no_file_is_not_used_and_holds_nothing_up() {
        let stored = stored();
        fs::remove_file(&stored.entry).unwrap();
        stored.sh("mkfifo -m 600 \"$1\"");
        assert!(!stored.is_used());
    }

    #[test]
    fn a_directory_that_is_not_closed_to_others_is_not_a_cache() {
        for mode in [0o770, 0o720, 0o702, 0o777, 0o701, 0o750] {
            let home = tempfile::tempdir().unwrap();
            let open = home.path().join("open");
            fs::create_dir(&open).unwrap();
            fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
            assert!(Cache::at(&open).is_none(), "{mode:o}");
        }
    }

    #[test]
    fn a_symbolic_link_to_a_directory_is_not_a_cache() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("link");
        let directory = home.path().join("directory");
        assert!(Cache::at(&directory).is_some());
        symlink(directory, &link).unwrap();
        assert!(Cache::at(&link).is_none());
    }

    /// Only root may give files away, as CI may; elsewhere there is no other user to try with.
    #[test]
    fn what_another_user_owns_is_not_used() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let stored = stored();
        chown(&stored.entry, Some(65_534), None).unwrap();
        assert!(!stored.is_used());
        chown(&stored.entry, Some(0), None).unwrap();
        assert!(stored.is_used());
        let directory = stored.entry.parent().unwrap();
        chown(directory, Some(65_534), None).unwrap();
        assert!(Cache::at(directory).is_none());
    }

    #[test]
    fn a_directory_put_in_the_place_of_an_open_one_is_not_read() {
        let stored = stored();
        let directory = stored.entry.parent().unwrap();
        let moved = stored.home.path().join("moved");
        fs::rename(directory, &moved).unwrap();
        fs::create_dir(directory).unwrap();
        fs::write(&stored.entry, b"somebody else's").unwrap();
        assert!(stored.is_used());
        stored.cache.store(&engine(), "second", b"artifact");
        assert_eq!(fs::read_dir(directory).unwrap().count(), 1);
        assert_eq!(fs::read_dir(moved).unwrap().count(), 2);
    }
}
