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

use super::deeds::{Deeds, Import, Recovery};
use super::plan::{Difference, NewVersion, Note, Plan, TooManyTags, Trace, decide, trace, united};
use super::wanted::Wanted;
use crate::azure::action::Action;
use crate::azure::certificate::Exportable;
use crate::azure::current::Current;
use crate::azure::error::CallError;
use crate::azure::import;
use crate::azure::thumbprint::Thumbprint;
use crate::azure::vault::{Deleted, NameState, Vault};
use crate::contract::{Failure, Outcome};
use crate::env::Environment;
use crate::host::LogLevel;
use crate::job::changing::{LOOK_AT_NAME_EVERY, PATIENCE, SETTLE, date};
use crate::job::parameters::OldTags;
use job_scope::Alias;

/// How often a name is recovered. Once is enough, unless somebody deletes it at the same
/// time; then it is theirs.
const RECOVERIES: u32 = 2;

/// How it ended well, or was left alone.
pub(super) enum Ending {
    Imported {
        /// The version that the vault has made.
        version: String,
        thumbprint: Thumbprint,
        recovered: bool,
        notes: Vec<Note>,
    },
    Unchanged {
        recovered: bool,
    },
    LeftAlone(Vec<Difference>),
}

/// What is there after an answer was lost.
enum After {
    /// What the lost import has made.
    Made(Current),
    /// The same as before it.
    Same(Option<Current>),
}

/// Why nothing was imported, or nobody knows.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{0}")]
    Call(#[from] CallError),
    #[error(transparent)]
    TooManyTags(#[from] TooManyTags),
    /// The name is soft-deleted, and the job may not replace it.
    #[error("{}", soft_deleted(*.deleted, *.purged))]
    SoftDeleted {
        /// When, in seconds since 1970, as far as it could be read.
        deleted: Option<i64>,
        /// When the vault purges it.
        purged: Option<i64>,
    },
    /// What is soft-deleted under the name is no certificate.
    #[error(
        "a deleted key or secret has that name, which keeps it until that one is purged: recover \
         or purge it (az keyvault key list-deleted, az keyvault secret list-deleted), or choose \
         another alias"
    )]
    DeletedKeyOrSecret,
    /// An answer was lost, and so is what would tell what became of its request.
    #[error("{lost}; looking whether it took effect failed too: {look}")]
    Unreadable { lost: CallError, look: CallError },
    /// An answer was lost, and then something else was there.
    #[error(
        "{lost}; meanwhile somebody else has imported another certificate of that name, and \
         whether this one is below it cannot be seen"
    )]
    Covered { lost: CallError },
    /// Answers were lost, and each time nothing had changed so far.
    #[error(
        "{lost}; {} answers were lost, and there was no trace of the import within {} s",
        SETTLE.len(),
        settle.as_secs()
    )]
    NoTrace { lost: CallError, settle: Duration },
    /// A recovered certificate does not come back.
    #[error(
        "the recovered certificate does not show within {} s; run the job again in some minutes",
        PATIENCE.as_secs()
    )]
    NotBack,
}

impl Problem {
    /// What the job reports. What was done is part of it wherever something was.
    pub(super) fn outcome(&self, deeds: &Deeds, alias: &Alias) -> Outcome {
        let failure = match self {
            _ if deeds.unknown() => Failure::Unresolved,
            Problem::Call(error) => error.failure(),
            Problem::TooManyTags(_) => Failure::InvalidInput,
            Problem::SoftDeleted { .. } | Problem::DeletedKeyOrSecret => Failure::Conflict,
            Problem::Unreadable { .. }
            | Problem::Covered { .. }
            | Problem::NoTrace { .. }
            | Problem::NotBack => Failure::Unresolved,
        };
        Outcome::failure(failure, format!("{self}; {}", deeds.told(alias)))
    }
}

fn soft_deleted(deleted: Option<i64>, purged: Option<i64>) -> String {
    let mut text = "a deleted certificate has that name, and the job has no Overwrite".to_owned();
    for (what, when) in [
        ("it was deleted on", deleted),
        ("the vault purges it on", purged),
    ] {
        if let Some(date) = when.and_then(date) {
            text.push_str(&format!("; {what} {date}"));
        }
    }
    text.push_str(
        "; run the job with Overwrite to recover it and put the new version over it, or purge it, \
         or choose another alias",
    );
    text
}

/// One run.
pub(super) struct Steps<'r, 'e, E> {
    vault: &'r Vault<'e, E>,
    wanted: Wanted,
    deeds: &'r Deeds,
    /// When to stop waiting for what is going on in the vault.
    patience: Cell<Option<Duration>>,
}

impl<'r, 'e, E: Environment> Steps<'r, 'e, E> {
    pub(super) fn new(vault: &'r Vault<'e, E>, wanted: Wanted, deeds: &'r Deeds) -> Self {
        Steps {
            vault,
            wanted,
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
        let mut existing = self.look().await?;
        loop {
            let plan = match decide(existing.as_ref(), &self.wanted.wish)? {
                Plan::Import(plan) => plan,
                Plan::Keep => {
                    return Ok(match (lost, existing) {
                        // It was not there before this job's own import.
                        (Some((_, plan)), Some(made)) => self.imported(plan, &made),
                        _ => Ending::Unchanged {
                            recovered: self.deeds.has_recovered(),
                        },
                    });
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
                existing = match &lost {
                    None => self.look().await?,
                    Some((lost, _)) => {
                        match self.after(lost, existing.as_ref(), Duration::ZERO).await? {
                            After::Made(made) => return Ok(self.imported(plan, &made)),
                            After::Same(now) => now,
                        }
                    }
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
            existing = match NameState::behind(&error) {
                Some(NameState::Deleted) if !self.wanted.wish.overwrite => {
                    return Err(self.refuse_deleted().await);
                }
                Some(NameState::Deleted) if recoveries < RECOVERIES => {
                    recoveries += 1;
                    self.see_that_tags_fit().await?;
                    self.recover().await?
                }
                Some(NameState::Deleted) if !self.has_deleted_certificate().await => {
                    return Err(Problem::DeletedKeyOrSecret);
                }
                Some(NameState::BeingDeleted | NameState::BeingRecovered) if self.is_patient() => {
                    self.pause(LOOK_AT_NAME_EVERY).await;
                    self.look().await?
                }
                _ => return Err(error.into()),
            };
        }
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
            self.wanted.kind.kty(),
            self.wanted.issuers,
            plan.tags.count()
        );
        self.log(LogLevel::Info, &what);
        let import = import::Import {
            pkcs12: &self.wanted.pkcs12,
            kind: self.wanted.kind,
            exportable: plan.exportable,
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

    /// Before a recovery, which is a change too. Where no tags come to those that stay, they
    /// fit; and whoever may not read what is deleted finds out afterwards.
    async fn see_that_tags_fit(&self) -> Result<(), Problem> {
        let given = &self.wanted.wish.parameters;
        if given.old_tags == OldTags::Stay && given.tags.count() > 0 {
            united(
                given,
                &self.deleted().await.flatten().unwrap_or_default().tags,
            )?;
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
