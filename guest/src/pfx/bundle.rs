//! A private key with the chain of its certificate: chosen from what a file holds, and written
//! as Key Vault gets it.

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::archive::{CERT_BAG, DATA, KEY_BAG, LOCAL_KEY_ID, X509};
use super::asn1::tag;
use super::certificate::Certificate;
use super::error::{Container, PfxError};
use super::found::{Found, FoundKey};
use super::key::{KeyKind, PrivateKey};
use super::{chain, der, few_enough, pem_text};

/// The most private keys that are looked at. Finding an EC key's public point is work too (tens of
/// milliseconds for P-521 in the component), and where there are this many, none can be meant.
const MOST_KEYS: usize = 32;

/// One private key of a kind that Key Vault takes, its certificate, and the certificates above
/// that one as far as the file had them.
pub struct Bundle {
    kind: KeyKind,
    /// PKCS#8.
    key: Zeroizing<Vec<u8>>,
    /// Leaf first; never empty.
    chain: Vec<Vec<u8>>,
    dropped: usize,
}

/// Shows what kind of key it is and how many certificates there are, never the key.
impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle")
            .field("kind", &self.kind)
            .field("chain_length", &self.chain.len())
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

impl Bundle {
    /// Chooses the key, its certificate and the chain.
    ///
    /// There must be one private key; the same key twice is one. Of several, that one is taken
    /// which has a certificate in the file, if exactly one has: the others could not be
    /// imported anyway. Which key belongs to which certificate is decided by the public key
    /// alone. What is not part of the chain is dropped, certificates that cannot be read too.
    pub(super) fn choose(found: Found, container: Container) -> Result<Self, PfxError> {
        let total = found.certificates.len();
        few_enough(total, container)?;
        let certificates: Vec<Certificate> = found
            .certificates
            .into_iter()
            .filter_map(|c| Certificate::read(&c.der, c.local_id).ok())
            .collect();
        if found.keys.is_empty() {
            return Err(PfxError::NoKey {
                container,
                certificates: total,
            });
        }
        if found.keys.len() > MOST_KEYS {
            return Err(PfxError::TooManyKeys {
                container,
                keys: found.keys.len(),
            });
        }
        let (key, leaf) = choose_key(&found.keys, &certificates, container)?;
        let leaf = match leaf {
            Some(leaf) => leaf,
            None if total == 0 => return Err(PfxError::NoCertificate(container)),
            None => {
                return Err(PfxError::NoMatch {
                    container,
                    certificates: total,
                });
            }
        };
        let chain: Vec<Vec<u8>> = chain::upward(&certificates, leaf)
            .into_iter()
            .map(|certificate| certificate.der.clone())
            .collect();
        Ok(Bundle {
            kind: key.kind,
            key: key.pkcs8,
            dropped: total.saturating_sub(chain.len()),
            chain,
        })
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key's certificate, X.509 in DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// The leaf and the certificates above it, X.509 in DER.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// How many certificates of the file are not part of the chain.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The key and its chain as a PKCS#12 without password, encryption and checksum: the form
    /// in which imports are known to work whatever the original was protected with (RFC 7292
    /// sections 4 and 5). The key comes first, then the leaf, then what is above it.
    #[must_use]
    pub fn to_pkcs12(&self) -> Vec<u8> {
        // Any bytes would do; others take the same, so that files of one origin look alike.
        let tie = attributes(&Sha1::digest(self.leaf()));
        let key = bag(KEY_BAG, &self.key, &tie);
        let certificates: Vec<Vec<u8>> = self
            .chain
            .iter()
            .enumerate()
            .map(|(index, certificate)| {
                let value = der::holding(tag::context(0), &[&der::octets(certificate)]);
                let value = der::sequence(&[&der::oid(X509), &value]);
                let attributes: &[u8] = if index == 0 { &tie } else { &[] };
                bag(CERT_BAG, &value, attributes)
            })
            .collect();
        let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
        let key = data(&der::sequence(&[&key]));
        let safe = der::sequence(&[&key, &data(&der::sequence(&certificates))]);
        der::sequence(&[&der::unsigned(&[3]), &data(&safe)])
    }

    /// The key (PKCS#8) and its chain as PEM without a password, for a vault that hands out PEM:
    /// the key comes first, then the leaf, then what is above it.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<Vec<u8>> {
        let certificates = self.chain.iter().map(|der| ("CERTIFICATE", der.as_slice()));
        let blocks: Vec<_> = std::iter::once(("PRIVATE KEY", self.key.as_slice()))
            .chain(certificates)
            .collect();
        pem_text::of(&blocks)
    }
}

/// The key, and where its certificate is.
fn choose_key(
    keys: &[FoundKey],
    certificates: &[Certificate],
    container: Container,
) -> Result<(PrivateKey, Option<usize>), PfxError> {
    let mut read = Vec::with_capacity(keys.len());
    let mut refused = Vec::new();
    for found in keys {
        match PrivateKey::read(&found.der, found.encoding) {
            Ok(key) => {
                let known = |(other, _): &(PrivateKey, _)| other.public == key.public;
                if !read.iter().any(known) {
                    let leaf = chain::leaf(certificates, &key.public, found.local_id.as_deref());
                    read.push((key, leaf));
                }
            }
            Err(obstacle) => refused.push(obstacle),
        }
    }
    let keys = read.len().saturating_add(refused.len());
    let matched = read.iter().filter(|(_, leaf)| leaf.is_some()).count();
    match (read.len(), refused.len()) {
        (0, 1) => refused.into_iter().next().map(|o| Err(o.at(container))),
        (1, 0) => read.into_iter().next().map(Ok),
        // Nobody can say whether a key of another kind has a certificate.
        (_, 0) if matched == 1 => read.into_iter().find(|(_, leaf)| leaf.is_some()).map(Ok),
        _ => None,
    }
    .unwrap_or(Err(PfxError::SeveralKeys {
        container,
        keys,
        matched,
    }))
}

/// ContentInfo of the kind `data`.
fn data(content: &[u8]) -> Vec<u8> {
    let content = Zeroizing::new(der::octets(content));
    der::sequence(&[&der::oid(DATA), &der::holding(tag::context(0), &[&content])])
}

/// SafeBag.
fn bag(kind: const_oid::ObjectIdentifier, value: &[u8], attributes: &[u8]) -> Vec<u8> {
    let value = Zeroizing::new(der::holding(tag::context(0), &[value]));
    der::sequence(&[&der::oid(kind), &value, attributes])
}

/// The attributes that tie key and leaf together.
fn attributes(local_key_id: &[u8]) -> Vec<u8> {
    let values = der::holding(tag::SET, &[&der::octets(local_key_id)]);
    let attribute = der::sequence(&[&der::oid(LOCAL_KEY_ID), &values]);
    der::holding(tag::SET, &[&attribute])
}
