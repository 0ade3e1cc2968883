//! What other programs of this machine take from their environment and this one does not: a proxy,
//! and authorities to trust. Where traffic goes, and whom it believes, is the policy's to say. When
//! a host cannot be reached and such a variable may be why, the message names the variable.
//!
//! It must not change where anything goes, nor keep what a variable says: it may hold a password.

use crate::egress::{Obstacle, Refusal, Routes};
use std::ffi::OsString;
use url::Host;

/// The variables that name a proxy, in any case, the likeliest first.
const PROXY: [&str; 3] = ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"];

/// The one that names what is reached without it.
const EXCEPTIONS: &str = "NO_PROXY";

/// The variables that name authorities, for OpenSSL, curl, Python and Node.js.
const AUTHORITIES: [&str; 5] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

/// Which of these variables are set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadVariables {
    proxy: Option<String>,
    exceptions: Vec<String>,
    authorities: Option<String>,
}

impl UnreadVariables {
    /// Those among the variables of an environment.
    pub fn among(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut proxy: [Option<String>; PROXY.len()] = Default::default();
        let mut authorities: [Option<String>; AUTHORITIES.len()] = Default::default();
        let mut exceptions = Vec::new();
        for (name, value) in variables {
            if name.eq_ignore_ascii_case(EXCEPTIONS) {
                let value = value.to_string_lossy();
                exceptions.extend(value.split(',').map(|entry| entry.trim().to_lowercase()));
                continue;
            }
            let proxy = PROXY.iter().zip(&mut proxy);
            let authorities = AUTHORITIES.iter().zip(&mut authorities);
            let mut known = proxy.chain(authorities);
            if let Some((_, slot)) = known.find(|(known, _)| name.eq_ignore_ascii_case(known))
                && !value.to_string_lossy().trim().is_empty()
            {
                slot.get_or_insert_with(|| name.to_string_lossy().into_owned());
            }
        }
        exceptions.retain(|entry| !entry.is_empty());
        Self {
            proxy: proxy.into_iter().flatten().next(),
            exceptions,
            authorities: authorities.into_iter().flatten().next(),
        }
    }

    /// What to say where one of them would have led past this obstacle, and the policy says nothing
    /// in its place.
    pub(super) fn hint(&self, obstacle: &Obstacle, routes: &Routes) -> Option<String> {
        let authority = &obstacle.host;
        let name = authority
            .split_once(':')
            .map_or(&**authority, |(name, _)| name);
        let Ok(host @ Host::Domain(_)) = Host::parse(name) else {
            return None;
        };
        match obstacle.refusal? {
            Refusal::NoName | Refusal::NoConnection => {
                let variable = self.proxy.as_ref()?;
                if routes.proxy.is_some() || self.excepts(name) {
                    return None;
                }
                let instead = match routes.redirect(&host) {
                    true => ", in place of its `[[connect-to]]`",
                    false => "",
                };
                Some(format!(
                    "{variable} is set, which akv does not read: where {name} is reached through a \
                     proxy only, name that under `[proxy]` in the policy{instead}"
                ))
            }
            Refusal::UnknownAuthority => self.authorities.as_ref().map(|variable| {
                format!(
                    "{variable} is set, which akv does not read: name an authority of your own under \
                     `[[ca]]` in the policy"
                )
            }),
        }
    }

    /// Whether `NO_PROXY` has a name, or a suffix of it, with a dot or without.
    fn excepts(&self, name: &str) -> bool {
        self.exceptions.iter().any(|entry| {
            let suffix = entry.trim_start_matches('*').trim_start_matches('.');
            let below = || {
                name.strip_suffix(suffix)
                    .is_some_and(|rest| rest.ends_with('.'))
            };
            suffix.is_empty() || name == suffix || below()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::{ConnectTo, Proxy};

    const SECRET: &str = "http://user:s3cret@proxy.example:3128";

    fn among(variables: &[(&str, &str)]) -> UnreadVariables {
        let owned = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        UnreadVariables::among(variables.iter().map(owned))
    }

    fn obstacle(host: &str, refusal: Option<Refusal>) -> Obstacle {
        Obstacle {
            host: host.to_owned(),
            told: None,
            refusal,
        }
    }

    fn hint(variables: &[(&str, &str)], host: &str, routes: &Routes) -> Option<String> {
        let obstacle = obstacle(host, Some(Refusal::NoConnection));
        among(variables).hint(&obstacle, routes)
    }

    #[test]
    fn a_variable_of_any_case_is_named_and_its_value_never() {
        for (variables, named) in [
            (&[("HTTPS_PROXY", SECRET)][..], Some("HTTPS_PROXY")),
            (&[("https_proxy", SECRET)], Some("https_proxy")),
            (&[("Https_Proxy", SECRET)], Some("Https_Proxy")),
            (&[("http_proxy", SECRET)], Some("http_proxy")),
            (&[("ALL_PROXY", SECRET)], Some("ALL_PROXY")),
            (
                &[
                    ("HTTP_PROXY", "x"),
                    ("all_proxy", "x"),
                    ("https_proxy", "x"),
                ],
                Some("https_proxy"),
            ),
            (
                &[("HTTPS_PROXY", " "), ("HTTP_PROXY", "x")],
                Some("HTTP_PROXY"),
            ),
            (&[("HTTPS_PROXY", "")], None),
            (&[("NO_PROXY", "*")], None),
            (&[("FTP_PROXY", "x"), ("PROXY", "x")], None),
            (&[], None),
        ] {
            let text = hint(variables, "a.example", &Routes::default());
            let says = named.map(|named| format!("{named} is set, which akv does not read"));
            assert_eq!(text.is_some(), says.is_some(), "{variables:?}");
            if let (Some(text), Some(says)) = (text, says) {
                assert!(text.contains(&says) && text.contains("`[proxy]`"), "{text}");
                assert!(!text.contains("s3cret") && !text.contains("3128"), "{text}");
            }
        }
    }

    #[test]
    fn what_no_proxy_excepts_is_not_said_to_need_one() {
        for (exceptions, host, excepted) in [
            ("", "kv.vault.example", false),
            ("localhost, .vault.example", "kv.vault.example", true),
            ("vault.example", "kv.vault.example", true),
            ("*.vault.example", "kv.vault.example:8443", true),
            ("kv.VAULT.example", "kv.vault.example", true),
            ("*", "kv.vault.example", true),
            ("ault.example", "kv.vault.example", false),
            ("10.0.0.0/8,other.example", "kv.vault.example", false),
        ] {
            let variables = [("HTTPS_PROXY", "x"), ("no_proxy", exceptions)];
            let text = hint(&variables, host, &Routes::default());
            assert_eq!(text.is_none(), excepted, "{exceptions:?} {host}");
        }
    }

    #[test]
    fn only_what_the_network_refuses_on_its_own_way_may_need_a_proxy() {
        let variables = [("HTTPS_PROXY", "x")];
        assert!(hint(&variables, "169.254.169.254", &Routes::default()).is_none());
        assert!(hint(&variables, "[::1]:8443", &Routes::default()).is_none());
        let elsewhere = Routes {
            connect_to: vec![ConnectTo {
                host: "a.example".parse().unwrap(),
                address: "127.0.0.1:1".parse().unwrap(),
            }],
            ..Routes::default()
        };
        for (host, instead) in [("a.example", true), ("b.example", false)] {
            let text = hint(&variables, host, &elsewhere).unwrap();
            assert_eq!(text.contains("[[connect-to]]"), instead, "{text}");
        }
        let through = Routes {
            proxy: Some(Proxy {
                host: Host::parse("proxy.example").unwrap(),
                port: 3128,
                tls: false,
                except: vec!["b.example".parse().unwrap()],
            }),
            ..Routes::default()
        };
        assert!(hint(&variables, "a.example", &through).is_none());
        assert!(hint(&variables, "b.example", &through).is_none());
        for refusal in [None, Some(Refusal::UnknownAuthority)] {
            let obstacle = obstacle("b.example", refusal);
            let text = among(&variables).hint(&obstacle, &Routes::default());
            assert_eq!(text, None, "{refusal:?}");
        }
    }

    #[test]
    fn authorities_of_the_environment_are_named_where_one_is_not_trusted() {
        let variables = [
            ("HTTPS_PROXY", "x"),
            ("REQUESTS_CA_BUNDLE", "/etc/own.pem"),
            ("NODE_EXTRA_CA_CERTS", "x"),
        ];
        let obstacle = obstacle("a.example", Some(Refusal::UnknownAuthority));
        let text = among(&variables)
            .hint(&obstacle, &Routes::default())
            .unwrap();
        let says = "REQUESTS_CA_BUNDLE is set, which akv does not read";
        assert!(text.contains(says) && text.contains("`[[ca]]`"), "{text}");
        assert!(!text.contains("own.pem"), "{text}");
    }
}
