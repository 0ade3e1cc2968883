//! Machines whose managed identity is not the one of an Azure virtual machine. They have
//! endpoints of their own, which no job may reach; a job is refused by name instead of
//! waiting for an endpoint that never answers.
//!
//! It must not know what a job is for. Sources: Microsoft Learn, "Managed identities for App Service and
//! Azure Functions" and "Authenticate against Azure resources with Azure Arc-enabled servers".

use super::{Cause, Failure};
use job_scope::Identity;
use std::path::Path;

/// Where the agent of Azure Arc lies.
const ARC_AGENT: &str = "/opt/azcmagent/bin/himds";

/// The machine that jobs run on, as far as its managed identity goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// A virtual machine of Azure, or one without a managed identity at all, which only asking
    /// tells.
    Virtual,
    /// One whose managed identity has another endpoint; its name for people.
    Other(&'static str),
}

impl Machine {
    /// The one that this process runs on, by its environment and by what is installed.
    pub fn of_this_process() -> Self {
        of(
            |name| std::env::var_os(name).is_some_and(|value| !value.is_empty()),
            Path::new(ARC_AGENT).exists(),
        )
        .map_or(Self::Virtual, Self::Other)
    }

    /// Whether a job can work as this identity here.
    pub(super) fn allows(self, identity: &Identity) -> Result<(), Failure> {
        match (identity, self) {
            (Identity::ManagedIdentity { .. }, Self::Other(machine)) => Err(Failure {
                cause: Cause::Configuration,
                message: format!(
                    "managed identities of {machine} are not supported: only those of Azure virtual machines are; give the job a client secret, or a federated token"
                ),
            }),
            _ => Ok(()),
        }
    }
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
    use job_scope::ClientId;

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
            let machine = found.map_or(Machine::Virtual, Machine::Other);
            let allowed = machine.allows(&Identity::ManagedIdentity { client_id: None });
            match wanted {
                None => assert_eq!(allowed, Ok(()), "{marks:?}"),
                Some(word) => {
                    let message = allowed.unwrap_err().message;
                    assert!(message.contains(word), "{marks:?}: {message}");
                }
            }
        }
    }

    #[test]
    fn an_application_works_on_every_machine() {
        let client_id = ClientId::parse("33333333-3333-4333-8333-333333333333").unwrap();
        let secret = Identity::ClientSecret {
            client_id: client_id.clone(),
        };
        for identity in [secret, Identity::ClientAssertion { client_id }] {
            assert_eq!(Machine::Other("Azure Arc").allows(&identity), Ok(()));
        }
    }
}
