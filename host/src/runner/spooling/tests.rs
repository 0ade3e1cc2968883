use super::*;
use crate::orchestrator::{Item, ItemStatus};
use job_scope::Thumbprint;

struct Deaf;

impl Observer for Deaf {
    fn log(&mut self, _: LogLevel, _: &str) {}
    fn progress(&mut self, _: u64, _: Option<u64>) {}
}

fn spooling(accepts: Accepts) -> (Spooling, List) {
    Spooling::new(Box::new(Deaf), accepts, None, &Limits::default()).unwrap()
}

fn item(alias: &str, version: &str) -> InventoryItem {
    InventoryItem {
        alias: alias.to_owned(),
        certificates: vec![vec![0x30]],
        private_key: true,
        parameters: Vec::new(),
        details: vec![("version".to_owned(), version.to_owned())],
    }
}

fn paths(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[test]
fn discovered_paths_are_kept_in_order() {
    let (mut spooling, list) = spooling(Accepts::Paths);
    spooling.submit_discovery(paths(&["b", "a"])).unwrap();
    spooling.submit_discovery(paths(&["c"])).unwrap();
    spooling.submit_discovery(Vec::new()).unwrap();
    let mut list = list.take().unwrap();
    let read: Vec<String> = list.read().unwrap().map(Result::unwrap).collect();
    assert_eq!(read, ["b", "a", "c"]);
}

#[test]
fn w25_a_path_that_is_blank_long_unprintable_or_there_already_is_refused() {
    for path in ["", " ", "a\nb", &"x".repeat(1025), "/Subscriptions/ONE"] {
        let (mut spooling, _list) = spooling(Accepts::Paths);
        spooling
            .submit_discovery(paths(&["/subscriptions/one"]))
            .unwrap();
        assert!(
            spooling.submit_discovery(paths(&[path])).is_err(),
            "{path:?}"
        );
    }
}

#[test]
fn the_limits_of_a_list_hold_for_paths_too() {
    for limits in [
        Limits {
            submitted_items: 2,
            ..Limits::default()
        },
        Limits {
            submitted_bytes: 8,
            ..Limits::default()
        },
    ] {
        let (mut spooling, _list) =
            Spooling::new(Box::new(Deaf), Accepts::Paths, None, &limits).unwrap();
        spooling.submit_discovery(paths(&["aaa"])).unwrap();
        assert!(spooling.submit_discovery(paths(&["bbb", "ccc"])).is_err());
    }
}

#[test]
fn a_job_submits_only_what_its_kind_makes() {
    for (accepts, inventory, discovery) in [
        (Accepts::Inventory(Versions::Current), true, false),
        (Accepts::Paths, false, true),
        (Accepts::Nothing, false, false),
    ] {
        let (mut spooling, list) = spooling(accepts);
        let taken = spooling.submit_inventory(vec![item("a", "1")]).is_ok();
        assert_eq!(taken, inventory, "{accepts:?}");
        let taken = spooling.submit_discovery(paths(&["a"])).is_ok();
        assert_eq!(taken, discovery, "{accepts:?}");
        assert_eq!(list.take().is_some(), inventory || discovery, "{accepts:?}");
    }
}

#[test]
fn an_alias_comes_once_and_where_all_versions_are_shown_each_version_once() {
    let twice = |versions, second| {
        let (mut spooling, _list) = spooling(Accepts::Inventory(versions));
        spooling.submit_inventory(vec![item("a", "1")]).unwrap();
        spooling.submit_inventory(vec![item("a", second)])
    };
    assert!(twice(Versions::Current, "2").is_err());
    let (mut spooling, _list) = spooling(Accepts::Inventory(Versions::Current));
    spooling.submit_inventory(vec![item("Web-1", "1")]).unwrap();
    assert!(spooling.submit_inventory(vec![item("web-1", "2")]).is_err());
    assert!(twice(Versions::All, "2").is_ok());
    assert!(twice(Versions::All, "1").is_err());
}

#[test]
fn a_job_without_a_federated_identity_gets_no_assertion() {
    let (mut spooling, _list) = spooling(Accepts::Nothing);
    assert!(
        spooling
            .assertion()
            .unwrap_err()
            .contains("no federated identity")
    );
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Observer for Kept {
    fn log(&mut self, _: LogLevel, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    fn progress(&mut self, _: u64, _: Option<u64>) {}
}

#[test]
fn where_a_federated_token_should_be_is_told_to_the_operator_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let observer = Kept::default();
    std::fs::write(&path, "eyJ.a.b").unwrap();
    let assertions = Assertions::new(path.clone(), 100, None).unwrap();
    let (mut spooling, _list) = Spooling::new(
        Box::new(observer.clone()),
        Accepts::Nothing,
        Some(assertions),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(spooling.assertion().as_deref(), Ok("eyJ.a.b"));
    std::fs::remove_file(&path).unwrap();
    let told = spooling.assertion().unwrap_err();
    assert!(told.contains("cannot read the federated token"), "{told}");
    assert!(!told.contains(path.to_str().unwrap()), "{told}");
    let lines = observer.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(path.to_str().unwrap()), "{lines:?}");
}

#[test]
fn nothing_is_taken_after_the_end() {
    let (mut spooling, list) = spooling(Accepts::Paths);
    list.take();
    assert!(spooling.submit_discovery(paths(&["a"])).is_err());
}

#[test]
fn only_what_the_last_inventory_had_is_taken_by_its_alias_and_once() {
    let comparing = || {
        let (spooling, list) = spooling(Accepts::Inventory(Versions::Current));
        let known = ["Web-1", "web-2", "web-3"].map(|alias| Known {
            alias: alias.to_owned(),
            private_key: alias == "Web-1",
            thumbprints: vec![Thumbprint::Sha1([0; 20])],
        });
        (spooling.comparing(known.into()), list)
    };
    let (mut job, list) = comparing();
    assert_eq!(job.last_inventory().len(), 3);
    let unchanged = KnownState::Unchanged;
    job.submit_known(paths(&["web-1"]), unchanged).unwrap();
    job.submit_inventory(vec![item("web-2", "1")]).unwrap();
    job.submit_known(paths(&["web-3"]), KnownState::Deleted)
        .unwrap();
    assert_eq!(list.gone(), 1);
    let mut list = list.take().unwrap();
    let items: Vec<Item> = list.read().unwrap().map(Result::unwrap).collect();
    let shown: Vec<_> = items
        .iter()
        .map(|item| {
            (
                &*item.alias,
                item.status,
                item.certificates.len(),
                item.private_key,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Web-1", ItemStatus::Unchanged, 0, true),
            ("web-2", ItemStatus::Unknown, 1, true),
            ("web-3", ItemStatus::Deleted, 0, false),
        ]
    );
    for aliases in [&["web-4"][..], &["web-1", "WEB-1"], &["web-2"]] {
        let (mut job, _list) = comparing();
        job.submit_inventory(vec![item("web-2", "1")]).unwrap();
        assert!(
            job.submit_known(paths(aliases), unchanged).is_err(),
            "{aliases:?}"
        );
    }
    let (mut whole, _list) = spooling(Accepts::Inventory(Versions::Current));
    assert!(whole.submit_known(paths(&["web-1"]), unchanged).is_err());
    assert!(whole.last_inventory().is_empty());
}
