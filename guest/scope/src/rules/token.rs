//! The request by which an identity gets a token, alike for every job but for what the token is
//! for. A job that works has exactly one of these, so it cannot get a token for another service;
//! only a check, which changes nothing, may have two.
//!
//! Must not know: the requests that the token is used for, nor the credential.

use super::{
    BodyTemplate, CLIENT_ASSERTION_TYPE, HeaderRule, IDENTITY_API_VERSION, Method, Needs,
    PairTemplate, RequiredHeader, RuleTemplate, VeilTemplate, rule,
};
use crate::identity::Identity;
use crate::kind::JobKind;

/// Longest client secret, in bytes. Entra ID makes them of 40 characters.
pub const LONGEST_SECRET: usize = 1024;
/// Longest federated token: a JWT with many claims has a few KB.
const ASSERTION: usize = 16 * 1024;
/// Longest `claims` of a token request, which repeats what a challenge asked for.
const CLAIMS: usize = 4096;

/// What a token is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Vault,
    Arm,
}

impl Audience {
    /// What names it, in each cloud differently.
    pub(super) fn resource(self) -> &'static str {
        match self {
            Audience::Vault => "{vault_resource}",
            Audience::Arm => "{arm_resource}",
        }
    }
}

/// The token requests of a job: one, and for a check one for each service that its answer depends
/// on.
pub(super) fn rules_for(needs: &Needs<'_>) -> Vec<RuleTemplate> {
    let (vault, arm) = match needs.kind {
        JobKind::Inventory | JobKind::Add | JobKind::Remove => (true, false),
        JobKind::CreateStore | JobKind::Discovery => (false, true),
        JobKind::Check => (needs.checks_vault(), needs.asks_arm()),
    };
    [(Audience::Vault, vault), (Audience::Arm, arm)]
        .into_iter()
        .filter(|(_, asked)| *asked)
        .map(|(audience, _)| {
            let mut rule = token(audience, needs.identity);
            if vault && audience == Audience::Arm {
                rule.id = format!("{}-arm", rule.id).into();
            }
            rule
        })
        .collect()
}

fn token(audience: Audience, identity: &Identity) -> RuleTemplate {
    let resource = audience.resource();
    let scope = match audience {
        Audience::Vault => "{vault_scope}",
        Audience::Arm => "{arm_scope}",
    };
    let proof = match identity {
        Identity::ManagedIdentity { client_id } => {
            return identity_endpoint(resource, client_id.is_some());
        }
        Identity::ClientSecret { .. } => {
            vec![PairTemplate::opaque("client_secret", LONGEST_SECRET)]
        }
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
        veil: VeilTemplate::TokenForm(resource.into()),
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
        veil: VeilTemplate::IdentityAnswer(resource.into()),
        ..rule(
            "identity-endpoint",
            "Gets a token for this machine's managed identity",
            Method::Get,
            "http://169.254.169.254/metadata/identity/oauth2/token",
        )
    }
}
