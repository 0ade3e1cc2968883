//! Options for extensions, and what is no option.

use super::*;

#[test]
fn an_option_with_a_value_that_it_does_not_know_is_an_error_where_it_stands() {
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\n");
    for (text, says) in [
        ("[options]\npartial = \"s3cret\"".to_owned(), "[options]"),
        ("[options]\nversions = \"all\"".to_owned(), "[options]"),
        ("[options]\npartial = 1.5".to_owned(), "whole number"),
        ("[create]\nretention-days = 3".to_owned(), "[create]"),
        ("[create]\nretentiondays = 30".to_owned(), "retentiondays"),
        ("[create]\ncreate-tags = {}".to_owned(), "create-tags"),
        ("jobs = []".to_owned(), "jobs"),
        ("jobs = [\"list\"]".to_owned(), "list"),
        ("clouds = [\"germany\"]".to_owned(), "public, china"),
        ("clouds = [\"\"]".to_owned(), "clouds"),
        ("clouds = []".to_owned(), "clouds"),
        ("tenants = [\"no tenant\"]".to_owned(), "tenants"),
        ("subscriptions = [\"mine\"]".to_owned(), "subscriptions"),
        ("subscriptions = []".to_owned(), "subscriptions"),
        ("vaults = [\"kv.one\"]".to_owned(), "vaults"),
        ("[limits]\nmemory = \"8 TiB\"".to_owned(), "memory"),
        ("[limits]\nmemory = 1.5".to_owned(), "whole number"),
        ("[extensions]\none = \"1\"".to_owned(), "sha256sum"),
        ("[extensions]".to_owned(), "extensions"),
        ("[create]\ntags = { a = 1 }".to_owned(), "[create]"),
        (format!("{tenant}cloud = \"germany\""), "[[tenant]] 1111"),
        (format!("{tenant}path-format = \"long\""), "[[tenant]] 1111"),
        (format!("{tenant}clouds = \"china\""), "clouds"),
        (format!("{tenant}identities = [\"secret\"]"), "secret"),
        (format!("{tenant}identities = []"), "identities"),
        (format!("{tenant}{tenant}"), "two entries"),
        (
            format!("{tenant}cloud = \"china\"\noptions = {{ cloud = \"public\" }}"),
            "twice",
        ),
        (
            "[[tenant]]\nnames = [\"no tenant\"]".to_owned(),
            "[[tenant]]",
        ),
        ("[[tenant]]\nnames = []".to_owned(), "[[tenant]]"),
        ("[[tenant]]\ncloud = \"china\"".to_owned(), "names"),
        ("[[vault]]\nnames = [\"kv.one\"]".to_owned(), "[[vault]]"),
        ("[[vault]]\nnames = []".to_owned(), "[[vault]]"),
        (
            "[[vault]]\nnames = [\"kv\"]\nmax-shrink = 101".to_owned(),
            "[[vault]] kv",
        ),
        (
            "[[vault]]\nnames = [\"kv\"]\ncloud = \"china\"".to_owned(),
            "cloud",
        ),
        (
            "[[vault]]\nnames = [\"kv\"]\noptions = { full-chain = \"maybe\" }".to_owned(),
            "[[vault]] kv",
        ),
        ("secret-references = \"yes\"".to_owned(), "boolean"),
        ("secret-references = 1".to_owned(), "boolean"),
        ("reads-private-keys = \"false\"".to_owned(), "boolean"),
        ("max-shrink = \"10\"".to_owned(), "max-shrink"),
        ("max-shrink = 10.0".to_owned(), "max-shrink"),
        ("max-shrink = -1".to_owned(), "max-shrink"),
        ("max-shrink = 300".to_owned(), "max-shrink"),
        ("Max-Shrink = 10".to_owned(), "max-shrink"),
        ("jobs = \"inventory\"".to_owned(), "jobs"),
        ("jobs = [\"Inventory\"]".to_owned(), "Inventory"),
        (
            "identities = [\"Client-Secret\"]".to_owned(),
            "Client-Secret",
        ),
        ("vaults = [\"kv-\u{200e}prod\"]".to_owned(), "vaults"),
        ("vaults = \"kv-*\"".to_owned(), "vaults"),
        ("tenants = [\"\u{200e}\"]".to_owned(), "tenants"),
        ("[options]\nmax-shrink = \"10%\"".to_owned(), "max-shrink"),
        ("[options]\nfull-chain = \"yes\"".to_owned(), "full-chain"),
        (
            "[options]\nREADS-PRIVATE-KEYS = false".to_owned(),
            "READS-PRIVATE-KEYS",
        ),
        (
            "[create]\nPurgeProtection = true".to_owned(),
            "purge-protection",
        ),
        ("reads-private-key = true".to_owned(), "reads-private-key"),
    ] {
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
        assert!(
            !error.contains("s3cret") || text.contains("identities"),
            "{error}"
        );
    }
}

#[test]
fn options_of_other_extensions_pass_whatever_they_hold() {
    let policy = policy("[options]\nattempt = \"get\"\nretries = 3\n");
    let options = policy.about(&[], None).options;
    assert_eq!(options.get("attempt"), Some("get"));
    assert_eq!(options.get("retries"), Some("3"));
}

#[test]
fn a_slip_of_an_option_is_an_error_that_names_the_option() {
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\n");
    for (key, meant) in [
        ("full_chain", "full-chain"),
        ("partail", "partial"),
        ("max_shrink", "max-shrink"),
        ("create-retention", "create-retention-days"),
        ("create-purge-protectoin", "create-purge-protection"),
        ("version", "versions"),
        ("subscription", "subscriptions"),
        ("path-formt", "path-format"),
        ("MaxShrink", "max-shrink"),
        ("MAX_SHRINK", "max-shrink"),
        ("Partial", "partial"),
        ("PARTIAL", "partial"),
        ("CreatePurgeProtection", "create-purge-protection"),
        ("CHANGED-ONLY", "changed-only"),
    ] {
        for text in [
            format!("[options]\n{key} = 1"),
            format!("{tenant}options = {{ {key} = 1 }}"),
            format!("[[vault]]\nnames = [\"kv\"]\noptions = {{ {key} = 1 }}"),
        ] {
            let error = Policy::parse(&text).unwrap_err().to_string();
            for part in [key, &format!("did you mean `{meant}`")] {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }
    for key in [
        "attempt",
        "parts",
        "chain",
        "shrink",
        "check",
        "tags",
        "clouds-of",
        "report",
    ] {
        policy(&format!("[options]\n{key} = \"x\""));
    }
}

#[test]
fn an_option_of_discoveries_is_no_vaults() {
    for option in ["path-format = \"short\"", "subscriptions = \"\""] {
        let text = format!("[[vault]]\nnames = [\"kv-*\"]\noptions = {{ {option} }}");
        let error = Policy::parse(&text).unwrap_err().to_string();
        let key = option.split(' ').next().unwrap();
        for part in ["[[vault]] kv-*", key, "[[tenant]]"] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn a_key_of_the_policy_among_options_is_an_error_that_says_where_it_belongs() {
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\n");
    for (text, key, belongs) in [
        (
            "[options]\nmax-shrink = 20".to_owned(),
            "max-shrink",
            "[[vault]]",
        ),
        (
            "[options]\nreads-private-keys = true".to_owned(),
            "reads-private-keys",
            "[[vault]]",
        ),
        (
            format!("{tenant}options = {{ identities = \"client-secret\" }}"),
            "identities",
            "[[tenant]]",
        ),
        (
            "[[vault]]\nnames = [\"kv\"]\noptions = { connect-to = \"0\" }".to_owned(),
            "connect-to",
            "top",
        ),
    ] {
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains(belongs), "{error}");
    }
}

#[test]
fn a_blank_option_covers_nothing_of_a_lower_layer() {
    let general = "[options]\nx = \"general\"\n";
    let of_tenant =
        |x: &str| format!("[[tenant]]\nnames = [\"{TENANT}\"]\noptions = {{ x = \"{x}\" }}\n");
    let of_vault = "[[vault]]\nnames = [\"kv-*\"]\noptions = { x = \" \" }\n";
    for (text, x) in [
        (format!("{general}{of_vault}"), "general"),
        (format!("{general}{}", of_tenant("")), "general"),
        (
            format!("{general}{}{of_vault}", of_tenant("tenant")),
            "tenant",
        ),
    ] {
        let about = about(&policy(&text), TENANT, "kv-one");
        assert_eq!(about.options.get("x"), Some(x), "{text}");
    }
    let create = "[options]\ncreate-purge-protection = true\n[create]\npurge-protection = \"\"\n";
    let about = about(&policy(create), TENANT, "kv-one");
    assert_eq!(about.options.get("create-purge-protection"), Some("true"));
}

#[test]
fn an_option_is_the_vaults_else_the_tenants_else_the_general_one() {
    let general = "[options]\nx = \"general\"\n".to_owned();
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\noptions = {{ x = \"tenant\" }}\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\noptions = { x = \"vault\" }\n".to_owned();
    let second = "[[vault]]\nnames = [\"*\"]\noptions = { x = \"second\", y = \"second\" }\n";
    for (layers, tenant_of_job, vault_of_job, x) in [
        (vec![], TENANT, "kv-one", None),
        (vec![&general], TENANT, "kv-one", Some("general")),
        (vec![&general, &tenant], TENANT, "kv-one", Some("tenant")),
        (
            vec![&general, &tenant],
            "other.example",
            "kv-one",
            Some("general"),
        ),
        (
            vec![&general, &tenant, &vault],
            TENANT,
            "kv-one",
            Some("vault"),
        ),
        (
            vec![&general, &tenant, &vault],
            TENANT,
            "other",
            Some("tenant"),
        ),
        (vec![&general, &vault], "", "kv-one", Some("vault")),
        (vec![&tenant, &vault], "other.example", "other", None),
    ] {
        let text: String = layers.iter().map(|layer| layer.as_str()).collect();
        let about = about(&policy(&text), tenant_of_job, vault_of_job);
        assert_eq!(about.options.get("x"), x, "{text}");
    }
    let about = about(&policy(&format!("{vault}{second}")), TENANT, "kv-one");
    assert_eq!(
        about.options.get("x"),
        Some("vault"),
        "the first that says it"
    );
    assert_eq!(about.options.get("y"), Some("second"));
}
