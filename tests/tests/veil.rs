//! No credential is ever in the memory of an extension: the built component does every kind of
//! job as every identity, and its linear memory is searched at every call to its host and when
//! the job is over. With the veil off, the same search finds them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use bytes::Bytes;
use end_to_end::{Deed, Memories, Seen, Through, Who, artifact};
use extension_host::egress::Transport;
use extension_host::engine::{Engine, Extension};
use extension_host::limits::Limits;
use extension_host::orchestrator::{Job, Task};
use extension_host::runner::{Credentials, Status};
use http::{Request, Response, header};
use p12_keystore::Pkcs12Archive;
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

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

const SECRET: &str = "client secret";
const ASSERTION: &str = "federated token";
const TOKEN: &str = "access token";
const KEY: &str = "private key";
const PASSWORD: &str = "password";

/// An engine that is looked into, and our component in it.
struct Glass {
    memories: Memories,
    engine: Engine,
    extension: Extension,
}

impl Glass {
    fn new() -> Self {
        let memories = Memories::default();
        let engine = Engine::inspected(&Limits::default(), memories.inspection()).unwrap();
        let bytes = std::fs::read(artifact("keyvault_extension.wasm")).unwrap();
        let extension = engine.load(&bytes, None).unwrap();
        Self {
            memories,
            engine,
            extension,
        }
    }

    /// Does a deed, and says what was seen meanwhile and afterwards.
    async fn look_at(&self, deed: Deed, who: Who, credentials: Credentials) -> Seen {
        let mut headless = deed.arranged().await;
        self.memories.forget();
        let host = &mut headless.host;
        host.engine = self.engine.clone();
        host.extension = self.extension.clone();
        host.credentials = credentials;
        host.transport = self.learning(host.transport.clone());
        let job = deed.job_as(who);
        self.look_for_what_is_in(&job);
        let mut report = headless.run(&job).await;
        let case = format!("{deed:?} by {who:?}");
        assert_eq!(report.status, Status::Success, "{case}: {}", report.message);
        deed.check(&headless, &mut report, &case).await;
        drop(report);
        self.memories.seen()
    }

    /// The credentials that a job brings, and the key and the password of an Add.
    fn look_for_what_is_in(&self, job: &Job) {
        if let Some(secret) = &job.secret {
            self.memories
                .look_for(SECRET, secret.expose_secret().as_bytes());
        }
        if let Some(file) = &job.token_file {
            let token = std::fs::read(file).unwrap();
            self.memories.look_for(ASSERTION, token.trim_ascii());
        }
        if let Task::Add { certificate, .. } = &job.task {
            let password = certificate.password.as_ref().unwrap().expose_secret();
            self.memories.look_for(PASSWORD, password.as_bytes());
            let contents = certificate.contents.clone().into_bytes();
            let archive = Pkcs12Archive::from_pkcs12(&contents, password).unwrap();
            let key = archive.keys.first().unwrap().key.as_der().to_vec();
            for number in secret_numbers(&key) {
                self.memories.look_for(KEY, &number);
            }
        }
    }

    /// The way out, from which is learnt which tokens there are: as they are issued, and as they
    /// are sent.
    fn learning(&self, behind: Arc<dyn Transport>) -> Arc<Through> {
        let memories = self.memories.clone();
        let known = Mutex::new(BTreeSet::new());
        let learn = move |token: &str| {
            if known.lock().unwrap().insert(token.to_owned()) {
                memories.look_for(TOKEN, token.as_bytes());
            }
        };
        Through::new(
            behind,
            move |request: &Request<Bytes>, response: Response<Bytes>| {
                if let Some(value) = request.headers().get(header::AUTHORIZATION) {
                    let (_, token) = value.to_str().unwrap().split_once(' ').unwrap();
                    assert!(token.starts_with("eyJ"), "a placeholder left");
                    learn(token);
                }
                let answer: serde_json::Value =
                    serde_json::from_slice(response.body()).unwrap_or_default();
                if let Some(token) = answer["access_token"].as_str() {
                    learn(token);
                }
                response
            },
        )
    }
}

/// The numbers of an RSA key that are secret (RFC 8017 appendix A.1.2, in RFC 5208): all but the
/// modulus and the public exponent, which are in the certificate.
fn secret_numbers(pkcs8: &[u8]) -> Vec<Vec<u8>> {
    fn element(der: &[u8]) -> (u8, &[u8], &[u8]) {
        let (tag, rest) = der.split_first().unwrap();
        let (length, rest) = rest.split_first().unwrap();
        let (length, rest) = match length {
            0..0x80 => (usize::from(*length), rest),
            _ => {
                let (digits, rest) = rest.split_at(usize::from(length & 0x7f));
                let length = digits.iter().fold(0, |n, d| n << 8 | usize::from(*d));
                (length, rest)
            }
        };
        let (content, behind) = rest.split_at(length);
        (*tag, content, behind)
    }
    let (_, info, _) = element(pkcs8);
    let (_, _, behind) = element(info);
    let (_, _, behind) = element(behind);
    let (tag, key, _) = element(behind);
    assert_eq!(tag, 4, "an OCTET STRING");
    let (_, mut rest, _) = element(key);
    let mut numbers = Vec::new();
    while !rest.is_empty() {
        let (tag, number, behind) = element(rest);
        assert_eq!(tag, 2, "an INTEGER");
        numbers.push(number.to_vec());
        rest = behind;
    }
    assert_eq!(numbers.len(), 9);
    numbers.split_off(3)
}

/// What of a kind was found, however it was spelled.
fn of(found: &BTreeMap<String, String>, kind: &str) -> Vec<String> {
    let of_kind = found.iter().filter(|(name, _)| name.starts_with(kind));
    of_kind
        .map(|(name, window)| format!("{name}: {window}"))
        .collect()
}

async fn no_credential_is_seen(who: Who) {
    let glass = Glass::new();
    for deed in KINDS {
        let seen = glass.look_at(deed, who, Credentials::Veiled).await;
        let case = format!("{deed:?} by {who:?}");
        assert!(seen.looks > 50, "{case}: {} looks", seen.looks);
        assert_eq!(seen.ends, 1, "{case}");
        for kind in [SECRET, ASSERTION, TOKEN] {
            assert_eq!(of(&seen.during, kind), [""; 0], "{case}");
            assert_eq!(of(&seen.after, kind), [""; 0], "{case}");
        }
        // What an Add brings is there while it works, and gone when it has worked.
        let brings = matches!(deed, Deed::AddNew | Deed::Replace);
        for kind in [KEY, PASSWORD] {
            assert_eq!(of(&seen.during, kind).is_empty(), !brings, "{case}: {kind}");
            assert_eq!(of(&seen.after, kind), [""; 0], "{case}");
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
            let seen = glass.look_at(deed, who, Credentials::Bare).await;
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
