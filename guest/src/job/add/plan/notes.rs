//! What people are told of an import that succeeded: what it has changed beyond the certificate,
//! and what the vault has made of it.
//!
//! It must not decide what is imported.

use std::fmt;

use super::{NewVersion, issuer};
use crate::azure::current::Current;
use crate::azure::key_kind::Protection;
use crate::job::add::chain::Comparison;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::job::add) enum Note {
    /// The same certificate was there, with less of its chain.
    ChainCompleted(Comparison),
    /// The key was in an HSM, and the new one is not.
    HsmLost(HsmLost),
    /// The key was not exportable; the job says that this one is.
    NowExportable,
    /// The version that was there was disabled.
    NowEnabled,
    /// The vault renewed the certificate itself.
    NoAutoRenew,
    /// The policy had an issuer.
    IssuerRemoved(String),
    /// The vault renews it all the same.
    StillRenews,
    /// The policy has an issuer all the same.
    IssuerStays(String),
}

/// Why a key in an HSM was replaced by a software key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::job::add) enum HsmLost {
    /// The job lets it out.
    ToBeExportable,
    /// The vault does not keep it in one: what it said, briefly.
    Refused(String),
    /// The vault took it, and made a software key of it.
    Ignored,
}

impl NewVersion {
    /// The notes about an import that made this: what the vault has left in the policy is not
    /// told as gone.
    pub(in crate::job::add) fn notes(self, made: &Current) -> Vec<Note> {
        let stays = issuer(made);
        let mut notes = self.notes;
        notes.retain(|note| match note {
            Note::NoAutoRenew => !made.lifetime.renews,
            Note::IssuerRemoved(_) => stays.is_none(),
            Note::NowEnabled => made.enabled,
            Note::HsmLost(_) => made.protection != Some(Protection::Hsm),
            _ => true,
        });
        let was_asked = (self.was, self.protection) == (Protection::Hsm, Protection::Hsm);
        let ignored = was_asked && made.protection == Some(Protection::Software);
        notes.extend(ignored.then_some(Note::HsmLost(HsmLost::Ignored)));
        notes.extend(made.lifetime.renews.then_some(Note::StillRenews));
        notes.extend(stays.map(Note::IssuerStays));
        notes
    }
}

impl Note {
    /// Whether somebody has to look at it.
    pub(in crate::job::add) fn is_warning(&self) -> bool {
        match self {
            Note::HsmLost(_)
            | Note::NowExportable
            | Note::NowEnabled
            | Note::StillRenews
            | Note::IssuerStays(_) => true,
            Note::ChainCompleted(_) | Note::NoAutoRenew | Note::IssuerRemoved(_) => false,
        }
    }
}

/// A sentence without its end.
impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::ChainCompleted(comparison) => write!(
                out,
                "the same certificate was there already, and it was imported because {comparison}"
            ),
            Note::HsmLost(why) => {
                write!(
                    out,
                    "the key that was there is kept in an HSM, and the new one is a software key, \
                     which no HSM protects: {why}"
                )?;
                match why {
                    // What a vault does with an import that it takes cannot be refused beforehand.
                    HsmLost::Ignored => Ok(()),
                    HsmLost::ToBeExportable | HsmLost::Refused(_) => out.write_str(
                        "; to have such an import refused instead, set the option hsm to keep",
                    ),
                }
            }
            Note::NowExportable => out.write_str(
                "the key that was there was not exportable, and the new one is, because the job \
                 says NonExportable=false; if nobody meant that, leave the default of that entry \
                 parameter blank in the store type, and run the job with NonExportable=true",
            ),
            Note::NowEnabled => out.write_str(
                "the version that was there was disabled, and the new one is enabled; if it was \
                 disabled on purpose, disable the new one too (az keyvault certificate \
                 set-attributes --enabled false)",
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

/// Completes "the new one is a software key: …".
impl fmt::Display for HsmLost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HsmLost::ToBeExportable => out.write_str(
                "no key leaves an HSM, and this one was to be exportable because the job says \
                 NonExportable=false",
            ),
            HsmLost::Refused(how) => write!(
                out,
                "the vault did not take it for an HSM (it answered {how}), as a vault of the SKU \
                 standard does not"
            ),
            HsmLost::Ignored => {
                out.write_str("the vault made it so, although it was to be in an HSM")
            }
        }
    }
}
