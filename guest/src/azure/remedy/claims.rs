//! What to do where a service asks for a token with other claims, and a new one does not have
//! them (Microsoft Learn, "Continuous access evaluation", "Claims challenges, claims requests,
//! and client capabilities", "Conditional Access for workload identities").
//!
//! It must not know where the service asks for them.

use crate::azure::action::{Call, Party};
use crate::azure::challenge::{Challenge, Claim};
use crate::azure::refusal::Refusal;

/// The remedy, if the service asks for claims; then tenant and cloud are right.
pub fn claims_hint(refusal: &Refusal, call: &Call, challenge: &Challenge) -> Option<String> {
    let asks = challenge.asks_for_claims || refusal.says("Continuous access evaluation");
    if !asks {
        return None;
    }
    let what = match call.action.party() {
        Party::Arm => "Azure Resource Manager",
        Party::Vault | Party::Issuer => "the vault",
    };
    let claims: String = challenge
        .wanted()
        .into_iter()
        .map(|claim| match claim {
            Claim::Address => {
                "; it sees this machine at another address than Entra ID does, or at one that the \
                 policy does not admit: let the requests to both leave by the same address (proxy, \
                 VPN, private endpoint), and have that address admitted"
            }
            Claim::IssuedLater => {
                "; the identity's earlier tokens were revoked: if this goes on, see whether it was \
                 disabled or is held to be at risk"
            }
            Claim::Context => {
                "; it asks for an authentication context, which no application can have: have the \
                 identity taken out of that policy"
            }
        })
        .collect();
    Some(format!(
        "{what} asks for claims that a new token does not have either: a conditional access policy \
         of the tenant (continuous access evaluation) blocks this identity, by network location or \
         by risk; the sign-in logs of its service principal in Entra ID name the policy{claims}"
    ))
}
