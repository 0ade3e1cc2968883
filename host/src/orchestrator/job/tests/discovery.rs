//! Where a discovery looks.

use super::*;

fn places(properties: Value, machine: Value) -> Result<Vec<String>, String> {
    let job = json!({
        "JobHistoryId": 4701, "Capability": "CertStores.AKV.Discovery",
        "ClientMachine": machine, "JobProperties": properties,
    });
    match parse(job.to_string().as_bytes()).job {
        Ok(Job {
            task: Task::Discovery { places },
            ..
        }) => Ok(places),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn w23_tenants_are_trimmed_and_named_once_and_fall_back_to_the_client_machine() {
    for (properties, wanted) in [
        (json!({"dirs": "a, b,,A ,\tb"}), vec!["a", "b"]),
        (json!({"dirs": " "}), vec!["machine"]),
        (json!({"dirs": null}), vec!["machine"]),
        (json!({"extensions": ""}), vec!["machine"]),
        (json!(null), vec!["machine"]),
    ] {
        let found = places(properties.clone(), json!(" machine "));
        assert_eq!(
            found,
            Ok(wanted.iter().map(ToString::to_string).collect()),
            "{properties}"
        );
    }
}

#[test]
fn w23_without_any_tenant_the_message_says_where_to_write_one() {
    for (properties, machine) in [
        (json!({"dirs": ""}), json!(null)),
        (json!({"dirs": " , ,"}), json!("machine")),
        (json!(null), json!("  ")),
    ] {
        let error = places(properties, machine).unwrap_err();
        assert!(error.contains("directories to search"), "{error}");
    }
}
