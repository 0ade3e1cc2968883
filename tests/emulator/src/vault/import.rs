//! `POST /certificates/{name}/import`: a certificate with its key, from PKCS#12 or PEM.
//!
//! Must not know who is asking. Source: "Azure REST: Certificates - Import Certificate", "Importing
//! Azure Key Vault certificates FAQ" (what is refused); texts that were not quoted in public are short
//! ones of our own, and vary between builds of the service too (wire 2.4).

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::Call;
use super::certificate::{Certificate, Leaf, Life, Version};
use super::change::{GivenAttributes, Tags, body, check_tags, keep_age};
use super::error::{EC_SIZES, RSA_SIZES, Refusal};
use super::policy::{KeyProps, PEM, PKCS12, Policy};
use super::show;
use super::store::Slot;
use crate::pki::{
    BadBundle, Bundle, Facts, Family, KeyFacts, KeySource, public_bits, read_pem, read_pkcs12,
    same_key,
};

/// "About Azure Key Vault secrets": the file must fit into the secret that holds it (wire 2.9).
const SECRET_LIMIT: usize = 25 * 1_024;

/// "Importing Azure Key Vault certificates FAQ".
const PASSWORD_LIMIT: usize = 200;

const UNREADABLE_PKCS12: &str = "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is in valid PKCS#12 format.";
const UNREADABLE_PEM: &str = "The specified PEM X.509 certificate content is in an unexpected format. Please check if certificate is in valid PEM format.";
/// Also said to a merge.
pub(super) const OTHER_KEY: &str = "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid.";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    value: Option<String>,
    pwd: Option<String>,
    policy: Option<Policy>,
    attributes: Option<GivenAttributes>,
    tags: Option<Tags>,
    #[serde(rename = "preserveCertOrder")]
    preserve_order: Option<bool>,
}

fn bad(text: impl Into<String>) -> Refusal {
    Refusal::BadParameter(text.into())
}

pub(super) fn import(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let request: Request = body(call)?;
    check_tags(request.tags.as_ref())?;
    if let Some(policy) = &request.policy {
        // Whoever sends a policy must send its content type (Azure/azure-sdk-for-net issue 11669).
        if policy.content_type().is_none() {
            return Err(bad("Property policy has invalid value\r\n"));
        }
        policy.check(call.vault.spec().sku)?;
    }
    let prior = call.find(name)?.filter(|c| c.is_live());
    let sent = request
        .policy
        .clone()
        .or_else(|| prior.map(|p| p.policy.clone()))
        .unwrap_or_default();
    // Without a policy an earlier one decides; without either it is PKCS#12.
    let content_type = sent.content_type().unwrap_or(PKCS12).to_owned();
    let bundle = read(&request, &content_type)?;
    let (place, facts) = leaf(&bundle)?;
    of_one_family(&facts, call.vault.spec().strict_signatures)?;
    if let Some(key) = request.policy.as_ref().and_then(|p| p.key_props.as_ref()) {
        agree(key, &facts)?;
    }
    if facts.not_after <= call.seconds() {
        return Err(bad("The specified X.509 certificate has expired."));
    }
    let mut policy = Policy::imported(&sent, &content_type, &facts, call.seconds());
    let version = Arc::new(version(
        call, name, &request, &policy, bundle, place, &facts,
    )?);
    call.replace(name, |found| {
        // A live name gets a version more, a deleted one is a conflict (wire 6, number 4).
        let certificate = match call.room_for_version(name, found)? {
            Some(mut certificate) => {
                keep_age(&mut policy, Some(&certificate));
                certificate.versions.push(version);
                certificate.policy = policy;
                certificate
            }
            None => Certificate {
                name: name.to_owned(),
                versions: vec![version],
                policy,
                pending: None,
                life: Life::Live,
            },
        };
        let answer = show::current(call.vault, &certificate)?;
        Ok((Slot::Kept(Arc::new(certificate)), Value::Object(answer)))
    })
}

fn read(request: &Request, content_type: &str) -> Result<Bundle, Refusal> {
    let value = request
        .value
        .as_deref()
        .filter(|v| !v.is_empty())
        .ok_or_else(|| bad("The parameter value is not specified."))?;
    let password = request.pwd.as_deref().unwrap_or_default();
    if password.chars().count() > PASSWORD_LIMIT {
        return Err(bad("The parameter pwd is too long."));
    }
    let too_long = || bad("The size of the X.509 certificate is too long.");
    if content_type == PEM {
        let text = pem_text(value).ok_or_else(|| bad(UNREADABLE_PEM))?;
        if text.len() > SECRET_LIMIT {
            return Err(too_long());
        }
        return read_pem(&text, password).map_err(|problem| match problem {
            BadBundle::Unreadable => bad(UNREADABLE_PEM),
            BadBundle::NoKey => bad(
                "Private key is not specified in the specified X.509 PEM certificate content. Please specify private key in the X.509 PEM certificate content.",
            ),
            BadBundle::NoCertificate => {
                bad("The specified PEM content does not contain an X.509 certificate.")
            }
        });
    }
    let data = STANDARD.decode(value).map_err(|_| bad(UNREADABLE_PKCS12))?;
    if data.len() > SECRET_LIMIT {
        return Err(too_long());
    }
    read_pkcs12(&data, password).map_err(|problem| match problem {
        BadBundle::Unreadable => bad(UNREADABLE_PKCS12),
        BadBundle::NoKey => bad(
            "The specified PKCS#12 X.509 certificate content does not contain a private key. Please specify the private key in the certificate content.",
        ),
        BadBundle::NoCertificate => {
            bad("The specified PKCS#12 content does not contain an X.509 certificate.")
        }
    })
}

/// PEM comes as text or as its Base64, which is how the Python SDK sends it; a refusal of the service
/// names both ("PEM content or Base64 encoded PEM content",
/// Azure-Samples/ms-identity-python-daemon issue 21).
fn pem_text(value: &str) -> Option<Cow<'_, str>> {
    if value.contains("-----BEGIN ") {
        return Some(Cow::Borrowed(value));
    }
    let data = STANDARD.decode(value.trim()).ok()?;
    String::from_utf8(data).ok().map(Cow::Owned)
}

/// The certificate that belongs to the key, wherever it stands in the file.
fn leaf(bundle: &Bundle) -> Result<(usize, Facts), Refusal> {
    let bits = public_bits(bundle.key.bytes())
        .ok_or_else(|| bad("The private key is of a kind that is not supported."))?;
    for (place, der) in bundle.certificates.iter().enumerate() {
        if let Ok(facts) = Facts::read(der)
            && same_key(&facts, &bits)
        {
            return Ok((place, facts));
        }
    }
    Err(bad(OTHER_KEY))
}

/// A certificate's key and what signed it must both be RSA or both be EC: the service takes the kind from the
/// signature, and finds the size of the key to be none of that kind's (MicrosoftDocs/azure-docs issues 115129
/// and 88477). That an EC key is refused as well is said in the second of them alone, so a vault of a seed
/// says whether it does that.
fn of_one_family(facts: &Facts, strict: bool) -> Result<(), Refusal> {
    match (&facts.key, facts.signed_by) {
        (KeyFacts::Rsa(bits), Some(Family::Ec)) => {
            Err(Refusal::KeySizeNotSupported(*bits, EC_SIZES))
        }
        (KeyFacts::Ec(curve), Some(Family::Rsa)) if strict => {
            Err(Refusal::KeySizeNotSupported(curve.bits, RSA_SIZES))
        }
        _ => Ok(()),
    }
}

/// Kind, size and curve must be the key's own where they are given (behaviour of 4096-bit keys under a
/// policy of 2048: Azure/azure-sdk-for-net issue 11669 and the importing FAQ).
fn agree(given: &KeyProps, facts: &Facts) -> Result<(), Refusal> {
    let (kty, found, curve) = match facts.key {
        KeyFacts::Rsa(bits) => ("RSA", bits, None),
        KeyFacts::Ec(curve) => ("EC", curve.bits, Some(curve.name)),
    };
    let kind = given.kty.as_deref().map(|k| k.trim_end_matches("-HSM"));
    if let Some(kind) = kind.filter(|k| *k != kty) {
        return Err(bad(format!(
            "The key type {kind} of the policy does not match the key type {kty} of the specified X.509 certificate content."
        )));
    }
    if let Some(wanted) = given.key_size
        && wanted != found
    {
        return Err(bad(format!(
            "The key size {wanted} of the policy does not match the key size {found} of the specified X.509 certificate content."
        )));
    }
    if let (Some(wanted), Some(found)) = (given.crv.as_deref(), curve)
        && wanted != found
    {
        return Err(bad(format!(
            "The curve {wanted} of the policy does not match the curve {found} of the specified X.509 certificate content."
        )));
    }
    Ok(())
}

fn version(
    call: &Call<'_>,
    name: &str,
    request: &Request,
    policy: &Policy,
    bundle: Bundle,
    place: usize,
    facts: &Facts,
) -> Result<Version, Refusal> {
    let mut chain = bundle.certificates;
    if place >= chain.len() {
        return Err(Refusal::broken("the leaf is gone"));
    }
    let der = chain.remove(place);
    let now = call.seconds();
    Ok(Version {
        id: call.vault.new_id(name, call.now),
        leaf: Some(Leaf::from(der)),
        leaf_place: if request.preserve_order == Some(true) {
            place
        } else {
            0
        },
        key: KeySource::Brought(bundle.key),
        chain,
        exportable: policy.exportable(),
        content_type: policy.content_type().unwrap_or(PKCS12).to_owned(),
        enabled: request.attributes.and_then(|a| a.enabled).unwrap_or(true),
        not_before: facts.not_before,
        not_after: facts.not_after,
        created: now,
        updated: now,
        tags: request.tags.clone(),
        preserve_order: request.preserve_order,
        made_here: false,
    })
}
