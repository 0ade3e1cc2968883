//! The link to a list's next page, as a service or somebody in between sends it.

use job_scope::{JobKind, PageQuery};
use keyvault_extension::azure::paging::Pages;
use url::Url;

const HOST: &str = "kv-one.vault.azure.net";
const PATH: &str = "/certificates";

/// A link that is followed leads, for a parser of URLs too, to the same list and nowhere else, and
/// no host denies it.
pub(crate) fn holds(data: &[u8]) {
    let Ok(link) = std::str::from_utf8(data) else {
        return;
    };
    let mut pages = Pages::new(HOST, PATH, PageQuery::KEY_VAULT);
    let Ok(Some(next)) = pages.next(Some(link.to_owned())) else {
        return;
    };
    let url = Url::parse(&next);
    assert!(url.is_ok(), "{next:?} is followed and is no URL");
    let Ok(url) = url else { return };
    assert_eq!(Url::parse(link).as_ref(), Ok(&url), "{next:?}");
    // A denied request would cost the job, and not only the list.
    assert!(
        super::grant::passes(JobKind::Inventory, &next),
        "{next:?} is denied"
    );
    assert_eq!(url.scheme(), "https", "{next:?}");
    assert_eq!(url.host_str(), Some(HOST), "{next:?}");
    assert_eq!(url.port(), None, "{next:?}");
    assert_eq!((url.username(), url.password()), ("", None), "{next:?}");
    assert_eq!(url.path(), PATH, "{next:?}");
    assert_eq!(url.fragment(), None, "{next:?}");
    let mut names: Vec<String> = url
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    names.sort();
    assert!(names.iter().any(|name| name == "api-version"), "{next:?}");
    names.retain(|name| !matches!(name.as_str(), "api-version" | "$skiptoken" | "maxresults"));
    assert_eq!(names, [""; 0], "{next:?}");
    // Nobody is sent in a circle.
    assert!(pages.next(Some(next)).is_err());
}
