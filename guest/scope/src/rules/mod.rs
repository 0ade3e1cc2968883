//! What each kind of job may send, as data. Nothing here matches a request: the host expands and
//! matches these templates, and intersects them with the operator's policy.
//!
//! | job | requests |
//! |---|---|
//! | all, as an application | one token request |
//! | all, as a managed identity | the machine's identity endpoint |
//! | inventory, check | list certificates, get one, get one of its versions |
//! | add | get, import, get deleted, recover, each for the job's alias alone |
//! | remove | get, delete, get deleted, each for the job's alias alone |
//! | create-store | get the resource group, get and put the vault, check its name |
//! | discovery | list subscriptions, list vaults, the one Resource Graph query |
//!
//! Must not know: any job in particular (its values are [`crate::Variables`]), the policy, HTTP.

mod body;
mod pair;
mod segment;
mod template;
mod versions;

use serde_json::json;

use crate::identity::Identity;
use crate::kind::JobKind;

pub use body::{BodyTemplate, BoundedBody, FreeMember, JsonTemplate};
pub use pair::{PairTemplate, ValueTemplate};
pub(crate) use segment::certificate_name;
pub use segment::{SegmentPattern, segment_patterns};
pub use template::{
    ALLOWED_HEADERS, HeaderRule, Method, QueryTemplate, RequiredHeader, RuleTemplate,
};
pub use versions::{
    ARM_RESOURCE_GROUPS_API_VERSION, ARM_SUBSCRIPTIONS_API_VERSION, ARM_VAULTS_API_VERSION,
    CLIENT_ASSERTION_TYPE, IDENTITY_API_VERSION, KEY_VAULT_API_VERSION, RESOURCE_GRAPH_API_VERSION,
    RESOURCE_GRAPH_QUERY,
};

/// Longest skip token, in bytes. Key Vault's are some 150; Azure Resource Manager's pass 1,000,
/// and its URLs may have 4 KB.
const SKIP_TOKEN: usize = 4096;
/// Longest client secret; Entra ID makes 40 characters, and takes no more than 256 from people.
const SECRET: usize = 1024;
/// Longest federated token: a JWT with many claims has a few KB.
const ASSERTION: usize = 16 * 1024;
/// Longest `claims` of a token request, which repeats what a challenge asked for.
const CLAIMS: usize = 4096;
/// Largest import: base64 of a PKCS#12 with an RSA-4096 key and a chain of ten has some 40 KB,
/// 15 tags of 512 characters add 8.
const IMPORT: usize = 256 * 1024;
/// Largest list of subscriptions in a Resource Graph query: 1,000 ids, the service's limit, have
/// 39 KB.
const SUBSCRIPTIONS: usize = 64 * 1024;

/// The templates of a kind of job, with the ones by which its identity gets a token first. Every
/// `{variable}` in them is one of [`crate::Variables`], or one of [`segment_patterns`].
///
/// Requests that read private keys are not among them: see [`private_key_rules`].
pub fn rules(kind: JobKind, identity: &Identity) -> Vec<RuleTemplate> {
    let mut rules = vec![token(audience(kind), identity)];
    rules.extend(match kind {
        JobKind::Inventory | JobKind::Check => inventory(),
        JobKind::Add => add(),
        JobKind::Remove => remove(),
        JobKind::CreateStore => create_store(identity),
        JobKind::Discovery => discovery(),
    });
    rules
}

/// The templates of a kind of job that read private keys: a certificate's managed secret holds
/// its exportable key. Only for operators who say `reads-private-keys = true`, and to be shown
/// as what they are.
pub fn private_key_rules(kind: JobKind) -> Vec<RuleTemplate> {
    match kind {
        JobKind::Inventory => vec![
            get(
                "get-secret",
                "Reads a certificate's chain, and with it its PRIVATE KEY",
                "https://{vault_host}/secrets/{name}",
                KEY_VAULT_API_VERSION,
            ),
            get(
                "get-secret-version",
                "Reads the chain of one version, and with it its PRIVATE KEY",
                "https://{vault_host}/secrets/{name}/{version}",
                KEY_VAULT_API_VERSION,
            ),
        ],
        JobKind::Add
        | JobKind::Remove
        | JobKind::CreateStore
        | JobKind::Discovery
        | JobKind::Check => Vec::new(),
    }
}

/// What a job's token is for.
#[derive(Clone, Copy)]
enum Audience {
    Vault,
    Arm,
}

fn audience(kind: JobKind) -> Audience {
    match kind {
        JobKind::Inventory | JobKind::Add | JobKind::Remove | JobKind::Check => Audience::Vault,
        JobKind::CreateStore | JobKind::Discovery => Audience::Arm,
    }
}

fn token(audience: Audience, identity: &Identity) -> RuleTemplate {
    let (scope, resource) = match audience {
        Audience::Vault => ("{vault_scope}", "{vault_resource}"),
        Audience::Arm => ("{arm_scope}", "{arm_resource}"),
    };
    let proof = match identity {
        Identity::ManagedIdentity { client_id } => {
            return identity_endpoint(resource, client_id.is_some());
        }
        Identity::ClientSecret { .. } => vec![PairTemplate::opaque("client_secret", SECRET)],
        Identity::ClientAssertion { .. } => vec![
            PairTemplate::fixed("client_assertion_type", CLIENT_ASSERTION_TYPE),
            PairTemplate::opaque("client_assertion", ASSERTION),
        ],
    };
    let mut form = vec![
        PairTemplate::fixed("grant_type", "client_credentials"),
        PairTemplate::fixed("client_id", "{client_id}"),
        PairTemplate::fixed("scope", scope),
    ];
    form.extend(proof);
    form.push(PairTemplate::opaque("claims", CLAIMS).optional());
    RuleTemplate {
        query: Vec::new(),
        body: BodyTemplate::Form(form),
        ..rule(
            "token",
            "Gets a token for this application",
            Method::Post,
            "https://{authority}/{tenant}/oauth2/v2.0/token",
        )
    }
}

fn identity_endpoint(resource: &'static str, user_assigned: bool) -> RuleTemplate {
    let mut query = vec![
        PairTemplate::fixed("api-version", IDENTITY_API_VERSION),
        PairTemplate::fixed("resource", resource),
    ];
    if user_assigned {
        query.push(PairTemplate::fixed("client_id", "{client_id}"));
    }
    RuleTemplate {
        query,
        headers: HeaderRule {
            // The endpoint's own guard against forged requests.
            required: vec![RequiredHeader {
                name: "metadata".into(),
                value: "true".into(),
            }],
            ..HeaderRule::default()
        },
        ..rule(
            "identity-endpoint",
            "Gets a token for this machine's managed identity",
            Method::Get,
            "http://169.254.169.254/metadata/identity/oauth2/token",
        )
    }
}

fn inventory() -> Vec<RuleTemplate> {
    vec![
        RuleTemplate {
            query: vec![
                PairTemplate::fixed("api-version", KEY_VAULT_API_VERSION),
                PairTemplate::opaque("$skiptoken", SKIP_TOKEN).optional(),
                // The service repeats its page size in some of its next links.
                PairTemplate::opaque("maxresults", 4).optional(),
            ],
            ..rule(
                "list-certificates",
                "Lists the vault's certificates, page by page",
                Method::Get,
                "https://{vault_host}/certificates",
            )
        },
        get(
            "get-certificate",
            "Reads the current version of a certificate",
            "https://{vault_host}/certificates/{name}",
            KEY_VAULT_API_VERSION,
        ),
        get(
            "get-certificate-version",
            "Reads one version of a certificate",
            "https://{vault_host}/certificates/{name}/{version}",
            KEY_VAULT_API_VERSION,
        ),
    ]
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

fn add() -> Vec<RuleTemplate> {
    vec![
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
        RuleTemplate {
            query: api_version(KEY_VAULT_API_VERSION),
            ..rule(
                "recover-certificate",
                "Recovers the certificate of this job from soft deletion",
                Method::Post,
                "https://{vault_host}/deletedcertificates/{alias}/recover",
            )
        },
    ]
}

fn remove() -> Vec<RuleTemplate> {
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

fn create_store(identity: &Identity) -> Vec<RuleTemplate> {
    const VAULT: &str = "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}";

    let mut properties = json!({
        "sku": { "family": "A", "name": "{sku}" },
        "accessPolicies": [],
        "enableRbacAuthorization": true,
    });
    let mut free = vec![
        // The resource group's own region is known only once it was read.
        free("/location", 64),
        optional("/tags", 16 * 1024),
        optional("/properties/enablePurgeProtection", 8),
        optional("/properties/publicNetworkAccess", 32),
        optional("/properties/softDeleteRetentionInDays", 8),
    ];
    if identity.needs_tenant() {
        properties["tenantId"] = "{tenant}".into();
    } else {
        // A managed identity's tenant is not in the job.
        free.push(self::free("/properties/tenantId", 38));
    }

    vec![
        get(
            "get-resource-group",
            "Looks whether the resource group exists, and in which region",
            "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}",
            ARM_RESOURCE_GROUPS_API_VERSION,
        ),
        get(
            "get-vault",
            "Looks whether the vault exists, and follows its creation",
            VAULT,
            ARM_VAULTS_API_VERSION,
        ),
        RuleTemplate {
            query: api_version(ARM_VAULTS_API_VERSION),
            body: BodyTemplate::Json(JsonTemplate {
                value: json!({ "properties": properties }),
                free,
            }),
            ..rule("put-vault", "Creates the vault", Method::Put, VAULT)
        },
        RuleTemplate {
            query: api_version(ARM_VAULTS_API_VERSION),
            body: BodyTemplate::Json(JsonTemplate {
                value: json!({ "name": "{vault}", "type": "Microsoft.KeyVault/vaults" }),
                free: Vec::new(),
            }),
            ..rule(
                "check-vault-name",
                "Asks whether the vault's name is free",
                Method::Post,
                "https://{arm}/subscriptions/{subscription}/providers/Microsoft.KeyVault/checkNameAvailability",
            )
        },
    ]
}

fn discovery() -> Vec<RuleTemplate> {
    let pages = |version| {
        vec![
            PairTemplate::fixed("api-version", version),
            PairTemplate::opaque("$skiptoken", SKIP_TOKEN).optional(),
        ]
    };
    vec![
        RuleTemplate {
            query: pages(ARM_SUBSCRIPTIONS_API_VERSION),
            ..rule(
                "list-subscriptions",
                "Lists the subscriptions this identity can see",
                Method::Get,
                "https://{arm}/subscriptions",
            )
        },
        RuleTemplate {
            query: pages(ARM_VAULTS_API_VERSION),
            ..rule(
                "list-vaults",
                "Lists the vaults of a subscription",
                Method::Get,
                "https://{arm}/subscriptions/{id}/providers/Microsoft.KeyVault/vaults",
            )
        },
        RuleTemplate {
            query: api_version(RESOURCE_GRAPH_API_VERSION),
            body: BodyTemplate::Json(JsonTemplate {
                value: json!({
                    "query": RESOURCE_GRAPH_QUERY,
                    "options": { "resultFormat": "objectArray" },
                }),
                free: vec![
                    free("/subscriptions", SUBSCRIPTIONS),
                    optional("/options/$skipToken", SKIP_TOKEN),
                ],
            }),
            ..rule(
                "query-resource-graph",
                "Lists the vaults of many subscriptions at once",
                Method::Post,
                "https://{arm}/providers/Microsoft.ResourceGraph/resources",
            )
        },
    ]
}

fn rule(
    id: &'static str,
    purpose: &'static str,
    method: Method,
    url: &'static str,
) -> RuleTemplate {
    RuleTemplate {
        id: id.into(),
        purpose: purpose.into(),
        method,
        url: url.into(),
        query: Vec::new(),
        headers: HeaderRule::default(),
        body: BodyTemplate::None,
    }
}

fn get(
    id: &'static str,
    purpose: &'static str,
    url: &'static str,
    version: &'static str,
) -> RuleTemplate {
    RuleTemplate {
        query: api_version(version),
        ..rule(id, purpose, Method::Get, url)
    }
}

fn api_version(version: &'static str) -> Vec<PairTemplate> {
    vec![PairTemplate::fixed("api-version", version)]
}

fn free(pointer: &'static str, max_bytes: usize) -> FreeMember {
    FreeMember {
        pointer: pointer.into(),
        max_bytes,
        optional: false,
    }
}

fn optional(pointer: &'static str, max_bytes: usize) -> FreeMember {
    FreeMember {
        optional: true,
        ..free(pointer, max_bytes)
    }
}

#[cfg(test)]
mod tests;
