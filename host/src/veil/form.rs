//! The token form on its way out (RFC 6749 section 4.4, RFC 7523 section 2.2): decoded, held to
//! the only pairs it may have, the proof put in, and encoded again.
//!
//! It must not know where the form goes, and keeps nothing.

use secrecy::zeroize::Zeroizing;
use std::fmt;

/// What an application proves itself with, in which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofField {
    /// `client_secret`.
    Secret,
    /// `client_assertion`, with its type.
    Assertion,
}

/// The type of an assertion that is a JWT (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The only grant type by which a job gets its tokens.
const CLIENT_CREDENTIALS: &str = "client_credentials";

/// Why a form is not the one that a proof may be put into. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A pair that no token form of a job has.
    #[error("it has a field that a token form does not have")]
    Unknown,
    /// A name comes twice.
    #[error("a field comes twice")]
    Twice,
    /// A pair is not there, or has another value.
    #[error("the field {0} is missing or not the job's")]
    Wrong(&'static str),
}

/// A form, encoded, and what was put into it.
#[derive(PartialEq, Eq)]
pub struct Filled {
    /// The body to be sent. Wiped when it is dropped.
    pub body: Zeroizing<Vec<u8>>,
    /// Whether the proof stood there, and was replaced.
    pub replaced: bool,
}

impl fmt::Debug for Filled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("Filled");
        shown
            .field("replaced", &self.replaced)
            .finish_non_exhaustive()
    }
}

/// Puts the real proof into a token form, if what stands there is its placeholder.
///
/// The form must be exactly `grant_type`, `client_id`, `scope`, then either `client_secret` or
/// `client_assertion` with its type, and perhaps `claims`, in any order, none twice. `real` says
/// which real value belongs to what stands in a field.
///
/// # Errors
/// What is not exact.
pub fn substitute<'r>(
    body: &[u8],
    client_id: &str,
    scope: &str,
    real: impl Fn(ProofField, &str) -> Option<&'r str>,
) -> Result<Filled, FormError> {
    let pairs: Vec<_> = form_urlencoded::parse(body).collect();
    for (index, (name, _)) in pairs.iter().enumerate() {
        if pairs.iter().skip(index + 1).any(|(other, _)| other == name) {
            return Err(FormError::Twice);
        }
    }
    let value = |name: &str| {
        let found = pairs.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_ref())
    };
    let exactly = |name: &'static str, wanted: &str| match value(name) {
        Some(given) if given == wanted => Ok(()),
        _ => Err(FormError::Wrong(name)),
    };
    exactly("grant_type", CLIENT_CREDENTIALS)?;
    exactly("client_id", client_id)?;
    exactly("scope", scope)?;
    let (field, name, proof) = match (value("client_secret"), value("client_assertion")) {
        (Some(secret), None) => (ProofField::Secret, "client_secret", secret),
        (None, Some(assertion)) => {
            exactly("client_assertion_type", JWT_BEARER)?;
            (ProofField::Assertion, "client_assertion", assertion)
        }
        _ => return Err(FormError::Wrong("client_secret or client_assertion")),
    };
    let known = |given: &str| match field {
        ProofField::Assertion if given == "client_assertion_type" => true,
        _ => ["grant_type", "client_id", "scope", "claims", name].contains(&given),
    };
    if !pairs.iter().all(|(given, _)| known(given)) {
        return Err(FormError::Unknown);
    }
    let real = real(field, proof);
    let values = pairs.iter().map(|(given, value)| match real {
        Some(real) if given == name => (given.as_ref(), real),
        _ => (given.as_ref(), value.as_ref()),
    });
    Ok(Filled {
        body: encoded(values),
        replaced: real.is_some(),
    })
}

/// Pairs as a form, in a buffer that never grows.
fn encoded<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)> + Clone) -> Zeroizing<Vec<u8>> {
    // Three bytes for each at most, `=` and `&`.
    let most = pairs
        .clone()
        .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
        .sum();
    let mut body = Zeroizing::new(Vec::with_capacity(most));
    for (name, value) in pairs {
        if !body.is_empty() {
            body.push(b'&');
        }
        push_encoded(&mut body, name);
        body.push(b'=');
        push_encoded(&mut body, value);
    }
    body
}

fn push_encoded(body: &mut Vec<u8>, text: &str) {
    for piece in form_urlencoded::byte_serialize(text.as_bytes()) {
        body.extend_from_slice(piece.as_bytes());
    }
}

#[cfg(test)]
mod tests;
