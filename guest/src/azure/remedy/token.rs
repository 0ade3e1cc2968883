//! What to do where there is no token.
//!
//! It must not know what Entra ID's codes mean: they have their advice beside the protocol.

use crate::azure::action::{Action, Call};
use crate::azure::entra;
use crate::azure::token::TokenRefusal;

/// There is no token.
pub fn token(refusal: &TokenRefusal, call: &Call) -> String {
    let server = &call.server;
    let advice = match call.action {
        Action::AskMachineForToken => machine_advice(refusal),
        _ => entra::advice::of(refusal),
    };
    format!("{server} gave no token: {refusal}; {advice}")
}

/// Microsoft Learn, "How to use managed identities for Azure resources on an Azure VM to acquire
/// an access token", "Error handling".
fn machine_advice(refusal: &TokenRefusal) -> &'static str {
    match (refusal.status, refusal.error.as_deref()) {
        (400, None) => {
            "something between the job and the endpoint has answered; the endpoint must be reached \
             without a proxy"
        }
        (400, Some("invalid_resource")) => {
            "the service is not known to this machine's tenant: check AzureCloud, or cloud in the \
             policy"
        }
        (400, Some("bad_request_102")) => {
            "something between the job and the endpoint has taken the header Metadata away; the \
             endpoint must be reached without a proxy"
        }
        (400, _) if refusal.says("Multiple user assigned identities") => {
            "several user-assigned identities are assigned to this machine, and the job names none \
             of them: give the client id of the one to use as ServerUsername"
        }
        (400, _) if !refusal.says("Identity not found") => {
            "the machine may have no such managed identity, or more than one: assign it to the \
             virtual machine, or give the client id of one that is assigned as ServerUsername; \
             if a client secret was meant to come from a PAM provider, see that it resolves to a value"
        }
        (400, _) => {
            "the machine has no such managed identity: assign it to the virtual machine, or give \
             the client id of one that is assigned as ServerUsername; if a client secret was meant to come from a \
             PAM provider, see that it resolves to a value"
        }
        (404 | 410, _) => "the endpoint was being updated for longer than it should be",
        (429, _) => "the endpoint is throttled: run fewer jobs on this machine at once",
        (500.., _) => "the endpoint is failing: run the job again later",
        _ => {
            "no endpoint of an Azure virtual machine answers so: see that this machine is one, and \
             that no proxy answers in the endpoint's place"
        }
    }
}
