//! Bodies of JSON, as rules compare and show them.

use super::*;

#[test]
fn a_json_body_is_compared_as_json_and_no_member_comes_twice() {
    let template: RuleTemplate = toml::from_str(
        r#"
        id = "query"
        method = "POST"
        url = "https://api.example/query"
        body = { json = { value = { query = "fixed", of = "{subscription}" }, free = [{ pointer = "/page", max-bytes = 8, optional = true }] } }
        "#,
    )
    .unwrap();
    let (scope, identity) = scope();
    let (grants, _) =
        Grants::intersect(&[], &[], &[template], &scope.variables(&identity), &[]).unwrap();
    let uri: Uri = "https://api.example/query".parse().unwrap();
    let target = Target::parse(&Method::POST, &uri, LONGEST).unwrap();
    let json = headers(&[("content-type", "application/json; charset=utf-8")]);
    let of = scope.subscription();
    for (body, fits) in [
        (format!(r#"{{"query":"fixed","of":"{of}"}}"#), true),
        (
            format!(r#"{{"of":"{of}","page":"2","query":"fixed"}}"#),
            true,
        ),
        (
            format!(r#"{{"of":"{of}","page":"123456789","query":"fixed"}}"#),
            false,
        ),
        (format!(r#"{{"query":"other","of":"{of}"}}"#), false),
        (
            format!(r#"{{"query":"fixed","query":"fixed","of":"{of}"}}"#),
            false,
        ),
        (
            format!(r#"{{"query":"fixed","of":"{of}","more":1}}"#),
            false,
        ),
        ("not json".to_owned(), false),
    ] {
        let decided = whole(&grants, &target, &json, body.as_bytes());
        assert_eq!(decided.is_ok(), fits, "{body}");
    }
}

/// Whether a rule with this JSON body lets these bodies pass.
fn json_fits(body: &str, given: &[&str]) -> Vec<bool> {
    let template: RuleTemplate = toml::from_str(&format!(
        "id = \"r\"\nmethod = \"POST\"\nurl = \"https://api.example/\"\nbody = {{ json = {body} }}"
    ))
    .unwrap();
    let (grants, _) = Grants::intersect(&[], &[], &[template], &Variables::default(), &[]).unwrap();
    let target = Target::parse(
        &Method::POST,
        &"https://api.example/".parse().unwrap(),
        LONGEST,
    );
    let (target, json) = (
        target.unwrap(),
        headers(&[("content-type", "application/json")]),
    );
    let passes = |body: &&str| whole(&grants, &target, &json, body.as_bytes()).is_ok();
    given.iter().map(passes).collect()
}

#[test]
fn numbers_of_a_json_body_are_compared_as_numbers() {
    let found = json_fits(
        "{ value = { days = 30, list = [1, { a = 2 }] } }",
        &[
            r#"{"days":30,"list":[1,{"a":2}]}"#,
            r#"{"list":[1.0,{"a":2e0}],"days":30.0}"#,
            r#"{"days":30.5,"list":[1,{"a":2}]}"#,
            r#"{"days":"30","list":[1,{"a":2}]}"#,
            r#"{"days":30,"list":[1,{"a":2},3]}"#,
        ],
    );
    assert_eq!(found, [true, true, false, false, false]);
}

#[test]
fn a_pointer_is_read_with_its_escapes_and_leads_through_objects_only() {
    let free = |pointer: &str, value: &str| {
        format!("{{ value = {value}, free = [{{ pointer = \"{pointer}\", max-bytes = 8 }}] }}")
    };
    let slash = free("/a~1b/~01", "{ \"a/b\" = {} }");
    let found = json_fits(&slash, &[r#"{"a/b":{"~1":1}}"#, r#"{"a":{"b":{"/":1}}}"#]);
    assert_eq!(found, [true, false]);
    let list = free("/a/0/b", "{ a = [{}] }");
    assert_eq!(json_fits(&list, &[r#"{"a":[{"b":1}]}"#]), [false]);
}

#[test]
fn a_free_member_holds_its_type_alone() {
    let body = "{ value = {}, free = [{ pointer = \"/id\", max-bytes = 60, type = \"guid\" }] }";
    let found = json_fits(
        body,
        &[
            r#"{"id":"22222222-2222-4222-8222-222222222222"}"#,
            r#"{"id":"contoso.example"}"#,
            r#"{"id":{"a":1}}"#,
        ],
    );
    assert_eq!(found, [true, false, false]);
}

#[test]
fn the_values_of_tags_are_never_shown() {
    let template: RuleTemplate = toml::from_str(
        r#"
        id = "put"
        method = "PUT"
        url = "https://api.example/"
        body = { json = { value = { list = [{ tags = { owner = "t4g-value" } }], location = "x" } } }
        "#,
    )
    .unwrap();
    let rule = Rule::expand(&template, &Variables::default(), &[]).unwrap();
    let shown = format!("{} {rule:?}", rule.body());
    assert!(
        shown.contains("owner") && shown.contains("location"),
        "{shown}"
    );
    assert!(!shown.contains("t4g-value"), "{shown}");
}

#[test]
fn a_whole_number_is_no_other_one() {
    let found = json_fits(
        "{ value = { serial = 9007199254740992 } }",
        &[
            r#"{"serial":9007199254740992}"#,
            r#"{"serial":9007199254740993}"#,
            r#"{"serial":9007199254740993.0}"#,
            r#"{"serial":9007199254740992.0}"#,
            r#"{"serial":-9007199254740992}"#,
        ],
    );
    assert_eq!(found, [true, false, false, false, false]);
    let found = json_fits(
        "{ value = { most = 9223372036854775807 } }",
        &[
            r#"{"most":9223372036854775807}"#,
            r#"{"most":9223372036854775808}"#,
            r#"{"most":9223372036854775806}"#,
        ],
    );
    assert_eq!(found, [true, false, false]);
}

/// Whether a rule with this body lets one pass that is said to be of these types.
fn types_fit(body: &str, given: &str, types: &[&str]) -> Vec<bool> {
    let template: RuleTemplate = toml::from_str(&format!(
        "id = \"r\"\nmethod = \"POST\"\nurl = \"https://api.example/\"\nbody = {body}"
    ))
    .unwrap();
    let (grants, _) = Grants::intersect(&[], &[], &[template], &Variables::default(), &[]).unwrap();
    let uri = "https://api.example/".parse().unwrap();
    let target = Target::parse(&Method::POST, &uri, LONGEST).unwrap();
    let passes = |kind: &&str| {
        let headers = headers(&[("content-type", kind)]);
        whole(&grants, &target, &headers, given.as_bytes()).is_ok()
    };
    types.iter().map(passes).collect()
}

#[test]
fn what_is_read_as_utf_8_says_nothing_else_of_itself() {
    for (body, given, kind) in [
        ("{ json = { value = {} } }", "{}", "application/json"),
        (
            "{ form = [{ name = \"a\", value = \"b\" }] }",
            "a=b",
            "application/x-www-form-urlencoded",
        ),
    ] {
        let fit = |rest: &str| types_fit(body, given, &[&format!("{kind}{rest}")])[0];
        for rest in [
            "",
            "; charset=utf-8",
            ";charset=UTF-8",
            "; Charset=\"utf-8\"",
            " ; charset=\"Utf-8\" ",
        ] {
            assert!(fit(rest), "{kind}{rest}");
        }
        for rest in [
            ";",
            "; charset=utf-7",
            "; charset=utf-16",
            "; charset=\"utf-7\"",
            "; charset='utf-8'",
            "; charset=utf-8; charset=utf-7",
            "; charset=utf-7; charset=utf-8",
            "; boundary=x",
            "; charset",
            ", text/plain",
        ] {
            assert!(!fit(rest), "{kind}{rest}");
        }
    }
    // What nobody reads may say of itself what it likes.
    let bounded = "{ bounded = { content-type = \"multipart/form-data\", max-bytes = 9 } }";
    let found = types_fit(
        bounded,
        "x",
        &["multipart/form-data; boundary=x", "text/plain"],
    );
    assert_eq!(found, [true, false]);
}

#[test]
fn a_body_that_is_too_long_is_told_by_the_rule_that_its_head_fits() {
    let (scope, _) = scope();
    let url = format!(
        "https://{}/{TENANT}/oauth2/v2.0/token",
        scope.endpoints().authority
    );
    let grants = inventory();
    let target = Target::parse(&Method::POST, &url.parse().unwrap(), LONGEST).unwrap();
    let heads = grants.heads(target, &HeaderMap::new()).unwrap();
    let denial = heads.deny_size(&HeaderMap::new(), 10);
    assert_eq!(denial.nearest.as_deref(), Some("token"));
    assert_ne!(grants.rules().last().unwrap().id(), "token");
}
