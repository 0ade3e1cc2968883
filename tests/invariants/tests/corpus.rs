//! Every input that the fuzzer found worth keeping, and every one it found something with: the
//! invariant must hold of it.

#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use invariants::ALL;
use std::fs;
use std::path::{Path, PathBuf};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn each_invariant_holds_of_its_corpus() {
    for invariant in ALL {
        let files = files(&fuzz().join("corpus").join(invariant.name));
        assert!(files.len() >= 3, "{} has hardly a corpus", invariant.name);
        for file in files {
            println!("{}", file.display());
            (invariant.holds)(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn each_invariant_has_its_fuzz_target() {
    let mut targets: Vec<String> = files(&fuzz().join("fuzz_targets"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort();
    let mut names: Vec<&str> = ALL.iter().map(|invariant| invariant.name).collect();
    names.sort_unstable();
    assert_eq!(targets, names);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in names {
        assert!(
            manifest.contains(&format!("fuzz_targets/{name}.rs")),
            "{name} is no target of cargo fuzz"
        );
    }
}

#[test]
fn the_corpora_stay_small() {
    for invariant in ALL {
        let folder = fuzz().join("corpus").join(invariant.name);
        let bytes: u64 = files(&folder)
            .iter()
            .map(|file| fs::metadata(file).unwrap().len())
            .sum();
        assert!(bytes <= 64 << 10, "{}: {bytes} bytes", invariant.name);
    }
}
