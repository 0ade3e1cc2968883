//! Who is calling and what they may do: the token, and roles on scopes.
//!
//! Must not know what operations do. Source: "Azure RBAC scope levels", and the 401 answers of the live
//! service (wire 3.6).

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderMap;

use super::error::Refusal;
use crate::answer::timestamp;
use crate::cloud::Cloud;
use crate::entra::{Claims, TokenProblem, Tokens, object_id};
use crate::seed::{RoleKind, RoleSeed, Seed, SubscriptionSeed};
use crate::vault::{Role, bearer};

/// The claims of the token that a request carries, if it is for Azure Resource Manager in this cloud.
pub(super) fn authenticate(
    cloud: Cloud,
    tokens: &Tokens,
    now: u64,
    headers: &HeaderMap,
) -> Result<Arc<Claims>, Refusal> {
    let token = bearer(headers).ok_or_else(|| Refusal::new("AuthenticationFailed", []))?;
    let claims = tokens.read(token).map_err(|problem| match problem {
        TokenProblem::Malformed | TokenProblem::Signature => {
            Refusal::new("InvalidAuthenticationToken", [])
        }
    })?;
    let audience = claims.aud.trim_end_matches('/');
    let allowed = cloud.arm_resources();
    if !allowed.iter().any(|a| a.eq_ignore_ascii_case(audience)) {
        let quoted: Vec<String> = allowed.iter().map(|a| format!("'{a}/','{a}'")).collect();
        let about = [claims.aud.as_str(), &quoted.join(",")];
        return Err(Refusal::new("InvalidAuthenticationTokenAudience", about));
    }
    if claims.iss != cloud.issuer(&claims.tid) {
        return Err(Refusal::new("InvalidAuthenticationToken", []));
    }
    if !claims.is_current(now) {
        let about = [timestamp(claims.exp), timestamp(now)];
        return Err(Refusal::new(
            "ExpiredAuthenticationToken",
            about.each_ref().map(String::as_str),
        ));
    }
    Ok(claims)
}

/// Whether an action only looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Write,
}

/// The roles of every identity that has only some; the others are owners of their tenants' subscriptions.
#[derive(Debug, Default)]
pub(super) struct Roles {
    by_client: HashMap<String, Vec<RoleSeed>>,
    /// Client id and tenant of those with roles, for the object ids of their service principals.
    principals: Vec<(String, String)>,
}

impl Roles {
    pub(super) fn new(seed: &Seed) -> Roles {
        let mut roles = Roles::default();
        let lower = |role: &RoleSeed| RoleSeed {
            scope: role.scope.trim_end_matches('/').to_ascii_lowercase(),
            role: role.role,
        };
        let mut add = |client: &str, tenants: &[String], list: &Option<Vec<RoleSeed>>| {
            if let Some(list) = list {
                let client = client.to_ascii_lowercase();
                for tenant in tenants {
                    let tenant = tenant.to_ascii_lowercase();
                    roles.principals.push((client.clone(), tenant));
                }
                let list = list.iter().map(lower).collect();
                roles.by_client.insert(client, list);
            }
        };
        for a in &seed.applications {
            add(&a.client_id, &a.tenants, &a.roles);
        }
        for m in &seed.managed_identities {
            add(&m.client_id, std::slice::from_ref(&m.tenant), &m.roles);
        }
        roles
    }

    /// Whether the caller has any role in a subscription, or below it.
    pub(super) fn sees(&self, caller: &Claims, subscription: &SubscriptionSeed) -> bool {
        if !subscription.serves(&caller.tid) {
            return false;
        }
        let scope = format!("/subscriptions/{}", subscription.id.to_ascii_lowercase());
        match self.by_client.get(&caller.appid) {
            None => true,
            Some(list) => list.iter().any(|role| covers(&scope, &role.scope)),
        }
    }

    /// Whether the caller may do this at a scope, given as an ARM id in any case.
    pub(super) fn allow(
        &self,
        caller: &Claims,
        subscription: &SubscriptionSeed,
        deed: Deed,
        scope: &str,
    ) -> bool {
        let denied = |client: &String| client.eq_ignore_ascii_case(&caller.appid);
        if subscription.deny.iter().any(denied) {
            return false;
        }
        match self.by_client.get(&caller.appid) {
            None => true,
            Some(list) => {
                let scope = scope.to_ascii_lowercase();
                list.iter()
                    .any(|r| covers(&r.scope, &scope) && (deed == Deed::Read || r.role.writes()))
            }
        }
    }

    /// The kinds of roles that the caller has at a scope.
    pub(super) fn at(&self, caller: &Claims, scope: &str) -> Vec<RoleKind> {
        let scope = scope.to_ascii_lowercase();
        match self.by_client.get(&caller.appid) {
            None => vec![RoleKind::Owner],
            Some(list) => list
                .iter()
                .filter(|r| covers(&r.scope, &scope))
                .map(|r| r.role)
                .collect(),
        }
    }

    /// The roles for the data plane that anybody has on a new vault, from the scopes above it.
    pub(super) fn inherited(&self, tenant: &str, scope: &str) -> Vec<Role> {
        let scope = scope.to_ascii_lowercase();
        let mut found = Vec::new();
        for (client, _) in self.principals.iter().filter(|(_, t)| t == tenant) {
            for role in self.by_client.get(client).into_iter().flatten() {
                if let (true, Some(definition)) = (covers(&role.scope, &scope), role.role.data()) {
                    found.push(Role {
                        object_id: object_id(tenant, client),
                        definition: definition.to_owned(),
                    });
                }
            }
        }
        found
    }
}

/// The refusal where a role is missing.
pub(super) fn forbidden(caller: &Claims, action: &str, scope: &str) -> Refusal {
    Refusal::new(
        "AuthorizationFailed",
        [&caller.appid, &caller.oid, action, scope],
    )
}

/// Whether a scope is another one or above it; both in lower case.
pub(super) fn covers(above: &str, scope: &str) -> bool {
    scope
        .strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl RoleKind {
    fn writes(self) -> bool {
        matches!(
            self,
            RoleKind::Contributor | RoleKind::Owner | RoleKind::KeyVaultContributor
        )
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_scope_covers_itself_and_what_is_below_and_no_namesake() {
        for (above, scope, expected) in [
            ("/subscriptions/1", "/subscriptions/1", true),
            (
                "/subscriptions/1",
                "/subscriptions/1/resourcegroups/rg",
                true,
            ),
            ("/subscriptions/1", "/subscriptions/12", false),
            (
                "/subscriptions/1/resourcegroups/rg",
                "/subscriptions/1",
                false,
            ),
        ] {
            assert_eq!(covers(above, scope), expected, "{above} {scope}");
        }
    }
}
