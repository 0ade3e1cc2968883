//! What an Add brings, read as far as that needs no vault: the alias, the key with its
//! chain, the parameters. What is malformed ends here, before anything is sent.
//!
//! It must not know what is in the vault.

use job_scope::{Alias, FieldError, Hsm};
use zeroize::Zeroizing;

use super::plan::Wish;
use crate::azure::thumbprint::Thumbprint;
use crate::contract::{ContentsFormat, NewCertificate};
use crate::job::parameters::Parameters;
use crate::pfx::{self, Family, Form, KeyKind, PfxError, Time};
use crate::secrets::Secrets;

/// The most bytes of a key with its chain. Key Vault keeps both in a secret, which takes
/// 25 KB (Microsoft Learn, "About Azure Key Vault secrets"), and in base64 they are longer
/// still: what is beyond this is refused for certain. It also keeps the request far below
/// what a host lets an import have.
pub(super) const LARGEST: usize = 25 * 1024;

/// What is to be there. No `Debug`: it holds a private key.
pub(super) struct Wanted {
    pub(super) alias: Alias,
    pub(super) wish: Wish,
    pub(super) kind: KeyKind,
    /// Without password, the leaf first.
    pkcs12: Zeroizing<Vec<u8>>,
    /// The same as text.
    pem: Zeroizing<Vec<u8>>,
    /// The certificate itself, X.509 in DER.
    pub(super) leaf: Vec<u8>,
    /// The certificates above it.
    pub(super) issuers: Vec<Vec<u8>>,
    /// The family of the key that signed it.
    pub(super) signed_by: Option<Family>,
    /// What the result says about the file.
    pub(super) remarks: Vec<String>,
    /// What must not be said of all that came.
    pub(super) secrets: Secrets,
}

/// Why nothing can be added.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Contents(#[from] PfxError),
    /// More than the vault takes.
    #[error(
        "Contents: the key with its chain of {certificates} certificates has {size} bytes, and Key \
         Vault takes {LARGEST} at most; leave out certificates above it"
    )]
    TooLarge { certificates: usize, size: usize },
    /// The certificate alone is.
    #[error(
        "Contents: the certificate itself is too large for Key Vault: with its key it has {size} \
         bytes even without the certificates above it, and Key Vault takes {LARGEST} at most, so \
         that leaving out issuers does not help; have a certificate issued with fewer names or \
         shorter extensions, such as several with some of the names each"
    )]
    LeafTooLarge { size: usize },
}

impl Wanted {
    /// Reads it. Contents and password stay only among the secrets; `now` tells certificates
    /// that are valid from those that are not.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(super) fn read(
        certificate: NewCertificate,
        hsm: Hsm,
        now: Time,
    ) -> Result<Wanted, Unusable> {
        let alias = Alias::parse(&certificate.alias)?;
        let parameters = Parameters::read(&certificate.parameters)?;
        let password = certificate.password.as_ref().map(|secret| secret.reveal());
        let bundle = match certificate.format {
            ContentsFormat::Pem => pfx::pem::read(&certificate.contents, password, now)?,
            ContentsFormat::Pkcs12 => pfx::read(&certificate.contents, password, now)?,
        };
        let pkcs12 = Zeroizing::new(bundle.to_pkcs12());
        let pem = bundle.to_pem();
        let mut secrets = Secrets::default();
        secrets.keep(&certificate.contents);
        secrets.keep(password.unwrap_or_default().as_bytes());
        secrets.keep(&pkcs12);
        for value in parameters.tags.as_map().values() {
            secrets.keep(value.as_bytes());
        }
        let certificates = bundle.chain().len();
        if pkcs12.len() > LARGEST {
            let alone = Zeroizing::new(bundle.without_issuers().to_pkcs12()).len();
            if alone > LARGEST {
                return Err(Unusable::LeafTooLarge { size: alone });
            }
            return Err(Unusable::TooLarge {
                certificates,
                size: pkcs12.len(),
            });
        }
        Ok(Wanted {
            alias,
            wish: Wish {
                thumbprint: Thumbprint::of(bundle.leaf()),
                overwrite: certificate.overwrite,
                parameters,
                hsm,
                pem_size: pem.len(),
            },
            kind: bundle.kind(),
            pkcs12,
            pem,
            leaf: bundle.leaf().to_vec(),
            issuers: bundle.chain().iter().skip(1).cloned().collect(),
            signed_by: Family::of_signature(bundle.leaf()),
            remarks: bundle.remarks().iter().map(ToString::to_string).collect(),
            secrets,
        })
    }

    /// The key with its chain in this form.
    pub(super) fn contents(&self, form: Form) -> &[u8] {
        match form {
            Form::Pkcs12 => &self.pkcs12,
            Form::Pem => &self.pem,
        }
    }
}
