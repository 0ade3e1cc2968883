//! What the READMEs say of names, options and limits is what the code says: each such table is
//! made from the data here, and a README that differs is told what to hold.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use extension_host::limits::Limits;
use extension_host::orchestrator::JobResult;
use extension_host::policy::{LIMITS, SCHEMA};
use job_scope::{ENTRY_PARAMETERS, OPTIONS, STORE_FIELDS};
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// What stands in a README between `<!-- name -->` and `<!-- end -->`.
fn section(readme: &str, name: &str) -> String {
    let text = read(readme);
    let mark = format!("<!-- {name} -->\n");
    let (_, rest) = text
        .split_once(&mark)
        .unwrap_or_else(|| panic!("{readme} has no {mark}"));
    rest.split_once("<!-- end -->").unwrap().0.trim().to_owned()
}

fn check(readme: &str, name: &str, wanted: &str) {
    let found = section(readme, name);
    assert_eq!(
        found,
        wanted.trim(),
        "{readme}: what stands under <!-- {name} --> must be:\n\n{wanted}"
    );
}

#[test]
fn w48_the_custom_fields_of_the_store_type_are_documented_as_they_are_read() {
    let mut table = String::from("| name | type | options | what it says |\n|---|---|---|---|\n");
    for field in STORE_FIELDS {
        let kind = if field.options.is_empty() {
            "String"
        } else {
            "MultipleChoice"
        };
        table.push_str(&format!(
            "| `{}` | {kind} | {} | {} |\n",
            field.name,
            field.options.join(","),
            field.help
        ));
    }
    check("README.md", "store-fields", &table);
}

#[test]
fn w48_the_entry_parameters_are_documented_as_they_are_read() {
    let mut table = String::from("| name | type | default | what it says |\n|---|---|---|---|\n");
    for parameter in ENTRY_PARAMETERS {
        table.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            parameter.name, parameter.kind, parameter.default, parameter.help
        ));
    }
    check("README.md", "entry-parameters", &table);
}

#[test]
fn w48_the_options_are_documented_as_they_are_read() {
    let mut table = String::from("| option | values | what it does |\n|---|---|---|\n");
    for option in OPTIONS {
        table.push_str(&format!(
            "| `{}` | {} | {} |\n",
            option.name, option.values, option.help
        ));
    }
    check("README.md", "options", &table);
}

#[test]
fn the_attempts_of_the_hostile_extension_are_documented_as_they_are_made() {
    check("tests/README.md", "attempts", &end_to_end::hostile::table());
    let components = end_to_end::hostile::table_of_components();
    check("tests/README.md", "components", &components);
}

#[test]
fn the_keys_of_a_policy_are_documented_as_its_schema_says_them() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut table = String::from("| key | what it says |\n|---|---|\n");
    let mut row = |key: &str, node: &Value| {
        if let Some(told) = node["description"].as_str() {
            table.push_str(&format!("| `{key}` | {told} |\n"));
        }
    };
    for (name, node) in schema["properties"].as_object().unwrap() {
        let (heading, members) = match (&node["items"]["properties"], &node["properties"]) {
            (Value::Object(members), _) => (format!("[[{name}]]"), Some(members)),
            (_, Value::Object(members)) => (format!("[{name}]"), Some(members)),
            _ => (name.clone(), None),
        };
        row(&heading, node);
        for (member, node) in members.into_iter().flatten() {
            row(&format!("{heading} {member}"), node);
        }
    }
    check("README.md", "policy-keys", &table);
}

#[test]
fn the_limits_are_documented_as_they_are() {
    let mut table =
        String::from("| limit | built in | from | to | of what |\n|---|---|---|---|---|\n");
    let built_in = Limits::default();
    for limit in LIMITS {
        let (least, most) = limit.bounds();
        table.push_str(&format!(
            "| `{}` | {} | {least} | {most} | {} |\n",
            limit.name,
            limit.value(&built_in),
            limit.help
        ));
    }
    check("host/README.md", "limits", &table);
}

#[test]
fn the_numbers_of_a_result_are_documented_as_they_are_written() {
    let mut table = String::from("| `Result` | meaning |\n|---|---|\n");
    for (result, meaning) in [
        (JobResult::Success, "the wanted state is there"),
        (
            JobResult::Warning,
            "the wanted state is there, but look at something",
        ),
        (JobResult::Failure, "it was not reached"),
    ] {
        table.push_str(&format!("| {} | {result:?}: {meaning} |\n", result as u8));
    }
    check("README.md", "results", &table);
}

/// The numbers of the study that this project began with: releases, weaknesses, and the
/// original's unit tests of its helpers, discovery, inventory and management.
const NUMBERS: [(char, usize); 6] = [
    ('R', 38),
    ('W', 48),
    ('H', 15),
    ('D', 7),
    ('I', 3),
    ('M', 13),
];

#[test]
fn every_number_of_the_original_is_in_a_tests_name_or_has_a_line_that_says_why_not() {
    let mut named = BTreeSet::new();
    for folder in ["guest", "host", "tests"] {
        collect(&repository().join(folder), &mut named);
    }
    let reasons = section("tests/README.md", "numbers-without-a-test");
    for (letter, last) in NUMBERS {
        for number in 1..=last {
            let name = format!("{letter}{number}");
            let told = reasons
                .lines()
                .any(|line| line.starts_with(&format!("| {name} |")));
            assert!(
                named.contains(&name) != told,
                "{name}: named by a test: {}, in the table of those that are not: {told}",
                named.contains(&name)
            );
        }
    }
}

/// The names in the last column of a table.
fn shown_by(section: &str) -> impl Iterator<Item = &str> {
    let rows = section.lines().skip(2);
    rows.flat_map(|row| {
        let last = row.trim_end_matches('|').rsplit('|').next();
        last.unwrap_or_default().split('`').skip(1).step_by(2)
    })
}

#[test]
fn what_stops_a_threat_is_shown_by_tests_that_exist() {
    let mut tests = String::new();
    for folder in ["host", "tests"] {
        sources(&repository().join(folder), &mut tests);
    }
    let sections = ["threats", "residual"].map(|name| section("SECURITY.md", name));
    let names: Vec<&str> = sections
        .iter()
        .flat_map(|section| shown_by(section))
        .collect();
    assert!(names.len() >= 40, "{names:?}");
    let attempts = read("tests/hostile/attempts.rs");
    let attempts: Vec<&str> = attempts.lines().map(str::trim).collect();
    for name in names {
        if attempts.contains(&format!("{name},").as_str()) {
            continue;
        }
        let marked = ["#[test]", "#[tokio::test"].iter().any(|mark| {
            tests.split(mark).skip(1).any(|after| {
                let head = after.split('{').next().unwrap_or_default();
                head.contains(&format!("fn {name}("))
            })
        });
        assert!(
            marked,
            "SECURITY.md names the test {name}, and there is none"
        );
    }
}

/// All Rust sources below a folder, one after the other.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "target" {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// `r21` of a test's name as `R21`.
fn collect(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "target" {
                collect(&path, named);
            }
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (before, after) in text.split("fn ").zip(text.split("fn ").skip(1)) {
            // Only what is marked as a test, or stands in a property test.
            if !before.trim_end().ends_with(']') && !before.trim_end().ends_with("async") {
                continue;
            }
            let name = after.split('(').next().unwrap_or_default();
            for part in name.split('_') {
                let mut letters = part.chars();
                let letter = letters.next().unwrap_or_default().to_ascii_uppercase();
                let digits = letters.as_str();
                if let Ok(number) = digits.parse::<usize>() {
                    named.insert(format!("{letter}{number}"));
                }
            }
        }
    }
}
