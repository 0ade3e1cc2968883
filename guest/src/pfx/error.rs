//! Why a key with its certificates could not be taken: which field, what is wrong, what to do.

use super::asn1::Malformed;
use super::remark::{All, Seen};

/// What `Contents` was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// PKCS#12.
    Pfx,
    /// PEM text.
    Pem,
}

impl std::fmt::Display for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Container::Pfx => "PFX",
            Container::Pem => "PEM",
        })
    }
}

/// Why it was refused. No text holds anything of what is in the file, but for names of
/// algorithms, and names and dates of certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PfxError {
    /// The field is empty.
    #[error("Contents is empty: a PFX with a private key is needed")]
    Empty,
    /// Something else.
    #[error(
        "Contents is not a PFX but {0}: set the store type's certificate format to PFX, and export the certificate with its private key"
    )]
    NotPfx(&'static str),
    /// No PEM block that means anything here.
    #[error(
        "Contents is not PEM, although ContentsFormat says so: give text with a PRIVATE KEY and its CERTIFICATE, or set ContentsFormat to PFX"
    )]
    NotPem,
    /// It breaks the rules of its format.
    #[error("the {0} in Contents is damaged or cut off: export it again")]
    Damaged(Container),
    /// More than could be a certificate with its chain.
    #[error(
        "Contents has {size} bytes, and at most {limit} are read: export only the certificate, its private key and its chain"
    )]
    TooLarge {
        /// Bytes in the field.
        size: usize,
        /// The most that are read.
        limit: usize,
    },
    /// Too much work for the time of a job.
    #[error(
        "the {container} in Contents asks for too much work before it can be opened (one of its iteration counts is {iterations}): export it again with fewer iterations"
    )]
    TooMuchWork {
        /// What was read.
        container: Container,
        /// The count at which the limit was passed.
        iterations: u32,
    },
    /// It is encrypted, and there is no password.
    #[error(
        "the {0} in Contents is protected by a password, and PrivateKeyPassword is empty: give its password"
    )]
    PasswordMissing(Container),
    /// The password is another one.
    #[error(
        "PrivateKeyPassword does not open the {0} in Contents: give the password that it was exported with; if that is the one, the file was altered on its way"
    )]
    WrongPassword(Container),
    /// The password fits the checksum, but not what is encrypted.
    #[error(
        "PrivateKeyPassword fits the checksum of the PFX in Contents, but does not decrypt what is in it, so it has two passwords or is damaged: export it again with one password"
    )]
    TwoPasswords,
    /// An algorithm of encryption or of the checksum.
    #[error(
        "the {container} in Contents is protected by {algorithm}, which is not read: export it again, encrypted with AES-256 or 3DES"
    )]
    UnsupportedProtection {
        /// What was read.
        container: Container,
        /// Its name, or its object identifier.
        algorithm: String,
    },
    /// Certificates only, or nothing.
    #[error(
        "the {container} in Contents has no private key (certificates in it: {certificates}): export the certificate with its private key"
    )]
    NoKey {
        /// What was read.
        container: Container,
        /// How many certificates there are.
        certificates: usize,
    },
    /// More than one key that could be meant.
    #[error(
        "the {container} in Contents has {keys} private keys, and {matched} of them have a certificate in it, where exactly one is needed: export only one certificate with its private key"
    )]
    SeveralKeys {
        /// What was read.
        container: Container,
        /// Different private keys.
        keys: usize,
        /// Those that a certificate belongs to.
        matched: usize,
    },
    /// More keys than are looked at.
    #[error(
        "the {container} in Contents has {keys} private keys, where exactly one is needed: export only one certificate with its private key"
    )]
    TooManyKeys {
        /// What was read.
        container: Container,
        /// Private keys, the same one counted each time.
        keys: usize,
    },
    /// More certificates than are looked at.
    #[error(
        "the {container} in Contents has {certificates} certificates, and at most {limit} are looked at: export only the certificate, its private key and its chain"
    )]
    TooManyCertificates {
        /// What was read.
        container: Container,
        /// Certificates, whatever they are.
        certificates: usize,
        /// The most that are looked at.
        limit: usize,
    },
    /// A kind of key that Key Vault does not take.
    #[error(
        "the private key in Contents is {0}, which Azure Key Vault does not import: use RSA with 2048, 3072 or 4096 bits, or EC with P-256, P-384, P-521 or P-256K"
    )]
    UnsupportedKey(String),
    /// A key without any certificate.
    #[error(
        "the {0} in Contents has a private key but no certificate: export the private key together with its certificate"
    )]
    NoCertificate(Container),
    /// One of the certificates.
    #[error(
        "certificate {number} of {certificates} of the {container} in Contents cannot be read, so it is damaged or cut off: export it again, or leave that certificate out"
    )]
    UnreadableCertificate {
        /// What was read.
        container: Container,
        /// Which one, in the order of the file, counted from 1.
        number: usize,
        /// How many certificates there are.
        certificates: usize,
    },
    /// Certificates for the key, of which any could be meant.
    #[error(
        "the {container} in Contents has {} certificates for its private key, and nothing says which of them is meant: {}; leave only the one that is to be imported, with the certificates of its issuers",
        .certificates.len(), All(.certificates)
    )]
    SeveralLeaves {
        /// What was read.
        container: Container,
        /// Which ones.
        certificates: Vec<Seen>,
    },
    /// What was read was base64 text, and what it decodes to is refused.
    #[error("{0}; what is in Contents is base64 text, which was decoded once")]
    InBase64(Box<PfxError>),
    /// A key under OpenSSL's encryption of before PKCS#8.
    #[error(
        "the private key in Contents is protected by OpenSSL's old PEM encryption (Proc-Type: 4,ENCRYPTED), which is not read: convert it with \"openssl pkcs8 -topk8 -v2 aes256 -in old.pem -out key.pem\" and put its certificates below it, or make a PFX of all with \"openssl pkcs12 -export -in old.pem -out new.pfx\""
    )]
    OldPemEncryption,
    /// The key belongs to none of the certificates.
    #[error(
        "{}: export the certificate that was issued for this key",
        mismatch(container, *certificates)
    )]
    NoMatch {
        /// What was read.
        container: Container,
        /// How many certificates there are.
        certificates: usize,
    },
}

fn mismatch(container: &Container, certificates: usize) -> String {
    match certificates {
        1 => format!(
            "the only certificate of the {container} in Contents does not belong to its private key"
        ),
        all => format!(
            "none of the {all} certificates of the {container} in Contents belongs to its private key"
        ),
    }
}

/// What stood in the way, before it is known in which container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    Malformed,
    /// With the iteration count that was too much.
    TooMuchWork(u32),
    /// An algorithm of encryption or of the checksum, by name.
    Algorithm(String),
    /// A kind of key, by name.
    Key(String),
    /// No reading of the password fits.
    Password,
}

impl From<Malformed> for Obstacle {
    fn from(Malformed: Malformed) -> Self {
        Obstacle::Malformed
    }
}

impl Obstacle {
    pub(super) fn at(self, container: Container) -> PfxError {
        match self {
            Obstacle::Malformed => PfxError::Damaged(container),
            Obstacle::TooMuchWork(iterations) => PfxError::TooMuchWork {
                container,
                iterations,
            },
            Obstacle::Algorithm(algorithm) => PfxError::UnsupportedProtection {
                container,
                algorithm,
            },
            Obstacle::Key(name) => PfxError::UnsupportedKey(name),
            Obstacle::Password => PfxError::WrongPassword(container),
        }
    }
}
