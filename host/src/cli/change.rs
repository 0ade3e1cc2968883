//! `akv add`, `akv remove` and `akv create`: what changes something. What a job says of itself
//! goes to stdout when it is done, and to stderr when it is not.
//!
//! It must not know what a certificate is.

use super::args::{AddArgs, ByArgs, CreateArgs, PrivateFormat, RemoveArgs};
use super::exit::{Exit, OrUsage};
use super::files;
use super::job::{self, cloud, options, store};
use super::setup;
use anyhow::{Result, anyhow};
use extension_host::options::Options;
use extension_host::orchestrator::{Certificate, Contents, Format, Task, ToRemove};
use extension_host::runner::Status;
use extension_host::text_file;
use job_scope::{Alias, Thumbprint, option, parameter};
use secrecy::SecretString;
use std::path::Path;

pub(crate) fn add(args: &AddArgs) -> Result<Exit> {
    let certificate = certificate(args).or_usage()?;
    let task = Task::Add {
        store: store(&args.store, &[]),
        certificate,
    };
    let given = options(&[cloud(&args.store.place), (option::HSM, args.hsm.as_deref())]);
    run(&args.by, given, task)
}

pub(crate) fn remove(args: &RemoveArgs) -> Result<Exit> {
    let alias = alias(&args.alias).or_usage()?;
    let thumbprint = args.thumbprint.as_deref().map(thumbprint);
    let thumbprint = thumbprint.transpose().or_usage()?;
    let task = Task::Remove {
        store: store(&args.store, &[]),
        certificate: ToRemove { alias, thumbprint },
    };
    run(&args.by, options(&[cloud(&args.store.place)]), task)
}

pub(crate) fn create(args: &CreateArgs) -> Result<Exit> {
    let task = Task::CreateStore {
        store: store(
            &args.store,
            &[("SkuType", &args.sku), ("VaultRegion", &args.region)],
        ),
    };
    let given = options(&[cloud(&args.store.place)]);
    let given = args.options.0.clone().over(&given);
    run(&args.by, given, task)
}

fn run(by: &ByArgs, options: Options, task: Task) -> Result<Exit> {
    let job = job::job(&by.identity, options, task)?;
    let kind = job.kind();
    let report = setup::run(&by.host, job)?;
    let done = !matches!(report.status, Status::Failure(_));
    setup::tell_result(&report, kind, done)?;
    Ok(job::exit(&report))
}

fn alias(text: &str) -> Result<Alias> {
    Alias::parse(text).map_err(|error| anyhow!("ALIAS: {}; {}", error.problem(), error.remedy()))
}

/// A thumbprint as tools print it. One that is blank may be a variable that was not set, and
/// removing without it is not what was asked for.
fn thumbprint(text: &str) -> Result<Thumbprint> {
    match Thumbprint::parse(text) {
        Ok(Some(thumbprint)) => Ok(thumbprint),
        Ok(None) => Err(anyhow!(
            "--thumbprint: is blank; write the thumbprint, or leave the argument out"
        )),
        Err(error) => Err(anyhow!(
            "--thumbprint: {}; write the SHA-1 thumbprint (40 hex digits) or the SHA-256 thumbprint (64 hex digits), with or without colons",
            error.problem()
        )),
    }
}

fn certificate(args: &AddArgs) -> Result<Certificate> {
    let stdin = Some(Path::new("-"));
    let from_stdin = [
        Some(args.file.as_path()),
        args.password_file.as_deref(),
        args.by.identity.client_secret_file.as_deref(),
    ];
    if from_stdin.iter().filter(|path| **path == stdin).count() > 1 {
        return Err(anyhow!("only one of the files can be standard input"));
    }
    let alias = alias(&args.alias)?;
    let contents = files::read(&args.file)?;
    let (format, mut contents) = match (args.format, text_file::pem(&contents)) {
        (Some(PrivateFormat::Pfx), _) | (None, None) => (Format::Pfx, contents),
        (Some(PrivateFormat::Pem), None) => (Format::Pem, contents),
        (Some(PrivateFormat::Pem) | None, Some(pem)) => (Format::Pem, pem),
    };
    let password = match &args.password_file {
        Some(path) => {
            let text = files::read_text(path, text_file::password)?;
            Some(SecretString::from(text.as_str()))
        }
        None => None,
    };
    Ok(Certificate {
        alias,
        contents: Contents::new(std::mem::take(&mut *contents)),
        format,
        password,
        overwrite: args.overwrite,
        parameters: parameters(args)?,
    })
}

fn parameters(args: &AddArgs) -> Result<Vec<(&'static str, SecretString)>> {
    let tags = match &args.tags_json {
        Some(json) => Some(json.clone()),
        None if args.tag.is_empty() => None,
        None => {
            let tags: serde_json::Map<String, serde_json::Value> = args
                .tag
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            if tags.len() < args.tag.len() {
                return Err(anyhow!("--tag: a name is given twice"));
            }
            Some(serde_json::to_string(&tags)?)
        }
    };
    let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    let given = [
        (parameter::TAGS, tags),
        (parameter::PRESERVE, flag(args.preserve_existing_tags)),
        (parameter::NON_EXPORTABLE, flag(args.non_exportable)),
    ];
    Ok(given
        .into_iter()
        .filter_map(|(name, value)| Some((name, SecretString::from(value?))))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_taken_as_it_is_and_as_tools_print_it() {
        for count in [20, 32] {
            let plain = "AB".repeat(count);
            let colons = vec!["AB"; count].join(":");
            let marked = format!("\u{200e}{}", vec!["ab"; count].join(" "));
            for text in [&plain, &colons, &format!(" {colons}\n"), &marked] {
                assert_eq!(thumbprint(text).unwrap().to_string(), plain, "{text}");
            }
            for text in ["", " ", "AB:CD", &plain[1..], &format!("{plain}A"), "null"] {
                let error = thumbprint(text).unwrap_err().to_string();
                assert!(error.starts_with("--thumbprint"), "{text}: {error}");
            }
        }
    }
}
