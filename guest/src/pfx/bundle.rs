//! A private key with the chain of its certificate: chosen from what a file holds, and written
//! as Key Vault gets it.

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::archive::{CERT_BAG, DATA, KEY_BAG, LOCAL_KEY_ID, X509};
use super::asn1::tag;
use super::certificate::Certificate;
use super::chain::Chains;
use super::error::{Container, PfxError};
use super::found::{Found, FoundKey};
use super::key::{KeyKind, PrivateKey};
use super::leaf::{self, Leaf};
use super::remark::{Remark, Seen};
use super::time::Time;
use super::{der, pem_text};

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
    remarks: Vec<Remark>,
}

/// Shows what kind of key it is and how many certificates there are, never the key.
impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle")
            .field("kind", &self.kind)
            .field("chain_length", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl Bundle {
    /// Chooses the key, its certificate and the chain.
    ///
    /// There must be one private key; the same key twice is one. Of several, that one is taken
    /// which has a certificate in the file, if exactly one has: the others could not be
    /// imported anyway. Which key belongs to which certificate is decided by the public key
    /// alone, and what leads up from it by signatures; the rest is left out, with a remark.
    /// `now` tells certificates that are valid from those that are not.
    pub(super) fn choose(found: Found, container: Container, now: Time) -> Result<Self, PfxError> {
        let total = found.certificates.len();
        let certificates = found.read_certificates(container)?;
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
        let own = choose_key(&found.keys, &certificates, container)?;
        let seen = |places: &[usize]| -> Vec<Seen> {
            let places = places.iter().filter_map(|at| certificates.get(*at));
            places.map(Seen::of).collect()
        };
        let mut chains = Chains::new(&certificates);
        let local_id = own.local_id.as_deref();
        let leaf = match leaf::choose(&certificates, &mut chains, &own.certificates, local_id, now)
        {
            Leaf::Found(leaf) => leaf,
            Leaf::Undecided(places) => {
                return Err(PfxError::SeveralLeaves {
                    container,
                    certificates: seen(&places),
                });
            }
            Leaf::None if total == 0 => return Err(PfxError::NoCertificate(container)),
            Leaf::None => {
                return Err(PfxError::NoMatch {
                    container,
                    certificates: total,
                });
            }
        };
        let chain = chains.upward(leaf);
        let others = |at: &usize| !chain.contains(at);
        let (for_the_key, left_out): (Vec<usize>, Vec<usize>) = (0..certificates.len())
            .filter(others)
            .partition(|at| own.certificates.contains(at));
        let doubts = chains.doubts();
        let taken = certificates.get(leaf).map(Seen::of);
        let remarks = [
            taken
                .filter(|_| !for_the_key.is_empty())
                .map(|taken| Remark::OthersForTheKey {
                    taken,
                    others: seen(&for_the_key),
                }),
            (!left_out.is_empty()).then(|| Remark::LeftOut(seen(&left_out))),
            doubts.kind.then_some(Remark::UnknownSignatures),
            doubts.number.then_some(Remark::TooManySignatures),
        ];
        Ok(Bundle {
            kind: own.key.kind,
            key: own.key.pkcs8,
            chain: chain
                .iter()
                .filter_map(|at| certificates.get(*at).map(|c| c.der.clone()))
                .collect(),
            remarks: remarks.into_iter().flatten().collect(),
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

    /// What has to be said about what became of the file: which certificates of it were not
    /// taken, and what could not be decided by signatures.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The same key with its certificate and nothing above it.
    #[must_use]
    pub fn without_issuers(&self) -> Self {
        Bundle {
            kind: self.kind,
            key: self.key.clone(),
            chain: self.chain.first().cloned().into_iter().collect(),
            remarks: Vec::new(),
        }
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

/// A key, and what the file has for it.
struct Own {
    key: PrivateKey,
    local_id: Option<Vec<u8>>,
    /// Where the certificates for it are.
    certificates: Vec<usize>,
}

fn choose_key(
    keys: &[FoundKey],
    certificates: &[Certificate],
    container: Container,
) -> Result<Own, PfxError> {
    let mut read: Vec<Own> = Vec::with_capacity(keys.len());
    let mut refused = Vec::new();
    for found in keys {
        match PrivateKey::read(&found.der, found.encoding) {
            Ok(key) => match read.iter_mut().find(|own| own.key.public == key.public) {
                Some(own) => own.local_id = own.local_id.take().or(found.local_id.clone()),
                None => read.push(Own {
                    certificates: leaf::candidates(certificates, &key.public),
                    key,
                    local_id: found.local_id.clone(),
                }),
            },
            Err(obstacle) => refused.push(obstacle),
        }
    }
    let keys = read.len().saturating_add(refused.len());
    let has_one = |own: &Own| !own.certificates.is_empty();
    let matched = read.iter().filter(|own| has_one(own)).count();
    match (read.len(), refused.len()) {
        (0, 1) => refused.into_iter().next().map(|o| Err(o.at(container))),
        (1, 0) => read.into_iter().next().map(Ok),
        // Whether a key of another kind has a certificate cannot be seen.
        (_, 0) if matched == 1 => read.into_iter().find(has_one).map(Ok),
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
