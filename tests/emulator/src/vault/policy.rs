//! A certificate's policy: what the service keeps, how a request changes it, how an answer shows it.
//!
//! Must not know certificates' versions or who is asking. Source: "Azure REST: Certificates - Create
//! Certificate" (`CertificatePolicy`); that a policy in an import is rewritten from the certificate is
//! what recordings of the SDKs' tests show (wire 2.4).

use serde::{Deserialize, Serialize};

use super::Sku;
use super::error::Refusal;
use crate::pki::{BadWish, Curve, EXTENDED_KEY_USAGE, Facts, KeyFacts, Sans, check, from_windows};

pub(super) const PKCS12: &str = "application/x-pkcs12";
pub(super) const PEM: &str = "application/x-pem-file";

/// The issuer that means "somebody else signs the request".
pub(super) const UNKNOWN: &str = "Unknown";
/// The issuer that means "the certificate signs itself".
pub(super) const SELF: &str = "Self";

/// "Azure REST: Certificates": names of the kinds of keys.
const KEY_TYPES: [&str; 6] = ["RSA", "RSA-HSM", "EC", "EC-HSM", "oct", "oct-HSM"];

/// A policy on the wire, where every part may be missing; kept in the same shape.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct Policy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_props: Option<KeyProps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret_props: Option<SecretProps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) x509_props: Option<X509Props>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lifetime_actions: Option<Vec<LifetimeAction>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<Issuer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Attributes>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct KeyProps {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exportable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reuse_key: Option<bool>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SecretProps {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct X509Props {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sans: Option<Sans>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ekus: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_usage: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) validity_months: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) basic_constraints: Option<BasicConstraints>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct LifetimeAction {
    pub(super) trigger: Trigger,
    pub(super) action: Action,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Trigger {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lifetime_percentage: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) days_before_expiry: Option<u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Action {
    pub(super) action_type: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Issuer {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cert_transparency: Option<bool>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Attributes {
    pub(super) enabled: bool,
    pub(super) created: u64,
    pub(super) updated: u64,
}

/// "Property … has invalid value" is how the service words most of its refusals of a policy.
fn invalid(property: &str, why: &str) -> Refusal {
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(". {why}")
    };
    Refusal::BadParameter(format!("Property {property} has invalid value{why}\r\n"))
}

impl Policy {
    /// Refuses what the service would, in a policy that somebody sent to a vault of this tier.
    pub(super) fn check(&self, sku: Sku) -> Result<(), Refusal> {
        if let Some(key) = &self.key_props {
            key.check(sku)?;
        }
        if self.content_type().is_some_and(|c| c != PKCS12 && c != PEM) {
            return Err(invalid("policy.secret_props.contentType", ""));
        }
        if let Some(x509) = &self.x509_props {
            x509.check()?;
        }
        for action in self.lifetime_actions.iter().flatten() {
            action.check()?;
        }
        Ok(())
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.secret_props.as_ref()?.content_type.as_deref()
    }

    pub(super) fn exportable(&self) -> bool {
        self.key_props
            .as_ref()
            .and_then(|k| k.exportable)
            .unwrap_or(true)
    }

    pub(super) fn issuer_name(&self) -> &str {
        self.issuer.as_ref().map_or(UNKNOWN, |i| i.name.as_str())
    }

    pub(super) fn reuses_key(&self) -> bool {
        self.key_props
            .as_ref()
            .and_then(|k| k.reuse_key)
            .unwrap_or(false)
    }

    /// The policy that an import leaves behind: what was sent, and the rest from the certificate.
    pub(super) fn imported(sent: &Policy, content_type: &str, facts: &Facts, now: u64) -> Policy {
        let mut policy = sent.clone();
        let given = sent.key_props.clone().unwrap_or_default();
        let (kty, key_size, crv) = match facts.key {
            KeyFacts::Rsa(bits) => ("RSA", bits, None),
            KeyFacts::Ec(curve) => ("EC", curve.bits, Some(curve.name.to_owned())),
        };
        let hsm = given.is_hsm();
        policy.key_props = Some(KeyProps {
            exportable: Some(given.exportable.unwrap_or(true) && !hsm),
            kty: Some(if hsm {
                format!("{kty}-HSM")
            } else {
                kty.to_owned()
            }),
            key_size: Some(key_size),
            crv,
            reuse_key: Some(given.reuse_key.unwrap_or(false)),
        });
        policy.secret_props = Some(SecretProps {
            content_type: Some(content_type.to_owned()),
        });
        policy.x509_props = Some(X509Props {
            subject: Some(facts.subject.clone()),
            sans: facts.sans.clone(),
            ekus: Some(facts.ekus.clone()),
            key_usage: Some(facts.key_usage.clone()),
            validity_months: Some(facts.validity_months),
            basic_constraints: Some(BasicConstraints { ca: facts.ca }),
        });
        policy.finish(UNKNOWN, now)
    }

    /// The policy that a create leaves behind: what was sent, and the service's defaults.
    pub(super) fn created(sent: &Policy, now: u64) -> Policy {
        let mut policy = sent.clone();
        let given = sent.key_props.clone().unwrap_or_default();
        let hsm = given.is_hsm();
        let kty = given.kty.unwrap_or_else(|| {
            let elliptic = given.crv.is_some();
            if elliptic { "EC" } else { "RSA" }.to_owned()
        });
        let rsa = kty.starts_with("RSA");
        let crv = (!rsa).then(|| given.crv.unwrap_or_else(|| "P-256".to_owned()));
        policy.key_props = Some(KeyProps {
            exportable: Some(given.exportable.unwrap_or(true) && !hsm),
            key_size: match &crv {
                None => given.key_size.or(Some(2048)),
                Some(name) => Curve::named(name).map(|c| c.bits),
            },
            crv,
            kty: Some(kty),
            reuse_key: Some(given.reuse_key.unwrap_or(false)),
        });
        let content_type = sent.content_type().unwrap_or(PKCS12).to_owned();
        policy.secret_props = Some(SecretProps {
            content_type: Some(content_type),
        });
        let mut x509 = sent.x509_props.clone().unwrap_or_default();
        x509.ekus
            .get_or_insert_with(|| EXTENDED_KEY_USAGE.map(str::to_owned).to_vec());
        x509.key_usage.get_or_insert_with(|| {
            ["digitalSignature", "keyEncipherment"]
                .map(str::to_owned)
                .to_vec()
        });
        x509.validity_months.get_or_insert(12);
        x509.basic_constraints.get_or_insert_default();
        policy.x509_props = Some(x509);
        policy.finish(SELF, now)
    }

    fn finish(mut self, issuer: &str, now: u64) -> Policy {
        let issuer = self.issuer.get_or_insert_with(|| Issuer {
            name: issuer.to_owned(),
            ..Issuer::default()
        });
        let action = if issuer.name == UNKNOWN {
            "EmailContacts"
        } else {
            "AutoRenew"
        };
        self.lifetime_actions.get_or_insert_with(|| {
            vec![LifetimeAction {
                trigger: Trigger {
                    lifetime_percentage: Some(80),
                    days_before_expiry: None,
                },
                action: Action {
                    action_type: action.to_owned(),
                },
            }]
        });
        self.id = None;
        self.attributes = Some(Attributes {
            enabled: true,
            created: now,
            updated: now,
        });
        self
    }

    /// Takes over each part that a patch has.
    pub(super) fn patch(&mut self, patch: &Policy, now: u64) {
        if let Some(key) = &patch.key_props {
            let mine = self.key_props.get_or_insert_default();
            take(&mut mine.exportable, &key.exportable);
            take(&mut mine.kty, &key.kty);
            take(&mut mine.key_size, &key.key_size);
            take(&mut mine.crv, &key.crv);
            if let Some(curve) = key.crv.as_deref().and_then(Curve::named) {
                mine.key_size = Some(curve.bits);
            }
            take(&mut mine.reuse_key, &key.reuse_key);
        }
        if let Some(secret) = &patch.secret_props {
            let mine = self.secret_props.get_or_insert_default();
            take(&mut mine.content_type, &secret.content_type);
        }
        if let Some(x509) = &patch.x509_props {
            let mine = self.x509_props.get_or_insert_default();
            take(&mut mine.subject, &x509.subject);
            take(&mut mine.sans, &x509.sans);
            take(&mut mine.ekus, &x509.ekus);
            take(&mut mine.key_usage, &x509.key_usage);
            take(&mut mine.validity_months, &x509.validity_months);
            take(&mut mine.basic_constraints, &x509.basic_constraints);
        }
        take(&mut self.lifetime_actions, &patch.lifetime_actions);
        take(&mut self.issuer, &patch.issuer);
        if let Some(attributes) = &mut self.attributes {
            attributes.updated = now;
        }
    }
}

impl KeyProps {
    fn check(&self, sku: Sku) -> Result<(), Refusal> {
        if self.kty.as_deref().is_some_and(|k| !KEY_TYPES.contains(&k)) {
            return Err(invalid("policy.key_props.kty", ""));
        }
        let curve = self.crv.as_deref().map(Curve::named);
        if curve == Some(None) {
            return Err(invalid("policy.key_props.crv", ""));
        }
        if !self.is_hsm() {
            return Ok(());
        }
        // What a premium vault is for; the words are the service's (Azure/azure-sdk-for-net issue 6551).
        if sku == Sku::Standard {
            return Err(Refusal::BadParameter(
                "Hardware key operation not allowed on standard vault".to_owned(),
            ));
        }
        // A key in hardware never leaves it ("About Azure Key Vault certificates", exportable keys).
        if self.exportable == Some(true) {
            return Err(invalid("policy.key_props.exportable", ""));
        }
        Ok(())
    }

    /// Whether the key is kept in hardware.
    fn is_hsm(&self) -> bool {
        self.kty.as_deref().is_some_and(|k| k.ends_with("-HSM"))
    }
}

fn take<T: Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
    if theirs.is_some() {
        mine.clone_from(theirs);
    }
}

impl X509Props {
    fn check(&self) -> Result<(), Refusal> {
        if let Some(subject) = &self.subject
            && from_windows(subject).is_err()
        {
            return Err(invalid(
                "policy.x509_props",
                "Invalid X.500 distinguished name",
            ));
        }
        if self
            .validity_months
            .is_some_and(|m| !(1..=1_200).contains(&m))
        {
            return Err(invalid("policy.x509_props.validity_months", ""));
        }
        check(
            self.sans.as_ref().unwrap_or(&Sans::default()),
            self.ekus.as_deref().unwrap_or_default(),
            self.key_usage.as_deref().unwrap_or_default(),
        )
        .map_err(|bad| {
            let part = match bad {
                BadWish::KeyUsage => "policy.x509_props.key_usage",
                BadWish::ExtendedKeyUsage => "policy.x509_props.ekus",
                BadWish::AlternativeName => "policy.x509_props.sans",
            };
            invalid(part, "")
        })
    }
}

impl LifetimeAction {
    fn check(&self) -> Result<(), Refusal> {
        let known = ["EmailContacts", "AutoRenew"].contains(&self.action.action_type.as_str());
        let trigger = match (
            self.trigger.lifetime_percentage,
            self.trigger.days_before_expiry,
        ) {
            (Some(percent), None) => (1..=99).contains(&percent),
            (None, Some(_)) => true,
            _ => false,
        };
        if known && trigger {
            return Ok(());
        }
        Err(invalid("policy.lifetime_actions", ""))
    }
}
