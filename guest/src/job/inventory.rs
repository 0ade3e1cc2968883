//! The inventory: lists the vault, reads every certificate while the list is still
//! coming, and hands the items over as they come.
//!
//! It must not know HTTP, tokens or JSON; and it must not hold the whole vault. `known` is what
//! need not be read again, `report` how it ended.

mod known;
mod report;

use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::task::Poll;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use job_scope::{Alias, Extent, JobOptions, Partial, counted};

use self::known::Known;
use self::report::{Compared, Gaps, Problem, done, failed};
use super::batches::{Added, Batches, SubmissionRefused};
use super::input;
use super::item::item;
use super::reading::{NameReading, read};
use super::store;
use super::watch::{self, Ended};
use crate::azure::certificate::Defect;
use crate::azure::error::CallError;
use crate::azure::issuers::Withheld;
use crate::azure::vault::{Listed, Page, Vault};
use crate::contract::{Failure, Job, KnownState, Outcome, Status, Store};
use crate::env::Environment;
use crate::host::LogLevel;

/// Certificates that are read at the same time. The list brings 25 per answer, so that
/// twice as many in flight keep up with it even when a read takes longer than a page;
/// with the list's own request this stays below a host's limit of 64.
const IN_FLIGHT: usize = 48;

/// Names that are listed ahead of the reads, about: 40 pages. Enough that the list
/// never waits while reads keep up, and little memory when they do not.
const LISTED_AHEAD: usize = 1_000;

/// Aliases of one submission: as many as are in a batch of certificates.
const KNOWN_AT_ONCE: usize = 100;

/// Runs the job.
pub async fn run<E: Environment>(env: &E, job: &Job, store: &Store) -> Outcome {
    let outcome = inventory(env, job, store).await;
    if let Status::Failure(_) = outcome.status {
        env.log(LogLevel::Error, &outcome.message);
    }
    outcome
}

async fn inventory<E: Environment>(env: &E, job: &Job, store: &Store) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let prepared = input::options(job)
        .and_then(|options| Ok((options, store::open(env, job, store, deadline)?)));
    let (options, opened) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Outcome::failure(Failure::InvalidInput, error),
    };
    let vault = opened.vault();
    let mut run = Inventory::new(&vault, &options);
    let problem = match watch::watched(env, deadline, run.read()).await {
        Ok(Ok(())) => return done(&opened.scope, &run.gaps),
        Ok(Err(problem)) => problem,
        Err(ended) => Problem::Ended(ended, vault.calls().last_trouble()),
    };
    failed(&problem, run.read_or_known(), run.all_listed())
}

/// What happens next.
enum Event {
    Page(Result<Page, CallError>),
    Certificate(Alias, Result<NameReading, CallError>),
    /// Everything is done.
    End,
}

/// One run over a vault.
struct Inventory<'v, 'e, E> {
    vault: &'v Vault<'e, E>,
    options: &'v JobOptions,
    batches: Batches<'e, E>,
    gaps: Gaps,
    /// Names that were read: an inventory of all versions has more items.
    done: u64,
    /// Issuers that were read.
    chains: u64,
    /// Issuers that the identity may not read, and the first refusal.
    forbidden: u64,
    first_forbidden: Option<(Failure, String)>,
    /// Names in lower case: a vault that changes while it is listed may show one twice.
    listed: BTreeSet<String>,
    waiting: VecDeque<Alias>,
    gone: u64,
    known: Known,
    /// How many are as in the last inventory.
    unchanged: u64,
}

impl<'v, 'e, E: Environment> Inventory<'v, 'e, E> {
    fn new(vault: &'v Vault<'e, E>, options: &'v JobOptions) -> Self {
        let last_inventory = match options.extent {
            Extent::Whole => Vec::new(),
            Extent::ChangedOnly => vault.calls().env().last_inventory(),
        };
        Inventory {
            vault,
            options,
            batches: Batches::new(vault.calls().env()),
            gaps: Gaps::default(),
            done: 0,
            chains: 0,
            forbidden: 0,
            first_forbidden: None,
            listed: BTreeSet::new(),
            waiting: VecDeque::new(),
            gone: 0,
            known: Known::new(last_inventory, options.chain),
            unchanged: 0,
        }
    }

    async fn read(&mut self) -> Result<(), Problem> {
        let (vault, options) = (self.vault, self.options);
        let mut pages = vault.pages();
        let mut reads = FuturesUnordered::new();
        let mut listing = Some(Box::pin(vault.page(None)));
        let mut next_page = None;
        loop {
            while reads.len() < IN_FLIGHT
                && let Some(name) = self.waiting.pop_front()
            {
                reads.push(async move {
                    let reading = read(vault, &name, options).await;
                    (name, reading)
                });
            }
            if listing.is_none() && self.waiting.len() < LISTED_AHEAD {
                listing = next_page
                    .take()
                    .map(|link| Box::pin(vault.page(Some(link))));
            }
            // The list comes first: the whole job is as long as its chain of pages.
            let event = poll_fn(|context| {
                if let Some(page) = listing.as_mut()
                    && let Poll::Ready(page) = page.as_mut().poll(context)
                {
                    listing = None;
                    return Poll::Ready(Event::Page(page));
                }
                match reads.poll_next_unpin(context) {
                    Poll::Ready(Some((name, reading))) => {
                        Poll::Ready(Event::Certificate(name, reading))
                    }
                    Poll::Ready(None) if listing.is_none() => Poll::Ready(Event::End),
                    Poll::Ready(None) | Poll::Pending => Poll::Pending,
                }
            })
            .await;
            match event {
                Event::Page(page) => {
                    let page = page?;
                    self.list(page.items)?;
                    let request_id = page.request_id;
                    let misled = |refusal| CallError::Link {
                        refusal,
                        request_id,
                    };
                    next_page = pages.next(page.next).map_err(misled)?;
                    self.step(next_page.is_none())?;
                }
                Event::Certificate(name, reading) => {
                    let complete = listing.is_none() && next_page.is_none();
                    self.take(&name, reading, complete)?;
                }
                Event::End => return self.end(),
            }
        }
    }
}

impl<E: Environment> Inventory<'_, '_, E> {
    /// Takes what is on a page.
    fn list(&mut self, items: Vec<Listed>) -> Result<(), SubmissionRefused> {
        let mut unchanged = Vec::new();
        for item in items {
            if !self.listed.insert(item.name.to_ascii_lowercase()) {
                continue;
            }
            if let Some(alias) = self.known.listed(&item) {
                unchanged.push(alias);
                continue;
            }
            let name = item.name;
            match Alias::parse(&name) {
                Ok(alias) => self.waiting.push_back(alias),
                Err(_) => self.lose(&name, &Defect::Name.to_string(), None),
            }
        }
        let count = u64::try_from(unchanged.len()).unwrap_or(u64::MAX);
        self.unchanged = self.unchanged.saturating_add(count);
        self.hand_over_known(unchanged, KnownState::Unchanged)
    }

    fn hand_over_known(
        &self,
        aliases: Vec<String>,
        state: KnownState,
    ) -> Result<(), SubmissionRefused> {
        if aliases.is_empty() {
            return Ok(());
        }
        let handed_over = self.env().submit_known(aliases, state);
        handed_over.map_err(SubmissionRefused)
    }

    /// Takes what reading one certificate came to.
    fn take(
        &mut self,
        name: &Alias,
        reading: Result<NameReading, CallError>,
        listed_all: bool,
    ) -> Result<(), Problem> {
        match reading {
            Ok(NameReading::Found(all)) => {
                self.done += 1;
                for (found, withheld) in all {
                    match withheld {
                        Some(withheld) => self.lose_chain(name, &withheld),
                        None => self.chains += 1,
                    }
                    if self.batches.add(item(found))? == Added::HandedOver {
                        self.step(listed_all)?;
                    }
                }
            }
            Ok(NameReading::Gone) => {
                self.gone += 1;
                self.known.deleted(name.as_str());
                let name = self.shown(name.as_str());
                let line = format!("{name} was deleted since the list was made; left out");
                self.env().log(LogLevel::Debug, &line);
            }
            Ok(NameReading::Defective(defect)) => {
                self.lose(name.as_str(), &defect.to_string(), None);
            }
            Err(error) if self.tolerates(&error) => {
                self.lose(name.as_str(), &error.briefly(), Some(&error));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn tolerates(&self, error: &CallError) -> bool {
        error.forbids_one_name()
            || self.options.partial == Partial::Submit && error.may_be_of_one_call()
    }

    /// The result tells the losses together, by cause; a line for each is for who asks for it.
    fn lose(&mut self, name: &str, briefly: &str, error: Option<&CallError>) {
        let name = &self.shown(name);
        let cause = error.map_or_else(|| briefly.to_owned(), ToString::to_string);
        let line = format!("{name} is missing from the inventory: {cause}");
        self.env().log(LogLevel::Info, &line);
        self.gaps.missing.add(name, briefly, error);
    }

    fn lose_chain(&mut self, name: &Alias, withheld: &Withheld) {
        let name = &self.shown(name.as_str());
        let error = withheld.error();
        let cause = error.map_or_else(|| withheld.briefly(), ToString::to_string);
        if let Some(error) = withheld.forbidden() {
            self.forbidden += 1;
            self.first_forbidden
                .get_or_insert_with(|| (error.failure(), error.to_string()));
        }
        let line = format!("{name} is in the inventory without its issuers: {cause}");
        self.env().log(LogLevel::Info, &line);
        let without_chain = &mut self.gaps.without_chain;
        without_chain.add(name, &withheld.briefly(), error);
    }

    /// Between pages and batches: says how far the job is, and asks whether to go on.
    fn step(&self, listed_all: bool) -> Result<(), Problem> {
        let done = self
            .done
            .saturating_add(self.unchanged)
            .saturating_add(self.gaps.missing.count())
            .saturating_add(self.gone);
        let total = self.all_listed();
        self.env().progress(done, listed_all.then_some(total));
        if self.env().cancelled() {
            return Err(Problem::Ended(Ended::Cancelled, None));
        }
        Ok(())
    }

    fn all_listed(&self) -> u64 {
        u64::try_from(self.listed.len()).unwrap_or(u64::MAX)
    }

    fn read_or_known(&self) -> u64 {
        self.done.saturating_add(self.unchanged)
    }

    fn end(&mut self) -> Result<(), Problem> {
        let count = self.batches.count().saturating_add(self.unchanged);
        let read = self.read_or_known();
        let lost = self.gaps.missing.count();
        if let Some((failure, cause)) = self.gaps.missing.first() {
            if count == 0 {
                return Err(Problem::Nothing {
                    count: lost,
                    cause,
                    failure,
                });
            }
            if lost > read && self.options.partial == Partial::Refuse {
                return Err(Problem::MostLost {
                    lost,
                    read,
                    cause,
                    failure,
                });
            }
        }
        if let Some((failure, cause)) = self.first_forbidden.take()
            && self.chains == 0
            && self.options.partial == Partial::Refuse
        {
            return Err(Problem::NoChains {
                count: self.forbidden,
                cause,
                failure,
            });
        }
        self.step(true)?;
        self.batches.hand_over()?;
        let gone = self.known.gone();
        let vanished = gone.len();
        for batch in gone.chunks(KNOWN_AT_ONCE) {
            self.hand_over_known(batch.to_vec(), KnownState::Deleted)?;
        }
        if self.known.any() {
            self.gaps.compared = Some(Compared {
                all: count,
                unchanged: self.unchanged,
                vanished,
                chain: self.options.chain,
            });
        }
        let line = format!(
            "{} handed over, {} could not be read, {} were deleted meanwhile",
            counted(count, "certificate"),
            self.gaps.missing.count(),
            self.gone
        );
        self.env().log(LogLevel::Info, &line);
        Ok(())
    }

    fn shown(&self, name: &str) -> String {
        self.vault.calls().discretion().certificate(name)
    }

    fn env(&self) -> &E {
        self.vault.calls().env()
    }
}

#[cfg(test)]
mod tests;
