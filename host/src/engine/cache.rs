//! Compiled components on disk, so that the second run starts in a millisecond.
//!
//! Wasmtime trusts what it deserialises as it trusts its own code, so an entry is used
//! only if this user wrote it (directory and file owned by them and closed to others,
//! no symbolic link followed) and its hash is right. Every doubt means "compile again".
//! It must not know what a component is for.

use sha2::{Digest, Sha256};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::component::Component;

/// Bytes of the hash in front of an artifact.
const HASH: usize = 32;

/// A directory of compiled components.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The cache of this user: `$XDG_CACHE_HOME/akv`, else `~/.cache/akv`. `None` when
    /// neither is set, or when the directory could be written by somebody else.
    pub fn of_this_user() -> Option<Self> {
        let base = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache")))?;
        Self::at(base.join("akv"))
    }

    /// A cache in `directory`, which is made if it is missing.
    pub fn at(directory: PathBuf) -> Option<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .ok()?;
        let found = fs::symlink_metadata(&directory).ok()?;
        (found.is_dir() && is_private(&found)).then_some(Self { directory })
    }

    /// The component of `digest`, if it lies here, whole and ours.
    pub(super) fn load(&self, engine: &wasmtime::Engine, digest: &str) -> Option<Component> {
        let mut file = fs::OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.entry(engine, digest))
            .ok()?;
        if !is_private(&file.metadata().ok()?) {
            return None;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let (hash, artifact) = bytes.split_at_checked(HASH)?;
        if Sha256::digest(artifact).as_slice() != hash {
            return None;
        }
        deserialize(engine, artifact)
    }

    /// Keeps a compiled component. A failure costs only the next start's time.
    pub(super) fn store(&self, engine: &wasmtime::Engine, digest: &str, component: &Component) {
        let Ok(artifact) = component.serialize() else {
            return;
        };
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(&Sha256::digest(&artifact))?;
            file.write_all(&artifact)?;
            file.persist(self.entry(engine, digest))?;
            Ok(())
        };
        let _ = write();
    }

    fn entry(&self, engine: &wasmtime::Engine, digest: &str) -> PathBuf {
        let mut compiler = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut compiler);
        self.directory
            .join(format!("{digest}-{:016x}.cwasm", compiler.finish()))
    }
}

/// Owned by this user and closed to all others.
fn is_private(found: &fs::Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
}

#[allow(unsafe_code)]
fn deserialize(engine: &wasmtime::Engine, artifact: &[u8]) -> Option<Component> {
    // SAFETY: the bytes came out of `Component::serialize` of this user's process: the
    // file and its directory are writable by this user alone, and its hash is right.
    // An artifact of another wasmtime or configuration is refused by wasmtime itself.
    unsafe { Component::deserialize(engine, artifact) }.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> wasmtime::Engine {
        wasmtime::Engine::default()
    }

    fn stored() -> (tempfile::TempDir, Cache, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::at(home.path().join("cache")).unwrap();
        let component = Component::new(&engine(), b"\0asm\x0d\0\x01\0").unwrap();
        cache.store(&engine(), "digest", &component);
        let entry = cache.entry(&engine(), "digest");
        (home, cache, entry)
    }

    #[test]
    fn what_was_stored_is_found_again() {
        let (_home, cache, entry) = stored();
        assert_eq!(fs::metadata(entry).unwrap().mode() & 0o777, 0o600);
        assert!(cache.load(&engine(), "digest").is_some());
        assert!(cache.load(&engine(), "other").is_none());
    }

    #[test]
    fn a_changed_entry_is_not_used() {
        let (_home, cache, entry) = stored();
        let mut bytes = fs::read(&entry).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&entry, bytes).unwrap();
        assert!(cache.load(&engine(), "digest").is_none());
    }

    #[test]
    fn an_entry_that_others_may_write_is_not_used() {
        let (_home, cache, entry) = stored();
        fs::set_permissions(&entry, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(cache.load(&engine(), "digest").is_none());
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let (home, cache, entry) = stored();
        let elsewhere = home.path().join("elsewhere");
        fs::rename(&entry, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &entry).unwrap();
        assert!(cache.load(&engine(), "digest").is_none());
    }

    #[test]
    fn a_directory_that_others_may_write_is_not_a_cache() {
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Cache::at(open).is_none());
    }
}
