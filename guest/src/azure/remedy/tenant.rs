//! Whether a token was of another tenant than the service's.
//!
//! It must not know where the service names its tenant.

use crate::azure::action::{Call, Party};
use crate::azure::refusal::Refusal;

/// What both services say about a token of another tenant than theirs; in Key Vault's answer it
/// is in the message.
const FOREIGN_TOKEN: [&str; 2] = ["AKV10032", "InvalidAuthenticationTokenTenant"];

/// The tenant that the service names, when it is certainly another than the job's. Of a managed
/// identity's only the service knows.
pub fn tenant_hint(
    refusal: &Refusal,
    call: &Call,
    of_service: Option<String>,
    of_job: Option<&str>,
) -> Option<String> {
    let of_service = of_service?;
    let what = match call.action.party() {
        Party::Arm => "the subscription",
        Party::Vault | Party::Issuer => "the vault",
    };
    let Some(of_job) = of_job else {
        let says = |code: &&str| refusal.is(code) || refusal.says(code);
        return FOREIGN_TOKEN.iter().any(says).then(|| {
            format!(
                "{what} belongs to the tenant {of_service}; a managed identity works in its own \
                 tenant only"
            )
        });
    };
    if of_service.eq_ignore_ascii_case(of_job) {
        return None;
    }
    // A domain and an id may be the same tenant.
    Some(if of_job.contains('.') {
        format!("{what} belongs to the tenant {of_service}; check that {of_job} is a domain of it")
    } else {
        format!(
            "{what} belongs to the tenant {of_service}, not to {of_job}: correct the client machine"
        )
    })
}
