//! How long a server asks to wait, in all the spellings that Azure's services use.
//!
//! It must not decide whether to wait at all.

use std::time::{Duration, SystemTime};

use crate::http::Response;

/// The delay of an answer: `retry-after-ms` and `x-ms-retry-after-ms` (milliseconds),
/// else `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), which counts
/// from `wall`. `None` when none is there or none can be read; a date that has passed
/// is zero.
///
/// Order and names as in Azure SDK for .NET, "Azure.Core: RetryPolicy".
pub fn server_delay(response: &Response, wall: SystemTime) -> Option<Duration> {
    ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| number(response.header(name)?, 0.001))
        .or_else(|| {
            let value = response.header("retry-after")?;
            number(value, 1.0).or_else(|| date(value, wall))
        })
}

/// A decimal number of `unit` seconds.
fn number(text: &str, unit: f64) -> Option<Duration> {
    let text = text.trim();
    // `f64` also reads "inf", "nan" and exponents; none of them is a delay.
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let seconds = text.parse::<f64>().ok()? * unit;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

fn date(text: &str, wall: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Some(date.duration_since(wall).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(headers: &[(&str, &str)]) -> Option<Duration> {
        let response = Response {
            status: 429,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Vec::new(),
        };
        // 1994-11-06 08:49:37 UTC, the example date of RFC 9110 section 5.6.7.
        server_delay(
            &response,
            SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
        )
    }

    #[test]
    fn every_spelling_of_a_delay_is_read() {
        for (name, value, wanted) in [
            ("retry-after-ms", "1500", 1_500),
            ("x-ms-retry-after-ms", " 20 ", 20),
            ("retry-after", "10", 10_000),
            ("retry-after", "1.5", 1_500),
            ("retry-after", "0", 0),
            // The three date forms of RFC 9110: IMF-fixdate, RFC 850 and asctime.
            ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("retry-after", "Sunday, 06-Nov-94 08:49:47 GMT", 10_000),
            ("retry-after", "Sun Nov  6 08:49:47 1994", 10_000),
            // Already over.
            ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT", 0),
        ] {
            assert_eq!(
                delay(&[(name, value)]),
                Some(Duration::from_millis(wanted)),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_counts_as_absent() {
        for value in ["", "soon", "-5", "inf", "NaN", "1e3", "10 s", "."] {
            assert_eq!(delay(&[("retry-after", value)]), None, "{value:?}");
        }
    }

    #[test]
    fn milliseconds_come_before_seconds_and_garbage_does_not_hide_them() {
        let wanted = Some(Duration::from_millis(7));
        assert_eq!(
            delay(&[("retry-after", "9"), ("retry-after-ms", "7")]),
            wanted
        );
        assert_eq!(
            delay(&[("retry-after-ms", "x"), ("x-ms-retry-after-ms", "7")]),
            wanted
        );
    }

    #[test]
    fn an_absurd_number_saturates() {
        let digits = "9".repeat(40);
        assert_eq!(delay(&[("retry-after", &digits)]), Some(Duration::MAX));
    }
}
