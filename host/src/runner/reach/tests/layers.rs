//! Who says an option, and whose word holds.

use super::*;

/// The rule for options: the command line, the store's property, the vault, the tenant, the
/// general ones, the default.
#[test]
fn r30_a_stores_cloud_is_the_first_that_is_said() {
    let general = "[options]\ncloud = \"government\"\n";
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\ncloud = \"china\"\n");
    let vault = "[[vault]]\nnames = [\"kv-*\"]\noptions = { cloud = \"public\" }\n";
    let all = format!("{general}{tenant}{vault}");
    let with_tenant = format!("{general}{tenant}");
    for (flag, property, policy, suffix) in [
        ("", "", "", "vault.azure.net"),
        ("", "", general, "vault.usgovcloudapi.net"),
        ("", "", &with_tenant, "vault.azure.cn"),
        ("", "", &all, "vault.azure.net"),
        ("", "government", &all, "vault.usgovcloudapi.net"),
        ("china", "government", &all, "vault.azure.cn"),
        (
            "",
            "public,china,government",
            &with_tenant,
            "vault.azure.cn",
        ),
    ] {
        let mut job = job(
            JobKind::Inventory,
            secret(),
            store(&[("AzureCloud", property)]),
        );
        // A blank one, too: it is not said.
        job.options = options(&[("cloud", flag)]);
        let reach = reached(&job, policy);
        let wanted = format!("kv-one.{suffix}");
        assert_eq!(reach.store_host, Some(wanted), "{flag} {property} {policy}");
        // What the extension reads must be what the grants were made from.
        let told = reach.store.unwrap().properties;
        let told = told
            .get("AzureCloud")
            .map(|word| Cloud::parse(word).unwrap().unwrap());
        let told = told.unwrap_or_default().endpoints().vault_suffix;
        assert_eq!(told, suffix, "{flag} {property} {policy}");
        assert_eq!(reach.options.get("cloud"), None);
    }
}

#[test]
fn how_far_a_store_may_shrink_is_the_first_that_is_said() {
    let policy = "max-shrink = 20";
    let vault = "max-shrink = 20\n[[vault]]\nnames = [\"kv-*\"]\nmax-shrink = 30\n";
    for (flag, property, policy, wanted) in [
        ("", "", "", 50),
        ("", "", policy, 20),
        ("", "", vault, 30),
        ("", " ", vault, 30),
        ("", "0", vault, 0),
        ("", "100", vault, 100),
        ("70", "100", vault, 70),
        ("0", "", policy, 0),
    ] {
        let mut store = store(&[]);
        store.options = options(&[("max-shrink", property)]);
        let mut job = job(JobKind::Inventory, secret(), store);
        job.options = options(&[("max-shrink", flag)]);
        let reach = reached(&job, policy);
        assert_eq!(reach.max_shrink, wanted, "{flag:?} {property:?} {policy}");
        assert_eq!(reach.options.get("max-shrink"), None);
    }
    let mut store = store(&[]);
    store.options = options(&[("max-shrink", "101")]);
    let job = job(JobKind::Inventory, secret(), store);
    let failure = reach(&job, &Policy::builtin().unwrap()).unwrap_err();
    assert!(failure.message.starts_with("max-shrink"), "{failure:?}");
}

#[test]
fn a_whole_option_list_stays_to_be_told_where_nobody_says_a_cloud() {
    let list = store(&[("AzureCloud", "public,china,government")]);
    let reach = reached(&job(JobKind::Inventory, secret(), list), "");
    assert_eq!(reach.notes.len(), 1, "{:?}", reach.notes);
}

#[test]
fn a_whole_option_list_is_told_where_the_policy_or_the_command_names_the_cloud() {
    let list = store(&[("AzureCloud", "public,china,government")]);
    let mut job = job(JobKind::Inventory, secret(), list);
    let reach = reached(&job, "[options]\ncloud = \"china\"");
    assert_eq!(reach.store_host.as_deref(), Some("kv-one.vault.azure.cn"));
    let [warning] = reach.warnings.as_slice() else {
        panic!("{:?}", reach.warnings);
    };
    assert!(
        warning.starts_with("AzureCloud") && warning.contains("china"),
        "{warning}"
    );
    job.options = options(&[("cloud", "public")]);
    assert_eq!(reached(&job, "").warnings.len(), 1);
    let china = self::job(
        JobKind::Inventory,
        secret(),
        store(&[("AzureCloud", "china")]),
    );
    assert_eq!(
        reached(&china, "[options]\ncloud = \"china\"")
            .warnings
            .len(),
        0
    );
}

/// Every layer that can say an option of a store, the strongest last.
#[test]
fn an_option_of_a_store_is_the_commands_else_its_propertys_else_the_policys() {
    let general = "[options]\ncreate-retention-days = 10\n".to_owned();
    let tenant = format!(
        "{general}[[tenant]]\nnames = [\"{TENANT}\"]\noptions = {{ create-retention-days = 20 }}\n"
    );
    let vault = format!(
        "{tenant}[[vault]]\nnames = [\"kv-*\"]\noptions = {{ create-retention-days = 30 }}\n"
    );
    for (policy, property, flag, days) in [
        ("", "", "", None),
        (&*general, "", "", Some("10")),
        (&tenant, "", "", Some("20")),
        (&vault, "", " ", Some("30")),
        (&vault, "40", "", Some("40")),
        (&vault, "40", "50", Some("50")),
        ("", "40", " ", Some("40")),
    ] {
        let mut store = store(&[]);
        store.options = options(&[("create-retention-days", property)]);
        let mut job = job(JobKind::CreateStore, secret(), store);
        job.options = options(&[("create-retention-days", flag)]);
        let reach = reached(&job, policy);
        assert_eq!(reach.options.get("create-retention-days"), days, "{policy}");
        let put = days.map(|days| format!("\"softDeleteRetentionInDays\":{days}"));
        if let Some(put) = put {
            assert!(
                requests(&reach).contains(&put),
                "{policy} {property} {flag}"
            );
        }
        // No option is a field of the store.
        let fields = reach.store.unwrap().properties;
        assert_eq!(fields.fields().count(), 0);
    }
}

#[test]
fn an_unknown_cloud_is_refused_whatever_the_policy_says() {
    let job = job(
        JobKind::Inventory,
        secret(),
        store(&[("AzureCloud", "goverment")]),
    );
    let policy = "[options]\ncloud = \"china\"";
    assert!(refused(&job, policy).message.starts_with("AzureCloud"));
}

#[test]
fn a_flag_wins_over_the_policy_for_every_option() {
    let mut job = job(JobKind::Inventory, secret(), store(&[]));
    job.options = options(&[("partial", "submit"), ("x", "flag")]);
    let reach = reached(&job, "[options]\nx = \"policy\"\ny = \"policy\"");
    assert_eq!(reach.options.get("partial"), Some("submit"));
    assert_eq!(reach.options.get("x"), Some("flag"));
    assert_eq!(reach.options.get("y"), Some("policy"));
    let mut job = self::job(JobKind::Discovery, secret(), store(&[]));
    job.options = options(&[("path-format", "short")]);
    let tenant = format!("[[tenant]]\nnames = [\"{TENANT}\"]\npath-format = \"resource-id\"");
    for place in reached(&job, &tenant).places {
        assert_eq!(
            place.options.get("path-format"),
            Some("short"),
            "{}",
            place.name
        );
    }
}

#[test]
fn a_flag_with_a_value_that_it_does_not_know_is_refused_by_name() {
    for kind in [JobKind::Inventory, JobKind::Discovery] {
        let mut job = job(kind, secret(), store(&[]));
        job.options = options(&[("partial", "perhaps")]);
        let failure = refused(&job, "");
        assert_eq!(failure.cause, Cause::Input);
        assert!(
            failure.message.starts_with("partial"),
            "{}",
            failure.message
        );
    }
}
