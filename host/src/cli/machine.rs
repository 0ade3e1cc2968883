//! Machines whose managed identity is not the one of an Azure virtual machine. They have
//! endpoints of their own, which no job may reach; a job is refused by name instead of
//! waiting for an endpoint that never answers.
//!
//! It must not know jobs. Sources: Microsoft Learn, "Managed identities for App Service and
//! Azure Functions" and "Authenticate against Azure resources with Azure Arc-enabled servers".

use std::path::Path;

/// Where the agent of Azure Arc lies.
const ARC_AGENT: &str = "/opt/azcmagent/bin/himds";

/// What this machine is, if its managed identity is not a virtual machine's.
pub(crate) fn other_than_virtual_machine() -> Option<&'static str> {
    of(
        |name| std::env::var_os(name).is_some_and(|value| !value.is_empty()),
        Path::new(ARC_AGENT).exists(),
    )
}

/// Why a job with a managed identity is refused there.
pub(crate) fn refusal(machine: &str) -> String {
    format!(
        "managed identities of {machine} are not supported: only those of Azure virtual machines are; give the job a client secret, or a federated token"
    )
}

fn of(set: impl Fn(&str) -> bool, arc_agent: bool) -> Option<&'static str> {
    if set("IDENTITY_ENDPOINT") && set("IDENTITY_HEADER") {
        Some("App Service, Functions and Container Apps")
    } else if set("MSI_ENDPOINT") && set("MSI_SECRET") {
        Some("Azure Machine Learning")
    } else if (set("IDENTITY_ENDPOINT") && set("IMDS_ENDPOINT")) || arc_agent {
        Some("Azure Arc")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_are_known_by_their_marks_and_a_virtual_machine_has_none() {
        for (marks, arc_agent, wanted) in [
            (&[][..], false, None),
            (&["IDENTITY_ENDPOINT"], false, None),
            (
                &["IDENTITY_ENDPOINT", "IDENTITY_HEADER"],
                false,
                Some("App Service"),
            ),
            (
                &["MSI_ENDPOINT", "MSI_SECRET"],
                false,
                Some("Machine Learning"),
            ),
            (
                &["IDENTITY_ENDPOINT", "IMDS_ENDPOINT"],
                false,
                Some("Azure Arc"),
            ),
            (&[], true, Some("Azure Arc")),
        ] {
            let found = of(|name| marks.contains(&name), arc_agent);
            match wanted {
                None => assert_eq!(found, None, "{marks:?}"),
                Some(word) => assert!(refusal(found.unwrap()).contains(word), "{marks:?}"),
            }
        }
    }
}
