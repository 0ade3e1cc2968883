//! The certificate of a management job: what to add, or which one to remove.
//!
//! It must not know what is in a certificate, nor what becomes of it. What it reads is wiped
//! when it is dropped, and never printed.

use super::entry;
use super::fields::{flag, member, needed, said, text};
use crate::text_file;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use job_scope::{Alias, FieldError, Thumbprint, bare};
use secrecy::SecretString;
use secrecy::zeroize::{Zeroize, Zeroizing};
use serde_json::{Map, Value};
use std::fmt;

/// A certificate to be added, with its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The name it gets.
    pub alias: Alias,
    /// The bytes.
    pub contents: Contents,
    /// How to read them.
    pub format: Format,
    /// Their password; may be empty, `None` is "none given".
    pub password: Option<SecretString>,
    /// Whether a live certificate of that name may be replaced.
    pub overwrite: bool,
    /// The entry parameters that are set, as text.
    pub parameters: Vec<(&'static str, SecretString)>,
}

/// What a certificate is delivered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PKCS#12.
    Pfx,
    /// PEM blocks.
    Pem,
}

/// Bytes with a private key in them: wiped when they are dropped, and never printed.
#[derive(Clone)]
pub struct Contents(Zeroizing<Vec<u8>>);

impl Contents {
    /// Takes over bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Hands the bytes over; no copy stays here.
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Contents({} bytes)", self.0.len())
    }
}

/// A certificate to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToRemove {
    /// Its name.
    pub alias: Alias,
    /// The thumbprint that the current one must have.
    pub thumbprint: Option<Thumbprint>,
}

const CERTIFICATE: &str = "JobCertificate";
const ALIAS: &str = "JobCertificate.Alias";
const CONTENTS: &str = "JobCertificate.Contents";
const FORMAT: &str = "JobCertificate.ContentsFormat";
const PASSWORD: &str = "JobCertificate.PrivateKeyPassword";
const THUMBPRINT: &str = "JobCertificate.Thumbprint";

/// Reads what an Add is about.
pub(super) fn to_add(job: &Map<String, Value>) -> Result<Certificate, FieldError> {
    let certificate = needed(job, CERTIFICATE)?;
    let parameters = entry::parameters(job)?;
    let alias = alias(certificate)?;
    let format = format(certificate)?;
    let password = text(certificate, "PrivateKeyPassword", PASSWORD)?
        .filter(|password| !bare(password).is_empty());
    Ok(Certificate {
        alias,
        contents: contents(certificate, format)?,
        format,
        password: password.map(|password| SecretString::from(password.to_owned())),
        overwrite: flag(job, "Overwrite", "Overwrite")?.unwrap_or(false),
        parameters,
    })
}

/// Reads what a Remove is about.
pub(super) fn to_remove(job: &Map<String, Value>) -> Result<ToRemove, FieldError> {
    let certificate = needed(job, CERTIFICATE)?;
    let thumbprint = match member(certificate, "Thumbprint", THUMBPRINT)? {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Thumbprint::parse(text)?,
        // Whoever writes something there means one certificate and no other.
        Some(_) => return Err(Thumbprint::not_a_text()),
    };
    Ok(ToRemove {
        alias: alias(certificate)?,
        thumbprint,
    })
}

fn alias(certificate: &Map<String, Value>) -> Result<Alias, FieldError> {
    let alias = text(certificate, "Alias", ALIAS)?.unwrap_or_default();
    Alias::parse(alias).map_err(|error| FieldError::new(ALIAS, error.problem(), error.remedy()))
}

fn format(certificate: &Map<String, Value>) -> Result<Format, FieldError> {
    match said(certificate, "ContentsFormat", FORMAT)? {
        None => Ok(Format::Pfx),
        Some(word) if word.eq_ignore_ascii_case("PFX") => Ok(Format::Pfx),
        Some(word) if word.eq_ignore_ascii_case("PEM") => Ok(Format::Pem),
        Some(_) => Err(FieldError::new(
            FORMAT,
            "is a format that is not known here",
            "use PFX or PEM; blank is PFX",
        )),
    }
}

fn contents(certificate: &Map<String, Value>, format: Format) -> Result<Contents, FieldError> {
    let wrong = |problem| {
        FieldError::new(
            CONTENTS,
            problem,
            "it must be the certificate with its key in standard base64",
        )
    };
    let text = text(certificate, "Contents", CONTENTS)?.unwrap_or_default();
    let mut packed: Vec<u8> = Vec::with_capacity(text.len());
    packed.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let decoded = STANDARD.decode(&packed);
    packed.zeroize();
    // What the decoder says would repeat a byte of the contents.
    let bytes = decoded.map_err(|_| wrong("is not base64"))?;
    if bytes.is_empty() {
        return Err(wrong("is blank"));
    }
    let contents = Contents::new(bytes);
    let pem = match format {
        Format::Pem => text_file::pem(&contents.0),
        Format::Pfx => None,
    };
    Ok(pem.map_or(contents, Contents))
}
