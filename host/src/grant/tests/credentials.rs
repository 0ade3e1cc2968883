//! Where tokens come from, and where they may go.

use super::*;
use job_scope::{PairTemplate, RuleTemplate, ValueTemplate, VeilTemplate};

fn template(url: &str, body: BodyTemplate, veil: VeilTemplate) -> RuleTemplate {
    RuleTemplate {
        id: "r".into(),
        purpose: "".into(),
        method: job_scope::Method::Post,
        url: url.to_owned().into(),
        query: vec![],
        headers: job_scope::HeaderRule::default(),
        body,
        veil,
    }
}

fn bearer(url: &str, audience: &'static str) -> RuleTemplate {
    template(
        url,
        BodyTemplate::None,
        VeilTemplate::Bearer(audience.into()),
    )
}

fn identity(url: &str, audience: &'static str) -> RuleTemplate {
    template(
        url,
        BodyTemplate::None,
        VeilTemplate::IdentityAnswer(audience.into()),
    )
}

/// The job's rules for these URLs, and the operator's.
fn granted(job: &[RuleTemplate], own: &[RuleTemplate]) -> Grants {
    let all = ceiling(&["*.api.example", "169.254.169.254"]);
    let (grants, outside) = Grants::intersect(job, &all, own, &Variables::default(), &[]).unwrap();
    assert_eq!(outside, []);
    grants
}

/// What the only rule that brings a token brings it for.
fn audience(grants: &Grants, place: usize) -> Audience {
    match grants.rules()[place].issues() {
        Issues::OfMachine(audience) | Issues::ForForm(audience, _) => audience,
        Issues::Nothing => panic!("it brings no token"),
    }
}

#[test]
fn a_token_may_go_to_the_hosts_of_its_audience_and_by_any_rule_for_them() {
    let grants = granted(
        &[
            identity("http://169.254.169.254/token", "stores"),
            bearer("https://one.api.example/a", "stores"),
            bearer("https://two.api.example/a", "others"),
            template(
                "https://one.api.example/b",
                BodyTemplate::None,
                VeilTemplate::None,
            ),
            template(
                "https://one.api.example:8443/a",
                BodyTemplate::None,
                VeilTemplate::None,
            ),
            template(
                "https://three.api.example/a",
                BodyTemplate::None,
                VeilTemplate::None,
            ),
        ],
        &[],
    );
    let stores = audience(&grants, 0);
    let accepted: Vec<bool> = grants
        .rules()
        .iter()
        .map(|rule| grants.accepts(rule, &stores))
        .collect();
    assert_eq!(accepted, [false, true, false, true, false, false]);
}

#[test]
fn no_token_goes_over_plain_http() {
    let grants = granted(
        &[
            identity("http://169.254.169.254/token", "stores"),
            bearer("http://169.254.169.254/a", "stores"),
        ],
        &[],
    );
    let stores = audience(&grants, 0);
    assert!(
        !grants
            .rules()
            .iter()
            .any(|rule| grants.accepts(rule, &stores))
    );
}

#[test]
fn no_rule_of_a_policy_leads_a_token_of_the_job_elsewhere() {
    let grants = granted(
        &[
            identity("http://169.254.169.254/token", "stores"),
            bearer("https://one.api.example/a", "stores"),
        ],
        &[
            bearer("https://two.api.example/a", "stores"),
            identity("https://own.example/token", "stores"),
            template(
                "https://one.api.example/c",
                BodyTemplate::None,
                VeilTemplate::None,
            ),
        ],
    );
    let accepted = |audience: &Audience| -> Vec<bool> {
        let rules = grants.rules().iter();
        rules.map(|rule| grants.accepts(rule, audience)).collect()
    };
    // Its own host, by whichever rule; and the operator's tokens by the operator's rules.
    assert_eq!(
        accepted(&audience(&grants, 0)),
        [false, true, false, false, true]
    );
    assert_eq!(
        accepted(&audience(&grants, 3)),
        [false, false, true, false, false]
    );
}

#[test]
fn a_token_form_says_for_whom_and_for_what() {
    let fixed = |name: &'static str| PairTemplate {
        name: name.into(),
        value: ValueTemplate::Fixed(format!("the {name}").into()),
        optional: false,
    };
    let form = |pairs: Vec<PairTemplate>| {
        let veil = VeilTemplate::TokenForm("stores".into());
        let template = template("https://a.example/", BodyTemplate::Form(pairs), veil);
        Rule::expand(&template, &Variables::default(), &[])
    };
    let pair = |name: &'static str, value: ValueTemplate| PairTemplate {
        value,
        ..fixed(name)
    };
    let whole = vec![
        pair(
            "grant_type",
            ValueTemplate::Fixed("client_credentials".into()),
        ),
        fixed("client_id"),
        fixed("scope"),
        pair("client_secret", ValueTemplate::Opaque { max_length: 9 }),
    ];
    let rule = form(whole.clone()).unwrap();
    let Issues::ForForm(audience, applicant) = rule.issues() else {
        panic!("it is no form");
    };
    assert_eq!(audience.to_string(), "stores");
    assert_eq!(applicant.client_id, "the client_id");
    assert_eq!(applicant.scope, "the scope");
    for (place, pair) in whole.iter().enumerate().take(3) {
        let mut without = whole.clone();
        without.remove(place);
        let error = form(without.clone()).unwrap_err();
        assert!(error.problem.contains(&*pair.name), "{error}");
        without.push(PairTemplate {
            optional: true,
            ..pair.clone()
        });
        assert!(form(without).is_err(), "{}", pair.name);
    }
}

/// What is wrong with a token form of these fields; `*` is an open value, `?` an optional one.
fn problem(fields: &[(&'static str, &'static str)]) -> Option<String> {
    let pairs = fields.iter().map(|(name, value)| PairTemplate {
        name: (*name).into(),
        value: match *value {
            "*" | "?" => ValueTemplate::Opaque { max_length: 100 },
            fixed => ValueTemplate::Fixed(fixed.into()),
        },
        optional: *value == "?",
    });
    let form = BodyTemplate::Form(pairs.collect());
    let veil = VeilTemplate::TokenForm("stores".into());
    let template = template("https://login.example/token", form, veil);
    let expanded = Rule::expand(&template, &Variables::default(), &[]);
    expanded.err().map(|error| error.problem)
}

#[test]
fn a_token_form_that_no_proof_could_ever_be_put_into_is_no_rule() {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "a"),
        ("scope", "b"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&form[..], more].concat();
    let secret = ("client_secret", "*");
    let assertion = ("client_assertion", "*");
    let kind = ("client_assertion_type", job_scope::CLIENT_ASSERTION_TYPE);
    for right in [
        with(&[secret]),
        with(&[secret, ("claims", "?")]),
        with(&[kind, assertion]),
    ] {
        assert_eq!(problem(&right), None, "{right:?}");
    }
    let password = [("grant_type", "password"), form[1], form[2], secret];
    for (wrong, why) in [
        (password.to_vec(), "client_credentials as its grant_type"),
        (with(&[]), "one proof"),
        (with(&[secret, kind, assertion]), "one proof"),
        (with(&[assertion]), "one value for client_assertion_type"),
        (with(&[secret, ("resource", "c")]), "no field \"resource\""),
        (with(&[secret, ("username", "?")]), "no field \"username\""),
        (with(&[secret, kind]), "no field \"client_assertion_type\""),
        (with(&[secret, ("scope", "b")]), "scope once"),
        (with(&[("client_secret", "x")]), "`opaque = true`"),
    ] {
        let problem = problem(&wrong).unwrap_or_default();
        assert!(problem.contains(why), "{wrong:?}: {problem}");
    }
}

#[test]
fn every_rule_of_a_job_says_where_its_credential_goes() {
    for rule in inventory().rules() {
        let shown = rule.credentials();
        match rule.issues() {
            Issues::ForForm(audience, applicant) => {
                assert_eq!(applicant.client_id, CLIENT);
                assert!(shown.contains("proof") && shown.contains(&audience.to_string()));
                assert!(!inventory().accepts(rule, &audience), "{}", rule.url());
            }
            _ => assert!(shown.contains("puts the token"), "{}: {shown}", rule.url()),
        }
    }
}
