//! `akv add`, `akv remove` and `akv create`: what changes something. What a job says of itself
//! goes to stdout when it is done, and to stderr when it is not.
//!
//! It must not know what a certificate is.

use super::args::{AddArgs, ByArgs, CreateArgs, PrivateFormat, RemoveArgs};
use super::exit::{Exit, OrUsage};
use super::job::{self, cloud, options, read_text, store};
use super::setup;
use anyhow::{Result, anyhow};
use extension_host::options::Options;
use extension_host::orchestrator::{Certificate, Contents, Format, Task, ToRemove, is_thumbprint};
use extension_host::runner::Status;
use job_scope::{Alias, parameter};
use secrecy::SecretString;
use std::path::Path;

pub(crate) fn add(args: &AddArgs) -> Result<Exit> {
    let certificate = certificate(args).or_usage()?;
    let task = Task::Add {
        store: store(&args.store, &[]),
        certificate,
    };
    run(&args.by, options(&[cloud(&args.store.place)]), task)
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

/// A thumbprint as tools print it: 40 hex digits, or 20 pairs of them with colons between.
fn thumbprint(text: &str) -> Result<String> {
    let text = text.trim();
    let pairs = text.split(':').all(|pair| pair.len() == 2);
    let digits = if pairs {
        text.replace(':', "")
    } else {
        text.to_owned()
    };
    if is_thumbprint(&digits) {
        Ok(digits)
    } else {
        Err(anyhow!(
            "--thumbprint: is not a SHA-1 thumbprint; write its 40 hex digits, with or without colons"
        ))
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
    let mut contents = setup::read(&args.file)?;
    let format = match args.format {
        Some(PrivateFormat::Pfx) => Format::Pfx,
        Some(PrivateFormat::Pem) => Format::Pem,
        None if looks_like_pem(&contents) => Format::Pem,
        None => Format::Pfx,
    };
    let password = match &args.password_file {
        Some(path) => {
            let text = read_text(path)?;
            let text = text.trim_end_matches(['\r', '\n']);
            Some(SecretString::from(text.to_owned()))
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

/// PEM may begin with text about its blocks (RFC 7468 section 2), but a PFX begins with a byte
/// that no text has.
fn looks_like_pem(contents: &[u8]) -> bool {
    std::str::from_utf8(contents).is_ok_and(|text| text.contains("-----BEGIN "))
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
    fn a_thumbprint_is_taken_as_it_is_and_as_openssl_prints_it() {
        let plain = "AB".repeat(20);
        let colons = vec!["AB"; 20].join(":");
        for text in [&plain, &colons, &format!(" {colons}\n")] {
            assert_eq!(thumbprint(text).ok().as_ref(), Some(&plain), "{text}");
        }
        for text in ["", "AB:CD", &plain[1..], &format!("{plain}:"), &colons[1..]] {
            assert!(thumbprint(text).is_err(), "{text}");
        }
    }
}
