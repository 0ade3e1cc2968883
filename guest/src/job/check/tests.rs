//! Whole checks against a vault and an Azure Resource Manager that are functions.

mod asked;

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

#[test]
fn without_a_token_or_a_vault_no_permission_is_asked_for() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let expired = Azure {
        token: 401,
        ..Azure::default()
    };
    for kinds in [&[JobKind::Add][..], &[JobKind::Inventory, JobKind::Add]] {
        let (outcome, fake) = check_at(path, expired, kinds);
        assert_eq!(outcome.status, Status::Failure(Failure::ExpiredSecret));
        assert_eq!(fake.sent_to("/permissions").len(), 0);
        assert_eq!(fake.sent_to("/oauth2/").len(), 1, "it is not asked again");
    }

    let fake = Fake::new(|sent, _| match sent.url().contains("/oauth2/") {
        true => Azure::default().answer(sent.url()),
        false => Err(TransportError::NameNotFound),
    });
    let outcome = fake.run(run(&fake, &job(), &store(path), &[JobKind::Add]));
    assert_eq!(outcome.status, Status::Failure(Failure::StoreNotFound));
    assert_eq!(fake.sent_to("/permissions").len(), 0);
}

#[test]
fn a_missing_group_and_a_path_without_one_are_told() {
    let absent = Azure {
        group: 404,
        ..Azure::default()
    };
    let outcome = check(absent, &[JobKind::CreateStore]);
    assert_eq!(outcome.status, Status::Failure(Failure::NotFound));

    let short = "22222222-2222-2222-2222-222222222222:kv-one";
    for (kind, status) in [
        (JobKind::CreateStore, Status::Failure(Failure::InvalidInput)),
        (JobKind::Add, Status::Warning),
        (JobKind::Discovery, Status::Warning),
        (JobKind::Inventory, Status::Success),
    ] {
        let (outcome, _) = check_at(short, Azure::default(), &[kind]);
        assert_eq!(outcome.status, status, "{kind}: {}", outcome.message);
    }
}

#[test]
fn where_a_create_would_read_the_subscription_so_does_the_check() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let unreadable = Azure {
        subscription: (403, FORBIDDEN),
        ..Azure::default()
    };
    let nameless = Azure {
        subscription: (200, "{}"),
        ..Azure::default()
    };
    let machine = Job {
        credential: Credential::ManagedIdentity(None),
        ..job()
    };
    let domain = Store {
        tenant: "contoso.example".into(),
        ..store(path)
    };
    for (job, store) in [(job(), domain), (machine, store(path))] {
        let of = |azure| check_job(&job, &store, azure, &[JobKind::CreateStore]);
        let (outcome, fake) = of(Azure::default());
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(fake.sent_to("222222222222?").len(), 1);
        let (outcome, _) = of(unreadable);
        assert_eq!(outcome.status, Status::Failure(Failure::MissingRole));
        let word = "role Reader on the subscription";
        assert!(outcome.message.contains(word), "{}", outcome.message);
        let (outcome, _) = of(nameless);
        assert_eq!(outcome.status, Status::Failure(Failure::UnreadableAnswer));
    }
    let (_, fake) = check_at(path, Azure::default(), &[JobKind::CreateStore]);
    assert_eq!(fake.sent_to("222222222222?").len(), 0);
}

const EMPTY: (u16, &str) = (200, r#"{"value":[],"nextLink":null}"#);

#[test]
fn an_empty_vault_can_be_inventoried_by_whoever_may_get_what_comes_into_it() {
    let empty = Azure {
        list: EMPTY,
        ..Azure::default()
    };
    assert_eq!(check(empty, &[JobKind::Inventory]).status, Status::Success);
    let may_only_list = Azure {
        get: Some((403, POLICY)),
        ..empty
    };
    let outcome = check(may_only_list, &[JobKind::Inventory]);
    let wanted = Status::Failure(Failure::MissingAccessPolicy);
    assert_eq!(outcome.status, wanted, "{}", outcome.message);
    assert!(outcome.message.contains("Get"), "{}", outcome.message);
    let answered_by_another = Azure {
        get: Some((404, "<html>")),
        ..empty
    };
    let outcome = check(answered_by_another, &[JobKind::Inventory]);
    assert_eq!(outcome.status, Status::Failure(Failure::NotFound));
}

#[test]
fn an_add_or_a_remove_needs_no_list() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let may_not_list = Azure {
        list: (403, POLICY),
        vault: (200, r#"{"properties":{"enableRbacAuthorization":false}}"#),
        ..Azure::default()
    };
    let changes = [JobKind::Add, JobKind::Remove];
    let (outcome, fake) = check_at(path, may_not_list, &changes);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    assert!(
        outcome.message.contains("it may read"),
        "{}",
        outcome.message
    );
    assert_eq!(fake.sent_to("/certificates?").len(), 0);
    assert_eq!(fake.sent_to("/certificates/akv-check?").len(), 1);

    let outcome = check(may_not_list, &[JobKind::Inventory, JobKind::Add]);
    let wanted = Status::Failure(Failure::MissingAccessPolicy);
    assert_eq!(outcome.status, wanted, "{}", outcome.message);
    for part in [
        "inventory: no: could not list",
        "add: not known: it may read",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }

    let by_roles = Azure {
        list: (403, RBAC),
        ..Azure::default()
    };
    let outcome = check(by_roles, &changes);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
}

#[test]
fn a_check_ends_with_its_time_limit_and_when_it_is_cancelled() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    for (cancel, wanted) in [
        (None, Failure::Deadline),
        (Some(Duration::ZERO), Failure::Cancelled),
    ] {
        let fake = Fake::new(|sent, _| Azure::default().answer(sent.url()))
            .slow("/certificates", Duration::from_secs(10_000));
        fake.cancel_at.set(cancel);
        let job = Job {
            time_limit: Duration::from_secs(30),
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store(path), &EVERY));
        assert_eq!(
            outcome.status,
            Status::Failure(wanted),
            "{}",
            outcome.message
        );
    }
}

#[test]
fn what_no_check_can_be_made_of_names_its_field_and_sends_nothing() {
    let bad_option = Job {
        options: vec![("check-arm".into(), "maybe".into())],
        ..job()
    };
    for (job, path, field) in [
        (job(), "kv_one", "StorePath"),
        (
            bad_option,
            "22222222-2222-2222-2222-222222222222:rg-one:kv-one",
            "check-arm",
        ),
    ] {
        let (outcome, fake) = check_job(&job, &store(path), Azure::default(), &[JobKind::Add]);
        assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
        assert!(outcome.message.contains(field), "{}", outcome.message);
        assert!(fake.sent().is_empty());
    }
}

#[test]
fn subscriptions_that_cannot_be_listed_are_told_with_the_cause() {
    let azure = Azure {
        subscriptions: "<html>",
        ..Azure::default()
    };
    let outcome = check(azure, &[JobKind::Discovery]);
    assert_eq!(outcome.status, Status::Failure(Failure::UnreadableAnswer));
    assert!(
        outcome.message.starts_with("discovery: no: "),
        "{}",
        outcome.message
    );
}
