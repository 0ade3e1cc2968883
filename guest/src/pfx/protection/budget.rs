//! How much work a file may ask for, counted before any of it is done.

use crate::pfx::error::Obstacle;

/// Runs of a hash's compression function for everything in one file. A job has 60 seconds of
/// processor time, and the component does about two million runs a second (SHA-1, SHA-256 and
/// SHA-512, measured), on a busy machine one: this is a third of the time at worst. The highest
/// counts in use, 600,000 for PBKDF2, come to three million for key, certificates and checksum.
const RUNS: u64 = 20_000_000;

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
    pub(in crate::pfx) fn spend(
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
