//! The names a job is made of. A value of one of these types is valid because it exists; it can
//! be put into a URL's path or a host name without being looked at again (a resource group's name
//! may have to be percent-encoded, the others never).
//!
//! Must not know: which field a name came from, nor how names combine.

use std::fmt;

use crate::counted::counted;
use crate::error::{FieldError, shown};
use crate::rules::{SegmentPattern, certificate_name};

/// Declares a newtype over a checked text.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a vault: 3 to 24 ASCII letters, digits and hyphens, a letter first, a letter or
    /// digit last, no two hyphens in a row (error text of Azure's `VaultNameNotValid`; Microsoft
    /// Learn, "Naming rules and restrictions for Azure resources"). Case is kept; Azure ignores it.
    VaultName
);
name!(
    /// The name of a certificate in a vault: 1 to 127 of `[0-9A-Za-z-]` (Azure REST: Certificates),
    /// and none of `contacts`, `issuers` and `restore`, which are other resources under the same
    /// path: `DELETE /certificates/contacts` deletes the vault's contacts.
    Alias
);
name!(
    /// An Entra ID tenant: a GUID or a verified domain, in lower case. A domain has at least two
    /// labels of `[a-z0-9-]`; this is what goes into the token endpoint's path.
    TenantId
);
name!(
    /// An Azure subscription: a GUID, in lower case.
    SubscriptionId
);
name!(
    /// The name of a resource group: 1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, not
    /// ending in a full stop (Microsoft Learn, "Naming rules and restrictions for Azure
    /// resources"). Letters may be beyond ASCII; case is kept, Azure ignores it.
    ResourceGroup
);
name!(
    /// The client id of an application or of a user-assigned identity: a GUID, in lower case.
    ClientId
);

impl VaultName {
    /// Reads a vault's name; spaces around it are dropped.
    ///
    /// # Errors
    /// What is not a vault name. It becomes part of a host name, so nothing else may pass.
    pub fn parse(text: &str) -> Result<VaultName, FieldError> {
        let name = text.trim();
        let bytes = name.as_bytes();
        let fits = (3..=24).contains(&name.len())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && !name.contains("--");
        if fits {
            return Ok(VaultName(name.to_owned()));
        }
        Err(FieldError::new(
            "VaultName",
            said(name, "is not the name of a vault"),
            "a vault name has 3 to 24 letters, digits and hyphens, begins with a letter, ends with \
             a letter or digit and has no two hyphens in a row",
        ))
    }
}

impl Alias {
    /// A name to look for where none is known: a check's.
    pub fn of_check() -> Self {
        Alias("akv-check".to_owned())
    }

    /// Reads an alias as it is: spaces are not dropped, since the platform would go on to know the
    /// certificate by another name than the vault.
    ///
    /// # Errors
    /// What is not a certificate name, or is a reserved one (in any case).
    pub fn parse(text: &str) -> Result<Alias, FieldError> {
        let pattern: SegmentPattern = certificate_name();
        if pattern.matches(text) {
            return Ok(Alias(text.to_owned()));
        }
        if pattern.excludes(text) {
            return Err(FieldError::new(
                "Alias",
                format!("{} is reserved by Key Vault", shown(text)),
                "choose another alias; contacts, issuers and restore are not certificates",
            ));
        }
        Err(FieldError::new(
            "Alias",
            said(text, "is not the name of a certificate"),
            "an alias has 1 to 127 letters, digits and hyphens, nothing else",
        ))
    }
}

impl TenantId {
    /// Reads a tenant; spaces around it are dropped.
    ///
    /// # Errors
    /// What is neither a GUID nor a domain.
    pub fn parse(text: &str) -> Result<TenantId, FieldError> {
        let name = text.trim();
        if let Some(guid) = guid(name) {
            return Ok(TenantId(guid));
        }
        let lower = name.to_ascii_lowercase();
        if lower.contains('.') && is_host_name(&lower) {
            return Ok(TenantId(lower));
        }
        Err(FieldError::new(
            "TenantId",
            said(name, "is neither a GUID nor a domain"),
            "write the tenant's id (a GUID) or one of its verified domains",
        ))
    }

    /// Whether this is the tenant's id and not one of its domains.
    pub fn is_guid(&self) -> bool {
        guid(&self.0).is_some()
    }
}

impl SubscriptionId {
    /// Reads a subscription id; spaces around it are dropped.
    ///
    /// # Errors
    /// What is not a GUID.
    pub fn parse(text: &str) -> Result<SubscriptionId, FieldError> {
        guid(text.trim()).map(SubscriptionId).ok_or_else(|| {
            FieldError::new(
                "SubscriptionId",
                said(text.trim(), "is not a GUID"),
                "write the subscription's id, not its display name",
            )
        })
    }
}

impl ResourceGroup {
    /// Reads the name of a resource group; spaces around it are dropped.
    ///
    /// # Errors
    /// What is not the name of a resource group.
    pub fn parse(text: &str) -> Result<ResourceGroup, FieldError> {
        let name = text.trim();
        let fits = (1..=90).contains(&name.chars().count())
            && name
                .chars()
                .all(|letter| letter.is_alphanumeric() || "_-.()".contains(letter))
            && !name.ends_with('.');
        if fits {
            return Ok(ResourceGroup(name.to_owned()));
        }
        Err(FieldError::new(
            "ResourceGroupName",
            said(name, "is not the name of a resource group"),
            "a resource group name has 1 to 90 letters, digits and _ - . ( ), and does not end in \
             a full stop",
        ))
    }

    /// Whether both are the same group to Azure, which ignores case.
    pub(crate) fn same_as(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.to_lowercase()
    }
}

impl ClientId {
    /// Reads a client id; spaces around it are dropped.
    ///
    /// # Errors
    /// What is not a GUID. The value is not repeated: people paste secrets into the wrong field.
    pub fn parse(text: &str) -> Result<ClientId, FieldError> {
        let name = text.trim();
        guid(name).map(ClientId).ok_or_else(|| {
            let problem = if name.is_empty() {
                "is blank".to_owned()
            } else {
                format!(
                    "is not a GUID ({} came instead)",
                    counted(name.chars().count(), "character")
                )
            };
            FieldError::new(
                "ServerUsername",
                problem,
                "write the application (client) id, a GUID like \
                 00000000-0000-0000-0000-000000000000",
            )
        })
    }
}

/// "is blank", or the value and what is wrong with it.
fn said(value: &str, problem: &str) -> String {
    if value.trim().is_empty() {
        "is blank".to_owned()
    } else {
        format!("{} {problem}", shown(value))
    }
}

/// A GUID in its 8-4-4-4-12 form (RFC 9562 section 4), in lower case; `None` for anything else.
fn guid(text: &str) -> Option<String> {
    is_guid(text).then(|| text.to_ascii_lowercase())
}

/// Whether a text is a GUID in that form, in any case.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| {
            if matches!(place, 8 | 13 | 18 | 23) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

/// Whether a lower-case text is a host name: labels of 1 to 63 letters, digits and inner hyphens
/// (RFC 1123 section 2.1), 253 characters in all, and not something that a resolver or a URL
/// parser would take for an IPv4 address (last label all digits, or `0x...`).
pub(crate) fn is_host_name(text: &str) -> bool {
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_digit())
            || label
                .strip_prefix("0x")
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    text.len() <= 253
        && text.split('.').all(label_fits)
        && !text.rsplit('.').next().is_some_and(numeric)
}

#[cfg(test)]
mod tests;
