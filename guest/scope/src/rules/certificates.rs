//! The requests of the jobs that work with the certificates of one vault.
//!
//! Must not know: tokens, and Azure Resource Manager.

use super::{
    BodyTemplate, BoundedBody, KEY_VAULT_API_VERSION, Method, PageQuery, RuleTemplate, api_version,
    get, rule,
};
use crate::options::Versions;

/// Largest import: base64 of a PKCS#12 with an RSA-4096 key and a chain of ten has some 40 KB,
/// 15 tags of 512 characters add 8.
const IMPORT: usize = 256 * 1024;

/// The list, page by page.
pub(super) fn list() -> RuleTemplate {
    RuleTemplate {
        query: PageQuery::KEY_VAULT.pairs(),
        ..rule(
            "list-certificates",
            "Lists the vault's certificates, page by page",
            Method::Get,
            "https://{vault_host}/certificates",
        )
    }
}

/// Any certificate.
pub(super) fn get_any() -> RuleTemplate {
    get(
        "get-certificate",
        "Reads the current version of a certificate",
        "https://{vault_host}/certificates/{name}",
        KEY_VAULT_API_VERSION,
    )
}

pub(super) fn inventory(versions: Versions) -> Vec<RuleTemplate> {
    let mut rules = vec![list(), get_any()];
    if versions == Versions::All {
        rules.extend([
            get(
                "get-certificate-version",
                "Reads one version of a certificate",
                "https://{vault_host}/certificates/{name}/{version}",
                KEY_VAULT_API_VERSION,
            ),
            RuleTemplate {
                query: PageQuery::KEY_VAULT.pairs(),
                ..rule(
                    "list-certificate-versions",
                    "Lists the versions of a certificate, page by page",
                    Method::Get,
                    "https://{vault_host}/certificates/{name}/versions",
                )
            },
        ]);
    }
    rules
}

fn get_certificate_of_job() -> RuleTemplate {
    get(
        "get-certificate",
        "Reads the certificate of this job",
        "https://{vault_host}/certificates/{alias}",
        KEY_VAULT_API_VERSION,
    )
}

fn get_deleted_certificate() -> RuleTemplate {
    get(
        "get-deleted-certificate",
        "Looks whether the certificate of this job is soft-deleted",
        "https://{vault_host}/deletedcertificates/{alias}",
        KEY_VAULT_API_VERSION,
    )
}

/// Only what may be replaced is recovered.
pub(super) fn add(overwrite: bool) -> Vec<RuleTemplate> {
    let mut rules = vec![
        get_certificate_of_job(),
        RuleTemplate {
            query: api_version(KEY_VAULT_API_VERSION),
            body: BodyTemplate::Bounded(BoundedBody {
                content_type: "application/json".into(),
                max_bytes: IMPORT,
            }),
            ..rule(
                "import-certificate",
                "Imports the certificate of this job with its key",
                Method::Post,
                "https://{vault_host}/certificates/{alias}/import",
            )
        },
        get_deleted_certificate(),
    ];
    if overwrite {
        rules.push(RuleTemplate {
            query: api_version(KEY_VAULT_API_VERSION),
            ..rule(
                "recover-certificate",
                "Recovers the certificate of this job from soft deletion",
                Method::Post,
                "https://{vault_host}/deletedcertificates/{alias}/recover",
            )
        });
    }
    rules
}

pub(super) fn remove() -> Vec<RuleTemplate> {
    vec![
        get_certificate_of_job(),
        RuleTemplate {
            query: api_version(KEY_VAULT_API_VERSION),
            ..rule(
                "delete-certificate",
                "Deletes the certificate of this job (soft delete, all versions)",
                Method::Delete,
                "https://{vault_host}/certificates/{alias}",
            )
        },
        get_deleted_certificate(),
    ]
}

/// Always by the version that the certificate itself names: the secret of that certificate, and
/// of no other.
pub(super) fn private_keys() -> Vec<RuleTemplate> {
    vec![get(
        "get-secret-version",
        "Reads the chain of a certificate, and with it its PRIVATE KEY",
        "https://{vault_host}/secrets/{name}/{version}",
        KEY_VAULT_API_VERSION,
    )]
}

/// The managed secret of the one certificate that an Add is about, in its current version.
pub(super) fn private_key_of_job() -> Vec<RuleTemplate> {
    vec![get(
        "get-secret",
        "Reads the chain of the certificate of this job, and with it its PRIVATE KEY",
        "https://{vault_host}/secrets/{alias}",
        KEY_VAULT_API_VERSION,
    )]
}
