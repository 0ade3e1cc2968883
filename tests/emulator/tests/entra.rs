//! The token endpoint, as a client sees it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use azure_emulator::Seed;
use common::*;
use serde_json::json as value;

const HOST: &str = "login.microsoftonline.com";
const SCOPE: &str = "https://vault.azure.net/.default";

#[tokio::test]
async fn the_right_secret_gives_a_token_with_integer_lifetimes() {
    let emulator = built_in();
    let request = token_request(HOST, TENANT, &credentials(SECRET, SCOPE));
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    let body = json(&response);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], value!(3599));
    assert_eq!(body["ext_expires_in"], value!(3599));
    assert_eq!(body["access_token"].as_str().unwrap().split('.').count(), 3);
}

#[tokio::test]
async fn every_refusal_has_its_code_and_status() {
    let emulator = built_in();
    let with = |key: &'static str, value: &'static str| -> Vec<(&'static str, &'static str)> {
        credentials(SECRET, SCOPE)
            .into_iter()
            .filter(|(k, _)| *k != key)
            .chain((!value.is_empty()).then_some((key, value)))
            .collect()
    };
    let nobody = "44444444-4444-4444-8444-444444444444";
    for (tenant, pairs, status, error, code) in [
        (
            TENANT,
            with("client_secret", "wrong"),
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            TENANT,
            with("client_secret", ""),
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            TENANT,
            with("client_assertion", "eyJ"),
            400,
            "invalid_request",
            900_144,
        ),
        (
            TENANT,
            with("client_id", nobody),
            400,
            "unauthorized_client",
            700_016,
        ),
        (nobody, with("x", ""), 400, "invalid_request", 90_002),
        (
            "contoso.example",
            with("x", ""),
            400,
            "invalid_request",
            90_002,
        ),
        ("con_toso", with("x", ""), 400, "invalid_request", 900_023),
        (
            TENANT,
            with("scope", "https://vault.azure.net"),
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            TENANT,
            with("scope", "a b/.default"),
            400,
            "invalid_scope",
            70_011,
        ),
        (
            TENANT,
            with("scope", "a/.default b/.default"),
            400,
            "invalid_scope",
            700_022,
        ),
        (
            TENANT,
            with("scope", "https://elsewhere.example/.default"),
            400,
            "invalid_resource",
            500_011,
        ),
        (
            TENANT,
            with("scope", "https://vault.azure.cn/.default"),
            400,
            "invalid_resource",
            500_011,
        ),
        (
            TENANT,
            with("grant_type", "password"),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (
            TENANT,
            with("grant_type", ""),
            400,
            "invalid_request",
            900_144,
        ),
        (TENANT, with("scope", ""), 400, "invalid_request", 900_144),
    ] {
        let response = emulator
            .handle(token_request(HOST, tenant, &pairs))
            .await
            .unwrap();
        let body = json(&response);
        assert_eq!(response.status(), status, "{pairs:?} {body}");
        assert_eq!(body["error"], error, "{pairs:?}");
        assert_eq!(body["error_codes"], value!([code]), "{pairs:?}");
        let text = body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
        assert!(text.ends_with("Timestamp: 2026-08-20 10:15:30Z"), "{text}");
        assert!(text.contains(body["trace_id"].as_str().unwrap()));
        assert!(text.contains(body["correlation_id"].as_str().unwrap()));
        assert!(
            !text.contains(SECRET) && !text.contains("'wrong'"),
            "{text}"
        );
        assert_eq!(body["timestamp"], "2026-08-20 10:15:30Z");
        assert_eq!(
            body["error_uri"],
            format!("https://login.microsoftonline.com/error?code={code}")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_expires_when_the_clock_reaches_its_date() {
    let text = Seed::built_in_text().replace(
        "secret = \"sp-secret~1\"",
        "secret = \"sp-secret~1\"\nsecret-expires = 2026-08-20T11:00:00Z",
    );
    let emulator = emulator(&Seed::parse(&text).unwrap());
    token(&emulator).await;
    tokio::time::advance(std::time::Duration::from_secs(3_600)).await;
    let request = token_request(HOST, TENANT, &credentials(SECRET, SCOPE));
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(json(&response)["error_codes"], value!([7_000_222]));
}

#[tokio::test]
async fn a_get_is_told_that_only_post_works() {
    let emulator = built_in();
    let url = format!("https://{HOST}/{TENANT}/oauth2/v2.0/token");
    let response = fetch(&emulator, &url, "none").await;
    assert_eq!(response.status(), 400);
    assert_eq!(json(&response)["error_codes"], value!([900_561]));
}

#[tokio::test]
async fn each_cloud_has_its_own_authority_and_resource() {
    let emulator = built_in();
    for (host, scope, vault) in [
        (
            "login.chinacloudapi.cn",
            "https://vault.azure.cn/.default",
            "kv-one.vault.azure.cn",
        ),
        (
            "login.microsoftonline.us",
            "https://vault.usgovcloudapi.net/.default",
            "kv-one.vault.usgovcloudapi.net",
        ),
    ] {
        let token = token_for(&emulator, host, TENANT, scope).await;
        let list = |vault| format!("https://{vault}/certificates?api-version=7.6");
        assert_eq!(
            fetch(&emulator, &list(vault), &token).await.status(),
            200,
            "{vault}"
        );
        let (status, _, message) = error(&emulator, &list("kv-one.vault.azure.net"), &token).await;
        assert_eq!(status, 401);
        assert!(
            message.starts_with("AKV10022: Invalid audience."),
            "{message}"
        );
    }
}

fn seed_of(application: &str) -> Seed {
    let text = Seed::built_in_text().replacen(
        "secret = \"sp-secret~1\"\n",
        &format!("secret = \"sp-secret~1\"\n{application}\n"),
        1,
    );
    Seed::parse(&text).unwrap()
}

async fn refused(emulator: &azure_emulator::Emulator, host: &str, pairs: &[(&str, &str)]) -> u64 {
    let request = token_request(host, TENANT, pairs);
    let response = emulator.handle(request).await.unwrap();
    assert_ne!(response.status(), 200);
    json(&response)["error_codes"][0].as_u64().unwrap()
}

#[tokio::test]
async fn applications_can_be_disabled_public_unknown_here_or_kept_out() {
    for (application, code) in [
        ("disabled = true", 7_000_112),
        ("public-client = true", 700_025),
        ("refused = 53003", 53_003),
    ] {
        let emulator = emulator(&seed_of(application));
        let pairs = credentials(SECRET, SCOPE);
        assert_eq!(
            refused(&emulator, HOST, &pairs).await,
            code,
            "{application}"
        );
    }
    let text = format!(
        "[[tenant]]\nid = \"{TENANT}\"\n[[application]]\nclient-id = \"{CLIENT}\"\nsecret = \"{SECRET}\"\ntenants = []\nwithout-principal-in = [\"{TENANT}\"]\n"
    );
    let emulator = emulator(&Seed::parse(&text).unwrap());
    assert_eq!(
        refused(&emulator, HOST, &credentials(SECRET, SCOPE)).await,
        7_000_229
    );
}

#[tokio::test(start_paused = true)]
async fn a_federated_assertion_is_as_good_as_a_secret_while_all_of_it_matches() {
    // As the built-in seed has them.
    let (issuer, subject) = ("https://issuer.test", "akv");
    let audience = "api://AzureADTokenExchange";
    let emulator = built_in();
    let mint = |issuer, subject, audience| {
        let lifetime = std::time::Duration::from_secs(600);
        emulator
            .assertion(issuer, subject, audience, lifetime)
            .unwrap()
    };
    let good = mint(issuer, subject, audience);
    let form = |assertion: &str| -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "client_credentials".into()),
            ("client_id", CLIENT.into()),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".into(),
            ),
            ("client_assertion", assertion.into()),
            ("scope", SCOPE.into()),
        ]
    };
    let send = async |assertion: &str| {
        let form = form(assertion);
        let pairs: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let response = emulator.handle(token_request(HOST, TENANT, &pairs)).await;
        json(&response.unwrap())
    };
    assert!(send(&good).await["access_token"].is_string());
    let (signed, _) = good.rsplit_once('.').unwrap();
    for (assertion, code) in [
        (mint("https://other.example", subject, audience), 700_211),
        (mint(issuer, "someone else", audience), 700_213),
        (mint("https://Issuer.test", subject, audience), 7_002_138),
        (mint(issuer, "AKV", audience), 7_002_138),
        (
            mint(issuer, subject, "api://azureadtokenexchange"),
            7_002_138,
        ),
        (mint(issuer, subject, "api://other"), 700_212),
        (mint(CLIENT, CLIENT, audience), 700_027),
        (format!("{signed}.AAAA"), 700_027),
        ("eyJ".to_owned(), 50_027),
    ] {
        assert_eq!(send(&assertion).await["error_codes"][0], code);
    }
    let refused = send(&mint(issuer, "AKV", audience)).await;
    let text = refused["error_description"].as_str().unwrap();
    let expected = "AADSTS7002138: No matching federated identity record found for presented assertion subject 'AKV'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison.";
    assert!(text.starts_with(expected), "{text}");
    tokio::time::advance(std::time::Duration::from_secs(901)).await;
    assert_eq!(send(&good).await["error_codes"][0], 700_024);
}

#[tokio::test]
async fn a_tenant_of_another_cloud_is_a_cross_cloud_request() {
    let text =
        Seed::built_in_text().replacen("[[tenant]]\n", "[[tenant]]\nclouds = [\"china\"]\n", 1);
    let emulator = emulator(&Seed::parse(&text).unwrap());
    let pairs = credentials(SECRET, SCOPE);
    assert_eq!(refused(&emulator, HOST, &pairs).await, 900_382);
    let scope = "https://vault.azure.cn/.default";
    token_for(&emulator, "login.chinacloudapi.cn", TENANT, scope).await;
}

#[tokio::test]
async fn azure_resource_manager_has_tokens_for_both_its_audiences_in_every_cloud() {
    let emulator = built_in();
    for (host, scope) in [
        (HOST, "https://management.azure.com/.default"),
        (HOST, "https://management.core.windows.net//.default"),
        (
            "login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
        ),
        (
            "login.partner.microsoftonline.cn",
            "https://management.core.chinacloudapi.cn/.default",
        ),
        (
            "login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/.default",
        ),
    ] {
        token_for(&emulator, host, TENANT, scope).await;
    }
}

#[tokio::test]
async fn the_client_may_name_itself_in_http_basic_and_send_claims() {
    let emulator = built_in();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
        ("claims", "{\"access_token\":{}}"),
    ];
    let mut request = token_request(HOST, TENANT, &pairs);
    use base64::Engine as _;
    let both = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT}:sp-secret%7E1"));
    request
        .headers_mut()
        .insert("authorization", format!("Basic {both}").parse().unwrap());
    assert_eq!(emulator.handle(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn lifetimes_are_the_seeds() {
    let text = format!(
        "{}\n[tokens]\nlifetime-seconds = 86399\nrefresh-in-seconds = 43199\n",
        Seed::built_in_text()
    );
    let emulator = emulator(&Seed::parse(&text).unwrap());
    let request = token_request(HOST, TENANT, &credentials(SECRET, SCOPE));
    let body = json(&emulator.handle(request).await.unwrap());
    assert_eq!(
        (&body["expires_in"], &body["refresh_in"]),
        (&value!(86_399), &value!(43_199))
    );
}

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint_and_its_keys() {
    let emulator = built_in();
    for host in [HOST, "login.chinacloudapi.cn", "login.microsoftonline.us"] {
        let url = format!(
            "https://{HOST}/common/discovery/instance?api-version=1.1&authorization_endpoint=https://{host}/{TENANT}/oauth2/v2.0/authorize"
        );
        let instance = json(&fetch(&emulator, &url, "").await);
        let next = instance["tenant_discovery_endpoint"].as_str().unwrap();
        assert_eq!(
            next,
            format!("https://{host}/{TENANT}/v2.0/.well-known/openid-configuration")
        );
        let aliases = instance["metadata"].as_array().unwrap();
        assert!(
            aliases
                .iter()
                .any(|m| m["aliases"].as_array().unwrap().contains(&value!(host)))
        );
        let configuration = json(&fetch(&emulator, next, "").await);
        assert_eq!(
            configuration["token_endpoint"],
            format!("https://{host}/{TENANT}/oauth2/v2.0/token")
        );
        let keys = configuration["jwks_uri"].as_str().unwrap().to_owned();
        let keys = json(&fetch(&emulator, &keys, "").await);
        assert_eq!(keys["keys"][0]["e"], "AQAB");
    }
    let foreign = format!(
        "https://{HOST}/common/discovery/instance?api-version=1.1&authorization_endpoint=https://evil.example/x"
    );
    assert_eq!(
        json(&fetch(&emulator, &foreign, "").await)["error"],
        "invalid_instance"
    );
}
