//! What a job may send: the matcher of the host beside a second description of each kind of job,
//! written with the URL parser of the `url` crate.

use extension_host::grant::{Grants, HostPattern, Target};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use job_scope::{
    Alias, Identity, JobKind, Needs, Properties, StoreScope, Versions, rules, segment_patterns,
};
use std::sync::LazyLock;
use url::{Host, Url};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const STORE: &str = "22222222-2222-4222-8222-222222222222:rg-one:kv-one";
const VAULT: &str = "kv-one.vault.azure.net";
const AUTHORITY: &str = "login.microsoftonline.com";
const LONGEST: usize = 8 << 10;

/// The kinds of job whose rules are about one vault, in the order of the input's first byte.
const KINDS: [JobKind; 3] = [JobKind::Inventory, JobKind::Add, JobKind::Remove];
const METHODS: [Method; 7] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::HEAD,
    Method::OPTIONS,
];

static GRANTS: LazyLock<[Option<Grants>; 3]> = LazyLock::new(|| KINDS.map(grants));
static BY_MACHINE: LazyLock<Option<Grants>> = LazyLock::new(by_machine);

fn grants(kind: JobKind) -> Option<Grants> {
    let identity = Identity::choose(Some(CLIENT), Some("secret")).ok()?;
    of(kind, &identity)
}

fn by_machine() -> Option<Grants> {
    of(JobKind::Inventory, &Identity::choose(None, None).ok()?)
}

fn of(kind: JobKind, identity: &Identity) -> Option<Grants> {
    let scope = StoreScope::parse(TENANT, STORE, &Properties::default(), identity).ok()?;
    let needs = Needs {
        versions: Versions::All,
        overwrite: true,
        ..Needs::new(kind, identity)
    };
    let ceiling: Vec<HostPattern> = [AUTHORITY, "*.vault.azure.net", "169.254.169.254"]
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    let variables = scope
        .variables(identity)
        .with_alias(&Alias::parse("web-1").ok()?);
    let templates = rules(needs);
    let (grants, outside) =
        Grants::intersect(&templates, &ceiling, &[], &variables, &segment_patterns()).ok()?;
    outside.is_empty().then_some(grants)
}

/// A request passes exactly when the second description has it: what passes is what `url` reads,
/// without anything that it would have to tidy up first; and what is written as `url` writes it
/// and is described passes.
pub(crate) fn holds(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    patterns(text);
    let Ok(uri) = text.parse::<Uri>() else {
        return;
    };
    // A fragment is not sent (RFC 9110 section 4.2.5); `Uri` leaves it out.
    let text = text.split('#').next().unwrap_or_default();
    let first = usize::from(*first);
    let method = METHODS.get(first / 4 % METHODS.len());
    let Some(method) = method else { return };
    let mut headers = HeaderMap::new();
    let (kind, grants) = match first % 4 {
        3 => {
            headers.insert(
                HeaderName::from_static("metadata"),
                HeaderValue::from_static("true"),
            );
            (Job::ByMachine, BY_MACHINE.as_ref())
        }
        kind => (
            match kind {
                0 => Job::Inventory,
                1 => Job::Add,
                _ => Job::Remove,
            },
            GRANTS.get(kind).and_then(Option::as_ref),
        ),
    };
    assert!(grants.is_some(), "the rules could not be made");
    let Some(grants) = grants else { return };
    let passes = Target::parse(method, &uri, LONGEST)
        .and_then(|target| grants.heads(target, &headers).map(|_| ()))
        .is_ok();
    let described = described(kind, method, &uri, text);
    if passes {
        assert!(described.is_some(), "{method} {text:?} passes");
    } else if described == Some(Spelling::AsUrlWrites) {
        assert!(text.len() > LONGEST, "{method} {text:?} does not pass");
    }
}

/// Whether a job of this kind may send a GET.
pub(crate) fn passes(kind: JobKind, url: &str) -> bool {
    let grants = KINDS
        .iter()
        .position(|known| *known == kind)
        .and_then(|at| GRANTS.get(at)?.as_ref());
    let (Some(grants), Ok(uri)) = (grants, url.parse::<Uri>()) else {
        return false;
    };
    Target::parse(&Method::GET, &uri, LONGEST)
        .and_then(|target| grants.heads(target, &HeaderMap::new()).map(|_| ()))
        .is_ok()
}

#[derive(Clone, Copy)]
enum Job {
    Inventory,
    Add,
    Remove,
    ByMachine,
}

#[derive(PartialEq)]
enum Spelling {
    AsUrlWrites,
    Otherwise,
}

/// Whether a job of this kind sends such a request, and how it is spelt.
fn described(job: Job, method: &Method, uri: &Uri, text: &str) -> Option<Spelling> {
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    // What `url` had to resolve or escape is not what is sent.
    if url.path() != uri.path() || url.path() != text.split('?').next()?.get(start(text)?..)? {
        return None;
    }
    if url.port().is_some() {
        return None;
    }
    let host = url.host()?;
    let path: Vec<&str> = url.path().split('/').skip(1).collect();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let fits = match (url.scheme(), &host) {
        ("https", Host::Domain(VAULT)) => in_vault(job, method, &path, &query),
        ("https", Host::Domain(AUTHORITY)) => {
            !matches!(job, Job::ByMachine)
                && *method == Method::POST
                && path == [TENANT, "oauth2", "v2.0", "token"]
                && query.is_empty()
        }
        ("http", Host::Ipv4(address)) => {
            matches!(job, Job::ByMachine)
                && *method == Method::GET
                && address.octets() == [169, 254, 169, 254]
                && path == ["metadata", "identity", "oauth2", "token"]
                && is(
                    &query,
                    &[
                        ("api-version", "2018-02-01"),
                        ("resource", "https://vault.azure.net"),
                    ],
                )
        }
        _ => false,
    };
    let spelling = match url.as_str() == text {
        true => Spelling::AsUrlWrites,
        false => Spelling::Otherwise,
    };
    fits.then_some(spelling)
}

/// Where the path of a URL begins.
fn start(text: &str) -> Option<usize> {
    let authority = text.find("://")? + 3;
    let rest = text.get(authority..)?;
    Some(authority + rest.find(['/', '?', '#'])?)
}

fn in_vault(job: Job, method: &Method, path: &[&str], query: &[(String, String)]) -> bool {
    let version = job_scope::KEY_VAULT_API_VERSION;
    let one = || is(query, &[("api-version", version)]);
    match (job, method.as_str(), path) {
        (Job::Inventory | Job::ByMachine, "GET", ["certificates"]) => is_page(query),
        (Job::Inventory | Job::ByMachine, "GET", ["certificates", name]) => is_name(name) && one(),
        (Job::Inventory | Job::ByMachine, "GET", ["certificates", name, "versions"]) => {
            is_name(name) && is_page(query)
        }
        (Job::Inventory | Job::ByMachine, "GET", ["certificates", name, version]) => {
            is_name(name) && is_version(version) && one()
        }
        (Job::Add | Job::Remove, "GET", ["certificates" | "deletedcertificates", "web-1"])
        | (Job::Add, "POST", ["certificates", "web-1", "import"])
        | (Job::Add, "POST", ["deletedcertificates", "web-1", "recover"])
        | (Job::Remove, "DELETE", ["certificates", "web-1"]) => one(),
        _ => false,
    }
}

/// Azure REST, Certificates: `^[0-9a-zA-Z-]+$`, and what stands under the same path as something else.
fn is_name(name: &str) -> bool {
    (1..=127).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !["contacts", "issuers", "restore"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(name))
}

fn is_version(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is(query: &[(String, String)], wanted: &[(&str, &str)]) -> bool {
    query.len() == wanted.len()
        && wanted
            .iter()
            .all(|(name, value)| query.iter().any(|(n, v)| n == name && v == value))
}

fn is_page(query: &[(String, String)]) -> bool {
    let count = |name: &str| query.iter().filter(|(n, _)| n == name).count();
    query.iter().all(|(name, value)| match name.as_str() {
        "api-version" => value == job_scope::KEY_VAULT_API_VERSION,
        "$skiptoken" => value.len() <= 4096,
        "maxresults" => value.len() <= 4,
        _ => false,
    }) && count("api-version") == 1
        && count("$skiptoken") <= 1
        && count("maxresults") <= 1
}

/// A pattern over hosts matches what ends in its suffix at a label, and nothing else.
fn patterns(text: &str) {
    let Some((pattern, host)) = text.split_once('\n') else {
        return;
    };
    let (Ok(pattern), Ok(host)) = (pattern.parse::<HostPattern>(), Host::parse(host)) else {
        return;
    };
    let matches = pattern.matches(&host);
    let (shown, host) = (pattern.to_string(), host.to_string());
    let labels = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
    let expected = match shown.strip_prefix("*.") {
        None => shown == host,
        Some(suffix) => {
            let (suffix, host) = (labels(suffix), labels(&host));
            host.len() > suffix.len() && host.ends_with(&suffix)
        }
    };
    assert_eq!(matches, expected, "{shown} on {host}");
}
