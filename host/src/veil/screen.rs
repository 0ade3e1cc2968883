//! The same search in a body as it passes: what could be the beginning of a real value is held
//! back until its end is seen, so that none of it has passed when it is found.
//!
//! It must not know what the body is of.

use super::search::Probes;
use secrecy::zeroize::Zeroizing;
use std::sync::Arc;

/// A body holds a real value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer held a credential")]
pub struct Found;

/// A body under way.
pub struct Screen {
    probes: Arc<Probes>,
    /// Seen, and not passed on.
    held: Zeroizing<Vec<u8>>,
    window: usize,
}

impl Screen {
    /// A body that has not begun.
    pub fn new(probes: Arc<Probes>) -> Self {
        let window = probes.window();
        Self {
            probes,
            held: Zeroizing::default(),
            window,
        }
    }

    /// Takes the next piece, and gives what may pass: all but the last window of it.
    ///
    /// # Errors
    /// A real value is in it. Nothing of it has passed.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Found> {
        let mut passed = Vec::new();
        for part in piece.chunks(self.window) {
            if self.held.capacity() < self.held.len() + part.len() {
                let mut larger = Zeroizing::new(Vec::with_capacity(3 * self.window));
                larger.extend_from_slice(&self.held);
                self.held = larger;
            }
            self.held.extend_from_slice(part);
            if self.held.len() >= 2 * self.window {
                if self.probes.found_in(&self.held) {
                    return Err(Found);
                }
                let cut = whole_escapes(&self.held, self.held.len() - self.window);
                passed.extend_from_slice(self.held.get(..cut).unwrap_or_default());
                self.held.drain(..cut);
            }
        }
        Ok(passed)
    }

    /// What may pass now that nothing more comes.
    ///
    /// # Errors
    /// As of [`Screen::push`].
    pub fn finish(&mut self) -> Result<Vec<u8>, Found> {
        if self.probes.found_in(&self.held) {
            return Err(Found);
        }
        let passed = self.held.to_vec();
        self.held.clear();
        Ok(passed)
    }
}

/// The last place up to `cut` that is not in the middle of an escaped backslash: its second half
/// would be read as the beginning of another escape. Whatever else is parted here was seen whole.
fn whole_escapes(text: &[u8], cut: usize) -> usize {
    let before = text.get(..cut).unwrap_or_default().iter().rev();
    cut - before.take_while(|byte| **byte == b'\\').count() % 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "p~1+/= &\\secret";

    fn screen() -> Screen {
        let mut probes = Probes::default();
        probes.add(SECRET);
        Screen::new(Arc::new(probes))
    }

    /// What passed of a body in pieces of a size, and whether something was found.
    fn passed(body: &[u8], size: usize) -> (Vec<u8>, bool) {
        let mut screen = screen();
        let mut all = Vec::new();
        for piece in body.chunks(size) {
            match screen.push(piece) {
                Ok(piece) => all.extend(piece),
                Err(Found) => return (all, true),
            }
        }
        match screen.finish() {
            Ok(piece) => all.extend(piece),
            Err(Found) => return (all, true),
        }
        (all, false)
    }

    #[test]
    fn a_body_without_a_value_passes_unchanged_however_it_is_cut() {
        let body = "a\\\\b%41\\u0041 p~1+/= &".repeat(200).into_bytes();
        for size in [1, 2, 3, 7, 100, 1_000, 100_000] {
            assert_eq!(passed(&body, size), (body.clone(), false), "{size}");
        }
    }

    #[test]
    fn a_value_across_pieces_is_found_and_no_byte_of_it_has_passed() {
        let escaped: String = SECRET.bytes().map(|b| format!("\\u{b:04x}")).collect();
        let percent: String = SECRET.bytes().map(|b| format!("%{b:02x}")).collect();
        for spelled in [SECRET, &escaped, &percent] {
            for before in (0..700).step_by(13) {
                let filling = "\\\\x".repeat(before);
                let body = format!("{filling}{spelled}{}", "y".repeat(before));
                for size in [1, 5, 64, 10_000] {
                    let (passed, found) = passed(body.as_bytes(), size);
                    assert!(found, "{spelled} behind {} in {size}", filling.len());
                    assert!(passed.len() <= filling.len(), "{spelled} {size}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_is_the_beginning_of_the_body(
            body: Vec<u8>, size in 1_usize..50, times in 1_usize..30,
        ) {
            let body = body.repeat(times);
            let (passed, found) = passed(&body, size);
            prop_assert!(body.starts_with(&passed));
            prop_assert!(found || passed == body);
        }
    }
}
