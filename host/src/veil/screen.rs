//! The same search in a body as it passes: what could be the beginning of a real value is held
//! back until its end is seen. When it is found, nothing has passed of what is looked for of it,
//! and nothing at all where a window holds the whole ([`Probes::window`]).
//!
//! It must not know what the body is of.

use super::search::{LARGEST_ESCAPE, Probes};
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
    /// A real value is in it, and its end has not passed.
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

/// A place at or before `cut` that is not in the middle of an escape, whose rest would be read as
/// something else. What is parted here of a pair of escapes was seen whole.
fn whole_escapes(text: &[u8], cut: usize) -> usize {
    let before = text.get(..cut).unwrap_or_default();
    let near = before.iter().rev().take(LARGEST_ESCAPE - 1);
    let Some(back) = near.clone().position(|byte| b"%\\".contains(byte)) else {
        return cut;
    };
    let at = cut - 1 - back;
    let slashes = before.iter().rev().skip(back);
    // Two backslashes are one that is escaped.
    let half = slashes.take_while(|byte| **byte == b'\\').count() % 2;
    at.saturating_sub(usize::from(before.get(at) == Some(&b'\\') && half == 0))
}

#[cfg(test)]
mod tests {
    use super::super::search::tests::spelled;
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "p~1+/= &\\secret";

    fn probes(secret: &str) -> Arc<Probes> {
        let mut probes = Probes::default();
        probes.add(secret);
        Arc::new(probes)
    }

    /// What passed of a body in pieces of a size, and whether something was found.
    fn passed(body: &[u8], size: usize) -> (Vec<u8>, bool) {
        passed_of(SECRET, body, size)
    }

    fn passed_of(secret: &str, body: &[u8], size: usize) -> (Vec<u8>, bool) {
        let mut screen = Screen::new(probes(secret));
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

    /// A body that holds a value behind more than is held back.
    fn behind(filling: &str, least: usize, spelled: &str) -> (usize, String) {
        let filling = filling.repeat(least / filling.len() + 1);
        (filling.len(), format!("{filling}{spelled}\"}}"))
    }

    #[test]
    fn no_byte_passes_of_any_spelling_in_pieces_of_any_size() {
        let thirty = "R3al.s3cret-of-thirty_bytes~AB";
        for secret in ["sp-secret~1", thirty] {
            let window = probes(secret).window();
            for (name, text) in spelled(secret) {
                let (filled, body) = behind("filling ", 2 * window, &text);
                let all = body.len();
                // Every size is another cut; the large ones differ in their last piece only.
                for size in (1..=window / 8).chain((window / 8..=all).step_by(37)) {
                    let (passed, found) = passed_of(secret, body.as_bytes(), size);
                    assert!(found, "{name} in pieces of {size}");
                    assert!(passed.len() <= filled, "{name} in pieces of {size}");
                }
            }
        }
    }

    #[test]
    fn of_a_long_value_nothing_passes_that_is_looked_for() {
        let secret = format!(
            "eyJ0.{}.sIgnature_-of-thirty-two-characters",
            "payload".repeat(60)
        );
        let tail = &secret[secret.len() - 32..];
        let window = probes(&secret).window();
        let ends: Vec<_> = spelled(tail);
        for (place, (name, text)) in spelled(&secret).into_iter().enumerate() {
            let (filled, body) = behind("filling ", 2 * window, &text);
            for size in [1, 2, 3, 7, 64, 1_000, window, body.len()] {
                let (passed, found) = passed_of(&secret, body.as_bytes(), size);
                assert!(found, "{name} in pieces of {size}");
                // Base64 has no place of its own for an end; its last characters stand for it.
                let end = ends[place].1.len().min(text.len());
                let kept = filled + text.len() - end;
                assert!(passed.len() <= kept, "{name} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_cut_before_a_value_does_not_change_how_it_is_read() {
        let secret = "sp-secret~1";
        let window = probes(secret).window();
        let escaped =
            |text: &str| -> String { text.bytes().map(|byte| format!("\\u{byte:04x}")).collect() };
        let percent =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
        let once = escaped(secret);
        for text in [once.clone(), escaped(&once), percent(&once)] {
            for filling in ["\\\\", "\\u005c\\u005c", "%5C%5C", "\\u0041", "%41"] {
                // Behind the value, so much that it begins where something was cut.
                for more in 0..2 * window {
                    let (_, body) = behind(filling, 2 * window, &text);
                    let body = format!("{body}{}", "y".repeat(more));
                    let (_, found) = passed_of(secret, body.as_bytes(), window);
                    assert!(found, "{filling} {text} {more}");
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
