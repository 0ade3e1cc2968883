//! Lists: pages, links, and what an entry may be.

use super::*;

#[test]
fn w25_subscriptions_have_a_state_and_a_new_one_counts_as_usable() {
    let states = [
        json!("Enabled"),
        json!("Warned"),
        json!("PastDue"),
        json!("New"),
        json!(null),
        json!("disabled"),
        json!("Deleted"),
    ];
    let entries = states.map(|state| json!({"subscriptionId": SUB.to_uppercase(), "state": state}));
    let fake = saying(200, &json!({ "value": entries }));
    let listed = fake.run(arm(&fake).subscriptions()).complete().unwrap();
    assert!(listed.iter().all(|one| one.id.as_str() == SUB));
    let usable: Vec<bool> = listed
        .iter()
        .map(|one| one.state == subscriptions::State::Usable)
        .collect();
    assert_eq!(usable, [true, true, true, true, true, false, false]);
}

#[test]
fn a_page_that_is_no_list_is_not_an_empty_one() {
    for page in [
        json!({}),
        json!({"status": "ok"}),
        json!({"error": {"code": "Busy"}}),
        json!({"value": null}),
    ] {
        let fake = saying(200, &page);
        let error = fake.run(arm(&fake).subscriptions()).complete().unwrap_err();
        assert_eq!(error.failure(), Failure::UnreadableAnswer, "{page}");
    }
    let fake = saying(200, &json!({"value": []}));
    let listed = fake.run(arm(&fake).subscriptions()).complete().unwrap();
    assert!(listed.is_empty());
}

#[test]
fn an_odd_subscription_does_not_hide_the_others() {
    let odd = [
        json!({"state": "Enabled"}),
        json!({"subscriptionId": "x"}),
        json!({"subscriptionId": 1}),
        json!({"subscriptionId": SUB, "state": {}}),
        json!(null),
        json!([]),
    ];
    let mut entries = odd.to_vec();
    entries.push(json!({"subscriptionId": SUB, "state": "Enabled"}));
    let fake = saying(200, &json!({ "value": entries }));
    let listing = fake.run(arm(&fake).subscriptions());
    assert_eq!(listing.items.len(), 1);
    assert_eq!(listing.odd.len(), odd.len());
    let error = listing.complete().unwrap_err();
    assert_eq!(error.failure(), Failure::UnreadableAnswer);
}

#[test]
fn w24_a_list_is_read_once_over_empty_pages_and_links_as_the_service_writes_them() {
    let link = |token: &str| {
        format!("{ARM}{VAULTS}?$top=1&api-version=2026-02-01&$skiptoken=ServiceBased,{token}")
    };
    let (second, third) = (link("two"), link("three"));
    let fake = served(move |sent, _| {
        let page = match sent.url() {
            url if url.ends_with("two") => json!({"value": [], "nextLink": third}),
            url if url.ends_with("three") => {
                json!({"value": [{"id": id("rg", "kv-2")}], "nextLink": ""})
            }
            _ => json!({"value": [{"id": id("rg", "kv-1")}], "nextLink": second}),
        };
        Ok(answer(200, &page.to_string()))
    });
    let listing = fake.run(arm(&fake).vaults_of(&sub()));
    assert_eq!(listing.error, None);
    assert_eq!(
        paths(listing.items),
        [format!("{SUB}:rg:kv-1"), format!("{SUB}:rg:kv-2")]
    );
    let urls: Vec<String> = sent(&fake).into_iter().map(|(_, url, _)| url).collect();
    assert_eq!(
        urls,
        [
            format!("{ARM}{VAULTS}?api-version=2026-02-01"),
            link("two"),
            link("three")
        ]
    );
}

#[test]
fn w22_what_was_read_before_an_error_stays() {
    for (second, failure) in [
        (
            Ok(answer(403, &error("AuthorizationFailed").to_string())),
            Failure::MissingRole,
        ),
        (Ok(answer(200, "<html>")), Failure::UnreadableAnswer),
        (Ok(answer(500, "")), Failure::Unavailable),
        (Err(TransportError::Denied), Failure::Other),
    ] {
        let fake = served(move |sent, _| {
            if sent.url().contains("skiptoken") {
                return second.clone();
            }
            let link = format!("{ARM}{VAULTS}?api-version=2026-02-01&$skiptoken=a");
            let page = json!({"value": [{"id": id("rg", "kv-1")}], "nextLink": link});
            Ok(answer(200, &page.to_string()))
        });
        let listing = fake.run(arm(&fake).vaults_of(&sub()));
        assert_eq!(paths(listing.items), [format!("{SUB}:rg:kv-1")]);
        assert_eq!(listing.error.unwrap().failure(), failure);
    }
}

#[test]
fn a_link_to_another_place_is_not_followed() {
    for link in [
        format!("https://evil.example{VAULTS}?api-version=2026-02-01&$skiptoken=a"),
        format!("{ARM}/subscriptions?api-version=2026-02-01&$skiptoken=a"),
        format!("http://management.azure.com{VAULTS}?api-version=2026-02-01&$skiptoken=a"),
    ] {
        const REQUEST_ID: &str = "7d2c0000-0000-4000-8000-000000000001";
        let page = json!({"value": [{"id": id("rg", "kv-1")}], "nextLink": link}).to_string();
        let page = with_header(answer(200, &page), "x-ms-request-id", REQUEST_ID);
        let fake = served(move |_, _| Ok(page.clone()));
        let listing = fake.run(arm(&fake).vaults_of(&sub()));
        assert_eq!(listing.items.len(), 1);
        let error = listing.error.unwrap();
        assert!(matches!(error, CallError::Link { .. }), "{link}");
        assert!(error.to_string().contains(REQUEST_ID), "{error}");
        assert_eq!(sent(&fake).len(), 1, "{link}");
    }
}

#[test]
fn r12_a_vaults_id_is_read_by_its_words_and_an_odd_one_does_not_hide_the_others() {
    let other = "33333333-3333-4333-8333-333333333333";
    let lower = format!(
        "/SUBSCRIPTIONS/{}/resourcegroups/RG-One/providers/microsoft.keyvault/VAULTS/kv-two",
        SUB.to_uppercase()
    );
    let ids = [
        lower.as_str(),
        &id("rg", "kv-1").replace(SUB, other),
        "",
        &format!("{SUB}:rg:kv-1"),
        &format!("{}/secrets/a", id("rg", "kv-1")),
        &id("rg", "kv-one"),
    ];
    let fake = saying(200, &json!({"value": ids.map(|id| json!({"id": id}))}));
    let listing = fake.run(arm(&fake).vaults_of(&sub()));
    assert_eq!(
        paths(listing.items),
        [format!("{SUB}:RG-One:kv-two"), format!("{SUB}:rg:kv-one")]
    );
    let odd: Vec<String> = listing.odd.iter().map(CallError::briefly).collect();
    assert_eq!(
        odd,
        ["an entry is not the resource id of a vault of the subscription"; 4]
    );
}
