//! The linear memories of extensions, searched for credentials whenever a job turns to its host,
//! and when it is over. What is looked for is every eight bytes of a credential: as they are,
//! percent-encoded, escaped as in JSON (as little as must be, and every one), and in hexadecimal; and
//! every eight characters of it in base64 in its three alignments.
//!
//! It must not know which job runs, nor what its credentials are for.

#![allow(unsafe_code)] // Linear memory is wasmtime's to read and write; here it is only read.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use extension_host::engine::inspect::{
    Inspection, LinearMemory, MemoryCreator, MemoryType, Result,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

/// Bytes of a credential that are looked for together, and of a text by which they are found.
const WINDOW: usize = 8;

/// Bytes that one of a credential takes at most: `\u0041`.
const LARGEST: usize = 6;

/// Bytes of the longest text that is looked for.
const LONGEST: usize = WINDOW * LARGEST;

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
                let around = start.saturating_sub(LONGEST - 1)..now.len().min(end + LONGEST - 1);
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

/// Windows by their first bytes.
#[derive(Default)]
struct Windows {
    by_word: HashMap<u64, Vec<Window>>,
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

/// A text that is looked for.
struct Window {
    name: Arc<str>,
    text: Vec<u8>,
}

impl Windows {
    fn add(&mut self, name: &str, credential: &[u8], known: &BTreeSet<u64>) {
        self.filter.resize(1 << FILTER, false);
        for Spelling {
            name: how,
            text,
            width,
        } in spellings(credential)
        {
            let name: Arc<str> = format!("{name}, {how}").into();
            for text in text.windows(WINDOW * width) {
                let first = word(&text[..WINDOW]);
                let others = self.by_word.entry(first).or_default();
                if !known.contains(&first) && !others.iter().any(|other| other.text == text) {
                    self.filter[filter_place(first)] = true;
                    others.push(Window {
                        name: name.clone(),
                        text: text.to_vec(),
                    });
                }
            }
        }
    }

    fn find(&self, memory: &[u8], found: &mut BTreeMap<String, String>) {
        if self.by_word.is_empty() {
            return;
        }
        for (place, window) in memory.windows(WINDOW).map(word).enumerate() {
            if self.filter[filter_place(window)]
                && let Some(windows) = self.by_word.get(&window)
            {
                for Window { name, text } in windows {
                    if memory[place..].starts_with(text) && !found.contains_key(&**name) {
                        found.insert(name.to_string(), text.escape_ascii().to_string());
                    }
                }
            }
        }
    }
}

/// A whole credential in a spelling, in which one byte of it takes `width` in all its windows.
struct Spelling {
    name: &'static str,
    text: Vec<u8>,
    width: usize,
}

/// The spellings. Of base64, what does not depend on the neighbours.
fn spellings(credential: &[u8]) -> Vec<Spelling> {
    let each = |spelled: fn(u8) -> String| -> String {
        credential.iter().map(|byte| spelled(*byte)).collect()
    };
    let percent = each(|byte| match byte {
        _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).into(),
        _ => format!("%{byte:02X}"),
    });
    let form = percent.replace('~', "%7E").replace("%20", "+");
    let json = serde_json::to_string(&*String::from_utf8_lossy(credential)).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let mut all = Vec::new();
    let mut add = |name, text: Vec<u8>, width| all.push(Spelling { name, text, width });
    add("raw", credential.to_vec(), 1);
    add("percent-encoded", percent.into_bytes(), 1);
    add("percent-encoded as in a form", form.into_bytes(), 1);
    if std::str::from_utf8(credential).is_ok() {
        add("escaped as in JSON", json.into_bytes(), 1);
    }
    for (name, spelled, width) in [
        (
            "percent-encoded throughout",
            (|byte| format!("%{byte:02X}")) as fn(u8) -> String,
            3,
        ),
        (
            "percent-encoded in lower case",
            |byte| format!("%{byte:02x}"),
            3,
        ),
        (
            "escaped throughout",
            |byte| format!("\\u{byte:04x}"),
            LARGEST,
        ),
        (
            "escaped in capitals",
            |byte| format!("\\u{byte:04X}"),
            LARGEST,
        ),
        ("hexadecimal", |byte| format!("{byte:02x}"), 2),
        ("hexadecimal in capitals", |byte| format!("{byte:02X}"), 2),
    ] {
        add(name, each(spelled).into_bytes(), width);
    }
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
            add(
                name,
                engine.encode(&padded).as_bytes()[from..whole].to_vec(),
                1,
            );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_eight_bytes_of_a_credential_are_found_in_each_spelling_and_no_others() {
        let credential = "p\"~1+/= \\secret\n-of_tEsts";
        let mut windows = Windows::default();
        windows.add("it", credential.as_bytes(), &BTreeSet::new());
        let found = |text: &[u8]| {
            let mut found = BTreeMap::new();
            let memory = [b"around ".as_slice(), text, b" behind"].concat();
            windows.find(&memory, &mut found);
            found
        };
        for part in credential.as_bytes().windows(12) {
            for Spelling { name, text, .. } in spellings(part) {
                assert!(!found(&text).is_empty(), "{name}: {}", text.escape_ascii());
            }
        }
        // Of base64, eight characters are six bytes.
        let fewer = spellings(b"of_tEst").into_iter();
        for Spelling { name, text, .. } in fewer.filter(|one| !one.name.contains("base64")) {
            assert!(found(&text).is_empty(), "{name}: {}", text.escape_ascii());
        }
    }
}
