//! Components that are no extension, or one that no compiler makes.

use end_to_end::hostile::{Component, HOSTILE, Stopped, components};
use end_to_end::{Headless, job};
use extension_host::runner::{Cause, Status};

use super::{JOB, trying};

#[tokio::test(start_paused = true)]
async fn each_is_refused_or_ends_its_own_job_and_no_other() {
    let mut wrong = Vec::new();
    for component in components() {
        if let Err(what) = one(&component).await {
            wrong.push(format!("{}: {what}", component.name));
        }
        let next = Headless::new(HOSTILE, &trying("submit-inventory", ""));
        let report = next.run(&job(JOB)).await;
        if report.status != Status::Success {
            wrong.push(format!("after {}: {}", component.name, report.message));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What came of it otherwise than its row says.
async fn one(component: &Component) -> Result<(), String> {
    let sees = component.sees;
    let mut headless = match (Headless::over(&component.bytes, ""), component.stopped) {
        (Err(refused), None) => {
            let refused = refused.to_string();
            return if refused.contains(sees) {
                Ok(())
            } else {
                Err(refused)
            };
        }
        (Ok(headless), Some(_)) => headless,
        (Err(refused), Some(_)) => return Err(format!("it was refused: {refused}")),
        (Ok(_), None) => return Err("it was loaded".to_owned()),
    };
    (component.limits)(&mut headless.host.limits);
    let report = headless.run(&job(JOB)).await;
    let wanted = match component.stopped {
        Some(Stopped::Limit(cause)) => Status::Failure(cause),
        Some(Stopped::Sandbox) => Status::Failure(Cause::Other),
        _ => Status::Success,
    };
    let right = report.status == wanted
        && report.message.contains(sees)
        && report.list.is_some() == (wanted == Status::Success)
        && headless.emulator.requests().is_empty()
        && headless.audit().is_empty();
    if right {
        Ok(())
    } else {
        Err(format!("{:?} {}", report.status, report.message))
    }
}
