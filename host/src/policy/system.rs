//! The policy of a whole machine, in a file of its owner's. What it says leads traffic, so that
//! neither it nor its directory may be anybody else's to write: both are opened first and then
//! looked at, and the file is opened from its directory.
//!
//! It must not know what a policy says.

use super::PolicyError;
use crate::{owned, text_file, wiped};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use secrecy::zeroize::Zeroizing;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Bytes of a policy that are read: with certificates in it, some have 100 KB.
const LONGEST: u64 = 4 << 20;

/// Where a machine's policy is, and whose it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemFile {
    path: PathBuf,
    owner: u32,
}

impl Default for SystemFile {
    /// `/etc/akv/policy.toml`, of root.
    fn default() -> Self {
        Self::new("/etc/akv/policy.toml", 0)
    }
}

impl SystemFile {
    /// Another file, of another owner: for tests, and for whoever embeds the host.
    pub fn new(path: impl Into<PathBuf>, owner: u32) -> Self {
        Self {
            path: path.into(),
            owner,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text; `None` where there is no such file.
    ///
    /// # Errors
    /// It is there but cannot be read, or somebody else could have written it. Then no job runs:
    /// a ceiling that is ignored would be none.
    pub fn read(&self) -> Result<Option<Zeroizing<String>>, PolicyError> {
        let wrong = |what: String| PolicyError(format!("{} {what}", self.path.display()));
        let (Some(directory), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(wrong("is no regular file".to_owned()));
        };
        let place = if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        };
        let Some(directory) = self.opened(CWD, place, place, OFlags::DIRECTORY)? else {
            return Ok(None);
        };
        let none = OFlags::empty();
        let Some(file) = self.opened(&directory, Path::new(name), &self.path, none)? else {
            return Ok(None);
        };
        let bytes = wiped::read(file, LONGEST)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let text =
            text_file::decode(&bytes).map_err(|error| wrong(format!("cannot be used: {error}")))?;
        Ok(Some(text))
    }
}

impl SystemFile {
    /// What is there, if it is the owner's; `shown` is its whole path.
    fn opened(
        &self,
        from: impl AsFd,
        name: &Path,
        shown: &Path,
        kind: OFlags,
    ) -> Result<Option<File>, PolicyError> {
        let wrong = |what: String| PolicyError(format!("{} {what}", shown.display()));
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | kind;
        let directory = kind.contains(OFlags::DIRECTORY);
        let file = match rustix::fs::openat(from, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => {
                return Err(wrong(
                    "is a symbolic link; put the file itself there".to_owned(),
                ));
            }
            Err(Errno::NOTDIR) => {
                return Err(wrong(
                    "is no directory, or a symbolic link; put the directory itself there"
                        .to_owned(),
                ));
            }
            Err(error) => return Err(wrong(format!("cannot be read: {error}"))),
        };
        let about = file.metadata().map_err(|error| wrong(error.to_string()))?;
        if !directory && !about.is_file() {
            return Err(wrong("is no regular file".to_owned()));
        }
        owned::by(&about, self.owner).map_err(|error| wrong(format!("{error}, or remove it")))?;
        Ok(Some(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    /// A directory with a policy of this user and this mode.
    fn file(mode: u32) -> (tempfile::TempDir, PathBuf, u32) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy.toml");
        std::fs::write(&path, "max-shrink = 7\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let owner = std::fs::metadata(&path).unwrap().uid();
        (directory, path, owner)
    }

    #[test]
    fn the_owners_file_is_read_and_one_that_is_not_there_is_no_error() {
        for mode in [0o644, 0o600, 0o444] {
            let (_directory, path, owner) = file(mode);
            let text = SystemFile::new(path, owner).read().unwrap();
            assert_eq!(text.unwrap().as_str(), "max-shrink = 7\n", "{mode:o}");
        }
        let (directory, _, owner) = file(0o644);
        let none = SystemFile::new(directory.path().join("other.toml"), owner);
        assert_eq!(none.read(), Ok(None));
        assert_eq!(
            SystemFile::default().path(),
            Path::new("/etc/akv/policy.toml")
        );
    }

    #[test]
    fn the_file_is_read_in_every_encoding_and_what_is_no_text_is_an_error() {
        let (_directory, path, owner) = file(0o644);
        let system = SystemFile::new(&path, owner);
        let utf16: Vec<u8> = "\u{feff}max-shrink = 7"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [b"\xef\xbb\xbfmax-shrink = 7".to_vec(), utf16] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(system.read().unwrap().unwrap().as_str(), "max-shrink = 7");
        }
        std::fs::write(&path, b"max-shrink = 7 # gr\xfcn").unwrap();
        let error = system.read().unwrap_err().to_string();
        assert!(
            error.contains("policy.toml") && error.contains("UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_somebody_else_can_write_is_an_error_and_not_ignored() {
        for mode in [0o664, 0o646, 0o666, 0o622] {
            let (_directory, path, owner) = file(mode);
            let error = SystemFile::new(path, owner).read().unwrap_err().to_string();
            assert!(error.contains("chmod"), "{mode:o}: {error}");
        }
        let (_directory, path, owner) = file(0o644);
        let error = SystemFile::new(path, owner + 1).read().unwrap_err();
        assert!(error.to_string().contains("chown"), "{error}");
    }

    #[test]
    fn a_link_or_a_directory_in_its_place_is_an_error() {
        let (directory, path, owner) = file(0o644);
        let link = directory.path().join("link.toml");
        symlink(&path, &link).unwrap();
        let error = SystemFile::new(link, owner).read().unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
        let inner = directory.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let error = SystemFile::new(inner, owner).read().unwrap_err();
        assert!(error.to_string().contains("regular file"), "{error}");
    }

    #[test]
    fn a_directory_that_somebody_else_can_write_or_that_is_a_link_is_an_error() {
        for mode in [0o775, 0o757, 0o1777] {
            let (directory, path, owner) = file(0o644);
            let place = directory.path();
            std::fs::set_permissions(place, PermissionsExt::from_mode(mode)).unwrap();
            let error = SystemFile::new(path, owner).read().unwrap_err().to_string();
            let named = format!("policy: {} belongs", place.display());
            assert!(error.contains(&named), "{mode:o}: {error}");
        }
        let (directory, path, owner) = file(0o644);
        let place = directory.path().join("place");
        std::fs::create_dir(&place).unwrap();
        std::fs::rename(path, place.join("policy.toml")).unwrap();
        let link = directory.path().join("link");
        symlink(&place, &link).unwrap();
        let error = SystemFile::new(link.join("policy.toml"), owner).read();
        assert!(error.unwrap_err().to_string().contains("symbolic link"));
        let read = SystemFile::new(place.join("policy.toml"), owner).read();
        assert_eq!(read.unwrap().unwrap().as_str(), "max-shrink = 7\n");
        let nowhere = directory.path().join("nowhere/policy.toml");
        assert_eq!(SystemFile::new(nowhere, owner).read(), Ok(None));
    }
}
