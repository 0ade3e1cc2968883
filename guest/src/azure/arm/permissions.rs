//! What the identity may do at a scope, told by the service (Azure REST, "Permissions -
//! List For Resource" and "- List For Resource Group").
//!
//! It must not know which actions a job needs.

use job_scope::ARM_PERMISSIONS_API_VERSION;
use serde::Deserialize;

use super::Arm;
use crate::azure::action::Action;
use crate::azure::error::CallError;
use crate::env::Environment;

/// The permissions at one scope: those of every role that holds there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    actions: Option<Vec<String>>,
    not_actions: Option<Vec<String>>,
    data_actions: Option<Vec<String>>,
    not_data_actions: Option<Vec<String>>,
}

impl Permissions {
    /// Whether an action on the resource itself is allowed: `Microsoft.KeyVault/vaults/write`.
    pub fn allows(&self, action: &str) -> bool {
        let any =
            |entry: &Entry| among(&entry.actions, action) && !among(&entry.not_actions, action);
        self.entries.iter().any(any)
    }

    /// Whether an action on what is in the resource is allowed:
    /// `Microsoft.KeyVault/vaults/certificates/read`. It says nothing about a vault that
    /// uses access policies.
    pub fn allows_data(&self, action: &str) -> bool {
        let any = |entry: &Entry| {
            among(&entry.data_actions, action) && !among(&entry.not_data_actions, action)
        };
        self.entries.iter().any(any)
    }
}

fn among(patterns: &Option<Vec<String>>, action: &str) -> bool {
    let mut patterns = patterns.iter().flatten();
    patterns.any(|pattern| matches(pattern, action))
}

/// Ignoring case; `*` stands for any text, slashes included ("Understand Azure role
/// definitions"). An exclusion holds for its own role alone: another role may still allow.
fn matches(pattern: &str, action: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let action = action.to_ascii_lowercase();
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == action;
    };
    let Some(mut left) = action.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = left.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(last)
}

impl<E: Environment> Arm<'_, E> {
    /// Reads the identity's permissions at a scope: the path of a resource group or a vault,
    /// ready for a URL (see [`super::group_path`] and [`super::vault_path`]).
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub async fn permissions(&self, scope: &str) -> Result<Permissions, CallError> {
        let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
        let action = Action::ReadPermissions(scope.to_owned());
        let entries = self
            .list(&action, &path, ARM_PERMISSIONS_API_VERSION, Ok::<Entry, _>)
            .await
            .complete()?;
        Ok(Permissions { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_case_does_not_matter() {
        for (pattern, action, wanted) in [
            ("*", "Microsoft.KeyVault/vaults/write", true),
            ("*/read", "Microsoft.KeyVault/vaults/read", true),
            ("*/read", "Microsoft.KeyVault/vaults/write", false),
            (
                "Microsoft.KeyVault/*",
                "microsoft.keyvault/vaults/write",
                true,
            ),
            (
                "Microsoft.KeyVault/*",
                "Microsoft.Storage/accounts/write",
                false,
            ),
            (
                "Microsoft.KeyVault/vaults/*/read",
                "Microsoft.KeyVault/vaults/certificates/read",
                true,
            ),
            // Between the two slashes there must be something for both.
            (
                "Microsoft.KeyVault/vaults/*/read",
                "Microsoft.KeyVault/vaults/read",
                false,
            ),
            (
                "Microsoft.*/vaults/*",
                "Microsoft.KeyVault/vaults/write",
                true,
            ),
            ("a*b*a", "aba", true),
            ("a*ba", "aba", true),
            ("ab*ba", "aba", false),
            ("", "a", false),
            (
                "Microsoft.KeyVault/vaults/write",
                "Microsoft.KeyVault/vaults/write",
                true,
            ),
            (
                "Microsoft.KeyVault/vaults/write",
                "Microsoft.KeyVault/vaults/write/x",
                false,
            ),
        ] {
            assert_eq!(matches(pattern, action), wanted, "{pattern} {action}");
        }
    }

    #[test]
    fn an_exclusion_holds_for_its_own_role_alone() {
        let entry = |actions: &str, not_actions: &str| Entry {
            actions: Some(vec![actions.into()]),
            not_actions: Some(vec![not_actions.into()]),
            ..Entry::default()
        };
        let contributor = entry("*", "Microsoft.Authorization/*/Write");
        let assign = "Microsoft.Authorization/roleAssignments/write";
        let alone = Permissions {
            entries: vec![contributor.clone()],
        };
        assert!(alone.allows("Microsoft.KeyVault/vaults/write"));
        assert!(!alone.allows(assign));
        let both = Permissions {
            entries: vec![contributor, entry("Microsoft.Authorization/*", "")],
        };
        assert!(both.allows(assign));
        assert!(!Permissions::default().allows("Microsoft.KeyVault/vaults/read"));
    }

    #[test]
    fn actions_on_the_resource_say_nothing_about_what_is_in_it() {
        let permissions = Permissions {
            entries: vec![
                Entry {
                    actions: Some(vec!["*".into()]),
                    ..Entry::default()
                },
                Entry {
                    data_actions: Some(vec!["Microsoft.KeyVault/vaults/certificates/*".into()]),
                    not_data_actions: Some(vec!["*/delete".into()]),
                    ..Entry::default()
                },
            ],
        };
        let certificates = "Microsoft.KeyVault/vaults/certificates";
        assert!(permissions.allows_data(&format!("{certificates}/read")));
        assert!(!permissions.allows_data(&format!("{certificates}/delete")));
        assert!(!permissions.allows_data("Microsoft.KeyVault/vaults/secrets/getSecret/action"));
    }
}
