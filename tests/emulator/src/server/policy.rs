//! The policy fragment that leads a client here: which names connect to this address, and the CA that
//! is good for them.
//!
//! Must not know the server; text from an address and a certificate.

use std::net::SocketAddr;

use serde::Serialize;

use crate::cloud::Cloud;
use crate::emulator::METADATA_HOST;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Policy<'a> {
    connect_to: Vec<ConnectTo>,
    ca: [Ca<'a>; 1],
}

#[derive(Serialize)]
struct ConnectTo {
    host: String,
    address: String,
}

#[derive(Serialize)]
struct Ca<'a> {
    hosts: Vec<String>,
    pem: &'a str,
}

/// The host names of every cloud, vaults by wildcard.
fn hosts() -> Vec<String> {
    Cloud::ALL
        .into_iter()
        .flat_map(|cloud| {
            let authorities = cloud.authority_hosts().iter().map(|h| (*h).to_owned());
            authorities.chain([
                format!("*.{}", cloud.vault_suffix()),
                cloud.arm_host().to_owned(),
            ])
        })
        .collect()
}

pub(super) fn policy(address: SocketAddr, ca_pem: &str) -> String {
    let connect_to = hosts()
        .into_iter()
        // Asked over plain HTTP, so it is in this list and not in the CA's.
        .chain([METADATA_HOST.to_owned()])
        .map(|host| ConnectTo {
            host,
            address: address.to_string(),
        })
        .collect();
    let policy = Policy {
        connect_to,
        ca: [Ca {
            hosts: hosts(),
            pem: ca_pem,
        }],
    };
    let tables = toml::to_string_pretty(&policy).unwrap_or_default();
    format!(
        "# Written by azure-emulator; its certificate authority is a new one at every start.\n{tables}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_reads_back_and_the_ca_is_not_for_the_plain_address() {
        let address = "127.0.0.1:4433".parse().unwrap();
        let text = policy(
            address,
            "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
        );
        let table: toml::Table = text.parse().unwrap();
        let connect = table["connect-to"].as_array().unwrap();
        assert!(
            connect
                .iter()
                .all(|c| c["address"].as_str() == Some("127.0.0.1:4433"))
        );
        let names = |list: &toml::Value| -> Vec<String> {
            list.as_array()
                .unwrap()
                .iter()
                .map(|h| h.as_str().unwrap().to_owned())
                .collect()
        };
        let connected: Vec<String> = connect
            .iter()
            .map(|c| c["host"].as_str().unwrap().to_owned())
            .collect();
        let trusted = names(&table["ca"][0]["hosts"]);
        for host in [
            "login.microsoftonline.com",
            "*.vault.azure.net",
            "management.azure.com",
            "login.chinacloudapi.cn",
            "*.vault.azure.cn",
            "login.microsoftonline.us",
            "*.vault.usgovcloudapi.net",
        ] {
            assert!(connected.iter().any(|h| h == host), "{host}");
            assert!(trusted.iter().any(|h| h == host), "{host}");
        }
        assert!(connected.iter().any(|h| h == METADATA_HOST));
        assert!(!trusted.iter().any(|h| h == METADATA_HOST));
        assert!(
            table["ca"][0]["pem"]
                .as_str()
                .unwrap()
                .starts_with("-----BEGIN")
        );
    }
}
