//! How lists are printed for people and for other programs.

use super::{STORE, TENANT, application, as_application, inventory};
use end_to_end::{Azure, Finished};
use serde_json::Value;
use std::process::Stdio;

#[test]
fn the_table_has_a_line_for_each_certificate() {
    let azure = Azure::start();
    let ran = inventory(&azure, STORE, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 61, "{}", ran.stdout);
    assert!(ran.stdout.contains("cert-60"));
    assert!(
        ran.stderr.contains("64 requests sent, 0 denied"),
        "{}",
        ran.stderr
    );
}

#[test]
fn json_lines_json_csv_and_the_table_say_the_same_in_the_same_order() {
    let azure = Azure::start();
    let json = inventory(&azure, STORE, &["-o", "json"]).json();
    let lines = inventory(&azure, STORE, &["-o", "jsonl"]).stdout;
    let csv = inventory(&azure, STORE, &["-o", "csv"]).stdout;
    let table = inventory(&azure, STORE, &[]).stdout;
    let of = |value: &Value| value["alias"].as_str().unwrap().to_owned();
    let from_json: Vec<String> = json.as_array().unwrap().iter().map(of).collect();
    let from_lines: Vec<String> = lines
        .lines()
        .map(|line| of(&serde_json::from_str(line).unwrap()))
        .collect();
    let first = |text: &str, end: char| -> Vec<String> {
        let lines = text.lines().skip(1);
        lines
            .map(|line| line.trim_start().split(end).next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(from_json.len(), 60);
    assert!(from_json.is_sorted());
    assert_eq!(from_json, from_lines);
    assert_eq!(from_json, first(&csv, ','));
    assert_eq!(from_json, first(&table, ' '));
    let header = csv.lines().next().unwrap();
    assert_eq!(
        header,
        "alias,subject,issuer,expires,key,enabled,thumbprint,version,tags,exportable,current,chain"
    );
    let mut names: Vec<&String> = json[0].as_object().unwrap().keys().collect();
    names.sort_unstable();
    let mut columns: Vec<&str> = header.split(',').collect();
    columns.sort_unstable();
    assert_eq!(names, columns);
    let expired = json.as_array().unwrap().iter();
    let expired = expired.clone().find(|c| c["alias"] == "cert-30").unwrap();
    assert_eq!(expired["expires"], "2024-01-01T00:00:00Z");
    assert_eq!(expired["thumbprint"].as_str().unwrap().len(), 40);
}

#[test]
fn json_has_booleans_numbers_objects_and_null() {
    let azure = Azure::start();
    let json = inventory(&azure, STORE, &["-o", "json"]).json();
    let named = |alias: &str| {
        let mut all = json.as_array().unwrap().iter();
        all.find(|c| c["alias"] == alias).unwrap().clone()
    };
    assert_eq!(
        named("cert-03")["tags"],
        serde_json::json!({"team": "payments", "environment": "production"})
    );
    let (disabled, plain) = (named("cert-15"), named("cert-01"));
    assert_eq!(disabled["enabled"], false);
    assert_eq!(named("cert-21")["exportable"], false);
    assert_eq!(plain["enabled"], true);
    assert_eq!(plain["chain"], 1);
    assert_eq!(plain["tags"], Value::Null);
    assert_eq!(plain["current"], Value::Null);
}

#[test]
fn discovered_vaults_are_printed_as_csv_too() {
    let azure = Azure::start();
    let ran = as_application(&azure, &["discover", TENANT, "-o", "csv"]);
    assert!([0, 5].contains(&ran.code), "{}", ran.stderr);
    assert!(
        ran.stdout
            .starts_with("vault,resource-group,subscription,path\n")
    );
    assert!(ran.stdout.contains("\nkv-one,rg-one,"), "{}", ran.stdout);
}

#[test]
fn discovered_vaults_have_the_same_names_in_json() {
    let azure = Azure::start();
    let ran = as_application(&azure, &["discover", TENANT, "-o", "json"]);
    let first = &ran.json()[0];
    assert_eq!(first["vault"], "kv-one");
    assert_eq!(first["resource-group"], "rg-one");
}

#[test]
fn whoever_stops_reading_a_list_has_what_it_wanted() {
    let azure = Azure::start();
    for words in [
        &["inventory", STORE, "--tenant", TENANT][..],
        &["discover", TENANT],
    ] {
        let mut akv = application(&azure, words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Nobody reads the list.
        drop(akv.stdout.take());
        let ran = Finished::from(akv.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stderr.contains("pipe"), "{}", ran.stderr);
    }
}
