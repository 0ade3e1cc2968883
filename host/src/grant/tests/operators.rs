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
        ("GET", "https://api.example/?a=1&a=2", headers(&[])),
        ("GET", "https://api.example/a%3Fb", headers(&[])),
        ("GET", "https://api.example/a%23b", headers(&[])),
        (
            "POST",
            "https://api.example/",
            headers(&[("content-type", "json")]),
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

/// The grants of a policy that has this rule and nothing else.
fn pasted(rule: &str) -> Grants {
    let policy = crate::policy::Policy::parse(rule).unwrap_or_else(|error| panic!("{rule}{error}"));
    let own = policy.rules(JobKind::Inventory);
    let (scope, identity) = scope();
    let variables = scope.variables(&identity);
    let (grants, outside) =
        Grants::intersect(&[], &[], &own, &variables, &segment_patterns()).unwrap();
    assert_eq!((grants.rules().len(), outside.len()), (1, 0), "{rule}");
    grants
}

#[test]
fn a_rule_to_paste_has_room_for_what_was_denied_and_says_so_where_there_is_none() {
    let (scope, _) = scope();
    let token = format!(
        "https://{}/{TENANT}/oauth2/v2.0/token",
        scope.endpoints().authority
    );
    let json = headers(&[("content-type", "application/json")]);
    let long = format!("https://api.example/?page={}", "x".repeat(5_000));
    let large = "x".repeat((256 << 10) + 1);
    for (method, url, given, body, why) in [
        ("GET", &*long, &headers(&[]), "", None),
        ("POST", &token, &json, &*large, None),
        ("POST", &token, &headers(&[]), "a=b", Some("content type")),
        (
            "GET",
            "https://api.example/?a=1&a=2",
            &headers(&[]),
            "",
            Some("twice in a query"),
        ),
        (
            "GET",
            "https://api.example/",
            &headers(&[("accept", "a"), ("accept", "b")]),
            "",
            Some("header that comes twice"),
        ),
    ] {
        let target = Target::parse(&method.parse().unwrap(), &url.parse().unwrap(), LONGEST);
        let target = target.unwrap();
        let denial = whole(&inventory(), &target, given, body.as_bytes()).unwrap_err();
        match (denial.rule_to_paste(JobKind::Inventory), why) {
            (Ok(rule), None) => {
                let decided = whole(&pasted(&rule), &target, given, body.as_bytes());
                assert!(decided.is_ok(), "{url:.40}: {decided:?}\n{rule}");
            }
            (Err(told), Some(why)) => assert!(told.contains(why), "{url:.40}: {told}"),
            (offered, _) => panic!("{url:.40}: {offered:?}"),
        }
    }
    let target = Target::parse(&Method::POST, &token.parse().unwrap(), LONGEST).unwrap();
    let heads = inventory().heads(target, &json).unwrap();
    let denial = heads.deny_trailers(&json);
    assert_eq!(denial.reason.code(), "body");
    let told = denial.rule_to_paste(JobKind::Inventory).unwrap_err();
    assert!(told.contains("trailers"), "{told}");
}

#[test]
fn what_a_denial_keeps_and_shows_has_no_value_of_the_request() {
    let uri = "https://api.example/?sig=s3cret".parse().unwrap();
    let target = Target::parse(&Method::GET, &uri, LONGEST).unwrap();
    let given = headers(&[("authorization", "Bearer s3cret"), ("x-key", "s3cret")]);
    let denial = whole(&inventory(), &target, &given, b"").unwrap_err();
    let shown = format!(
        "{denial} {denial:?} {:?}",
        denial.rule_to_paste(JobKind::Add)
    );
    assert!(
        shown.contains("x-key") && !shown.contains("s3cret"),
        "{shown}"
    );
}

#[test]
fn a_host_that_a_job_chooses_is_held_to_the_ceiling_also_in_a_rule_of_the_operators() {
    let (scope, identity) = scope();
    let own: Vec<RuleTemplate> = ["https://{vault_host}/report", "https://api.example/report"]
        .iter()
        .map(|url| {
            let text = format!("id = {url:?}\nmethod = \"GET\"\nurl = {url:?}");
            toml::from_str(&text).unwrap()
        })
        .collect();
    for (endpoint, is_granted) in [
        (scope.vault_host(), true),
        ("attacker.example", false),
        ("x.azure.net.attacker.example", false),
    ] {
        let variables = scope.variables(&identity).with("vault_host", endpoint);
        let (grants, outside) =
            Grants::intersect(&[], &everything(), &own, &variables, &[]).unwrap();
        assert_eq!(grants.rules().len(), 1 + usize::from(is_granted));
        let told: Vec<(&str, &str)> = outside
            .iter()
            .map(|outside| (&*outside.rule, &*outside.host))
            .collect();
        match is_granted {
            true => assert_eq!(told, []),
            false => assert_eq!(told, [("https://{vault_host}/report", endpoint)]),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_rule_to_paste_allows_what_was_denied_or_is_not_offered(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
        host in prop::sample::select(vec!["api.example", "api.example:8443", "vault", "store-one.vault.azure.net", "169.254.169.254"]),
        path in prop::sample::select(vec!["/", "/a/", "/certificates", "/a%20b", "/a%3Fb", "/%7Bname%7D", "/a%22b", "/%C3%BC", "/a%E2%80%AEb", "/a'b"]),
        query in "(&?[ab$%][=0-2%]{0,4}){0,3}",
        names in prop::collection::vec(prop::sample::select(vec!["accept", "authorization", "x-key", "content-length"]), 0..=3),
        kind in prop::option::of(prop::sample::select(vec!["application/json", "text/plain; charset=utf-7", "json", "", "a/b c", "multipart/form-data; boundary=x"])),
        body in prop::sample::select(vec![0_usize, 1, 300_000]),
    ) {
        let Ok(uri) = format!("https://{host}{path}?{query}").parse::<Uri>() else { return Ok(()) };
        let Ok(target) = Target::parse(&method.parse().unwrap(), &uri, LONGEST) else { return Ok(()) };
        let mut given: Vec<(&'static str, &str)> = names.into_iter().map(|name| (name, "1")).collect();
        given.extend(kind.map(|kind| ("content-type", kind)));
        let given = headers(&given);
        let body = vec![b'x'; body];
        let (heads, denied) = match inventory().heads(target.clone(), &given) {
            Ok(heads) => (true, heads.decide(&given, &body).map(|_| ())),
            Err(denial) => (false, Err(denial)),
        };
        let Err(denial) = denied else { return Ok(()) };
        if let Ok(rule) = denial.rule_to_paste(JobKind::Inventory) {
            let allowed = pasted(&rule).heads(target, &given);
            prop_assert!(allowed.is_ok(), "{}\n{}", denial, rule);
            // A body that was not read is nobody's to know.
            if heads {
                let allowed = allowed.unwrap();
                prop_assert!(allowed.decide(&given, &body).is_ok(), "{}\n{}", denial, rule);
            }
        }
    }
}
