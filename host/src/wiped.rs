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
        extend(&mut held, piece.get(..count).unwrap_or_default());
    }
}

/// Adds to a buffer. A vector that grows by itself leaves what was in it where it was.
fn extend(held: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let wanted = held.len() + piece.len();
    if wanted > held.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(wanted.saturating_mul(2)));
        larger.extend_from_slice(held);
        *held = larger;
    }
    held.extend_from_slice(piece);
}

/// Reads line by line; a line that is too long is passed over.
pub struct Lines<R> {
    from: R,
    most: usize,
    piece: Zeroizing<Vec<u8>>,
    /// What of the piece is still to be looked at.
    rest: std::ops::Range<usize>,
}

/// A line, without its end.
pub enum Line {
    /// All of it.
    Whole(Zeroizing<Vec<u8>>),
    /// It had more bytes than a line may have.
    TooLong,
}

impl<R: Read> Lines<R> {
    /// The lines of `from`, each of at most so many bytes.
    pub fn new(from: R, most: usize) -> Self {
        Self {
            from,
            most,
            piece: Zeroizing::new(vec![0; PIECE]),
            rest: 0..0,
        }
    }

    /// What there is of the next piece; none at the end.
    fn more(&mut self) -> io::Result<&[u8]> {
        while self.rest.is_empty() {
            match self.from.read(&mut self.piece) {
                Ok(0) => break,
                Ok(count) => self.rest = 0..count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.piece.get(self.rest.clone()).unwrap_or_default())
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let mut held = Zeroizing::new(Vec::with_capacity(PIECE));
        let (mut begun, mut too_long) = (false, false);
        loop {
            let most = self.most;
            let more = self.more()?;
            let end = more.iter().position(|byte| *byte == b'\n');
            let part = more.get(..end.unwrap_or(more.len())).unwrap_or_default();
            let ended = end.is_some() || more.is_empty();
            begun |= !more.is_empty();
            too_long |= held.len() + part.len() > most;
            if too_long {
                held = Zeroizing::new(Vec::new());
            } else {
                extend(&mut held, part);
            }
            self.rest.start += part.len() + usize::from(end.is_some());
            if ended {
                let line = if too_long {
                    Line::TooLong
                } else {
                    Line::Whole(held)
                };
                return Ok(begun.then_some(line));
            }
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
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
    fn lines_are_read_one_by_one_and_one_that_is_too_long_is_passed_over() {
        let long = "l".repeat(3 * PIECE);
        let exact = "e".repeat(2 * PIECE);
        let text = format!("one\n\n{exact}\n{long}\n{exact}e\ntwo\r\nlast");
        let read = |from: &mut dyn Read| -> Vec<Option<String>> {
            let lines = Lines::new(from, 2 * PIECE);
            let texts = lines.map(|line| match line.unwrap() {
                Line::Whole(line) => Some(String::from_utf8(line.to_vec()).unwrap()),
                Line::TooLong => None,
            });
            texts.collect()
        };
        let some = |text: &str| Some(text.to_owned());
        let wanted = vec![
            some("one"),
            some(""),
            some(&exact),
            None,
            None,
            some("two\r"),
            some("last"),
        ];
        assert_eq!(read(&mut text.as_bytes()), wanted);
        assert_eq!(read(&mut Drips(text.as_bytes())), wanted);
        assert_eq!(read(&mut &b""[..]), [] as [Option<String>; 0]);
        assert_eq!(read(&mut &b"\n"[..]), [some("")]);
    }

    #[test]
    fn nothing_of_a_line_is_left_in_freed_memory() {
        for most in [1 << 20, 10_000] {
            let mut text = watched::PATTERN.repeat(4_000);
            text.push(b'\n');
            let read_all = || Lines::new(Drips(&text), most).for_each(drop);
            assert_eq!(left_behind(read_all), 0, "{most}");
        }
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
