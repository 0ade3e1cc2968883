//! What an Add does about what is there: nothing, nothing by order, or an import. One
//! pure function.
//!
//! It must not send anything, and not hold the key.
//!
//! | there is | the job has Overwrite | it comes to |
//! |---|---|---|
//! | nothing | either | an import |
//! | this certificate, enabled, with the tags and the exportability that are asked for | either | unchanged |
//! | anything else | no | left alone |
//! | anything else | yes | an import, which makes a new version |

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::azure::certificate::Exportable;
use crate::azure::current::Current;
use crate::azure::thumbprint::Thumbprint;
use crate::job::parameters::{OldTags, Parameters};
use crate::tags::{MOST, Tags};

/// What the job asks for, without the key.
pub(super) struct Wish {
    pub(super) thumbprint: Thumbprint,
    pub(super) overwrite: bool,
    pub(super) parameters: Parameters,
}

/// What is to be done.
pub(super) enum Plan {
    /// It is there.
    Keep,
    /// Something else is there, and the job may not replace it.
    LeaveAlone(Vec<Difference>),
    /// It is to be imported.
    Import(NewVersion),
}

/// An import, as far as it depends on what is there.
pub(super) struct NewVersion {
    pub(super) tags: Tags,
    pub(super) exportable: bool,
    /// Whether to say who the issuer is, over whatever the policy says.
    pub(super) issuer_unknown: bool,
    pub(super) lifetime_actions: Vec<Value>,
    pub(super) notes: Vec<Note>,
}

/// How what is there differs from what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Certificate,
    Disabled,
    Tags,
    Exportability,
}

/// What people must be told of an import that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// The key was not exportable; the job says that this one is.
    NowExportable,
    /// The vault renewed the certificate itself.
    NoAutoRenew,
    /// The policy had an issuer.
    IssuerRemoved(String),
    /// The vault renews it all the same.
    StillRenews,
    /// The policy has an issuer all the same.
    IssuerStays(String),
}

/// The tags that stay and those that are given are too many together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "CertificateTags: with the tags that stay from the certificate that is there it would have \
     {together}, and a certificate has {MOST} at most; give fewer tags, or say \
     PreserveExistingTags=false"
)]
pub(super) struct TooManyTags {
    together: usize,
}

/// Decides.
///
/// # Errors
/// When no import can do what is asked for.
pub(super) fn decide(existing: Option<&Current>, wish: &Wish) -> Result<Plan, TooManyTags> {
    let given = &wish.parameters;
    let Some(existing) = existing else {
        return Ok(Plan::Import(NewVersion {
            tags: given.tags.clone(),
            exportable: given.exportable.unwrap_or(true),
            issuer_unknown: false,
            lifetime_actions: Vec::new(),
            notes: Vec::new(),
        }));
    };
    let differences = differences(existing, wish);
    if differences.is_empty() {
        return Ok(Plan::Keep);
    }
    if !wish.overwrite {
        return Ok(Plan::LeaveAlone(differences));
    }
    let tags = united(given, &existing.tags)?;
    let was_exportable = existing.exportable != Exportable::Stated(false);
    let exportable = given.exportable.unwrap_or(was_exportable);
    let issuer = issuer(existing);
    let notes = [
        (exportable && !was_exportable).then_some(Note::NowExportable),
        existing.lifetime.renews.then_some(Note::NoAutoRenew),
        issuer.map(Note::IssuerRemoved),
    ];
    Ok(Plan::Import(NewVersion {
        tags,
        exportable,
        issuer_unknown: true,
        lifetime_actions: existing.lifetime.emails.clone(),
        notes: notes.into_iter().flatten().collect(),
    }))
}

/// The tags of a new version over one with these.
///
/// # Errors
/// When they are too many. It can be asked before a deleted certificate is recovered, which
/// then need not come back for nothing.
pub(super) fn united(
    given: &Parameters,
    existing: &BTreeMap<String, String>,
) -> Result<Tags, TooManyTags> {
    let tags = match given.old_tags {
        OldTags::Stay => given.tags.over(existing),
        OldTags::Go => given.tags.clone(),
    };
    match tags.count() {
        together if together > MOST => Err(TooManyTags { together }),
        _ => Ok(tags),
    }
}

/// An issuer that renews, by the policy.
fn issuer(current: &Current) -> Option<String> {
    let issuer = current.issuer.as_deref();
    issuer
        .filter(|issuer| !issuer.eq_ignore_ascii_case("Unknown"))
        .map(str::to_owned)
}

impl NewVersion {
    /// The notes about an import that made this: what the vault has left in the policy is not
    /// told as gone.
    pub(super) fn notes(self, made: &Current) -> Vec<Note> {
        let stays = issuer(made);
        let mut notes = self.notes;
        notes.retain(|note| match note {
            Note::NoAutoRenew => !made.lifetime.renews,
            Note::IssuerRemoved(_) => stays.is_none(),
            _ => true,
        });
        notes.extend(made.lifetime.renews.then_some(Note::StillRenews));
        notes.extend(stays.map(Note::IssuerStays));
        notes
    }
}

impl Note {
    /// Whether somebody has to look at it.
    pub(super) fn is_warning(&self) -> bool {
        match self {
            Note::NowExportable | Note::StillRenews | Note::IssuerStays(_) => true,
            Note::NoAutoRenew | Note::IssuerRemoved(_) => false,
        }
    }
}

fn differences(existing: &Current, wish: &Wish) -> Vec<Difference> {
    let given = &wish.parameters;
    let tags_are_there = match given.old_tags {
        OldTags::Stay => given.tags.are_among(&existing.tags),
        OldTags::Go => *given.tags.as_map() == existing.tags,
    };
    let exportability_is_there = given
        .exportable
        .is_none_or(|exportable| existing.exportable == Exportable::Stated(exportable));
    [
        (
            existing.thumbprint == Some(wish.thumbprint),
            Difference::Certificate,
        ),
        (existing.enabled, Difference::Disabled),
        (tags_are_there, Difference::Tags),
        (exportability_is_there, Difference::Exportability),
    ]
    .into_iter()
    .filter(|(as_asked, _)| !as_asked)
    .map(|(_, difference)| difference)
    .collect()
}

/// What became of an import whose answer was lost, by what was there before and what is
/// there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trace {
    /// It took effect.
    Applied,
    /// It did not, so far.
    Undone,
    /// Somebody else has put a certificate there meanwhile; ours may be below it.
    Covered,
}

/// Applied means that the current version is another one than before and is ours.
pub(super) fn trace(before: Option<&str>, now: Option<&Current>, ours: Thumbprint) -> Trace {
    match now {
        None => Trace::Undone,
        Some(now) if before == Some(now.version.as_str()) => Trace::Undone,
        Some(now) if now.thumbprint == Some(ours) => Trace::Applied,
        Some(_) => Trace::Covered,
    }
}

/// Completes "it differs: …".
impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Difference::Certificate => "it is another certificate",
            Difference::Disabled => "it is disabled",
            Difference::Tags => "its tags are others",
            Difference::Exportability => "its key is exportable or not, contrary to NonExportable",
        })
    }
}

/// A sentence without its end.
impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::NowExportable => out.write_str(
                "the key that was there was not exportable, and the new one is, because the job \
                 says NonExportable=false; if nobody meant that, leave the default of that entry \
                 parameter blank in the store type, and run the job with NonExportable=true",
            ),
            Note::NoAutoRenew => out.write_str(
                "the vault renewed this certificate by itself (AutoRenew), which was taken out of \
                 its policy: the vault would have replaced what the platform renews",
            ),
            Note::IssuerRemoved(issuer) => write!(
                out,
                "the issuer in its policy was {issuer} and is Unknown now, as for every imported \
                 certificate"
            ),
            Note::StillRenews => out.write_str(
                "the vault still renews this certificate by itself (AutoRenew), although the import \
                 left that out of its policy: it will replace what the platform renews; set the \
                 lifetime action of its issuance policy to e-mail",
            ),
            Note::IssuerStays(issuer) => write!(
                out,
                "the issuer in its policy is {issuer} still, although the import said Unknown: see \
                 that the vault does not renew what the platform renews"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
