//! `akv component compile`: what `akv` calls itself for, so that a component that nobody vouched
//! for is compiled under limits, and only the process that compiles it ends at them.
//!
//! It must not know who asked, and nothing of a job comes here.

use super::args::CompileArgs;
use super::exit::Exit;
use super::say::say;
use anyhow::Result;
use extension_host::engine::{Compiler, compile_here};

/// How this program is started to compile. By this name it is the same file, even when another
/// one has taken its place since.
pub(crate) fn compiler() -> Compiler {
    Compiler::new("/proc/self/exe", ["component", "compile"])
}

pub(crate) fn compile(args: &CompileArgs) -> Result<Exit> {
    match compile_here(&args.limits) {
        Ok(()) => Ok(Exit::Success),
        Err(why) => {
            // The caller tells it, in a sentence of its own.
            say!("{why}");
            Ok(Exit::Failure)
        }
    }
}
