//! The deny assignment in an error answer: it wins over every role (Microsoft Learn, "List Azure
//! deny assignments").
//!
//! It must not advise.

use std::fmt;

use super::discretion::Discretion;

/// A deny assignment, as far as it may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenyAssignment {
    name: Option<String>,
    id: Option<String>,
}

impl DenyAssignment {
    /// The one in the two texts: Azure Resource Manager's says `because of the deny assignment
    /// with name '…' and Id '…'`, and has a code for it; Key Vault's has the lines
    /// `DenyAssignmentId: …`, which is `null` where there is none, and `DecisionReason: …`.
    pub fn read(
        code: Option<&str>,
        message: &str,
        discretion: &Discretion,
    ) -> Option<DenyAssignment> {
        let of_manager = code == Some("DenyAssignmentAuthorizationFailed")
            || message.contains("because of the deny assignment");
        if of_manager {
            let after = |words| message.split_once(words).map(|(_, rest)| rest);
            let upto = |rest: &'_ str, end| rest.split_once(end).map(|(text, _)| text.to_owned());
            let name = after("deny assignment with name '")
                .and_then(|rest| upto(rest, "' and Id '").or_else(|| upto(rest, "'")));
            let id = after("' and Id '").and_then(|rest| upto(rest, "'"));
            return Some(DenyAssignment {
                name: name.and_then(|name| discretion.name(&name)),
                id: id.and_then(|id| shown_id(&id, discretion)),
            });
        }
        let line = |label: &str| {
            let mut lines = message.lines().map(str::trim);
            let value = lines.find_map(|line| line.strip_prefix(label))?;
            let value = value.trim().trim_matches(['\'', '"']).trim();
            let is_none = value.is_empty() || value == "null" || value == "(not found)";
            (!is_none).then_some(value)
        };
        let id = line("DenyAssignmentId:");
        let reason = line("DecisionReason:").filter(|reason| reason.contains("DenyAssignment"));
        (id.is_some() || reason.is_some()).then(|| DenyAssignment {
            name: None,
            id: id.and_then(|id| shown_id(id, discretion)),
        })
    }
}

/// The GUID at the end of a resource id, also without its hyphens.
fn shown_id(id: &str, discretion: &Discretion) -> Option<String> {
    let last = id.rsplit('/').next().unwrap_or_default();
    if last.len() != 32 || !last.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return discretion.id(last);
    }
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| last.get(part));
    let parts: Option<Vec<&str>> = parts.into_iter().collect();
    discretion
        .id(&parts?.join("-"))
        .filter(|_| discretion.allows(last))
}

/// As the subject of a sentence.
impl fmt::Display for DenyAssignment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.id) {
            (Some(name), Some(id)) => write!(out, "the deny assignment \"{name}\" ({id})"),
            (Some(name), None) => write!(out, "the deny assignment \"{name}\""),
            (None, Some(id)) => write!(out, "the deny assignment {id}"),
            (None, None) => out.write_str("a deny assignment"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7d2c0000-0000-4000-8000-000000000001";
    const CODE: Option<&str> = Some("DenyAssignmentAuthorizationFailed");

    fn read(code: Option<&str>, message: &str) -> Option<String> {
        let found = DenyAssignment::read(code, message, &Discretion::default());
        found.map(|deny| deny.to_string())
    }

    fn of_manager(name: &str, id: &str) -> String {
        format!(
            "The client 'a' with object id 'b' has permission to perform action 'c' on scope '/s'; \
             however, the access is denied because of the deny assignment with name '{name}' and \
             Id '{id}' at scope '/s'."
        )
    }

    fn of_vault(id: &str, reason: &str) -> String {
        format!(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny \
             assignments or role definitions were changed recently, please observe propagation \
             time.\r\nAssignment: (not found)\r\nDenyAssignmentId: {id}\r\nDecisionReason: \
             {reason} \r\nVault: v;location=x\r\n"
        )
    }

    #[test]
    fn the_resource_managers_text_names_it() {
        for (name, id, wanted) in [
            (
                "Owned by stack one",
                "c",
                "the deny assignment \"Owned by stack one\"",
            ),
            (
                "Bob's stack",
                ID,
                &format!("the deny assignment \"Bob's stack\" ({ID})"),
            ),
            (
                "<b>",
                "7d2c0000000040008000000000000001",
                &format!("the deny assignment {ID}"),
            ),
        ] {
            for code in [CODE, Some("AuthorizationFailed")] {
                let found = read(code, &of_manager(name, id));
                assert_eq!(found.as_deref(), Some(wanted));
            }
        }
        assert_eq!(read(CODE, "no").as_deref(), Some("a deny assignment"));
        assert_eq!(read(Some("AuthorizationFailed"), "no"), None);
    }

    #[test]
    fn the_vaults_text_has_its_id_or_null() {
        let path = format!("'/providers/Microsoft.Authorization/denyAssignments/{ID}'");
        let named = format!("the deny assignment {ID}");
        for (id, reason, wanted) in [
            ("null", "null", None),
            ("(not found)", "'DeniedWithNoValidRBAC'", None),
            ("", "", None),
            (ID, "null", Some(named.as_str())),
            (&path, "null", Some(&named)),
            (
                "null",
                "'DeniedWithDenyAssignment'",
                Some("a deny assignment"),
            ),
        ] {
            let found = read(Some("ForbiddenByRbac"), &of_vault(id, reason));
            assert_eq!(found.as_deref(), wanted, "{id} {reason}");
        }
    }

    #[test]
    fn what_repeats_a_secret_is_not_shown() {
        let discretion = Discretion::default();
        discretion.keep(b"production");
        discretion.keep(b"7d2c0000000040008000000000000001");
        for message in [
            of_manager("for production", "7d2c0000000040008000000000000001"),
            of_vault("7d2c0000000040008000000000000001", "null"),
        ] {
            let found = DenyAssignment::read(None, &message, &discretion).unwrap();
            assert_eq!(found.to_string(), "a deny assignment");
        }
    }
}
