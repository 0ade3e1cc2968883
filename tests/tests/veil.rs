//! No credential is ever in the memory of an extension: the built component does every kind of
//! job as every identity, and its linear memory is searched at every call to its host and when
//! the job is over. With the veil off, the same search finds them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use end_to_end::{ASSERTION, Deed, Glass, KEY, PASSWORD, SECRET, Seen, TOKEN, Who};
use extension_host::runner::{Credentials, Status};

/// One of each kind of job; an Add also as the replacement of another.
const KINDS: [Deed; 7] = [
    Deed::Inventory,
    Deed::AddNew,
    Deed::Replace,
    Deed::Remove,
    Deed::Create,
    Deed::Discover,
    Deed::Check,
];

/// Does a deed, and says what was seen meanwhile and afterwards.
async fn look_at(glass: &Glass, deed: Deed, who: Who, credentials: Credentials) -> Seen {
    let mut headless = deed.arranged().await;
    headless.host.credentials = credentials;
    let job = deed.job_as(who);
    glass.over(&mut headless, &job);
    let mut report = headless.run(&job).await;
    let case = format!("{deed:?} by {who:?}");
    assert_eq!(report.status, Status::Success, "{case}: {}", report.message);
    deed.check(&headless, &mut report, &case).await;
    drop(report);
    glass.seen()
}

async fn no_credential_is_seen(who: Who) {
    let glass = Glass::new();
    for deed in KINDS {
        let seen = look_at(&glass, deed, who, Credentials::Veiled).await;
        let case = format!("{deed:?} by {who:?}");
        assert!(seen.looks > 50, "{case}: {} looks", seen.looks);
        assert_eq!(seen.ends, 1, "{case}");
        assert_eq!(seen.credentials(), [""; 0], "{case}");
        // What an Add brings is there while it works, and gone when it has worked.
        let brings = matches!(deed, Deed::AddNew | Deed::Replace);
        for kind in [KEY, PASSWORD] {
            assert_eq!(seen.during_of(kind).is_empty(), !brings, "{case}: {kind}");
            assert_eq!(seen.after_of(kind), [""; 0], "{case}");
        }
        eprintln!(
            "{case}: {} looks, {} MB searched, nothing found",
            seen.looks,
            seen.bytes >> 20
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_memory_holds_a_client_secret_or_its_tokens() {
    no_credential_is_seen(Who::Secret).await;
}

#[tokio::test(start_paused = true)]
async fn no_memory_holds_a_federated_token_or_its_tokens() {
    no_credential_is_seen(Who::Assertion).await;
}

#[tokio::test(start_paused = true)]
async fn no_memory_holds_a_token_of_the_machine() {
    no_credential_is_seen(Who::Machine).await;
}

/// The extension authenticates by itself where there is no veil, and the search is not blind.
#[tokio::test(start_paused = true)]
async fn without_the_veil_the_same_search_finds_every_credential() {
    let glass = Glass::new();
    for (who, wanted) in [
        (Who::Secret, &[SECRET, TOKEN][..]),
        (Who::Assertion, &[ASSERTION, TOKEN]),
        (Who::Machine, &[TOKEN]),
    ] {
        for deed in KINDS {
            let seen = look_at(&glass, deed, who, Credentials::Bare).await;
            for kind in wanted {
                let raw = format!("{kind}, raw");
                assert!(
                    seen.during.contains_key(&raw),
                    "{deed:?} {who:?}: {kind}: {seen:?}"
                );
            }
        }
    }
}
