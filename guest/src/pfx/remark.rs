//! What is said about a file that was taken, and how a certificate of it is named.

use std::collections::BTreeSet;

use super::certificate::Certificate;
use super::chain::MOST_VERIFICATIONS;
use super::time::Time;

/// The most certificates that are named in one sentence.
const MOST_NAMED: usize = 4;

/// The most bytes of a serial number that are shown: it has 20 at most (RFC 5280 section
/// 4.1.2.2).
const LONGEST_SERIAL: usize = 20;

/// A certificate, as far as people have to tell it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    name: String,
    serial: String,
    from: Option<Time>,
    until: Option<Time>,
}

/// Something about a file that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Of several certificates for the key, this is the one that was taken.
    OthersForTheKey {
        /// What was taken.
        taken: Seen,
        /// What was not.
        others: Vec<Seen>,
    },
    /// These lead nowhere from the leaf.
    LeftOut(Vec<Seen>),
    /// Signatures of a kind that is not verified: names and identifiers chose issuers.
    UnknownSignatures,
    /// The same, since there were too many signatures.
    TooManySignatures,
}

impl Seen {
    pub(super) fn of(certificate: &Certificate) -> Self {
        let digits = certificate.serial.iter().take(LONGEST_SERIAL);
        let serial: String = digits.map(|byte| format!("{byte:02X}")).collect();
        let serial = format!("serial number {serial}");
        Seen {
            name: certificate
                .common_name
                .clone()
                .unwrap_or_else(|| serial.clone()),
            serial,
            from: certificate.not_before,
            until: certificate.not_after,
        }
    }
}

/// `web-1 (2026-01-01 to 2027-01-01)`, with `#` also its serial number, for those that are alike
/// otherwise.
impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = |time: Option<Time>| time.map_or_else(|| "?".to_owned(), |t| t.to_string());
        write!(
            f,
            "{} ({} to {}",
            self.name,
            date(self.from),
            date(self.until)
        )?;
        match f.alternate() {
            true => write!(f, ", {})", self.serial),
            false => f.write_str(")"),
        }
    }
}

/// Certificates in a sentence.
pub(super) struct All<'s>(pub(super) &'s [Seen]);

impl std::fmt::Display for All<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let look_alike = f.alternate() || are_alike(self.0.iter());
        let named: Vec<String> = self
            .0
            .iter()
            .take(MOST_NAMED)
            .map(|seen| match look_alike {
                true => format!("{seen:#}"),
                false => seen.to_string(),
            })
            .collect();
        f.write_str(&named.join(", "))?;
        match self.0.len().saturating_sub(named.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Whether two of them would be told by the same words.
fn are_alike<'s>(seen: impl Iterator<Item = &'s Seen>) -> bool {
    let mut told = BTreeSet::new();
    seen.map(Seen::to_string).any(|seen| !told.insert(seen))
}

/// A sentence without its end.
impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Remark::OthersForTheKey { taken, others } => {
                let number = others.len().saturating_add(1);
                write!(f, "the file has {number} certificates for this key: ")?;
                match are_alike(others.iter().chain([taken])) {
                    true => write!(f, "{taken:#} was taken, and not {:#}", All(others)),
                    false => write!(f, "{taken} was taken, and not {}", All(others)),
                }
            }
            Remark::LeftOut(left_out) => {
                let (were, them) = match left_out.len() {
                    1 => ("certificate of the file was", "it"),
                    _ => ("certificates of the file were", "them"),
                };
                write!(
                    f,
                    "{} {were} left out, because nothing shows that the imported one leads to \
                     {them}: {}",
                    left_out.len(),
                    All(left_out)
                )
            }
            Remark::UnknownSignatures => f.write_str(
                "some signatures are of a kind that is not verified here, so that issuers were \
                 chosen by their names and key identifiers: see that the chain is the right one",
            ),
            Remark::TooManySignatures => write!(
                f,
                "the file has so many certificates of equal names that issuers were chosen by \
                 their names and key identifiers after {MOST_VERIFICATIONS} signatures were \
                 verified: see that the chain is the right one, or export only the certificate, \
                 its private key and its chain"
            ),
        }
    }
}
