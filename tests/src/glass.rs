//! The built component behind glass: an engine whose memories are searched for the credentials of a
//! job, and the key of an Add, while it works and afterwards.
//!
//! It must not know what a job is expected to leave there.

use crate::{Headless, Memories, Seen, Through, artifact};
use bytes::Bytes;
use extension_host::egress::Transport;
use extension_host::engine::{Engine, Extension};
use extension_host::limits::Limits;
use extension_host::orchestrator::{Job, Task};
use http::{Request, Response, header};
use p12_keystore::Pkcs12Archive;
use secrecy::ExposeSecret;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The secret of the job.
pub const SECRET: &str = "client secret";
/// Its federated token.
pub const ASSERTION: &str = "federated token";
/// The tokens that it gets.
pub const TOKEN: &str = "access token";
/// The key of an Add.
pub const KEY: &str = "private key";
/// The password of an Add.
pub const PASSWORD: &str = "password";

/// An engine that is looked into, and our component in it.
pub struct Glass {
    memories: Memories,
    engine: Engine,
    extension: Extension,
}

impl Default for Glass {
    fn default() -> Self {
        Self::new()
    }
}

impl Glass {
    /// A new one, which compiles the component.
    pub fn new() -> Self {
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

    /// Puts a job's extension behind the glass, and looks for the job's credentials: those that it
    /// brings, and every token that is issued or sent meanwhile.
    pub fn over(&self, headless: &mut Headless, job: &Job) {
        self.memories.forget();
        let host = &mut headless.host;
        host.engine = self.engine.clone();
        host.extension = self.extension.clone();
        host.transport = self.learning(host.transport.clone());
        self.look_for_what_is_in(job);
    }

    /// What was seen of the last job.
    pub fn seen(&self) -> Seen {
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

impl Seen {
    /// What was seen of credentials, during the job and after it.
    pub fn credentials(&self) -> Vec<String> {
        let kinds = [SECRET, ASSERTION, TOKEN].into_iter();
        kinds
            .flat_map(|kind| [self.during_of(kind), self.after_of(kind)].concat())
            .collect()
    }

    /// What of a kind was found during the job, however it was spelled.
    pub fn during_of(&self, kind: &str) -> Vec<String> {
        of(&self.during, kind)
    }

    /// The same when it was over.
    pub fn after_of(&self, kind: &str) -> Vec<String> {
        of(&self.after, kind)
    }
}

/// What of a kind was found, however it was spelled.
fn of(found: &BTreeMap<String, String>, kind: &str) -> Vec<String> {
    let of_kind = found.iter().filter(|(name, _)| name.starts_with(kind));
    of_kind
        .map(|(name, window)| format!("{name}: {window}"))
        .collect()
}
