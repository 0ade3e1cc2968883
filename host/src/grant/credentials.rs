//! What a rule says about credentials: where a proof goes out, which tokens its answer brings,
//! and which may be sent to its host.
//!
//! It must not know any credential, nor who replaces them.

use super::body::BodyRule;
use super::rule::{Fill, Origin, Value};
use job_scope::{CLIENT_ASSERTION_TYPE, VeilTemplate};
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

/// The fields of a token form besides its proof (RFC 6749 section 4.4).
const FIELDS: [&str; 4] = ["grant_type", "client_id", "scope", "claims"];

/// Whom a form is about, if a proof can ever be put into it: it is held to the same conditions
/// when it leaves, and a rule that asks for something else would never get a token.
fn applicant(body: &BodyRule) -> Result<Applicant<'_>, String> {
    let fixed = |name: &str| {
        body.fixed(name).ok_or_else(|| {
            format!("a token form needs a form as its body, with one value for {name}")
        })
    };
    let exactly = |name: &str, wanted: &str| match fixed(name)? {
        given if given == wanted => Ok(()),
        _ => Err(format!("a token form needs {wanted} as its {name}")),
    };
    exactly("grant_type", "client_credentials")?;
    let (client_id, scope) = (fixed("client_id")?, fixed("scope")?);
    let pairs = body.form();
    let has = |name: &str| pairs.iter().any(|pair| pair.name == name);
    let proof: &[&str] = match (has("client_secret"), has("client_assertion")) {
        (true, false) => &["client_secret"],
        (false, true) => {
            exactly("client_assertion_type", CLIENT_ASSERTION_TYPE)?;
            &["client_assertion", "client_assertion_type"]
        }
        _ => {
            return Err(
                "a token form needs one proof: client_secret, or client_assertion".to_owned(),
            );
        }
    };
    for (index, pair) in pairs.iter().enumerate() {
        let name = &pair.name;
        if !FIELDS.iter().chain(proof).any(|known| known == name) {
            return Err(format!("a token form has no field {name:?}"));
        }
        if pairs
            .iter()
            .skip(index + 1)
            .any(|other| other.name == *name)
        {
            return Err(format!("a token form has {name} once"));
        }
        if proof.first().is_some_and(|proof| proof == name)
            && !matches!(pair.value, Value::Opaque(_))
        {
            return Err(format!(
                "the {name} of a token form is the job's: it needs `opaque = true`"
            ));
        }
    }
    Ok(Applicant { client_id, scope })
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
                let Applicant { client_id, scope } = applicant(body)?;
                Self::TokenForm {
                    audience: fill.text(audience)?,
                    client_id: client_id.to_owned(),
                    scope: scope.to_owned(),
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
