//! The thread that writes a state file.
//!
//! Must not know what is in it. A change is on disk within a fraction of a second, many changes in one
//! write; what was changed before the end is on disk at the end. A reader sees the old file or the new
//! one: it is written beside, for its owner alone, and renamed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Dirty;

/// How long to wait for further changes before writing.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// What is written, made when it is.
type Content = Box<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>;

/// Keeps a state file up to date until it is dropped.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    path: PathBuf,
    dirty: Dirty,
    content: Content,
    /// Held for a write, so that no older state is ever written over a newer one.
    failure: Mutex<Option<io::Error>>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// Writes the file once, so that a path that cannot be written is found out at once, and then at
    /// every change.
    pub(crate) fn start(path: &Path, dirty: Dirty, content: Content) -> io::Result<Keeper> {
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            dirty,
            content,
            failure: Mutex::default(),
        });
        shared.flush()?;
        let working = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("state".into())
            .spawn(move || working.work())?;
        Ok(Keeper {
            shared,
            thread: Some(thread),
        })
    }

    /// Writes what was changed until now.
    ///
    /// # Errors
    /// Where this write failed, or an earlier one whose changes are still not on disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.shared.flush()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.dirty.with(|flags| flags.stop = true);
        if let Some(thread) = self.thread.take() {
            // It has nothing to report; a panic in it has been printed.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut pause = DEBOUNCE;
        loop {
            let signal = &self.dirty.0;
            let flags = signal.flags.lock().unwrap_or_else(PoisonError::into_inner);
            let flags = signal
                .changed
                .wait_while(flags, |f| !f.dirty && !f.stop)
                .unwrap_or_else(PoisonError::into_inner);
            let (flags, _) = signal
                .changed
                .wait_timeout_while(flags, pause, |f| !f.stop)
                .unwrap_or_else(PoisonError::into_inner);
            let (dirty, stop) = (flags.dirty, flags.stop);
            drop(flags);
            if dirty {
                let began = Instant::now();
                // Kept and told by whoever flushes; the next change tries again.
                let _ = self.flush();
                // A large state must not keep the disk and a core busy all the time.
                pause = DEBOUNCE.max(began.elapsed().saturating_mul(4));
            }
            if stop {
                return;
            }
        }
    }

    fn flush(&self) -> io::Result<()> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        // Cleared before the content is made: a change that comes later marks again.
        self.dirty.with(|flags| flags.dirty = false);
        let written = (self.content)().and_then(|bytes| write(&self.path, &bytes));
        if let Err(error) = &written {
            *failure = Some(io::Error::new(error.kind(), error.to_string()));
            self.dirty.with(|flags| flags.dirty = !flags.stop);
        } else {
            *failure = None;
        }
        written
    }
}

/// Writes a file whole, readable by its owner alone.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn what_was_changed_before_the_end_is_on_disk_at_the_end_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.json");
        let value = Arc::new(AtomicU64::new(0));
        let dirty = Dirty::default();
        let seen = Arc::clone(&value);
        let content: Content =
            Box::new(move || Ok(seen.load(Ordering::SeqCst).to_string().into_bytes()));
        let keeper = Keeper::start(&path, dirty.clone(), content).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "0");
        for number in 1..=1_000 {
            value.store(number, Ordering::SeqCst);
            dirty.mark();
        }
        drop(keeper);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1000");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_found_out_at_once() {
        let content: Content = Box::new(|| Ok(Vec::new()));
        let path = Path::new("/does/not/exist/state.json");
        assert!(Keeper::start(path, Dirty::default(), content).is_err());
    }
}
