//! The schema, the parser and the example say the same of every key.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

const EXAMPLE: &str = include_str!("../example.toml");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// A node of the schema, behind its reference.
fn at<'a>(root: &'a Value, pointer: &str) -> &'a Value {
    resolved(
        root,
        root.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")),
    )
}

fn resolved<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    match node.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => node,
    }
}

/// As much of JSON Schema as ours uses.
fn valid(root: &Value, schema: &Value, value: &Value) -> bool {
    let schema = resolved(root, schema);
    let says = |key: &str| schema.get(key);
    let bound = |key: &str| says(key).and_then(Value::as_u64);
    let is_type = match says("type").and_then(Value::as_str) {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("{other}"),
        None => true,
    };
    let is_text = match (says("pattern").and_then(Value::as_str), value.as_str()) {
        (Some("^https://"), Some(text)) => text.starts_with("https://"),
        (Some("^[0-9A-Fa-f]{64}$"), Some(text)) => {
            text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        (Some(_), None) | (None, _) => true,
        (Some(other), _) => panic!("{other}"),
    };
    let in_range = value.as_i64().is_none_or(|number| {
        let least = says("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN);
        let most = says("maximum").and_then(Value::as_i64).unwrap_or(i64::MAX);
        (least..=most).contains(&number)
    });
    let items = value.as_array().is_none_or(|items| {
        let enough = items.len() as u64 >= bound("minItems").unwrap_or(0);
        let of = says("items");
        enough && of.is_none_or(|of| items.iter().all(|item| valid(root, of, item)))
    });
    let members = value.as_object().is_none_or(|members| {
        let count = members.len() as u64;
        let empty = Value::Object(Default::default());
        let named = says("properties").unwrap_or(&empty);
        let required = says("required").and_then(Value::as_array);
        let mut required = required.into_iter().flatten().filter_map(Value::as_str);
        count >= bound("minProperties").unwrap_or(0)
            && count <= bound("maxProperties").unwrap_or(u64::MAX)
            && required.all(|name| members.contains_key(name))
            && members.iter().all(|(name, member)| match named.get(name) {
                Some(of) => valid(root, of, member),
                None => match says("additionalProperties") {
                    None | Some(Value::Bool(true)) => true,
                    Some(Value::Bool(false)) => false,
                    Some(of) => valid(root, of, member),
                },
            })
    });
    let one_of = says("enum").and_then(Value::as_array);
    let any = says("anyOf").and_then(Value::as_array);
    is_type
        && is_text
        && in_range
        && items
        && members
        && one_of.is_none_or(|all| all.contains(value))
        && says("const").is_none_or(|wanted| wanted == value)
        && any.is_none_or(|any| any.iter().any(|of| valid(root, of, value)))
}

fn as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

/// Every level of the file: a policy with the key `zzz` there, and where the schema has it.
const LEVELS: [(&str, &str); 16] = [
    ("zzz = 1", "/properties"),
    (
        "[[tenant]]\nnames = []\nzzz = 1",
        "/properties/tenant/items/properties",
    ),
    (
        "[[vault]]\nnames = []\nzzz = 1",
        "/properties/vault/items/properties",
    ),
    (
        "[[private-endpoint]]\nzzz = 1",
        "/properties/private-endpoint/items/properties",
    ),
    (
        "[[connect-to]]\nzzz = 1",
        "/properties/connect-to/items/properties",
    ),
    ("[[ca]]\nzzz = 1", "/properties/ca/items/properties"),
    ("[proxy]\nzzz = 1", "/properties/proxy/properties"),
    ("[[rule]]\nzzz = 1", "/properties/rule/items/properties"),
    ("[[rule]]\nquery = [{ zzz = 1 }]", "/$defs/pair/properties"),
    (
        "[[rule]]\nheaders = { zzz = 1 }",
        "/properties/rule/items/properties/headers/properties",
    ),
    (
        "[[rule]]\nheaders = { required = [{ zzz = 1 }] }",
        "/properties/rule/items/properties/headers/properties/required/items/properties",
    ),
    (
        "[[rule]]\nbody = { zzz = 1 }",
        "/properties/rule/items/properties/body/anyOf/1/properties",
    ),
    (
        "[[rule]]\nbody = { json = { zzz = 1 } }",
        "/properties/rule/items/properties/body/anyOf/1/properties/json/properties",
    ),
    (
        "[[rule]]\nbody = { json = { value = 1, free = [{ zzz = 1 }] } }",
        "/properties/rule/items/properties/body/anyOf/1/properties/json/properties/free/items/properties",
    ),
    (
        "[[rule]]\nbody = { bounded = { zzz = 1 } }",
        "/properties/rule/items/properties/body/anyOf/1/properties/bounded/properties",
    ),
    (
        "[[rule]]\nveil = { zzz = 1 }",
        "/properties/rule/items/properties/veil/anyOf/1/properties",
    ),
];

#[test]
fn the_schema_has_exactly_the_keys_that_the_parser_takes() {
    let schema = schema();
    for (text, pointer) in LEVELS {
        let error = toml::from_str::<File>(text).err().unwrap().to_string();
        let (_, expected) = error
            .split_once("expected ")
            .unwrap_or_else(|| panic!("{error}"));
        let words = expected.lines().next().unwrap();
        let words = words.split('`').skip(1).step_by(2);
        let mut taken: BTreeSet<&str> = words.collect();
        if text.starts_with("[[rule]]\nzzz") {
            // Taken out before the rest is parsed.
            taken.insert("jobs");
        }
        if text.contains("body = { zzz") || text.contains("veil") {
            // A word of its own, and no key.
            taken.remove("none");
        }
        let named: BTreeSet<&str> = at(&schema, pointer)
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            named, taken,
            "{pointer} of policy.schema.json, and the parser ({error})"
        );
    }
}

#[test]
fn an_unknown_key_is_refused_at_every_level_with_its_place_and_the_known_ones() {
    for (text, _) in LEVELS {
        let error = Policy::parse(text).unwrap_err().to_string();
        assert!(
            error.contains("unknown key `zzz`; known are"),
            "{text}: {error}"
        );
    }
    for (text, says) in [
        (
            "host = []",
            "at the top: unknown key `host`; did you mean `hosts`?",
        ),
        ("conect-to = []", "did you mean `connect-to`?"),
        ("[limit]\nmemory = 1", "did you mean `limits`?"),
        (
            "[limits]\nmemroy = 1",
            "in limits: unknown key `memroy`; did you mean `memory`?",
        ),
        ("[limits]\ndeadlin = \"1m\"", "did you mean `deadline`?"),
        (
            "[create]\nretention-day = 7",
            "did you mean `retention-days`?",
        ),
        (
            "[proxy]\nprot = 1",
            "in proxy: unknown key `prot`; did you mean `port`?",
        ),
        (
            "[[vault]]\nnames = [\"a\"]\n[[vault]]\nname = [\"b\"]",
            "in vault[1]: unknown key `name`; did you mean `names`?",
        ),
        ("[[tenant]]\nclouds = \"china\"", "did you mean `cloud`?"),
        (
            "[[tenant]]\nreads-private-keys = true",
            "it belongs at the top of the policy or in [[vault]]",
        ),
        (
            "[[vault]]\nconnect-to = []",
            "it belongs at the top of the policy, as [[connect-to]]",
        ),
        (
            "[[rule]]\nquery = [{ name = \"a\" }, { name = \"b\", opaqe = true }]",
            "in rule[0].query[1]: unknown key `opaqe`; did you mean `opaque`?",
        ),
        (
            "[[rule]]\nbody = { json = { value = {}, free = [{ poniter = \"/a\" }] } }",
            "in rule[0].body.json.free[0]: unknown key `poniter`; did you mean `pointer`?",
        ),
        ("[[rule]]\nbody = { from = [] }", "did you mean `form`?"),
        (
            "[[rule]]\nheaders = { allowed = [] }",
            "did you mean `allow`?",
        ),
    ] {
        let error = Policy::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    // What is for extensions is theirs to name, and what a body holds is its service's.
    for text in [
        "[options]\nanything = 1",
        "[extensions]\nanything = \"0000000000000000000000000000000000000000000000000000000000000000\"",
        "[[rule]]\nid = \"r\"\nmethod = \"PUT\"\nurl = \"https://a.example/\"\nbody = { json = { value = { anything = 1 } } }",
    ] {
        Policy::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn the_example_has_every_key_and_the_schema_takes_it() {
    let schema = schema();
    let example = as_json(EXAMPLE);
    assert!(valid(&schema, &schema, &example));
    let text = EXAMPLE.to_owned();
    let names = |pointer: &str| {
        at(&schema, pointer)
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let create: Vec<String> = names("/properties/create/properties");
    let levels = LEVELS
        .iter()
        .flat_map(|(_, pointer)| -> Vec<String> { names(pointer) });
    for key in levels.chain(create) {
        let written = [
            format!("{key} = "),
            format!("[{key}]"),
            format!("[[{key}]]"),
            format!(".{key}]"),
        ];
        assert!(written.iter().any(|form| text.contains(form)), "{key}");
    }
}

#[test]
fn the_schema_and_the_parser_refuse_the_same() {
    let schema = schema();
    let rule = "id = \"r\"\nmethod = \"GET\"\nurl = \"https://a.example/\"\n";
    for (text, fits) in [
        ("", true),
        ("hosts = []", true),
        ("hosts = \"a.example\"", false),
        ("jobs = []", false),
        ("jobs = [\"inventory\"]", true),
        ("jobs = [\"list\"]", false),
        ("clouds = [\"germany\"]", false),
        ("max-shrink = 101", false),
        ("max-shrink = -1", false),
        ("max-shrink = \"half\"", false),
        ("reads-private-keys = \"yes\"", false),
        (
            "options = { a = 1, b = true, c = \"x\", d = { e = \"f\" } }",
            true,
        ),
        ("options = { a = 1.5 }", false),
        ("options = { a = [] }", false),
        ("create = { tags = { a = \"b\" } }", true),
        ("create = { tag = { a = \"b\" } }", false),
        ("limits = { memory = \"1 MiB\", requests = 5 }", true),
        ("limits = { memory = true }", false),
        ("extensions = { a = \"1\" }", false),
        ("extensions = {}", false),
        ("[[tenant]]\nnames = []", false),
        ("[[tenant]]\ncloud = \"china\"", false),
        ("[[vault]]\nnames = [\"kv\"]\nmax-shrink = 5", true),
        ("[[vault]]\nnames = [\"kv\"]\nidentities = []", false),
        ("[[ca]]\nhosts = [\"a.example\"]", false),
        ("[[connect-to]]\nhost = \"a.example\"", false),
        ("[proxy]\nhost = \"a.example\"\nport = 1", true),
        ("[proxy]\nhost = \"a.example\"\nport = 65536", false),
        ("[proxy]\nhost = \"a.example\"\nport = \"1\"", false),
        (&format!("[[rule]]\n{rule}"), true),
        (&format!("[[rule]]\n{rule}body = \"none\""), true),
        (&format!("[[rule]]\n{rule}body = \"any\""), false),
        (&format!("[[rule]]\n{rule}body = {{}}"), false),
        (&format!("[[rule]]\n{}", rule.replace("GET", "get")), false),
        (
            &format!("[[rule]]\n{}", rule.replace("https", "http")),
            false,
        ),
        (
            &format!("[[rule]]\n{}", rule.replace("id = \"r\"", "")),
            false,
        ),
    ] {
        let parsed = Policy::parse(text);
        assert_eq!(parsed.is_ok(), fits, "{text}: {parsed:?}");
        assert_eq!(valid(&schema, &schema, &as_json(text)), fits, "{text}");
    }
}

#[test]
fn the_schema_says_what_every_key_is_for() {
    fn look(root: &Value, node: &Value, place: &str) {
        if let Some(members) = node.get("properties").and_then(Value::as_object) {
            for (name, member) in members {
                let told = member.get("description").and_then(Value::as_str);
                let elsewhere = place == "/create" || place == "/limits";
                assert!(
                    elsewhere || told.is_some_and(|text| text.ends_with('.')),
                    "{place}/{name} has no description"
                );
                look(root, resolved(root, member), &format!("{place}/{name}"));
            }
        }
        for key in ["items", "additionalProperties"] {
            if let Some(of) = node.get(key).filter(|of| of.is_object()) {
                look(root, resolved(root, of), place);
            }
        }
        for of in node
            .get("anyOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            look(root, resolved(root, of), place);
        }
    }
    let schema = schema();
    look(&schema, &schema, "");
}

#[test]
fn limits_and_settings_of_new_vaults_are_in_the_schema_by_their_own_names() {
    let schema = schema();
    let names = |pointer: &str| -> Vec<String> {
        at(&schema, pointer)
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let sorted = |mut all: Vec<&str>| {
        all.sort_unstable();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let limits = LIMITS.iter().map(|key| key.name).collect();
    assert_eq!(names("/properties/limits/properties"), sorted(limits));
    let create = job_scope::OPTIONS
        .iter()
        .filter_map(|option| option.name.strip_prefix("create-"));
    assert_eq!(
        names("/properties/create/properties"),
        sorted(create.collect())
    );
}

#[test]
fn what_is_shown_of_a_policy_is_a_policy_that_means_the_same() {
    for text in ["", EXAMPLE, "max-shrink = 7\n[limits]\ncpu = \"5s\"\n"] {
        let policy = policy(text);
        let shown = policy.shown();
        let again = self::policy(&shown);
        assert_eq!(again.shown(), shown);
        assert_eq!(again.limits(), policy.limits());
        assert_eq!(again.max_shrink, policy.max_shrink);
        assert_eq!(again.hosts(), policy.hosts(), "{shown}");
        assert_eq!(again.caution(), policy.caution());
    }
    let shown = policy("").shown();
    for part in [
        "*.vault.azure.net",
        "max-shrink = 50",
        "deadline = \"15m\"",
        "memory = \"64 MiB\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
