//! What a new version keeps of the one that is there, and what is told of the rest.

use super::*;

/// Another certificate is there, and its key is in an HSM.
fn in_hsm() -> Current {
    Current {
        thumbprint: Some(print("old")),
        exportable: Exportable::Stated(false),
        protection: Some(Protection::Hsm),
        ..there()
    }
}

fn saying(exportable: Option<bool>, hsm: Hsm) -> Wish {
    let mut wish = another(true);
    wish.parameters.exportable = exportable;
    Wish { hsm, ..wish }
}

fn refused() -> Learned {
    Learned {
        hsm_refused: Some("400 BadParameter".into()),
        chain: None,
    }
}

/// What the vault shows of an import.
fn made(import: &NewVersion, protection: Option<Protection>) -> Current {
    Current {
        version: "v2".into(),
        thumbprint: Some(print("another")),
        exportable: Exportable::Stated(import.exportable),
        protection,
        ..there()
    }
}

#[test]
fn a_key_in_an_hsm_is_replaced_by_one_in_an_hsm() {
    for hsm in [Hsm::Warn, Hsm::Keep] {
        for exportable in [None, Some(false)] {
            let plan = import(Some(&in_hsm()), &saying(exportable, hsm));
            assert_eq!(plan.protection, Protection::Hsm);
            assert!(
                !plan.exportable && plan.notes.is_empty(),
                "{:?}",
                plan.notes
            );
            let made = made(&plan, Some(Protection::Hsm));
            assert_eq!(plan.notes(&made), []);
        }
    }
}

#[test]
fn a_key_in_an_hsm_that_is_to_be_let_out_is_lost_or_kept_by_the_option() {
    let plan = import(Some(&in_hsm()), &saying(Some(true), Hsm::Warn));
    assert_eq!(plan.protection, Protection::Software);
    assert!(plan.exportable);
    let made = made(&plan, Some(Protection::Software));
    let notes = plan.notes(&made);
    assert_eq!(
        notes,
        [Note::HsmLost(HsmLost::ToBeExportable), Note::NowExportable]
    );
    assert!(notes.iter().all(Note::is_warning));

    let kept = decide(Some(&in_hsm()), &saying(Some(true), Hsm::Keep));
    assert_eq!(kept.err(), Some(Impossible::HsmKept));
    // What may not be replaced anyway is left alone.
    let mut without = saying(Some(true), Hsm::Keep);
    without.overwrite = false;
    let plan = decide(Some(&in_hsm()), &without);
    assert!(matches!(plan, Ok(Plan::LeaveAlone(_))));
}

#[test]
fn where_the_vault_takes_no_key_for_an_hsm_a_software_key_stays_unexportable() {
    let wish = saying(None, Hsm::Warn);
    let Ok(Plan::Import(plan)) = super::super::decide(Some(&in_hsm()), &wish, &refused()) else {
        panic!("no import");
    };
    assert_eq!(plan.protection, Protection::Software);
    assert!(!plan.exportable);
    let told = HsmLost::Refused("400 BadParameter".into());
    let made = made(&plan, Some(Protection::Software));
    assert_eq!(plan.notes(&made), [Note::HsmLost(told)]);
}

#[test]
fn what_the_vault_made_of_a_key_decides_what_is_told() {
    let plan = || import(Some(&in_hsm()), &saying(None, Hsm::Warn));
    for (protection, wanted) in [
        (Some(Protection::Hsm), vec![]),
        (None, vec![]),
        (
            Some(Protection::Software),
            vec![Note::HsmLost(HsmLost::Ignored)],
        ),
    ] {
        let plan = plan();
        let made = made(&plan, protection);
        assert_eq!(plan.notes(&made), wanted);
    }
}

#[test]
fn a_software_key_stays_one_whatever_the_option_says() {
    for hsm in [Hsm::Warn, Hsm::Keep] {
        for protection in [None, Some(Protection::Software)] {
            let there = Current {
                protection,
                ..there()
            };
            let plan = import(Some(&there), &saying(Some(true), hsm));
            assert_eq!(plan.protection, Protection::Software);
            assert!(plan.notes.is_empty());
        }
    }
}

#[test]
fn form_order_and_reuse_of_the_key_stay_as_they_were() {
    for (form, reuse_key, keeps_order) in [
        (Some(Form::Pem), Some(true), Some(true)),
        (Some(Form::Pkcs12), Some(false), None),
        (None, None, Some(false)),
    ] {
        let existing = Current {
            form,
            reuse_key,
            keeps_order,
            ..there()
        };
        let plan = import(Some(&existing), &another(true));
        assert_eq!(plan.form, form.unwrap_or(Form::Pkcs12));
        assert_eq!(plan.reuse_key, reuse_key);
        assert_eq!(plan.keeps_order, keeps_order);
    }
}

#[test]
fn pem_that_is_too_long_is_refused_only_where_pem_is_kept() {
    let wish = Wish {
        pem_size: LARGEST + 1,
        ..another(true)
    };
    let pem = Current {
        form: Some(Form::Pem),
        ..there()
    };
    let error = decide(Some(&pem), &wish).err().unwrap();
    assert_eq!(error, Impossible::PemTooLarge { size: 25_601 });
    import(Some(&there()), &wish);
    import(None, &wish);
    let largest = Wish {
        pem_size: LARGEST,
        ..another(true)
    };
    import(Some(&pem), &largest);
}

#[test]
fn that_a_disabled_version_is_followed_by_an_enabled_one_is_a_warning() {
    let disabled = Current {
        enabled: false,
        ..there()
    };
    for same in [false, true] {
        let wish = if same { wish(true) } else { another(true) };
        let plan = import(Some(&disabled), &wish);
        let made = made(&plan, Some(Protection::Software));
        assert_eq!(plan.notes(&made), [Note::NowEnabled]);
    }
    assert!(Note::NowEnabled.is_warning());
    // What is only being made is disabled too, and nobody disabled it.
    let begun = Current {
        thumbprint: None,
        ..disabled
    };
    assert_eq!(import(Some(&begun), &another(true)).notes, []);
}

#[test]
fn a_chain_that_lacks_something_makes_one_version_and_no_second() {
    let learned = |version: &str, chain| Learned {
        hsm_refused: None,
        chain: Some((version.into(), chain)),
    };
    let lacks = Comparison::Lacks {
        missing: 1,
        brought: 2,
        others: 0,
    };
    let decide = |learned: &Learned| super::super::decide(Some(&there()), &wish(true), learned);
    let Ok(Plan::Import(plan)) = decide(&learned("v1", lacks.clone())) else {
        panic!("no import");
    };
    assert_eq!(plan.notes, [Note::ChainCompleted(lacks.clone())]);
    assert!(!plan.notes[0].is_warning());
    for learned in [
        learned("v1", Comparison::Complete),
        learned("v1", Comparison::NoneBrought),
        // Of another version.
        learned("v0", lacks),
    ] {
        assert!(matches!(decide(&learned), Ok(Plan::Keep)));
    }
}
