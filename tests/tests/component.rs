//! What the built component is, and what the sources may say.

#![allow(clippy::unwrap_used)]

use end_to_end::{akv, artifact};
use extension_host::engine::{Engine, LoadError};
use extension_host::limits::Limits;
use std::path::Path;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn the_component_imports_exactly_what_the_contract_names() {
    let engine = Engine::new(&Limits::default(), 1, None).unwrap();
    let bytes = std::fs::read(artifact("keyvault_extension.wasm")).unwrap();
    let extension = engine.load(&bytes, None).unwrap();
    let mut found: Vec<String> = extension
        .imports()
        .iter()
        .map(|name| format!("import {name}"))
        .chain(
            extension
                .exports()
                .iter()
                .map(|name| format!("export {name}")),
        )
        .collect();
    found.sort();
    let golden = include_str!("../golden/component.txt");
    assert_eq!(found.join("\n"), golden.trim_end());
}

#[test]
fn a_component_with_another_digest_than_the_pinned_one_is_refused() {
    let engine = Engine::new(&Limits::default(), 1, None).unwrap();
    let bytes = std::fs::read(artifact("keyvault_extension.wasm")).unwrap();
    let digest = engine.load(&bytes, None).unwrap().digest().to_owned();
    assert!(engine.load(&bytes, Some(&digest.to_uppercase())).is_ok());
    let other = "0".repeat(64);
    let refused = engine.load(&bytes, Some(&other));
    assert!(matches!(refused, Err(LoadError::Digest { .. })));
}

#[test]
fn what_is_no_component_is_refused() {
    let engine = Engine::new(&Limits::default(), 1, None).unwrap();
    for bytes in [&b""[..], b"\0asm\x01\0\0\0", b"#!/bin/sh"] {
        assert!(matches!(
            engine.load(bytes, None),
            Err(LoadError::NoComponent)
        ));
    }
    let large = vec![0; 17 << 20];
    assert!(matches!(
        engine.load(&large, None),
        Err(LoadError::TooLarge { .. })
    ));
}

#[test]
fn inspect_says_world_size_and_digest() {
    let ran = akv(&["component", "inspect"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for word in [
        "world   extension",
        "certstore:extension/inventory@0.1.0",
        "certstore:extension/check@0.1.0",
        "sha256",
        "bytes",
    ] {
        assert!(ran.stdout.contains(word), "{}", ran.stdout);
    }
}

/// Every source file below a folder.
fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn engine_grant_and_egress_do_not_know_what_an_extension_is_for() {
    for folder in ["engine", "grant", "egress"] {
        let mut files = Vec::new();
        sources(&repository().join("host/src").join(folder), &mut files);
        assert!(!files.is_empty());
        let of_tests = |path: &Path| {
            let inner = path.strip_prefix(repository()).unwrap();
            inner
                .iter()
                .any(|part| part == "tests" || part == "tests.rs")
        };
        for path in files.iter().filter(|path| !of_tests(path)) {
            let text = std::fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for word in ["vault", "azure", "microsoft"] {
                assert!(
                    !code.to_lowercase().contains(word),
                    "{} says {word}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_extension_does_not_know_its_host() {
    let mut files = Vec::new();
    sources(&repository().join("guest/src"), &mut files);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        assert!(!text.contains("wasmtime"), "{}", path.display());
    }
}

#[test]
fn wasmtime_is_built_with_the_features_that_were_decided_and_no_others() {
    let manifest = std::fs::read_to_string(repository().join("host/Cargo.toml")).unwrap();
    let start = manifest.find("\nwasmtime = {").unwrap();
    let entry = manifest[start..].split("] }").next().unwrap();
    assert!(entry.contains("default-features = false"));
    let mut features: Vec<&str> = entry
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .collect();
    features.sort_unstable();
    assert_eq!(
        features,
        [
            "async",
            "component-model",
            "cranelift",
            "parallel-compilation",
            "pooling-allocator",
            "runtime",
            "std"
        ]
    );
}
