//! A vault in the hands of a test: who may reach it and do what, changed while the emulator runs.
//!
//! Must not know requests. What is said here is what a seed's table could say too.

use std::sync::Arc;

use super::Vault;
use crate::seed::{AccessSeed, CertificatePermission, Network, SecretPermission};

/// A live vault, to change who may do what in it.
#[derive(Clone, Debug)]
pub struct VaultControl(Arc<Vault>);

impl VaultControl {
    pub(crate) fn new(vault: Arc<Vault>) -> VaultControl {
        VaultControl(vault)
    }

    /// From now on keeps an application, by its client id or object id, from these things.
    pub fn deny(
        &self,
        client_id: &str,
        certificates: &[CertificatePermission],
        secrets: &[SecretPermission],
    ) {
        let entry = entry(client_id, certificates, secrets);
        self.0.update(|spec| spec.deny.push(entry));
    }

    /// From now on only who was allowed something may do it, this application among them.
    pub fn allow_only(
        &self,
        client_id: &str,
        certificates: &[CertificatePermission],
        secrets: &[SecretPermission],
    ) {
        let entry = entry(client_id, certificates, secrets);
        self.0.update(|spec| {
            spec.open = false;
            spec.allow.push(entry);
        });
    }

    /// Every application of the vault's tenant may do everything again.
    pub fn open(&self) {
        self.0.update(|spec| {
            spec.open = true;
            spec.allow.clear();
            spec.deny.clear();
        });
    }

    /// Whether roles decide, or access policies do; a refusal is worded accordingly.
    pub fn set_rbac(&self, rbac: bool) {
        self.0.update(|spec| spec.rbac = rbac);
    }

    /// Who gets through to the vault at all.
    pub fn set_network(&self, network: Network) {
        self.0.update(|spec| spec.network = network);
    }

    /// Keeps deleted certificates from being purged.
    pub fn protect_from_purge(&self) {
        self.0.update(|spec| spec.purge_protection = true);
    }
}

fn entry(
    client_id: &str,
    certificates: &[CertificatePermission],
    secrets: &[SecretPermission],
) -> AccessSeed {
    AccessSeed {
        client_id: client_id.to_owned(),
        certificates: certificates.to_vec(),
        secrets: secrets.to_vec(),
    }
}
