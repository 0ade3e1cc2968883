//! What is under a certificate's name now, as far as a change depends on it: which
//! version, what it is, what its policy says.
//!
//! It must not decide what is changed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use job_scope::Alias;
use serde_json::Value;

use super::certificate::{Bundle, Exportable, Policy};
use super::discretion::Discretion;
use super::import;
use super::key_kind::Protection;
use super::thumbprint::{Thumbprint, sha256};
use super::vault::{is_name_of, name_in, version_in};
use crate::pfx::Form;

/// The current version. No `Debug`: tags may hold what people should not put there.
#[derive(Clone, PartialEq)]
pub struct Current {
    /// Which one; every import makes another.
    pub version: String,
    /// Of its certificate. One that is still being made has none.
    pub thumbprint: Option<Thumbprint>,
    /// SHA-256 of the certificate itself, where the answer has it.
    pub sha256: Option<job_scope::Thumbprint>,
    /// Whether it may be used.
    pub enabled: bool,
    /// The tags, by name.
    pub tags: BTreeMap<String, String>,
    /// Whether the private key may leave the vault.
    pub exportable: Exportable,
    /// Where the vault keeps the key, as far as the policy says it.
    pub protection: Option<Protection>,
    /// What the managed secret hands out, where it is one of the two that there are.
    pub form: Option<Form>,
    /// Whether a renewal in the vault takes the same key again, where the policy says it.
    pub reuse_key: Option<bool>,
    /// Whether the certificates stay in the order in which they came, where the vault says it.
    pub keeps_order: Option<bool>,
    /// Who renews it, by the policy: `Self`, `Unknown`, or the name of one of the vault's
    /// issuers, as far as it may be shown.
    pub issuer: Option<String>,
    /// What the vault does by itself as the end of the certificate's life comes near.
    pub lifetime: Lifetime,
}

/// The lifetime actions of a policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifetime {
    /// Those that write an e-mail to the vault's contacts, as the service sends them.
    pub emails: Vec<Value>,
    /// Whether there is one that makes a new version.
    pub renews: bool,
}

impl Current {
    /// Reads the answer to a GET or an import of `requested`.
    ///
    /// # Errors
    /// What keeps it from saying which version that is.
    pub fn read(
        body: &[u8],
        requested: &Alias,
        discretion: &Discretion,
    ) -> Result<Current, &'static str> {
        let bundle: Bundle =
            serde_json::from_slice(body).map_err(|_| "it is not the JSON of a certificate")?;
        let id = bundle.id.unwrap_or_default();
        let name = name_in(&id).ok_or("it does not say which certificate it is")?;
        if !is_name_of(&name, requested) {
            return Err("it is about another certificate");
        }
        let content = bundle
            .cer
            .and_then(|content| STANDARD.decode(content).ok())
            .filter(|der| !der.is_empty());
        let of_content = content.as_deref().map(Thumbprint::of);
        let of_header = || Thumbprint::from_base64url(bundle.x5t.as_deref()?);
        let thumbprint = of_content.or_else(of_header);
        // The first certificate of a name may not have a version yet while it is being made.
        let is_begun = thumbprint.is_none() && bundle.pending.is_some();
        let version = version_in(&id)
            .or_else(|| is_begun.then(String::new))
            .ok_or("it does not say which version it is")?;
        let policy = bundle.policy.as_ref();
        let key = policy.and_then(|policy| policy.key_props.as_ref());
        Ok(Current {
            version,
            thumbprint,
            sha256: content.as_deref().map(sha256),
            enabled: bundle.attributes.and_then(|some| some.enabled) != Some(false),
            tags: texts(bundle.tags.unwrap_or_default()),
            exportable: Policy::exportable(policy),
            protection: key.and_then(|key| key.kty.as_deref().map(Protection::of_kty)),
            form: policy.and_then(|policy| form(policy.secret_props.as_ref()?)),
            reuse_key: key.and_then(|key| key.reuse_key.as_ref()?.as_bool()),
            keeps_order: bundle.keeps_order.and_then(|keeps| keeps.as_bool()),
            issuer: policy
                .and_then(|policy| policy.issuer.as_ref()?.get("name")?.as_str())
                .map(|issuer| discretion.name(issuer))
                .map(|issuer| issuer.unwrap_or_else(|| "another one".to_owned())),
            lifetime: policy
                .and_then(|policy| policy.lifetime_actions.as_ref()?.as_array())
                .map(|actions| lifetime(actions))
                .unwrap_or_default(),
        })
    }
}

impl Current {
    /// Whether there is a certificate at all: of one that the vault is still making, or was to
    /// make and did not, there is only the name.
    pub fn is_certificate(&self) -> bool {
        self.thumbprint.is_some()
    }
}

/// Azure REST, "SecretProperties".
pub(in crate::azure) fn form(secret: &Value) -> Option<Form> {
    import::form_of(secret.get("contentType")?.as_str()?)
}

/// Tags by name; the service knows texts only, so that anything else is its JSON.
pub(in crate::azure) fn texts(tags: BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let texts = tags.into_iter().map(|(name, value)| (name, text(value)));
    texts.collect()
}

/// Azure REST, "Certificates: CertificatePolicyAction".
fn lifetime(actions: &[Value]) -> Lifetime {
    let kind = |action: &Value| {
        action
            .pointer("/action/action_type")
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
    };
    let is = |action: &Value, wanted: &str| kind(action).as_deref() == Some(wanted);
    Lifetime {
        emails: actions
            .iter()
            .filter(|action| is(action, "emailcontacts"))
            .cloned()
            .collect(),
        renews: actions.iter().any(|action| is(action, "autorenew")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "https://kv-one.vault.azure.net/certificates/Web-1/b3f8";

    fn read(body: &str) -> Result<Current, &'static str> {
        let requested = Alias::parse("web-1").unwrap();
        Current::read(body.as_bytes(), &requested, &Discretion::default())
    }

    fn whole(rest: &str) -> Current {
        read(&format!(r#"{{"id":"{ID}"{rest}}}"#)).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn everything_that_a_change_depends_on_is_read() {
        let current = whole(
            r#","x5t":"AAAA","cer":"YWJj","attributes":{"enabled":false},"tags":{"a":"1","b":2},
              "preserveCertOrder":true,
              "policy":{"key_props":{"exportable":false,"kty":"EC-HSM","reuse_key":true},
                "secret_props":{"contentType":"application/x-pem-file"},
                "issuer":{"name":"DigiCert"},
                "lifetime_actions":[
                  {"trigger":{"lifetime_percentage":80},"action":{"action_type":"AutoRenew"}},
                  {"trigger":{"days_before_expiry":9},"action":{"action_type":"EmailContacts"}}]}"#,
        );
        assert_eq!(current.version, "b3f8");
        assert_eq!(current.thumbprint, Some(Thumbprint::of(b"abc")));
        assert_eq!(current.sha256, Some(sha256(b"abc")));
        assert!(!current.enabled);
        assert_eq!(current.tags["a"], "1");
        assert_eq!(current.tags["b"], "2");
        assert_eq!(current.exportable, Exportable::Stated(false));
        assert_eq!(current.protection, Some(Protection::Hsm));
        assert_eq!(current.form, Some(Form::Pem));
        assert_eq!(current.reuse_key, Some(true));
        assert_eq!(current.keeps_order, Some(true));
        assert_eq!(current.issuer.as_deref(), Some("DigiCert"));
        assert!(current.lifetime.renews);
        let emails = &current.lifetime.emails;
        assert_eq!(emails.len(), 1);
        assert_eq!(emails[0]["trigger"]["days_before_expiry"], 9);
    }

    #[test]
    fn everything_but_the_version_may_be_absent() {
        let current = whole("");
        assert_eq!(current.thumbprint, None);
        assert!(current.enabled);
        assert_eq!(current.exportable, Exportable::NoPolicy);
        assert_eq!(current.lifetime, Lifetime::default());
        let odd = whole(
            r#","cer":"%","preserveCertOrder":"x","policy":{"issuer":"x","secret_props":7,
              "key_props":{"reuse_key":"x"},"lifetime_actions":[7,{"action":null}]}"#,
        );
        assert_eq!(odd.lifetime, Lifetime::default());
        assert_eq!(odd.thumbprint, None);
        assert_eq!((odd.protection, odd.form), (None, None));
        assert_eq!((odd.reuse_key, odd.keeps_order), (None, None));
    }

    #[test]
    fn without_content_the_header_says_what_it_is() {
        let current = whole(r#","cer":"","x5t":"zjjccD1m-h-SOrD64tk-1X6o28M""#);
        assert!(current.thumbprint.is_some());
        assert_eq!(current.sha256, None);
    }

    #[test]
    fn of_what_is_still_being_made_there_is_no_certificate_and_maybe_no_version() {
        for (id, version) in [(ID, "b3f8"), ("https://v/certificates/web-1", "")] {
            let current = read(&format!(
                r#"{{"id":"{id}","pending":{{"id":"x"}},"attributes":{{"enabled":false}}}}"#
            ))
            .unwrap();
            assert_eq!(current.version, version);
            assert!(!current.is_certificate());
        }
        assert!(whole(r#","cer":"YWJj","pending":{"id":"x"}"#).is_certificate());
    }

    #[test]
    fn what_does_not_say_which_version_it_is_is_refused() {
        for (body, word) in [
            ("<html>", "JSON"),
            ("{}", "which certificate"),
            (r#"{"id":"https://v/certificates/web-1"}"#, "which version"),
            (r#"{"id":"https://v/certificates/web-2/1"}"#, "another"),
        ] {
            let problem = read(body).err().unwrap();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
