//! Every request of every job, as it is and changed in one thing, against every job.

use super::*;
use crate::grant::sample::Sample;
use crate::grant::{Rule, Target};
use http::Method;

const LONGEST: usize = 8 << 10;

/// Every kind of job by every identity in every cloud.
fn jobs() -> Vec<(String, Grants)> {
    let mut jobs = Vec::new();
    for kind in JobKind::ALL {
        for (name, identity) in identities() {
            for cloud in Cloud::ALL {
                let store = store(&[("AzureCloud", cloud.as_str())]);
                let mut job = job(kind, identity.clone(), store);
                if kind == JobKind::Discovery {
                    job.options = options(&[("cloud", cloud.as_str())]);
                }
                let reach = reached(&job, "");
                jobs.push((format!("{kind} {name} {cloud}"), reach.grants));
            }
        }
    }
    jobs
}

pub(super) fn passes(grants: &Grants, sample: &Sample) -> bool {
    Target::parse(&sample.method, &sample.uri(), LONGEST)
        .and_then(|target| grants.heads(target, &sample.headers))
        .and_then(|heads| {
            let decided = heads.decide(&sample.headers, sample.body.as_bytes());
            decided.map(|_| ())
        })
        .is_ok()
}

/// Whether a rule is for this method and URL, read anew: label by label, with `{…}` for anything.
fn names(rule: &Rule, sample: &Sample) -> bool {
    let wanted = rule.url();
    let given = format!("{}{}", sample.origin, sample.path);
    let alike = |(wanted, given): (&str, &str)| wanted.starts_with('{') || wanted == given;
    rule.method() == sample.method.as_str()
        && wanted.split('/').count() == given.split('/').count()
        && wanted.split('/').zip(given.split('/')).all(alike)
}

#[test]
fn a_job_may_send_its_own_requests_and_of_another_jobs_only_those_that_are_its_own_too() {
    let jobs = jobs();
    let mut denied = 0;
    for (of, grants) in &jobs {
        for rule in grants.rules() {
            let sample = Sample::of(rule);
            assert!(passes(grants, &sample), "{of}: {sample:?}");
            for (by, others) in &jobs {
                let passed = passes(others, &sample);
                let named = others.rules().iter().any(|own| names(own, &sample));
                assert!(named || !passed, "{by} passes, of {of}: {sample:?}");
                let own = others.rules().contains(rule);
                assert!(passed || !own, "{by} is denied its own: {sample:?}");
                denied += usize::from(!passed);
            }
        }
    }
    assert!(denied > 10_000, "{denied}");
}

/// The request changed in one thing, with a word for it. None of these is anybody's.
fn changed(sample: &Sample, rule: &Rule) -> Vec<(String, Sample)> {
    let mut all = Vec::new();
    let mut add = |what: &str, change: &dyn Fn(&mut Sample)| {
        let mut other = sample.clone();
        change(&mut other);
        all.push((what.to_owned(), other));
    };
    let (scheme, host) = sample.origin.split_once("://").unwrap();
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    for origin in [
        format!("{other_scheme}://{host}"),
        format!("{scheme}://{host}:8443"),
        format!("{scheme}://x.{host}"),
        format!("{scheme}://{host}.attacker.example"),
        format!("{scheme}://x{host}"),
        format!("{scheme}://attacker.example"),
    ] {
        add(&origin, &|other| other.origin.clone_from(&origin));
    }
    add("a longer path", &|other| {
        other.path.push_str("/a/b/c/d/e/f")
    });
    add("a slash at the end", &|other| other.path.push('/'));
    add("another beginning", &|other| {
        other.path = format!("/x{}", other.path);
    });
    add("another case", &|other| {
        other.path = other.path.to_ascii_uppercase();
    });
    add("one more name in the query", &|other| {
        let mark = if other.query.is_empty() { "" } else { "&" };
        other.query = format!("{}{mark}leak=1", other.query);
    });
    if !sample.query.is_empty() {
        add("no query", &|other| other.query.clear());
        add("a name twice", &|other| {
            other.query = format!("{0}&{0}", other.query);
        });
        add("another value", &|other| other.query.push('1'));
    }
    for name in [
        "cookie",
        "x-leak",
        "host",
        "transfer-encoding",
        "connection",
        "te",
        "range",
    ] {
        add(name, &|other| {
            other.headers.insert(name, "1".parse().unwrap());
        });
    }
    add("a header twice", &|other| {
        other.headers.append("accept", "text/html".parse().unwrap());
    });
    if !rule.headers().is_empty() {
        add("no header metadata", &|other| {
            other.headers.remove("metadata");
        });
        add("another metadata", &|other| {
            other.headers.insert("metadata", "True".parse().unwrap());
        });
    }
    match rule.body().as_str() {
        "" => add("a body", &|other| other.body.push('x')),
        body if body.starts_with("form") => {
            add("one more field", &|other| other.body.push_str("&leak=1"));
            add("no field", &|other| other.body.clear());
            add("a field twice", &|other| {
                other.body = format!("{0}&{0}", other.body)
            });
        }
        body if body.starts_with("JSON") => {
            add("one more member", &|other| {
                other.body = other.body.replacen('{', "{\"leak\":1,", 1);
            });
            add("no JSON", &|other| other.body.push('x'));
            add("an empty object", &|other| other.body = "{}".to_owned());
        }
        _ => add("a body that is too long", &|other| {
            other.body = "x".repeat((256 << 10) + 1);
        }),
    }
    if !sample.body.is_empty() {
        add("another content type", &|other| {
            other
                .headers
                .insert("content-type", "text/plain".parse().unwrap());
        });
        add("no content type", &|other| {
            other.headers.remove("content-type");
        });
    }
    all
}

#[test]
fn a_request_changed_in_one_thing_is_nobodys() {
    let mut tried = 0;
    for (of, grants) in jobs() {
        for rule in grants.rules() {
            let sample = Sample::of(rule);
            for (what, other) in changed(&sample, rule) {
                assert!(!passes(&grants, &other), "{of}: {what}: {other:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}

#[test]
fn a_request_with_another_method_passes_only_where_a_rule_says_so() {
    for (of, grants) in jobs() {
        for rule in grants.rules() {
            for method in [
                "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
                "get", "GETT",
            ] {
                let mut sample = Sample::of(rule);
                sample.method = Method::from_bytes(method.as_bytes()).unwrap();
                let named = grants.rules().iter().any(|own| names(own, &sample));
                assert!(
                    named || !passes(&grants, &sample),
                    "{of}: {method} {sample:?}"
                );
            }
        }
    }
}

#[test]
fn only_a_job_of_a_managed_identity_reaches_the_identity_endpoint_and_nothing_else_without_tls() {
    for (of, grants) in jobs() {
        let plain = grants
            .rules()
            .iter()
            .filter(|rule| rule.url().starts_with("http:"));
        for rule in plain.clone() {
            assert_eq!(
                rule.url(),
                "http://169.254.169.254/metadata/identity/oauth2/token",
                "{of}"
            );
            assert_eq!(rule.headers(), "metadata: true", "{of}");
            assert!(rule.asks_this_machine(), "{of}");
        }
        let managed = of.contains("-assigned");
        assert_eq!(plain.count() > 0, managed, "{of}");
        let asks = grants
            .rules()
            .iter()
            .filter(|rule| rule.asks_this_machine());
        assert_eq!(asks.count() > 0, managed, "{of}");
    }
}
