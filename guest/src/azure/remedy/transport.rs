//! What to do where there is no answer.
//!
//! It must not know a job, nor how connections are made.

use crate::azure::action::{Action, Call, Party};
use crate::http::TransportError;

/// There was no answer.
pub fn transport(error: &TransportError, call: &Call) -> String {
    let Call { action, server } = call;
    format!(
        "could not {action}: {server}: {error}; {}",
        advice(error, call)
    )
}

fn advice(error: &TransportError, call: &Call) -> &'static str {
    match error {
        TransportError::Connection(_) | TransportError::Timeout(_)
            if call.action == Action::AskMachineForToken =>
        {
            "managed identities need an Azure virtual machine; give a client id and its secret \
             where the job runs elsewhere"
        }
        TransportError::NameNotFound if call.action.party() == Party::Vault => {
            "the vault does not exist, was deleted, or its private endpoint's name is not known to \
             this machine; check the store path and AzureCloud"
        }
        TransportError::NameNotFound => "check this machine's name resolution",
        TransportError::Denied => {
            "the operator's policy must allow it, or the job asks for something it should not"
        }
        TransportError::AddressDenied => {
            "private addresses are refused unless the operator's policy lists them; check the \
             private endpoint and the policy"
        }
        TransportError::Certificate => {
            "see that this machine's clock is right, and that the server itself has answered and \
             nothing in its place"
        }
        TransportError::Tls => {
            "something between this machine and the server may be ending the connection: check \
             the firewall and the proxy"
        }
        TransportError::Connection(_) => {
            "see that this machine's network, firewall and proxy let it reach the server"
        }
        TransportError::Broken(_) | TransportError::Timeout(_) | TransportError::Other(_) => {
            "if it goes on, check this machine's network and its proxy, and run the job again later"
        }
        TransportError::TooLarge { .. } => {
            "no answer of the service is that large, so that something between the job and the \
             server may have answered: check the proxy"
        }
        TransportError::HostConfiguration => {
            "have the operator correct its proxy or its authorities; the host says which"
        }
        TransportError::Unsendable(_) => "tell whoever maintains this extension, with this message",
    }
}
