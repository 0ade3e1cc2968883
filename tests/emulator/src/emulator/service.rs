//! Who answers for a host, and in whose words a fault speaks there.
//!
//! Must not know faults, latency or the log.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::{Inner, METADATA_HOST};
use crate::cloud::Cloud;
use crate::fault::Words;
use crate::vault::Vault;
use crate::{arm, entra, identity, vault};

/// Who answers for a host.
pub(super) enum Service {
    Entra(Cloud),
    Vault(Arc<Vault>),
    Metadata,
    Arm(Cloud),
}

/// A service, and all that it words an error from.
pub(super) struct Asking<'a> {
    pub(super) service: &'a Service,
    pub(super) inner: &'a Inner,
    pub(super) request: &'a Request<Bytes>,
}

impl Words for Asking<'_> {
    fn plain(&self, status: StatusCode) -> Response<Bytes> {
        match self.service {
            Service::Entra(_) => entra::plain(status),
            Service::Metadata => identity::plain(status),
            Service::Arm(_) => arm::plain(status),
            Service::Vault(_) => vault::plain(status),
        }
    }

    fn named(&self, code: &str) -> Option<Response<Bytes>> {
        let inner = self.inner;
        match self.service {
            Service::Entra(cloud) => {
                entra::named(code, *cloud, &inner.clock, &inner.ids, self.request)
            }
            Service::Metadata => identity::named(code),
            Service::Arm(_) => arm::named(code),
            Service::Vault(vault) => vault::named(code, vault),
        }
    }
}

impl Service {
    /// The service behind a host name, lower case.
    pub(super) fn behind(inner: &Inner, host: &str) -> Option<Service> {
        if let Some(vault) = inner.vaults.find(host) {
            // Of a vault that is still being made, the name does not resolve.
            let now = inner.clock.unix_seconds();
            let born = !inner.arm.is_unborn(host, now);
            return born.then_some(Service::Vault(vault));
        }
        if host == METADATA_HOST {
            return Some(Service::Metadata);
        }
        Cloud::ALL.into_iter().find_map(|cloud| {
            if cloud.authority_hosts().contains(&host) {
                Some(Service::Entra(cloud))
            } else if cloud.arm_host() == host {
                Some(Service::Arm(cloud))
            } else {
                None
            }
        })
    }

    /// The service's own answer.
    pub(super) fn serve(
        &self,
        inner: &Inner,
        host: &str,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let (clock, ids, tokens) = (&inner.clock, &inner.ids, &inner.entra.tokens);
        match self {
            Service::Entra(cloud) => inner.entra.answer(*cloud, host, clock, ids, request),
            Service::Vault(vault) => vault::answer(vault, tokens, clock, ids, request),
            Service::Metadata => inner.machine.answer(&inner.entra, clock, ids, request),
            Service::Arm(cloud) => {
                let vaults = &inner.vaults;
                inner
                    .arm
                    .answer(*cloud, vaults, tokens, clock, ids, request)
            }
        }
    }
}
