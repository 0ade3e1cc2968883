//! The host name a vault is reached by, from its name and the property `PrivateEndpoint`.
//!
//! | `PrivateEndpoint` (for the vault `kv-one`) | means | host |
//! |---|---|---|
//! | blank | the cloud's own suffix | `kv-one.vault.azure.net` |
//! | `.privatelink.example`, leading dots or none | a suffix | `kv-one.privatelink.example` |
//! | `kv-one.vault.example`, or `kv-one` alone | the host itself, as it begins with the vault's name | as it stands |
//! | `https://kv-one.vault.example/` | the host of the URL, which must begin with the vault's name | `kv-one.vault.example` |
//! | `kv-two.vault.azure.net` | another vault of this cloud | refused |
//! | whatever leads to `kv-one.vault.azure.cn` | a vault of another cloud | refused |
//! | an address, a port, a path, a user, `http` | | refused |
//!
//! Must not know: which suffixes an operator trusts. A foreign suffix is good syntax, and the
//! policy's business; the certificate and the token's audience are checked by others.

use crate::cloud::Cloud;
use crate::error::{FieldError, shown};
use crate::names::{VaultName, is_host_name};

const FIELD: &str = "PrivateEndpoint";

/// The vault's host in lower case, without port.
pub(crate) fn vault_host(
    vault: &VaultName,
    cloud: Cloud,
    private_endpoint: Option<&str>,
) -> Result<String, FieldError> {
    let host = read(vault, cloud, private_endpoint)?;
    let of_other = Cloud::ALL
        .into_iter()
        .find(|other| *other != cloud && is_under(&host, other.endpoints().vault_suffix));
    match of_other {
        // A token of one cloud would go to a host of another.
        Some(other) => Err(refused(format!(
            "leads to {}, a vault of the cloud {other}, but AzureCloud says {cloud}",
            shown(&host)
        ))),
        None => Ok(host),
    }
}

fn is_under(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix)
        .is_some_and(|front| front.ends_with('.'))
}

fn read(
    vault: &VaultName,
    cloud: Cloud,
    private_endpoint: Option<&str>,
) -> Result<String, FieldError> {
    let endpoints = cloud.endpoints();
    let vault = vault.as_str().to_ascii_lowercase();
    let given = private_endpoint.unwrap_or_default().trim();
    if given.is_empty() {
        return Ok(format!("{vault}.{}", endpoints.vault_suffix));
    }
    let begins_with_vault = |host: &str| host.split('.').next().is_some_and(|label| label == vault);

    if let Some((scheme, rest)) = given.split_once("://") {
        let host = host_of_url(scheme, rest)?;
        return if begins_with_vault(&host) {
            Ok(host)
        } else {
            Err(refused(format!(
                "is a URL of {}, which does not begin with the vault's name {}",
                shown(&host),
                shown(&vault)
            )))
        };
    }

    let name = given.trim_start_matches('.').to_ascii_lowercase();
    if !is_host_name(&name) {
        return Err(refused(
            "is neither a DNS suffix, nor a host name, nor an https URL",
        ));
    }
    if begins_with_vault(&name) {
        return Ok(name);
    }
    if let Some(other) = name
        .strip_suffix(endpoints.vault_suffix)
        .and_then(|front| front.strip_suffix('.'))
    {
        return Err(refused(format!(
            "names another vault, {}, but this one is {}",
            shown(other),
            shown(&vault)
        )));
    }
    let host = format!("{vault}.{name}");
    if is_host_name(&host) {
        Ok(host)
    } else {
        Err(refused("is too long for a host name"))
    }
}

/// The lower-case host of `scheme://rest`, where it is https and nothing but a host.
fn host_of_url(scheme: &str, rest: &str) -> Result<String, FieldError> {
    if !scheme.eq_ignore_ascii_case("https") {
        return Err(refused("is a URL, but not an https one"));
    }
    let host = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
    // A user, a port, a path, a query and a fragment all need a character that no host has.
    if is_host_name(&host) {
        Ok(host)
    } else {
        Err(refused(
            "is a URL with more than a host name (user, port, path, query or address)",
        ))
    }
}

/// The value is not repeated where it is not a host: a URL may hold a password.
fn refused(problem: impl Into<String>) -> FieldError {
    FieldError::new(
        FIELD,
        problem,
        "write a DNS suffix like privatelink.example, the vault's host name, or its \
         https://host/ URL, or leave it blank",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cloud::Cloud;

    fn host(private_endpoint: &str) -> Result<String, FieldError> {
        let vault = VaultName::parse("KV-One").unwrap();
        vault_host(&vault, Cloud::Public, Some(private_endpoint))
    }

    #[test]
    fn w36_a_private_endpoint_is_a_suffix_a_host_or_a_url() {
        for (text, wanted) in [
            ("", "kv-one.vault.azure.net"),
            ("  ", "kv-one.vault.azure.net"),
            ("vault.azure.net", "kv-one.vault.azure.net"),
            (".vault.azure.net", "kv-one.vault.azure.net"),
            ("...Vault.Azure.NET", "kv-one.vault.azure.net"),
            ("internal", "kv-one.internal"),
            ("attacker.example", "kv-one.attacker.example"),
            ("kv-one.vault.azure.net", "kv-one.vault.azure.net"),
            ("KV-ONE.corp.example", "kv-one.corp.example"),
            ("kv-one", "kv-one"),
            ("kv-one-2.example", "kv-one.kv-one-2.example"),
            (
                "privatelink.vaultcore.azure.net",
                "kv-one.privatelink.vaultcore.azure.net",
            ),
            ("https://kv-one.vault.azure.net", "kv-one.vault.azure.net"),
            (
                " HTTPS://KV-one.vault.azure.net/ ",
                "kv-one.vault.azure.net",
            ),
        ] {
            assert_eq!(host(text), Ok(wanted.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn w35_whatever_else_a_private_endpoint_holds_is_refused() {
        for text in [
            ".",
            "vault.azure.net.",
            "vault..azure.net",
            "-x.example",
            "a_b.example",
            "10.0.0.4",
            "x.0x7f",
            "[::1]",
            "vault.azure.net:8443",
            "vault.azure.net/",
            "evil.example/.vault.azure.net",
            "evil.example#.vault.azure.net",
            "user@vault.azure.net",
            "kv-two.vault.azure.net",
            "a.b.vault.azure.net",
            "http://kv-one.vault.azure.net",
            "https://",
            "https://10.0.0.4/",
            "https://user:pass@kv-one.vault.azure.net/",
            "https://kv-one.vault.azure.net:443/",
            "https://kv-one.vault.azure.net/secrets",
            "https://kv-one.vault.azure.net//",
            "https://kv-one.vault.azure.net?x=1",
            "https://kv-one.vault.azure.net\\@evil.example",
            "https://kv-two.vault.azure.net/",
            "https://vault.azure.net/",
            "https://https://kv-one.example",
            "kv-one.vault.azure.net\u{3002}evil",
        ] {
            let error = host(text).unwrap_err();
            assert_eq!(error.field(), "PrivateEndpoint", "{text:?}");
            assert!(!error.to_string().contains("pass@"), "{text:?}: {error}");
        }
        let long = vec!["a".repeat(60); 4].join(".");
        assert!(is_host_name(&long));
        assert!(host(&format!("{long}.abcdef")).is_err());
    }

    #[test]
    fn no_form_of_a_private_endpoint_leads_to_a_vault_of_another_cloud() {
        for text in [
            "vault.azure.cn",
            "kv-one.vault.usgovcloudapi.net",
            "https://kv-one.Vault.azure.cn/",
            "privatelink.vault.azure.cn",
        ] {
            let error = host(text).unwrap_err().to_string();
            assert!(
                error.contains("AzureCloud says public"),
                "{text:?}: {error}"
            );
        }
        let vault = VaultName::parse("kv-one").unwrap();
        for (cloud, text, fits) in [
            (Cloud::China, "vault.azure.cn", true),
            (Cloud::China, "vault.azure.net", false),
            (Cloud::Public, "notvault.azure.cn", true),
        ] {
            let host = vault_host(&vault, cloud, Some(text));
            assert_eq!(host.is_ok(), fits, "{cloud} {text:?}: {host:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_a_result_is_a_host_of_this_vault(
            text in prop_oneof![any::<String>(), "(https://)?[.]{0,2}[a-z0-9.:/@?#-]{0,40}"]
        ) {
            if let Ok(host) = host(&text) {
                prop_assert!(is_host_name(&host), "{}", host);
                prop_assert_eq!(host.split('.').next(), Some("kv-one"));
            }
        }
    }
}
