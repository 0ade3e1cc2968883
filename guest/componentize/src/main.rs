//! `componentize [--print-imports] IN.wasm OUT.wasm`: turns a core module that
//! wit-bindgen has prepared into a component (the Component Model's binary format).
//!
//! It must not know what is in the module: which imports are allowed is for the
//! host and for the golden test to say.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};

const USAGE: &str = "usage: componentize [--print-imports] IN.wasm OUT.wasm";

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "componentize: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let (print_imports, input, output) = parse(arguments)?;
    let module = fs::read(&input).with_context(|| format!("cannot read {}", input.display()))?;
    let component = encode(&module)
        .with_context(|| format!("{} does not become a component", input.display()))?;
    if print_imports {
        let mut stderr = std::io::stderr().lock();
        for name in imports(&component)? {
            writeln!(stderr, "{name}").context("cannot print the imports")?;
        }
    }
    write_atomically(&output, &component)
        .with_context(|| format!("cannot write {}", output.display()))
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<(bool, PathBuf, PathBuf)> {
    let mut print_imports = false;
    let mut paths = Vec::new();
    for argument in arguments {
        if argument == "--print-imports" {
            print_imports = true;
        } else if argument.to_string_lossy().starts_with("--") {
            bail!("{} is not an option; {USAGE}", argument.display());
        } else {
            paths.push(PathBuf::from(argument));
        }
    }
    match <[PathBuf; 2]>::try_from(paths) {
        Ok([input, output]) => Ok((print_imports, input, output)),
        Err(paths) => bail!("wanted two paths, got {}; {USAGE}", paths.len()),
    }
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .module(module)?
        .validate(true)
        .encode()
}

/// The names that the component imports, in the order of its binary.
fn imports(component: &[u8]) -> Result<Vec<String>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("the encoder wrote a WIT package instead of a component");
    };
    let Some(world) = resolve.worlds.get(world) else {
        bail!("the component names a world that it does not hold");
    };
    Ok(world
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect())
}

/// A reader finds the old file or the whole new one, never a part: the bytes go to
/// a file beside it, which then takes the name.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path
        .file_name()
        .context("the output path names no file")?
        .to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Result<(bool, PathBuf, PathBuf)> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn two_paths_and_the_option_in_any_place_are_understood() {
        for words in [
            ["--print-imports", "a", "b"],
            ["a", "--print-imports", "b"],
            ["a", "b", "--print-imports"],
        ] {
            let (print, input, output) = arguments(&words).unwrap();
            assert!(print);
            assert_eq!((input, output), ("a".into(), "b".into()), "{words:?}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_usage() {
        for words in [
            &["a"] as &[_],
            &["a", "b", "c"],
            &["--strip", "a", "b"],
            &[],
        ] {
            let error = arguments(words).unwrap_err().to_string();
            assert!(error.contains(USAGE), "{words:?}: {error}");
        }
    }

    #[test]
    fn what_is_not_a_module_is_an_error_and_writes_nothing() {
        let folder = std::env::temp_dir().join(format!("componentize-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (input, output) = (folder.join("in.wasm"), folder.join("out.wasm"));
        fs::write(&input, b"not wasm").unwrap();
        let error = run([&input, &output].map(OsString::from).into_iter()).unwrap_err();
        assert!(format!("{error:#}").contains("in.wasm"), "{error:#}");
        assert!(!output.exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_output_replaces_an_older_one_and_leaves_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("componentize-w-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("out.wasm");
        fs::write(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
