//! The issuers of a certificate, out of its managed secret (Azure REST, "Secrets - Get
//! Secret"): the only place where a vault has them. The private key stands beside them,
//! where it is exportable; it is dropped unread.
//!
//! It must not decide whether a job may ask for this.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use job_scope::{Alias, KEY_VAULT_API_VERSION};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::action::Action;
use super::discretion::Discretion;
use super::error::CallError;
use super::import::form_of;
use super::service::Service;
use crate::env::Environment;
use crate::pfx::{Form, PfxError, Time, issuers, pem};

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
struct Wire {
    id: Option<String>,
    value: String,
    #[serde(rename = "contentType")]
    content_type: Option<String>,
}

/// A managed secret. No `Debug`: it holds a private key.
struct Secret {
    id: Option<String>,
    value: Zeroizing<String>,
    form: Form,
}

const UNREADABLE: &str = "its managed secret cannot be read";

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
    let read = |body: &[u8]| Secret::read(body)?.issuers(leaf);
    ask(service, name, &format!("/secrets/{name}/{version}"), read).await
}

/// Reads the issuers of `leaf`, which is the current version of the certificate and has this id.
/// What the answer holds beside them is kept from every message of the job.
///
/// # Errors
/// Whatever is not about this secret alone.
pub async fn issuers_of_current<E: Environment>(
    service: &Service<'_, E>,
    name: &Alias,
    version: &str,
    leaf: &[u8],
) -> Result<Issuers, CallError> {
    let discretion = service.calls().discretion();
    let read = |body: &[u8]| {
        let secret = Secret::read(body)?;
        secret.keep_from(discretion);
        let of = secret.id.as_deref().and_then(|id| id.rsplit('/').next());
        match of == Some(version) {
            true => secret.issuers(leaf),
            false => Err("its managed secret is of another version"),
        }
    };
    ask(service, name, &format!("/secrets/{name}"), read).await
}

async fn ask<E: Environment>(
    service: &Service<'_, E>,
    name: &Alias,
    path: &str,
    read: impl FnOnce(&[u8]) -> Result<Vec<Vec<u8>>, &'static str>,
) -> Result<Issuers, CallError> {
    let url = service.url(&format!("{path}?api-version={KEY_VAULT_API_VERSION}"));
    let shown = service.calls().discretion().certificate(name.as_str());
    let call = service.call(Action::ReadSecret(shown));
    match service.get(&call, url).await {
        Ok(response) => {
            let body = Zeroizing::new(response.body);
            Ok(read(&body).map_or_else(
                |problem| Issuers::Withheld(Withheld::Odd(problem)),
                Issuers::Known,
            ))
        }
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

impl Secret {
    fn read(body: &[u8]) -> Result<Secret, &'static str> {
        let wire: Wire = serde_json::from_slice(body).map_err(|_| UNREADABLE)?;
        let form = wire.content_type.as_deref().and_then(form_of);
        Ok(Secret {
            id: wire.id,
            value: Zeroizing::new(wire.value),
            form: form.unwrap_or(Form::Pkcs12),
        })
    }

    /// What the certificate stands in.
    fn contents(&self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        Ok(Zeroizing::new(match self.form {
            Form::Pem => self.value.as_bytes().to_vec(),
            Form::Pkcs12 => STANDARD
                .decode(self.value.as_bytes())
                .map_err(|_| UNREADABLE)?,
        }))
    }

    /// The text, and the private key in it in DER, are secrets of the job from now on.
    fn keep_from(&self, discretion: &Discretion) {
        discretion.keep(self.value.as_bytes());
        let Ok(contents) = self.contents() else {
            return;
        };
        match self.form {
            Form::Pkcs12 => discretion.keep(&contents),
            Form::Pem => {
                if let Ok(bundle) = pem::read(&contents, None, Time::at(0)) {
                    discretion.keep(&Zeroizing::new(bundle.to_pkcs12()));
                }
            }
        }
    }

    fn issuers(&self, leaf: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
        let contents = self.contents()?;
        issuers(&contents, self.form, leaf).map_err(|error| match error {
            PfxError::UnreadableCertificate { .. } => {
                "a certificate in its managed secret cannot be read"
            }
            _ => UNREADABLE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_certificate_that_cannot_be_read_is_odd() {
        let secret = |value: &str| {
            let content_type = "application/x-pem-file";
            let secret = serde_json::json!({ "value": value, "contentType": content_type });
            Secret::read(secret.to_string().as_bytes()).and_then(|secret| secret.issuers(b"leaf"))
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
