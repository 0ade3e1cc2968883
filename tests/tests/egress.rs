//! What the host does with the requests of a whole job beside sending them, whichever they are:
//! which pool they go to, what is said where none gets out, and what becomes of an audit that cannot
//! be written.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use end_to_end::{Headless, job};
use extension_host::egress::{
    Answer, AsksThisMachine, ConnectError, JsonLines, ProxyProblem, SendError, Transport,
};
use extension_host::runner::{Status, UnreadVariables};
use http::Request;

const COMPONENT: &str = "keyvault_extension.wasm";

/// Notes of each request whether it may use the pool for this machine's identity.
struct Noted {
    marks: Mutex<BTreeSet<(String, bool)>>,
    onward: Arc<dyn Transport>,
}

impl Transport for Noted {
    fn send(
        &self,
        request: Request<Bytes>,
        first_byte: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
        let host = request.uri().host().unwrap().to_owned();
        let marked = request.extensions().get::<AsksThisMachine>().is_some();
        self.marks.lock().unwrap().insert((host, marked));
        self.onward.send(request, first_byte)
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_asks_for_this_machines_identity_goes_to_the_pool_that_may_reach_it() {
    let vault = ("kv-one.vault.azure.net", false);
    for (fixture, token) in [
        ("inventory-managed-identity-user", ("169.254.169.254", true)),
        (
            "inventory-service-principal",
            ("login.microsoftonline.com", false),
        ),
    ] {
        let mut headless = Headless::new(COMPONENT, "");
        let noted = Arc::new(Noted {
            marks: Mutex::default(),
            onward: headless.host.transport.clone(),
        });
        headless.host.transport = noted.clone();
        let report = headless.run(&job(fixture)).await;
        assert_eq!(report.status, Status::Success, "{}", report.message);
        let marks = noted.marks.lock().unwrap().clone();
        let wanted = [token, vault].map(|(host, marked)| (host.to_owned(), marked));
        assert_eq!(marks, BTreeSet::from(wanted), "{fixture}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_audit_that_cannot_be_written_is_told_with_the_list_that_it_is_about() {
    let mut headless = Headless::new(COMPONENT, "");
    let full = File::options().write(true).open("/dev/full").unwrap();
    headless.host.audit = Arc::new(JsonLines::new(full));
    let mut report = headless.run(&job("inventory-service-principal")).await;
    assert_eq!(report.status, Status::Warning);
    let told = "the audit is not complete";
    assert!(report.message.contains(told), "{}", report.message);
    assert_eq!(Headless::items(&mut report).len(), 60);
}

/// A network in which every connection fails alike.
struct Failing(ConnectError);

impl Transport for Failing {
    fn send(
        &self,
        _: Request<Bytes>,
        _: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
        let error = self.0.clone();
        Box::pin(async move { Err(SendError::Connect(error)) })
    }
}

/// What repeating does not change is told after one attempt, with the proxy's own status.
#[tokio::test(start_paused = true)]
async fn a_proxys_refusal_is_told_at_once_and_its_trouble_is_tried_again() {
    for (status, attempts) in [(407, 1), (403, 1), (302, 1), (405, 1), (502, 8), (503, 8)] {
        let mut headless = Headless::new(COMPONENT, "");
        headless.host.transport = Arc::new(Failing(ConnectError::Proxy {
            proxy: "proxy.example:3128".to_owned(),
            host: "login.microsoftonline.com".to_owned(),
            problem: ProxyProblem::Answered(status),
        }));
        let report = headless.run(&job("inventory-service-principal")).await;
        let message = &report.message;
        assert!(matches!(report.status, Status::Failure(_)), "{message}");
        for part in ["proxy.example:3128", &format!("answers {status}")] {
            assert!(message.contains(part), "{message}");
        }
        let takes_none = message.contains("`[proxy]` in the policy takes none");
        assert_eq!(takes_none, status == 407, "{message}");
        assert_eq!(headless.audit().len(), attempts, "{status}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_of_the_environment_is_named_where_no_name_is_reached() {
    let variable = (
        "HTTPS_PROXY".into(),
        "http://user:s3cret@proxy.example".into(),
    );
    let silent = || ConnectError::Timeout("login.microsoftonline.com".to_owned());
    let unresolved = || ConnectError::Unresolved("login.microsoftonline.com".to_owned());
    for (error, named) in [
        (silent(), true),
        (unresolved(), true),
        (
            ConnectError::UnknownName("login.microsoftonline.com".to_owned()),
            false,
        ),
    ] {
        let mut headless = Headless::new(COMPONENT, "");
        headless.host.transport = Arc::new(Failing(error));
        let report = headless.run(&job("inventory-service-principal")).await;
        assert!(!report.message.contains("PROXY"), "{}", report.message);
        headless.host.unread = UnreadVariables::among([variable.clone()]);
        let message = headless
            .run(&job("inventory-service-principal"))
            .await
            .message;
        let told = "HTTPS_PROXY is set, which akv does not read";
        assert_eq!(message.contains(told), named, "{message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
    // A job that is done needs none of it, nor does one that fails for another reason.
    let mut headless = Headless::new(COMPONENT, "");
    headless.host.unread = UnreadVariables::among([variable]);
    let report = headless.run(&job("inventory-service-principal")).await;
    assert_eq!(report.message, "");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_may_send_no_more_says_which_limit_to_raise() {
    let mut headless = Headless::new(COMPONENT, "");
    headless.host.limits.requests = 10;
    let report = headless.run(&job("inventory-service-principal")).await;
    let told =
        "the 10 requests a job may send; if it needs more, raise `requests` under `[limits]`";
    assert!(report.message.contains(told), "{}", report.message);
}
