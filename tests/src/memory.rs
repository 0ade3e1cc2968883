//! The linear memories of extensions, searched for credentials whenever a job turns to its host,
//! and when it is over. What is looked for is every window of eight bytes: of the credential
//! itself, of it percent-encoded, and of it in base64 in its three alignments.
//!
//! It must not know which job runs, nor what its credentials are for.

#![allow(unsafe_code)] // Linear memory is wasmtime's to read and write; here it is only read.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use extension_host::engine::inspect::{
    Inspection, LinearMemory, MemoryCreator, MemoryType, Result,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

/// Bytes of a window.
const WINDOW: usize = 8;

/// What changed since the last look is found in pieces of this size.
const PIECE: usize = 4096;

/// The memories of an engine, and what is looked for in them.
#[derive(Clone, Default)]
pub struct Memories(Arc<Mutex<Watch>>);

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Looks while jobs were running.
    pub looks: u64,
    /// Memories that were searched when their job was over.
    pub ends: u64,
    /// Bytes that were searched.
    pub bytes: u64,
    /// What was found while a job was running, how it was spelled, and its first window.
    pub during: BTreeMap<String, String>,
    /// What was still there when the job was over.
    pub after: BTreeMap<String, String>,
}

#[derive(Default)]
struct Watch {
    windows: Windows,
    regions: BTreeMap<usize, Region>,
    made: usize,
    seen: Seen,
}

/// A memory where it is now, and how it looked.
struct Region {
    at: *const u8,
    length: usize,
    before: Vec<u8>,
}

// SAFETY: a region is read only while its job is inside of a call to its host, or by whoever
// drops the memory; both hold the lock, and the job writes nothing meanwhile.
unsafe impl Send for Region {}

impl Memories {
    /// Looks for another credential from now on: before, it was nowhere.
    pub fn look_for(&self, name: &str, credential: &[u8]) {
        self.watch().windows.add(name, credential, &BTreeSet::new());
    }

    /// The same for one of which some windows may be anywhere: those of `known`.
    pub fn look_for_but(&self, name: &str, credential: &[u8], known: &[u8]) {
        let known = known.windows(WINDOW).map(word).collect();
        self.watch().windows.add(name, credential, &known);
    }

    /// Forgets what was looked for, and what was seen.
    pub fn forget(&self) {
        let mut watch = self.watch();
        watch.windows = Windows::default();
        watch.seen = Seen::default();
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        self.watch().seen.clone()
    }

    /// For an engine of these memories.
    pub fn inspection(&self) -> Inspection {
        let looking = self.clone();
        Inspection {
            memories: Arc::new(self.clone()),
            at_call: Arc::new(move || looking.watch().look()),
        }
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap()
    }
}

impl Watch {
    fn look(&mut self) {
        self.seen.looks += 1;
        for region in self.regions.values_mut() {
            // SAFETY: see `Region`.
            let now = unsafe { std::slice::from_raw_parts(region.at, region.length) };
            region.before.resize(now.len(), 0);
            for start in (0..now.len()).step_by(PIECE) {
                let end = now.len().min(start + PIECE);
                if now[start..end] == region.before[start..end] {
                    continue;
                }
                region.before[start..end].copy_from_slice(&now[start..end]);
                // Windows that begin before, or end behind.
                let around = start.saturating_sub(WINDOW - 1)..now.len().min(end + WINDOW - 1);
                self.seen.bytes += around.len() as u64;
                self.windows.find(&now[around], &mut self.seen.during);
            }
        }
    }

    /// The memory is not needed any more.
    fn end(&mut self, number: usize) {
        if let Some(region) = self.regions.remove(&number) {
            // SAFETY: see `Region`.
            let now = unsafe { std::slice::from_raw_parts(region.at, region.length) };
            self.seen.ends += 1;
            self.seen.bytes += now.len() as u64;
            self.windows.find(now, &mut self.seen.after);
        }
    }
}

/// Windows by their bytes.
#[derive(Default)]
struct Windows {
    names: HashMap<u64, String>,
    /// By a hash of the bytes: whether there may be one.
    filter: Vec<bool>,
}

/// Bits of the filter's hash.
const FILTER: u32 = 20;

fn word(window: &[u8]) -> u64 {
    u64::from_le_bytes(window.try_into().unwrap())
}

fn filter_place(word: u64) -> usize {
    usize::try_from(word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - FILTER)).unwrap()
}

impl Windows {
    fn add(&mut self, name: &str, credential: &[u8], known: &BTreeSet<u64>) {
        self.filter.resize(1 << FILTER, false);
        for (spelling, text) in spellings(credential) {
            for window in text.windows(WINDOW).map(word) {
                if !known.contains(&window) {
                    self.filter[filter_place(window)] = true;
                    let name = || format!("{name}, {spelling}");
                    self.names.entry(window).or_insert_with(name);
                }
            }
        }
    }

    fn find(&self, memory: &[u8], found: &mut BTreeMap<String, String>) {
        if self.names.is_empty() {
            return;
        }
        for window in memory.windows(WINDOW).map(word) {
            if self.filter[filter_place(window)]
                && let Some(name) = self.names.get(&window)
                && !found.contains_key(name)
            {
                let window = window.to_le_bytes().escape_ascii().to_string();
                found.insert(name.clone(), window);
            }
        }
    }
}

/// The spellings, whole. Of base64, what does not depend on the neighbours.
fn spellings(credential: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut percent = String::new();
    for byte in credential {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            percent.push(char::from(*byte));
        } else {
            let _ = write!(percent, "%{byte:02X}");
        }
    }
    let form = percent.replace('~', "%7E").replace("%20", "+");
    let mut all = vec![
        ("raw", credential.to_vec()),
        ("percent-encoded", percent.into_bytes()),
        ("percent-encoded as in a form", form.into_bytes()),
    ];
    for (name, before) in [
        ("base64", 0),
        ("base64, shifted by one", 1),
        ("base64, shifted by two", 2),
    ] {
        let mut padded = vec![0; before];
        padded.extend_from_slice(credential);
        let from = if before == 0 { 0 } else { before + 1 };
        let whole = padded.len() / 3 * 4;
        for engine in [&STANDARD, &URL_SAFE] {
            all.push((
                name,
                engine.encode(&padded).as_bytes()[from..whole].to_vec(),
            ));
        }
    }
    all
}

/// One linear memory: zeroed bytes of its own, at one place until it grows.
struct Memory {
    number: usize,
    at: *mut u8,
    length: usize,
    memories: Memories,
}

// SAFETY: the bytes are the engine's to read and write, and it says when nobody else does.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

fn zeroed(length: usize) -> *mut u8 {
    Box::into_raw(vec![0; length].into_boxed_slice()).cast()
}

/// Frees what [`zeroed`] made.
///
/// # Safety
/// It is of that length, and nobody uses it any more.
unsafe fn free(at: *mut u8, length: usize) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, length)) });
}

// SAFETY: every memory is zeroed and as large as was asked for, and its owner alone frees it. No
// address space is reserved and nothing is guarded: the engine is told to rely on neither.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved.is_some_and(|bytes| bytes > 0) || guard > 0 {
            return Err(format!(
                "{reserved:?} bytes and a guard of {guard} are wanted"
            ));
        }
        let at = zeroed(minimum);
        let mut watch = self.watch();
        watch.made += 1;
        let number = watch.made;
        let region = Region {
            at,
            length: minimum,
            before: Vec::new(),
        };
        watch.regions.insert(number, region);
        drop(watch);
        Ok(Box::new(Memory {
            number,
            at,
            length: minimum,
            memories: self.clone(),
        }))
    }
}

// SAFETY: as above; the pointer is to the bytes that there are now.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.length
    }

    fn byte_capacity(&self) -> usize {
        self.length
    }

    fn grow_to(&mut self, size: usize) -> Result<()> {
        let larger = zeroed(size);
        let mut watch = self.memories.watch();
        // SAFETY: both are as long as is said, and the lock keeps others from the old one.
        unsafe {
            std::ptr::copy_nonoverlapping(self.at, larger, self.length);
            free(self.at, self.length);
        }
        (self.at, self.length) = (larger, size);
        if let Some(region) = watch.regions.get_mut(&self.number) {
            region.at = larger;
            region.length = size;
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.at
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.memories.watch().end(self.number);
        // SAFETY: it was made with this length, and this is its end.
        unsafe { free(self.at, self.length) };
    }
}
