//! The requests of an Add: look, decide, import, and whatever a vault puts in between.
//!
//! It must not decide what is wanted (`plan`), nor how a job ends for the platform.
//!
//! Every import is preceded by a look: the first one, one after an answer that was lost, one
//! after every wait, also of a service that is throttled; and so is every end after an answer
//! that was lost. So nothing is imported over what the job may not replace, and nothing twice,
//! as far as a service without conditional requests allows.

use std::cell::Cell;
use std::time::Duration;

use super::chain::{Comparison, NotCompared};
use super::deeds::{Deeds, Import, Recovery};
use super::ending::{Ending, Problem};
use super::plan::{Learned, NewVersion, Plan, Trace, decide, fit, trace};
use super::wanted::{LARGEST, Wanted};
use crate::azure::action::Action;
use crate::azure::certificate::Exportable;
use crate::azure::current::Current;
use crate::azure::error::CallError;
use crate::azure::import::{self, may_be_about_kind};
use crate::azure::issuers::{Issuers, Withheld, issuers_of_current};
use crate::azure::key_kind::Protection;
use crate::azure::remedy;
use crate::azure::vault::{Deleted, NameState, Vault};
use crate::env::Environment;
use crate::host::LogLevel;
use crate::job::changing::{LOOK_AT_NAME_EVERY, PATIENCE, SETTLE};
use crate::job::parameters::OldTags;
use crate::pfx::Family;
use job_scope::Hsm;

/// How often a name is recovered. Once is enough, unless somebody deletes it at the same
/// time; then it is theirs.
const RECOVERIES: u32 = 2;

/// What is there after an answer was lost.
enum After {
    /// What the lost import has made.
    Made(Current),
    /// The same as before it.
    Same(Option<Current>),
}

/// One run.
pub(super) struct Steps<'r, 'e, E> {
    vault: &'r Vault<'e, E>,
    wanted: Wanted,
    /// Whether the managed secret may be read, to compare chains.
    reads_secret: bool,
    deeds: &'r Deeds,
    /// When to stop waiting for what is going on in the vault.
    patience: Cell<Option<Duration>>,
}

impl<'r, 'e, E: Environment> Steps<'r, 'e, E> {
    pub(super) fn new(
        vault: &'r Vault<'e, E>,
        wanted: Wanted,
        reads_secret: bool,
        deeds: &'r Deeds,
    ) -> Self {
        Steps {
            vault,
            wanted,
            reads_secret,
            deeds,
            patience: Cell::new(None),
        }
    }

    /// Takes them.
    pub(super) async fn take(self) -> Result<Ending, Problem> {
        let mut lost: Option<(CallError, NewVersion)> = None;
        let mut lost_answers = 0;
        let mut recoveries = 0;
        let mut attempts = 0;
        let mut learned = Learned::default();
        let mut existing = self.look().await?;
        loop {
            let plan = match decide(existing.as_ref(), &self.wanted.wish, &learned)? {
                Plan::Import(plan) => plan,
                Plan::Keep => {
                    let there = match (lost.take(), &existing) {
                        // It was not there before this job's own import.
                        (Some((_, plan)), Some(made)) => return Ok(self.imported(plan, made)),
                        (_, there) => there.as_ref(),
                    };
                    let version = there.map(|there| there.version.clone()).unwrap_or_default();
                    if let Some(chain) = learned.chain_of(&version) {
                        return Ok(Ending::Unchanged {
                            recovered: self.deeds.has_recovered(),
                            chain: chain.clone(),
                        });
                    }
                    let chain = self.compare(&version).await?;
                    learned.chain = Some((version, chain));
                    continue;
                }
                Plan::LeaveAlone(differences) => {
                    return match lost {
                        None => Ok(Ending::LeftAlone(differences)),
                        Some((lost, _)) => Err(Problem::Covered { lost }),
                    };
                }
            };
            let tried = std::mem::take(&mut attempts);
            let error = match self.import(&plan, tried).await {
                Ok(made) => {
                    self.deeds.imported(&made.version);
                    let made = self.with_policy(made).await;
                    return Ok(self.imported(plan, &made));
                }
                Err(error) => error,
            };
            if let Some(tried) = error.held() {
                attempts = tried;
                self.deeds.import(Import::None);
                existing = match self.look_again(lost.as_ref(), existing.as_ref()).await? {
                    After::Made(made) => return Ok(self.imported(plan, &made)),
                    After::Same(now) => now,
                };
                continue;
            }
            if error.may_have_taken_effect() {
                let settle = SETTLE.get(lost_answers).copied().unwrap_or_default();
                lost_answers += 1;
                self.deeds.import(Import::Lost);
                existing = match self.after(&error, existing.as_ref(), settle).await? {
                    After::Made(made) => return Ok(self.imported(plan, &made)),
                    After::Same(now) => now,
                };
                if lost_answers >= SETTLE.len() {
                    let lost = error;
                    return Err(Problem::NoTrace { lost, settle });
                }
                lost = Some((error, plan));
                continue;
            }
            self.deeds.import(Import::None);
            if lost.is_some()
                && let Some(made) = self.come_late(existing.as_ref()).await
            {
                return Ok(self.imported(plan, &made));
            }
            if plan.protection == Protection::Hsm && self.may_be_about_kind(&error) {
                if self.wanted.wish.hsm == Hsm::Keep {
                    return Err(Problem::HsmRefused(error));
                }
                let how = error.briefly();
                let line = format!("the vault did not take the key for an HSM ({how})");
                self.log(LogLevel::Warn, &line);
                learned.hsm_refused = Some(how);
                existing = match self.look_again(lost.as_ref(), existing.as_ref()).await? {
                    After::Made(made) => return Ok(self.imported(plan, &made)),
                    After::Same(now) => now,
                };
                continue;
            }
            existing = match NameState::behind(&error) {
                Some(NameState::Deleted) if !self.wanted.wish.overwrite => {
                    return Err(self.refuse_deleted().await);
                }
                Some(NameState::Deleted) if recoveries < RECOVERIES => {
                    recoveries += 1;
                    self.see_that_it_fits().await?;
                    self.recover().await?
                }
                Some(NameState::Deleted) if !self.has_deleted_certificate().await => {
                    return Err(Problem::DeletedKeyOrSecret);
                }
                Some(NameState::BeingDeleted | NameState::BeingRecovered) if self.is_patient() => {
                    self.pause(LOOK_AT_NAME_EVERY).await;
                    self.look().await?
                }
                None if existing
                    .as_ref()
                    .is_some_and(|there| !there.is_certificate())
                    && error.refusal().is_some_and(|refusal| refusal.status == 409) =>
                {
                    return Err(error.because(self.under_way()).into());
                }
                _ => return Err(error.into()),
            };
        }
    }

    /// Whether the vault has the certificates above the one that is there, in this version.
    async fn compare(&self, version: &str) -> Result<Comparison, CallError> {
        let brought = &self.wanted.issuers;
        let untold = match (self.wanted.wish.overwrite, self.reads_secret) {
            _ if brought.is_empty() => return Ok(Comparison::NoneBrought),
            (false, _) => NotCompared::WithoutOverwrite,
            (true, false) => NotCompared::NotAllowed,
            (true, true) => {
                let (alias, leaf) = (&self.wanted.alias, &self.wanted.leaf);
                let service = self.vault.service();
                match issuers_of_current(service, alias, version, leaf).await? {
                    Issuers::Known(there) => return Ok(Comparison::of(brought, &there)),
                    Issuers::Withheld(Withheld::Refused(error)) => {
                        NotCompared::Withheld(error.to_string())
                    }
                    Issuers::Withheld(odd) => NotCompared::Withheld(odd.briefly()),
                }
            }
        };
        Ok(Comparison::NotCompared(untold))
    }

    /// Whether another kind of key may be taken where this one was refused. Of two families none
    /// is.
    fn may_be_about_kind(&self, error: &CallError) -> bool {
        let mixed = Family::are_mixed(self.wanted.kind, self.wanted.signed_by);
        may_be_about_kind(error) && !mixed
    }

    /// What keeps a name from being imported to that the vault is still making a certificate of.
    fn under_way(&self) -> String {
        let vault = self.vault.service().host().split('.').next();
        let what = remedy::pending(vault.unwrap_or_default(), self.wanted.alias.as_str());
        format!("the vault is still making a certificate of that name: {what}")
    }

    /// What was imported, with its policy: whether the vault still renews it is seen in it alone.
    /// It is imported all the same where that cannot be read.
    async fn with_policy(&self, made: Current) -> Current {
        if made.exportable != Exportable::NoPolicy {
            return made;
        }
        match self.look().await {
            Ok(Some(now)) if now.version == made.version => now,
            _ => made,
        }
    }

    fn imported(&self, plan: NewVersion, made: &Current) -> Ending {
        self.log(LogLevel::Info, "imported");
        Ending::Imported {
            version: made.version.clone(),
            thumbprint: self.wanted.wish.thumbprint,
            recovered: self.deeds.has_recovered(),
            notes: plan.notes(made),
        }
    }

    async fn look(&self) -> Result<Option<Current>, CallError> {
        self.vault.current(&self.wanted.alias).await
    }

    async fn import(&self, plan: &NewVersion, tried: u32) -> Result<Current, CallError> {
        let what = format!(
            "importing it: {}, certificates above it: {}, tags: {}",
            plan.protection.kty(self.wanted.kind),
            self.wanted.issuers.len(),
            plan.tags.count()
        );
        self.log(LogLevel::Info, &what);
        let import = import::Import {
            contents: self.wanted.contents(plan.form),
            form: plan.form,
            kind: self.wanted.kind,
            signed_by: self.wanted.signed_by,
            protection: plan.protection,
            exportable: plan.exportable,
            reuse_key: plan.reuse_key,
            keeps_order: plan.keeps_order,
            issuer_unknown: plan.issuer_unknown,
            lifetime_actions: &plan.lifetime_actions,
            tags: plan.tags.as_map(),
        };
        self.deeds.import(Import::Sent);
        let answer = self
            .vault
            .import(&self.wanted.alias, &import, tried)
            .await?;
        if answer.thumbprint == Some(self.wanted.wish.thumbprint) {
            return Ok(answer);
        }
        Err(CallError::Unreadable {
            problem: "it shows another certificate than the one that was sent".to_owned(),
            call: self
                .vault
                .service()
                .call(Action::ImportCertificate(self.wanted.alias.to_string())),
            request_id: None,
        })
    }

    /// Looks before another import is sent, also for one whose answer was lost before.
    async fn look_again(
        &self,
        lost: Option<&(CallError, NewVersion)>,
        before: Option<&Current>,
    ) -> Result<After, Problem> {
        match lost {
            None => Ok(After::Same(self.look().await?)),
            Some((lost, _)) => self.after(lost, before, Duration::ZERO).await,
        }
    }

    /// Looks what became of an import whose answer was lost; that another certificate covers it
    /// ends the job.
    async fn after(
        &self,
        lost: &CallError,
        before: Option<&Current>,
        settle: Duration,
    ) -> Result<After, Problem> {
        let line = format!("{lost}; looking whether it took effect");
        self.log(LogLevel::Warn, &line);
        self.pause(settle).await;
        let now = self.look().await.map_err(|look| Problem::Unreadable {
            lost: lost.clone(),
            look,
        })?;
        let before = before.map(|before| before.version.as_str());
        match (
            trace(before, now.as_ref(), self.wanted.wish.thumbprint),
            now,
        ) {
            (Trace::Applied, Some(made)) => Ok(After::Made(made)),
            (Trace::Undone, now) => Ok(After::Same(now)),
            (Trace::Applied | Trace::Covered, _) => Err(Problem::Covered { lost: lost.clone() }),
        }
    }

    /// An import was refused after the answer to one before it was lost. The lost one may have
    /// taken effect after the last look, and even be the reason: looks once more. Where that
    /// fails, the refusal says more.
    async fn come_late(&self, before: Option<&Current>) -> Option<Current> {
        let now = self.look().await;
        let now = now.inspect_err(|error| self.log(LogLevel::Debug, &error.to_string()));
        let now = now.ok().flatten()?;
        let before = before.map(|before| before.version.as_str());
        match trace(before, Some(&now), self.wanted.wish.thumbprint) {
            Trace::Applied => Some(now),
            Trace::Undone | Trace::Covered => None,
        }
    }

    /// Recovers the deleted certificate, and comes back with what is there then.
    async fn recover(&self) -> Result<Option<Current>, Problem> {
        self.log(LogLevel::Info, "recovering the deleted one first");
        self.deeds.recovery(Recovery::Sent);
        self.patience.set(None);
        let going_on = match self.vault.recover(&self.wanted.alias).await {
            Ok(going_on) => {
                self.deeds.recovery(Recovery::Underway);
                going_on
            }
            // Whether it was asked for is seen by whether it comes back.
            Err(error) if error.may_have_taken_effect() => {
                self.deeds.recovery(Recovery::Lost);
                true
            }
            Err(error) => {
                self.deeds.recovery(Recovery::None);
                match NameState::behind(&error) {
                    Some(NameState::BeingRecovered) => {
                        self.deeds.recovery(Recovery::Underway);
                        true
                    }
                    Some(NameState::BeingDeleted) => {
                        self.pause(LOOK_AT_NAME_EVERY).await;
                        false
                    }
                    _ => return Err(error.into()),
                }
            }
        };
        if !going_on {
            // Purged or recovered by somebody else, or still being deleted.
            self.deeds.recovery(Recovery::None);
            return Ok(self.look().await?);
        }
        loop {
            if let Some(current) = self.look().await? {
                self.deeds.recovery(Recovery::Done);
                return Ok(Some(current));
            }
            if !self.is_patient() {
                return Err(Problem::NotBack);
            }
            self.pause(LOOK_AT_NAME_EVERY).await;
        }
    }

    /// Before a recovery, which is a change too: whether an import over what is deleted can do
    /// what is asked for. It is looked at where something may keep it from that; and whoever may
    /// not read what is deleted finds out afterwards.
    async fn see_that_it_fits(&self) -> Result<(), Problem> {
        let wish = &self.wanted.wish;
        let given = &wish.parameters;
        let tags = given.old_tags == OldTags::Stay && given.tags.count() > 0;
        let hsm = wish.hsm == Hsm::Keep && given.exportable == Some(true);
        if tags || hsm || wish.pem_size > LARGEST {
            let deleted = self.deleted().await.flatten().unwrap_or_default();
            let was = deleted.protection.unwrap_or_default();
            fit(wish, &deleted.tags, was, deleted.form)?;
        }
        Ok(())
    }

    async fn refuse_deleted(&self) -> Problem {
        let Some(deleted) = self.deleted().await.unwrap_or(Some(Deleted::default())) else {
            return Problem::DeletedKeyOrSecret;
        };
        Problem::SoftDeleted {
            deleted: deleted.deleted,
            purged: deleted.purged,
        }
    }

    /// What keeps the name may as well be a deleted key or secret; whoever may not look takes
    /// it for a certificate.
    async fn has_deleted_certificate(&self) -> bool {
        !matches!(self.deleted().await, Some(None))
    }

    /// The deleted certificate, if there is one; `None` where that could not be read.
    async fn deleted(&self) -> Option<Option<Deleted>> {
        let deleted = self.vault.deleted(&self.wanted.alias).await;
        deleted
            .inspect_err(|error| self.log(LogLevel::Debug, &error.to_string()))
            .ok()
    }

    /// Whether to go on waiting; the time counts from the first question.
    fn is_patient(&self) -> bool {
        let now = self.env().now();
        let until = self.patience.get().unwrap_or(now.saturating_add(PATIENCE));
        self.patience.set(Some(until));
        now < until
    }

    async fn pause(&self, time: Duration) {
        self.env().sleep(time).await;
    }

    fn log(&self, level: LogLevel, line: &str) {
        self.env()
            .log(level, &format!("{}: {line}", self.wanted.alias));
    }

    fn env(&self) -> &'e E {
        self.vault.calls().env()
    }
}
