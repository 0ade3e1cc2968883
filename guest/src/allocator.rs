//! A global allocator that wipes what it gives back, so that a dump of the guest's
//! memory after a job holds no key, password or token that was ever on the heap.
//!
//! It must not know what is in the memory. What it does not reach: the stack, locals
//! of the wasm machine, and copies that a host made.

#![allow(unsafe_code)] // GlobalAlloc is an unsafe trait; nothing else in the crate is.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{Ordering, compiler_fence};

/// Wraps an allocator; every block is zeroed before it goes back.
pub struct Wiping<A>(pub A);

// SAFETY: every block comes from and goes to `A`, with the layout it was asked for;
// `realloc` is allocate, copy, wipe and free, as the trait's own default does it.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on unchanged.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller promises a live block of this layout.
        unsafe {
            wipe(block, layout.size());
            self.0.dealloc(block, layout);
        }
    }

    /// Never grows in place: an inner `realloc` that moves a block frees the old one
    /// without wiping it.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size` is not zero and does not overflow
        // when rounded up to the alignment.
        let new = unsafe {
            let wanted = Layout::from_size_align_unchecked(size, layout.align());
            self.0.alloc(wanted)
        };
        if !new.is_null() {
            // SAFETY: two live blocks that cannot overlap; both are at least as long
            // as the shorter of the two sizes.
            unsafe {
                std::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
        }
        new
    }
}

/// Zeroes a block with stores that the compiler may not leave out, although nobody
/// reads them.
///
/// # Safety
/// `block` must be valid for writes of `size` bytes.
unsafe fn wipe(block: *mut u8, size: usize) {
    const WORD: usize = size_of::<u64>();
    let head = block.align_offset(WORD).min(size);
    let words = (size - head) / WORD;
    // SAFETY: head, words and tail divide the block without a rest; the words are
    // aligned, because they begin where `align_offset` said.
    unsafe {
        for offset in 0..head {
            block.add(offset).write_volatile(0);
        }
        let middle = block.add(head).cast::<u64>();
        for index in 0..words {
            middle.add(index).write_volatile(0);
        }
        for offset in head + words * WORD..size {
            block.add(offset).write_volatile(0);
        }
    }
    compiler_fence(Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use std::alloc::System;
    use std::cell::RefCell;

    use super::*;

    /// Keeps a copy of every block that comes back.
    #[derive(Default)]
    struct Recording(RefCell<Vec<Vec<u8>>>);

    // SAFETY: passes everything on to the system's allocator.
    unsafe impl GlobalAlloc for Recording {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            self.0.borrow_mut().push(bytes.to_vec());
            unsafe { System.dealloc(block, layout) }
        }
    }

    fn filled(allocator: &Wiping<Recording>, layout: Layout) -> *mut u8 {
        unsafe {
            let block = allocator.alloc(layout);
            assert!(!block.is_null());
            block.write_bytes(0xA5, layout.size());
            block
        }
    }

    #[test]
    fn w17_a_freed_block_is_zero_whatever_its_size_and_alignment() {
        for size in 1..70 {
            for align in [1, 2, 4, 8, 16] {
                let allocator = Wiping(Recording::default());
                let layout = Layout::from_size_align(size, align).unwrap();
                let block = filled(&allocator, layout);
                unsafe { allocator.dealloc(block, layout) };
                assert_eq!(*allocator.0.0.borrow(), [vec![0; size]], "{layout:?}");
            }
        }
    }

    #[test]
    fn a_block_that_grows_or_shrinks_keeps_its_content_and_leaves_zeros_behind() {
        for (old, new) in [(16, 4_096), (33, 7), (64, 64)] {
            let allocator = Wiping(Recording::default());
            let layout = Layout::from_size_align(old, 8).unwrap();
            let block = filled(&allocator, layout);
            let moved = unsafe { allocator.realloc(block, layout, new) };
            let kept = unsafe { std::slice::from_raw_parts(moved, old.min(new)) };
            assert!(kept.iter().all(|byte| *byte == 0xA5));
            assert_eq!(*allocator.0.0.borrow(), [vec![0; old]]);
            let layout = Layout::from_size_align(new, 8).unwrap();
            unsafe {
                moved.write_bytes(0, new);
                allocator.dealloc(moved, layout);
            }
        }
    }

    #[test]
    fn a_wipe_touches_nothing_outside_its_block() {
        for start in 0..9 {
            for size in 0..40 {
                let mut memory = vec![1_u8; 64];
                unsafe { wipe(memory.as_mut_ptr().add(start), size) };
                for (index, byte) in memory.iter().enumerate() {
                    let inside = (start..start + size).contains(&index);
                    assert_eq!(*byte == 0, inside, "{start} {size} {index}");
                }
            }
        }
    }
}
