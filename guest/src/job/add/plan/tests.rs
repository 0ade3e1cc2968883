//! Tables of what is there against what is asked for.

use std::collections::BTreeMap;

mod kept;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::azure::current::Lifetime;

fn map(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    tags.iter().map(owned).collect()
}

fn given(tags: &[(&str, &str)]) -> Tags {
    Tags::parse(&json!(map(tags)).to_string()).unwrap()
}

fn print(text: &str) -> Thumbprint {
    Thumbprint::of(text.as_bytes())
}

/// "ours" with the tag env=prod, exportable.
fn there() -> Current {
    Current {
        version: "v1".into(),
        thumbprint: Some(print("ours")),
        sha256: None,
        enabled: true,
        tags: map(&[("env", "prod")]),
        exportable: Exportable::Stated(true),
        protection: Some(Protection::Software),
        form: Some(Form::Pkcs12),
        reuse_key: None,
        keeps_order: None,
        issuer: Some("Unknown".into()),
        lifetime: Lifetime::default(),
    }
}

/// "ours", without parameters.
fn wish(overwrite: bool) -> Wish {
    Wish {
        thumbprint: print("ours"),
        overwrite,
        parameters: Parameters {
            tags: Tags::default(),
            old_tags: OldTags::Stay,
            exportable: None,
        },
        hsm: Hsm::Warn,
        pem_size: 4_000,
    }
}

fn another(overwrite: bool) -> Wish {
    Wish {
        thumbprint: print("another"),
        ..wish(overwrite)
    }
}

/// Decides on what was seen at once.
fn decide(existing: Option<&Current>, wish: &Wish) -> Result<Plan, Impossible> {
    super::decide(existing, wish, &Learned::default())
}

fn import(existing: Option<&Current>, wish: &Wish) -> NewVersion {
    match decide(existing, wish) {
        Ok(Plan::Import(import)) => import,
        Ok(Plan::Keep) => panic!("kept"),
        Ok(Plan::LeaveAlone(differences)) => panic!("left alone: {differences:?}"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn r17_what_is_not_there_is_imported_with_or_without_overwrite() {
    for overwrite in [false, true] {
        let mut wish = wish(overwrite);
        wish.parameters.tags = given(&[("a", "1")]);
        let plan = import(None, &wish);
        assert_eq!(*plan.tags.as_map(), map(&[("a", "1")]));
        assert!(plan.exportable && !plan.issuer_unknown);
        assert!(plan.lifetime_actions.is_empty() && plan.notes.is_empty());
    }
}

#[test]
fn r33_the_job_says_whether_a_new_key_is_exportable() {
    for (said, wanted) in [(None, true), (Some(true), true), (Some(false), false)] {
        let mut wish = wish(false);
        wish.parameters.exportable = said;
        assert_eq!(import(None, &wish).exportable, wanted, "{said:?}");
    }
}

#[test]
fn w43_what_is_there_as_asked_is_kept_whatever_overwrite_says() {
    for overwrite in [false, true] {
        for (tags, old_tags, exportable) in [
            (&[][..], OldTags::Stay, None),
            (&[("env", "prod")], OldTags::Stay, Some(true)),
            (&[("env", "prod")], OldTags::Go, None),
        ] {
            let mut wish = wish(overwrite);
            wish.parameters = Parameters {
                tags: given(tags),
                old_tags,
                exportable,
            };
            let plan = decide(Some(&there()), &wish);
            assert!(matches!(plan, Ok(Plan::Keep)), "{tags:?} {old_tags:?}");
        }
    }
}

#[test]
fn r15_what_differs_is_left_alone_without_overwrite_and_the_difference_is_named() {
    let disabled = Current {
        enabled: false,
        ..there()
    };
    let pending = Current {
        thumbprint: None,
        ..there()
    };
    let silent = Current {
        exportable: Exportable::NotStated,
        ..there()
    };
    let with = |tags: &[(&str, &str)], old_tags, exportable| Wish {
        parameters: Parameters {
            tags: given(tags),
            old_tags,
            exportable,
        },
        ..wish(false)
    };
    for (existing, wish, wanted) in [
        (there(), another(false), vec![Difference::Certificate]),
        (pending, wish(false), vec![Difference::UnderWay]),
        (disabled, wish(false), vec![Difference::Disabled]),
        (
            there(),
            with(&[("a", "1")], OldTags::Stay, None),
            vec![Difference::Tags],
        ),
        (
            there(),
            with(&[("env", "x")], OldTags::Stay, None),
            vec![Difference::Tags],
        ),
        (
            there(),
            with(&[("ENV", "prod")], OldTags::Stay, None),
            vec![Difference::Tags],
        ),
        (
            there(),
            with(&[], OldTags::Go, None),
            vec![Difference::Tags],
        ),
        (
            there(),
            with(&[], OldTags::Stay, Some(false)),
            vec![Difference::Exportability],
        ),
        (
            silent,
            with(&[], OldTags::Stay, Some(true)),
            vec![Difference::Exportability],
        ),
    ] {
        match decide(Some(&existing), &wish) {
            Ok(Plan::LeaveAlone(differences)) => assert_eq!(differences, wanted),
            _ => panic!("{wanted:?}"),
        }
        let forced = Wish {
            overwrite: true,
            ..wish
        };
        import(Some(&existing), &forced);
    }
}

#[test]
fn r28_r29_old_tags_stay_under_the_given_ones_unless_the_job_says_otherwise() {
    let mut wish = another(true);
    wish.parameters.tags = given(&[("owner", "web"), ("env", "test")]);
    let existing = Current {
        tags: map(&[("env", "prod"), ("team", "pki")]),
        ..there()
    };
    let plan = import(Some(&existing), &wish);
    let wanted = map(&[("env", "test"), ("owner", "web"), ("team", "pki")]);
    assert_eq!(*plan.tags.as_map(), wanted);
    wish.parameters.old_tags = OldTags::Go;
    let plan = import(Some(&existing), &wish);
    assert_eq!(
        *plan.tags.as_map(),
        map(&[("env", "test"), ("owner", "web")])
    );
}

#[test]
fn tags_that_are_too_many_together_are_refused_with_both_ways_out() {
    let existing = Current {
        tags: (0..15).map(|n| (format!("t{n}"), String::new())).collect(),
        ..there()
    };
    let mut wish = another(true);
    wish.parameters.tags = given(&[("one-more", "x")]);
    let error = decide(Some(&existing), &wish).err().unwrap();
    assert_eq!(error, Impossible::TooManyTags { together: 16 });
    let text = error.to_string();
    assert!(text.contains("PreserveExistingTags=false"), "{text}");
    wish.parameters.tags = given(&[("t0", "x")]);
    assert_eq!(import(Some(&existing), &wish).tags.count(), 15);
}

#[test]
fn w40_a_key_that_was_not_exportable_stays_so_unless_the_job_says_otherwise() {
    let locked = Current {
        exportable: Exportable::Stated(false),
        ..there()
    };
    for (said, exportable, notes) in [
        (None, false, vec![]),
        (Some(false), false, vec![]),
        (Some(true), true, vec![Note::NowExportable]),
    ] {
        let mut wish = another(true);
        wish.parameters.exportable = said;
        let plan = import(Some(&locked), &wish);
        assert_eq!(plan.exportable, exportable, "{said:?}");
        assert_eq!(plan.notes, notes, "{said:?}");
    }
    for unsaid in [Exportable::NoPolicy, Exportable::NotStated] {
        let existing = Current {
            exportable: unsaid,
            ..there()
        };
        assert!(import(Some(&existing), &another(true)).exportable);
    }
}

#[test]
fn w40_e_mails_to_the_contacts_stay_and_whoever_renewed_by_himself_goes_and_is_named() {
    let email = json!({ "trigger": {}, "action": { "action_type": "EmailContacts" } });
    let existing = Current {
        issuer: Some("DigiCert".into()),
        lifetime: Lifetime {
            emails: vec![email.clone()],
            renews: true,
        },
        ..there()
    };
    let plan = import(Some(&existing), &another(true));
    assert_eq!(plan.lifetime_actions, [email]);
    assert!(plan.issuer_unknown);
    let notes: Vec<String> = plan.notes.iter().map(Note::to_string).collect();
    assert_eq!(notes.len(), 2);
    assert!(notes[0].contains("AutoRenew"), "{}", notes[0]);
    assert!(notes[1].contains("DigiCert"), "{}", notes[1]);
    for issuer in [None, Some("unknown".to_owned())] {
        let existing = Current { issuer, ..there() };
        let plan = import(Some(&existing), &another(true));
        assert!(plan.issuer_unknown && plan.notes.is_empty());
    }
}

#[test]
fn what_is_in_the_policy_after_all_is_told_instead_of_what_went() {
    let renewed = Current {
        issuer: Some("DigiCert".into()),
        lifetime: Lifetime {
            emails: Vec::new(),
            renews: true,
        },
        ..there()
    };
    let plan = || import(Some(&renewed), &another(true));
    let told = plan().notes(&there());
    assert!(!told.iter().any(Note::is_warning), "{told:?}");
    assert_eq!(told.len(), 2);
    let told = plan().notes(&renewed);
    assert_eq!(
        told,
        [Note::StillRenews, Note::IssuerStays("DigiCert".into())]
    );
    assert!(told.iter().all(Note::is_warning));
}

#[test]
fn an_import_was_applied_when_the_version_is_another_one_and_ours() {
    let now = |version: &str, text: &str| Current {
        version: version.to_owned(),
        thumbprint: Some(print(text)),
        ..there()
    };
    for (before, now, wanted) in [
        (None, None, Trace::Undone),
        (None, Some(now("v1", "ours")), Trace::Applied),
        (None, Some(now("v1", "another")), Trace::Covered),
        (Some("v1"), None, Trace::Undone),
        (Some("v1"), Some(now("v1", "another")), Trace::Undone),
        // The same certificate with other tags was there before.
        (Some("v1"), Some(now("v1", "ours")), Trace::Undone),
        (Some("v1"), Some(now("v2", "ours")), Trace::Applied),
        (Some("v1"), Some(now("v2", "another")), Trace::Covered),
    ] {
        let told = trace(before, now.as_ref(), print("ours"));
        assert_eq!(told, wanted, "{before:?}");
    }
}

fn some_tags() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("[a-d]", "[x-z]"), 0..4)
}

proptest! {
    /// Whatever an import makes, the same job run again finds it there as asked.
    #[test]
    fn w43_a_job_that_is_run_again_changes_nothing(
        old in some_tags(),
        new in some_tags(),
        stay: bool,
        said: Option<bool>,
        was_exportable: bool,
        same_certificate: bool,
        exists: bool,
    ) {
        let pairs = |tags: &[(String, String)]| -> BTreeMap<String, String> {
            tags.iter().cloned().collect()
        };
        let existing = exists.then(|| Current {
            tags: pairs(&old),
            exportable: Exportable::Stated(was_exportable),
            ..there()
        });
        let wish = Wish {
            thumbprint: print(if same_certificate { "ours" } else { "another" }),
            overwrite: true,
            parameters: Parameters {
                tags: Tags::parse(&json!(pairs(&new)).to_string()).unwrap(),
                old_tags: if stay { OldTags::Stay } else { OldTags::Go },
                exportable: said,
            },
            ..wish(true)
        };
        if let Ok(Plan::Import(import)) = decide(existing.as_ref(), &wish) {
            let made = Current {
                version: "v2".into(),
                thumbprint: Some(wish.thumbprint),
                tags: import.tags.as_map().clone(),
                exportable: Exportable::Stated(import.exportable),
                ..there()
            };
            let again = decide(Some(&made), &wish);
            prop_assert!(matches!(again, Ok(Plan::Keep)));
        }
    }
}
