//! Memory that tells whether a secret was still in it when it was freed, for tests.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// What is looked for in freed memory.
pub(crate) const PATTERN: &[u8] = b"w1pe-me-when-y0u-go;";

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

struct Watched;

#[global_allocator]
static MEMORY: Watched = Watched;

// SAFETY: everything is handed on to the system's allocator; memory is only read, and only
// while it still belongs to whoever frees it.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that what is looked at is always initialised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if WATCHED.try_with(Cell::get).unwrap_or(false) {
            let freed = unsafe { std::slice::from_raw_parts(memory, layout.size()) };
            if freed.windows(PATTERN.len()).any(|part| part == PATTERN) {
                FOUND.set(FOUND.get() + 1);
            }
        }
        unsafe { System.dealloc(memory, layout) }
    }
}

/// How many pieces of memory that were freed meanwhile, on this thread, still held [`PATTERN`].
pub(crate) fn left_behind(work: impl FnOnce()) -> usize {
    FOUND.set(0);
    WATCHED.set(true);
    work();
    WATCHED.set(false);
    FOUND.get()
}
