//! A vault that is not there is asked for, and followed until it is ready.

use super::*;

#[test]
fn r27_r31_w02_a_create_without_any_setting_makes_a_standard_vault_in_the_default_region() {
    let world = world();
    let fake = healthy(&world);
    let blank = [("SkuType", ""), ("VaultRegion", " "), ("TenantId", "")];
    let outcome = fake.run(run(&fake, &job(), &with_properties(&blank)));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let get = |path: &str| (Method::Get, path.to_owned());
    let look = || get("vaults/kv-new");
    assert_eq!(
        asked(&fake),
        [
            get("resourceGroups/rg-one"),
            look(),
            get(&format!("subscriptions/{SUB}")),
            (
                Method::Post,
                "Microsoft.KeyVault/checkNameAvailability".into()
            ),
            (Method::Put, "vaults/kv-new".into()),
            look(),
            look(),
            look(),
            look(),
        ]
    );
    assert_eq!(world.borrow().made, [plain_body()]);
    let put = fake.sent().into_iter().find(asked_to_make).unwrap();
    assert_eq!(put.url(), format!("{ARM}{ID}?api-version=2026-02-01"));
    assert_eq!(put.request.header("content-type"), Some("application/json"));
    assert_eq!(fake.progress.borrow().last(), Some(&(1, Some(1))));
}

#[test]
fn w34_success_says_who_can_use_the_vault_and_how_the_others_get_there() {
    let fake = healthy(&world());
    let message = create(&fake).message;
    for part in [
        "kv-new was created in the resource group rg-one, SKU standard",
        "role-based access control",
        "Nobody can use its certificates yet",
        &format!(
            "az role assignment create --role \"Key Vault Certificates Officer\" --assignee {CLIENT} --scope \"{ID}\""
        ),
        "ten minutes",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn w02_sku_region_and_the_operators_settings_are_in_the_one_body() {
    let world = world();
    let fake = healthy(&world);
    let properties = [("SkuType", "Premium"), ("VaultRegion", " WestUS2 ")];
    let options = [
        ("create-purge-protection", "true"),
        ("create-public-network-access", "disabled"),
        ("create-retention-days", "30"),
        ("create-tags", r#"{"owner":"pki"}"#),
    ];
    let outcome = fake.run(run(
        &fake,
        &with_options(&options),
        &with_properties(&properties),
    ));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(
        world.borrow().made,
        [
            json!({"location": "westus2", "tags": {"owner": "pki"}, "properties": {
                "tenantId": TENANT, "sku": {"family": "A", "name": "premium"}, "accessPolicies": [],
                "enableRbacAuthorization": true, "enableSoftDelete": true,
                "enablePurgeProtection": true, "publicNetworkAccess": "disabled",
                "softDeleteRetentionInDays": 30,
            }})
        ]
    );
}

#[test]
fn w26_outside_of_the_public_cloud_the_region_is_the_groups_and_every_host_the_clouds() {
    for (cloud, authority, arm) in [
        (
            "china",
            "login.chinacloudapi.cn",
            "management.chinacloudapi.cn",
        ),
        (
            "government",
            "login.microsoftonline.us",
            "management.usgovcloudapi.net",
        ),
    ] {
        let world = world();
        let fake = healthy(&world);
        let outcome = fake.run(run(
            &fake,
            &job(),
            &with_properties(&[("AzureCloud", cloud)]),
        ));
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(world.borrow().made[0]["location"], "westeurope");
        for sent in fake.sent() {
            let host = sent.url().split('/').nth(2).unwrap().to_owned();
            assert!([authority, arm].contains(&host.as_str()), "{host}");
        }
    }
}

#[test]
fn r9_the_subscription_and_the_group_are_those_of_the_store_path_in_every_form() {
    for store in [
        Store {
            path: ID
                .to_lowercase()
                .replace("/resourcegroups/", "/resourceGroups/"),
            ..store()
        },
        Store {
            path: format!("{SUB}:kv-new"),
            ..with_properties(&[("ResourceGroupName", "rg-one")])
        },
    ] {
        let world = world();
        let fake = healthy(&world);
        let outcome = fake.run(run(&fake, &job(), &store));
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        let put = fake.sent().into_iter().find(asked_to_make).unwrap();
        assert_eq!(put.url(), format!("{ARM}{ID}?api-version=2026-02-01"));
    }
}

#[test]
fn a_tenant_that_is_not_known_by_its_id_is_read_from_the_subscription() {
    let domain = Store {
        tenant: "contoso.example".into(),
        ..store()
    };
    let machine = Job {
        credential: Credential::ManagedIdentity(None),
        ..job()
    };
    for (job, store, assignee) in [
        (job(), domain, CLIENT),
        (
            machine,
            store(),
            "<object id of this machine's managed identity>",
        ),
    ] {
        let world = world();
        let fake = healthy(&world);
        let outcome = fake.run(run(&fake, &job, &store));
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        let told = format!("--assignee {assignee} ");
        assert!(outcome.message.contains(&told), "{}", outcome.message);
        let reads = fake.sent_to(&format!("/subscriptions/{SUB}?api-version=2022-12-01"));
        assert_eq!(reads.len(), 1);
        assert_eq!(world.borrow().made, [plain_body()]);
    }
}

#[test]
fn without_the_permission_to_ask_for_the_name_the_vault_is_asked_for_all_the_same() {
    let world = world();
    let fake = azure(&world, |sent, _| {
        sent.url()
            .contains("checkNameAvailability")
            .then(|| error(403, "AuthorizationFailed"))
    });
    assert_eq!(create(&fake).status, Status::Success);
    assert_eq!(fake.logged("going on without"), 1);
}

#[test]
fn a_service_that_says_when_to_look_again_is_obeyed() {
    for (asked, seconds) in [(None, 3), (Some("1"), 3), (Some("20"), 20)] {
        let world = world();
        let inner = Rc::clone(&world);
        let fake = azure(&world, move |sent, _| {
            let answer = inner.borrow_mut().serve(sent).unwrap();
            Some(Ok(match asked {
                Some(delay) if answer.status == 200 => with_header(answer, "retry-after", delay),
                _ => answer,
            }))
        });
        assert_eq!(create(&fake).status, Status::Success);
        let sent = fake.sent();
        let times: Vec<Duration> = sent
            .iter()
            .filter(|sent| looks(sent))
            .map(|sent| sent.at)
            .collect();
        for pair in times[1..].windows(2) {
            assert_eq!(pair[1] - pair[0], Duration::from_secs(seconds));
        }
    }
}

#[test]
fn a_vault_may_be_missing_for_a_moment_after_it_was_asked_for() {
    let world = world();
    let fake = azure(&world, |sent, earlier| {
        (looks(sent) && (2..4).contains(&earlier)).then(|| error(404, "ResourceNotFound"))
    });
    assert_eq!(create(&fake).status, Status::Success);
}

#[test]
fn what_comes_out_otherwise_than_asked_for_is_a_warning() {
    let machine = Job {
        credential: Credential::ManagedIdentity(None),
        ..job()
    };
    let object = "--object-id <object id of this machine's managed identity> ";
    for (job, assignee) in [
        (job(), format!("--spn {CLIENT} ")),
        (machine, object.into()),
    ] {
        let world = world();
        let inner = Rc::clone(&world);
        let fake = azure(&world, move |sent, _| {
            if let (true, Some(vault)) = (looks(sent), inner.borrow_mut().vault.as_mut()) {
                vault["properties"]["enableRbacAuthorization"] = false.into();
            }
            None
        });
        let outcome = fake.run(run(&fake, &job, &store()));
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        for part in [
            "it uses access policies",
            "az keyvault set-policy",
            &assignee,
        ] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        // Nothing of what would be so with roles.
        for part in ["with role-based", "role assignment"] {
            assert!(!outcome.message.contains(part), "{}", outcome.message);
        }
    }
}

#[test]
fn a_whole_option_list_is_not_set_and_makes_a_warning_of_a_success() {
    let world = world();
    let fake = healthy(&world);
    let junk = [
        ("SkuType", "standard,premium"),
        ("VaultRegion", "eastus,eastus2,westus2,westus3,westus"),
        ("AzureCloud", "public,china,government"),
    ];
    let outcome = fake.run(run(&fake, &job(), &with_properties(&junk)));
    assert_eq!(outcome.status, Status::Warning);
    for (field, _) in junk {
        let note = format!("{field} holds the whole list");
        assert!(outcome.message.contains(&note), "{}", outcome.message);
    }
    assert_eq!(world.borrow().made, [plain_body()]);
}
