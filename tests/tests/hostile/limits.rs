//! Limits that no attempt of the list reaches alone: of answers, of requests at once, of tokens.
//! Each ends one job, which says the limit and its value; the next job of the same host succeeds.

use super::{JOB, trying};
use bytes::Bytes;
use end_to_end::{Headless, hostile::HOSTILE, job};
use extension_host::egress::{Answer, SendError, Transport};
use extension_host::orchestrator::Job;
use extension_host::policy::Policy;
use extension_host::runner::{Cause, Report, Status};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use job_scope::{ClientId, Identity};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// A service that answers everything alike, and counts what is under way.
#[derive(Default)]
struct Service {
    header: usize,
    body: usize,
    takes: Duration,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Transport for Service {
    fn send(
        &self,
        _: Request<Bytes>,
        first_byte: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let (takes, under_way) = (self.takes, self.under_way.clone());
        let response = Response::builder()
            .header("x-large", vec![b'x'; self.header])
            .body(Full::new(Bytes::from(vec![b' '; self.body])))
            .unwrap();
        Box::pin(async move {
            let waited = tokio::time::timeout(first_byte, tokio::time::sleep(takes)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            waited.map_err(|_| SendError::FirstByte(first_byte))?;
            Ok(Answer {
                response: response.map(|body| body.map_err(|never| match never {}).boxed_unsync()),
                peer: None,
            })
        })
    }
}

/// Runs the attempt over this service, and then a job of the same host that must succeed.
async fn over(service: Service, attempt: &str, argument: &str) -> Report {
    let mut headless = Headless::new(HOSTILE, &trying(attempt, argument));
    headless.host.transport = Arc::new(service);
    let report = headless.run(&job(JOB)).await;
    unaffected(&mut headless).await;
    report
}

async fn unaffected(headless: &mut Headless) {
    headless.host.policy = Policy::parse(&trying("submit-inventory", "")).unwrap();
    let next = headless.run(&job(JOB)).await;
    assert_eq!(next.status, Status::Success, "{}", next.message);
    assert_eq!(next.list.unwrap().entries(), 1);
}

fn failed_with(report: &Report, cause: Cause, says: &str) {
    let message = &report.message;
    assert_eq!(report.status, Status::Failure(cause), "{message}");
    assert!(message.contains(says), "{message}");
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_no_more_headers_than_one_may() {
    let service = |header| Service {
        header,
        ..Service::default()
    };
    let report = over(service(64 << 10), "read-whole", "").await;
    let says = "an answer with more than the 64 KiB of headers that one may have";
    failed_with(&report, Cause::Other, says);
    let report = over(service(60 << 10), "read-whole", "").await;
    assert_eq!(report.message, "0 bytes");
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_no_longer_body_than_one_may() {
    let service = |body| Service {
        body,
        ..Service::default()
    };
    let report = over(service((16 << 20) + 1), "read-whole", "").await;
    let says = "an answer with more than the 16 MiB that one may have";
    failed_with(&report, Cause::Other, says);
    let report = over(service(16 << 20), "read-whole", "").await;
    assert_eq!(report.message, "16777216 bytes");
}

/// A policy that lets bodies be larger lets none be larger than its rule has it; one that lets them
/// be smaller holds for every rule.
#[tokio::test(start_paused = true)]
async fn of_a_limit_and_a_rules_own_bound_the_smaller_holds() {
    for (limit, argument, code) in [
        (2 << 20, "", Some("body")),
        (256 << 10, "control", None),
        (1 << 10, "control", Some("limit")),
    ] {
        let mut headless = Headless::new(HOSTILE, &trying("oversized-body", argument));
        headless.host.limits.request_body = limit;
        let report = headless.run(&job(JOB)).await;
        let audit = headless.audit();
        assert_eq!(audit.len(), 1, "{limit}: {}", report.message);
        assert_eq!(
            audit[0].reason.as_deref(),
            code,
            "{limit}: {}",
            report.message
        );
        let denied = matches!(report.status, Status::Failure(Cause::Denied));
        assert_eq!(denied, code.is_some(), "{limit}: {}", report.message);
    }
}

/// Who has more under way than may be waits; who never reads an answer waits until the end.
#[tokio::test(start_paused = true)]
async fn no_more_requests_than_may_be_are_under_way_at_once() {
    let service = Service {
        takes: Duration::from_secs(1),
        ..Service::default()
    };
    let most = service.most.clone();
    let report = over(service, "at-once", "200").await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!(most.load(Ordering::SeqCst), 64);

    let report = over(Service::default(), "at-once-unread", "65").await;
    let says = "more than the 64 requests a job may have under way at once";
    failed_with(&report, Cause::Deadline, says);
}

/// A body that never goes on is given up.
#[tokio::test(start_paused = true)]
async fn an_answer_without_an_end_is_given_up() {
    struct Endless;

    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = SendError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, SendError>>> {
            Poll::Pending
        }
    }

    impl Transport for Endless {
        fn send(
            &self,
            _: Request<Bytes>,
            _: Duration,
        ) -> Pin<Box<dyn Future<Output = Result<Answer, SendError>> + Send>> {
            Box::pin(async move {
                Ok(Answer {
                    response: Response::new(Silent.boxed_unsync()),
                    peer: None,
                })
            })
        }
    }

    let mut headless = Headless::new(HOSTILE, &trying("read-whole", ""));
    headless.host.transport = Arc::new(Endless);
    let before = tokio::time::Instant::now();
    let report = headless.run(&job(JOB)).await;
    assert_eq!(
        report.status,
        Status::Failure(Cause::Other),
        "{}",
        report.message
    );
    assert!(before.elapsed() <= Duration::from_secs(120));
    unaffected(&mut headless).await;
}

#[tokio::test(start_paused = true)]
async fn a_federated_token_is_no_longer_than_one_may_be() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let mut by_assertion: Job = job(JOB);
    let client_id = ClientId::parse("33333333-3333-4333-8333-333333333333").unwrap();
    by_assertion.identity = Identity::ClientAssertion { client_id };
    by_assertion.secret = None;
    by_assertion.token_file = Some(path.clone());
    let mut headless = Headless::new(HOSTILE, &trying("assertions", ""));
    std::fs::write(&path, "x".repeat((16 << 10) + 1)).unwrap();
    let told = headless.run(&by_assertion).await.message;
    assert!(
        told.contains("more than the 16384 bytes a token may have"),
        "{told}"
    );
    std::fs::write(&path, "x".repeat(16 << 10)).unwrap();
    let told = headless.run(&by_assertion).await.message;
    // Two placeholders: the token itself is none of the extension's.
    assert_eq!(told.matches("Ok(").count(), 2, "{told}");
    unaffected(&mut headless).await;
}

/// What one job holds is nothing to another that runs beside it, by whatever number it asks.
#[tokio::test(start_paused = true)]
async fn a_job_beside_another_has_neither_its_handles_nor_its_list() {
    let own = Headless::new(HOSTILE, &trying("nap-then-submit", "own"));
    let other = Headless::new(HOSTILE, &trying("forged-handle", ""));
    let beside = Headless::new(HOSTILE, &trying("nap-then-submit", "beside"));
    let job = job(JOB);
    let (mut own_report, other_report, beside_report) =
        tokio::join!(own.run(&job), other.run(&job), beside.run(&job));
    failed_with(&other_report, Cause::Other, "unknown handle index");
    assert_eq!(Headless::items(&mut own_report)[0].alias, "own");
    for report in [own_report, beside_report] {
        assert_eq!(report.status, Status::Success, "{}", report.message);
        assert_eq!(report.list.unwrap().entries(), 1);
    }
}
