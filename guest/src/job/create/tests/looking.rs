//! What is there is never touched.

use super::*;

fn untouched(world: &World, fake: &Fake) {
    assert!(!fake.sent().iter().any(asked_to_make));
    assert!(world.borrow().made.is_empty() && world.borrow().changed.is_empty());
}

#[test]
fn w34_a_vault_with_the_same_settings_is_left_untouched_with_a_warning() {
    let world = world_with(plain_body(), "Succeeded");
    let fake = healthy(&world);
    let outcome = create(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome
            .message
            .starts_with("the vault kv-new is already there, untouched"),
        "{}",
        outcome.message
    );
    assert_eq!(asked(&fake).len(), 2);
    untouched(&world, &fake);
}

#[test]
fn w34_a_vault_with_other_settings_is_left_untouched_with_a_failure_that_names_them() {
    let mut body = plain_body();
    body["properties"]["enableRbacAuthorization"] = false.into();
    body["properties"]["tenantId"] = "99999999-9999-4999-8999-999999999999".into();
    let world = world_with(body, "Succeeded");
    let fake = healthy(&world);
    let options = with_options(&[("create-purge-protection", "true")]);
    let properties = [("SkuType", "premium"), ("VaultRegion", "westus2")];
    let outcome = fake.run(run(&fake, &options, &with_properties(&properties)));
    assert_eq!(failed(&outcome), Failure::Conflict);
    for part in [
        "already there, untouched",
        "its SKU is standard, not premium",
        "its region is eastus, not westus2",
        "its tenant is 99999999-9999-4999-8999-999999999999, not",
        "no purge protection",
        "access policies",
        "nothing was changed",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    untouched(&world, &fake);
}

#[test]
fn a_vault_that_is_being_made_is_followed_to_its_end() {
    let world = world_with(plain_body(), "RegisteringDns");
    let fake = healthy(&world);
    let outcome = create(&fake);
    assert_eq!(outcome.status, Status::Success);
    for part in [
        "was already being made, and is ready now",
        "az role assignment",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    untouched(&world, &fake);
}

#[test]
fn a_vault_that_is_being_made_otherwise_is_a_failure_when_it_is_ready() {
    let mut body = plain_body();
    body["properties"]["sku"]["name"] = "premium".into();
    let world = world_with(body, "RegisteringDns");
    let fake = healthy(&world);
    let outcome = fake.run(run(
        &fake,
        &job(),
        &with_properties(&[("SkuType", "standard")]),
    ));
    assert_eq!(failed(&outcome), Failure::Conflict);
    assert!(
        outcome.message.contains("premium, not standard"),
        "{}",
        outcome.message
    );
    untouched(&world, &fake);
}

#[test]
fn a_vault_that_could_not_be_made_is_a_failure_that_says_why() {
    for state in ["Failed", "Canceled"] {
        let mut body = plain_body();
        body["error"] = json!({"code": "DnsTrouble", "message": "no name"});
        let world = world_with(body, state);
        let fake = healthy(&world);
        let outcome = create(&fake);
        assert_eq!(failed(&outcome), Failure::Conflict);
        for part in [
            state,
            "DnsTrouble",
            "az keyvault delete --name kv-new",
            "az keyvault purge --name kv-new",
            "activity log",
        ] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        untouched(&world, &fake);
    }
}

/// A vault that a killed run has asked for, and that the first `misses` looks do not see.
fn lagging(world: &World, misses: usize) -> Fake {
    azure(world, move |sent, earlier| {
        (looks(sent) && earlier < misses).then(|| error(404, "ResourceNotFound"))
    })
}

#[test]
fn a_vault_that_a_killed_run_has_asked_for_is_found_although_the_first_look_missed_it() {
    for (state, misses, status) in [
        ("Succeeded", 1, Status::Warning),
        ("RegisteringDns", 1, Status::Success),
        ("Succeeded", 5, Status::Warning),
    ] {
        let world = world_with(plain_body(), state);
        let fake = lagging(&world, misses);
        let outcome = create(&fake);
        assert_eq!(outcome.status, status, "{state}: {}", outcome.message);
        untouched(&world, &fake);
    }
    let fake = lagging(&world_with(plain_body(), "Succeeded"), 100);
    let start = fake.now();
    assert_eq!(failed(&create(&fake)), Failure::Conflict);
    assert!(fake.now() - start < Duration::from_secs(20));
}

#[test]
fn w34_a_name_that_is_taken_elsewhere_or_by_a_deleted_vault_is_told_before_anything_is_asked_for() {
    let world = world();
    world.borrow_mut().name_taken = true;
    let fake = healthy(&world);
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::Conflict);
    for part in [
        "kv-new is taken",
        "deleted",
        "recover --name kv-new",
        "purge --name kv-new",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    untouched(&world, &fake);
}

#[test]
fn a_name_that_no_vault_can_have_is_invalid_input() {
    let world = world();
    let fake = azure(&world, |sent, _| {
        let body =
            json!({"nameAvailable": false, "reason": "AccountNameInvalid", "message": "reserved"});
        sent.url()
            .contains("checkNameAvailability")
            .then(|| Ok(answer(200, &body.to_string())))
    });
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    assert!(
        outcome.message.starts_with("StorePath: "),
        "{}",
        outcome.message
    );
    untouched(&world, &fake);
}

#[test]
fn a_resource_group_that_is_not_there_is_named_with_the_remedy() {
    let fake = healthy(&world());
    let store = Store {
        path: format!("{SUB}:rg-none:kv-new"),
        ..store()
    };
    let outcome = fake.run(run(&fake, &job(), &store));
    assert_eq!(failed(&outcome), Failure::NotFound);
    for part in ["rg-none", "az group create", "store path"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(asked(&fake).len(), 1);
}

#[test]
fn a_missing_role_is_named_wherever_it_shows() {
    for part in ["/resourceGroups/rg-one?", "/vaults/kv-new?"] {
        let world = world();
        let fake = azure(&world, move |sent, _| {
            sent.url()
                .contains(part)
                .then(|| error(403, "AuthorizationFailed"))
        });
        let outcome = create(&fake);
        assert_eq!(failed(&outcome), Failure::MissingRole);
        for part in [
            "Key Vault Contributor",
            "Key Vault Administrator does not allow",
        ] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        untouched(&world, &fake);
    }
}

#[test]
fn malformed_input_names_its_field_and_sends_nothing() {
    for (job, store, field) in [
        (
            job(),
            Store {
                path: format!("{SUB}:kv-new"),
                ..store()
            },
            "StorePath",
        ),
        (job(), with_properties(&[("SkuType", "gold")]), "SkuType"),
        (
            job(),
            with_properties(&[("VaultRegion", "east/us")]),
            "VaultRegion",
        ),
        (
            job(),
            with_properties(&[("AzureCloud", "mars")]),
            "AzureCloud",
        ),
        (
            with_options(&[("create-retention-days", "5")]),
            store(),
            "create-retention-days",
        ),
        (
            Job {
                credential: Credential::ClientSecret {
                    client_id: CLIENT.into(),
                    secret: Secret::new(String::new()),
                },
                ..job()
            },
            store(),
            "ServerPassword",
        ),
    ] {
        let fake = Fake::default();
        let outcome = fake.run(run(&fake, &job, &store));
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        assert!(outcome.message.starts_with(field), "{}", outcome.message);
        assert_eq!(fake.logged(&outcome.message), 1);
    }
}
