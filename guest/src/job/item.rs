//! A Key Vault certificate as an inventory item.
//!
//! It must not know how it was read. The names of the entry parameters are the store
//! type's (integration manifest of the Azure Key Vault orchestrator extension, 3.2.3).

use std::ops::RangeInclusive;

use job_scope::parameter;

use crate::azure::certificate::{Certificate, Exportable};
use crate::contract::{InventoryItem, ParameterValue};

/// What an inventory found under one name.
#[derive(Debug)]
pub struct Found {
    /// The certificate.
    pub certificate: Certificate,
    /// Its issuers, nearest first, where the job asked for them.
    pub issuers: Vec<Vec<u8>>,
    /// Whether it is the current version, where the job asked for all of them.
    pub current: Option<bool>,
}

/// Maps one certificate: the leaf first, with a private key, and of the entry parameters
/// those that can be told.
pub fn item(found: Found) -> InventoryItem {
    let certificate = found.certificate;
    let mut details = details(&certificate);
    details.extend(found.current.map(|flag| ("current", flag.to_string())));
    InventoryItem {
        parameters: parameters(&certificate),
        details,
        alias: certificate.name,
        certificates: std::iter::once(certificate.der)
            .chain(found.issuers)
            .collect(),
        private_key: true,
    }
}

fn parameters(certificate: &Certificate) -> Vec<(&'static str, ParameterValue)> {
    let mut parameters = Vec::new();
    if !certificate.tags.is_empty()
        && let Ok(json) = serde_json::to_string(&certificate.tags)
    {
        parameters.push((parameter::TAGS, ParameterValue::Text(json)));
    }
    match certificate.exportable {
        Exportable::NoPolicy => {}
        Exportable::NotStated => {
            parameters.push((parameter::NON_EXPORTABLE, ParameterValue::Unset))
        }
        Exportable::Stated(exportable) => {
            parameters.push((parameter::NON_EXPORTABLE, ParameterValue::Flag(!exportable)));
        }
    }
    // It says how the next Add shall treat tags; a certificate has no such property.
    parameters.push((parameter::PRESERVE, ParameterValue::Unset));
    parameters
}

fn details(certificate: &Certificate) -> Vec<(&'static str, String)> {
    [
        ("version", certificate.version.clone()),
        ("enabled", certificate.enabled.map(|flag| flag.to_string())),
        ("expires", certificate.expires.and_then(rfc3339)),
        ("key", certificate.key.clone()),
        (
            "exportable",
            exportable(certificate).map(|flag| flag.to_string()),
        ),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

fn exportable(certificate: &Certificate) -> Option<bool> {
    match certificate.exportable {
        Exportable::Stated(exportable) => Some(exportable),
        Exportable::NoPolicy | Exportable::NotStated => None,
    }
}

/// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, in seconds since 1970: the years that
/// RFC 3339 can write.
const WRITABLE: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Seconds since 1970 as `2031-11-01T21:04:31Z`.
fn rfc3339(seconds: i64) -> Option<String> {
    const DAY: i64 = 86_400;
    if !WRITABLE.contains(&seconds) {
        return None;
    }
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    // The civil calendar in 400-year eras that begin on 1 March (Howard Hinnant,
    // "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    fn certificate() -> Certificate {
        Certificate {
            name: "web-1".into(),
            version: Some("b3f8e3f983b646649483e253819b0c25".into()),
            der: vec![0x30, 0],
            enabled: Some(false),
            expires: Some(1_951_333_471),
            tags: BTreeMap::new(),
            exportable: Exportable::NoPolicy,
            key: Some("EC P-256".into()),
        }
    }

    fn found(certificate: Certificate) -> Found {
        Found {
            certificate,
            issuers: Vec::new(),
            current: None,
        }
    }

    #[test]
    fn issuers_follow_the_leaf_and_older_versions_are_marked() {
        let item = item(Found {
            issuers: vec![vec![0x30, 1, 1]],
            current: Some(false),
            ..found(Certificate {
                exportable: Exportable::Stated(true),
                ..certificate()
            })
        });
        assert_eq!(item.certificates, [vec![0x30, 0], vec![0x30, 1, 1]]);
        let told = |name| item.details.iter().find(|(known, _)| *known == name);
        assert_eq!(told("current").unwrap().1, "false");
        assert_eq!(told("exportable").unwrap().1, "true");
    }

    fn tags(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_item_is_the_leaf_with_a_private_key_under_the_vaults_name() {
        let item = item(found(certificate()));
        assert_eq!(item.alias, "web-1");
        assert_eq!(item.certificates, [[0x30, 0]]);
        assert!(item.private_key);
        assert_eq!(
            item.details,
            [
                ("version", "b3f8e3f983b646649483e253819b0c25".to_owned()),
                ("enabled", "false".to_owned()),
                ("expires", "2031-11-01T21:04:31Z".to_owned()),
                ("key", "EC P-256".to_owned()),
            ]
        );
    }

    #[test]
    fn r35_parameters_with_and_without_tags_and_with_and_without_a_policy() {
        const PRESERVE: (&str, ParameterValue) = ("PreserveExistingTags", ParameterValue::Unset);
        let text = |text: &str| ("CertificateTags", ParameterValue::Text(text.to_owned()));
        let flag = |flag| ("NonExportable", ParameterValue::Flag(flag));
        let unset = ("NonExportable", ParameterValue::Unset);
        for (tagged, exportable, wanted) in [
            (json!({}), Exportable::NoPolicy, vec![PRESERVE]),
            (
                json!({}),
                Exportable::NotStated,
                vec![unset.clone(), PRESERVE],
            ),
            (
                json!({}),
                Exportable::Stated(true),
                vec![flag(false), PRESERVE],
            ),
            (
                json!({}),
                Exportable::Stated(false),
                vec![flag(true), PRESERVE],
            ),
            (
                json!({"env": "prod"}),
                Exportable::Stated(true),
                vec![text(r#"{"env":"prod"}"#), flag(false), PRESERVE],
            ),
            (
                json!({"b": "say \"hi\"", "a": "ä", "c": null}),
                Exportable::NoPolicy,
                vec![text(r#"{"a":"ä","b":"say \"hi\"","c":null}"#), PRESERVE],
            ),
        ] {
            let item = item(found(Certificate {
                tags: tags(tagged.clone()),
                exportable,
                ..certificate()
            }));
            assert_eq!(item.parameters, wanted, "{tagged} {exportable:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_detail() {
        let item = item(found(Certificate {
            version: None,
            enabled: None,
            expires: Some(i64::MAX),
            key: None,
            ..certificate()
        }));
        assert_eq!(item.details, []);
    }

    #[test]
    fn times_are_written_as_rfc_3339_across_leap_years_and_centuries() {
        for (seconds, wanted) in [
            (0, Some("1970-01-01T00:00:00Z")),
            (-1, Some("1969-12-31T23:59:59Z")),
            (951_782_400, Some("2000-02-29T00:00:00Z")),
            (951_868_800, Some("2000-03-01T00:00:00Z")),
            (1_709_164_800, Some("2024-02-29T00:00:00Z")),
            (4_107_542_400, Some("2100-03-01T00:00:00Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (253_402_300_800, None),
            (-62_135_596_800, Some("0001-01-01T00:00:00Z")),
            (-62_135_596_801, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(rfc3339(seconds).as_deref(), wanted, "{seconds}");
        }
    }
}
