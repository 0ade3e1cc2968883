//! The store path, as a platform holds it.

use job_scope::StorePath;

/// What was read says itself in a form that reads the same, and its parts can stand in a URL and
/// in a host name as they are.
pub(crate) fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let path = match StorePath::parse(text) {
        Ok(path) => path,
        Err(error) => {
            let told = error.to_string();
            assert!(told.starts_with("StorePath"), "{told}");
            assert!(!told.chars().any(char::is_control), "{told:?}");
            return;
        }
    };
    assert_eq!(StorePath::parse(&path.to_string()).as_ref(), Ok(&path));
    let vault = path.vault().as_str();
    assert!((3..=24).contains(&vault.len()), "{vault:?}");
    assert!(
        vault
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        "{vault:?}"
    );
    assert!(url::Host::parse(&format!("{vault}.vault.azure.net")).is_ok());
    let subscription = path.subscription().as_str();
    assert_eq!(subscription.len(), 36, "{subscription:?}");
    assert!(
        subscription
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
        "{subscription:?}"
    );
    if let Some(group) = path.resource_group() {
        let group = group.as_str();
        assert!(
            !group.contains(['/', '\\', '?', '#', '%', ':']),
            "{group:?}"
        );
        assert!(!matches!(group, "." | ".."), "{group:?}");
    }
}
