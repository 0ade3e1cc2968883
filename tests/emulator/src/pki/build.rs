//! Certificates and requests from wishes: self-signed, signed by the authority, or a PKCS#10.
//!
//! Must not know vaults or policies. Source: RFC 5280, RFC 2986.

use p256::ecdsa::DerSignature;
use x509_cert::builder::{Builder, CertificateBuilder, RequestBuilder};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{Any, Ia5String, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::ToExtension;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::facts::{KEY_USAGES, Sans, UPN};
use super::issue::{Authority, Names, serial, subject_key_id, validity};
use super::private::{KeySource, Signature};
use super::{Der, PkiError};

/// What a certificate or a request shall say.
#[derive(Clone, Debug)]
pub(crate) struct Wish<'a> {
    /// Where the serial number comes from.
    pub(crate) label: &'a str,
    pub(crate) subject: &'a Name,
    pub(crate) sans: &'a Sans,
    pub(crate) ekus: &'a [String],
    pub(crate) key_usage: &'a [String],
    pub(crate) ca: bool,
    /// Seconds since 1970.
    pub(crate) not_before: u64,
    /// Seconds since 1970.
    pub(crate) not_after: u64,
}

/// What was wished for that no certificate can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadWish {
    KeyUsage,
    ExtendedKeyUsage,
    AlternativeName,
}

/// Whether a certificate can say all that; asked before anything is promised.
pub(crate) fn check(sans: &Sans, ekus: &[String], key_usage: &[String]) -> Result<(), BadWish> {
    usages(key_usage)?;
    extended(ekus)?;
    general_names(sans).map(|_| ())
}

fn usages(names: &[String]) -> Result<FlagSet<KeyUsages>, BadWish> {
    let mut flags = FlagSet::default();
    for name in names {
        let known = KEY_USAGES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        flags |= known.ok_or(BadWish::KeyUsage)?.1;
    }
    Ok(flags)
}

fn extended(oids: &[String]) -> Result<Vec<ObjectIdentifier>, BadWish> {
    oids.iter()
        .map(|oid| oid.parse().map_err(|_| BadWish::ExtendedKeyUsage))
        .collect()
}

fn general_names(sans: &Sans) -> Result<Vec<GeneralName>, BadWish> {
    let mut names = Vec::new();
    let bad = |_| BadWish::AlternativeName;
    let each = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    for text in each(&sans.emails) {
        names.push(GeneralName::Rfc822Name(Ia5String::new(&text).map_err(bad)?));
    }
    for text in each(&sans.dns_names) {
        names.push(GeneralName::DnsName(Ia5String::new(&text).map_err(bad)?));
    }
    for text in each(&sans.upns) {
        let value = Utf8StringRef::new(&text).and_then(|s| Any::encode_from(&s));
        names.push(GeneralName::OtherName(OtherName {
            type_id: UPN,
            value: value.map_err(bad)?,
        }));
    }
    for text in each(&sans.uris) {
        let uri = Ia5String::new(&text).map_err(bad)?;
        names.push(GeneralName::UniformResourceIdentifier(uri));
    }
    for text in each(&sans.ip_addresses) {
        let octets = match text.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(four)) => four.octets().to_vec(),
            Ok(std::net::IpAddr::V6(six)) => six.octets().to_vec(),
            Err(_) => return Err(BadWish::AlternativeName),
        };
        names.push(GeneralName::IpAddress(
            OctetString::new(octets).map_err(bad)?,
        ));
    }
    Ok(names)
}

fn impossible(_: BadWish) -> PkiError {
    PkiError::Encoding("a wish was not checked".into())
}

/// The extensions that a certificate and its request share.
fn common<B>(
    wish: &Wish<'_>,
    builder: &mut B,
    add: impl Fn(&mut B, Boxed) -> Result<(), PkiError>,
) -> Result<(), PkiError> {
    let flags = usages(wish.key_usage).map_err(impossible)?;
    if !flags.is_empty() {
        add(builder, Boxed::Usage(KeyUsage(flags)))?;
    }
    let oids = extended(wish.ekus).map_err(impossible)?;
    if !oids.is_empty() {
        add(builder, Boxed::Extended(ExtendedKeyUsage(oids)))?;
    }
    let names = general_names(wish.sans).map_err(impossible)?;
    if !names.is_empty() {
        add(builder, Boxed::Names(SubjectAltName(names)))?;
    }
    Ok(())
}

enum Boxed {
    Usage(KeyUsage),
    Extended(ExtendedKeyUsage),
    Names(SubjectAltName),
}

fn start(
    wish: &Wish<'_>,
    public: &SubjectPublicKeyInfoOwned,
    issuer: &Name,
    issuer_key: &SubjectPublicKeyInfoOwned,
) -> Result<CertificateBuilder<Names>, PkiError> {
    let mut builder = CertificateBuilder::new(
        Names {
            subject: wish.subject.clone(),
            issuer: issuer.clone(),
        },
        serial(wish.label)?,
        validity(wish.not_before, wish.not_after)?,
        public.clone(),
    )?;
    builder.add_extension(&BasicConstraints {
        ca: wish.ca,
        path_len_constraint: None,
    })?;
    common(wish, &mut builder, |b, extension| {
        match extension {
            Boxed::Usage(e) => b.add_extension(&e)?,
            Boxed::Extended(e) => b.add_extension(&e)?,
            Boxed::Names(e) => b.add_extension(&e)?,
        }
        Ok(())
    })?;
    builder.add_extension(&subject_key_id(public)?)?;
    builder.add_extension(&AuthorityKeyIdentifier {
        key_identifier: Some(subject_key_id(issuer_key)?.0),
        ..AuthorityKeyIdentifier::default()
    })?;
    Ok(builder)
}

/// A certificate signed with its own key.
pub(crate) fn self_signed(key: &KeySource, wish: &Wish<'_>) -> Result<Der, PkiError> {
    let signer = key.signer()?;
    let builder = start(wish, signer.public(), wish.subject, signer.public())?;
    let certificate = builder.build::<_, Signature>(&signer)?;
    Ok(Der::new(certificate.to_der()?))
}

/// A certificate request, PKCS#10.
pub(crate) fn request(key: &KeySource, wish: &Wish<'_>) -> Result<Der, PkiError> {
    let signer = key.signer()?;
    let mut builder = RequestBuilder::new(wish.subject.clone())?;
    common(wish, &mut builder, |b, extension| {
        let added = match extension {
            Boxed::Usage(e) => add_to_request(b, &e),
            Boxed::Extended(e) => add_to_request(b, &e),
            Boxed::Names(e) => add_to_request(b, &e),
        };
        added.map_err(PkiError::Encoding)
    })?;
    let request = builder.build::<_, Signature>(&signer)?;
    Ok(Der::new(request.to_der()?))
}

fn add_to_request<E>(builder: &mut RequestBuilder, extension: &E) -> Result<(), String>
where
    for<'a> &'a E: ToExtension,
    for<'a> <&'a E as ToExtension>::Error: std::fmt::Display,
{
    builder.add_extension(extension).map_err(|e| e.to_string())
}

impl Authority {
    /// A certificate for somebody's key, with this authority as its issuer.
    pub(crate) fn sign(&self, key: &KeySource, wish: &Wish<'_>) -> Result<Der, PkiError> {
        let signer = key.signer()?;
        let builder = start(wish, signer.public(), self.name(), self.key_info())?;
        let certificate = builder.build::<_, DerSignature>(self.key())?;
        Ok(Der::new(certificate.to_der()?))
    }

    /// The authority's own certificate, which stands above those it issued.
    pub(crate) fn certificate(&self) -> Result<Der, PkiError> {
        self.own().get_or_init(|| self.make_own()).clone()
    }

    fn make_own(&self) -> Result<Der, PkiError> {
        let usage = ["keyCertSign".to_owned(), "cRLSign".to_owned()];
        let wish = Wish {
            label: "issuing-ca",
            subject: self.name(),
            sans: &Sans::default(),
            ekus: &[],
            key_usage: &usage,
            ca: true,
            // 2020-01-01 to 2060-01-01: before and after every certificate of a seed.
            not_before: 1_577_836_800,
            not_after: 2_840_140_800,
        };
        let builder = start(&wish, self.key_info(), self.name(), self.key_info())?;
        let certificate = builder.build::<_, DerSignature>(self.key())?;
        Ok(Der::new(certificate.to_der()?))
    }
}

/// The subject of a request.
#[cfg(test)]
fn request_subject(der: &Der) -> Option<String> {
    use x509_cert::der::Decode as _;
    let request = x509_cert::request::CertReq::from_der(der.bytes()).ok()?;
    Some(super::names::to_windows(&request.info.subject))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::{Facts, KeyKind, from_windows};

    fn sans() -> Sans {
        Sans {
            emails: Some(vec!["a@contoso.example".into()]),
            dns_names: Some(vec!["a.contoso.example".into()]),
            upns: Some(vec!["a@contoso".into()]),
            uris: Some(vec!["https://contoso.example/a".into()]),
            ip_addresses: Some(vec!["192.0.2.7".into(), "2001:db8::7".into()]),
        }
    }

    #[test]
    fn what_was_wished_for_is_what_the_certificate_says() {
        let subject = from_windows("CN=a, O=Contoso").unwrap();
        let usage = ["digitalSignature".to_owned(), "cRLSign".to_owned()];
        let wish = Wish {
            label: "x",
            subject: &subject,
            sans: &sans(),
            ekus: &["1.3.6.1.5.5.7.3.1".to_owned()],
            key_usage: &usage,
            ca: false,
            not_before: 1_700_000_000,
            not_after: 1_800_000_000,
        };
        for kind in [
            KeyKind::Rsa2048,
            KeyKind::EcP256,
            KeyKind::EcP384,
            KeyKind::EcP521,
            KeyKind::EcP256K,
        ] {
            let key = KeySource::Derived {
                kind,
                label: "a".into(),
            };
            let der = self_signed(&key, &wish).unwrap();
            assert_eq!(der, self_signed(&key, &wish).unwrap(), "deterministic");
            let facts = Facts::read(&der).unwrap();
            assert_eq!(facts.subject, "CN=a, O=Contoso");
            assert_eq!(facts.sans, Some(sans()));
            assert_eq!(facts.key_usage, usage);
            assert_eq!(facts.ekus, ["1.3.6.1.5.5.7.3.1"]);
            assert_eq!(Some(facts.public_bits), key.public_bits());
            let csr = request(&key, &wish).unwrap();
            assert_eq!(request_subject(&csr).unwrap(), "CN=a, O=Contoso");
            let signed = Authority::new("s").unwrap().sign(&key, &wish).unwrap();
            assert_eq!(Facts::read(&signed).unwrap().subject, "CN=a, O=Contoso");
        }
    }

    #[test]
    fn what_no_certificate_can_say_is_told_apart() {
        let odd = |text: &str| vec![text.to_owned()];
        let none = Sans::default();
        let address = Sans {
            ip_addresses: Some(odd("300.1.1.1")),
            ..Sans::default()
        };
        assert_eq!(check(&sans(), &[], &odd("crlSign")), Ok(()));
        assert_eq!(check(&none, &[], &odd("fly")), Err(BadWish::KeyUsage));
        assert_eq!(check(&none, &odd("x"), &[]), Err(BadWish::ExtendedKeyUsage));
        assert_eq!(check(&address, &[], &[]), Err(BadWish::AlternativeName));
    }
}
