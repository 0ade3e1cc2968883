//! What can lead traffic elsewhere: what of it is taken, and that a run under it says so.

use super::*;

const CA: &str = "[[ca]]\nhosts = [\"*.vault.azure.net\"]\npem = \"x\"\n";

#[test]
fn a_run_that_may_lead_elsewhere_says_so_and_no_other_does() {
    assert_eq!(policy("").caution(), None);
    assert_eq!(policy("hosts = [\"a.example\"]").caution(), None);
    let redirection =
        "[[connect-to]]\nhost = \"*.vault.azure.net\"\naddress = \"127.0.0.1:8443\"\n";
    let private =
        "[[private-endpoint]]\nhosts = [\"*.vault.azure.net\"]\nranges = [\"10.0.0.0/8\"]\n";
    let proxy = "[proxy]\nhost = \"proxy.example\"\nport = 3128\n";
    for (text, words) in [
        (
            redirection.to_owned(),
            vec!["redirected connections to *.vault.azure.net"],
        ),
        (
            format!("{redirection}{}", redirection.replace("vault", "other")),
            vec!["redirected", "1 more"],
        ),
        (
            CA.to_owned(),
            vec!["trusted an added CA for *.vault.azure.net"],
        ),
        (
            private.to_owned(),
            vec!["private addresses", "*.vault.azure.net"],
        ),
        (
            proxy.to_owned(),
            vec!["through the proxy proxy.example:3128"],
        ),
        (
            format!("{redirection}{CA}{private}{proxy}"),
            vec!["redirected", "trusted", "private", "proxy"],
        ),
    ] {
        let caution = policy(&text).caution().unwrap();
        for word in words {
            assert!(caution.contains(word), "{text}: {caution}");
        }
    }
}

#[test]
fn a_name_that_may_lead_to_private_addresses_is_one_that_jobs_may_name() {
    let policy = policy(
        "hosts = [\"a.example\"]\n\
         [[private-endpoint]]\nhosts = [\"*.vaults.example\"]\nranges = [\"10.0.0.0/8\"]\n",
    );
    let covers = |host: &str| {
        let host = url::Host::parse(host).unwrap();
        policy.hosts().iter().any(|pattern| pattern.matches(&host))
    };
    assert!(covers("a.example") && covers("kv-one.vaults.example"));
    assert!(!covers("vaults.example") && !covers("kv-one.vault.azure.net"));
}

#[test]
fn what_would_lead_nowhere_or_too_far_is_refused() {
    for (text, says) in [
        (
            "[[private-endpoint]]\nhosts = []\nranges = [\"10.0.0.0/8\"]",
            "empty",
        ),
        (
            "[[private-endpoint]]\nhosts = [\"a.example\"]\nranges = []",
            "empty",
        ),
        ("[[private-endpoint]]\nhosts = [\"a.example\"]", "ranges"),
        (
            "[[private-endpoint]]\nhosts = [\"a.example\"]\nranges = [\"127.0.0.0/8\"]",
            "private",
        ),
        (
            "[[private-endpoint]]\nhosts = [\"*.com\"]\nranges = [\"10.0.0.0/8\"]",
            "host",
        ),
        (
            "[[connect-to]]\nhost = \"a.example\"\naddress = \"b.example:1\"",
            "address",
        ),
        ("[[ca]]\nhosts = []\npem = \"x\"", "empty"),
        ("[[ca]]\npem = \"x\"", "hosts"),
        ("[proxy]\nhost = \"*.proxy.example\"\nport = 1", "pattern"),
        ("[proxy]\nhost = \"proxy.example\"\nport = 0", "port"),
        ("[proxy]\nhost = \"proxy.example\"\nport = 65536", "65536"),
        ("[proxy]\nhost = \"http://proxy.example\"\nport = 1", "host"),
        ("[proxy]\nhost = \"proxy.example\"", "port"),
        (
            "[proxy]\nhost = \"proxy.example\"\nport = 1\nca = \"x\"",
            "tls",
        ),
    ] {
        let error = Policy::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn a_proxys_own_ca_is_trusted_for_the_proxy_alone() {
    let policy = policy("[proxy]\nhost = \"Proxy.example\"\nport = 3128\ntls = true\nca = \"x\"\n");
    let [ca] = policy.added_cas() else {
        panic!();
    };
    let hosts: Vec<String> = ca.hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["proxy.example"]);
}
