//! Reads the files that arguments name: jobs, policies, configurations, secrets, certificates and
//! components.
//!
//! It must not know what is in them.

use super::exit::OrUsage;
use anyhow::{Context, Result};
use extension_host::limits::{Limits, key, to_raise};
use extension_host::orchestrator::{JobError, Parsed, parse};
use extension_host::text_file::NotText;
use extension_host::{owned, wiped};
use secrecy::zeroize::Zeroizing;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::path::Path;

/// Bytes of a file that is read: no job, policy or configuration is near. A component has a limit
/// of its own.
const LONGEST_FILE: u64 = 64 << 20;

/// Reads a whole file; `-` is standard input. It may hold a secret.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    opened(path)
        .and_then(|file| wiped::read(file, LONGEST_FILE))
        .with_context(|| format!("cannot read {}", path.display()))
        .or_usage()
}

/// Reads a text file by one of the readers of `text_file`.
pub(crate) fn read_text(
    path: &Path,
    decode: fn(&[u8]) -> Result<Zeroizing<String>, NotText>,
) -> Result<Zeroizing<String>> {
    text_of(&read(path)?, path, decode)
}

/// The same of a file that [`read`] or [`read_trusted`] has read.
pub(crate) fn text_of(
    bytes: &[u8],
    path: &Path,
    decode: fn(&[u8]) -> Result<Zeroizing<String>, NotText>,
) -> Result<Zeroizing<String>> {
    decode(bytes)
        .with_context(|| format!("cannot use {}", path.display()))
        .or_usage()
}

/// Reads a job of the platform.
pub(crate) fn read_job(path: &Path) -> Result<Parsed> {
    let parsed = parse(&read(path)?);
    match parsed.job {
        Err(JobError::NotText(problem)) => Err(problem)
            .with_context(|| format!("cannot use {}", path.display()))
            .or_usage(),
        _ => Ok(parsed),
    }
}

/// Reads a file that says what is run and where traffic goes. What root believes must be root's.
pub(crate) fn read_trusted(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let trusted = |file: File| {
        if rustix::process::geteuid().is_root() && path != Path::new("-") {
            owned::by(&file.metadata()?, 0)
                .map_err(|error| io::Error::other(format!("it {error}")))?;
        }
        wiped::read(file, LONGEST_FILE)
    };
    opened(path)
        .and_then(trusted)
        .with_context(|| format!("cannot use {}", path.display()))
        .or_usage()
}

/// Reads a component, whatever a policy lets one have.
pub(crate) fn read_component(path: &Path, limits: &Limits) -> Result<Zeroizing<Vec<u8>>> {
    let most = limits.component;
    let too_large = |error: io::Error| match error.kind() {
        ErrorKind::FileTooLarge => io::Error::other(format!(
            "it has more than the {most} bytes that a component may have; {}",
            to_raise(key::COMPONENT)
        )),
        _ => error,
    };
    opened(path)
        .and_then(|file| wiped::read(file, most).map_err(too_large))
        .with_context(|| format!("cannot read {}", path.display()))
        .or_usage()
}

fn opened(path: &Path) -> io::Result<File> {
    if path == Path::new("-") {
        // Not through the standard library's buffer, which nobody wipes.
        let stdin = io::stdin();
        stdin.as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    }
}
