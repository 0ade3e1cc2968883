//! Lets the thread of a job that has computed much give way to those that mostly wait. When nobody
//! else wants the core, it has it all the same.
//!
//! Measured on two busy cores, an inventory of 1,000 certificates beside four guests that spin, in
//! times of its own alone: 2.3 with fair shares for all, 1.45 with these ten steps of `nice` back,
//! 1.1 with nineteen.
//!
//! It must not know what is computed.

use std::time::Duration;

/// After so much CPU time a job's thread is so far back, in units of `nice`. A whole inventory of
/// 1,000 certificates was measured to take 200 ms, TLS and all, so that it never steps back; one
/// of 10,000 does once.
const STEPS: [(Duration, i32); 2] = [
    (Duration::from_millis(250), 10),
    (Duration::from_secs(2), 19),
];

/// Of a thread that is one job's alone.
#[derive(Debug, Default)]
pub(super) struct Courtesy {
    taken: usize,
}

impl Courtesy {
    /// Steps back, when the present thread has used so much CPU time.
    pub(super) fn look(&mut self, used: Duration) {
        while let Some((much, back)) = STEPS.get(self.taken)
            && used >= *much
        {
            let before = self.taken.checked_sub(1).and_then(|last| STEPS.get(last));
            step_back(back - before.map_or(0, |(_, back)| *back));
            self.taken += 1;
        }
    }
}

/// On Linux each thread has a priority of its own (setpriority(2), "C library/kernel differences").
/// Where it cannot be lowered, the job runs on as it is.
#[cfg(target_os = "linux")]
fn step_back(by: i32) {
    if let Ok(now) = rustix::process::getpriority_process(None) {
        let _ = rustix::process::setpriority_process(None, now + by);
    }
}

/// Elsewhere it would be the whole program that steps back.
#[cfg(not(target_os = "linux"))]
fn step_back(_: i32) {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn nice() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[test]
    fn a_thread_that_computed_much_steps_back_and_no_other_does() {
        let before = nice();
        let stepped = std::thread::spawn(|| {
            let mut courtesy = Courtesy::default();
            let [(much, _), (more, _)] = STEPS;
            let moment = Duration::from_millis(1);
            [much - moment, much, much, more - moment, more, more * 2].map(|used| {
                courtesy.look(used);
                nice()
            })
        });
        // Nineteen is as far as there is.
        let wanted = [0, 10, 10, 10, 19, 19].map(|back| (before + back).min(19));
        assert_eq!(stepped.join().unwrap(), wanted);
        assert_eq!(nice(), before);
    }
}
