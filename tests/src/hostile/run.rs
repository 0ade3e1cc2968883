//! Makes an attempt, or its control, and holds it to its row. It must not know any attempt.

use super::{Attempt, Control, HOSTILE, Stopped};
use crate::{Headless, Through, job};
use azure_emulator::Seed;
use bytes::Bytes;
use extension_host::egress::Decision;
use extension_host::orchestrator::{Job, Task};
use extension_host::policy::Policy;
use extension_host::runner::{Cause, Report, Status};
use http::Request;
use job_scope::JobKind;

/// A policy that is the built-in one, and tells the extension what to try.
fn trying(attempt: &str, argument: &str) -> String {
    format!("[options]\nattempt = {attempt:?}\nargument = {argument:?}\n")
}

/// A job by its fixture's name; `check-…` is a check of all kinds with the job of the rest's name.
fn job_of(name: &str) -> Job {
    let Some(fixture) = name.strip_prefix("check-") else {
        return job(name);
    };
    let mut checking = job(fixture);
    let store = checking.store().unwrap().clone();
    let kinds = vec![JobKind::CreateStore];
    checking.task = Task::Check { store, kinds };
    checking
}

/// A host over an emulated Azure with one vault more than the job's.
fn host(attempt: &Attempt, policy: &str) -> Headless {
    let policy = &format!("{}\n{policy}", attempt.policy);
    let seed = format!(
        "{}\n[[vault]]\nname = \"kv-two\"\nsubscription = \"22222222-2222-4222-8222-222222222222\"\ngroup = \"rg-one\"\ncertificates = 1\n",
        Seed::built_in_text()
    );
    let mut headless = Headless::with_seed(HOSTILE, policy, &Seed::parse(&seed).unwrap());
    (attempt.limits)(&mut headless.host.limits);
    (attempt.service)(&headless.emulator);
    let behind = headless.host.transport.clone();
    headless.host.transport = Through::new(behind, |request, response| {
        nothing_real_is_misplaced(request);
        response
    });
    headless
}

/// Whatever is attempted, a real credential leaves in its one place only.
fn nothing_real_is_misplaced(request: &Request<Bytes>) {
    let holds_real = |text: &str| text.contains("sp-secret") || text.contains("eyJ");
    let url = request.uri().to_string();
    assert!(!holds_real(&url), "{url}");
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let at_home = name == "authorization" && url.contains(".vault.azure.net/");
        assert!(at_home || !holds_real(&value), "{url} {name}: {value}");
    }
    for (name, value) in form_urlencoded::parse(request.body()) {
        let at_home = name == "client_secret" && url.contains("/oauth2/v2.0/token");
        assert!(at_home || !holds_real(&value), "{url} {name}={value}");
        assert!(!holds_real(&name), "{url} {name}");
    }
}

/// The attempt, what must come of it, and that the next job on the same host knows nothing of it.
pub(super) async fn attempted(attempt: &Attempt) {
    let name = attempt.name;
    let mut headless = host(attempt, &trying(name, ""));
    let report = headless.run(&job_of(attempt.job)).await;
    let told = format!(
        "{name}: {:?} {}\n{:?}\n{:?}",
        report.status,
        report.message,
        headless.audit(),
        headless.log.lines()
    );
    let arrived = headless.emulator.requests();
    assert!(
        attempt.arrive.contains(&arrived.len()),
        "{told}\n{arrived:?}"
    );
    let lines = headless.log.lines();
    let texts = || std::iter::once(&report.message).chain(lines.iter().map(|(_, line)| line));
    assert!(
        texts().any(|text| text.contains(attempt.sees)),
        "{}\n{told}",
        attempt.sees
    );
    assert_eq!(status(attempt.stopped), report.status, "{told}");
    if matches!(report.status, Status::Failure(_)) {
        assert!(report.list.is_none(), "{told}");
    }
    let audit = headless.audit();
    match attempt.stopped {
        Stopped::Denied(code) => {
            let (denied, limited) = audit.split_at(attempt.denials);
            for record in denied {
                assert_eq!(record.decision, Decision::Denied, "{told}");
                assert_eq!(record.reason.as_deref(), Some(code), "{told}");
            }
            // What is beyond a limit has one record, however much it is.
            let beyond = usize::from(!report.traffic.reached.is_empty());
            assert_eq!(limited.len(), beyond, "{told}");
            assert_eq!(report.traffic.denied, attempt.denials as u64, "{told}");
        }
        Stopped::Wasi => assert_eq!(audit, [], "{told}"),
        Stopped::Sandbox | Stopped::Limit(_) | Stopped::Bounded | Stopped::Submission => {
            assert_eq!(report.traffic.denied, 0, "{told}");
        }
        Stopped::Veiled(used) => {
            let last = audit.last().unwrap();
            assert_eq!(last.credential, Some(used), "{told}");
            assert_eq!(report.traffic.denied, 0, "{told}");
        }
        Stopped::MadeSafe | Stopped::Harmless => assert_eq!(report.traffic.denied, 0, "{told}"),
    }
    for record in &audit {
        assert!(serde_json::to_vec(record).unwrap().len() < 2_000, "{told}");
    }
    for text in texts() {
        let printed = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
        assert!(text.chars().all(printed), "{told}");
    }

    headless.emulator.set_latency(std::time::Duration::ZERO);
    headless.emulator.clear_faults();
    headless.host.limits = extension_host::limits::Limits::default();
    headless.host.policy = Policy::parse(&trying("submit-inventory", "")).unwrap();
    let next = headless.run(&job("inventory-service-principal")).await;
    assert_eq!(
        next.status,
        Status::Success,
        "after {name}: {}",
        next.message
    );
    assert_eq!(next.list.unwrap().entries(), 1, "after {name}");
}

fn status(stopped: Stopped) -> Status {
    match stopped {
        Stopped::Denied(_) => Status::Failure(Cause::Denied),
        Stopped::Sandbox | Stopped::Submission => Status::Failure(Cause::Other),
        Stopped::Limit(cause) => Status::Failure(cause),
        Stopped::Wasi
        | Stopped::Bounded
        | Stopped::Veiled(_)
        | Stopped::MadeSafe
        | Stopped::Harmless => Status::Success,
    }
}

/// The control of the attempt.
pub(super) async fn control(attempt: &Attempt) {
    let (headless, report, arrive) = match attempt.control {
        Control::Pasted => {
            let headless = pasting(attempt).await;
            let report = headless.run(&job_of(attempt.job)).await;
            (headless, report, 1)
        }
        Control::Within(arrive) => {
            let headless = host(attempt, &trying(attempt.name, "control"));
            let report = headless.run(&job_of(attempt.job)).await;
            (headless, report, arrive)
        }
        Control::Job(job, arrive) => {
            let headless = host(attempt, &trying(attempt.name, ""));
            let report = headless.run(&job_of(job)).await;
            (headless, report, arrive)
        }
    };
    succeeded(attempt, &headless, &report, arrive);
}

fn succeeded(attempt: &Attempt, headless: &Headless, report: &Report, arrive: usize) {
    let told = format!(
        "the control of {}: {:?} {}\n{:?}",
        attempt.name,
        report.status,
        report.message,
        headless.audit()
    );
    assert_eq!(report.status, Status::Success, "{told}");
    assert_eq!(headless.emulator.requests().len(), arrive, "{told}");
    for record in headless.audit() {
        assert_eq!(record.decision, Decision::Allowed, "{told}");
    }
}

/// A host whose policy has the rule that the denial of this attempt offers.
async fn pasting(attempt: &Attempt) -> Headless {
    let headless = host(attempt, &trying(attempt.name, ""));
    let job = job_of(attempt.job);
    let report = headless.run(&job).await;
    let denial = report.traffic.denials.first().unwrap();
    let rule = denial
        .rule_to_paste(job.kind())
        .unwrap_or_else(|why| panic!("{}: {why}", attempt.name));
    host(attempt, &format!("{}\n{rule}", trying(attempt.name, "")))
}
