//! What a rule says about credentials: where a proof goes out, which tokens its answer brings,
//! and which may be sent to its host.
//!
//! It must not know any credential, nor who replaces them.

use super::body::BodyRule;
use super::rule::{Fill, Origin};
use job_scope::VeilTemplate;
use std::fmt;

/// What tokens are for. Those that the operator's rules bring are never those of a job's own
/// rules, whatever their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    name: String,
    origin: Origin,
}

impl fmt::Display for Audience {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}

/// What becomes of the credentials of a request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    None,
    TokenForm {
        audience: String,
        client_id: String,
        scope: String,
    },
    IdentityAnswer(String),
    Bearer(String),
}

/// Whom a token form must be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applicant<'a> {
    /// Its `client_id`.
    pub client_id: &'a str,
    /// Its `scope`.
    pub scope: &'a str,
}

/// What an answer is, as far as it holds credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issues<'a> {
    /// Nothing.
    Nothing,
    /// A token, for a form that proves who asks.
    ForForm(Audience, Applicant<'a>),
    /// A token, of the machine.
    OfMachine(Audience),
}

impl Credentials {
    /// Fills a template; a token form must be a form that says for whom and for what.
    pub(super) fn expand(
        template: &VeilTemplate,
        body: &BodyRule,
        fill: &Fill<'_>,
    ) -> Result<Self, String> {
        Ok(match template {
            VeilTemplate::None => Self::None,
            VeilTemplate::TokenForm(audience) => {
                let fixed = |name: &str| {
                    body.fixed(name).map(str::to_owned).ok_or_else(|| {
                        format!("a token form needs a form as its body, with one value for {name}")
                    })
                };
                fixed("grant_type")?;
                Self::TokenForm {
                    audience: fill.text(audience)?,
                    client_id: fixed("client_id")?,
                    scope: fixed("scope")?,
                }
            }
            VeilTemplate::IdentityAnswer(audience) => Self::IdentityAnswer(fill.text(audience)?),
            VeilTemplate::Bearer(audience) => Self::Bearer(fill.text(audience)?),
        })
    }

    /// What the answer brings, to a rule of this origin.
    pub(super) fn issues(&self, origin: Origin) -> Issues<'_> {
        let of = |name: &String| Audience {
            name: name.clone(),
            origin,
        };
        match self {
            Self::TokenForm {
                audience,
                client_id,
                scope,
            } => Issues::ForForm(of(audience), Applicant { client_id, scope }),
            Self::IdentityAnswer(audience) => Issues::OfMachine(of(audience)),
            Self::None | Self::Bearer(_) => Issues::Nothing,
        }
    }

    /// Whether tokens of this audience may be sent to the host of a rule of this origin.
    pub(super) fn bears(&self, audience: &Audience, origin: Origin) -> bool {
        matches!(self, Self::Bearer(name) if *name == audience.name && origin == audience.origin)
    }

    /// In a few words, for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::TokenForm { audience, .. } => {
                format!("veil: puts the job's proof in, keeps the token for {audience}")
            }
            Self::IdentityAnswer(audience) => format!("veil: keeps the token for {audience}"),
            Self::Bearer(audience) => format!("veil: puts the token for {audience} in"),
        }
    }
}
