//! Rules that an operator writes, or pastes from a denial.

use super::*;

#[test]
fn a_denial_gives_a_rule_that_would_allow_it() {
    #[derive(serde::Deserialize)]
    struct File {
        rule: Vec<toml::Table>,
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let list = format!("https://{}/certificates", host_of_store());
    for (method, url, given, body) in [
        (
            "GET",
            "https://api.example/v1/report?day=1",
            headers(&[]),
            "",
        ),
        (
            "POST",
            "https://api.example/v1/report",
            headers(&form),
            "a=b",
        ),
        (
            "PUT",
            "https://api.example:8080/",
            headers(&[("x-key", "1")]),
            "",
        ),
        ("DELETE", &list, headers(&[]), ""),
        ("GET", &format!("{list}?api-version=7.5"), headers(&[]), ""),
        (
            "GET",
            &format!("{list}?api-version=7.6"),
            headers(&[("x-leak", "1")]),
            "",
        ),
    ] {
        let uri: Uri = url.parse().unwrap();
        let target = Target::parse(&method.parse().unwrap(), &uri, LONGEST).unwrap();
        let denial = whole(&inventory(), &target, &given, body.as_bytes()).unwrap_err();
        let rule = denial.rule_to_paste(JobKind::Inventory).unwrap();
        let mut pasted: File = toml::from_str(&rule).unwrap();
        let mut table = pasted.rule.remove(0);
        let jobs: Vec<JobKind> = table.remove("jobs").unwrap().try_into().unwrap();
        assert_eq!(jobs, [JobKind::Inventory], "for no other kind of job");
        let template: RuleTemplate = table.try_into().unwrap();
        let (grants, _) =
            Grants::intersect(&[], &[], &[template], &Variables::default(), &[]).unwrap();
        let decided = whole(&grants, &target, &given, body.as_bytes());
        assert!(decided.is_ok(), "{method} {url}: {decided:?}\n{rule}");
    }
}

#[test]
fn no_rule_is_offered_that_would_allow_more_or_nothing() {
    let long = format!("https://api.example/{}", "x".repeat(300));
    for (method, url, given) in [
        // A brace would be a wildcard in a rule.
        (
            "GET",
            "https://api.example/secrets/%7Bname%7D",
            headers(&[]),
        ),
        ("GET", long.as_str(), headers(&[])),
        ("OPTIONS", "https://api.example/", headers(&[])),
        ("GET", "http://api.example/", headers(&[])),
        (
            "GET",
            "http://169.254.169.254/metadata/instance",
            headers(&[("metadata", "true")]),
        ),
        ("GET", "https://169.254.169.254/", headers(&[])),
        ("GET", "https://[::1]/", headers(&[])),
        (
            "GET",
            "https://api.example/",
            headers(&[("accept", "a"), ("accept", "b")]),
        ),
    ] {
        let uri: Uri = url.parse().unwrap();
        let target = Target::parse(&method.parse().unwrap(), &uri, LONGEST).unwrap();
        let denial = whole(&inventory(), &target, &given, b"").unwrap_err();
        let offered = denial.rule_to_paste(JobKind::Inventory);
        assert!(offered.is_err(), "{method} {url}: {offered:?}");
    }
}

#[test]
fn no_rule_of_the_operators_opens_plain_http_or_an_address_and_none_asks_this_machine() {
    let template = |url: &str| RuleTemplate {
        id: "r".into(),
        purpose: "".into(),
        method: job_scope::Method::Get,
        url: url.to_owned().into(),
        query: vec![],
        headers: job_scope::HeaderRule::default(),
        body: BodyTemplate::None,
        veil: job_scope::VeilTemplate::None,
    };
    let endpoint = "http://169.254.169.254/metadata/identity/oauth2/token";
    for url in [
        endpoint,
        "http://api.example/",
        "https://169.254.169.254/",
        "https://[::1]/",
    ] {
        let own = [template(url)];
        let refused = Grants::intersect(&[], &[], &own, &Variables::default(), &[]);
        assert!(refused.is_err(), "{url}");
    }
    let own = [template("https://api.example/")];
    let of_job = [template(endpoint)];
    let ceiling = ceiling(&["169.254.169.254"]);
    let (grants, _) =
        Grants::intersect(&of_job, &ceiling, &own, &Variables::default(), &[]).unwrap();
    let asks: Vec<bool> = grants.rules().iter().map(Rule::asks_this_machine).collect();
    assert_eq!(asks, [true, false]);
}

#[test]
fn no_policy_can_allow_what_has_two_readings() {
    for url in [
        "https://user@api.example/",
        "https://API.example/",
        "https://0x7f.1:8443/",
        "https://api.example/a/../b",
    ] {
        let uri: Uri = url.parse().unwrap();
        let denial = Target::parse(&Method::GET, &uri, LONGEST).unwrap_err();
        let offered = denial.rule_to_paste(JobKind::Inventory);
        assert!(offered.is_err(), "{url}: {offered:?}");
    }
}

#[test]
fn an_operator_writes_a_host_in_any_case() {
    let template = RuleTemplate {
        id: "r".into(),
        purpose: "".into(),
        method: job_scope::Method::Get,
        url: "https://API.Example/".into(),
        query: vec![],
        headers: job_scope::HeaderRule::default(),
        body: BodyTemplate::None,
        veil: job_scope::VeilTemplate::None,
    };
    let (grants, _) = Grants::intersect(&[], &[], &[template], &Variables::default(), &[]).unwrap();
    let target = Target::parse(
        &Method::GET,
        &"https://api.example/".parse().unwrap(),
        LONGEST,
    );
    assert!(whole(&grants, &target.unwrap(), &HeaderMap::new(), b"").is_ok());
}
