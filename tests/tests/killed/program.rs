//! `akv` itself, killed by the system while it waits for the answer of a request, and started
//! again. Time is the machine's, so that nothing here may depend on it: the emulator says when
//! the request has arrived.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use azure_emulator::{Applied, Effect, Fault};
use end_to_end::{Azure, Deed, LONG_AFTER, fixture};
use tempfile::TempDir;

const SIGKILL: i32 = 9;

/// A success, or the warning that what was asked for had been done before.
const WELL: [u64; 2] = [2, 3];

/// An emulated Azure behind a port, with all that must be there before the job.
fn arranged(deed: Deed) -> Azure {
    let azure = Azure::with_seed(&Deed::seed(), Duration::ZERO);
    let add = async |job: &str| {
        let ran = azure.run(&fixture(job), &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    };
    azure.block_on(deed.arrange(&azure.emulator, add));
    azure
}

/// Waits until so many requests have arrived, and have taken effect if they do at all.
fn arrived(azure: &Azure, requests: usize, child: &mut Child, case: &str) {
    while azure.emulator.requests().len() < requests {
        assert_eq!(child.try_wait().unwrap(), None, "{case}: ended before");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn kill_at(deed: Deed, request: usize, applied: Applied) {
    let case = format!("{deed:?} killed at request {request}, {applied:?}");
    let azure = arranged(deed);
    let skip = u32::try_from(request - 1).unwrap();
    let mut silence = Fault::new(Effect::Silence).skip(skip).times(1);
    silence.applied = applied;
    azure.emulator.inject(silence);
    let temporary = TempDir::new().unwrap();
    let mut child = azure
        .command(&deed.file(), &[])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    arrived(&azure, request, &mut child, &case);
    child.kill().unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(SIGKILL), "{case}");
    assert_eq!(
        ended.stdout, b"",
        "{case}: a result of a job that is not over"
    );
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{case}: {left:?}");

    azure.emulator.clear_faults();
    azure.emulator.clock().advance(LONG_AFTER);
    let again = azure.run(&deed.file(), &[]);
    let result = again.json();
    let case = format!("{case}, again: {result}");
    assert!(WELL.contains(&result["Result"].as_u64().unwrap()), "{case}");
    azure.emulator.clock().advance(LONG_AFTER);
    azure.block_on(deed.settled(&azure.emulator, &case));
}

fn killed_everywhere(deed: Deed) {
    let undisturbed = arranged(deed);
    let ran = undisturbed.run(&deed.file(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let requests = undisturbed.emulator.requests().len();
    // Most of a case is waiting for a vault or a deletion to show: all do that together.
    std::thread::scope(|scope| {
        for request in 1..=requests {
            for applied in [Applied::Never, Applied::AtOnce] {
                scope.spawn(move || kill_at(deed, request, applied));
            }
        }
    });
}

macro_rules! rows {
    ($($name:ident: $deed:ident;)*) => {
        $(
            #[test]
            fn $name() {
                killed_everywhere(Deed::$deed);
            }
        )*
    };
}

rows! {
    an_add_by_a_killed_program_ends_in_one_version: AddNew;
    a_replacement_by_a_killed_program_ends_in_one_new_version: Replace;
    a_revival_by_a_killed_program_ends_in_one_new_version: Revive;
    a_removal_by_a_killed_program_ends_in_a_deleted_certificate: Remove;
    a_creation_by_a_killed_program_ends_in_one_vault: Create;
    an_inventory_by_a_killed_program_leaves_nothing: Inventory;
    a_discovery_by_a_killed_program_leaves_nothing: Discover;
}
