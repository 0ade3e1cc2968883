//! A vault with one name in it, for tests of the jobs that change it: it has the states of
//! the real one, and any of its answers can be another one, or get lost.
//!
//! It must not know what a job should do.

mod faults;
mod given;
mod import;
mod secret;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::http::Method;
use crate::testing::{Answer, Fake, Sent, answer};
pub(crate) use faults::{Fault, faults, html, refused, reset, timeout, unavailable_for};
use faults::{TOKEN, echo, refusal};
pub(crate) use given::{job, keeps_its_secrets, store, thumbprint};

pub(crate) const ALIAS: &str = "web-1";
const VAULT: &str = "https://kv-one.vault.azure.net";

/// How it is with the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Absent,
    Live,
    /// For so many more questions.
    BeingDeleted(u32),
    Deleted,
    /// For so many more questions.
    BeingRecovered(u32),
    /// A key or a secret has it.
    Taken,
    /// A deleted key or secret has it.
    TakenByDeleted,
    /// The vault is still making the first certificate of it.
    UnderWay,
}

/// What becomes of a request whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    AtOnce,
    After(Duration),
}

/// How a vault takes keys for an HSM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HsmSupport {
    /// It keeps them there.
    Kept,
    /// It refuses them with this status and code.
    Refused(u16, &'static str),
    /// It makes software keys of them, and says so.
    Ignored,
}

/// One version.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) der: Vec<u8>,
    pub(crate) enabled: bool,
    pub(crate) tags: Value,
    /// What was imported, as it was sent; none where a test has put the certificate there.
    pub(crate) value: Option<String>,
}

pub(crate) struct State {
    pub(crate) life: Life,
    pub(crate) versions: Vec<Version>,
    pub(crate) policy: Value,
    /// `POST /certificates/web-1/import`
    pub(crate) requests: Vec<String>,
    /// The bodies of the imports that were worked on.
    pub(crate) imports: Vec<Value>,
    /// Questions that a deletion or a recovery takes.
    pub(crate) slowness: u32,
    pub(crate) soft_delete: bool,
    /// Whether an import leaves issuer and lifetime actions as they are.
    pub(crate) stubborn: bool,
    /// How it is with keys in an HSM.
    pub(crate) hsm: HsmSupport,
    fault: Option<Faulty>,
    lost: Option<Effect>,
    late: Vec<(Duration, Sent)>,
    /// Something that somebody else does before a request.
    meddling: Vec<(usize, Meddle)>,
}

/// Which requests have a fault: so many from the first one on, as far as they contain this.
#[derive(Clone)]
struct Faulty {
    first: usize,
    count: usize,
    part: &'static str,
    fault: Fault,
}

type Meddle = Box<dyn Fn(&mut State)>;

/// The vault.
#[derive(Clone)]
pub(crate) struct FakeVault(pub(crate) Rc<RefCell<State>>);

impl FakeVault {
    /// Nothing is in it.
    pub(crate) fn new() -> Self {
        FakeVault(Rc::new(RefCell::new(State {
            life: Life::Absent,
            versions: Vec::new(),
            policy: policy(true),
            requests: Vec::new(),
            imports: Vec::new(),
            slowness: 1,
            soft_delete: true,
            stubborn: false,
            hsm: HsmSupport::Kept,
            fault: None,
            lost: None,
            late: Vec::new(),
            meddling: Vec::new(),
        })))
    }

    /// With a certificate in it.
    pub(crate) fn with(life: Life, der: &[u8], tags: Value) -> Self {
        let vault = FakeVault::new();
        vault.change(|state| {
            state.life = life;
            state.put(der, tags);
        });
        vault
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.borrow_mut());
    }

    /// The requests from this one on, so many of them, end like this.
    pub(crate) fn fail(&self, first: usize, count: usize, fault: Fault) {
        self.change(|state| {
            state.fault = Some(Faulty {
                first,
                count,
                part: "",
                fault,
            });
        });
    }

    /// All requests that contain this end like this.
    pub(crate) fn fail_all(&self, part: &'static str, fault: Fault) {
        self.change(|state| {
            state.fault = Some(Faulty {
                first: 0,
                count: usize::MAX,
                part,
                fault,
            });
        });
    }

    /// What is late takes effect.
    pub(crate) fn settle(&self) {
        self.change(|state| {
            for (_, late) in std::mem::take(&mut state.late) {
                let _ = state.work(&late);
            }
        });
    }

    /// Before this request somebody else does something.
    pub(crate) fn meddle(&self, before: usize, meddle: impl Fn(&mut State) + 'static) {
        self.change(|state| state.meddling.push((before, Box::new(meddle))));
    }

    /// What the job runs in.
    pub(crate) fn serve(&self) -> Fake {
        let vault = self.clone();
        Fake::new(move |sent, _| vault.0.borrow_mut().answer(sent))
    }

    /// The requests that were sent, without those for tokens.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut requests = self.0.borrow().requests.clone();
        requests.retain(|request| request != "token");
        requests
    }

    /// How many of the requests contain this.
    pub(crate) fn asked(&self, part: &str) -> usize {
        let requests = self.requests();
        requests.iter().filter(|asked| asked.contains(part)).count()
    }

    /// The versions, from the first one, that are this certificate.
    pub(crate) fn versions_of(&self, der: &[u8]) -> usize {
        let state = self.0.borrow();
        state.versions.iter().filter(|v| v.der == der).count()
    }
}

impl State {
    /// A new version.
    pub(crate) fn put(&mut self, der: &[u8], tags: Value) {
        let id = format!("{:032x}", self.versions.len() + 1);
        self.versions.push(Version {
            id,
            der: der.to_vec(),
            enabled: true,
            tags,
            value: None,
        });
    }

    /// The answer to this request is lost, whatever others get.
    pub(crate) fn lose_this_answer(&mut self, effect: Effect) {
        self.lost = Some(effect);
    }

    fn answer(&mut self, sent: &Sent) -> Answer {
        let index = self.requests.len();
        let path = match sent.url().strip_prefix(VAULT) {
            Some(path) => path.split('?').next().unwrap(),
            None => "token",
        };
        let method = match sent.request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        };
        self.requests.push(match path {
            "token" => path.to_owned(),
            _ => format!("{method} {path}"),
        });
        for (before, meddle) in std::mem::take(&mut self.meddling) {
            if before == index {
                meddle(self);
            } else {
                self.meddling.push((before, meddle));
            }
        }
        for (at, late) in std::mem::take(&mut self.late) {
            if at <= sent.at {
                let _ = self.work(&late);
            } else {
                self.late.push((at, late));
            }
        }
        if let Some(effect) = self.lost.take() {
            match effect {
                Effect::None => {}
                Effect::AtOnce => drop(self.work(sent)),
                Effect::After(time) => self.late.push((sent.at + time, sent.clone())),
            }
            return reset();
        }
        let asked = self.requests.last().unwrap();
        let faulty = self.fault.clone().filter(|faulty| {
            let from_first = index.checked_sub(faulty.first);
            from_first.is_some_and(|from| from < faulty.count) && asked.contains(faulty.part)
        });
        match faulty {
            Some(faulty) => match faulty.fault {
                Fault::Instead(answer) => answer,
                Fault::Lost(answer) => {
                    let _ = self.work(sent);
                    answer
                }
                Fault::Echo(status, code) => Ok(echo(status, code, sent)),
                Fault::Late(after, answer) => {
                    self.late.push((sent.at + after, sent.clone()));
                    answer
                }
            },
            None => self.work(sent),
        }
    }

    fn work(&mut self, sent: &Sent) -> Answer {
        let Some(path) = sent.url().strip_prefix(VAULT) else {
            let token = json!({ "access_token": TOKEN, "expires_in": 3_599 });
            return Ok(answer(200, &token.to_string()));
        };
        let (path, query) = path.split_once('?').unwrap();
        assert_eq!(query, "api-version=7.6");
        let live = format!("/certificates/{ALIAS}");
        let deleted = format!("/deletedcertificates/{ALIAS}");
        let result = match (sent.request.method, path) {
            (Method::Get, path) if path == live => self.read(),
            (Method::Delete, path) if path == live => self.delete(),
            (Method::Post, path) if path == format!("{live}/import") => self.import(&sent.body()),
            (Method::Get, path) if path == deleted => self.read_deleted(),
            (Method::Post, path) if path == format!("{deleted}/recover") => self.recover(),
            (Method::Get, path) if path == format!("/secrets/{ALIAS}") => self.secret(),
            _ => panic!("nobody answers {path}"),
        };
        match result {
            Ok(body) => Ok(answer(200, &body.to_string())),
            Err((status, code, inner)) => Ok(refusal(status, code, inner)),
        }
    }

    fn read(&mut self) -> Result<Value, Refused> {
        self.pass();
        match self.life {
            Life::Live => Ok(self.bundle()),
            Life::UnderWay => Ok(json!({
                "id": format!("{VAULT}/certificates/{ALIAS}/{:032x}", 1),
                "attributes": { "enabled": false },
                "policy": self.policy,
                "pending": { "id": format!("{VAULT}/certificates/{ALIAS}/pending") },
            })),
            _ => Err((404, "CertificateNotFound", None)),
        }
    }

    /// Time goes by with every question.
    fn pass(&mut self) {
        self.life = match self.life {
            Life::BeingDeleted(0) => Life::Deleted,
            Life::BeingDeleted(more) => Life::BeingDeleted(more - 1),
            Life::BeingRecovered(0) => Life::Live,
            Life::BeingRecovered(more) => Life::BeingRecovered(more - 1),
            life => life,
        };
    }

    fn in_the_way(&self) -> Option<Refused> {
        let inner = match self.life {
            Life::Absent | Life::Live => return None,
            Life::Taken | Life::UnderWay => return Some((409, "Conflict", None)),
            Life::Deleted | Life::TakenByDeleted => "ObjectIsDeletedButRecoverable",
            Life::BeingDeleted(_) => "ObjectIsBeingDeleted",
            Life::BeingRecovered(_) => "ObjectIsBeingRecovered",
        };
        Some((409, "Conflict", Some(inner)))
    }

    fn delete(&mut self) -> Result<Value, Refused> {
        match self.life {
            Life::Live => {}
            Life::BeingDeleted(_) | Life::BeingRecovered(_) => {
                let refused = self.in_the_way().unwrap();
                self.pass();
                return Err(refused);
            }
            _ => return Err((404, "CertificateNotFound", None)),
        }
        let mut body = self.bundle();
        if self.soft_delete {
            self.life = Life::BeingDeleted(self.slowness);
            body["recoveryId"] = json!(format!("{VAULT}/deletedcertificates/{ALIAS}"));
        } else {
            self.life = Life::Absent;
        }
        Ok(body)
    }

    fn read_deleted(&mut self) -> Result<Value, Refused> {
        self.pass();
        if self.life != Life::Deleted {
            return Err((404, "CertificateNotFound", None));
        }
        let mut body = self.bundle();
        body["recoveryId"] = json!(format!("{VAULT}/deletedcertificates/{ALIAS}"));
        body["deletedDate"] = json!(1_722_558_834);
        body["scheduledPurgeDate"] = json!(1_723_163_634);
        Ok(body)
    }

    fn recover(&mut self) -> Result<Value, Refused> {
        match self.life {
            Life::Deleted => {
                self.life = Life::BeingRecovered(self.slowness);
                Ok(self.bundle())
            }
            Life::BeingDeleted(_) | Life::BeingRecovered(_) => {
                let refused = self.in_the_way().unwrap();
                self.pass();
                Err(refused)
            }
            _ => Err((404, "CertificateNotFound", None)),
        }
    }

    fn bundle(&self) -> Value {
        let version = self.versions.last().unwrap();
        json!({
            "id": format!("{VAULT}/certificates/{ALIAS}/{}", version.id),
            "cer": STANDARD.encode(&version.der),
            "attributes": { "enabled": version.enabled },
            "tags": version.tags,
            "policy": self.policy,
        })
    }
}

type Refused = (u16, &'static str, Option<&'static str>);

/// A policy as the service shows it.
pub(crate) fn policy(exportable: bool) -> Value {
    json!({
        "key_props": { "exportable": exportable, "kty": "RSA", "key_size": 2048 },
        "secret_props": { "contentType": "application/x-pkcs12" },
        "issuer": { "name": "Unknown" },
        "lifetime_actions": [],
    })
}
