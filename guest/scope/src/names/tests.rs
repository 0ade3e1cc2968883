use proptest::prelude::*;

use super::*;

const GUID: &str = "22222222-2222-4222-8222-222222222222";

#[test]
fn a_vault_name_follows_azures_rule() {
    for name in ["kv1", "kv-one", "K9-9-x", &"a".repeat(24)] {
        assert_eq!(
            VaultName::parse(name).map(|name| name.to_string()),
            Ok(name.to_owned()),
            "{name:?}"
        );
    }
    assert_eq!(VaultName::parse(" kv-one ").unwrap().as_str(), "kv-one");
}

#[test]
fn w35_what_is_not_a_vault_name_never_reaches_a_host_name() {
    for name in [
        "",
        "kv",
        &"a".repeat(25),
        "1kv",
        "-kv",
        "kv-",
        "kv--one",
        "kv_one",
        "kv.one",
        "evil.example/",
        "kv-one@evil",
        "kv-one#",
        "kv one",
        "kvä",
        "kv-one\n.x",
    ] {
        let error = VaultName::parse(name).unwrap_err();
        assert_eq!(error.field(), "VaultName", "{name:?}");
    }
}

#[test]
fn an_alias_has_letters_digits_and_hyphens_and_is_taken_as_it_is() {
    for name in [
        "a",
        "web-1",
        "-",
        "--",
        "0",
        &"z".repeat(127),
        "contact",
        "restored",
    ] {
        assert_eq!(
            Alias::parse(name).map(|alias| alias.to_string()),
            Ok(name.to_owned()),
            "{name:?}"
        );
    }
    for name in [
        "",
        " ",
        " web-1",
        "web.1",
        "web_1",
        "web/1",
        "..",
        "wéb",
        &"z".repeat(128),
    ] {
        assert!(Alias::parse(name).is_err(), "{name:?}");
    }
}

#[test]
fn a_reserved_alias_is_refused_in_any_case_and_the_message_says_why() {
    for name in ["contacts", "Issuers", "RESTORE"] {
        let text = Alias::parse(name).unwrap_err().to_string();
        assert!(text.contains("reserved"), "{name:?}: {text}");
    }
}

#[test]
fn a_tenant_is_a_guid_or_a_domain_in_lower_case() {
    for (text, tenant) in [
        (GUID, GUID),
        (
            " ABCDEF00-0000-4000-8000-000000000000 ",
            "abcdef00-0000-4000-8000-000000000000",
        ),
        ("Contoso.OnMicrosoft.com", "contoso.onmicrosoft.com"),
        ("orchestrator01.corp.example", "orchestrator01.corp.example"),
    ] {
        assert_eq!(
            TenantId::parse(text).map(|tenant| tenant.to_string()),
            Ok(tenant.to_owned()),
            "{text:?}"
        );
    }
    for text in [
        "",
        "common",
        "host",
        "..",
        "a..b",
        ".a.b",
        "a.b.",
        "a/b.c",
        "a.b?c",
        "10.0.0.1",
        "a.0x7f",
        "contoso.com, fabrikam.com",
        "ünï.example",
    ] {
        assert!(TenantId::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_subscription_and_a_client_id_are_guids_and_nothing_else() {
    for text in [
        "",
        "https",
        "22222222222242228222222222222222",
        "{22222222-2222-4222-8222-222222222222}",
        "2222222-22222-4222-8222-222222222222",
        "22222222-2222-4222-8222-22222222222g",
        "22222222-2222-4222-8222-22222222222\u{e9}",
    ] {
        assert!(SubscriptionId::parse(text).is_err(), "{text:?}");
        assert!(ClientId::parse(text).is_err(), "{text:?}");
    }
    let upper = "ABCDEF00-0000-4000-8000-000000000000";
    assert_eq!(
        SubscriptionId::parse(upper).unwrap().as_str(),
        upper.to_ascii_lowercase()
    );
}

#[test]
fn a_wrong_client_id_is_not_repeated_since_it_may_be_a_secret() {
    let text = ClientId::parse("Xy8Q~secret").unwrap_err().to_string();
    assert!(!text.contains("Xy8Q"), "{text}");
    assert!(text.contains("11 characters"), "{text}");
}

#[test]
fn a_resource_group_follows_azures_rule() {
    for name in ["r", "rg-one", "rg_(1).x", "größe", &"a".repeat(90)] {
        assert!(ResourceGroup::parse(name).is_ok(), "{name:?}");
    }
    for name in [
        "",
        "rg.",
        "a/b",
        "a b",
        "a:b",
        "a%2fb",
        "a?",
        &"a".repeat(91),
    ] {
        assert!(ResourceGroup::parse(name).is_err(), "{name:?}");
    }
}

/// Asserts for each type that what it accepts prints back and parses the same.
macro_rules! round_trips {
    ($text:expr, $($type:ty),+) => {$(
        if let Ok(name) = <$type>::parse($text) {
            prop_assert_eq!(<$type>::parse(&name.to_string()), Ok(name));
        }
    )+};
}

proptest! {
    #[test]
    fn no_text_makes_a_name_parser_panic_and_names_print_back(
        text in prop_oneof![
            any::<String>(),
            "[ ]?[0-9A-Za-z.()_-]{0,30}[ ]?",
            "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        ]
    ) {
        round_trips!(&text, VaultName, Alias, TenantId, SubscriptionId, ResourceGroup, ClientId);
    }

    #[test]
    fn what_is_a_vault_name_or_an_alias_is_one_safe_path_segment(text: String) {
        let safe = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if let Ok(name) = VaultName::parse(&text) {
            prop_assert!(safe(name.as_str()));
        }
        if let Ok(name) = Alias::parse(&text) {
            prop_assert!(safe(name.as_str()));
        }
    }
}

#[test]
fn the_name_that_a_check_looks_for_is_an_alias() {
    let name = Alias::of_check();
    assert_eq!(Alias::parse(name.as_str()), Ok(name));
}
