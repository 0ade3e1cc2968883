//! Whole checks against a vault and an Azure Resource Manager that are functions.

mod asked;
mod incomplete;

use std::time::Duration;

use super::*;
use crate::contract::{Credential, Secret, Status};
use crate::http::{Method, TransportError};
use crate::testing::{Answer, Fake, answer};

const EVERY: [JobKind; 5] = [
    JobKind::Inventory,
    JobKind::Add,
    JobKind::Remove,
    JobKind::CreateStore,
    JobKind::Discovery,
];
const OFFICER: &str = r#"{"value":[{"actions":["Microsoft.KeyVault/*/read"],"notActions":[],
    "dataActions":["Microsoft.KeyVault/vaults/certificates/*"],"notDataActions":[]}]}"#;
const READER: &str = r#"{"value":[{"actions":["*/read"],"notActions":[],
    "dataActions":["Microsoft.KeyVault/vaults/*/read"],"notDataActions":[]}]}"#;
const CONTRIBUTOR: &str = r#"{"value":[{"actions":["Microsoft.KeyVault/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read"],"notActions":[]}]}"#;
const ADMINISTRATOR: &str = r#"{"value":[{"actions":["Microsoft.KeyVault/*/read","Microsoft.Resources/subscriptions/resourceGroups/read"],
    "dataActions":["Microsoft.KeyVault/vaults/*"]}]}"#;
const NONE: &str = r#"{"value":[]}"#;
const ABSENT: &str = r#"{"error":{"code":"ResourceNotFound","message":"none"}}"#;
const FORBIDDEN: &str = r#"{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization to perform action 'Microsoft.Authorization/permissions/read' over scope '/x'."}}"#;
const RBAC: &str = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized.","innererror":{"code":"ForbiddenByRbac"}}}"#;
const POLICY: &str = r#"{"error":{"code":"Forbidden","message":"no list permission","innererror":{"code":"AccessDenied"}}}"#;

/// What the services say.
#[derive(Clone, Copy)]
struct Azure {
    token: u16,
    list: (u16, &'static str),
    /// To any name.
    get: Option<(u16, &'static str)>,
    in_vault: (u16, &'static str),
    vault: (u16, &'static str),
    subscription: (u16, &'static str),
    group: u16,
    in_group: (u16, &'static str),
    subscriptions: &'static str,
}

impl Default for Azure {
    fn default() -> Self {
        Azure {
            token: 200,
            list: (
                200,
                r#"{"value":[{"id":"https://kv-one.vault.azure.net/certificates/web-1"}]}"#,
            ),
            get: None,
            in_vault: (200, OFFICER),
            vault: (200, r#"{"properties":{"enableRbacAuthorization":true}}"#),
            subscription: (
                200,
                r#"{"tenantId":"11111111-1111-1111-1111-111111111111"}"#,
            ),
            group: 200,
            in_group: (200, CONTRIBUTOR),
            subscriptions: r#"{"value":[{"subscriptionId":"22222222-2222-4222-8222-222222222222","state":"Enabled"}]}"#,
        }
    }
}

impl Azure {
    fn answer(self, url: &str) -> Answer {
        const GROUP: &str = "/resourceGroups/rg-one?";
        let (status, body) = if url.contains("/oauth2/") {
            match self.token {
                200 => (200, r#"{"access_token":"t1","expires_in":3599}"#),
                status => (
                    status,
                    r#"{"error":"invalid_client","error_codes":[7000222]}"#,
                ),
            }
        } else if url.contains("/certificates?") {
            self.list
        } else if let Some(get) = self.get.filter(|_| url.contains("/certificates/")) {
            get
        } else if url.contains("/certificates/akv-check?") {
            (404, r#"{"error":{"code":"CertificateNotFound"}}"#)
        } else if url.contains("/certificates/web-1?") {
            (
                200,
                r#"{"id":"https://kv-one.vault.azure.net/certificates/web-1/1","cer":"MAMCAQU="}"#,
            )
        } else if url.contains("/vaults/kv-one/providers/Microsoft.Authorization/permissions?") {
            self.in_vault
        } else if url.contains("/vaults/kv-one?") {
            self.vault
        } else if url.contains("/subscriptions/22222222-2222-2222-2222-222222222222?") {
            self.subscription
        } else if url.contains("/resourceGroups/rg-one/providers/Microsoft.Authorization/") {
            self.in_group
        } else if url.contains(GROUP) {
            match self.group {
                200 => (200, r#"{"location":"eastus"}"#),
                status => (
                    status,
                    r#"{"error":{"code":"ResourceGroupNotFound","message":"none"}}"#,
                ),
            }
        } else if url.contains("/subscriptions?") {
            (200, self.subscriptions)
        } else {
            panic!("nobody answers {url}");
        };
        Ok(answer(status, body))
    }
}

fn job() -> Job {
    Job {
        attempt_id: "a".into(),
        time_limit: Duration::from_secs(900),
        credential: Credential::ClientSecret {
            client_id: "33333333-3333-3333-3333-333333333333".into(),
            secret: Secret::new("sp-secret~1".into()),
        },
        options: Vec::new(),
    }
}

fn store(path: &str) -> Store {
    Store {
        tenant: "11111111-1111-1111-1111-111111111111".into(),
        path: path.into(),
        properties: Vec::new(),
    }
}

fn check_at(path: &str, azure: Azure, kinds: &[JobKind]) -> (Outcome, Fake) {
    check_job(&job(), &store(path), azure, kinds)
}

fn check_with(options: &[(&str, &str)], azure: Azure, kinds: &[JobKind]) -> (Outcome, Fake) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let job = Job {
        options: options.iter().map(owned).collect(),
        ..job()
    };
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    check_job(&job, &store(path), azure, kinds)
}

fn check_job(job: &Job, store: &Store, azure: Azure, kinds: &[JobKind]) -> (Outcome, Fake) {
    let fake = Fake::new(move |sent, _| {
        let asks = sent.request.method == Method::Get || sent.url().contains("/oauth2/");
        assert!(asks, "a check changes nothing");
        azure.answer(sent.url())
    });
    let outcome = fake.run(run(&fake, job, store, kinds));
    (outcome, fake)
}

fn check(azure: Azure, kinds: &[JobKind]) -> Outcome {
    check_at(
        "22222222-2222-2222-2222-222222222222:rg-one:kv-one",
        azure,
        kinds,
    )
    .0
}

#[test]
fn an_identity_with_every_right_can_do_everything_and_is_asked_for_two_tokens() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let (outcome, fake) = check_at(path, Azure::default(), &EVERY);
    assert_eq!(
        outcome,
        Outcome::new(
            Status::Success,
            "inventory, add, remove, create-store, discovery: yes"
        )
    );
    assert_eq!(fake.sent_to("/oauth2/").len(), 2);
    assert_eq!(fake.sent_to("/certificates?").len(), 1, "one page");
    assert_eq!(fake.sent_to("/certificates/").len(), 1, "one certificate");
}

#[test]
fn what_is_missing_is_named_with_the_role_that_gives_it() {
    let reader = Azure {
        in_vault: (200, READER),
        ..Azure::default()
    };
    let administrator = Azure {
        in_group: (200, ADMINISTRATOR),
        ..Azure::default()
    };
    let nobody = Azure {
        list: (403, RBAC),
        get: Some((403, RBAC)),
        in_vault: (200, NONE),
        in_group: (200, NONE),
        subscriptions: NONE,
        ..Azure::default()
    };
    for (azure, kind, says) in [
        (
            reader,
            JobKind::Add,
            &[
                "certificates/import/action",
                "Key Vault Certificates Officer",
            ][..],
        ),
        (
            reader,
            JobKind::Remove,
            &["certificates/delete", "ten minutes"],
        ),
        (
            administrator,
            JobKind::CreateStore,
            &[
                "vaults/write",
                "Key Vault Contributor",
                "Administrator does not",
            ],
        ),
        (
            nobody,
            JobKind::Inventory,
            &["ForbiddenByRbac", "Key Vault Reader"],
        ),
        (
            nobody,
            JobKind::Add,
            &["certificates/read", "certificates/import/action"],
        ),
        (
            nobody,
            JobKind::CreateStore,
            &["resourceGroups/read", "vaults/write"],
        ),
        (
            nobody,
            JobKind::Discovery,
            &["sees no subscription", "Reader"],
        ),
    ] {
        let outcome = check(azure, &[kind]);
        assert_eq!(
            outcome.status,
            Status::Failure(Failure::MissingRole),
            "{outcome:?}"
        );
        for word in says {
            assert!(
                outcome.message.contains(word),
                "{kind}: {}",
                outcome.message
            );
        }
    }
    assert_eq!(check(reader, &[JobKind::Inventory]).status, Status::Success);
}

#[test]
fn a_vault_with_access_policies_does_not_tell_what_may_be_imported() {
    // Whatever roles the identity has, or has not.
    for in_vault in [NONE, READER, OFFICER] {
        for (vault, why) in [
            (
                (200, r#"{"properties":{"enableRbacAuthorization":false}}"#),
                "goes by its access policies",
            ),
            ((200, r#"{"properties":{}}"#), "goes by its access policies"),
            ((403, FORBIDDEN), "not told: could not"),
            ((404, ABSENT), "does not show the vault in rg-one"),
        ] {
            let policies = Azure {
                in_vault: (200, in_vault),
                vault,
                ..Azure::default()
            };
            assert_eq!(
                check(policies, &[JobKind::Inventory]).status,
                Status::Success
            );
            for (kind, needed) in [
                (JobKind::Add, "permissions Get, Import, Recover"),
                (JobKind::Remove, "permissions Get, Delete"),
            ] {
                let outcome = check(policies, &[kind]);
                assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
                for word in [why, "access policies", needed] {
                    assert!(outcome.message.contains(word), "{}", outcome.message);
                }
            }
        }
    }
    let odd = Azure {
        in_vault: (200, NONE),
        ..Azure::default()
    };
    let outcome = check(odd, &[JobKind::Add]);
    assert_eq!(outcome.status, Status::Warning);
    let word = "none of its roles says so";
    assert!(outcome.message.contains(word), "{}", outcome.message);
    let refused = Azure {
        list: (403, POLICY),
        in_vault: (200, NONE),
        ..Azure::default()
    };
    let outcome = check(refused, &[JobKind::Inventory]);
    assert_eq!(
        outcome.status,
        Status::Failure(Failure::MissingAccessPolicy)
    );
    assert!(
        outcome.message.contains("access policies"),
        "{}",
        outcome.message
    );
}

#[test]
fn an_identity_that_may_not_ask_for_its_permissions_is_told_what_is_not_known() {
    let silent = Azure {
        in_vault: (403, FORBIDDEN),
        in_group: (403, FORBIDDEN),
        ..Azure::default()
    };
    for (kind, status) in [
        (JobKind::Inventory, Status::Success),
        (JobKind::Add, Status::Warning),
        (JobKind::CreateStore, Status::Warning),
        (JobKind::Discovery, Status::Warning),
    ] {
        let outcome = check(silent, &[kind]);
        assert_eq!(outcome.status, status, "{kind}: {}", outcome.message);
    }
}
