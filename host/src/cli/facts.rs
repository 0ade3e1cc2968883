//! What a person wants to know of a certificate, read from its DER. It must not know
//! where the certificate came from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extension_host::orchestrator::{Item, Parameter, parameter};
use serde::Serialize;
use sha1::{Digest, Sha1};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// One certificate, for people.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    /// Its name in the store.
    pub(crate) alias: String,
    /// Subject, RFC 4514.
    pub(crate) subject: String,
    /// Issuer, RFC 4514.
    pub(crate) issuer: String,
    /// When it expires, RFC 3339.
    pub(crate) expires: String,
    /// Kind and size of its key.
    pub(crate) key: String,
    /// Whether the store lets it be used.
    pub(crate) enabled: String,
    /// SHA-1 of the DER, as the platform shows it.
    pub(crate) thumbprint: String,
    /// The version in the store.
    pub(crate) version: String,
    /// Tags, as JSON.
    pub(crate) tags: String,
    /// Whether its key may leave the store.
    pub(crate) exportable: String,
    /// Whether this is the version that the store uses.
    pub(crate) current: String,
    /// How many certificates came: the leaf, and its issuers where they were asked for.
    pub(crate) chain: String,
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
    /// Reads what can be read; what cannot stays empty.
    pub(crate) fn of(item: &Item) -> Self {
        let der = item
            .certificates
            .first()
            .and_then(|leaf| STANDARD.decode(leaf).ok())
            .unwrap_or_default();
        let parsed = Certificate::from_der(&der).ok();
        let of_certificate = |fact: fn(&Certificate) -> String| parsed.as_ref().map(fact);
        let detail = |name: &str| item.details.get(name).cloned().unwrap_or_default();
        Self {
            alias: item.alias.clone(),
            subject: of_certificate(|c| c.tbs_certificate.subject.to_string()).unwrap_or_default(),
            issuer: of_certificate(|c| c.tbs_certificate.issuer.to_string()).unwrap_or_default(),
            expires: of_certificate(|c| {
                c.tbs_certificate
                    .validity
                    .not_after
                    .to_date_time()
                    .to_string()
            })
            .unwrap_or_default(),
            key: detail("key"),
            enabled: detail("enabled"),
            thumbprint: Sha1::digest(&der)
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect(),
            version: detail("version"),
            tags: match item.parameters.get(parameter::TAGS) {
                Some(Parameter::Text(tags)) => tags.clone(),
                _ => String::new(),
            },
            exportable: detail("exportable"),
            current: detail("current"),
            chain: item.certificates.len().to_string(),
        }
    }

    /// The values of [`COLUMNS`].
    pub(crate) fn row(&self) -> [&str; 12] {
        [
            &self.alias,
            &self.subject,
            &self.issuer,
            &self.expires,
            &self.key,
            &self.enabled,
            &self.thumbprint,
            &self.version,
            &self.tags,
            &self.exportable,
            &self.current,
            &self.chain,
        ]
    }

    /// The value of one of [`COLUMNS`]; empty for any other name.
    pub(crate) fn cell(&self, column: &str) -> &str {
        let cells = COLUMNS.iter().zip(self.row());
        let mut of_column = cells.filter(|(name, _)| **name == column);
        of_column.next().map_or("", |(_, cell)| cell)
    }
}
