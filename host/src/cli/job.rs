//! Jobs made from arguments: the identity, the vault, and what they have in common. The same
//! jobs as the orchestrator's.
//!
//! It must not know what a job does.

use super::args::{IdentityArgs, PlaceArgs, StoreArgs};
use super::exit::{Exit, OrUsage};
use super::files;
use anyhow::{Context, Result, anyhow, bail};
use extension_host::options::Options;
use extension_host::orchestrator::{Job, Store, Task};
use extension_host::runner::{Cause, Report, Status};
use extension_host::text_file;
use job_scope::{ClientId, Identity, Properties, option};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use std::path::{Path, PathBuf};

/// The variables that say who a command works as, where no argument does.
const ID_VARIABLE: &str = "AZURE_CLIENT_ID";
const SECRET_VARIABLE: &str = "AZURE_CLIENT_SECRET";
const TOKEN_FILE_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// An identity with its proof.
struct Proof {
    identity: Identity,
    secret: Option<SecretString>,
    token_file: Option<PathBuf>,
}

/// A job of this command.
pub(crate) fn job(identity: &IdentityArgs, options: Options, task: Task) -> Result<Job> {
    let Proof {
        identity,
        secret,
        token_file,
    } = proof(identity, |name| std::env::var(name).ok()).or_usage()?;
    if let Some(path) = &token_file {
        readable(path).or_usage()?;
    }
    let job = Job {
        history_id: 0,
        identity,
        secret,
        token_file,
        blank_secret: false,
        options,
        task,
    };
    let no_tenant = |store: &Store| store.tenant.trim().is_empty();
    if job.identity.needs_tenant() && job.store().is_some_and(no_tenant) {
        return Err(anyhow!(
            "there is no tenant; give --tenant, or set AZURE_TENANT_ID"
        ))
        .or_usage();
    }
    Ok(job)
}

fn proof(args: &IdentityArgs, variable: impl Fn(&str) -> Option<String>) -> Result<Proof> {
    let said = |name| variable(name).filter(|value| !value.trim().is_empty());
    let parse = |name: &str, id: &str| {
        ClientId::parse(id)
            .map_err(|error| anyhow!("{name}: {}; {}", error.problem(), error.remedy()))
    };
    let given = args.client_id.as_deref();
    let given = given.map(|id| parse("--client-id", id)).transpose()?;
    if args.managed_identity {
        // Not the variable: it stands in many environments, and would make another identity of
        // the machine's own.
        return Ok(Proof {
            identity: Identity::ManagedIdentity { client_id: given },
            secret: None,
            token_file: None,
        });
    }
    let of_application = || match (&given, said(ID_VARIABLE)) {
        (Some(id), _) => Ok(id.clone()),
        (None, Some(id)) => parse(ID_VARIABLE, &id),
        (None, None) => bail!(
            "there is no client id; give --client-id, or set {ID_VARIABLE}, or use --managed-identity"
        ),
    };
    let with_secret = |secret: Zeroizing<String>| -> Result<Proof> {
        if secret.trim().is_empty() {
            bail!("the client secret is blank");
        }
        Ok(Proof {
            identity: Identity::ClientSecret {
                client_id: of_application()?,
            },
            secret: Some(SecretString::from(secret.as_str())),
            token_file: None,
        })
    };
    let with_token = |file: PathBuf| -> Result<Proof> {
        Ok(Proof {
            identity: Identity::ClientAssertion {
                client_id: of_application()?,
            },
            secret: None,
            token_file: Some(file),
        })
    };
    if let Some(path) = &args.client_secret_file {
        return with_secret(files::read_text(path, text_file::secret)?);
    }
    if let Some(path) = &args.federated_token_file {
        return with_token(path.clone());
    }
    match (said(SECRET_VARIABLE), said(TOKEN_FILE_VARIABLE)) {
        (Some(secret), None) => with_secret(text_file::unended(&Zeroizing::new(secret))),
        (None, Some(file)) => with_token(file.into()),
        (Some(_), Some(_)) => bail!(
            "{SECRET_VARIABLE} and {TOKEN_FILE_VARIABLE} are both set; say which identity is meant with --client-secret-file, --federated-token-file or --managed-identity"
        ),
        (None, None) => bail!(
            "there is no identity; give --client-secret-file (or {SECRET_VARIABLE}), --federated-token-file (or {TOKEN_FILE_VARIABLE}), or --managed-identity"
        ),
    }
}

/// Sees that a file can be read that is read later, and each time afresh.
fn readable(path: &Path) -> Result<()> {
    let cannot = || format!("cannot read the federated token file {}", path.display());
    let kind = std::fs::metadata(path).with_context(cannot)?;
    anyhow::ensure!(kind.is_file(), "{}: it is not a regular file", cannot());
    std::fs::File::open(path).with_context(cannot)?;
    Ok(())
}

/// The vault that arguments name, with these properties besides.
pub(crate) fn store(args: &StoreArgs, properties: &[(&str, &Option<String>)]) -> Store {
    store_at(&args.path, &args.place, properties)
}

/// The same, of a path that is not among the arguments of every command.
pub(crate) fn store_at(
    path: &str,
    place: &PlaceArgs,
    properties: &[(&str, &Option<String>)],
) -> Store {
    let given = [("PrivateEndpoint", &place.private_endpoint)];
    let given = given.iter().chain(properties);
    Store {
        tenant: place.tenant.clone().unwrap_or_default(),
        path: path.to_owned(),
        options: Options::default(),
        properties: Properties::from_fields(
            given.filter_map(|(name, value)| Some(((*name).to_owned(), (*value).clone()?))),
        ),
    }
}

/// Options that were given, under their own names.
pub(crate) fn options(given: &[(&str, Option<&str>)]) -> Options {
    given
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())))
        .collect()
}

/// The option for the cloud, which every job takes.
pub(crate) fn cloud(args: &PlaceArgs) -> (&'static str, Option<&str>) {
    (option::CLOUD, args.cloud.as_deref())
}

/// How a command ends that ran this job.
pub(crate) fn exit(report: &Report) -> Exit {
    match report.status {
        // Here the job is the call.
        Status::Failure(Cause::Input) => Exit::Usage,
        status => Exit::of_status(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const ID: &str = "33333333-3333-4333-8333-333333333333";

    fn args(id: Option<&str>) -> IdentityArgs {
        IdentityArgs {
            client_id: id.map(str::to_owned),
            client_secret_file: None,
            federated_token_file: None,
            managed_identity: false,
        }
    }

    fn no_variable(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn a_client_id_of_the_environment_is_an_applications_and_never_the_machines() {
        let variable = |name: &str| (name == ID_VARIABLE).then(|| ID.to_owned());
        let managed = IdentityArgs {
            managed_identity: true,
            ..args(None)
        };
        let found = proof(&managed, variable).unwrap();
        assert_eq!(
            found.identity,
            Identity::ManagedIdentity { client_id: None }
        );
        let application = IdentityArgs {
            federated_token_file: Some("/var/run/token".into()),
            ..args(None)
        };
        let found = proof(&application, variable).unwrap();
        assert_eq!(found.identity.client_id().unwrap().as_str(), ID);
    }

    #[test]
    fn a_managed_identity_is_asked_for_by_name_and_a_client_id_makes_it_user_assigned() {
        for id in [None, Some(ID)] {
            let args = IdentityArgs {
                managed_identity: true,
                ..args(id)
            };
            let proof = proof(&args, no_variable).unwrap();
            let client_id = id.map(|id| ClientId::parse(id).unwrap());
            assert_eq!(proof.identity, Identity::ManagedIdentity { client_id });
            assert!(proof.secret.is_none() && proof.token_file.is_none());
        }
    }

    #[test]
    fn a_secret_comes_from_a_file_without_its_line_end_and_is_never_the_word_managed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        for (content, secret) in [("sp-secret~1\r\n", "sp-secret~1"), ("managed\n", "managed")] {
            std::fs::write(&path, content).unwrap();
            let args = IdentityArgs {
                client_secret_file: Some(path.clone()),
                ..args(Some(ID))
            };
            let proof = proof(&args, no_variable).unwrap();
            assert!(matches!(proof.identity, Identity::ClientSecret { .. }));
            assert_eq!(proof.secret.unwrap().expose_secret(), secret);
        }
        std::fs::write(&path, " \n").unwrap();
        let args = IdentityArgs {
            client_secret_file: Some(path),
            ..args(Some(ID))
        };
        assert!(proof(&args, no_variable).is_err());
    }

    #[test]
    fn a_federated_token_is_read_later_and_needs_an_application() {
        let with_file = |id| IdentityArgs {
            federated_token_file: Some("/var/run/token".into()),
            ..args(id)
        };
        let found = proof(&with_file(Some(ID)), no_variable).unwrap();
        assert!(matches!(found.identity, Identity::ClientAssertion { .. }));
        assert_eq!(found.token_file, Some("/var/run/token".into()));
        for id in [None, Some("s3cret")] {
            let error = proof(&with_file(id), no_variable)
                .err()
                .unwrap()
                .to_string();
            assert!(
                error.contains("--client-id") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }
}
