//! Rules of an operator's own: those that no request could fit, or that would keep jobs from
//! beginning, are refused where they are written.

use super::*;
use crate::grant::sample::Sample;
use crate::grant::{Grants, Target};
use job_scope::{RULE_IDS, Variables, segment_patterns};

const HEAD: &str = "[[rule]]\nid = \"r\"\nmethod = \"POST\"\n";

fn with_url(url: &str) -> String {
    format!("{HEAD}url = '{url}'\n")
}

fn with(line: &str) -> String {
    format!("{HEAD}url = \"https://a.example/x\"\n{line}\n")
}

fn free(value: &str, free: &str) -> String {
    with(&format!(
        "body = {{ json = {{ value = {value}, free = [{{ max-bytes = 40, {free} }}] }} }}"
    ))
}

#[test]
fn a_rule_that_no_request_could_fit_is_refused_with_its_field_and_a_remedy() {
    for (text, field, says) in [
        (with_url("https://a.example"), "url", "no path"),
        (with_url("https://a.example?a=1"), "url", "`query`"),
        (with_url("https://a.example/x?a=1"), "url", "`query`"),
        (with_url("https://a.example/x#a"), "url", "`query`"),
        (with_url("https://a.example/a%20b"), "url", "escape"),
        (with_url("https://a.example/a//c"), "url", "empty segment"),
        (with_url("https://a.example/a/../c"), "url", "dot segment"),
        (with_url("https://a.example/a\\c"), "url", "backslash"),
        (with_url("https://a b/"), "url", "host"),
        (with_url("https://a.example:99999/"), "url", "host"),
        (with_url("https://a.example/pre-{name}"), "url", "/{name}/"),
        (with_url("https://a.example/{names}"), "url", "{vault}"),
        (with_url("https://a.example/{name"), "url", "brace"),
        (
            with("query = [{ name = \"a\", value = \"{name}\" }]"),
            "query",
            "{name}",
        ),
        (
            with("headers = { allow = [\"x key\"] }"),
            "headers",
            "\"x key\"",
        ),
        (
            with("headers = { required = [{ name = \"\", value = \"1\" }] }"),
            "headers",
            "letters",
        ),
        (
            with(
                "headers = { required = [{ name = \"x-a\", value = \"1\" }, { name = \"X-A\", value = \"2\" }] }",
            ),
            "headers",
            "twice",
        ),
        (
            with("headers = { required = [{ name = \"x-a\", value = \"\\n\" }] }"),
            "headers",
            "x-a",
        ),
        (free("{}", "pointer = \"count\""), "body", "slash"),
        (free("{}", "pointer = \"\""), "body", "slash"),
        (free("{}", "pointer = \"/a/b\""), "body", "parents"),
        (free("{ a = 1 }", "pointer = \"/a/b\""), "body", "parents"),
        (free("{ a = [1] }", "pointer = \"/a/0\""), "body", "parents"),
        (free("{ a = 1 }", "pointer = \"/a\""), "body", "twice"),
        (
            free(
                "{}",
                "pointer = \"/a\" }, { max-bytes = 9, pointer = \"/a\"",
            ),
            "body",
            "twice",
        ),
        (
            free("{}", "pointer = \"/a\", type = \"guid\", among = [\"x\"]"),
            "body",
            "among",
        ),
        (
            with(
                "body = { bounded = { content-type = \"text/plain; charset=utf-8\", max-bytes = 1 } }",
            ),
            "body",
            "without parameters",
        ),
        (
            with("body = { bounded = { content-type = \"json\", max-bytes = 1 } }"),
            "body",
            "application/json",
        ),
        (
            with("body = { json = { value = { a = \"{nobody}\" } } }"),
            "body",
            "{nobody}",
        ),
        (with("veil = { bearer = \"api\" }"), "veil", "token-form"),
        (
            format!(
                "{}jobs = [\"add\"]\nveil = {{ identity-answer = \"api\" }}\n{}jobs = [\"remove\"]\nveil = {{ bearer = \"api\" }}",
                with("")
                    .replace("\"r\"", "\"token\"")
                    .replace("token", "of-add"),
                with("")
            ),
            "veil",
            "same kinds",
        ),
        (
            with("veil = { token-form = \"api\" }"),
            "rule r",
            "grant_type",
        ),
        (with("jobs = []"), "jobs", "leave it out"),
        (with("").replace("\"r\"", "\" \""), "id", "number 1"),
        (format!("{}{}", with(""), with("")), "id", "write another"),
    ] {
        let error = Policy::parse(&text).unwrap_err().to_string();
        for part in [field, says, "rule"] {
            assert!(error.contains(part), "{text}\n{part}: {error}");
        }
    }
}

#[test]
fn no_rule_goes_by_the_id_of_one_of_a_jobs_own() {
    for id in RULE_IDS {
        let text = with("").replace("\"r\"", &format!("{id:?}"));
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(error.contains(&format!("rule {id}: id")), "{error}");
    }
}

#[test]
fn a_rule_is_not_for_a_kind_of_job_that_has_no_value_for_it() {
    for (url, kinds, lacking) in [
        (
            "https://{vault_host}/x",
            "\"inventory\", \"check\"",
            "discovery",
        ),
        (
            "https://a.example/{alias}",
            "\"add\", \"remove\"",
            "inventory",
        ),
        (
            "https://a.example/{subscription}",
            "\"create-store\"",
            "discovery",
        ),
    ] {
        let error = Policy::parse(&with_url(url)).unwrap_err().to_string();
        for part in ["rule r", "url", lacking, "`jobs`"] {
            assert!(error.contains(part), "{url}: {error}");
        }
        policy(&format!("{}jobs = [{kinds}]", with_url(url)));
        // What the policy does not run, no rule is for.
        policy(&format!("jobs = [{kinds}]\n{}", with_url(url)));
    }
}

#[test]
fn only_a_name_of_a_host_stands_where_a_host_does() {
    for url in [
        "https://{tenant}/",
        "https://{alias}.example/",
        "https://{resource_group}.a.example/",
        "https://{vault}.vault.azure.net/",
        "https://{subscription}.a.example/",
        "https://{client_id}.a.example/",
        "https://{vault_resource}/",
        "https://{name}/",
    ] {
        let text = format!("{}jobs = [\"add\"]", with_url(url));
        let error = Policy::parse(&text).unwrap_err().to_string();
        for part in ["rule r", "url", "{vault_host}"] {
            assert!(error.contains(part), "{url}: {error}");
        }
    }
    for url in [
        "https://{vault_host}/x",
        "https://{vault_host}:8443/{tenant}",
        "https://{arm}/",
        "https://{authority}/{tenant}",
    ] {
        policy(&format!("{}jobs = [\"add\"]", with_url(url)));
    }
}

/// What is accepted can be met: a request is made of each rule, and passes.
#[test]
fn a_rule_that_is_read_lets_a_request_pass() {
    for text in [
        include_str!("../example.toml").to_owned(),
        with(
            "headers = { allow = [\"accept\"], required = [{ name = \"x-key\", value = \"1\" }] }",
        ),
        with("headers = { required = [{ name = \"x-key\", value = \"{tenant}\" }] }"),
        with("body = { bounded = { content-type = \"text/plain\", max-bytes = 10 } }"),
        free("{ a = { b = 1 } }", "pointer = \"/a/c\", type = \"guid\""),
        free("{}", "pointer = \"/a\", type = \"guids\", max-bytes = 50")
            .replace("max-bytes = 40, ", ""),
        free("{}", "pointer = \"/a\", among = [\"x\", \"y\"]"),
        with_url("https://a.example/a b/\u{fc}/"),
        with_url("https://a.example/{name}/{version}"),
    ] {
        let policy = policy(&text);
        for kind in JobKind::ALL {
            let own = policy.rules(kind);
            let (variables, patterns) = (Variables::sample(kind), segment_patterns());
            let (grants, outside) =
                Grants::intersect(&[], &[], &own, &variables, &patterns).unwrap();
            assert_eq!(outside, []);
            for rule in grants.rules() {
                let sample = Sample::of(rule);
                let passed = Target::parse(&sample.method, &sample.uri(), 8 << 10)
                    .and_then(|target| grants.heads(target, &sample.headers))
                    .and_then(|heads| {
                        let decided = heads.decide(&sample.headers, sample.body.as_bytes());
                        decided.map(|rule| rule.id().to_owned())
                    });
                assert_eq!(passed.as_deref(), Ok(rule.id()), "{text}: {sample:?}");
            }
        }
    }
}
