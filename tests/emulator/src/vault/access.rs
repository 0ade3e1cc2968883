//! Who is calling, and may they: the challenge, the token's audience and issuer, network, permissions.
//!
//! Must not know what an operation does. Source: "Authentication, requests and responses", "Azure RBAC
//! for Key Vault data plane operations" (actions and roles), "Assign a Key Vault access policy" (wire 1.4, 2.2;
//! without a token, or with one for somebody else: 6, number 1).

use std::sync::Arc;

use http::{HeaderMap, header};

use super::Vault;
use super::error::Refusal;
use super::spec::VaultSpec;
use crate::clock::Clock;
use crate::entra::{Claims, TokenProblem, Tokens};
use crate::seed::{AccessSeed, CertificatePermission, Network, SecretPermission};

/// What an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    Certificates(CertificatePermission),
    Secrets(SecretPermission),
}

/// The claims of the token that a request to this vault carries.
pub(super) fn authenticate(
    vault: &Vault,
    tokens: &Tokens,
    clock: &Clock,
    headers: &HeaderMap,
) -> Result<Arc<Claims>, Refusal> {
    let token = bearer(headers).ok_or(Refusal::NoToken)?;
    let claims = tokens.read(token).map_err(|problem| match problem {
        TokenProblem::Malformed => Refusal::NoToken,
        TokenProblem::Signature => Refusal::ForeignToken,
    })?;
    if !claims.is_current(clock.unix_seconds()) {
        return Err(Refusal::TokenLifetime);
    }
    let resource = vault.cloud.vault_resource();
    if claims.aud != resource {
        return Err(Refusal::WrongAudience {
            expected: resource,
            found: claims.aud.clone(),
        });
    }
    let issuer = vault.cloud.issuer(&vault.spec().tenant);
    if claims.iss != issuer {
        return Err(Refusal::WrongIssuer {
            expected: issuer,
            found: claims.iss.clone(),
        });
    }
    Ok(claims)
}

/// The token in `Authorization: Bearer`, the scheme in any case.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the caller gets through and may do this to this certificate, or to all where none is named.
pub(super) fn authorize(
    vault: &Vault,
    caller: &Claims,
    permission: Permission,
    name: Option<&str>,
) -> Result<(), Refusal> {
    let spec = vault.spec();
    let who = |extra: &str| {
        format!(
            "appid={};oid={};{extra}iss={}",
            caller.appid, caller.oid, caller.iss
        )
    };
    match spec.network {
        Network::Open => {}
        Network::Firewall => return Err(Refusal::ForbiddenByFirewall { caller: who("") }),
        Network::UnapprovedLink => return Err(Refusal::UnapprovedLink { caller: who("") }),
        Network::PrivateLink => return Err(Refusal::ForbiddenByConnection { caller: who("") }),
    }
    if permission.is_given(&spec, caller) {
        return Ok(());
    }
    if !spec.rbac {
        return Err(Refusal::AccessDenied {
            caller: who("numgroups=0;"),
            permission: permission.words(),
        });
    }
    let mut resource = spec.resource_id().to_ascii_lowercase();
    if let Some(name) = name {
        resource = format!("{resource}/{}/{name}", permission.collection());
    }
    Err(Refusal::ForbiddenByRbac {
        caller: who(""),
        action: permission.action(),
        resource,
    })
}

/// Role definitions of Key Vault's data plane; "Azure built-in roles for Security".
const ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";
const CERTIFICATES_OFFICER: &str = "a4417e6f-fecd-4de8-b567-7b0420556985";
const CERTIFICATE_USER: &str = "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba";
const READER: &str = "21090545-7ca7-4776-b22c-e363652d74d2";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";

impl Permission {
    fn is_given(self, spec: &VaultSpec, caller: &Claims) -> bool {
        let names_caller = |entry: &&AccessSeed| {
            let id = &entry.client_id;
            id.eq_ignore_ascii_case(&caller.appid) || id.eq_ignore_ascii_case(&caller.oid)
        };
        let listed = |list: &[AccessSeed]| {
            list.iter()
                .filter(names_caller)
                .any(|entry| self.is_in(entry))
        };
        if listed(&spec.deny) {
            return false;
        }
        if spec.open || listed(&spec.allow) {
            return true;
        }
        if spec.rbac {
            spec.roles
                .iter()
                .filter(|role| role.object_id.eq_ignore_ascii_case(&caller.oid))
                .any(|role| self.is_of_role(&role.definition.to_ascii_lowercase()))
        } else {
            spec.access_policies
                .iter()
                .filter(|policy| policy.object_id.eq_ignore_ascii_case(&caller.oid))
                .any(|policy| {
                    let list = match self {
                        Permission::Certificates(_) => &policy.permissions.certificates,
                        Permission::Secrets(_) => &policy.permissions.secrets,
                    };
                    list.iter().flatten().any(|word| self.is_word(word))
                })
        }
    }

    fn is_in(self, entry: &AccessSeed) -> bool {
        match self {
            Permission::Certificates(wanted) => entry.certificates.contains(&wanted),
            Permission::Secrets(wanted) => entry.secrets.contains(&wanted),
        }
    }

    fn is_word(self, word: &str) -> bool {
        use CertificatePermission as C;
        let word = word.to_ascii_lowercase();
        let issuers = matches!(
            self,
            Permission::Certificates(
                C::GetIssuers | C::ListIssuers | C::SetIssuers | C::DeleteIssuers
            )
        );
        word == "all" || word == self.word() || (issuers && word == "manageissuers")
    }

    fn is_of_role(self, definition: &str) -> bool {
        use CertificatePermission as C;
        let reads = matches!(self, Permission::Certificates(C::Get | C::List));
        match definition {
            ADMINISTRATOR => true,
            CERTIFICATES_OFFICER => matches!(self, Permission::Certificates(_)),
            CERTIFICATE_USER => reads || matches!(self, Permission::Secrets(_)),
            READER => {
                let issuers = matches!(
                    self,
                    Permission::Certificates(C::GetIssuers | C::ListIssuers)
                );
                reads || issuers || self == Permission::Secrets(SecretPermission::List)
            }
            SECRETS_OFFICER | SECRETS_USER => matches!(self, Permission::Secrets(_)),
            _ => false,
        }
    }

    fn collection(self) -> &'static str {
        match self {
            Permission::Certificates(_) => "certificates",
            Permission::Secrets(_) => "secrets",
        }
    }

    fn word(self) -> &'static str {
        use CertificatePermission as C;
        match self {
            Permission::Certificates(C::Get) | Permission::Secrets(SecretPermission::Get) => "get",
            Permission::Certificates(C::List) | Permission::Secrets(SecretPermission::List) => {
                "list"
            }
            Permission::Certificates(C::Delete) => "delete",
            Permission::Certificates(C::Create) => "create",
            Permission::Certificates(C::Import) => "import",
            Permission::Certificates(C::Update) => "update",
            Permission::Certificates(C::ManageContacts) => "managecontacts",
            Permission::Certificates(C::GetIssuers) => "getissuers",
            Permission::Certificates(C::ListIssuers) => "listissuers",
            Permission::Certificates(C::SetIssuers) => "setissuers",
            Permission::Certificates(C::DeleteIssuers) => "deleteissuers",
            Permission::Certificates(C::Recover) => "recover",
            Permission::Certificates(C::Purge) => "purge",
            Permission::Certificates(C::Backup) => "backup",
            Permission::Certificates(C::Restore) => "restore",
        }
    }

    /// As an access policy's refusal says it: `certificates import`.
    fn words(self) -> String {
        format!("{} {}", self.collection(), self.word())
    }

    /// As a role's refusal says it.
    fn action(self) -> &'static str {
        use CertificatePermission as C;
        match self {
            Permission::Certificates(C::Get | C::List) => {
                "Microsoft.KeyVault/vaults/certificates/read"
            }
            Permission::Certificates(C::Delete) => "Microsoft.KeyVault/vaults/certificates/delete",
            Permission::Certificates(C::Create) => {
                "Microsoft.KeyVault/vaults/certificates/create/action"
            }
            Permission::Certificates(C::Import) => {
                "Microsoft.KeyVault/vaults/certificates/import/action"
            }
            Permission::Certificates(C::Update) => {
                "Microsoft.KeyVault/vaults/certificates/update/action"
            }
            Permission::Certificates(C::Recover) => {
                "Microsoft.KeyVault/vaults/certificates/recover/action"
            }
            Permission::Certificates(C::Purge) => {
                "Microsoft.KeyVault/vaults/certificates/purge/action"
            }
            Permission::Certificates(C::Backup) => {
                "Microsoft.KeyVault/vaults/certificates/backup/action"
            }
            Permission::Certificates(C::Restore) => {
                "Microsoft.KeyVault/vaults/certificates/restore/action"
            }
            Permission::Certificates(C::ManageContacts) => {
                "Microsoft.KeyVault/vaults/certificatecontacts/write"
            }
            Permission::Certificates(C::GetIssuers | C::ListIssuers) => {
                "Microsoft.KeyVault/vaults/certificatecas/read"
            }
            Permission::Certificates(C::SetIssuers) => {
                "Microsoft.KeyVault/vaults/certificatecas/write"
            }
            Permission::Certificates(C::DeleteIssuers) => {
                "Microsoft.KeyVault/vaults/certificatecas/delete"
            }
            Permission::Secrets(SecretPermission::Get) => {
                "Microsoft.KeyVault/vaults/secrets/getSecret/action"
            }
            Permission::Secrets(SecretPermission::List) => {
                "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
            }
        }
    }
}
