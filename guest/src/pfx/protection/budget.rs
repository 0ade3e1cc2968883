//! How much work a file may ask for, counted before any of it is done.

use crate::pfx::error::Obstacle;

/// Runs of a hash's compression function for everything in one file. A job has 60 seconds of
/// processor time, and the component does two to three million runs a second (SHA-1 and SHA-256,
/// measured); this is a third of that time. Files in use need less than a hundredth: the highest
/// counts in use (600,000, for PBKDF2) come to 2.4 million for a key that takes two blocks.
const RUNS: u64 = 40_000_000;

/// What a derivation costs besides its iterations: setting up, and decrypting a little.
const BASE: u64 = 64;

/// What is left.
pub(in crate::pfx) struct Budget(u64);

impl Budget {
    pub(in crate::pfx) fn new() -> Self {
        Budget(RUNS)
    }

    /// Takes what one derivation costs: `blocks` of output, each with so many iterations of
    /// `runs` runs, after `input` bytes of salt and password.
    pub(super) fn spend(
        &mut self,
        iterations: u32,
        runs: u64,
        blocks: usize,
        input: usize,
    ) -> Result<(), Obstacle> {
        let too_much = Obstacle::TooMuchWork(iterations);
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let cost = u64::from(iterations)
            .saturating_mul(runs)
            .saturating_add(count(input) / 32)
            .saturating_add(BASE)
            .saturating_mul(count(blocks));
        self.0 = self.0.checked_sub(cost).ok_or(too_much)?;
        Ok(())
    }
}
