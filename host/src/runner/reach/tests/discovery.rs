//! Where a discovery looks, and where it may not.

use super::*;

fn discovery(places: &[&str]) -> Job {
    let mut job = job(JobKind::Discovery, secret(), store(&[]));
    job.task = Task::Discovery {
        places: places.iter().map(ToString::to_string).collect(),
    };
    job
}

fn names(reach: &Reach) -> Vec<&str> {
    reach.places.iter().map(|place| &*place.name).collect()
}

#[test]
fn a_discovery_reaches_the_union_of_its_tenants_each_in_its_cloud_and_nothing_twice() {
    let china = format!("[[tenant]]\nnames = [\"{SECOND}\"]\ncloud = \"china\"");
    let job = job(JobKind::Discovery, secret(), store(&[]));
    let alone = reached(&job, "");
    let both = reached(&job, &china);
    let urls = |reach: &Reach| -> Vec<String> {
        let rules = reach.grants.rules().iter();
        rules.map(crate::grant::Rule::url).collect()
    };
    assert_eq!(alone.grants.rules().len(), 2 + 3, "two tokens, one cloud");
    assert_eq!(both.grants.rules().len(), 2 * (1 + 3), "two clouds");
    for url in [
        format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"),
        format!("https://login.chinacloudapi.cn/{SECOND}/oauth2/v2.0/token"),
        "https://management.azure.com/subscriptions".to_owned(),
        "https://management.chinacloudapi.cn/subscriptions".to_owned(),
    ] {
        assert!(urls(&both).contains(&url), "{url}");
    }
    let crossed = format!("https://login.microsoftonline.com/{SECOND}/oauth2/v2.0/token");
    assert!(!urls(&both).contains(&crossed));
    let options: Vec<Option<&str>> = both
        .places
        .iter()
        .map(|place| place.options.get("cloud"))
        .collect();
    assert_eq!(options, [None, Some("china")]);
}

#[test]
fn w26_a_tenant_that_can_be_none_is_passed_on_without_a_rule_and_fails_only_a_discovery_of_itself()
{
    let mut job = discovery(&["contoso corp", TENANT]);
    let reach = reached(&job, "");
    assert_eq!(
        names(&reach),
        ["contoso corp", TENANT],
        "the extension tells it"
    );
    assert_eq!(reach.grants, reached(&discovery(&[TENANT]), "").grants);
    assert!(reach.warnings.is_empty(), "{:?}", reach.warnings);

    let failure = refused(&discovery(&["contoso corp"]), "");
    assert!(failure.message.starts_with("dirs"), "{}", failure.message);
    assert!(failure.message.contains("contoso corp"));
    job.identity = Identity::ManagedIdentity { client_id: None };
    assert_eq!(reached(&job, "").grants.rules().len(), 1 + 3);
}

#[test]
fn a_tenant_that_the_policy_keeps_from_a_discovery_is_left_out_and_told() {
    let china = format!(
        "hosts = [\"login.microsoftonline.com\", \"management.azure.com\"]\n[[tenant]]\nnames = [\"{SECOND}\"]\ncloud = \"china\""
    );
    let managed =
        format!("[[tenant]]\nnames = [\"{SECOND}\"]\nidentities = [\"managed-identity\"]");
    for (policy, why) in [
        (china, "management.chinacloudapi.cn"),
        (managed, "identities"),
    ] {
        let reach = reached(&discovery(&[SECOND, TENANT]), &policy);
        assert_eq!(names(&reach), [TENANT], "{policy}");
        assert_eq!(reach.outside, [], "{policy}");
        assert!(!requests(&reach).contains(SECOND), "{policy}");
        let [warning] = reach.warnings.as_slice() else {
            panic!("{:?}", reach.warnings);
        };
        assert!(warning.starts_with(SECOND), "{warning}");
        let failure = refused(&discovery(&[SECOND]), &policy);
        assert_eq!(failure.cause, Cause::Configuration);
        if why == "identities" {
            assert!(failure.message.contains(why), "{}", failure.message);
        }
    }
}

#[test]
fn tenants_of_one_cloud_are_searched_alike_or_not_together() {
    const ONE: &str = "22222222-2222-4222-8222-222222222222";
    const OTHER: &str = "22222222-2222-4222-8222-222222222229";
    let entry = |tenant: &str, only: &str| {
        format!("[[tenant]]\nnames = [\"{tenant}\"]\noptions = {{ subscriptions = \"{only}\" }}\n")
    };
    let narrowed = entry(SECOND, ONE);
    for policy in [
        narrowed.clone(),
        format!("{narrowed}{}", entry(TENANT, OTHER)),
        format!("options = {{ subscriptions = \"{ONE},{OTHER}\" }}\n{narrowed}"),
        format!("subscriptions = [\"{ONE}\", \"{OTHER}\"]\n{narrowed}"),
    ] {
        let policy = format!("jobs = [\"discovery\"]\n{policy}");
        for (name, identity) in identities() {
            for places in [[TENANT, SECOND], [SECOND, TENANT]] {
                let mut job = discovery(&places);
                job.identity = identity.clone();
                let failure = refused(&job, &policy);
                assert_eq!(failure.cause, Cause::Configuration);
                for part in [TENANT, SECOND, "subscriptions", "a discovery for each"] {
                    assert!(
                        failure.message.contains(part),
                        "{name}: {}",
                        failure.message
                    );
                }
            }
        }
        reached(&discovery(&[TENANT]), &policy);
        reached(&discovery(&[SECOND]), &policy);
    }
    let both = format!(
        "{narrowed}{}",
        entry(TENANT, ONE).replace(ONE, &ONE.to_uppercase())
    );
    for policy in [
        both,
        format!("subscriptions = [\"{ONE}\"]\n{narrowed}"),
        // A token of one cloud is worth nothing in another.
        narrowed.replace("options", "cloud = \"china\"\noptions"),
        // What is not searched widens nothing.
        format!("tenants = [\"{SECOND}\"]\n{narrowed}"),
    ] {
        let policy = format!("jobs = [\"discovery\"]\n{policy}");
        let reach = reached(&discovery(&[TENANT, SECOND]), &policy);
        assert!(!reach.places.is_empty(), "{policy}");
    }
}
