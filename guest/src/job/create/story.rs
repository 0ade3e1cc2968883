//! How a Create ended, and the sentences that say so.
//!
//! It must not send anything.

use job_scope::VaultName;

use super::settings::BY_ACCESS_POLICIES;
use super::{End, Plan};
use crate::azure::error::CallError;
use crate::contract::{Failure, Outcome, Status};
use crate::job::tenant::{NoOwner, Owner};
use crate::job::watch::Ended;

/// The failure of input that cannot be used.
pub(super) const INVALID: Failure = Failure::InvalidInput;

/// How far a run came, for whoever has to tell what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was changed.
    Looking,
    /// The vault was asked for, and what became of that is not known: the answer is still
    /// out, or was lost.
    Requested,
    /// The vault is being made.
    Following,
}

/// Why there is no vault, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Call(#[from] CallError),
    /// The job had to stop; the last trouble before that.
    #[error("{}", .0.told(.1.as_ref()).1)]
    Ended(Ended, Option<CallError>),
    #[error(transparent)]
    NoOwner(NoOwner),
    /// The vault has other settings than the job asks for.
    #[error("the vault {name} is already there, untouched, but not as this job asks for: {}", differences.join("; "))]
    Differs {
        name: VaultName,
        differences: Vec<String>,
    },
    #[error("the vault's name {0} is taken")]
    NameTaken(VaultName),
    #[error("StorePath: no vault can have this name{}", .0.map(|why| format!(": {why}")).unwrap_or_default())]
    NameImpossible(Option<&'static str>),
    /// A vault whose making had failed before; its state.
    #[error(
        "the vault {name} is there, untouched, but it could not be made when somebody tried ({state})"
    )]
    Found { name: VaultName, state: String },
    /// The vault that was asked for could not be made; its state.
    #[error("the vault {name} could not be made ({state})")]
    Broken { name: VaultName, state: String },
    #[error("the vault {0} has disappeared while it was being made")]
    Vanished(VaultName),
    /// An answer was lost, and there was no trace of the vault when it was looked for.
    #[error("{0}; some seconds later there was no trace of the vault")]
    Lost(CallError),
    /// The answer was lost, and looking failed too.
    #[error("{request}; whether the vault is being made could not be found out: {look}")]
    Unresolved {
        request: Box<CallError>,
        look: Box<CallError>,
    },
}

impl From<NoOwner> for Problem {
    fn from(error: NoOwner) -> Self {
        match error {
            NoOwner::Call(error) => Problem::Call(error),
            other => Problem::NoOwner(other),
        }
    }
}

impl Problem {
    fn failure(&self, stage: Stage) -> Failure {
        // With a request out, nobody knows whether there is, or will be, a vault.
        let unless_requested = |failure| match stage {
            Stage::Requested => Failure::Unresolved,
            Stage::Looking | Stage::Following => failure,
        };
        match self {
            Problem::Call(error) => unless_requested(error.failure()),
            Problem::Ended(ended, last) => unless_requested(ended.told(last.as_ref()).0),
            Problem::Differs { .. } | Problem::NameTaken(_) | Problem::Found { .. } => {
                Failure::Conflict
            }
            Problem::NameImpossible(_) | Problem::NoOwner(_) => INVALID,
            Problem::Broken { .. } => Failure::Other,
            Problem::Vanished(_) => Failure::NotFound,
            Problem::Lost(_) | Problem::Unresolved { .. } => Failure::Unresolved,
        }
    }

    /// What to do, where the error itself does not say.
    fn remedy(&self, plan: &Plan) -> Option<String> {
        let name = plan.scope.vault();
        Some(match self {
            Problem::Differs { .. } => {
                "nothing was changed, and the other jobs can use the vault as it is; change either \
                 the vault or the settings of the store"
                    .to_owned()
            }
            Problem::NameTaken(_) => format!(
                "it belongs to a vault elsewhere in Azure, or to a deleted one that is not \
                 purged yet (az keyvault list-deleted); recover it with az keyvault recover --name \
                 {name}, purge it with az keyvault purge --name {name}, or choose another name"
            ),
            Problem::Found { .. } | Problem::Broken { .. } => format!(
                "the activity log of the resource group {} has the reason; delete the vault and \
                 purge it (az keyvault delete --name {name}, then az keyvault purge --name {name}) \
                 before the job is run again: a deleted vault keeps its name until it is purged. \
                 Where purging is not allowed, choose another name",
                plan.group
            ),
            Problem::NoOwner(_) => "nothing was created".to_owned(),
            Problem::Vanished(_) => "somebody may have deleted it; run the job again".to_owned(),
            _ => return None,
        })
    }
}

impl Stage {
    /// What was done when a job ends early.
    fn told(self, plan: &Plan) -> String {
        let name = plan.scope.vault();
        match self {
            Stage::Looking => "nothing was changed".to_owned(),
            Stage::Requested => format!(
                "the vault {name} was asked for, and what became of that is not known; run the job \
                 again: it looks first, and follows a vault that is being made"
            ),
            Stage::Following => format!(
                "the vault {name} is being made; run the job again, which follows it to its end"
            ),
        }
    }
}

/// The outcome of a run that ended with a problem.
pub(super) fn failed(plan: &Plan, problem: &Problem, stage: Stage) -> Outcome {
    let mut message = problem.to_string();
    let early = matches!(problem, Problem::Ended(..));
    let remedy = problem.remedy(plan);
    let done = (early || stage != Stage::Looking).then(|| stage.told(plan));
    for part in [remedy.or(done)].into_iter().flatten() {
        message.push_str("; ");
        message.push_str(&part);
    }
    Outcome::failure(problem.failure(stage), message)
}

/// The outcome of a run after which the vault is there.
pub(super) fn done(plan: &Plan, end: End) -> Outcome {
    let name = plan.scope.vault();
    let group = &plan.group;
    let (mut message, mut status) = match &end {
        End::AlreadyThere => (
            format!(
                "the vault {name} is already there, untouched; it has the settings that this job \
                 asks for"
            ),
            Status::Warning,
        ),
        End::Followed => (
            format!(
                "the vault {name} in the resource group {group} was already being made, and is \
                 ready now. {}",
                access(plan)
            ),
            Status::Success,
        ),
        End::Created { differences, owner } => {
            let sku = plan.new_vault.sku();
            let created = format!(
                "the vault {name} was created in the resource group {group}, SKU {sku}{}",
                told_owner(plan, owner)
            );
            let by_roles = !differences.iter().any(|it| it == BY_ACCESS_POLICIES);
            let message = match by_roles {
                true => format!(
                    "{created}, with role-based access control. {}",
                    access(plan)
                ),
                false => format!("{created}. {}", access_by_policies(plan)),
            };
            (message, Status::Success)
        }
    };
    let mut notes: Vec<String> = Vec::new();
    if let End::Created { differences, .. } = end
        && !differences.is_empty()
    {
        notes.push(format!(
            "something, maybe an Azure Policy, has made it otherwise than asked for: {}",
            differences.join("; ")
        ));
    }
    notes.extend_from_slice(plan.scope.notes());
    notes.extend_from_slice(plan.new_vault.notes());
    for note in notes {
        status = Status::Warning;
        message.push_str(". ");
        message.push_str(&note);
    }
    Outcome::new(status, &message)
}

/// What the job does not know already of whose the vault is.
fn told_owner(plan: &Plan, owner: &Owner) -> String {
    match owner {
        Owner::Read(tenant) if plan.tenant().is_none() => {
            format!(", for its subscription's tenant {tenant}, whose tokens alone it takes")
        }
        Owner::Read(_) => String::new(),
        Owner::Assumed(tenant, error) => format!(
            ", for the job's tenant {tenant} (whether that is the subscription's could not be \
             read: {})",
            error.briefly()
        ),
    }
}

const MACHINE: &str = "<object id of this machine's managed identity>";

/// Who can use a new vault, and how the others get there.
fn access(plan: &Plan) -> String {
    let assignee = match plan.identity.client_id() {
        Some(client_id) => client_id.to_string(),
        None => MACHINE.to_owned(),
    };
    format!(
        "Nobody can use its certificates yet but those whose roles come from the resource group, \
         the subscription or above. To let this job's identity: az role assignment create --role \
         \"Key Vault Certificates Officer\" --assignee {assignee} --scope \"{}\". A new role takes up to \
         ten minutes to arrive",
        plan.vault().resource_id()
    )
}

/// The same of one that has become one with access policies.
fn access_by_policies(plan: &Plan) -> String {
    let name = plan.scope.vault();
    let assignee = match plan.identity.client_id() {
        Some(client_id) => format!("--spn {client_id}"),
        None => format!("--object-id {MACHINE}"),
    };
    format!(
        "Nobody can use its certificates yet. To let this job's identity: az keyvault set-policy \
         --name {name} {assignee} --certificate-permissions get list import recover delete"
    )
}
