mod bodies;
mod credentials;
mod operators;
mod urls;

use super::*;
use http::{HeaderMap, HeaderValue, Method, Uri};
use job_scope::{
    BodyTemplate, Identity, JobKind, Needs, Properties, StoreScope, Versions, rules,
    segment_patterns,
};
use proptest::prelude::*;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const PATH: &str = "22222222-2222-4222-8222-222222222222:rg-one:store-one";
const LONGEST: usize = 8 << 10;

fn host_of_store() -> String {
    scope().0.vault_host().to_owned()
}

fn scope() -> (StoreScope, Identity) {
    let identity = Identity::choose(Some(CLIENT), Some("secret")).unwrap();
    let scope = StoreScope::parse(TENANT, PATH, &Properties::default(), &identity).unwrap();
    (scope, identity)
}

fn ceiling(patterns: &[&str]) -> Vec<HostPattern> {
    patterns.iter().map(|text| text.parse().unwrap()).collect()
}

fn everything() -> Vec<HostPattern> {
    ceiling(&["*.microsoftonline.com", "*.azure.net"])
}

fn inventory() -> Grants {
    let (scope, identity) = scope();
    let every_version = Needs {
        versions: Versions::All,
        ..Needs::new(JobKind::Inventory, &identity)
    };
    let (grants, outside) = Grants::intersect(
        &rules(every_version),
        &everything(),
        &[],
        &scope.variables(&identity),
        &segment_patterns(),
    )
    .unwrap();
    assert_eq!(outside, []);
    grants
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    map
}

/// The rule that lets a whole request pass, or why none does.
fn whole(
    grants: &Grants,
    target: &Target,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Rule, Denial> {
    let heads = grants.heads(target.clone(), headers)?;
    heads.decide(headers, body).cloned()
}

/// The rule that lets a request pass, or the reason's code.
fn decide(method: &str, url: &str, given: &HeaderMap, body: &str) -> Result<String, &'static str> {
    let Ok(uri) = url.parse::<Uri>() else {
        return Err("unparsable");
    };
    let method: Method = method.parse().unwrap();
    Target::parse(&method, &uri, LONGEST)
        .and_then(|target| {
            whole(&inventory(), &target, given, body.as_bytes()).map(|rule| rule.id().to_owned())
        })
        .map_err(|denial| denial.reason.code())
}

fn get(path_and_query: &str) -> Result<String, &'static str> {
    let url = format!("https://{}{path_and_query}", host_of_store());
    decide("GET", &url, &headers(&[("authorization", "Bearer x")]), "")
}

#[test]
fn an_inventory_may_do_what_it_needs() {
    for (request, rule) in [
        ("/certificates?api-version=7.6", "list-certificates"),
        (
            "/certificates?api-version=7.6&$skiptoken=abc%3D",
            "list-certificates",
        ),
        (
            "/certificates?%24skiptoken=abc&api-version=7.6",
            "list-certificates",
        ),
        ("/certificates/web-1?api-version=7.6", "get-certificate"),
        (
            "/certificates/web-1/0123456789abcdef0123456789abcdef?api-version=7.6",
            "get-certificate-version",
        ),
    ] {
        assert_eq!(get(request).as_deref(), Ok(rule), "{request}");
    }
    // A next link names the port.
    let url = format!(
        "https://{}:443/certificates?api-version=7.6",
        host_of_store()
    );
    assert!(decide("GET", &url, &HeaderMap::new(), "").is_ok());
}

#[test]
fn an_inventory_may_not_do_anything_else_to_its_store() {
    for (method, path, code) in [
        ("DELETE", "/certificates/web-1?api-version=7.6", "method"),
        ("POST", "/certificates/web-1/import?api-version=7.6", "path"),
        ("GET", "/secrets/web-1?api-version=7.6", "path"),
        ("GET", "/deletedcertificates?api-version=7.6", "path"),
        ("GET", "/certificates/contacts?api-version=7.6", "path"),
        ("GET", "/certificates/ISSUERS?api-version=7.6", "path"),
        ("GET", "/certificates/a.b?api-version=7.6", "path"),
        ("GET", "/certificates/web-1/?api-version=7.6", "path"),
        ("GET", "/certificates", "query"),
        ("GET", "/certificates?api-version=7.5", "query"),
        (
            "GET",
            "/certificates?api-version=7.6&api-version=7.6",
            "query",
        ),
        ("GET", "/certificates?api-version=7.6&leak=1", "query"),
        ("HEAD", "/certificates?api-version=7.6", "method"),
        ("TRACE", "/certificates?api-version=7.6", "method"),
        ("CONNECT", "/certificates?api-version=7.6", "method"),
    ] {
        let url = format!("https://{}{path}", host_of_store());
        let decided = decide(method, &url, &HeaderMap::new(), "");
        assert_eq!(decided, Err(code), "{method} {path}");
    }
}

#[test]
fn another_host_scheme_or_port_is_another_place() {
    let host = host_of_store();
    let query = "/certificates?api-version=7.6";
    for url in [
        format!("https://evil.example{query}"),
        format!("https://{host}.evil.example{query}"),
        format!("http://{host}{query}"),
        format!("https://{host}:8443{query}"),
        format!("https://{}{query}", host.replace("store-one", "store-two")),
        format!("https://127.0.0.1{query}"),
        format!("https://[::1]{query}"),
    ] {
        assert_eq!(
            decide("GET", &url, &HeaderMap::new(), ""),
            Err("host"),
            "{url}"
        );
    }
}

#[test]
fn only_known_headers_leave() {
    let url = format!("https://{}/certificates?api-version=7.6", host_of_store());
    for (name, allowed) in [
        ("accept", true),
        ("authorization", true),
        ("user-agent", true),
        ("x-ms-client-request-id", true),
        ("content-length", true),
        ("cookie", false),
        ("x-forwarded-for", false),
        ("x-anything", false),
        ("range", false),
    ] {
        let decided = decide("GET", &url, &headers(&[(name, "1")]), "");
        assert_eq!(decided.is_ok(), allowed, "{name}: {decided:?}");
    }
}

fn token(body: &str) -> Result<String, &'static str> {
    let (scope, _) = scope();
    let url = format!(
        "https://{}/{TENANT}/oauth2/v2.0/token",
        scope.endpoints().authority
    );
    let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
    decide("POST", &url, &form, body)
}

#[test]
fn a_token_request_is_the_jobs_own_or_none() {
    let (scope, _) = scope();
    let audience = scope.endpoints().vault_scope;
    let right = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret=s&scope={audience}"
    );
    assert_eq!(token(&right).as_deref(), Ok("token"));
    for body in [
        String::new(),
        right.replace("client_credentials", "refresh_token"),
        right.replace(CLIENT, TENANT),
        right.replace(audience, "https://graph.example/.default"),
        format!("{right}&client_secret=again"),
        format!("{right}&resource=x"),
        right.replace("&client_secret=s", ""),
        format!("{right}&claims={}", "x".repeat(100_000)),
    ] {
        assert_eq!(token(&body), Err("body"), "{body:.200}");
    }
}

#[test]
fn a_body_where_there_should_be_none_is_denied() {
    let url = format!("https://{}/certificates?api-version=7.6", host_of_store());
    assert_eq!(decide("GET", &url, &HeaderMap::new(), "leak"), Err("body"));
}

#[test]
fn a_rule_outside_the_ceiling_is_left_out_and_told() {
    let (scope, identity) = scope();
    let (grants, outside) = Grants::intersect(
        &rules(Needs::new(JobKind::Inventory, &identity)),
        &ceiling(&["*.microsoftonline.com"]),
        &[],
        &scope.variables(&identity),
        &segment_patterns(),
    )
    .unwrap();
    assert_eq!(grants.rules().len(), 1);
    assert_eq!(outside.len(), 2);
    assert!(outside.iter().all(|out| out.host == scope.vault_host()));
}

#[test]
fn a_header_that_comes_twice_is_denied() {
    let url = format!("https://{}/certificates?api-version=7.6", host_of_store());
    let twice = headers(&[("accept", "application/json"), ("accept", "text/html")]);
    assert_eq!(decide("GET", &url, &twice, ""), Err("header"));
}

#[test]
fn a_template_that_cannot_be_filled_is_an_error_before_the_job_starts() {
    for (url, says) in [
        ("https://{nobody}/", "{nobody}"),
        ("api.example/", "https://"),
        ("https://api.example", "path"),
        ("https://api.example:99999/", "port"),
        ("https://a b/", "host"),
        ("https://api.example/{open", "brace"),
        ("https://api.example/a/../b", "segment"),
    ] {
        let template = RuleTemplate {
            id: "r".into(),
            purpose: "".into(),
            method: job_scope::Method::Get,
            url: url.into(),
            query: vec![],
            headers: job_scope::HeaderRule::default(),
            body: BodyTemplate::None,
            veil: job_scope::VeilTemplate::None,
        };
        let error = Rule::expand(&template, &Variables::default(), &[]).unwrap_err();
        assert!(error.to_string().contains(says), "{url}: {error}");
    }
}

proptest! {
    #[test]
    fn no_url_panics_and_only_the_granted_host_passes(
        host in "[a-z0-9.@:%\\[\\]-]{0,20}",
        path in "[ -~]{0,30}",
        query in "[ -~]{0,20}",
    ) {
        for url in [
            format!("https://{host}/{path}?{query}"),
            format!("https://{}/{path}?{query}", host_of_store()),
            format!("https://{}{host}/certificates?api-version=7.6", host_of_store()),
        ] {
            let Ok(uri) = url.parse::<Uri>() else { continue };
            let Ok(target) = Target::parse(&Method::GET, &uri, LONGEST) else { continue };
            if whole(&inventory(), &target, &HeaderMap::new(), b"").is_ok() {
                prop_assert_eq!(target.host.to_string(), host_of_store());
                prop_assert_eq!(target.port, 443);
            }
        }
    }

    #[test]
    fn what_passes_is_read_alike_by_another_url_parser(
        path in "[A-Za-z0-9/%._~-]{0,40}",
        query in "[A-Za-z0-9=&%$._-]{0,40}",
    ) {
        let text = format!("https://{}/{path}?{query}", host_of_store());
        let Ok(uri) = text.parse::<Uri>() else { return Ok(()) };
        let Ok(target) = Target::parse(&Method::GET, &uri, LONGEST) else { return Ok(()) };
        // The `url` crate normalises dot segments; one that changes the path was refused.
        let other = url::Url::parse(&text).unwrap();
        let read: Vec<&str> = other.path_segments().unwrap().collect();
        prop_assert_eq!(read.len(), target.path.len(), "{}", text);
        let host = host_of_store();
        prop_assert_eq!(other.host_str(), Some(host.as_str()));
    }

    #[test]
    fn neither_side_widens_the_other(kept in proptest::collection::vec(any::<bool>(), 3)) {
        let names = ["*.microsoftonline.com", "*.azure.net", "unrelated.example"];
        let some: Vec<&str> = names.iter().zip(&kept).filter(|(_, keep)| **keep).map(|(n, _)| *n).collect();
        let (scope, identity) = scope();
        let job = rules(Needs::new(JobKind::Inventory, &identity));
        let (grants, outside) = Grants::intersect(
            &job, &ceiling(&some), &[], &scope.variables(&identity), &segment_patterns(),
        ).unwrap();
        prop_assert_eq!(grants.rules().len() + outside.len(), job.len());
        for rule in grants.rules() {
            prop_assert!(ceiling(&some).iter().any(|pattern| pattern.matches(&rule.host)));
            prop_assert!(inventory().rules().contains(rule));
        }
    }
}
