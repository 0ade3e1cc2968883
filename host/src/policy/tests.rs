mod elsewhere;
mod keys;
mod rules;

use super::*;

#[test]
fn the_builtin_policy_covers_three_clouds_and_redirects_nothing() {
    let policy = Policy::builtin().unwrap();
    let covers = |host: &str| {
        let host = url::Host::parse(host).unwrap();
        policy.hosts().iter().any(|pattern| pattern.matches(&host))
    };
    for cloud in job_scope::Cloud::ALL {
        let endpoints = cloud.endpoints();
        assert!(covers(endpoints.authority), "{cloud}");
        assert!(covers(endpoints.arm), "{cloud}");
        assert!(
            covers(&format!("kv-one.{}", endpoints.vault_suffix)),
            "{cloud}"
        );
    }
    assert!(!covers("attacker.example"));
    assert_eq!(policy.caution(), None);
}

#[test]
fn a_rule_is_for_the_jobs_it_names() {
    let policy = Policy::parse(
        "[[rule]]\nid = \"r\"\njobs = [\"inventory\"]\nmethod = \"GET\"\nurl = \"https://a.example/x\"",
    )
    .unwrap();
    assert_eq!(policy.rules(JobKind::Inventory).len(), 1);
    assert!(policy.rules(JobKind::Add).is_empty());
}

#[test]
fn max_shrink_is_a_percentage() {
    assert_eq!(Policy::builtin().unwrap().about(&[], None).max_shrink, 50);
    let policy = Policy::parse("max-shrink = 80").unwrap();
    assert_eq!(policy.about(&[], None).max_shrink, 80);
    for text in ["101", "-1", "\"half\"", "256"] {
        assert!(
            Policy::parse(&format!("max-shrink = {text}")).is_err(),
            "{text}"
        );
    }
}

const TENANT: &str = "11111111-1111-4111-8111-111111111111";

/// The outermost layer comes last, as it would stand in a file with all of them.
fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn about(policy: &Policy, tenant: &str, vault: &str) -> About {
    let tenants: Vec<TenantId> = TenantId::parse(tenant).into_iter().collect();
    policy.about(&tenants, VaultName::parse(vault).ok().as_ref())
}

#[test]
fn the_example_is_read() {
    let policy = policy(include_str!("example.toml"));
    let about = about(&policy, "Contoso.example", "KV-prod-eu");
    assert_eq!(about.max_shrink, 20);
    assert!(about.reads_private_keys);
    assert_eq!(about.identities, Some(vec![IdentityKind::ClientSecret]));
    assert_eq!(about.jobs, Some(vec![JobKind::Inventory]));
    let options: Vec<(&str, &str)> = about.options.iter().collect();
    assert_eq!(
        options,
        [
            ("cloud", "china"),
            ("create-public-network-access", "disabled"),
            ("create-purge-protection", "true"),
            ("create-retention-days", "30"),
            ("create-tags", "{\"owner\":\"pki\"}"),
            ("full-chain", "true"),
            ("partial", "submit"),
            ("path-format", "short"),
        ]
    );
    assert_eq!(policy.limits().memory, 128 << 20);
    assert_eq!(policy.rules(JobKind::Add).len(), 3);
}

#[test]
fn of_kinds_of_job_only_those_are_run_that_every_layer_runs() {
    let top = "jobs = [\"inventory\", \"add\", \"check\"]\n";
    let tenant =
        format!("[[tenant]]\nnames = [\"{TENANT}\"]\njobs = [\"inventory\", \"remove\"]\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\njobs = [\"add\", \"inventory\"]\n\
                 [[vault]]\nnames = [\"*\"]\njobs = [\"check\"]\n";
    use JobKind::{Add, Check, Inventory, Remove};
    for (text, vault_of_job, jobs) in [
        (String::new(), "kv-one", None),
        (top.to_owned(), "kv-one", Some(vec![Inventory, Add, Check])),
        (tenant.clone(), "kv-one", Some(vec![Inventory, Remove])),
        (format!("{top}{tenant}"), "kv-one", Some(vec![Inventory])),
        (vault.to_owned(), "kv-one", Some(vec![Add, Inventory])),
        (vault.to_owned(), "other", Some(vec![Check])),
        (
            format!("{top}{tenant}{vault}"),
            "kv-one",
            Some(vec![Inventory]),
        ),
        (format!("{top}{tenant}{vault}"), "other", Some(vec![])),
    ] {
        let about = about(&policy(&text), TENANT, vault_of_job);
        assert_eq!(about.jobs, jobs, "{text} {vault_of_job}");
    }
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
fn of_kinds_of_identity_only_those_are_accepted_that_every_layer_and_both_tenants_accept() {
    use IdentityKind::{ClientAssertion, ClientSecret, ManagedIdentity};
    const OTHER: &str = "99999999-9999-4999-8999-999999999999";
    let general = "identities = [\"client-secret\", \"managed-identity\"]\n";
    let entry = |tenant: &str, kinds: &str| {
        format!("[[tenant]]\nnames = [\"{tenant}\"]\nidentities = [{kinds}]\n")
    };
    let (one, other) = (
        entry(TENANT, "\"client-secret\", \"client-assertion\""),
        entry(OTHER, "\"managed-identity\", \"client-assertion\""),
    );
    for (text, tenants, accepted) in [
        (String::new(), vec![TENANT], None),
        (
            general.to_owned(),
            vec![],
            Some(vec![ClientSecret, ManagedIdentity]),
        ),
        (
            format!("{general}{one}"),
            vec![TENANT],
            Some(vec![ClientSecret]),
        ),
        (
            format!("{general}{one}"),
            vec!["server.example"],
            Some(vec![ClientSecret, ManagedIdentity]),
        ),
        (
            one.clone(),
            vec!["server.example", TENANT],
            Some(vec![ClientSecret, ClientAssertion]),
        ),
        (
            format!("{one}{other}"),
            vec![TENANT, OTHER],
            Some(vec![ClientAssertion]),
        ),
        (
            format!("{general}{one}{other}"),
            vec![OTHER, TENANT],
            Some(vec![]),
        ),
    ] {
        let tenants: Vec<TenantId> = tenants
            .iter()
            .map(|name| TenantId::parse(name).unwrap())
            .collect();
        let found = policy(&text).about(&tenants, None).identities;
        assert_eq!(found, accepted, "{text} {tenants:?}");
    }
}

#[test]
fn how_far_a_store_may_shrink_is_the_vaults_else_the_tenants_else_the_general_word() {
    let general = "max-shrink = 10\n";
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\nmax-shrink = 20\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\nmax-shrink = 30\n";
    let all = format!("{general}{tenant}{vault}");
    for (text, wanted) in [
        (general, 10),
        (&format!("{general}{tenant}"), 20),
        (&all, 30),
    ] {
        let about = about(&policy(text), TENANT, "kv-one");
        assert_eq!(about.max_shrink, wanted, "{text}");
    }
    assert!(Policy::parse(&tenant.replace("20", "101")).is_err());
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
fn a_rule_of_the_operators_is_for_https_and_for_names() {
    let rule = |url: &str| format!("[[rule]]\nid = \"r\"\nmethod = \"GET\"\nurl = \"{url}\"");
    for url in ["https://a.example/", "https://a.example:8443/x"] {
        Policy::parse(&rule(url)).unwrap();
    }
    for url in [
        "http://a.example/",
        "http://169.254.169.254/metadata/identity/oauth2/token",
        "https://169.254.169.254/",
        "https://0xa9.0xfe.0xa9.0xfe/",
        "https://[::1]:8443/",
    ] {
        let error = Policy::parse(&rule(url)).unwrap_err().to_string();
        assert!(error.contains("rule r"), "{url}: {error}");
    }
}

#[test]
fn what_one_vault_may_is_said_for_it_or_for_all() {
    let policy = policy(
        "max-shrink = 10\nreads-private-keys = true\n\
         [[vault]]\nnames = [\"kv-a\"]\nmax-shrink = 90\n\
         [[vault]]\nnames = [\"kv-*\"]\nmax-shrink = 80\nreads-private-keys = false\n",
    );
    for (vault, max_shrink, reads) in [
        ("kv-a", 90, false),
        ("kv-b", 80, false),
        ("other", 10, true),
    ] {
        let about = about(&policy, TENANT, vault);
        assert_eq!(
            (about.max_shrink, about.reads_private_keys),
            (max_shrink, reads),
            "{vault}"
        );
    }
    assert!(
        !Policy::builtin()
            .unwrap()
            .about(&[], None)
            .reads_private_keys
    );
}

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
fn what_can_never_hold_is_told_and_nothing_else() {
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\", \"contoso.example\"]\n");
    let vault = |names: &str, rest: &str| format!("[[vault]]\nnames = [{names}]\n{rest}\n");
    let all = vault("\"*\"", "max-shrink = 1\njobs = [\"add\"]");
    for (text, told) in [
        (include_str!("example.toml").to_owned(), None),
        (format!("tenants = [\"contoso.example\"]\n{tenant}"), None),
        (
            format!("tenants = [\"other.example\"]\n{tenant}"),
            Some("[[tenant]] 11111111"),
        ),
        (
            format!("{all}{}", vault("\"kv-*\"", "max-shrink = 2")),
            Some("[[vault]] kv-*: max-shrink"),
        ),
        (
            format!("{all}{}", vault("\"kv-*\"", "reads-private-keys = true")),
            None,
        ),
        (
            format!("{}{all}", vault("\"kv-*\"", "max-shrink = 2")),
            None,
        ),
        (
            format!(
                "{}{}{}",
                vault("\"a*\"", "options = { x = 1 }"),
                vault("\"b*\"", "options = { x = 2 }"),
                vault("\"ab\", \"ba\"", "options = { x = 3, y = 4 }")
            ),
            Some("[[vault]] ab: options.x is"),
        ),
        (
            format!(
                "{}{}",
                vault("\"a*\"", "options = { x = 1 }"),
                vault("\"ab\", \"ba\"", "options = { x = 3 }")
            ),
            None,
        ),
    ] {
        let found = policy(&text).in_vain();
        assert_eq!(
            found.len(),
            usize::from(told.is_some()),
            "{text}: {found:?}"
        );
        if let (Some(told), Some(found)) = (told, found.first()) {
            assert!(found.starts_with(told), "{text}: {found}");
        }
    }
}
