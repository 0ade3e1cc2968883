//! What certificates do by themselves as time goes by: end operations, come back, vanish, renew.
//!
//! Must not know requests. Nothing runs in the background: whoever looks at a vault first lets happen
//! what should have happened by then, at the moment it should have. Source: "Renew your Azure Key Vault
//! certificates" (what AutoRenew does), "Soft-delete overview".

use std::sync::Arc;

use x509_cert::der::DateTime;

use super::certificate::{Certificate, Leaf, Life, Status, Version};
use super::policy::{Policy, SELF, Trigger, UNKNOWN};
use super::room::Vault;
use super::store::{Settle, Slot};
use crate::pki::{KeyKind, KeySource, PkiError, Sans, Wish, from_windows, self_signed};

const DAY: u64 = 86_400;

/// How many versions are minted at one look; a clock that jumped further mints the rest at the next.
const AT_ONCE: usize = 50;

/// A vault's certificates in time.
pub(super) struct Course<'a> {
    pub(super) vault: &'a Vault,
}

impl Settle for Course<'_> {
    fn due(&self, certificate: &Certificate) -> Option<u64> {
        match certificate.life {
            Life::Purging { until } | Life::Recovering { until } => Some(until),
            Life::Deleted { purge, .. } => Some(purge.saturating_mul(1_000)),
            Life::Live => match certificate.pending.as_ref().map(|p| p.status) {
                Some(Status::InProgress { until }) => until,
                _ => renewal(certificate).map(|at| at.saturating_mul(1_000)),
            },
        }
    }

    fn settle(&self, certificate: &Certificate, now: u64) -> Result<Slot, PkiError> {
        let mut certificate = certificate.clone();
        // An end of an operation may be followed by renewals, and each by the next.
        for _ in 0..AT_ONCE {
            let Some(due) = self.due(&certificate).filter(|due| *due <= now) else {
                break;
            };
            match certificate.life {
                Life::Purging { .. } | Life::Deleted { .. } => return Ok(Slot::Gone),
                Life::Recovering { .. } => certificate.life = Life::Live,
                Life::Live => self.proceed(&mut certificate, due)?,
            }
        }
        Ok(Slot::Kept(Arc::new(certificate)))
    }
}

impl Course<'_> {
    fn proceed(&self, certificate: &mut Certificate, at: u64) -> Result<(), PkiError> {
        let seconds = at / 1_000;
        let Some(pending) = certificate
            .pending
            .as_mut()
            .filter(|p| matches!(p.status, Status::InProgress { .. }))
        else {
            return self.renew(certificate, seconds);
        };
        if pending.cancellation_requested {
            pending.status = Status::Cancelled;
            return Ok(());
        }
        pending.status = Status::Completed;
        let (id, enabled) = (pending.version.clone(), pending.enabled);
        if let Some(version) = certificate.version(&id).cloned() {
            let mut version = Version::clone(&version);
            self.complete(&certificate.policy, &mut version, seconds)?;
            version.enabled = enabled;
            certificate.replace(version);
        }
        Ok(())
    }

    fn renew(&self, certificate: &mut Certificate, now: u64) -> Result<(), PkiError> {
        let (Some(old), Some(kind)) =
            (certificate.current().cloned(), kind_of(&certificate.policy))
        else {
            return Ok(());
        };
        let id = self.vault.new_id(&certificate.name, now);
        let key = if certificate.policy.reuses_key() && old.key.signer().is_ok() {
            old.key.clone()
        } else {
            self.new_key(kind, &certificate.name, &id)
        };
        let mut version = Version {
            id,
            key,
            made_here: true,
            leaf: None,
            leaf_place: 0,
            exportable: certificate.policy.exportable(),
            ..Version::clone(&old)
        };
        self.complete(&certificate.policy, &mut version, now)?;
        certificate.versions.push(Arc::new(version));
        Ok(())
    }

    pub(super) fn new_key(&self, kind: KeyKind, name: &str, id: &str) -> KeySource {
        let label = format!("{}/{name}/{id}", self.vault.host);
        KeySource::Derived {
            kind,
            label: self.vault.common.authority.key_label(&label),
        }
    }

    /// Puts a certificate as the policy wishes into a version; `now` is in seconds.
    fn complete(&self, policy: &Policy, version: &mut Version, now: u64) -> Result<(), PkiError> {
        let (not_before, not_after) = validity(policy, now);
        version.not_before = not_before;
        version.not_after = not_after;
        version.created = now;
        version.updated = now;
        version.enabled = true;
        let authority = &self.vault.common.authority;
        let own = policy.issuer_name() == SELF;
        let der = with_wish(policy, version, |wish| {
            if own {
                self_signed(&version.key, wish)
            } else {
                authority.sign(&version.key, wish)
            }
        })?;
        version.chain = if own {
            Vec::new()
        } else {
            vec![authority.certificate()?]
        };
        version.leaf = Some(Leaf::from(der));
        Ok(())
    }
}

/// Makes something from a policy's X.509 part, for the dates of a version.
pub(super) fn with_wish<T>(
    policy: &Policy,
    version: &Version,
    make: impl FnOnce(&Wish<'_>) -> Result<T, PkiError>,
) -> Result<T, PkiError> {
    let x509 = policy.x509_props.clone().unwrap_or_default();
    let subject = x509.subject.unwrap_or_default();
    let subject = if subject.is_empty() {
        x509_cert::name::Name::default()
    } else {
        from_windows(&subject)
            .map_err(|_| PkiError::Encoding("a subject was not checked".into()))?
    };
    let sans: Sans = x509.sans.unwrap_or_default();
    make(&Wish {
        label: &version.id,
        subject: &subject,
        sans: &sans,
        ekus: &x509.ekus.unwrap_or_default(),
        key_usage: &x509.key_usage.unwrap_or_default(),
        ca: x509.basic_constraints.is_some_and(|c| c.ca),
        not_before: version.not_before,
        not_after: version.not_after,
    })
}

/// From when to when a certificate made now is good: from ten minutes ago, as recordings show.
pub(super) fn validity(policy: &Policy, now: u64) -> (u64, u64) {
    let months = policy
        .x509_props
        .as_ref()
        .and_then(|x| x.validity_months)
        .unwrap_or(12);
    (now.saturating_sub(600), add_months(now, months))
}

/// The same day of a later month, or that month's last day.
fn add_months(seconds: u64, months: u32) -> u64 {
    let fallback = seconds.saturating_add(u64::from(months) * 30 * DAY);
    let Ok(date) = DateTime::from_unix_duration(std::time::Duration::from_secs(seconds)) else {
        return fallback;
    };
    let count = u32::from(date.month()) - 1 + months;
    let year = u32::from(date.year()) + count / 12;
    let (Ok(year), Ok(month)) = (u16::try_from(year), u8::try_from(count % 12 + 1)) else {
        return fallback;
    };
    (28..=date.day())
        .rev()
        .chain([date.day()])
        .find_map(|day| {
            DateTime::new(
                year,
                month,
                day,
                date.hour(),
                date.minutes(),
                date.seconds(),
            )
            .ok()
        })
        .map_or(fallback, |later| later.unix_duration().as_secs())
}

/// When the vault will renew a certificate by itself, in seconds since 1970.
fn renewal(certificate: &Certificate) -> Option<u64> {
    let policy = &certificate.policy;
    kind_of(policy)?;
    if policy.issuer_name() == UNKNOWN {
        return None;
    }
    let version = certificate.current()?;
    version.leaf.as_ref()?;
    let action = policy
        .lifetime_actions
        .iter()
        .flatten()
        .find(|a| a.action.action_type == "AutoRenew")?;
    let life = version.not_after.saturating_sub(version.not_before);
    let at = match action.trigger {
        Trigger {
            lifetime_percentage: Some(percent),
            ..
        } => version.not_before + life / 100 * u64::from(percent),
        Trigger {
            days_before_expiry: Some(days),
            ..
        } => version.not_after.saturating_sub(u64::from(days) * DAY),
        _ => return None,
    };
    // A trigger longer than the life itself would otherwise renew without end.
    Some(at.max(version.created.saturating_add(1)))
}

/// The kind of key that a policy asks for; none for one that is not made here.
pub(super) fn kind_of(policy: &Policy) -> Option<KeyKind> {
    let key = policy.key_props.as_ref()?;
    let kty = key.kty.as_deref().unwrap_or("RSA");
    match (
        kty.trim_end_matches("-HSM"),
        key.key_size,
        key.crv.as_deref(),
    ) {
        ("RSA", None | Some(2048), _) => Some(KeyKind::Rsa2048),
        ("RSA", Some(3072), _) => Some(KeyKind::Rsa3072),
        ("RSA", Some(4096), _) => Some(KeyKind::Rsa4096),
        ("EC", _, None | Some("P-256")) => Some(KeyKind::EcP256),
        ("EC", _, Some("P-384")) => Some(KeyKind::EcP384),
        ("EC", _, Some("P-521")) => Some(KeyKind::EcP521),
        ("EC", _, Some("P-256K")) => Some(KeyKind::EcP256K),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_later_is_the_same_day_as_the_service_counts() {
        // Created and expiry of two recorded certificates, 12 and 24 months.
        assert_eq!(add_months(1_571_259_084, 12), 1_602_881_484);
        assert_eq!(add_months(1_571_259_059, 24), 1_634_417_459);
        // 2024-01-31 and a month: 2024-02-29.
        assert_eq!(add_months(1_706_659_200, 1), 1_709_164_800);
    }
}
