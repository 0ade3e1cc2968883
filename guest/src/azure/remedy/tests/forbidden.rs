//! What is said of a 403.

use super::*;
use crate::azure::discretion::Discretion;

/// Whether the network or a right is the cause, only the answer can say.
#[test]
fn a_403_that_does_not_say_why_names_both_possible_causes() {
    for inner in [None, Some("ForbiddenBySomethingNew")] {
        let text = forbidden(inner);
        for part in [
            "does not say",
            "firewall",
            "private endpoints",
            "role",
            "access policies",
        ] {
            assert!(text.contains(part), "{text}");
        }
        for (action, part) in [
            (Action::ListSubscriptions, "the role Reader"),
            (
                Action::CreateVault("kv-one".into()),
                "Key Vault Contributor",
            ),
        ] {
            let refusal = Refusal {
                status: 403,
                code: Some("Forbidden".into()),
                inner: inner.map(str::to_owned),
                ..Refusal::default()
            };
            let text = service(&refusal, &call(action), None);
            for part in [part, "does not say why", "network"] {
                assert!(text.contains(part), "{text}");
            }
        }
    }
}

#[test]
fn a_cause_in_words_counts_where_there_is_no_inner_code() {
    for (detail, failure, word) in [
        (
            "Client address is not authorized and caller is not a trusted service",
            Failure::Firewall,
            "firewall does not admit",
        ),
        (
            "Public network access is disabled and request is not from a trusted service",
            Failure::PrivateLink,
            "approved private endpoint",
        ),
        (
            "Connection is not an approved private link",
            Failure::PrivateLink,
            "approved private endpoint",
        ),
        (
            "Caller is not authorized to perform action on resource",
            Failure::MissingRole,
            "ten minutes",
        ),
    ] {
        let refused = CallError::Service {
            refusal: Box::new(Refusal {
                status: 403,
                code: Some("Forbidden".into()),
                detail: Some(detail),
                ..Refusal::default()
            }),
            call: call(Action::ReadCertificate("web-1".into())),
            hint: None,
        };
        assert_eq!(refused.failure(), failure, "{refused}");
        let text = refused.to_string();
        assert!(text.contains(word), "{text}");
        let of_one = failure == Failure::MissingRole;
        assert_eq!(refused.forbids_one_name(), of_one, "{text}");
    }
}

#[test]
fn no_role_is_advised_against_a_deny_assignment() {
    let vaults = concat!(
        "Caller is not authorized to perform action on resource.\r\n",
        "DenyAssignmentId: '7d2c0000-0000-4000-8000-000000000001'\r\nDecisionReason: null \r\n"
    );
    for (action, code, inner, message, named) in [
        (
            Action::CreateVault("kv-one".into()),
            "DenyAssignmentAuthorizationFailed",
            None,
            "The client 'a' with object id 'b' has permission to perform action 'Microsoft.KeyVault/vaults/write' on scope '/s'; however, the access is denied because of the deny assignment with name 'Owned by stack one' and Id 'c' at scope '/s'.",
            "the deny assignment \"Owned by stack one\"",
        ),
        (
            Action::ReadCertificate("web-1".into()),
            "Forbidden",
            Some("ForbiddenByRbac"),
            vaults,
            "the deny assignment 7d2c0000-0000-4000-8000-000000000001",
        ),
    ] {
        let body = serde_json::json!({"error": {"code": code, "message": message,
            "innererror": inner.map(|code| serde_json::json!({"code": code}))}});
        let answer = crate::testing::answer(403, &body.to_string());
        let refused = CallError::Service {
            refusal: Box::new(Refusal::read(&answer, &Discretion::default())),
            call: call(action),
            hint: None,
        };
        assert_eq!(refused.failure(), Failure::Forbidden, "{refused}");
        let text = refused.to_string();
        for part in [named, "no role helps"] {
            assert!(text.contains(part), "{text}");
        }
        for part in ["assign the identity", "ten minutes"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}
