//! What becomes of the credentials of a request on a host that keeps them to itself: the
//! extension knows placeholders, and the host puts the real values in their place on the wire.
//!
//! In a policy, beside the other keys of a `[[rule]]`:
//!
//! ```toml
//! veil = { token-form = "https://api.example" }     # a token is asked for, with a secret
//! veil = { identity-answer = "https://api.example" } # the same, of the machine: no secret
//! veil = { bearer = "https://api.example" }          # such a token is sent here
//! ```
//!
//! The text is the token's audience. Tokens that the operator's rules bring are for the operator's
//! rules, tokens of the job for the job's own, so that no line in a policy leads a job's token
//! elsewhere.
//!
//! Must not know: any credential, and how one is replaced.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a host with a veil does with a request and its answer. Audiences may hold `{variable}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum VeilTemplate {
    /// Nothing: a placeholder in it leaves as it is, useless.
    #[default]
    None,
    /// The body is a token form (RFC 6749 section 4.4, RFC 7523 section 2.2): the proof in it is
    /// replaced. The answer brings a token of this audience.
    TokenForm(Cow<'static, str>),
    /// The request proves nothing; the answer brings a token of this audience.
    IdentityAnswer(Cow<'static, str>),
    /// Tokens of this audience may be sent to this rule's host (RFC 6750 section 2.1).
    Bearer(Cow<'static, str>),
}

impl VeilTemplate {
    /// Whether the request has no part in credentials.
    pub fn is_none(&self) -> bool {
        *self == VeilTemplate::None
    }
}

/// Marks rules as those to whose hosts the tokens of an audience may be sent.
pub(super) fn bearing(
    audience: &'static str,
    rules: impl IntoIterator<Item = super::RuleTemplate>,
) -> impl Iterator<Item = super::RuleTemplate> {
    rules.into_iter().map(|rule| super::RuleTemplate {
        veil: VeilTemplate::Bearer(audience.into()),
        ..rule
    })
}
