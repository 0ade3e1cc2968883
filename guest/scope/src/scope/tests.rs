use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SUB: &str = "22222222-2222-4222-8222-222222222222";
const APP: &str = "33333333-3333-4333-8333-333333333333";
const PATH: &str = "22222222-2222-4222-8222-222222222222:rg-one:kv-one";

fn application() -> Identity {
    Identity::choose(Some(APP), Some("sp-secret~1")).unwrap()
}

fn machine() -> Identity {
    Identity::choose(None, None).unwrap()
}

fn read(
    tenant: &str,
    path: &str,
    json: &Value,
    identity: &Identity,
) -> Result<StoreScope, FieldError> {
    StoreScope::parse(tenant, path, &Properties::from_json(json)?, identity)
}

/// With the usual tenant, path and identity.
fn with(json: Value) -> Result<StoreScope, FieldError> {
    read(TENANT, PATH, &json, &application())
}

#[test]
fn a_job_with_a_secret_is_read_whole() {
    let scope = with(json!({
        "AzureCloud": "", "PrivateEndpoint": "", "SkuType": "standard", "VaultRegion": "eastus",
        "TenantId": "", "ServerUsername": null, "ServerPassword": null, "ServerUseSsl": "true"
    }))
    .unwrap();
    assert_eq!(scope.cloud(), Cloud::Public);
    assert_eq!(scope.tenant().map(TenantId::as_str), Some(TENANT));
    assert_eq!(scope.subscription().as_str(), SUB);
    assert_eq!(
        scope.resource_group().map(ResourceGroup::as_str),
        Some("rg-one")
    );
    assert_eq!(scope.vault().as_str(), "kv-one");
    assert_eq!(scope.vault_host(), "kv-one.vault.azure.net");
    assert_eq!(scope.vault_url(), "https://kv-one.vault.azure.net");
    assert_eq!(scope.endpoints(), Cloud::Public.endpoints());
    assert_eq!(scope.notes(), [] as [String; 0]);
}

#[test]
fn r30_the_cloud_decides_on_every_host() {
    for (word, host, authority) in [
        (
            " Government ",
            "kv-one.vault.usgovcloudapi.net",
            "login.microsoftonline.us",
        ),
        ("CHINA", "kv-one.vault.azure.cn", "login.chinacloudapi.cn"),
        (
            "public",
            "kv-one.vault.azure.net",
            "login.microsoftonline.com",
        ),
    ] {
        let scope = with(json!({ "AzureCloud": word })).unwrap();
        assert_eq!(scope.vault_host(), host, "{word:?}");
        assert_eq!(scope.endpoints().authority, authority, "{word:?}");
    }
}

#[test]
fn the_whole_list_of_clouds_is_not_set_and_told() {
    for word in ["public,china,government", "Public, China, Government"] {
        let scope = with(json!({ "AzureCloud": word })).unwrap();
        assert_eq!(scope.cloud(), Cloud::Public, "{word:?}");
        assert_eq!(scope.notes().len(), 1, "{word:?}");
        assert!(
            scope.notes()[0].contains("AzureCloud"),
            "{:?}",
            scope.notes()
        );
    }
    assert_eq!(
        with(json!({"AzureCloud": "goverment"}))
            .unwrap_err()
            .field(),
        "AzureCloud"
    );
}

#[test]
fn junk_in_the_fields_of_creation_disturbs_no_other_job() {
    let junk = json!({"SkuType": "standard,premium", "VaultRegion": "eastus,eastus2,westus2"});
    assert_eq!(with(junk).unwrap().notes(), [] as [String; 0]);
    assert!(with(json!({"SkuType": "gold", "VaultRegion": "?"})).is_ok());
}

#[test]
fn r13_the_property_fills_the_group_that_the_path_lacks() {
    let path = format!("{SUB}:kv-one");
    let group = |json| {
        read(TENANT, &path, &json, &application())
            .map(|scope| scope.resource_group().map(ToString::to_string))
    };
    assert_eq!(
        group(json!({"ResourceGroupName": " rg-one "})),
        Ok(Some("rg-one".to_owned()))
    );
    assert_eq!(group(json!({})), Ok(None));
    assert_eq!(
        group(json!({"ResourceGroupName": "a/b"}))
            .unwrap_err()
            .field(),
        "ResourceGroupName"
    );
}

#[test]
fn r38_w03_blank_properties_never_override_the_path() {
    let scope =
        with(json!({"VaultName": "", "ResourceGroupName": " ", "SubscriptionId": null})).unwrap();
    assert_eq!(scope, with(json!({})).unwrap());
}

#[test]
fn properties_that_agree_with_the_path_but_for_case_are_fine() {
    let path = "abcdef00-0000-4000-8000-000000000000:rg-one:kv-one";
    let same = json!({
        "VaultName": "KV-ONE", "ResourceGroupName": "RG-One",
        "SubscriptionId": "ABCDEF00-0000-4000-8000-000000000000"
    });
    let scope = read(TENANT, path, &same, &application()).unwrap();
    assert_eq!(scope.vault().as_str(), "kv-one");
}

#[test]
fn a_property_that_contradicts_the_path_is_refused_naming_both() {
    for (field, given, in_path) in [
        ("VaultName", "kv-two", "kv-one"),
        ("ResourceGroupName", "rg-two", "rg-one"),
        (
            "SubscriptionId",
            "99999999-9999-4999-8999-999999999999",
            SUB,
        ),
        ("SubscriptionId", "not a guid", SUB),
    ] {
        let error = with(json!({ field: given })).unwrap_err();
        assert_eq!(error.field(), field, "{given:?}");
        let text = error.to_string();
        for part in ["StorePath", given, in_path] {
            assert!(text.contains(part), "{field} {given:?}: {text}");
        }
    }
}

#[test]
fn w04_the_tenant_is_the_client_machine_or_else_the_property() {
    for (machine, property, tenant) in [
        (TENANT, "", TENANT),
        (" Contoso.Example ", "", "contoso.example"),
        ("", TENANT, TENANT),
        ("orchestrator01", TENANT, TENANT),
        (
            "https://portal.azure.com",
            "contoso.example",
            "contoso.example",
        ),
        (TENANT, "not used, so not looked at", TENANT),
    ] {
        let scope = read(
            machine,
            PATH,
            &json!({ "TenantId": property }),
            &application(),
        )
        .unwrap();
        assert_eq!(
            scope.tenant().map(TenantId::as_str),
            Some(tenant),
            "{machine:?} {property:?}"
        );
        assert_eq!(scope.notes(), [] as [String; 0], "{machine:?} {property:?}");
    }
}

#[test]
fn two_tenants_that_differ_are_told_and_the_client_machine_is_used() {
    let other = "99999999-9999-4999-8999-999999999999";
    let scope = with(json!({ "TenantId": other })).unwrap();
    assert_eq!(scope.tenant().map(TenantId::as_str), Some(TENANT));
    assert_eq!(scope.notes().len(), 1);
    for part in ["TenantId", other, TENANT] {
        assert!(scope.notes()[0].contains(part), "{:?}", scope.notes());
    }
}

#[test]
fn an_application_without_a_tenant_is_refused() {
    for (machine, property, field) in [
        ("", "", "ClientMachine"),
        ("orchestrator01", " ", "ClientMachine"),
        ("", "a/b", "TenantId"),
    ] {
        let json = json!({ "TenantId": property });
        for identity in [
            application(),
            Identity::ClientAssertion {
                client_id: crate::ClientId::parse(APP).unwrap(),
            },
        ] {
            let error = read(machine, PATH, &json, &identity).unwrap_err();
            assert_eq!(error.field(), field, "{machine:?} {property:?}");
        }
    }
}

#[test]
fn with_a_managed_identity_the_client_machine_may_be_anything() {
    for machine_name in ["orchestrator01.corp.example", "", "a b", TENANT] {
        let json = json!({ "TenantId": "99999999-9999-4999-8999-999999999999" });
        let scope = read(machine_name, PATH, &json, &machine()).unwrap();
        assert_eq!(scope.tenant(), None, "{machine_name:?}");
        assert_eq!(scope.notes(), [] as [String; 0], "{machine_name:?}");
    }
}

#[test]
fn w36_a_private_endpoint_replaces_the_host_and_nothing_else() {
    let scope = with(json!({"PrivateEndpoint": "https://kv-one.corp.example/"})).unwrap();
    assert_eq!(scope.vault_url(), "https://kv-one.corp.example");
    assert_eq!(scope.endpoints(), Cloud::Public.endpoints());
    let error = with(json!({"PrivateEndpoint": "http://kv-one.corp.example/"})).unwrap_err();
    assert_eq!(error.field(), "PrivateEndpoint");
}

#[test]
fn a_vault_name_keeps_its_case_and_its_host_is_in_lower_case() {
    let scope = read(
        TENANT,
        &format!("{SUB}:rg:KV-One"),
        &json!({}),
        &application(),
    )
    .unwrap();
    assert_eq!(scope.vault().as_str(), "KV-One");
    assert_eq!(scope.vault_host(), "kv-one.vault.azure.net");
}

#[test]
fn the_variables_of_a_job_are_those_it_has() {
    let scope = with(json!({"AzureCloud": "government"})).unwrap();
    let variables = scope
        .variables(&application())
        .with_alias(&crate::Alias::parse("web-1").unwrap());
    let all: Vec<_> = variables.iter().collect();
    assert_eq!(
        all,
        [
            ("alias", "web-1"),
            ("arm", "management.usgovcloudapi.net"),
            ("arm_resource", "https://management.core.usgovcloudapi.net"),
            (
                "arm_scope",
                "https://management.core.usgovcloudapi.net/.default"
            ),
            ("authority", "login.microsoftonline.us"),
            ("client_id", APP),
            ("resource_group", "rg-one"),
            ("subscription", SUB),
            ("tenant", TENANT),
            ("vault", "kv-one"),
            ("vault_host", "kv-one.vault.usgovcloudapi.net"),
            ("vault_resource", "https://vault.usgovcloudapi.net"),
            ("vault_scope", "https://vault.usgovcloudapi.net/.default"),
        ]
    );

    let bare = read("", &format!("{SUB}:kv-one"), &json!({}), &machine()).unwrap();
    let variables = bare.variables(&machine());
    for absent in ["tenant", "client_id", "resource_group", "alias"] {
        assert_eq!(variables.get(absent), None, "{absent}");
    }
}

proptest! {
    #[test]
    fn no_input_makes_a_scope_panic(
        tenant: String, path: String, cloud: String, endpoint: String, property: String,
        user: Option<String>, password: Option<String>,
    ) {
        let identity = Identity::choose(user.as_deref(), password.as_deref())
            .unwrap_or(Identity::ManagedIdentity { client_id: None });
        let json = json!({"AzureCloud": cloud, "PrivateEndpoint": endpoint, "TenantId": property});
        let _ = read(&tenant, &path, &json, &identity);
        let _ = read(TENANT, PATH, &json, &application());
        let _ = read(&tenant, PATH, &json!({"PrivateEndpoint": endpoint}), &machine());
    }
}
