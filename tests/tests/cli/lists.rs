//! How lists are printed for people and for other programs.

use super::{STORE, TENANT, as_application, inventory};
use end_to_end::Azure;

#[test]
fn the_table_has_a_line_for_each_certificate() {
    let azure = Azure::start();
    let ran = inventory(&azure, STORE, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 61, "{}", ran.stdout);
    assert!(ran.stdout.contains("cert-60"));
    assert!(
        ran.stderr.contains("64 requests left, 0 denied"),
        "{}",
        ran.stderr
    );
}

#[test]
fn json_lines_json_and_csv_say_the_same() {
    let azure = Azure::start();
    let json = inventory(&azure, STORE, &["-o", "json"]).json();
    let lines = inventory(&azure, STORE, &["-o", "jsonl"]).stdout;
    let csv = inventory(&azure, STORE, &["-o", "csv"]).stdout;
    let sorted = |mut aliases: Vec<String>| {
        aliases.sort();
        aliases
    };
    let of = |value: &serde_json::Value| value["alias"].as_str().unwrap().to_owned();
    let from_json = sorted(json.as_array().unwrap().iter().map(of).collect());
    let from_lines = sorted(
        lines
            .lines()
            .map(|line| of(&serde_json::from_str(line).unwrap()))
            .collect(),
    );
    assert_eq!(from_json.len(), 60);
    assert_eq!(from_json, from_lines);
    assert!(csv.starts_with(
        "alias,subject,issuer,expires,key,enabled,thumbprint,version,tags,exportable,current,chain\n"
    ));
    assert_eq!(csv.lines().count(), 61);
    let expired = json
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["alias"] == "cert-30")
        .unwrap();
    assert_eq!(expired["expires"], "2024-01-01T00:00:00Z");
    assert_eq!(expired["thumbprint"].as_str().unwrap().len(), 40);
}

#[test]
fn discovered_vaults_are_printed_as_csv_too() {
    let azure = Azure::start();
    let ran = as_application(&azure, &["discover", TENANT, "-o", "csv"]);
    assert!([0, 5].contains(&ran.code), "{}", ran.stderr);
    assert!(
        ran.stdout
            .starts_with("vault,resource group,subscription,path\n")
    );
    assert!(ran.stdout.contains("\nkv-one,rg-one,"), "{}", ran.stdout);
}
