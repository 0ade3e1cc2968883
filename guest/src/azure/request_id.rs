//! Request ids and jitter, derived from the job's attempt id: the component has no
//! source of randomness, and a rerun of a recorded job sends the same ids.
//!
//! None of this is for security, and nothing here may be used for it.

use std::cell::Cell;

/// Numbers the logical calls of one job.
pub struct RequestIds {
    seed: u64,
    next: Cell<u64>,
}

/// One logical call: the same across its retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId {
    high: u64,
    low: u64,
}

impl RequestIds {
    /// Starts counting for an attempt.
    pub fn new(attempt_id: &str) -> Self {
        RequestIds {
            seed: fnv1a(attempt_id.as_bytes()),
            next: Cell::new(0),
        }
    }

    /// The id of the next logical call.
    pub fn next(&self) -> RequestId {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let high = mix(self.seed ^ mix(number));
        RequestId {
            high,
            low: mix(high ^ self.seed),
        }
    }
}

impl RequestId {
    /// A UUID of version 8, the one for own schemes (RFC 9562 section 5.8).
    pub fn uuid(self) -> String {
        let high = (self.high & !0xF000) | 0x8000;
        let low = (self.low & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF,
        )
    }

    /// A number in 0..1 that differs between calls and between the attempts of one.
    pub fn jitter(self, attempt: u32) -> f64 {
        const STEPS: u32 = 1 << 16;
        let step = mix(self.low ^ mix(u64::from(attempt))) % u64::from(STEPS);
        f64::from(u32::try_from(step).unwrap_or(0)) / f64::from(STEPS)
    }
}

/// FNV-1a, 64 bits (the authors' IETF draft draft-eastlake-fnv).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood, 2014): every bit of the input
/// moves half of the output's.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_uuids_of_version_8_and_differ_between_calls_and_attempts() {
        let mut seen = BTreeSet::new();
        for attempt in ["a", "b", "0b0a6c1e-0000-4000-8000-000000000001"] {
            let ids = RequestIds::new(attempt);
            for _ in 0..1_000 {
                let uuid = ids.next().uuid();
                let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
                assert_eq!(groups, [8, 4, 4, 4, 12], "{uuid}");
                assert_eq!(uuid.as_bytes()[14], b'8', "{uuid}");
                assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
                assert!(seen.insert(uuid));
            }
        }
    }

    #[test]
    fn the_same_attempt_id_gives_the_same_ids() {
        let (one, two) = (RequestIds::new("x"), RequestIds::new("x"));
        assert_eq!(one.next().uuid(), two.next().uuid());
        assert_eq!(one.next().uuid(), two.next().uuid());
    }

    #[test]
    fn jitter_stays_between_zero_and_one_and_spreads() {
        let ids = RequestIds::new("x");
        let values: Vec<f64> = (0..1_000).map(|_| ids.next().jitter(1)).collect();
        assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let inside = |value: &&f64| (low..low + 0.1).contains(*value);
            assert!(values.iter().filter(inside).count() > 50, "{tenth}");
        }
    }

    #[test]
    fn jitter_differs_between_the_attempts_of_one_call() {
        let id = RequestIds::new("x").next();
        assert!((id.jitter(1) - id.jitter(2)).abs() > f64::EPSILON);
    }
}
