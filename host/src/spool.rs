//! Where a job's batches wait for its outcome: an unlinked file that only this process can
//! read, so that a list of any length costs no memory and a failed job leaves nothing.
//!
//! It must not know what the entries are.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

/// Entries in the order they came, one JSON line each.
#[derive(Debug)]
pub struct Spool {
    file: BufWriter<File>,
    entries: u64,
    bytes: u64,
}

impl Spool {
    /// An empty spool: mode 0600, and without a name from the start.
    pub fn new() -> io::Result<Self> {
        Ok(Self::over(tempfile::tempfile()?))
    }

    fn over(file: File) -> Self {
        Self {
            file: BufWriter::new(file),
            entries: 0,
            bytes: 0,
        }
    }

    /// How many entries it holds.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends an entry.
    pub fn push(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.entries += 1;
        self.bytes += line.len() as u64;
        Ok(())
    }

    /// Writes out what is still in memory, so that a full disk is known before the list is
    /// promised to anybody.
    pub fn seal(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// All entries from the first one on.
    pub fn read<T: DeserializeOwned>(
        &mut self,
    ) -> io::Result<impl Iterator<Item = io::Result<T>> + '_> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        Ok(BufReader::new(file)
            .lines()
            .map(|line| Ok(serde_json::from_str(&line?)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_before_the_list_is_read() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut spool = Spool::over(full);
        spool.push(&"small enough to stay in memory").unwrap();
        assert!(spool.seal().is_err());
    }

    #[test]
    fn entries_come_back_in_order_and_more_than_once() {
        let mut spool = Spool::new().unwrap();
        for entry in ["one", "two\nlines", "three"] {
            spool.push(&entry).unwrap();
        }
        for _ in 0..2 {
            let read: Vec<String> = spool.read().unwrap().map(Result::unwrap).collect();
            assert_eq!(read, ["one", "two\nlines", "three"]);
        }
        assert_eq!(spool.entries(), 3);
    }
}
