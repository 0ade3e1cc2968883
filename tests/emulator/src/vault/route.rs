//! Which operation a method and a path mean, and what it needs.
//!
//! Must not know how operations are done. Names under `/certificates` that belong to other resources
//! are never taken for certificates. Source: "Azure REST: Key Vault, Certificates" (wire 2.2).

use http::Method;

use super::access::Permission;
use super::error::Refusal;
use super::throttle::Kind;
use crate::seed::{CertificatePermission as C, SecretPermission, is_certificate_name};

/// What a request asks of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation<'a> {
    List,
    Versions(&'a str),
    Get(&'a str, Option<&'a str>),
    Import(&'a str),
    Create(&'a str),
    Update(&'a str, Option<&'a str>),
    Delete(&'a str),
    GetPolicy(&'a str),
    UpdatePolicy(&'a str),
    GetPending(&'a str),
    CancelPending(&'a str),
    DeletePending(&'a str),
    Merge(&'a str),
    ListDeleted,
    GetDeleted(&'a str),
    Recover(&'a str),
    Purge(&'a str),
    GetContacts,
    SetContacts,
    DeleteContacts,
    ListIssuers,
    GetIssuer(&'a str),
    SetIssuer(&'a str),
    UpdateIssuer(&'a str),
    DeleteIssuer(&'a str),
    GetSecret(&'a str, Option<&'a str>),
    Backup(&'a str),
    Restore,
}

impl<'a> Operation<'a> {
    /// Finds the operation.
    pub(super) fn find(method: &Method, path: &'a str) -> Result<Operation<'a>, Refusal> {
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
        let collection = parts.next().unwrap_or_default().to_ascii_lowercase();
        let rest: Vec<&str> = parts.collect();
        // A trailing slash asks for the current version, as some SDKs do (wire 6, number 2).
        let rest = match rest.as_slice() {
            [head @ .., ""] => head,
            whole => whole,
        };
        let verb = method.as_str();
        let found = match collection.as_str() {
            "certificates" => certificates(verb, rest)?,
            "deletedcertificates" => deleted(verb, rest)?,
            "secrets" => secrets(verb, rest)?,
            "keys" => return Err(Refusal::NotEmulated("keys")),
            "deletedkeys" | "deletedsecrets" | "storage" => {
                return Err(Refusal::NotEmulated("this collection"));
            }
            _ => return Err(Refusal::NoSuchPath(path.to_owned())),
        };
        found.ok_or_else(|| {
            if rest.len() > 3 {
                Refusal::NoSuchPath(path.to_owned())
            } else {
                Refusal::MethodNotAllowed(method.to_string())
            }
        })
    }

    /// What the caller must be allowed.
    pub(super) fn permission(&self) -> Permission {
        use Operation as O;
        Permission::Certificates(match self {
            O::List | O::Versions(_) | O::ListDeleted => C::List,
            O::Get(..) | O::GetPolicy(_) | O::GetPending(_) | O::GetDeleted(_) => C::Get,
            O::Import(_) => C::Import,
            O::Create(_) | O::Merge(_) => C::Create,
            O::Update(..) | O::UpdatePolicy(_) | O::CancelPending(_) | O::DeletePending(_) => {
                C::Update
            }
            O::Delete(_) => C::Delete,
            O::Recover(_) => C::Recover,
            O::Purge(_) => C::Purge,
            O::GetContacts | O::SetContacts | O::DeleteContacts => C::ManageContacts,
            O::ListIssuers => C::ListIssuers,
            O::GetIssuer(_) => C::GetIssuers,
            O::SetIssuer(_) | O::UpdateIssuer(_) => C::SetIssuers,
            O::DeleteIssuer(_) => C::DeleteIssuers,
            O::Backup(_) => C::Backup,
            O::Restore => C::Restore,
            O::GetSecret(..) => return Permission::Secrets(SecretPermission::Get),
        })
    }

    /// Which limit it counts against.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Operation::Import(_) => Kind::Import,
            Operation::Create(_) => Kind::Create,
            _ => Kind::Transaction,
        }
    }

    /// The certificate or secret that it is about.
    pub(super) fn name(&self) -> Option<&'a str> {
        use Operation as O;
        match self {
            O::Versions(n)
            | O::Get(n, _)
            | O::Import(n)
            | O::Create(n)
            | O::Update(n, _)
            | O::Delete(n)
            | O::GetPolicy(n)
            | O::UpdatePolicy(n)
            | O::GetPending(n)
            | O::CancelPending(n)
            | O::DeletePending(n)
            | O::Merge(n)
            | O::GetDeleted(n)
            | O::Recover(n)
            | O::Purge(n)
            | O::GetSecret(n, _)
            | O::Backup(n) => Some(n),
            _ => None,
        }
    }
}

type Found<'a> = Result<Option<Operation<'a>>, Refusal>;

fn certificates<'a>(verb: &str, rest: &[&'a str]) -> Found<'a> {
    use Operation as O;
    if let Some((first, below)) = rest.split_first() {
        match first.to_ascii_lowercase().as_str() {
            "contacts" => {
                return Ok(match (verb, below) {
                    ("GET", []) => Some(O::GetContacts),
                    ("PUT", []) => Some(O::SetContacts),
                    ("DELETE", []) => Some(O::DeleteContacts),
                    _ => None,
                });
            }
            "issuers" => {
                return Ok(match (verb, below) {
                    ("GET", []) => Some(O::ListIssuers),
                    ("GET", [issuer]) => Some(O::GetIssuer(named(issuer)?)),
                    ("PUT", [issuer]) => Some(O::SetIssuer(named(issuer)?)),
                    ("PATCH", [issuer]) => Some(O::UpdateIssuer(named(issuer)?)),
                    ("DELETE", [issuer]) => Some(O::DeleteIssuer(named(issuer)?)),
                    _ => None,
                });
            }
            "restore" => {
                return Ok((verb == "POST" && below.is_empty()).then_some(O::Restore));
            }
            _ => {}
        }
        named(first)?;
    }
    Ok(match (verb, rest) {
        ("GET", []) => Some(O::List),
        ("GET", [name]) => Some(O::Get(name, None)),
        ("PATCH", [name]) => Some(O::Update(name, None)),
        ("DELETE", [name]) => Some(O::Delete(name)),
        ("POST", [name, "import"]) => Some(O::Import(name)),
        ("POST", [name, "create"]) => Some(O::Create(name)),
        ("POST", [name, "backup"]) => Some(O::Backup(name)),
        ("GET", [name, "versions"]) => Some(O::Versions(name)),
        ("GET", [name, "policy"]) => Some(O::GetPolicy(name)),
        ("PATCH", [name, "policy"]) => Some(O::UpdatePolicy(name)),
        ("GET", [name, "pending"]) => Some(O::GetPending(name)),
        ("PATCH", [name, "pending"]) => Some(O::CancelPending(name)),
        ("DELETE", [name, "pending"]) => Some(O::DeletePending(name)),
        ("POST", [name, "pending", "merge"]) => Some(O::Merge(name)),
        (
            _,
            [
                _,
                "import" | "create" | "backup" | "versions" | "policy" | "pending",
            ],
        ) => None,
        ("GET", [name, version]) => Some(O::Get(name, Some(versioned(version)?))),
        ("PATCH", [name, version]) => Some(O::Update(name, Some(versioned(version)?))),
        _ => None,
    })
}

fn deleted<'a>(verb: &str, rest: &[&'a str]) -> Found<'a> {
    Ok(match (verb, rest) {
        ("GET", []) => Some(Operation::ListDeleted),
        ("GET", [name]) => Some(Operation::GetDeleted(named(name)?)),
        ("DELETE", [name]) => Some(Operation::Purge(named(name)?)),
        ("POST", [name, "recover"]) => Some(Operation::Recover(named(name)?)),
        _ => None,
    })
}

fn secrets<'a>(verb: &str, rest: &[&'a str]) -> Found<'a> {
    match (verb, rest) {
        ("GET", [name]) => Ok(Some(Operation::GetSecret(named(name)?, None))),
        ("GET", [_, "versions"]) => Err(Refusal::NotEmulated("lists of secrets")),
        ("GET", [name, version]) => Ok(Some(Operation::GetSecret(
            named(name)?,
            Some(versioned(version)?),
        ))),
        _ => Err(Refusal::NotEmulated("lists and changes of secrets")),
    }
}

fn named(name: &str) -> Result<&str, Refusal> {
    if is_certificate_name(name) {
        Ok(name)
    } else {
        Err(Refusal::InvalidName(name.to_owned()))
    }
}

fn versioned(version: &str) -> Result<&str, Refusal> {
    if version.len() == 32 && version.chars().all(|c| c.is_ascii_hexdigit()) {
        Ok(version)
    } else {
        Err(Refusal::InvalidVersion(version.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: &str = "0123456789abcdef0123456789abcdef";

    fn find<'a>(line: &'a str) -> Result<Operation<'a>, Refusal> {
        let (method, path) = line.split_once(' ').unwrap();
        Operation::find(&method.parse().unwrap(), path)
    }

    #[test]
    fn paths_mean_what_the_service_means_by_them() {
        use Operation as O;
        for (line, expected) in [
            ("GET /certificates", O::List),
            ("GET /certificates/", O::List),
            ("GET /certificates/web-1", O::Get("web-1", None)),
            ("GET /certificates/web-1/", O::Get("web-1", None)),
            (
                "GET /Certificates/web-1/0123456789abcdef0123456789abcdef",
                O::Get("web-1", Some(V)),
            ),
            ("PATCH /certificates/a/", O::Update("a", None)),
            ("DELETE /certificates/a", O::Delete("a")),
            ("POST /certificates/a/import", O::Import("a")),
            ("POST /certificates/a/pending/merge", O::Merge("a")),
            ("GET /certificates/a/versions", O::Versions("a")),
            ("DELETE /certificates/contacts", O::DeleteContacts),
            ("DELETE /certificates/Contacts", O::DeleteContacts),
            ("GET /certificates/issuers", O::ListIssuers),
            ("GET /certificates/issuers/one", O::GetIssuer("one")),
            ("POST /certificates/restore", O::Restore),
            ("GET /deletedcertificates", O::ListDeleted),
            ("POST /deletedcertificates/a/recover", O::Recover("a")),
            ("DELETE /deletedcertificates/a", O::Purge("a")),
            ("GET /secrets/a/", O::GetSecret("a", None)),
        ] {
            assert_eq!(find(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for (line, status) in [
            ("POST /certificates/contacts/import", 405),
            ("POST /certificates/issuers/import", 405),
            ("GET /certificates/restore", 405),
            ("POST /certificates/a", 405),
            ("PUT /certificates/a/import", 405),
            ("GET /keys/a", 501),
            ("GET /secrets", 501),
            ("PUT /secrets/a", 501),
            ("GET /", 404),
            ("GET /certificates/a/b/c/d", 404),
            ("GET /certificates/a.b", 400),
            ("POST /certificates/a_b/import", 400),
            ("GET /certificates/a%20b", 400),
            ("GET /certificates//a", 400),
            ("GET /certificates/a/0123", 400),
            ("DELETE /deletedcertificates/a.b", 400),
        ] {
            assert_eq!(find(line).unwrap_err().status(), status, "{line}");
        }
    }
}
