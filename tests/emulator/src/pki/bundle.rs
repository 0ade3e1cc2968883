//! A key with its certificates in a file: PKCS#12 and PEM, read and written.
//!
//! Must not know vaults or policies. Source: RFC 7292 (PKCS#12), RFC 7468 (PEM), RFC 5958; what is taken
//! and what is refused: "Azure REST: Certificates - Import Certificate".

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12Archive,
    PrivateKey, PrivateKeyChain,
};
use pkcs5::EncryptionScheme;
use x509_cert::der::asn1::OctetStringRef;
use x509_cert::der::pem::{self, LineEnding};
use x509_cert::der::{Decode, Reader, SliceReader};

use super::{Der, PkiError};

/// A private key with certificates, in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// PKCS#8.
    pub(crate) key: Der,
    pub(crate) certificates: Vec<Der>,
}

/// Why a file was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBundle {
    /// Damaged, of another kind, or locked with another password; nobody can tell which.
    Unreadable,
    /// Certificates, but no private key.
    NoKey,
    /// A key, but no certificate.
    NoCertificate,
}

/// Reads a PKCS#12 file.
pub(crate) fn read_pkcs12(data: &[u8], password: &str) -> Result<Bundle, BadBundle> {
    let archive = Pkcs12Archive::from_pkcs12(data, password).map_err(|_| BadBundle::Unreadable)?;
    let key = archive.keys.first().ok_or(BadBundle::NoKey)?;
    bundle(
        Der::new(key.key.as_der()),
        archive
            .certs
            .iter()
            .map(|c| Der::new(c.cert.as_der()))
            .collect(),
    )
}

/// Reads PEM text: a PKCS#8 key, locked or not, and certificates.
pub(crate) fn read_pem(text: &str, password: &str) -> Result<Bundle, BadBundle> {
    let mut key = None;
    let mut certificates = Vec::new();
    for block in blocks(text)? {
        let (label, der) = pem::decode_vec(block.as_bytes()).map_err(|_| BadBundle::Unreadable)?;
        match label {
            "CERTIFICATE" => certificates.push(Der::new(der)),
            "PRIVATE KEY" => key = key.or(Some(Der::new(der))),
            "ENCRYPTED PRIVATE KEY" => {
                key = key.or(Some(unlock(&der, password).ok_or(BadBundle::Unreadable)?));
            }
            // PKCS#1 and SEC 1 keys are not taken by the service.
            _ => return Err(BadBundle::Unreadable),
        }
    }
    if key.is_none() && certificates.is_empty() {
        return Err(BadBundle::Unreadable);
    }
    bundle(key.ok_or(BadBundle::NoKey)?, certificates)
}

fn bundle(key: Der, certificates: Vec<Der>) -> Result<Bundle, BadBundle> {
    if certificates.is_empty() {
        return Err(BadBundle::NoCertificate);
    }
    Ok(Bundle { key, certificates })
}

/// The blocks of a PEM text, with whatever stands between them left out.
fn blocks(text: &str) -> Result<Vec<String>, BadBundle> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines().map(str::trim_end) {
        if line.starts_with("-----BEGIN ") {
            block = Some(String::new());
        }
        if let Some(block) = &mut block {
            block.push_str(line);
            block.push('\n');
        }
        if line.starts_with("-----END ") {
            blocks.push(block.take().ok_or(BadBundle::Unreadable)?);
        }
    }
    if block.is_some() {
        return Err(BadBundle::Unreadable);
    }
    Ok(blocks)
}

/// `EncryptedPrivateKeyInfo`, RFC 5958 section 3.
fn unlock(der: &[u8], password: &str) -> Option<Der> {
    let mut reader = SliceReader::new(der).ok()?;
    let (scheme, data) = reader
        .sequence(|r: &mut SliceReader<'_>| {
            let scheme = EncryptionScheme::decode(r)?;
            let data = <&OctetStringRef>::decode(r)?.as_bytes().to_vec();
            Ok::<_, x509_cert::der::Error>((scheme, data))
        })
        .ok()?;
    scheme.decrypt(password, &data).ok().map(Der::new)
}

/// Writes a PKCS#12 file with an empty password, as the managed secret has it; without a key it holds
/// the certificates alone.
pub(crate) fn write_pkcs12(key: Option<&[u8]>, certificates: &[&Der]) -> Result<Vec<u8>, PkiError> {
    let failed = |e: p12_keystore::error::Error| PkiError::Encoding(e.to_string());
    let certificates = certificates
        .iter()
        .map(|c| Certificate::from_der(c.bytes()).map_err(failed))
        .collect::<Result<Vec<_>, _>>()?;
    let mut store = KeyStore::new();
    match key {
        Some(key) => {
            let key = PrivateKey::from_der(key).map_err(failed)?;
            let chain = PrivateKeyChain::new(vec![1, 0, 0, 0], key, certificates);
            store.add_entry("certificate", KeyStoreEntry::PrivateKeyChain(chain));
        }
        None => {
            for (number, certificate) in certificates.into_iter().enumerate() {
                let name = format!("certificate-{number:03}");
                store.add_entry(&name, KeyStoreEntry::Certificate(certificate));
            }
        }
    }
    // The password is empty: iterations would protect nothing and cost every reader time.
    store
        .writer("")
        .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
        .encryption_iterations(1)
        .mac_algorithm(MacAlgorithm::HmacSha1)
        .mac_iterations(1)
        .write()
        .map_err(failed)
}

/// Writes PEM text: the key where there is one, then the certificates.
pub(crate) fn write_pem(key: Option<&[u8]>, certificates: &[&Der]) -> Result<String, PkiError> {
    let block = |label: &str, der: &[u8]| {
        pem::encode_string(label, LineEnding::LF, der)
            .map_err(|e| PkiError::Encoding(e.to_string()))
    };
    let mut text = String::new();
    if let Some(key) = key {
        text.push_str(&block("PRIVATE KEY", key)?);
    }
    for certificate in certificates {
        text.push_str(&block("CERTIFICATE", certificate.bytes())?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Authority, Blueprint, KeyKind, KeySource};

    fn parts(kind: KeyKind) -> (Vec<u8>, Der, Der) {
        let authority = Authority::new("s").unwrap();
        let leaf = authority
            .issue(&Blueprint {
                label: "a",
                key: kind,
                dns_name: "a.example",
                not_before: 1_700_000_000,
                not_after: 1_800_000_000,
            })
            .unwrap();
        let source = KeySource::Derived {
            kind,
            label: "s/a".into(),
        };
        let above = authority.certificate().unwrap();
        (source.pkcs8().unwrap(), Der::new(leaf), above)
    }

    #[test]
    fn what_is_written_reads_back() {
        for kind in [KeyKind::Rsa2048, KeyKind::EcP384, KeyKind::EcP521] {
            let (key, leaf, above) = parts(kind);
            let file = write_pkcs12(Some(&key), &[&leaf, &above]).unwrap();
            let read = read_pkcs12(&file, "").unwrap();
            assert_eq!(read.key.bytes(), key);
            assert_eq!(read.certificates, [leaf.clone(), above.clone()]);
            let text = write_pem(Some(&key), &[&leaf, &above]).unwrap();
            let read = read_pem(&text, "").unwrap();
            assert_eq!(read.key.bytes(), key);
            assert_eq!(read.certificates, [leaf, above]);
        }
    }

    #[test]
    fn what_lacks_a_part_says_which() {
        let (key, leaf, _) = parts(KeyKind::EcP256);
        let bare = write_pkcs12(None, &[&leaf]).unwrap();
        assert_eq!(read_pkcs12(&bare, "").unwrap_err(), BadBundle::NoKey);
        let bare = write_pem(None, &[&leaf]).unwrap();
        assert_eq!(read_pem(&bare, "").unwrap_err(), BadBundle::NoKey);
        let alone = write_pem(Some(&key), &[]).unwrap();
        assert_eq!(read_pem(&alone, "").unwrap_err(), BadBundle::NoCertificate);
        let open = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for text in ["", "hello", open] {
            assert_eq!(read_pem(text, "").unwrap_err(), BadBundle::Unreadable);
        }
        assert_eq!(read_pkcs12(b"x", "").unwrap_err(), BadBundle::Unreadable);
    }
}
