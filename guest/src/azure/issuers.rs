//! The issuers of a certificate, out of its managed secret (Azure REST, "Secrets - Get
//! Secret"): the only place where a vault has them. The private key stands beside them,
//! where it is exportable; it is dropped unread.
//!
//! It must not decide whether a job may ask for this.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use job_scope::{Alias, KEY_VAULT_API_VERSION};
use serde::Deserialize;

use super::action::Action;
use super::error::CallError;
use super::service::Service;
use crate::env::Environment;
use crate::pfx::{Form, PfxError, issuers};

/// What asking for issuers comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Issuers {
    /// Nearest first; none where the vault has none.
    Known(Vec<Vec<u8>>),
    /// This one cannot be had.
    Withheld(Withheld),
}

/// Why the issuers of one certificate cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The vault refused its managed secret.
    Refused(CallError),
    /// The certificate is disabled, and so is its managed secret, which nobody can read then.
    Disabled,
    /// It is there and makes no sense.
    Odd(&'static str),
}

/// What the issuers of a disabled certificate need.
const DISABLED: &str = "it is disabled, and a vault does not show the issuers of a disabled \
                        certificate; enable it if they are needed";

impl Withheld {
    /// The cause, the same for every certificate that lacks its issuers alike.
    pub fn briefly(&self) -> String {
        match self {
            Withheld::Refused(error) => error.briefly(),
            Withheld::Disabled => DISABLED.to_owned(),
            Withheld::Odd(problem) => (*problem).to_owned(),
        }
    }

    /// The vault's refusal.
    pub fn error(&self) -> Option<&CallError> {
        match self {
            Withheld::Refused(error) => Some(error),
            Withheld::Disabled | Withheld::Odd(_) => None,
        }
    }

    /// The refusal, if the identity may not read the secret.
    pub fn forbidden(&self) -> Option<&CallError> {
        self.error().filter(|error| {
            let refusal = error.refusal();
            refusal.is_some_and(|refusal| refusal.status == 403)
        })
    }
}

#[derive(Deserialize)]
struct Secret {
    value: String,
    #[serde(rename = "contentType")]
    content_type: Option<String>,
}

/// Reads the issuers of `leaf`, which is this version of the certificate.
///
/// # Errors
/// Whatever holds for other certificates too.
pub async fn issuers_of<E: Environment>(
    service: &Service<'_, E>,
    name: &Alias,
    version: &str,
    leaf: &[u8],
) -> Result<Issuers, CallError> {
    let url = service.url(&format!(
        "/secrets/{name}/{version}?api-version={KEY_VAULT_API_VERSION}"
    ));
    let shown = service.calls().discretion().certificate(name.as_str());
    let call = service.call(Action::ReadSecret(shown));
    match service.get(&call, url).await {
        Ok(response) => Ok(read(&response.body, leaf).map_or_else(
            |problem| Issuers::Withheld(Withheld::Odd(problem)),
            Issuers::Known,
        )),
        Err(error) if is_disabled(&error) => Ok(Issuers::Withheld(Withheld::Disabled)),
        Err(error) if error.forbids_one_name() => Ok(Issuers::Withheld(Withheld::Refused(error))),
        // A deleted one's is gone.
        Err(error) => match error.refusal() {
            Some(refusal) if refusal.status == 404 => {
                Ok(Issuers::Withheld(Withheld::Refused(error)))
            }
            _ => Err(error),
        },
    }
}

/// Only where it was disabled since it was read: of one that was disabled then, no secret is asked
/// for ("Azure Key Vault REST API error codes").
fn is_disabled(error: &CallError) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| refusal.status == 403 && refusal.is("SecretDisabled"))
}

fn read(body: &[u8], leaf: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    const UNREADABLE: &str = "its managed secret cannot be read";
    let secret: Secret = serde_json::from_slice(body).map_err(|_| UNREADABLE)?;
    let pem = secret.content_type.as_deref() == Some("application/x-pem-file");
    let (contents, form) = if pem {
        (secret.value.into_bytes(), Form::Pem)
    } else {
        let contents = STANDARD.decode(secret.value).map_err(|_| UNREADABLE)?;
        (contents, Form::Pkcs12)
    };
    issuers(&contents, form, leaf).map_err(|error| match error {
        PfxError::UnreadableCertificate { .. } => {
            "a certificate in its managed secret cannot be read"
        }
        _ => UNREADABLE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_certificate_that_cannot_be_read_is_odd() {
        let secret = |value: &str| {
            let content_type = "application/x-pem-file";
            let secret = serde_json::json!({ "value": value, "contentType": content_type });
            read(secret.to_string().as_bytes(), b"leaf")
        };
        let block = |der: &[u8]| {
            let base64 = STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
        };
        let problem = "a certificate in its managed secret cannot be read";
        assert_eq!(secret(&block(&[0x30, 0x82, 1, 1])), Err(problem));
        assert_eq!(secret("no PEM"), Err("its managed secret cannot be read"));
    }
}
