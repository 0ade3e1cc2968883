//! The requests of a Remove: look where a thumbprint is given or an answer was lost, delete, and
//! wait until it shows as deleted.
//!
//! It must not decide how a job ends for the platform.

use std::cell::Cell;
use std::time::Duration;

use job_scope::{Alias, Thumbprint};

use crate::azure::error::CallError;
use crate::azure::vault::{Deleted, Deletion, NameState, Vault};
use crate::contract::{Failure, Outcome};
use crate::env::Environment;
use crate::host::LogLevel;
use crate::job::changing::{LOOK_AT_NAME_EVERY, PATIENCE, SETTLE};

/// What was done so far, kept outside of the steps: those are dropped where a job must
/// stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Nothing,
    /// A deletion was given to be sent.
    Sent,
    /// It was sent, and the answer was lost. It stays so until the certificate is gone: that
    /// it is still there does not mean that the deletion will not take effect.
    Lost,
    /// It is deleted, by this job or just now by somebody else.
    Deleted,
}

impl Deed {
    /// Whether a deletion was sent of which nobody knows what became.
    pub(super) fn is_unknown(self) -> bool {
        matches!(self, Deed::Sent | Deed::Lost)
    }

    pub(super) fn told(self) -> &'static str {
        match self {
            Deed::Nothing => "nothing was deleted",
            Deed::Sent | Deed::Lost => {
                "the deletion was sent, and whether it took effect is not known; run the job again"
            }
            Deed::Deleted => "it was deleted",
        }
    }
}

/// How it ended well.
pub(super) enum Ending {
    /// It is deleted; when the vault purges it, in seconds since 1970, as far as that is known.
    Removed { purged: Option<i64> },
    /// It is gone for good, in a vault without soft delete.
    Gone,
    /// It was not there.
    Absent,
    /// It is deleted, but was not seen among what is deleted; why not.
    Unseen(String),
}

/// Why it was not removed, or nobody knows.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(
        "{alias} is another certificate than the one to remove: its thumbprint is {}, and the job's \
         is {wanted}; inventory the store, or run the job without a thumbprint",
        shown(*.current)
    )]
    Another {
        alias: Alias,
        current: Option<Thumbprint>,
        wanted: Thumbprint,
    },
    /// The vault's answer has no certificate of which the digest could be taken.
    #[error(
        "{alias} cannot be compared with the job's SHA-256 thumbprint {wanted}, because the vault's \
         answer has no certificate in it; write the SHA-1 thumbprint into JobCertificate.Thumbprint, \
         or look at the certificate in the vault"
    )]
    NotComparable { alias: Alias, wanted: Thumbprint },
    /// Answers were lost, and it is still there so far.
    #[error(
        "{lost}; {} answers were lost, and the certificate was still there {} s later",
        SETTLE.len(),
        settle.as_secs()
    )]
    StillThere { lost: CallError, settle: Duration },
    /// An answer was lost, and so is what would tell what became of its request.
    #[error("{lost}; looking whether it took effect failed too: {look}")]
    Unreadable { lost: CallError, look: CallError },
}

impl Problem {
    /// What the job reports.
    pub(super) fn outcome(&self, deed: Deed) -> Outcome {
        let failure = match self {
            Problem::Call(error) if !deed.is_unknown() => error.failure(),
            Problem::Another { .. } | Problem::NotComparable { .. } if !deed.is_unknown() => {
                Failure::Conflict
            }
            _ => Failure::Unresolved,
        };
        Outcome::failure(failure, format!("{self}; {}", deed.told()))
    }
}

fn shown(thumbprint: Option<Thumbprint>) -> String {
    thumbprint.map_or_else(|| "not known".to_owned(), |known| known.to_string())
}

/// One run.
pub(super) struct Steps<'r, 'e, E> {
    vault: &'r Vault<'e, E>,
    alias: &'r Alias,
    /// The thumbprint that the current version must have.
    wanted: Option<Thumbprint>,
    deed: &'r Cell<Deed>,
}

impl<'r, 'e, E: Environment> Steps<'r, 'e, E> {
    pub(super) fn new(
        vault: &'r Vault<'e, E>,
        alias: &'r Alias,
        wanted: Option<Thumbprint>,
        deed: &'r Cell<Deed>,
    ) -> Self {
        Steps {
            vault,
            alias,
            wanted,
            deed,
        }
    }

    /// Takes them.
    pub(super) async fn take(self) -> Result<Ending, Problem> {
        let patience = self.env().now().saturating_add(PATIENCE);
        let mut lost: Option<CallError> = None;
        let mut lost_answers = 0;
        let mut made = 0;
        loop {
            // What was deleted by a lost request is not deleted again.
            if (self.wanted.is_some() || lost.is_some())
                && !self.is_there_as_wanted(lost.as_ref()).await?
            {
                return self.absent(lost.is_some()).await;
            }
            if self.deed.get() == Deed::Nothing {
                self.deed.set(Deed::Sent);
            }
            let tried = std::mem::take(&mut made);
            match self.vault.delete(self.alias, tried).await {
                Ok(Deletion::Deleted(deleted)) if deleted.recoverable => return self.seen().await,
                // A vault without soft delete: there is nothing to wait for.
                Ok(Deletion::Deleted(_)) => return Ok(Ending::Gone),
                Ok(Deletion::Absent) => return self.absent(lost.is_some()).await,
                Err(error) if error.may_have_taken_effect() => {
                    let line = format!("{}: {error}; trying again", self.alias);
                    self.env().log(LogLevel::Warn, &line);
                    self.deed.set(Deed::Lost);
                    let settle = SETTLE.get(lost_answers).copied().unwrap_or_default();
                    lost_answers += 1;
                    self.env().sleep(settle).await;
                    if lost_answers >= SETTLE.len() {
                        let lost = error.clone();
                        let still_there = Problem::StillThere {
                            lost: error,
                            settle,
                        };
                        return self.resolve(&lost, still_there).await;
                    }
                    lost = Some(error);
                }
                // What is there now may be another certificate.
                Err(error) if let Some(attempts) = error.held() => {
                    made = attempts;
                    self.refused();
                }
                Err(error) => match (NameState::behind(&error), lost.as_ref()) {
                    // By this job's own lost request, or by somebody else's.
                    (Some(NameState::BeingDeleted), _) => return self.seen().await,
                    (Some(NameState::BeingRecovered), _) if self.env().now() < patience => {
                        self.refused();
                        self.env().sleep(LOOK_AT_NAME_EVERY).await;
                    }
                    (_, Some(lost)) => return self.resolve(lost, error.into()).await,
                    (_, None) => {
                        self.refused();
                        return Err(error.into());
                    }
                },
            }
        }
    }

    /// Whether the certificate is there; an error if it is another one than the job says.
    async fn is_there_as_wanted(&self, lost: Option<&CallError>) -> Result<bool, Problem> {
        let current = self.vault.current(self.alias).await;
        let current = current.map_err(|look| match lost {
            None => Problem::Call(look),
            Some(lost) => Problem::Unreadable {
                lost: lost.clone(),
                look,
            },
        })?;
        let Some(current) = current else {
            return Ok(false);
        };
        let Some(wanted) = self.wanted else {
            return Ok(true);
        };
        let current = match wanted {
            Thumbprint::Sha1(_) => current.thumbprint.map(Thumbprint::from),
            Thumbprint::Sha256(_) => {
                let alias = self.alias.clone();
                let not_comparable = Problem::NotComparable { alias, wanted };
                Some(current.sha256.ok_or(not_comparable)?)
            }
        };
        if current == Some(wanted) {
            return Ok(true);
        }
        // Without content a thumbprint is a text that the vault has made.
        let discretion = self.vault.calls().discretion();
        let shown = |thumbprint: &Thumbprint| discretion.allows(&thumbprint.to_string());
        Err(Problem::Another {
            alias: self.alias.clone(),
            current: current.filter(shown),
            wanted,
        })
    }

    /// What was sent last has certainly done nothing; what was sent before may have.
    fn refused(&self) {
        if self.deed.get() == Deed::Sent {
            self.deed.set(Deed::Nothing);
        }
    }

    /// It is not there: if a deletion was sent before, by that one.
    async fn absent(&self, sent: bool) -> Result<Ending, Problem> {
        if sent {
            return self.seen().await;
        }
        self.refused();
        Ok(Ending::Absent)
    }

    /// The job gives up, and an answer was lost before: looks what became of its request.
    async fn resolve(&self, lost: &CallError, problem: Problem) -> Result<Ending, Problem> {
        match self.vault.current(self.alias).await {
            Ok(None) => self.seen().await,
            Ok(Some(_)) => Err(problem),
            Err(look) => Err(Problem::Unreadable {
                lost: lost.clone(),
                look,
            }),
        }
    }

    /// It is deleted; waits until it shows as that.
    async fn seen(&self) -> Result<Ending, Problem> {
        self.deed.set(Deed::Deleted);
        let line = format!("{}: deleted", self.alias);
        self.env().log(LogLevel::Info, &line);
        let patience = self.env().now().saturating_add(PATIENCE);
        loop {
            match self.vault.deleted(self.alias).await {
                Ok(Some(Deleted { purged, .. })) => return Ok(Ending::Removed { purged }),
                // Whoever may not look cannot wait for it.
                Err(error) if error.refusal().is_some_and(|refusal| refusal.status == 403) => {
                    return Ok(Ending::Removed { purged: None });
                }
                Err(error) => return Ok(Ending::Unseen(error.to_string())),
                Ok(None) if self.env().now() < patience => {
                    self.env().sleep(LOOK_AT_NAME_EVERY).await;
                }
                Ok(None) => {
                    let seconds = PATIENCE.as_secs();
                    return Ok(Ending::Unseen(format!("not within {seconds} s")));
                }
            }
        }
    }

    fn env(&self) -> &'e E {
        self.vault.calls().env()
    }
}
