//! Every error of a vault that a client can tell apart: status, code, inner code and words.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
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

/// How the vault comes to answer so; the request; status, code and inner code; what the message holds.
const ROWS: &str = r#"
// What a request can have wrong.
always             | POST /certificates/new/import              | 400 BadParameter - | JSON
always             | GET /certificates/www.domain.tld           | 400 BadParameter - | The request URI contains an invalid name: www.domain.tld
always             | GET /certificates/cert-01/1                | 400 BadParameter - | invalid version
always             | GET /certificates?maxresults=26            | 400 BadParameter - | maxresults
always             | GET /certificates?$skiptoken=x             | 400 BadParameter - | $skiptoken
always             | PUT /certificates/cert-01                  | 405 MethodNotAllowed - | PUT
always             | GET /nothing                               | 404 NotFound - | /nothing
// Who is asking.
without a token    | GET /certificates/cert-01                  | 401 Unauthorized - | AKV10000: Request is missing a Bearer or PoP token.
for ARM            | GET /certificates/cert-01                  | 401 Unauthorized - | AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com.
of another tenant  | GET /certificates/cert-01                  | 401 Unauthorized - | AKV10032: Invalid issuer. Expected one of https://sts.windows.net/11111111-1111-4111-8111-111111111111/, found https://sts.windows.net/99999999-9999-4999-8999-999999999999/.
forged             | GET /certificates/cert-01                  | 401 Unauthorized - | AKV10046
expired            | GET /certificates/cert-01                  | 401 Unauthorized - | TokenExpired
InsufficientClaims | GET /certificates/cert-01                  | 401 Unauthorized - | Continuous access evaluation
// The kinds of forbidden.
denied             | GET /certificates/cert-01                  | 403 Forbidden ForbiddenByRbac | Action: 'Microsoft.KeyVault/vaults/certificates/read'
denied             | POST /certificates/cert-01/import          | 403 Forbidden ForbiddenByRbac | Action: 'Microsoft.KeyVault/vaults/certificates/import/action'
denied             | GET /secrets/cert-01                       | 403 Forbidden ForbiddenByRbac | Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'
denied by policy   | POST /certificates/cert-01/import          | 403 Forbidden AccessDenied | does not have certificates import permission on key vault 'kv-x;location=eastus'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287
denied by policy   | DELETE /certificates/contacts              | 403 Forbidden AccessDenied | does not have certificates managecontacts permission
ForbiddenByPolicy  | GET /certificates/cert-01                  | 403 Forbidden ForbiddenByPolicy | does not have certificates get permission on key vault 'kv-x;location=eastus'.
firewall           | GET /certificates/cert-01                  | 403 Forbidden ForbiddenByFirewall | Client address is not authorized and caller is not a trusted service.
private link       | GET /certificates/cert-01                  | 403 Forbidden ForbiddenByConnection | Public network access is disabled and request is not from a trusted service nor via an approved private link.
unapproved link    | GET /certificates/cert-01                  | 403 Forbidden ForbiddenByConnection | Connection is not an approved private link and caller was ignored because
disabled           | GET /secrets/cert-01                       | 403 Forbidden SecretDisabled | disabled secret
protected          | DELETE /deletedcertificates/cert-01        | 403 Forbidden - | Operation "purge" is not allowed because purge protection is enabled for this vault.
// What is not there.
always             | GET /certificates/none                     | 404 CertificateNotFound - | A certificate with (name/id) none was not found in this key vault.
deleted            | GET /certificates/cert-01                  | 404 CertificateNotFound - | A certificate with (name/id) cert-01 was not found
deleted            | DELETE /certificates/cert-01               | 404 CertificateNotFound - | cert-01
always             | GET /deletedcertificates/none              | 404 CertificateNotFound - | Deleted Certificate not found: none
always             | POST /deletedcertificates/cert-01/recover  | 404 CertificateNotFound - | Deleted Certificate not found: cert-01
always             | GET /certificates/cert-01/pending          | 404 PendingCertificateNotFound - | Pending certificate not found: cert-01
always             | GET /certificates/contacts                 | 404 ContactsNotFound - | Contacts not found
always             | GET /certificates/issuers/one              | 404 CertificateIssuerNotFound - | Issuer not found
always             | GET /secrets/none                          | 404 SecretNotFound - | A secret with (name/id) none was not found in this key vault.
// What is in the way.
deleting           | POST /certificates/cert-01/import          | 409 Conflict ObjectIsBeingDeleted | currently being deleted
deleting           | DELETE /deletedcertificates/cert-01        | 409 Conflict ObjectIsBeingDeleted | currently being deleted
deleted            | POST /certificates/cert-01/import          | 409 Conflict ObjectIsDeletedButRecoverable | Certificate cert-01 is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the certificate can only be recovered or purged.
recovering         | POST /certificates/cert-01/import          | 409 Conflict ObjectIsBeingRecovered | currently being recovered
recovering         | DELETE /certificates/cert-01               | 409 Conflict ObjectIsBeingRecovered | currently being recovered
pending            | POST /certificates/cert-01/create          | 409 Conflict - | A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.
ConflictDeletingPending | DELETE /certificates/cert-01/pending  | 409 Conflict - | There was a conflict while deleting the pending certificate 'https://kv-x.vault.azure.net/certificates/
ConflictRecovering | POST /deletedcertificates/cert-01/recover  | 409 Conflict - | There was a conflict while recovering the soft-deleted certificate
// Too much.
throttled          | GET /certificates/cert-01                  | 429 Throttled - | Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached
throttled          | POST /certificates/cert-01/import          | 429 Throttled - | Reason: VaultOperationLimitReached
// The service's own troubles.
InternalServerError | GET /certificates/cert-01                 | 500 InternalServerError - | temporarily
BadGateway         | GET /certificates/cert-01                  | 502 BadGateway - | temporarily
ServiceUnavailable | GET /certificates/cert-01                  | 503 ServiceUnavailable - | temporarily
GatewayTimeout     | GET /certificates/cert-01                  | 504 GatewayTimeout - | temporarily
// What the emulator does not play, said plainly.
always             | GET /keys/cert-01                          | 501 NotEmulated - | keys
always             | PUT /secrets/a                             | 501 NotEmulated - | secrets
"#;

struct Row {
    when: &'static str,
    method: &'static str,
    path: &'static str,
    status: u16,
    code: &'static str,
    inner: &'static str,
    words: &'static str,
}

fn rows() -> impl Iterator<Item = Row> {
    let lines = ROWS
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with("//"));
    lines.map(|line| {
        let cells: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
        let (method, path) = cells[1].split_once(' ').unwrap();
        let codes: Vec<&str> = cells[2].split(' ').collect();
        Row {
            when: cells[0],
            method,
            path,
            status: codes[0].parse().unwrap(),
            code: codes[1],
            inner: codes[2],
            words: cells[3],
        }
    })
}

async fn client(when: &str) -> Client {
    let limited = "[throttling]\nshape = \"fixed-window\"\ntransactions = 1\nimports = 0\n";
    let head = if when == "throttled" { limited } else { "" };
    let people = Seed::built_in_text().split("[[vault]]").next().unwrap();
    let table = common::vault_table("kv-x", "certificates = 1");
    let seed = Seed::parse(&format!("{head}{people}\n{table}")).unwrap();
    let mut client = Client::of_seed(&seed).await;
    let vault = client.emulator.vault(HOST).unwrap();
    use CertificatePermission as C;
    let all = [C::Get, C::List, C::Import, C::Delete, C::ManageContacts];
    let login = "login.microsoftonline.com";
    match when {
        "always" => {}
        "without a token" => client.token = String::new(),
        "for ARM" => client.token = common::arm_token(&client.emulator).await,
        "of another tenant" => {
            let scope = "https://vault.azure.net/.default";
            client.token = common::token_for(&client.emulator, login, OTHER_TENANT, scope).await;
        }
        "forged" => {
            let cut = client.token.rfind('.').unwrap();
            client.token = format!("{}.{}", &client.token[..cut], "A".repeat(342));
        }
        "expired" => pass(2 * 3_600).await,
        "denied" => vault.deny(CLIENT, &all, &[SecretPermission::Get]),
        "denied by policy" => {
            vault.set_rbac(false);
            vault.allow_only(CLIENT, &[C::Get], &[]);
        }
        "firewall" => vault.set_network(Network::Firewall),
        "private link" => vault.set_network(Network::PrivateLink),
        "unapproved link" => vault.set_network(Network::UnapprovedLink),
        "disabled" => {
            let patch = json!({"attributes": {"enabled": false}});
            client.ok("PATCH", "/certificates/cert-01", &patch).await;
        }
        "protected" | "deleting" | "deleted" | "recovering" => {
            client.ok("DELETE", "/certificates/cert-01", &NONE).await;
            if when != "deleting" {
                pass(3).await;
            }
            if when == "protected" {
                vault.protect_from_purge();
            }
            if when == "recovering" {
                let path = "/deletedcertificates/cert-01/recover";
                client.ok("POST", path, &NONE).await;
            }
        }
        "pending" => {
            let path = "/certificates/cert-01/create";
            let made = client.send("POST", path, &self_signed()).await;
            assert_eq!(made.0, 202, "{made:?}");
        }
        "throttled" => assert_eq!(client.get("/certificates").await.0, 200),
        name if name.starts_with(char::is_uppercase) => client.emulator.inject(Fault::error(name)),
        other => panic!("nothing leads to {other:?}"),
    }
    client
}

fn self_signed() -> Value {
    json!({"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}}})
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_its_status_codes_and_words() {
    for row in rows() {
        let client = client(row.when).await;
        let body = match row.path {
            "/certificates/cert-01/import" => {
                json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD})
            }
            "/certificates/cert-01/create" => self_signed(),
            _ => NONE,
        };
        let response = client.ask(row.method, row.path, &body).await;
        let line = format!("{}: {} {}", row.when, row.method, row.path);
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
        let by_fault = row.when.starts_with(char::is_uppercase);
        assert!(
            by_fault || headers.contains_key("x-ms-request-id"),
            "{line}"
        );
    }
}

/// What a fault can ask for by name; where several refusals share their codes, by a name of ours.
const ON_DEMAND: &str = "
BadParameter 400 BadParameter -
Unauthorized 401 Unauthorized -
AKV10000 401 Unauthorized -
AKV10022 401 Unauthorized -
AKV10032 401 Unauthorized -
AKV10046 401 Unauthorized -
TokenExpired 401 Unauthorized -
InsufficientClaims 401 Unauthorized -
ForbiddenByRbac 403 Forbidden ForbiddenByRbac
AccessDenied 403 Forbidden AccessDenied
ForbiddenByPolicy 403 Forbidden ForbiddenByPolicy
ForbiddenByFirewall 403 Forbidden ForbiddenByFirewall
ForbiddenByConnection 403 Forbidden ForbiddenByConnection
UnapprovedPrivateLink 403 Forbidden ForbiddenByConnection
SecretDisabled 403 Forbidden SecretDisabled
PurgeProtected 403 Forbidden -
CertificateNotFound 404 CertificateNotFound -
PendingCertificateNotFound 404 PendingCertificateNotFound -
ContactsNotFound 404 ContactsNotFound -
CertificateIssuerNotFound 404 CertificateIssuerNotFound -
SecretNotFound 404 SecretNotFound -
RequestTimeout 408 RequestTimeout -
ObjectIsDeletedButRecoverable 409 Conflict ObjectIsDeletedButRecoverable
ObjectIsBeingDeleted 409 Conflict ObjectIsBeingDeleted
ObjectIsBeingRecovered 409 Conflict ObjectIsBeingRecovered
Conflict 409 Conflict -
ConflictRecovering 409 Conflict -
ConflictCreatingPending 409 Conflict -
ConflictDeletingPending 409 Conflict -
ConflictMergingPending 409 Conflict -
ConflictRestoring 409 Conflict -
ConflictStandAlone 409 Conflict -
Throttled 429 Throttled -
VaultRequestTypeLimitReached 429 Throttled -
VaultOperationLimitReached 429 Throttled -
InternalServerError 500 InternalServerError -
BadGateway 502 BadGateway -
ServiceUnavailable 503 ServiceUnavailable -
GatewayTimeout 504 GatewayTimeout -
";

#[tokio::test]
async fn a_fault_can_ask_for_every_refusal_by_name() {
    let client = Client::of_kv_one().await;
    let readme = include_str!("../README.md");
    for line in ON_DEMAND.lines().filter(|l| !l.is_empty()) {
        let cells: Vec<&str> = line.split(' ').collect();
        client.emulator.inject(Fault::error(cells[0]).times(1));
        let (status, code, inner) = client.refused("GET", "/certificates/cert-01", &NONE).await;
        let expected = (cells[1].parse().unwrap(), cells[2], cells[3]);
        assert_eq!((status, code.as_str(), inner.as_str()), expected, "{line}");
        assert!(readme.contains(cells[0]), "the README names {}", cells[0]);
    }
}
