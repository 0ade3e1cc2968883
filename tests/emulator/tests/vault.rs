//! Key Vault's certificates, as a client sees them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::*;
use serde_json::{Value, json as value};
use sha1::Digest as _;

/// Every page of a list, following the links.
async fn pages(emulator: &azure_emulator::Emulator, first: &str, token: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(url) = next {
        let response = fetch(emulator, &url, token).await;
        assert_eq!(response.status(), 200, "{url}");
        let page = json(&response);
        next = page["nextLink"].as_str().map(str::to_owned);
        all.push(page);
        assert!(all.len() < 1_000, "the list does not end");
    }
    all
}

fn names(pages: &[Value]) -> Vec<String> {
    pages
        .iter()
        .flat_map(|p| p["value"].as_array().unwrap())
        .map(last_of_id)
        .collect()
}

fn sizes(pages: &[Value]) -> Vec<usize> {
    let values = pages.iter().map(|page| page["value"].as_array());
    values.map(|value| value.unwrap().len()).collect()
}

#[tokio::test]
async fn sixty_certificates_come_in_three_pages_with_port_and_bare_dollar_in_the_link() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let first = format!("{VAULT}/certificates?api-version=7.6");
    let all = pages(&emulator, &first, &token).await;
    assert_eq!(sizes(&all), [25, 25, 10]);
    let link = all[0]["nextLink"].as_str().unwrap();
    assert!(
        link.starts_with(
            "https://kv-one.vault.azure.net:443/certificates?api-version=7.6&$skiptoken="
        ),
        "{link}"
    );
    assert_eq!(all[2].get("nextLink"), Some(&Value::Null));
    let expected: Vec<String> = (1..=60).map(|n| format!("cert-{n:02}")).collect();
    assert_eq!(names(&all), expected);
}

#[tokio::test]
async fn maxresults_sets_the_page_and_returns_in_the_link() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let first = format!("{VAULT}/certificates?api-version=7.6&maxresults=7");
    let all = pages(&emulator, &first, &token).await;
    assert_eq!(all.len(), 9);
    assert_eq!(names(&all).len(), 60);
    assert!(
        all[0]["nextLink"]
            .as_str()
            .unwrap()
            .ends_with("&maxresults=7")
    );
}

#[tokio::test]
async fn an_empty_page_may_lie_between_two_full_ones() {
    let emulator = emulator(&seed_with(&vault_table(
        "kv-gap",
        "certificates = 60\nempty-page-after = [1]",
    )));
    let token = token(&emulator).await;
    let first = "https://kv-gap.vault.azure.net/certificates?api-version=7.6";
    let all = pages(&emulator, first, &token).await;
    assert_eq!(sizes(&all), [25, 0, 25, 10]);
    let links: BTreeSet<String> = all.iter().map(|p| p["nextLink"].to_string()).collect();
    assert_eq!(links.len(), 4, "no link may come twice");
}

#[tokio::test]
async fn an_empty_vault_is_one_empty_page() {
    let emulator = emulator(&seed_with(&vault_table("kv-none", "")));
    let token = token(&emulator).await;
    let url = "https://kv-none.vault.azure.net/certificates?api-version=7.6";
    let response = fetch(&emulator, url, &token).await;
    assert_eq!(json(&response), value!({"value": [], "nextLink": null}));
}

#[tokio::test]
async fn ten_thousand_certificates_are_all_there() {
    let seed = seed_with(&vault_table("kv-big", "certificates = 10000"));
    let emulator = emulator(&seed);
    let token = token(&emulator).await;
    let url = "https://kv-big.vault.azure.net/certificates?api-version=7.6";
    let first = json(&fetch(&emulator, url, &token).await);
    assert_eq!(names(&[first])[0], "cert-00001");
    let last = "https://kv-big.vault.azure.net/certificates/cert-10000?api-version=7.6";
    assert_eq!(fetch(&emulator, last, &token).await.status(), 200);
}

#[tokio::test]
async fn list_and_get_agree_about_every_certificate_and_every_certificate_parses() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let first = format!("{VAULT}/certificates?api-version=7.6");
    let all = pages(&emulator, &first, &token).await;
    let mut kinds = BTreeSet::new();
    for item in all.iter().flat_map(|p| p["value"].as_array().unwrap()) {
        let id = item["id"].as_str().unwrap();
        let bundle = json(&fetch(&emulator, &format!("{id}?api-version=7.6"), &token).await);
        assert_eq!(bundle["x5t"], item["x5t"]);
        assert_eq!(bundle["tags"], item["tags"]);
        let der = STANDARD.decode(bundle["cer"].as_str().unwrap()).unwrap();
        let thumbprint = URL_SAFE_NO_PAD.encode(sha1::Sha1::digest(&der));
        assert_eq!(bundle["x5t"], thumbprint);
        use x509_cert::der::Decode as _;
        let certificate = x509_cert::Certificate::from_der(&der).unwrap();
        let validity = certificate.tbs_certificate().validity();
        assert_eq!(
            bundle["attributes"]["nbf"],
            value!(validity.not_before.to_unix_duration().as_secs())
        );
        assert_eq!(
            bundle["attributes"]["exp"],
            value!(validity.not_after.to_unix_duration().as_secs())
        );
        let version = bundle["id"]
            .as_str()
            .unwrap()
            .strip_prefix(&format!("{id}/"))
            .unwrap()
            .to_owned();
        assert_eq!(version.len(), 32);
        assert!(
            bundle["kid"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/{version}"))
        );
        let key = &bundle["policy"]["key_props"];
        kinds.insert(format!("{}{}{}", key["kty"], key["crv"], key["key_size"]));
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}

#[tokio::test]
async fn the_demo_vault_has_one_disabled_one_expired_and_some_tagged() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let first = format!("{VAULT}/certificates?api-version=7.6");
    let all = pages(&emulator, &first, &token).await;
    let items: Vec<&Value> = all
        .iter()
        .flat_map(|p| p["value"].as_array().unwrap())
        .collect();
    let count = |test: &dyn Fn(&Value) -> bool| items.iter().filter(|i| test(i)).count();
    assert_eq!(count(&|i| i["attributes"]["enabled"] == false), 1);
    assert_eq!(
        count(&|i| i["attributes"]["exp"].as_u64().unwrap() < NOW),
        1
    );
    assert!(count(&|i| i.get("tags").is_some()) >= 3);
    let odd = items
        .iter()
        .find(|i| i["id"].as_str().unwrap().ends_with("cert-08"))
        .unwrap();
    assert!(odd["tags"]["note"].as_str().unwrap().contains('"'));
    assert!(!odd["tags"]["owner"].as_str().unwrap().is_ascii());
}

#[tokio::test]
async fn thumbprints_are_the_same_after_a_restart_and_differ_between_names() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let emulator = built_in();
        let token = token(&emulator).await;
        let all = pages(
            &emulator,
            &format!("{VAULT}/certificates?api-version=7.6"),
            &token,
        )
        .await;
        let prints: Vec<String> = all
            .iter()
            .flat_map(|p| p["value"].as_array().unwrap())
            .map(|i| i["x5t"].as_str().unwrap().to_owned())
            .collect();
        seen.push(prints);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].iter().collect::<BTreeSet<_>>().len(), 60);
}

#[tokio::test]
async fn openssl_reads_an_rsa_and_an_ec_certificate() {
    let emulator = built_in();
    let token = token(&emulator).await;
    for (name, expected) in [
        ("cert-01", "Public Key Algorithm: rsaEncryption"),
        ("cert-02", "ASN1 OID: prime256v1"),
        ("cert-04", "ASN1 OID: secp384r1"),
    ] {
        let url = format!("{VAULT}/certificates/{name}?api-version=7.6");
        let cer = json(&fetch(&emulator, &url, &token).await)["cer"].clone();
        let der = STANDARD.decode(cer.as_str().unwrap()).unwrap();
        let Ok(mut openssl) = Command::new("openssl")
            .args(["x509", "-inform", "DER", "-noout", "-text"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        else {
            // A machine without openssl has the RustCrypto parser's word above.
            return;
        };
        std::io::Write::write_all(&mut openssl.stdin.take().unwrap(), &der).unwrap();
        let output = openssl.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success());
        for part in [
            expected,
            &format!("DNS:{name}.contoso.example"),
            "TLS Web Server Authentication",
            "Digital Signature",
            "CN=Emulated Issuing CA",
        ] {
            let squeezed = text.replace(" = ", "=");
            assert!(squeezed.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[tokio::test]
async fn a_get_works_with_and_without_slash_in_any_case_and_versions_have_no_policy() {
    let emulator = emulator(&seed_with(&vault_table(
        "kv-v",
        "[[vault.certificate]]\nname = \"Web-1\"\nversions = 3\nkey = \"ec-p256\"",
    )));
    let token = token(&emulator).await;
    let base = "https://kv-v.vault.azure.net/certificates";
    let current = json(&fetch(&emulator, &format!("{base}/web-1?api-version=7.6"), &token).await);
    let slash = json(&fetch(&emulator, &format!("{base}/WEB-1/?api-version=7.6"), &token).await);
    assert_eq!(current, slash);
    assert!(
        current["id"]
            .as_str()
            .unwrap()
            .contains("/certificates/Web-1/")
    );
    assert!(current.get("policy").is_some());
    let by_id = json(
        &fetch(
            &emulator,
            &format!("{}?api-version=7.6", current["id"].as_str().unwrap()),
            &token,
        )
        .await,
    );
    assert_eq!(by_id["x5t"], current["x5t"]);
    assert!(by_id.get("policy").is_none(), "a version has none");
    let absent = format!("{base}/web-1/{}?api-version=7.6", "0".repeat(32));
    let (status, code, _) = error(&emulator, &absent, &token).await;
    assert_eq!((status, code.as_str()), (404, "CertificateNotFound"));
}
