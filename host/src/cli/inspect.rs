//! `akv component inspect`: what a component is, and whether this host would load it.

use super::args::InspectArgs;
use super::exit::{Exit, OrUsage};
use super::{files, setup};
use anyhow::{Context, Result};
use extension_host::limits::Limits;
use std::io::Write;

pub(crate) fn inspect(args: &InspectArgs) -> Result<Exit> {
    let path = setup::component_path(args.component.as_deref())?;
    let limits = Limits::default();
    let extension = setup::engine(&limits, 1)?
        .load(&files::read_component(&path, &limits)?, None)
        .with_context(|| format!("{} would not be loaded", path.display()))
        .or_usage()?;
    let mut out = std::io::stdout().lock();
    let mut show = || -> std::io::Result<()> {
        writeln!(out, "file    {}", path.display())?;
        writeln!(out, "world   {}", extension.world())?;
        writeln!(out, "size    {} bytes", extension.size())?;
        writeln!(out, "sha256  {}", extension.digest())?;
        writeln!(out, "imports")?;
        for name in extension.imports() {
            writeln!(out, "  {name}")?;
        }
        writeln!(out, "exports")?;
        for name in extension.exports() {
            writeln!(out, "  {name}")?;
        }
        Ok(())
    };
    show().context("cannot write")?;
    Ok(Exit::Success)
}
