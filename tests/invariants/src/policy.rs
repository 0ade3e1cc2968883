//! The operator's policy file.

use extension_host::grant::HostPattern;
use extension_host::policy::Policy;
use job_scope::JobKind;

const KINDS: [JobKind; 6] = [
    JobKind::Inventory,
    JobKind::Add,
    JobKind::Remove,
    JobKind::CreateStore,
    JobKind::Discovery,
    JobKind::Check,
];

/// A policy that is read leads nowhere by plain HTTP or to an address, says so when it leads
/// traffic elsewhere, and one that is not read says why.
pub(crate) fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(error.to_string().len() > "policy: ".len());
            return;
        }
    };
    for rule in KINDS.into_iter().flat_map(|kind| policy.rules(kind)) {
        assert!(rule.url.starts_with("https://"), "{}", rule.url);
        let authority = rule.url.trim_start_matches("https://");
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        assert!(
            !matches!(
                url::Host::parse(authority),
                Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_))
            ),
            "{}",
            rule.url
        );
    }
    for pattern in policy.hosts() {
        let shown = pattern.to_string();
        assert_eq!(
            shown.parse::<HostPattern>().as_ref(),
            Ok(pattern),
            "{shown}"
        );
    }
    let routes = policy.routes();
    if !routes.connect_to.is_empty()
        || !routes.private_endpoints.is_empty()
        || routes.proxy.is_some()
        || !policy.added_cas().is_empty()
    {
        assert!(policy.caution().is_some());
    }
}
