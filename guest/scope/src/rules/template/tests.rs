use super::super::body::{BoundedBody, FreeMember, JsonTemplate, MemberType};
use super::super::pair::ValueTemplate;
use super::*;

/// A policy file, as far as this crate knows one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Policy {
    rule: Vec<RuleTemplate>,
}

fn read(toml: &str) -> Result<RuleTemplate, String> {
    toml::from_str(toml).map_err(|error: toml::de::Error| error.to_string())
}

const WRITTEN_BY_HAND: &str = r#"
    [[rule]]
    id = "call-home"
    purpose = "Reports what was found"
    method = "GET"
    url = "https://api.example/v1/{name}"
    query = [{ name = "api-version", value = "7.6" }, { name = "$skiptoken", opaque = true, optional = true }]
    body = "none"

    [[rule]]
    id = "sign-in"
    method = "POST"
    url = "https://login.example/token"
    headers = { allow = ["accept"], required = [{ name = "x-guard", value = "1" }] }

    [rule.body]
    form = [{ name = "secret", opaque = true, max-length = 256 }, { name = "scope", value = "{vault_scope}" }]
    [rule.veil]
    token-form = "https://api.example"
"#;

#[test]
fn a_rule_is_written_by_hand_in_toml_and_what_is_left_out_has_a_default() {
    let policy: Policy = toml::from_str(WRITTEN_BY_HAND).unwrap();
    let pair = |name: &'static str, value, optional| PairTemplate {
        name: name.into(),
        value,
        optional,
    };
    assert_eq!(
        policy.rule,
        [
            RuleTemplate {
                id: "call-home".into(),
                purpose: "Reports what was found".into(),
                method: Method::Get,
                url: "https://api.example/v1/{name}".into(),
                query: vec![
                    pair("api-version", ValueTemplate::Fixed("7.6".into()), false),
                    pair(
                        "$skiptoken",
                        ValueTemplate::Opaque { max_length: 4096 },
                        true
                    ),
                ],
                headers: HeaderRule::default(),
                body: BodyTemplate::None,
                veil: VeilTemplate::None,
            },
            RuleTemplate {
                id: "sign-in".into(),
                purpose: "".into(),
                method: Method::Post,
                url: "https://login.example/token".into(),
                query: Vec::new(),
                headers: HeaderRule {
                    allow: vec!["accept".into()],
                    required: vec![RequiredHeader {
                        name: "x-guard".into(),
                        value: "1".into()
                    }],
                },
                body: BodyTemplate::Form(vec![
                    pair("secret", ValueTemplate::Opaque { max_length: 256 }, false),
                    pair("scope", ValueTemplate::Fixed("{vault_scope}".into()), false),
                ]),
                veil: VeilTemplate::TokenForm("https://api.example".into()),
            },
        ]
    );
}

const MINIMAL: &str = "id = 'x'\nmethod = 'GET'\nurl = 'https://a.example/'\n";

#[test]
fn the_least_rule_is_an_id_a_method_and_a_url() {
    let rule = read(MINIMAL).unwrap();
    assert_eq!(rule.query, []);
    assert_eq!(rule.headers.allow, ALLOWED_HEADERS);
    assert_eq!(rule.headers.required, []);
    assert_eq!(rule.body, BodyTemplate::None);
    for missing in ["id", "method", "url"] {
        let less: String = MINIMAL
            .lines()
            .filter(|line| !line.starts_with(missing))
            .map(|line| format!("{line}\n"))
            .collect();
        let error = read(&less).unwrap_err();
        assert!(error.contains(missing), "{less}: {error}");
    }
}

#[test]
fn every_kind_of_body_can_be_written_by_hand() {
    for (toml, wanted) in [
        ("body = 'none'", BodyTemplate::None),
        ("body = { form = [] }", BodyTemplate::Form(Vec::new())),
        (
            "[body.bounded]\ncontent-type = 'application/json'\nmax-bytes = 1000",
            BodyTemplate::Bounded(BoundedBody {
                content_type: "application/json".into(),
                max_bytes: 1000,
            }),
        ),
        (
            "[body.json]\nvalue = { a = 1, b = { c = ['{vault}', true] } }\nfree = [{ pointer = '/b/d', max-bytes = 10, optional = true }, { pointer = '/e', max-bytes = 40, type = 'guid' }]",
            BodyTemplate::Json(JsonTemplate {
                value: serde_json::json!({"a": 1, "b": {"c": ["{vault}", true]}}),
                free: vec![
                    FreeMember {
                        pointer: "/b/d".into(),
                        max_bytes: 10,
                        holds: MemberType::Any,
                        among: vec![],
                        optional: true,
                    },
                    FreeMember {
                        pointer: "/e".into(),
                        max_bytes: 40,
                        holds: MemberType::Guid,
                        among: vec![],
                        optional: false,
                    },
                ],
            }),
        ),
    ] {
        let rule = read(&format!("{MINIMAL}{toml}"));
        assert_eq!(rule.map(|rule| rule.body), Ok(wanted), "{toml}");
    }
}

#[test]
fn what_a_rule_does_not_have_is_an_error_and_not_ignored() {
    for wrong in [
        "headres = {}",
        "header = {}",
        "method_ = 'GET'",
        "query = [{ name = 'a', value = 'b', optionl = true }]",
        "query = [{ name = 'a', max_length = 3, opaque = true }]",
        "headers = { alow = [] }",
        "headers = { required = [{ name = 'a', value = 'b', any = true }] }",
        "body = 'anything'",
        "body = { forms = [] }",
        "body = { form = [{ name = 'a', value = 'b', x = 1 }] }",
        "body = { json = { value = {}, frei = [] } }",
        "body = { json = { value = {}, free = [{ pointer = '/a', max-bytes = 1, x = 1 }] } }",
        "body = { json = { value = {}, free = [{ pointer = '/a', max-bytes = 1, type = 'uuid' }] } }",
        "body = { bounded = { content-type = 'a/b', max-bytes = 1, x = 1 } }",
        "body = { bounded = { content-type = 'a/b' } }",
    ] {
        assert!(read(&format!("{MINIMAL}{wrong}")).is_err(), "{wrong}");
    }
    assert!(read(&MINIMAL.replace("GET", "get")).is_err());
    assert!(read(&MINIMAL.replace("GET", "TRACE")).is_err());
}

#[test]
fn a_pair_has_either_a_value_or_is_opaque() {
    for wrong in [
        "{ name = 'a' }",
        "{ name = 'a', opaque = false }",
        "{ name = 'a', value = 'b', opaque = true }",
        "{ name = 'a', value = 'b', max-length = 3 }",
        "{ name = 'a', max-length = 3 }",
        "{ value = 'b' }",
    ] {
        assert!(
            read(&format!("{MINIMAL}query = [{wrong}]")).is_err(),
            "{wrong}"
        );
    }
    let error = read(&format!("{MINIMAL}query = [{{ name = 'a' }}]")).unwrap_err();
    assert!(error.contains("\"a\" needs either a value"), "{error}");
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let twice = "[{ name = 'a', value = '1' }, { name = 'a', value = '2' }]";
    for wrong in [
        format!("query = {twice}"),
        format!("body = {{ form = {twice} }}"),
    ] {
        let error = read(&format!("{MINIMAL}{wrong}")).unwrap_err();
        assert!(error.contains("\"a\" is there twice"), "{wrong}: {error}");
    }
}

#[test]
fn a_rule_is_printed_as_toml_that_reads_the_same() {
    let policy: Policy = toml::from_str(WRITTEN_BY_HAND).unwrap();
    let printed = toml::to_string(&policy).unwrap();
    assert_eq!(
        toml::from_str::<Policy>(&printed).unwrap(),
        policy,
        "{printed}"
    );
    let minimal = read(MINIMAL).unwrap();
    let printed = toml::to_string(&minimal).unwrap();
    assert_eq!(
        printed.lines().count(),
        3,
        "defaults are not printed: {printed}"
    );
}

#[test]
fn a_method_prints_as_it_is_written() {
    for method in [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
    ] {
        let json = serde_json::to_string(&method).unwrap();
        assert_eq!(json, format!("\"{method}\""));
        assert_eq!(serde_json::from_str::<Method>(&json).unwrap(), method);
    }
}
