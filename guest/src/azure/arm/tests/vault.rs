//! One vault: what is sent about it, and what it shows.

use super::*;

#[test]
fn a_vault_is_absent_only_when_the_service_says_so_of_the_vault_itself() {
    for (status, body, absent) in [
        (404, error("ResourceNotFound").to_string(), true),
        (404, error("VaultNotFound").to_string(), true),
        (404, error("ResourceGroupNotFound").to_string(), false),
        (404, error("SubscriptionNotFound").to_string(), false),
        (404, "<html>".to_owned(), false),
        (403, error("AuthorizationFailed").to_string(), false),
        (500, error("ResourceNotFound").to_string(), false),
    ] {
        let shown = body.clone();
        let fake = served(move |_, _| Ok(answer(status, &body)));
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        assert_eq!(
            seen.is_ok_and(|seen| seen.is_none()),
            absent,
            "{status} {shown}"
        );
    }
}

#[test]
fn a_vault_shows_its_settings_and_how_far_it_is() {
    for (state, wanted) in [
        (json!("Succeeded"), Provisioning::Succeeded),
        (json!(null), Provisioning::Succeeded),
        (
            json!("RegisteringDns"),
            Provisioning::Underway("RegisteringDns".into()),
        ),
        (
            json!("<b>"),
            Provisioning::Underway("an unknown state".into()),
        ),
        (
            json!("failed"),
            Provisioning::Failed {
                state: "failed".into(),
                reason: None,
            },
        ),
        (
            json!("Canceled"),
            Provisioning::Failed {
                state: "Canceled".into(),
                reason: None,
            },
        ),
    ] {
        let fake = saying(
            200,
            &json!({"location": "eastus", "properties": {
                "tenantId": TENANT, "sku": {"family": "A", "name": "premium"},
                "enableRbacAuthorization": true, "softDeleteRetentionInDays": 90,
                "publicNetworkAccess": "Enabled", "provisioningState": state}}),
        );
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        let vault = seen.unwrap().unwrap().vault;
        assert_eq!(vault.state, wanted);
        assert_eq!(vault.sku.as_deref(), Some("premium"));
        assert_eq!((vault.rbac, vault.purge_protection), (Some(true), None));
    }
}

#[test]
fn a_failed_vault_says_why_where_the_answer_has_it() {
    let failed = json!({"provisioningState": "Failed"});
    let inside = json!({"provisioningState": "Failed", "error": {"message": "odd: is disabled and therefore marked as read only\r\nmore"}});
    for (body, wanted) in [
        (
            json!({"properties": failed, "error": {"code": "Dns", "message": "x is already in use"}}),
            Some("Dns: \"is already in use\""),
        ),
        (
            json!({"properties": failed, "error": {"code": "Dns"}}),
            Some("Dns"),
        ),
        (
            json!({"properties": inside}),
            Some("\"is disabled and therefore marked as read only\""),
        ),
        (json!({"properties": failed, "error": {}}), None),
    ] {
        let fake = saying(200, &body);
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        let Provisioning::Failed { reason, .. } = seen.unwrap().unwrap().vault.state else {
            panic!("{body}");
        };
        assert_eq!(reason.as_deref(), wanted, "{body}");
    }
}

#[test]
fn the_service_may_say_when_to_look_again_and_is_obeyed_up_to_two_minutes() {
    for (asked, wanted) in [("7", 7), ("86400", 120)] {
        let fake = served(move |_, _| {
            let body = r#"{"properties":{"provisioningState":"RegisteringDns"}}"#;
            Ok(with_header(answer(200, body), "retry-after", asked))
        });
        let seen = fake.run(arm(&fake).vault(place(&sub(), &group(), &name())));
        assert_eq!(
            seen.unwrap().unwrap().again_after,
            Some(Duration::from_secs(wanted))
        );
    }
}

#[test]
fn a_name_is_free_taken_or_impossible() {
    for (body, wanted) in [
        (json!({"nameAvailable": true}), NameCheck::Free),
        (
            json!({"nameAvailable": false, "reason": "AlreadyExists"}),
            NameCheck::Taken,
        ),
        (json!({"nameAvailable": false}), NameCheck::Taken),
        (
            json!({"nameAvailable": false, "reason": "AccountNameInvalid", "message": "A vault's name must be between 3-24 alphanumeric characters. x"}),
            NameCheck::Impossible(Some(
                "A vault's name must be between 3-24 alphanumeric characters",
            )),
        ),
    ] {
        let fake = saying(200, &body);
        let check = fake.run(arm(&fake).check_name(place(&sub(), &group(), &name())));
        assert_eq!(check, Ok(wanted));
        assert_eq!(
            sent(&fake),
            [(
                Method::Post,
                format!(
                    "{ARM}/subscriptions/{SUB}/providers/Microsoft.KeyVault/checkNameAvailability?api-version=2026-02-01"
                ),
                r#"{"name":"kv-one","type":"Microsoft.KeyVault/vaults"}"#.to_owned()
            )]
        );
    }
}

#[test]
fn a_vault_is_asked_for_once_when_nobody_knows_what_became_of_the_request() {
    let throttled = Ok(answer(429, &error("TooManyRequests").to_string()));
    for (first, held) in [
        (Err(TransportError::Broken("reset")), None),
        (Ok(answer(500, "")), None),
        (Ok(answer(503, "")), None),
        (Ok(with_header(answer(503, ""), "retry-after", "1")), None),
        // Its caller is to look before the eighth attempt, the last one.
        (throttled, Some(7)),
        (Err(TransportError::Connection("refused")), Some(7)),
    ] {
        let fake = served(move |_, earlier| {
            if earlier == 0 {
                return first.clone();
            }
            Ok(answer(
                200,
                r#"{"properties":{"provisioningState":"RegisteringDns"}}"#,
            ))
        });
        let body = json!({"location": "eastus"});
        let put = fake.run(arm(&fake).put_vault(place(&sub(), &group(), &name()), &body, 6));
        assert_eq!(put.unwrap_err().held(), held);
        assert_eq!(sent(&fake).len(), 1);
        assert_eq!(
            sent(&fake)[0],
            (
                Method::Put,
                format!(
                    "{ARM}/subscriptions/{SUB}/resourceGroups/rg%28%C3%A9%29/providers/Microsoft.KeyVault/vaults/kv-one?api-version=2026-02-01"
                ),
                body.to_string()
            )
        );
    }
}
