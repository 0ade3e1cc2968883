//! What a person wants to know of a certificate, read from its DER. It must not know
//! where the certificate came from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extension_host::orchestrator::{Item, Parameter};
use job_scope::parameter;
use serde::Serialize;
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::borrow::Cow;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// One certificate, for people. The names are those of [`COLUMNS`]; what is not known is `null`,
/// and an empty cell.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    /// Its name in the store.
    pub(crate) alias: String,
    /// Subject, RFC 4514.
    pub(crate) subject: Option<String>,
    /// Issuer, RFC 4514.
    pub(crate) issuer: Option<String>,
    /// When it expires, RFC 3339.
    pub(crate) expires: Option<String>,
    /// Kind and size of its key.
    pub(crate) key: Option<String>,
    /// Whether the store lets it be used.
    pub(crate) enabled: Option<bool>,
    /// SHA-1 of the DER, as the platform shows it.
    pub(crate) thumbprint: String,
    /// The version in the store.
    pub(crate) version: Option<String>,
    /// Tags, as a JSON object of texts.
    pub(crate) tags: Option<Value>,
    /// Whether its key may leave the store.
    pub(crate) exportable: Option<bool>,
    /// Whether this is the version that the store uses.
    pub(crate) current: Option<bool>,
    /// How many certificates came: the leaf, and its issuers where they were asked for.
    pub(crate) chain: usize,
}

/// The columns, in order.
pub(crate) const COLUMNS: [&str; 12] = [
    "alias",
    "subject",
    "issuer",
    "expires",
    "key",
    "enabled",
    "thumbprint",
    "version",
    "tags",
    "exportable",
    "current",
    "chain",
];

impl Facts {
    /// Reads what can be read; what cannot stays open.
    pub(crate) fn of(item: &Item) -> Self {
        let der = item
            .certificates
            .first()
            .and_then(|leaf| STANDARD.decode(leaf).ok())
            .unwrap_or_default();
        let parsed = Certificate::from_der(&der).ok();
        let of_certificate = |fact: fn(&Certificate) -> String| parsed.as_ref().map(fact);
        let detail = |name: &str| item.details.get(name).cloned();
        let flag = |name: &str| item.details.get(name).and_then(|text| text.parse().ok());
        Self {
            alias: item.alias.clone(),
            subject: of_certificate(|c| c.tbs_certificate.subject.to_string()),
            issuer: of_certificate(|c| c.tbs_certificate.issuer.to_string()),
            expires: of_certificate(|c| {
                c.tbs_certificate
                    .validity
                    .not_after
                    .to_date_time()
                    .to_string()
            }),
            key: detail("key"),
            enabled: flag("enabled"),
            thumbprint: Sha1::digest(&der)
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect(),
            version: detail("version"),
            tags: match item.parameters.get(parameter::TAGS) {
                Some(Parameter::Text(tags)) => Some(object(tags)),
                _ => None,
            },
            exportable: flag("exportable"),
            current: flag("current"),
            chain: item.certificates.len(),
        }
    }

    /// The values of [`COLUMNS`], as texts.
    pub(crate) fn row(&self) -> [Cow<'_, str>; 12] {
        fn text(text: &Option<String>) -> Cow<'_, str> {
            Cow::Borrowed(text.as_deref().unwrap_or_default())
        }
        fn flag<'a>(flag: Option<bool>) -> Cow<'a, str> {
            Cow::Borrowed(match flag {
                Some(true) => "true",
                Some(false) => "false",
                None => "",
            })
        }
        [
            Cow::Borrowed(&self.alias),
            text(&self.subject),
            text(&self.issuer),
            text(&self.expires),
            text(&self.key),
            flag(self.enabled),
            Cow::Borrowed(&self.thumbprint),
            text(&self.version),
            self.tags.as_ref().map_or_else(Cow::default, shown),
            flag(self.exportable),
            flag(self.current),
            Cow::Owned(self.chain.to_string()),
        ]
    }

    /// The values of some of [`COLUMNS`]; empty for any other name.
    pub(crate) fn cells(&self, columns: &[&str]) -> Vec<Cow<'_, str>> {
        let row = self.row();
        let cell = |column: &&str| {
            let at = COLUMNS.iter().position(|known| known == column);
            at.and_then(|at| row.get(at)).cloned().unwrap_or_default()
        };
        columns.iter().map(cell).collect()
    }
}

/// What an extension calls tags; what is no object of them stays a text.
fn object(tags: &str) -> Value {
    match serde_json::from_str(tags) {
        Ok(Value::Object(tags)) => Value::Object(tags),
        _ => Value::String(tags.to_owned()),
    }
}

fn shown(tags: &Value) -> Cow<'_, str> {
    match tags {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
