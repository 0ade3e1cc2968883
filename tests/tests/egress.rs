//! What the host does with the requests of a whole job beside sending them, whichever they are:
//! which pool they go to, and what becomes of an audit that cannot be written.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use end_to_end::{Headless, job};
use extension_host::egress::{Answer, AsksThisMachine, JsonLines, SendError, Transport};
use extension_host::runner::Status;
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
