//! Surroundings for unit tests: HTTP answered by a function, virtual time that jumps
//! to the next thing that is waited for, and a host that remembers.
//!
//! It must not know Azure; a test says what is answered.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use crate::clock::Clock;
use crate::contract::{InventoryItem, KnownCertificate, KnownState};
use crate::host::{Host, LogLevel};
use crate::http::{Http, Request, Response, TransportError};

/// What a test answers a request with.
pub(crate) type Answer = Result<Response, TransportError>;

type Server = Box<dyn Fn(&Sent, usize) -> Answer>;

/// A request that was sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) request: Request,
}

impl Sent {
    pub(crate) fn url(&self) -> &str {
        &self.request.url
    }

    pub(crate) fn body(&self) -> String {
        String::from_utf8(self.request.body.clone()).unwrap()
    }
}

/// The surroundings.
pub(crate) struct Fake {
    now: Cell<Duration>,
    timers: RefCell<Vec<(Duration, Waker)>>,
    server: RefCell<Server>,
    latency: Cell<Duration>,
    slow: Cell<Option<(&'static str, Duration)>>,
    sent: RefCell<Vec<Sent>>,
    in_flight: Cell<usize>,
    pub(crate) most_in_flight: Cell<usize>,
    pub(crate) log: RefCell<Vec<(LogLevel, String)>>,
    pub(crate) progress: RefCell<Vec<(u64, Option<u64>)>>,
    batches: RefCell<Vec<Vec<InventoryItem>>>,
    pub(crate) last_inventory: RefCell<Vec<KnownCertificate>>,
    pub(crate) known: RefCell<Vec<(String, KnownState)>>,
    pub(crate) discovered: RefCell<Vec<Vec<String>>>,
    pub(crate) assertions: RefCell<Vec<Result<String, String>>>,
    pub(crate) refuse_submissions: Cell<bool>,
    pub(crate) cancel_at: Cell<Option<Duration>>,
    /// The job is cancelled when so many requests have been answered.
    pub(crate) cancel_after: Cell<Option<usize>>,
    answered: Cell<usize>,
}

impl Default for Fake {
    fn default() -> Self {
        Fake::new(|sent, _| panic!("nobody answers {}", sent.url()))
    }
}

impl Fake {
    /// `server` gets a request and how many of the same method and URL came before.
    pub(crate) fn new(server: impl Fn(&Sent, usize) -> Answer + 'static) -> Self {
        Fake {
            // Not zero, so that an absolute time is not mistaken for a span.
            now: Cell::new(Duration::from_secs(1_000)),
            timers: RefCell::default(),
            server: RefCell::new(Box::new(server)),
            latency: Cell::new(Duration::ZERO),
            slow: Cell::default(),
            sent: RefCell::default(),
            in_flight: Cell::default(),
            most_in_flight: Cell::default(),
            log: RefCell::default(),
            progress: RefCell::default(),
            batches: RefCell::default(),
            last_inventory: RefCell::default(),
            known: RefCell::default(),
            discovered: RefCell::default(),
            assertions: RefCell::default(),
            refuse_submissions: Cell::default(),
            cancel_at: Cell::default(),
            cancel_after: Cell::default(),
            answered: Cell::default(),
        }
    }

    pub(crate) fn latency(self, milliseconds: u64) -> Self {
        self.latency.set(Duration::from_millis(milliseconds));
        self
    }

    /// Requests whose URL contains `part` take longer.
    pub(crate) fn slow(self, part: &'static str, latency: Duration) -> Self {
        self.slow.set(Some((part, latency)));
        self
    }

    fn latency_of(&self, url: &str) -> Duration {
        match self.slow.get() {
            Some((part, latency)) if url.contains(part) => latency,
            _ => self.latency.get(),
        }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    /// The requests whose URL contains `part`.
    pub(crate) fn sent_to(&self, part: &str) -> Vec<Sent> {
        let mut sent = self.sent();
        sent.retain(|sent| sent.url().contains(part));
        sent
    }

    pub(crate) fn batches(&self) -> Vec<Vec<InventoryItem>> {
        self.batches.borrow().clone()
    }

    pub(crate) fn aliases(&self) -> Vec<String> {
        let items = self.batches().into_iter().flatten();
        let mut aliases: Vec<String> = items.map(|item| item.alias).collect();
        aliases.sort();
        aliases
    }

    pub(crate) fn logged(&self, part: &str) -> usize {
        let log = self.log.borrow();
        log.iter().filter(|(_, line)| line.contains(part)).count()
    }

    /// Runs a future to its end; when it waits, time jumps to the next timer.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut future = pin!(future);
        loop {
            while flag.0.swap(false, Ordering::SeqCst) {
                if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    return result;
                }
            }
            self.advance();
        }
    }

    fn advance(&self) {
        let mut timers = self.timers.borrow_mut();
        let next = timers.iter().map(|(at, _)| *at).min();
        let now = next.expect("everything waits, and nothing is waited for");
        self.now.set(now.max(self.now.get()));
        timers.retain(|(at, waker)| {
            let due = *at <= now;
            if due {
                waker.wake_by_ref();
            }
            !due
        });
    }
}

impl Clock for Fake {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now.get()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> {
        let at = self.now.get() + duration;
        poll_fn(move |context| {
            if self.now.get() >= at {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            self.timers.borrow_mut().push((at, waker));
            Poll::Pending
        })
    }
}

impl Http for Fake {
    async fn send(&self, request: Request) -> Answer {
        let sent = Sent {
            at: self.now.get(),
            request,
        };
        let same = |earlier: &&Sent| earlier.url() == sent.url();
        let earlier = self.sent.borrow().iter().filter(same).count();
        self.sent.borrow_mut().push(sent.clone());
        let in_flight = InFlight::begin(self);
        self.sleep(self.latency_of(sent.url())).await;
        drop(in_flight);
        self.answered.set(self.answered.get() + 1);
        (self.server.borrow())(&sent, earlier)
    }
}

/// Counts a request until it is answered or dropped.
struct InFlight<'f>(&'f Fake);

impl<'f> InFlight<'f> {
    fn begin(fake: &'f Fake) -> Self {
        fake.in_flight.set(fake.in_flight.get() + 1);
        fake.most_in_flight
            .set(fake.most_in_flight.get().max(fake.in_flight.get()));
        InFlight(fake)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get() - 1);
    }
}

impl Host for Fake {
    fn log(&self, level: LogLevel, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        self.progress.borrow_mut().push((done, total));
    }

    fn cancelled(&self) -> bool {
        let answers = self.answered.get();
        self.cancel_at.get().is_some_and(|at| at <= self.now.get())
            || self
                .cancel_after
                .get()
                .is_some_and(|after| after <= answers)
    }

    /// The assertions that a test has laid ready, the last one first.
    fn assertion(&self) -> Result<String, String> {
        let next = self.assertions.borrow_mut().pop();
        next.unwrap_or_else(|| Err("there is none".to_owned()))
    }

    fn last_inventory(&self) -> Vec<KnownCertificate> {
        self.last_inventory.borrow().clone()
    }

    fn submit_known(&self, aliases: Vec<String>, state: KnownState) -> Result<(), String> {
        if self.refuse_submissions.get() {
            return Err("too many aliases".to_owned());
        }
        let aliases = aliases.into_iter().map(|alias| (alias, state));
        self.known.borrow_mut().extend(aliases);
        Ok(())
    }

    fn submit_discovery(&self, paths: Vec<String>) -> Result<(), String> {
        if self.refuse_submissions.get() {
            return Err("too many paths".to_owned());
        }
        self.discovered.borrow_mut().push(paths);
        Ok(())
    }

    fn submit_inventory(&self, items: Vec<InventoryItem>) -> Result<(), String> {
        if self.refuse_submissions.get() {
            return Err("too many items".to_owned());
        }
        self.batches.borrow_mut().push(items);
        Ok(())
    }
}

/// An answer with a body and no headers.
pub(crate) fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

/// The same with one header more.
pub(crate) fn with_header(mut response: Response, name: &str, value: &str) -> Response {
    response.headers.push((name.to_owned(), value.to_owned()));
    response
}
