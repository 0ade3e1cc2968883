use super::*;
use proptest::prelude::*;

const PLACEHOLDER: &str = "AbC_-0123456789";
const REAL: &str = "p~1+/=& \u{e4}\"";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const SCOPE: &str = "https://store.example/.default";

/// The form of these pairs in which the proof is a secret of the job.
fn filled(pairs: &[(&str, &str)]) -> Result<Filled, FormError> {
    let body = encoded(pairs.iter().copied());
    substitute(&body, CLIENT, SCOPE, |field, given| {
        (field == ProofField::Secret && given == PLACEHOLDER).then_some(REAL)
    })
}

fn decoded(filled: &Filled) -> Vec<(String, String)> {
    form_urlencoded::parse(&filled.body).into_owned().collect()
}

const EXACT: [(&str, &str); 4] = [
    ("grant_type", "client_credentials"),
    ("client_id", CLIENT),
    ("scope", SCOPE),
    ("client_secret", PLACEHOLDER),
];

#[test]
fn the_secret_stands_where_its_placeholder_stood_and_everything_else_is_as_it_was() {
    let filled = filled(&EXACT).unwrap();
    assert!(filled.replaced);
    assert_eq!(format!("{filled:?}"), "Filled { replaced: true, .. }");
    let pairs = decoded(&filled);
    assert_eq!(pairs[3], ("client_secret".to_owned(), REAL.to_owned()));
    for (found, wanted) in pairs.iter().zip(&EXACT).take(3) {
        assert_eq!((found.0.as_str(), found.1.as_str()), *wanted);
    }
}

#[test]
fn an_assertion_is_put_in_beside_its_type() {
    let pairs = [
        ("client_assertion", PLACEHOLDER),
        ("client_assertion_type", JWT_BEARER),
        ("scope", SCOPE),
        ("claims", "{}"),
        ("client_id", CLIENT),
        ("grant_type", "client_credentials"),
    ];
    let with = |pairs: &[(&str, &str)]| {
        let body = encoded(pairs.iter().copied());
        substitute(&body, CLIENT, SCOPE, |field, given| {
            (field == ProofField::Assertion && given == PLACEHOLDER).then_some("eyJ.a.b")
        })
    };
    let filled = with(&pairs).unwrap();
    assert!(filled.replaced);
    assert_eq!(decoded(&filled)[0].1, "eyJ.a.b");
    let mut other_type = pairs;
    other_type[1].1 = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let error = FormError::Wrong("client_assertion_type");
    assert_eq!(with(&other_type), Err(error));
    assert_eq!(with(&[&pairs[..1], &pairs[2..]].concat()), Err(error));
}

#[test]
fn what_is_not_the_placeholder_leaves_as_it_is() {
    for given in [
        "",
        "AbC_-012345678",
        "xAbC_-0123456789",
        "AbC_-0123456789 ",
        REAL,
    ] {
        let mut pairs = EXACT;
        pairs[3].1 = given;
        let filled = filled(&pairs).unwrap();
        assert!(!filled.replaced, "{given:?}");
        assert_eq!(decoded(&filled)[3].1, given);
    }
}

#[test]
fn a_form_that_is_not_exactly_a_token_form_gets_no_secret() {
    let without = |name: &str| -> Vec<_> {
        EXACT
            .into_iter()
            .filter(|(given, _)| *given != name)
            .collect()
    };
    let with = |name, value| [&EXACT[..], &[(name, value)]].concat();
    let instead = |name, value| {
        let mut pairs = without(name);
        pairs.push((name, value));
        pairs
    };
    let wrong = FormError::Wrong;
    for (pairs, error) in [
        (without("grant_type"), wrong("grant_type")),
        (instead("grant_type", "password"), wrong("grant_type")),
        (without("client_id"), wrong("client_id")),
        (instead("client_id", "another"), wrong("client_id")),
        (without("scope"), wrong("scope")),
        (
            instead("scope", "https://other.example/.default"),
            wrong("scope"),
        ),
        (
            without("client_secret"),
            wrong("client_secret or client_assertion"),
        ),
        (
            with("client_assertion", PLACEHOLDER),
            wrong("client_secret or client_assertion"),
        ),
        (
            with("client_assertion_type", JWT_BEARER),
            FormError::Unknown,
        ),
        (with("username", PLACEHOLDER), FormError::Unknown),
        (with("", ""), FormError::Unknown),
        (with("client_secret", PLACEHOLDER), FormError::Twice),
        (
            with("scope", "https://other.example/.default"),
            FormError::Twice,
        ),
    ] {
        assert_eq!(filled(&pairs), Err(error), "{pairs:?}");
    }
    let escaped_name = format!(
        "grant_type=client_credentials&client_id={CLIENT}&scope={SCOPE}&client_secret=a&client%5Fsecret={PLACEHOLDER}"
    );
    let twice = substitute(escaped_name.as_bytes(), CLIENT, SCOPE, |_, _| Some(REAL));
    assert_eq!(twice, Err(FormError::Twice));
}

proptest! {
    #[test]
    fn no_body_panics_and_none_but_an_exact_form_holds_the_secret_afterwards(body: Vec<u8>) {
        let filled = substitute(&body, CLIENT, SCOPE, |_, _| Some(REAL));
        prop_assert!(filled.is_err());
    }

    #[test]
    fn whatever_the_secret_is_it_arrives_whole_and_alone(
        real in "\\PC{1,60}",
        claims in proptest::option::of("\\PC{0,40}"),
        order in 0_usize..5,
    ) {
        let mut pairs = EXACT.to_vec();
        pairs.extend(claims.as_deref().map(|claims| ("claims", claims)));
        let count = pairs.len();
        pairs.rotate_left(order % count);
        let body = encoded(pairs.iter().copied());
        let filled = substitute(&body, CLIENT, SCOPE, |_, given| {
            (given == PLACEHOLDER).then_some(real.as_str())
        }).unwrap();
        // The buffer was large enough: what it grew out of is nowhere.
        prop_assert!(filled.replaced);
        for ((name, value), (found_name, found)) in pairs.iter().zip(decoded(&filled)) {
            let wanted = if *name == "client_secret" { &real } else { *value };
            prop_assert_eq!(*name, found_name);
            prop_assert_eq!(wanted, &found);
        }
    }

    #[test]
    fn a_form_with_any_other_pair_is_refused(name in "[a-z_]{1,30}", value in "\\PC{0,20}") {
        let known = ["grant_type", "client_id", "scope", "client_secret", "claims"];
        prop_assume!(!known.contains(&name.as_str()));
        let pairs = [&EXACT[..], &[(name.as_str(), value.as_str())]].concat();
        prop_assert!(filled(&pairs).is_err());
    }
}
