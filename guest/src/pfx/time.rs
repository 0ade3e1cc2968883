//! Moments as certificates write them, in an order that can be compared.

/// A moment in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time([u8; DIGITS]);

/// `20300101000000`.
const DIGITS: usize = 14;

impl Time {
    /// So many seconds after the start of 1970; nothing is later than the end of the year 9999.
    #[must_use]
    pub fn at(seconds: u64) -> Self {
        const LAST: u64 = 253_402_300_799;
        let seconds = seconds.min(LAST);
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Years that begin in March, counted from the year 0: Howard Hinnant's civil_from_days
        // (https://howardhinnant.github.io/date_algorithms.html), for days that are not negative.
        let days = days.saturating_add(719_468);
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
        Time::from_digits(text.as_bytes()).unwrap_or(Time([b'9'; DIGITS]))
    }

    /// The content of a UTCTime, which has no century (RFC 5280 section 4.1.2.5.1).
    pub(super) fn from_utc(content: &[u8]) -> Option<Self> {
        let century: &[u8] = match content.first() {
            Some(b'5'..=b'9') => b"19",
            _ => b"20",
        };
        Self::from_generalized(&[century, content].concat())
    }

    /// The content of a GeneralizedTime. Old certificates leave the seconds out; what stands
    /// behind them, `Z` or anything else, is not looked at.
    pub(super) fn from_generalized(content: &[u8]) -> Option<Self> {
        let digits = content.iter().take_while(|byte| byte.is_ascii_digit());
        let mut digits: Vec<u8> = digits.copied().collect();
        if digits.len() == DIGITS - 2 {
            digits.extend_from_slice(b"00");
        }
        Self::from_digits(digits.get(..DIGITS)?)
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        digits.try_into().ok().map(Time)
    }
}

/// The date alone: `2030-01-01`.
impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, digit) in self.0.iter().take(8).enumerate() {
            if at == 4 || at == 6 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*digit))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_both_forms_of_certificates_are_the_same_moment() {
        for (seconds, utc, generalized) in [
            (0, "700101000000Z", "19700101000000Z"),
            (951_782_399, "000228235959Z", "20000228235959Z"),
            (951_782_400, "000229000000Z", "20000229000000Z"),
            (1_709_251_199, "240229235959Z", "20240229235959Z"),
            (2_524_607_999, "491231235959Z", "20491231235959Z"),
        ] {
            let moment = Some(Time::at(seconds));
            assert_eq!(moment, Time::from_utc(utc.as_bytes()), "{utc}");
            assert_eq!(moment, Time::from_generalized(generalized.as_bytes()));
        }
        assert_eq!(
            Time::from_utc(b"2401020304Z"),
            Time::from_utc(b"240102030400Z")
        );
        assert_eq!(
            Some(Time::at(u64::MAX)),
            Time::from_generalized(b"99991231235959Z")
        );
        assert_eq!(Time::at(951_782_400).to_string(), "2000-02-29");
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for content in ["", "Z", "2024", "yesterday"] {
            assert_eq!(Time::from_utc(content.as_bytes()), None, "{content}");
            assert_eq!(Time::from_generalized(content.as_bytes()), None);
        }
    }
}
