//! Every error of a vault that a client can tell apart: status, code, inner code and words.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use azure_emulator::{CertificatePermission, Fault, Network, SecretPermission, Seed};
use client::*;
use common::{CLIENT, OTHER_TENANT};
use serde_json::{Value, json};

const NONE: Value = Value::Null;
const HOST: &str = "kv-x.vault.azure.net";

/// How a vault comes to answer so.
#[derive(Clone, Copy, Debug)]
enum When {
    Always,
    NoToken,
    OtherAudience,
    OtherTenant,
    Forged,
    Expired,
    Denied,
    DeniedByPolicy,
    Firewall,
    PrivateLink,
    Disabled,
    Protected,
    Deleting,
    Deleted,
    Recovering,
    Throttled,
}

struct Row {
    when: When,
    method: &'static str,
    path: &'static str,
    status: u16,
    code: &'static str,
    inner: &'static str,
    words: &'static str,
}

const fn row(
    when: When,
    request: (&'static str, &'static str),
    status: u16,
    code: &'static str,
    inner: &'static str,
    words: &'static str,
) -> Row {
    let (method, path) = request;
    Row {
        when,
        method,
        path,
        status,
        code,
        inner,
        words,
    }
}

const GET: (&str, &str) = ("GET", "/certificates/cert-01");
const IMPORT: (&str, &str) = ("POST", "/certificates/cert-01/import");

const ROWS: &[Row] = &[
    // What a request can have wrong.
    row(
        When::Always,
        ("POST", "/certificates/new/import"),
        400,
        "BadParameter",
        "-",
        "JSON",
    ),
    row(
        When::Always,
        ("GET", "/certificates/www.domain.tld"),
        400,
        "BadParameter",
        "-",
        "The request URI contains an invalid name: www.domain.tld",
    ),
    row(
        When::Always,
        ("GET", "/certificates/cert-01/1"),
        400,
        "BadParameter",
        "-",
        "invalid version",
    ),
    row(
        When::Always,
        ("GET", "/certificates?maxresults=26"),
        400,
        "BadParameter",
        "-",
        "maxresults",
    ),
    row(
        When::Always,
        ("GET", "/certificates?$skiptoken=x"),
        400,
        "BadParameter",
        "-",
        "$skiptoken",
    ),
    row(
        When::Always,
        ("PUT", "/certificates/cert-01"),
        405,
        "MethodNotAllowed",
        "-",
        "PUT",
    ),
    row(
        When::Always,
        ("GET", "/nothing"),
        404,
        "NotFound",
        "-",
        "/nothing",
    ),
    // Who is asking.
    row(
        When::NoToken,
        GET,
        401,
        "Unauthorized",
        "-",
        "AKV10000: Request is missing a Bearer or PoP token.",
    ),
    row(
        When::OtherAudience,
        GET,
        401,
        "Unauthorized",
        "-",
        "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com.",
    ),
    row(
        When::OtherTenant,
        GET,
        401,
        "Unauthorized",
        "-",
        "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/11111111-1111-4111-8111-111111111111/, found https://sts.windows.net/99999999-9999-4999-8999-999999999999/.",
    ),
    row(When::Forged, GET, 401, "Unauthorized", "-", "AKV10046"),
    row(When::Expired, GET, 401, "Unauthorized", "-", "TokenExpired"),
    // The kinds of forbidden.
    row(
        When::Denied,
        GET,
        403,
        "Forbidden",
        "ForbiddenByRbac",
        "Action: 'Microsoft.KeyVault/vaults/certificates/read'",
    ),
    row(
        When::Denied,
        IMPORT,
        403,
        "Forbidden",
        "ForbiddenByRbac",
        "Action: 'Microsoft.KeyVault/vaults/certificates/import/action'",
    ),
    row(
        When::Denied,
        ("GET", "/secrets/cert-01"),
        403,
        "Forbidden",
        "ForbiddenByRbac",
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'",
    ),
    row(
        When::DeniedByPolicy,
        IMPORT,
        403,
        "Forbidden",
        "AccessDenied",
        "does not have certificates import permission on key vault 'kv-x;location=eastus'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
    ),
    row(
        When::DeniedByPolicy,
        ("DELETE", "/certificates/contacts"),
        403,
        "Forbidden",
        "AccessDenied",
        "does not have certificates managecontacts permission",
    ),
    row(
        When::Firewall,
        GET,
        403,
        "Forbidden",
        "ForbiddenByFirewall",
        "Client address is not authorized and caller is not a trusted service.\r\nClient address: ",
    ),
    row(
        When::PrivateLink,
        GET,
        403,
        "Forbidden",
        "ForbiddenByConnection",
        "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: ",
    ),
    row(
        When::Disabled,
        ("GET", "/secrets/cert-01"),
        403,
        "Forbidden",
        "SecretDisabled",
        "disabled secret",
    ),
    row(
        When::Protected,
        ("DELETE", "/deletedcertificates/cert-01"),
        403,
        "Forbidden",
        "-",
        "Operation \"purge\" is not allowed because purge protection is enabled for this vault.",
    ),
    // What is not there.
    row(
        When::Always,
        ("GET", "/certificates/none"),
        404,
        "CertificateNotFound",
        "-",
        "A certificate with (name/id) none was not found in this key vault.",
    ),
    row(
        When::Deleted,
        ("GET", "/certificates/cert-01"),
        404,
        "CertificateNotFound",
        "-",
        "A certificate with (name/id) cert-01 was not found",
    ),
    row(
        When::Deleted,
        ("DELETE", "/certificates/cert-01"),
        404,
        "CertificateNotFound",
        "-",
        "cert-01",
    ),
    row(
        When::Always,
        ("GET", "/deletedcertificates/none"),
        404,
        "CertificateNotFound",
        "-",
        "Deleted Certificate not found: none",
    ),
    row(
        When::Always,
        ("POST", "/deletedcertificates/cert-01/recover"),
        404,
        "CertificateNotFound",
        "-",
        "Deleted Certificate not found: cert-01",
    ),
    row(
        When::Always,
        ("GET", "/certificates/cert-01/pending"),
        404,
        "PendingCertificateNotFound",
        "-",
        "Pending certificate not found: cert-01",
    ),
    row(
        When::Always,
        ("GET", "/certificates/contacts"),
        404,
        "ContactsNotFound",
        "-",
        "Contacts not found",
    ),
    row(
        When::Always,
        ("GET", "/certificates/issuers/one"),
        404,
        "CertificateIssuerNotFound",
        "-",
        "Issuer not found",
    ),
    row(
        When::Always,
        ("GET", "/secrets/none"),
        404,
        "SecretNotFound",
        "-",
        "A secret with (name/id) none was not found in this key vault.",
    ),
    // What is in the way.
    row(
        When::Deleting,
        IMPORT,
        409,
        "Conflict",
        "ObjectIsBeingDeleted",
        "currently being deleted",
    ),
    row(
        When::Deleting,
        ("DELETE", "/deletedcertificates/cert-01"),
        409,
        "Conflict",
        "ObjectIsBeingDeleted",
        "currently being deleted",
    ),
    row(
        When::Deleted,
        IMPORT,
        409,
        "Conflict",
        "ObjectIsDeletedButRecoverable",
        "Certificate cert-01 is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the certificate can only be recovered or purged.",
    ),
    row(
        When::Recovering,
        IMPORT,
        409,
        "Conflict",
        "ObjectIsBeingRecovered",
        "currently being recovered",
    ),
    row(
        When::Recovering,
        ("DELETE", "/certificates/cert-01"),
        409,
        "Conflict",
        "ObjectIsBeingRecovered",
        "currently being recovered",
    ),
    // Too much.
    row(
        When::Throttled,
        GET,
        429,
        "Throttled",
        "-",
        "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
    ),
    // What the emulator does not play, said plainly.
    row(
        When::Always,
        ("POST", "/certificates/cert-01/backup"),
        501,
        "NotEmulated",
        "-",
        "backup and restore",
    ),
    row(
        When::Always,
        ("POST", "/certificates/restore"),
        501,
        "NotEmulated",
        "-",
        "backup and restore",
    ),
    row(
        When::Always,
        ("GET", "/keys/cert-01"),
        501,
        "NotEmulated",
        "-",
        "keys",
    ),
    row(
        When::Always,
        ("PUT", "/secrets/a"),
        501,
        "NotEmulated",
        "-",
        "secrets",
    ),
];

async fn client(when: When) -> Client {
    let limited = "[throttling]\nshape = \"fixed-window\"\ntransactions = 1\n";
    let head = if matches!(when, When::Throttled) {
        limited
    } else {
        ""
    };
    let people = Seed::built_in_text().split("[[vault]]").next().unwrap();
    let table = common::vault_table("kv-x", "certificates = 1");
    let seed = Seed::parse(&format!("{head}{people}\n{table}")).unwrap();
    let mut client = Client::of_seed(&seed).await;
    let vault = client.emulator.vault(HOST).unwrap();
    use CertificatePermission as C;
    let all = [C::Get, C::List, C::Import, C::Delete, C::ManageContacts];
    let login = "login.microsoftonline.com";
    match when {
        When::Always => {}
        When::NoToken => client.token = String::new(),
        When::OtherAudience => client.token = common::arm_token(&client.emulator).await,
        When::OtherTenant => {
            let scope = "https://vault.azure.net/.default";
            client.token = common::token_for(&client.emulator, login, OTHER_TENANT, scope).await;
        }
        When::Forged => {
            let cut = client.token.rfind('.').unwrap();
            client.token = format!("{}.{}", &client.token[..cut], "A".repeat(342));
        }
        When::Expired => pass(2 * 3_600).await,
        When::Denied => vault.deny(CLIENT, &all, &[SecretPermission::Get]),
        When::DeniedByPolicy => {
            vault.set_rbac(false);
            vault.allow_only(CLIENT, &[C::Get], &[]);
        }
        When::Firewall => vault.set_network(Network::Firewall),
        When::PrivateLink => vault.set_network(Network::PrivateLink),
        When::Disabled => {
            let patch = json!({"attributes": {"enabled": false}});
            client.ok("PATCH", "/certificates/cert-01", &patch).await;
        }
        When::Protected | When::Deleting | When::Deleted | When::Recovering => {
            client.ok("DELETE", "/certificates/cert-01", &NONE).await;
            if !matches!(when, When::Deleting) {
                pass(3).await;
            }
            if matches!(when, When::Protected) {
                vault.protect_from_purge();
            }
            if matches!(when, When::Recovering) {
                let path = "/deletedcertificates/cert-01/recover";
                client.ok("POST", path, &NONE).await;
            }
        }
        When::Throttled => assert_eq!(client.get("/certificates").await.0, 200),
    }
    client
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_its_status_codes_and_words() {
    for row in ROWS {
        let client = client(row.when).await;
        let body = if row.path.ends_with("cert-01/import") {
            json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD})
        } else {
            NONE
        };
        let response = client.ask(row.method, row.path, &body).await;
        let line = format!("{:?}: {} {}", row.when, row.method, row.path);
        let headers = response.headers();
        let got = common::json(&response);
        let error = &got["error"];
        let inner = error["innererror"]["code"].as_str().unwrap_or("-");
        assert_eq!(
            (
                response.status().as_u16(),
                error["code"].as_str().unwrap(),
                inner
            ),
            (row.status, row.code, row.inner),
            "{line}: {got}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(row.words), "{line}: {message}");
        assert_eq!(
            headers.contains_key("www-authenticate"),
            row.status == 401,
            "{line}"
        );
        assert!(!headers.contains_key("retry-after"), "{line}");
        assert!(headers.contains_key("x-ms-request-id"), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_count_by_kind_in_either_shape_and_refusals_are_not_counted() {
    for (shape, after_one, after_ten) in [("fixed-window", 0, 30), ("token-bucket", 3, 27)] {
        let people = Seed::built_in_text().split("[[vault]]").next().unwrap();
        let head = format!("[throttling]\nshape = \"{shape}\"\ntransactions = 30\nimports = 2\n");
        let two = common::vault_table("kv-x", "certificates = 1")
            + &common::vault_table("kv-y", "certificates = 1");
        let seed = Seed::parse(&format!("{head}{people}\n{two}")).unwrap();
        let client = Client::of_seed(&seed).await;
        // To the beginning of a window.
        pass(10 - common::NOW % 10).await;
        let burst = async |path: &str| {
            let mut taken = 0;
            for _ in 0..50 {
                taken += u32::from(client.get(path).await.0 == 200);
            }
            taken
        };
        assert_eq!(burst("/certificates/cert-01").await, 30, "{shape}");
        pass(1).await;
        assert_eq!(burst("/certificates").await, after_one, "{shape}");
        pass(9).await;
        assert_eq!(burst("/certificates").await, after_ten, "{shape}");
        let mut imports = Vec::new();
        for _ in 0..3 {
            let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
            imports.push(client.send("POST", "/certificates/a/import", &body).await.0);
        }
        assert_eq!(imports, [200, 200, 429], "{shape}");
        let other = Client::of(client.emulator.clone(), "https://kv-y.vault.azure.net").await;
        assert_eq!(
            other.get("/certificates").await.0,
            200,
            "another vault has its own"
        );
    }
}

#[tokio::test]
async fn a_vault_counts_nothing_unless_the_seed_says_so() {
    let client = Client::of_kv_one().await;
    for _ in 0..4_100 {
        assert_eq!(client.get("/certificates/cert-01").await.0, 200);
    }
}

#[tokio::test]
async fn who_is_allowed_something_may_do_that_alone() {
    let allow = format!(
        "certificates = 2\n[[vault.allow]]\nclient-id = \"{CLIENT}\"\ncertificates = [\"get\", \"import\"]\n[[vault.deny]]\nclient-id = \"{CLIENT}\"\ncertificates = [\"import\"]"
    );
    let client = Client::with(&allow).await;
    assert_eq!(client.get("/certificates/cert-01").await.0, 200);
    assert_eq!(client.get("/certificates").await.0, 403);
    assert_eq!(client.get("/secrets/cert-01").await.0, 403);
    assert_eq!(
        client
            .send("POST", "/certificates/a/import", &json!({}))
            .await
            .0,
        403
    );
    client.emulator.vault(HOST).unwrap().open();
    assert_eq!(client.get("/certificates").await.0, 200);
}

#[tokio::test]
async fn a_fault_can_ask_for_a_refusal_by_its_code() {
    let client = Client::of_kv_one().await;
    for (code, status) in [
        ("ForbiddenByRbac", 403),
        ("AccessDenied", 403),
        ("ForbiddenByFirewall", 403),
        ("ForbiddenByConnection", 403),
        ("SecretDisabled", 403),
        ("ObjectIsDeletedButRecoverable", 409),
        ("ObjectIsBeingDeleted", 409),
        ("ObjectIsBeingRecovered", 409),
    ] {
        client.emulator.inject(Fault::error(code).times(1));
        let got = client.refused("GET", "/certificates/cert-01", &NONE).await;
        assert_eq!((got.0, got.2.as_str()), (status, code));
    }
    for (code, status) in [
        ("CertificateNotFound", 404),
        ("Throttled", 429),
        ("Unauthorized", 401),
    ] {
        client.emulator.inject(Fault::error(code).times(1));
        let got = client.refused("GET", "/certificates/cert-01", &NONE).await;
        assert_eq!((got.0, got.1.as_str()), (status, code));
    }
}
