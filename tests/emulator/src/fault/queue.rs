//! The rules still to strike, and which of them strike a request.
//!
//! Must not know what an effect does to an answer; only when its turn is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::effect::Rewriting;
use super::{Applied, Effect, Fault, When};
use crate::clock::Clock;

/// The parts of a request that rules look at.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) path_and_query: &'a str,
}

impl When {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        self.method.as_deref().is_none_or(|m| m == asked.method)
            && self.host.as_deref().is_none_or(|h| asked.host.ends_with(h))
            && self
                .path
                .as_deref()
                .is_none_or(|p| asked.path.starts_with(p))
    }
}

/// What comes instead of an answer.
#[derive(Debug)]
pub(crate) enum Instead {
    Answer(Response<Bytes>),
    Drop,
    Silence,
}

/// What befalls one request. Decided as it arrives, so that a fault that counts requests strikes the one it
/// means, however long an earlier one is on its way.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    instead: Option<(Effect, Applied)>,
    effects: Vec<Effect>,
    /// Numbers of faults that strike where there is something to rewrite.
    rewriting: Vec<u64>,
}

impl Turn {
    /// What must happen before the request is looked at: the clock moved on, and a wait.
    pub(crate) fn before(&self, clock: &Clock) -> Duration {
        let mut wait = Duration::ZERO;
        for effect in &self.effects {
            match effect {
                Effect::Latency { ms } => wait += Duration::from_millis(*ms),
                Effect::ClockSkip { seconds } => clock.advance(Duration::from_secs(*seconds)),
                _ => {}
            }
        }
        wait
    }

    /// What comes instead of the answer, if anything does, and whether the request takes effect.
    pub(crate) fn instead(&self, words: &impl Words) -> Option<(Instead, Applied)> {
        let (effect, applied) = self.instead.as_ref()?;
        Some((effect.instead(words)?, *applied))
    }

    /// Lets every fault about the way of delivery have its way with an answer.
    pub(crate) fn spoil(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        for effect in &self.effects {
            effect.spoil(&mut response);
        }
        response
    }
}

/// How the service that was asked words its errors.
pub(crate) trait Words {
    /// The error that goes with a status.
    fn plain(&self, status: StatusCode) -> Response<Bytes>;
    /// The error of a code of the service's; none for a code that is not played.
    fn named(&self, code: &str) -> Option<Response<Bytes>>;
}

#[derive(Debug, Default)]
struct Queue {
    /// By the number that they were given as they came.
    faults: Vec<(u64, Fault)>,
    next: u64,
    /// How many endless links were handed out.
    links: u64,
}

/// The faults still to strike, oldest first; a [`Turn`] is what one request gets of them.
#[derive(Debug)]
pub(crate) struct Faults {
    queue: Mutex<Queue>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Faults {
        let all = Faults {
            queue: Mutex::default(),
        };
        faults.into_iter().for_each(|fault| all.inject(fault));
        all
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.with(|queue| {
            queue.faults.push((queue.next, fault));
            queue.next += 1;
        });
    }

    pub(crate) fn clear(&self) {
        self.with(|queue| queue.faults.clear());
    }

    fn with<T>(&self, act: impl FnOnce(&mut Queue) -> T) -> T {
        act(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What befalls this request: of every fault that matches and has nothing left to skip.
    pub(crate) fn turn(&self, asked: &Asked<'_>) -> Turn {
        self.with(|queue| {
            let mut turn = Turn::default();
            let mut due: Vec<&mut (u64, Fault)> = Vec::new();
            for entry in &mut queue.faults {
                if entry.1.when.matches(asked) {
                    match entry.1.skip.checked_sub(1) {
                        Some(left) => entry.1.skip = left,
                        None => due.push(entry),
                    }
                }
            }
            let replacing = due.iter_mut().find(|(_, fault)| fault.then.replaces());
            if let Some((_, fault)) = replacing {
                turn.instead = Some((fault.then.clone(), fault.applied));
                strike(fault);
            }
            let answered = turn.instead.as_ref().is_none_or(|(e, _)| e.answers());
            for (number, fault) in due {
                if fault.then.rewrites() {
                    turn.rewriting.push(*number);
                } else if !fault.then.replaces() && (answered || fault.then.precedes()) {
                    turn.effects.push(fault.then.clone());
                    strike(fault);
                }
            }
            queue.forget_spent();
            turn
        })
    }

    /// Rewrites an answer by every fault that has something to rewrite in it. `aged` makes an expired
    /// token out of a good one.
    pub(crate) fn rewrite(
        &self,
        turn: &Turn,
        asked: &Asked<'_>,
        response: Response<Bytes>,
        aged: impl Fn(&str) -> Option<String>,
    ) -> Response<Bytes> {
        if turn.rewriting.is_empty() || !response.status().is_success() {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
            return Response::from_parts(parts, body);
        };
        let mut links = self.with(|queue| {
            queue.links += 1;
            queue.links
        });
        let mut struck = false;
        self.with(|queue| {
            for (number, fault) in &mut queue.faults {
                let mut rewriting = Rewriting {
                    asked,
                    link: &mut links,
                    aged: &aged,
                };
                if turn.rewriting.contains(number)
                    && fault.times != Some(0)
                    && fault.then.rewrite(&mut rewriting, &mut json)
                {
                    struck = true;
                    strike(fault);
                }
            }
            queue.forget_spent();
        });
        let body = if struck {
            Bytes::from(json.to_string())
        } else {
            body
        };
        Response::from_parts(parts, body)
    }
}

impl Queue {
    fn forget_spent(&mut self) {
        self.faults.retain(|(_, fault)| fault.times != Some(0));
    }
}

fn strike(fault: &mut Fault) {
    if let Some(times) = &mut fault.times {
        *times = times.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer;

    struct Plain;

    impl Words for Plain {
        fn plain(&self, status: StatusCode) -> Response<Bytes> {
            answer::error(status, "Code", "text")
        }

        fn named(&self, code: &str) -> Option<Response<Bytes>> {
            (code == "Known").then(|| self.plain(StatusCode::CONFLICT))
        }
    }

    fn asked(path: &'static str) -> Asked<'static> {
        Asked {
            method: "GET",
            host: "kv-one.vault.azure.net",
            path,
            path_and_query: path,
        }
    }

    fn strikes(faults: &Faults, path: &'static str) -> bool {
        faults.turn(&asked(path)).instead(&Plain).is_some()
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says_and_then_is_gone() {
        let faults = Faults::new(vec![Fault::status(503).path("/certificates/a").times(2)]);
        let strikes = |path| strikes(&faults, path);
        assert!(!strikes("/certificates/b"));
        let three = [(); 3].map(|()| strikes("/certificates/a"));
        assert_eq!(three, [true, true, false]);
    }

    #[test]
    fn a_fault_lets_so_many_of_its_requests_pass_and_counts_no_others() {
        let faults = Faults::new(vec![Fault::status(503).path("/a").skip(2).times(1)]);
        let paths = ["/a", "/b", "/a", "/b", "/a", "/a"];
        let struck = paths.map(|path| strikes(&faults, path));
        assert_eq!(struck, [false, false, false, false, true, false]);
    }

    #[test]
    fn faults_count_the_requests_that_others_strike() {
        let nth = |n| Fault::status(503).skip(n).times(1);
        let faults = Faults::new(vec![nth(1), nth(1), nth(3)]);
        // The second of two that wait for the same request has missed it, and takes the next.
        let struck = [(); 6].map(|()| strikes(&faults, "/"));
        assert_eq!(struck, [false, true, true, true, false, false]);
    }

    #[test]
    fn every_part_of_when_must_match() {
        let rule = Fault::status(500)
            .method("GET")
            .host("vault.azure.net")
            .path("/c")
            .when;
        assert!(rule.matches(&asked("/certificates")));
        for other in [
            Fault::status(500).method("POST"),
            Fault::status(500).host("vault.azure.cn"),
            Fault::status(500).path("/secrets"),
        ] {
            assert!(!other.when.matches(&asked("/certificates")), "{other:?}");
        }
    }

    #[test]
    fn a_status_and_an_error_carry_their_retry_after_in_any_spelling() {
        for (fault, status) in [
            (Fault::status(429), 429),
            (Fault::error("Known"), 409),
            (Fault::error("Unheard"), 500),
        ] {
            let date = "Wed, 21 Oct 2026 07:28:00 GMT";
            let faults = Faults::new(vec![fault.retry_after(date)]);
            let instead = faults.turn(&asked("/")).instead(&Plain);
            let Some((Instead::Answer(response), Applied::Never)) = instead else {
                panic!("an answer was expected");
            };
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get("retry-after").unwrap(), date);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_add_up_and_the_clock_is_moved_on_once_per_strike() {
        let clock = Clock::system();
        let began = clock.unix_seconds();
        let faults = Faults::new(vec![
            Fault::new(Effect::Latency { ms: 20 }),
            Fault::new(Effect::Latency { ms: 5 }).times(1),
            Fault::new(Effect::ClockSkip { seconds: 60 }).times(1),
        ]);
        let wait = |path| faults.turn(&asked(path)).before(&clock).as_millis();
        assert_eq!((wait("/"), wait("/")), (25, 20));
        assert_eq!(clock.unix_seconds() - began, 60);
    }
}
