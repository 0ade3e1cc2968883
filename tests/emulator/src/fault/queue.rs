//! The rules still to strike, and which of them strike a request.
//!
//! Must not know what an effect does to an answer; only when its turn is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::effect::Rewriting;
use super::{Effect, Fault, When};
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
    faults: Vec<Fault>,
    /// How many endless links were handed out.
    links: u64,
}

/// The faults still to strike, oldest first.
#[derive(Debug)]
pub(crate) struct Faults {
    queue: Mutex<Queue>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Faults {
        let queue = Queue { faults, links: 0 };
        Faults {
            queue: Mutex::new(queue),
        }
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.with(|queue| queue.faults.push(fault));
    }

    pub(crate) fn clear(&self) {
        self.with(|queue| queue.faults.clear());
    }

    fn with<T>(&self, act: impl FnOnce(&mut Queue) -> T) -> T {
        act(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What must happen before the request is looked at: the clock moved on, and a wait.
    pub(crate) fn before(&self, asked: &Asked<'_>, clock: &Clock) -> Duration {
        let mut wait = Duration::ZERO;
        self.strike_all(asked, |effect| match effect {
            Effect::Latency { ms } => {
                wait += Duration::from_millis(*ms);
                true
            }
            Effect::ClockSkip { seconds } => {
                clock.advance(Duration::from_secs(*seconds));
                true
            }
            _ => false,
        });
        wait
    }

    /// The first fault that replaces the answer to this request, if there is one.
    pub(crate) fn instead(&self, asked: &Asked<'_>, words: &impl Words) -> Option<Instead> {
        let effect = self.with(|queue| {
            let fault = queue.faults.iter_mut().find(|fault| {
                fault.times != Some(0) && fault.then.replaces() && fault.when.matches(asked)
            })?;
            let effect = fault.then.clone();
            strike(fault);
            queue.faults.retain(|fault| fault.times != Some(0));
            Some(effect)
        })?;
        effect.instead(words)
    }

    /// Rewrites an answer by every fault that has something to rewrite in it. `aged` makes an expired
    /// token out of a good one.
    pub(crate) fn rewrite(
        &self,
        asked: &Asked<'_>,
        response: Response<Bytes>,
        aged: impl Fn(&str) -> Option<String>,
    ) -> Response<Bytes> {
        let rewriting = |queue: &mut Queue| queue.faults.iter().any(|f| f.then.rewrites());
        if !response.status().is_success() || !self.with(rewriting) {
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
        self.strike_all(asked, |effect| {
            let mut rewriting = Rewriting {
                asked,
                link: &mut links,
                aged: &aged,
            };
            let rewritten = effect.rewrite(&mut rewriting, &mut json);
            struck |= rewritten;
            rewritten
        });
        let body = if struck {
            Bytes::from(json.to_string())
        } else {
            body
        };
        Response::from_parts(parts, body)
    }

    /// Lets every fault about the way of delivery have its way with an answer.
    pub(crate) fn spoil(
        &self,
        asked: &Asked<'_>,
        mut response: Response<Bytes>,
    ) -> Response<Bytes> {
        self.strike_all(asked, |effect| effect.spoil(&mut response));
        response
    }

    /// Lets every matching fault act; one that did counts as struck.
    fn strike_all(&self, asked: &Asked<'_>, mut act: impl FnMut(&Effect) -> bool) {
        self.with(|queue| {
            if queue.faults.is_empty() {
                return;
            }
            for fault in &mut queue.faults {
                if fault.times != Some(0) && fault.when.matches(asked) && act(&fault.then) {
                    strike(fault);
                }
            }
            queue.faults.retain(|fault| fault.times != Some(0));
        });
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

    #[test]
    fn a_fault_strikes_as_often_as_it_says_and_then_is_gone() {
        let faults = Faults::new(vec![Fault::status(503).path("/certificates/a").times(2)]);
        assert!(faults.instead(&asked("/certificates/b"), &Plain).is_none());
        assert!(faults.instead(&asked("/certificates/a"), &Plain).is_some());
        assert!(faults.instead(&asked("/certificates/a"), &Plain).is_some());
        assert!(faults.instead(&asked("/certificates/a"), &Plain).is_none());
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
            let Some(Instead::Answer(response)) = faults.instead(&asked("/"), &Plain) else {
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
        let wait = |path| faults.before(&asked(path), &clock).as_millis();
        assert_eq!((wait("/"), wait("/")), (25, 20));
        assert_eq!(clock.unix_seconds() - began, 60);
    }
}
