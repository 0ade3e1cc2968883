//! Why the certificate of a server is not accepted, and what helps: what is wrong with its time
//! apart from who issued it and from whose it is, since each is mended elsewhere.
//!
//! It must not verify anything.

use crate::text::one_line;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};
use std::time::{Duration, SystemTime};

/// Names of a certificate that are shown; one may have hundreds.
const NAMES_SHOWN: usize = 3;

/// Bytes of each. A name of the DNS has at most 253.
const NAME_SHOWN: usize = 253;

/// What is wrong with what `host` shows.
pub(super) fn cause(host: &str, error: &Error) -> String {
    use CertificateError as Wrong;
    match error {
        Error::InvalidCertificate(Wrong::ExpiredContext { time, not_after }) => format!(
            "{host} shows a certificate that expired at {}, and this machine's clock says {} (UTC)",
            utc(*not_after),
            utc(*time)
        ),
        Error::InvalidCertificate(Wrong::NotValidYetContext { time, not_before }) => format!(
            "{host} shows a certificate that is not valid before {}, and this machine's clock says \
             {} (UTC)",
            utc(*not_before),
            utc(*time)
        ),
        Error::InvalidCertificate(Wrong::UnknownIssuer) => format!(
            "{host} shows a certificate of an authority that this machine does not trust for that \
             name"
        ),
        Error::InvalidCertificate(Wrong::BadSignature) => format!(
            "{host} shows a certificate whose issuer has the name of an authority that this \
             machine trusts, but that authority's key did not sign it"
        ),
        Error::InvalidCertificate(Wrong::NotValidForNameContext { presented, .. }) => {
            let mut names: Vec<String> = presented
                .iter()
                .take(NAMES_SHOWN)
                .map(|name| one_line(name, NAME_SHOWN))
                .collect();
            match presented.len().checked_sub(NAMES_SHOWN) {
                None | Some(0) => {}
                Some(more) => names.push(format!("{more} more")),
            }
            let names = match names.is_empty() {
                true => "none".to_owned(),
                false => names.join(", "),
            };
            format!("{host} shows a certificate for other names: {names}")
        }
        Error::InvalidCertificate(Wrong::NotValidForName) => {
            format!("{host} shows a certificate for other names")
        }
        other => format!("the certificate of {host} is not accepted: {other}"),
    }
}

/// What to do about it.
pub(super) fn remedy(error: &Error) -> &'static str {
    use CertificateError as Wrong;
    match error {
        Error::InvalidCertificate(
            Wrong::Expired
            | Wrong::ExpiredContext { .. }
            | Wrong::NotValidYet
            | Wrong::NotValidYetContext { .. },
        ) => {
            "if that clock is wrong, set it and run the job again; if it is right, the server, or \
             something in between that shows this certificate, needs another one"
        }
        Error::InvalidCertificate(
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. },
        ) => {
            "another server has answered: see where the name leads to (name resolution, a private \
             endpoint, `[[connect-to]]` in the policy)"
        }
        Error::InvalidCertificate(Wrong::UnknownIssuer | Wrong::BadSignature) => {
            "something between this machine and the server may be reading the connection: name its \
             present authority under `[[ca]]` in the policy; or this machine's own authorities are out of \
             date: update ca-certificates"
        }
        _ => {
            "something between this machine and the server may have made it: ask who runs the \
             network"
        }
    }
}

/// `2026-11-24T10:23:15Z`; what is beyond the years that can be written, in seconds since 1970.
fn utc(time: UnixTime) -> String {
    /// 9999-12-31T23:59:59Z.
    const LAST: u64 = 253_402_300_799;
    let seconds = time.as_secs();
    if seconds > LAST {
        return format!("{seconds} s after 1970");
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::ServerName;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn each_cause_has_words_of_its_own() {
        let name = || ServerName::try_from("a.example").unwrap();
        let presented = |count: usize| (0..count).map(|n| format!("n{n}.example")).collect();
        for (wrong, says, helps) in [
            (
                CertificateError::ExpiredContext {
                    time: at(1_900_000_000),
                    not_after: at(1_800_000_000),
                },
                "expired at 2027-01-15T08:00:00Z, and this machine's clock says 2030-03-17T17:46:40Z (UTC)",
                "clock",
            ),
            (
                CertificateError::NotValidYetContext {
                    time: at(0),
                    not_before: at(1_800_000_000),
                },
                "not valid before 2027-01-15T08:00:00Z, and this machine's clock says 1970-01-01T00:00:00Z (UTC)",
                "clock",
            ),
            (
                CertificateError::ExpiredContext {
                    time: at(u64::MAX),
                    not_after: at(0),
                },
                "clock says 18446744073709551615 s after 1970",
                "clock",
            ),
            (
                CertificateError::UnknownIssuer,
                "an authority that",
                "[[ca]]",
            ),
            (
                CertificateError::BadSignature,
                "but that authority's key did not sign it",
                "[[ca]]",
            ),
            (
                CertificateError::NotValidForNameContext {
                    expected: name(),
                    presented: presented(5),
                },
                "other names: n0.example, n1.example, n2.example, 2 more",
                "another server",
            ),
            (
                CertificateError::NotValidForNameContext {
                    expected: name(),
                    presented: presented(0),
                },
                "other names: none",
                "another server",
            ),
            (CertificateError::Revoked, "Revoked", "who runs the network"),
        ] {
            let error = Error::InvalidCertificate(wrong);
            let (cause, remedy) = (cause("a.example", &error), remedy(&error));
            assert!(
                cause.contains(says) && cause.contains("a.example"),
                "{cause}"
            );
            assert!(remedy.contains(helps), "{cause}: {remedy}");
        }
    }
}
