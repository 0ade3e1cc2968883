//! Reading what may be secret: into buffers that leave no copy behind when they grow, and that
//! are wiped when they are dropped.
//!
//! It must not know what is read.

#[cfg(test)]
pub(crate) mod watched;

use secrecy::zeroize::Zeroizing;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes that are read at once.
const PIECE: usize = 8 << 10;

/// Reads all there is, at most so many bytes.
///
/// # Errors
/// What reading says, and `FileTooLarge` for more.
pub fn read(mut from: impl Read, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut held = Zeroizing::new(Vec::with_capacity(PIECE));
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => return Ok(held),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let wanted = held.len() + count;
        if wanted as u64 > most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it has more than {most} bytes"),
            ));
        }
        if wanted > held.capacity() {
            // A vector that grows by itself leaves what was in it where it was.
            let mut larger = Zeroizing::new(Vec::with_capacity(wanted.saturating_mul(2)));
            larger.extend_from_slice(&held);
            held = larger;
        }
        held.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
}

/// Reads a file, at most so many bytes.
///
/// # Errors
/// As [`read`], and for what is no regular file: a pipe may never end, and a device has no secret.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits();
    let file = OpenOptions::new()
        .read(true)
        // Opening a pipe would wait for somebody who writes to it.
        .custom_flags(nonblocking.cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    read(file, most)
}

#[cfg(test)]
mod tests {
    use super::watched::left_behind;
    use super::*;

    /// Gives its bytes one at a time, so that a buffer grows often.
    struct Drips<'a>(&'a [u8]);

    impl Read for Drips<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(100);
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    #[test]
    fn nothing_of_what_was_read_is_left_in_freed_memory() {
        let secret = watched::PATTERN.repeat(4_000);
        let read_all = || drop(read(Drips(&secret), 1 << 20).unwrap());
        assert_eq!(left_behind(read_all), 0);
        // The same with a buffer that grows by itself.
        let control = || drop(Zeroizing::new(Vec::from_iter(secret.iter().copied())));
        assert_eq!(left_behind(control), 0);
        let control = || {
            let mut grows = Zeroizing::new(Vec::new());
            Drips(&secret).read_to_end(&mut grows).unwrap();
        };
        assert!(left_behind(control) > 0, "the search finds nothing");
    }

    #[test]
    fn more_than_the_limit_is_an_error() {
        assert_eq!(*read(&b"abc"[..], 3).unwrap(), b"abc");
        let error = read(&b"abcd"[..], 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn only_a_regular_file_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "secret").unwrap();
        assert_eq!(*read_regular(&file, 10).unwrap(), b"secret");
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        for path in [&pipe, directory.path(), Path::new("/dev/zero")] {
            assert!(read_regular(path, 10).is_err(), "{}", path.display());
        }
    }
}
