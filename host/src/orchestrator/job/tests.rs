mod discovery;
mod management;
mod samples;

use super::*;
use management::add;
use secrecy::ExposeSecret;
use serde_json::json;

fn inventory() -> Value {
    json!({
        "JobHistoryId": 4701,
        "JobCancelled": false,
        "Capability": "CertStores.AKV.Inventory",
        "ServerUsername": "33333333-3333-4333-8333-333333333333",
        "ServerPassword": "sp-secret~1",
        "LastInventory": [{ "Alias": "a" }, { "Alias": "b" }],
        "JobProperties": null,
        "CertificateStoreDetails": {
            "ClientMachine": "11111111-1111-4111-8111-111111111111",
            "StorePath": "22222222-2222-4222-8222-222222222222:rg-one:kv-one",
            "Properties": "{\"AzureCloud\":\"\",\"serverPassword\":\"sp-secret~1\"}",
        },
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut job = inventory();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    job.pointer_mut(parent).unwrap()[name] = value;
    job
}

fn error(job: &Value) -> String {
    let parsed = parse(job.to_string().as_bytes());
    assert_eq!(parsed.history_id, 4701);
    parsed.job.unwrap_err().to_string()
}

#[test]
fn an_inventory_job_is_read() {
    let job = parse(inventory().to_string().as_bytes()).job.unwrap();
    assert_eq!(job.history_id, 4701);
    let Task::Inventory { last_inventory, .. } = job.task else {
        panic!("{job:?}");
    };
    assert_eq!((last_inventory.count, last_inventory.known.len()), (2, 2));
    assert_eq!(job.secret.unwrap().expose_secret(), "sp-secret~1");
}

#[test]
fn the_store_type_of_a_capability_is_read_in_any_case() {
    for capability in ["CertStores.akv.Inventory", " certstores.AKV.Inventory "] {
        let job = with("/Capability", json!(capability));
        assert!(
            parse(job.to_string().as_bytes()).job.is_ok(),
            "{capability}"
        );
    }
}

#[test]
fn a_secret_that_was_left_blank_is_told_from_one_that_is_managed() {
    for (secret, blank) in [
        (json!(null), true),
        (json!(" "), true),
        (json!("managed"), false),
        (json!("sp-secret~1"), false),
    ] {
        let job = with("/ServerPassword", secret.clone());
        let job = parse(job.to_string().as_bytes()).job.unwrap();
        assert_eq!(job.blank_secret, blank, "{secret}");
    }
}

#[test]
fn options_among_the_properties_are_the_stores_and_their_values_are_not_printed() {
    let properties = "{\"create-tags\":\"{\\\"owner\\\":\\\"t4g\\\"}\",\"partial\":\"submit\"}";
    let job = with("/CertificateStoreDetails/Properties", json!(properties));
    let job = parse(job.to_string().as_bytes()).job.unwrap();
    let store = job.store().unwrap();
    assert_eq!(store.options.get("partial"), Some("submit"));
    assert_eq!(
        store.options.get("create-tags"),
        Some("{\"owner\":\"t4g\"}")
    );
    assert_eq!(store.properties.fields().count(), 0);
    assert!(!format!("{job:?}").contains("t4g"));
}

#[test]
fn copies_of_the_credentials_end_here() {
    let job = parse(inventory().to_string().as_bytes()).job.unwrap();
    assert_eq!(job.store().unwrap().properties.fields().count(), 0);
    assert!(!format!("{job:?}").contains("sp-secret"));
}

#[test]
fn what_is_wrong_is_named_and_the_history_id_is_kept() {
    for (pointer, value, names) in [
        (
            "/Capability",
            json!("CertStores.AKV.Reenrollment"),
            "Capability",
        ),
        ("/Capability", json!(null), "Capability"),
        ("/Capability", json!("Inventory"), "Capability"),
        (
            "/Capability",
            json!("CertStores.RFPEM.Inventory"),
            "Capability",
        ),
        (
            "/Capability",
            json!("CertStores.AKV.More.Inventory"),
            "Capability",
        ),
        (
            "/Capability",
            json!("CertStores.AKV.Management"),
            "OperationType",
        ),
        ("/ServerUsername", json!(7), "ServerUsername"),
        ("/JobCancelled", json!("maybe"), "JobCancelled"),
        ("/JobCancelled", json!("1"), "JobCancelled"),
        ("/JobCancelled", json!(1), "JobCancelled"),
        ("/JobCancelled", json!([]), "JobCancelled"),
        ("/jobCancelled", json!(false), "JobCancelled"),
        ("/LastInventory", json!({"Alias": "a"}), "LastInventory"),
        ("/LastInventory", json!("[]"), "LastInventory"),
        ("/LastInventory", json!(7), "LastInventory"),
        (
            "/CertificateStoreDetails",
            json!(null),
            "CertificateStoreDetails",
        ),
        ("/CertificateStoreDetails/StorePath", json!([]), "StorePath"),
        (
            "/CertificateStoreDetails/Properties",
            json!("{"),
            "Properties",
        ),
    ] {
        let error = error(&with(pointer, value));
        assert!(error.starts_with(names), "{pointer}: {error}");
    }
}

/// The text of a job in which the member at `pointer` stands twice: first as it is, then so.
fn twice(job: &Value, pointer: &str, second: &str) -> String {
    const PLACE: &str = "the-second-one";
    let mut job = job.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = job.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    assert!(parent.contains_key(name), "{pointer}");
    parent.insert(PLACE.to_owned(), json!(PLACE));
    let there = format!("\"{PLACE}\":\"{PLACE}\"");
    let first = format!("\"{name}\":{}", parent[name]);
    // Names are sorted: the one that is added may stand before the first.
    job.to_string()
        .replacen(&first, "\"of-no-meaning\":null", 1)
        .replacen(&there, &format!("{first},\"{name}\":{second}"), 1)
}

#[test]
fn a_field_that_is_there_twice_fails_the_job_and_is_named() {
    let mut remove = add();
    remove["OperationType"] = json!(3);
    let properties = json!({"AzureCloud": "public", "max-shrink": 10});
    let object = with("/CertificateStoreDetails/Properties", properties);
    for (job, pointer, second, names) in [
        (
            &remove,
            "/JobCertificate/Thumbprint",
            "\"\"",
            "JobCertificate.Thumbprint",
        ),
        (
            &remove,
            "/JobCertificate/Alias",
            "\"b\"",
            "JobCertificate.Alias",
        ),
        (&remove, "/JobCertificate", "{}", "JobCertificate"),
        (&add(), "/Overwrite", "true", "Overwrite"),
        (&add(), "/OperationType", "3", "OperationType"),
        (&add(), "/JobProperties", "null", "JobProperties"),
        (&inventory(), "/LastInventory", "[]", "LastInventory"),
        (&inventory(), "/JobCancelled", "false", "JobCancelled"),
        (&inventory(), "/Capability", "null", "Capability"),
        (&inventory(), "/ServerPassword", "null", "ServerPassword"),
        (
            &inventory(),
            "/CertificateStoreDetails",
            "{}",
            "CertificateStoreDetails",
        ),
        (
            &inventory(),
            "/CertificateStoreDetails/StorePath",
            "\"\"",
            "StorePath",
        ),
        (
            &inventory(),
            "/CertificateStoreDetails/ClientMachine",
            "\"\"",
            "ClientMachine",
        ),
        (
            &object,
            "/CertificateStoreDetails/Properties",
            "\"\"",
            "Properties",
        ),
        (
            &object,
            "/CertificateStoreDetails/Properties/AzureCloud",
            "\"\"",
            "AzureCloud",
        ),
        (
            &object,
            "/CertificateStoreDetails/Properties/max-shrink",
            "100",
            "max-shrink",
        ),
    ] {
        let history_id = job["JobHistoryId"].as_i64().unwrap();
        let text = twice(job, pointer, second);
        let line = parse_line(format!("{{\"extension\":\"a\",\"job\":{text}}}").as_bytes());
        for parsed in [parse(text.as_bytes()), line.unwrap().job] {
            assert_eq!(parsed.history_id, history_id, "{pointer}");
            let error = parsed.job.unwrap_err().to_string();
            let wanted = format!("{names}: is there more than once");
            assert!(error.starts_with(&wanted), "{error}");
        }
    }
    let parsed = parse(twice(&inventory(), "/JobHistoryId", "4702").as_bytes());
    assert_eq!(parsed.history_id, 0);
    let error = parsed.job.unwrap_err().to_string();
    assert!(error.starts_with("JobHistoryId"), "{error}");
    assert!(error.contains("more than once"), "{error}");
}

#[test]
fn w41_an_unknown_operation_keeps_the_history_id() {
    let mut job = with("/Capability", json!("CertStores.AKV.Management"));
    job["OperationType"] = json!(8);
    assert!(error(&job).contains("invalid operation"));
}

#[test]
fn operations_are_read_by_number_and_by_name() {
    for (operation, kind) in [
        (json!(2), JobKind::Add),
        (json!("Add"), JobKind::Add),
        (json!(3), JobKind::Remove),
        (json!("Remove"), JobKind::Remove),
        (json!(4), JobKind::CreateStore),
        (json!("Create"), JobKind::CreateStore),
    ] {
        let mut job = add();
        job["OperationType"] = operation.clone();
        let read = parse(job.to_string().as_bytes()).job.unwrap();
        assert_eq!(read.kind(), kind, "{operation}");
    }
}

#[test]
fn w32_a_cancelled_job_is_not_run() {
    for flag in [json!(true), json!("True"), json!(" true\u{200e}")] {
        assert!(error(&with("/JobCancelled", flag.clone())).starts_with("cancelled"));
        let mut job = inventory();
        job.as_object_mut().unwrap().remove("JobCancelled");
        job["jobCancelled"] = flag;
        assert!(error(&job).starts_with("cancelled"));
    }
}

#[test]
fn broken_json_is_told_by_place_and_not_by_content() {
    for text in ["{\"ServerPassword\":\"sp-secret~1\",}", "[]", "", "{\"a\":"] {
        let parsed = parse(text.as_bytes());
        let error = parsed.job.unwrap_err().to_string();
        assert!(error.contains("not a JSON object"), "{text}: {error}");
        assert!(!error.contains("sp-secret"), "{text}: {error}");
    }
}

#[test]
fn a_byte_order_mark_is_no_error() {
    let text = format!("\u{feff}{}", inventory());
    assert!(parse(text.as_bytes()).job.is_ok());
}

#[test]
fn a_job_in_utf_16_is_read_and_what_is_no_text_is_told_so() {
    for marked in [false, true] {
        let mark = if marked { "\u{feff}" } else { "" };
        let text = format!("{mark}{}", inventory());
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            let parsed = parse(&bytes);
            assert_eq!(parsed.history_id, 4701);
            assert!(parsed.job.is_ok());
        }
    }
    for bytes in [&b"{\"a\": \"s3cr\xe9t\"}"[..], b"\xff\xfe{", b"{}\0"] {
        let error = parse(bytes).job.unwrap_err();
        assert!(matches!(error, JobError::NotText(_)), "{error}");
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }
}

#[test]
fn a_job_leaves_no_copy_of_its_secret_in_freed_memory() {
    use crate::wiped::watched::{PATTERN, left_behind};
    let secret = std::str::from_utf8(PATTERN).unwrap();
    let mut job = inventory();
    job["ServerPassword"] = json!(secret);
    let text = job.to_string();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [text.as_bytes(), &utf16] {
        assert_eq!(left_behind(|| drop(parse(bytes))), 0);
    }
}
