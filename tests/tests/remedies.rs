//! What a job says about the errors of a service: the emulated one knows them all, and the
//! extension must know what to do about each.

#![allow(clippy::unwrap_used, clippy::panic)]

use azure_emulator::{Fault, entra_codes};
use end_to_end::Deed;
use extension_host::runner::Status;

/// What only a client secret can have.
const OF_A_SECRET: [u64; 2] = [7_000_215, 7_000_222];

#[tokio::test(start_paused = true)]
async fn every_error_of_entra_id_has_a_remedy_for_that_kind_of_identity() {
    for deed in [Deed::Inventory, Deed::InventoryByAssertion] {
        let mut remedies = 0;
        for code in entra_codes() {
            let headless = deed.arranged().await;
            let fault = Fault::error(&code.to_string()).host("login.microsoftonline.com");
            headless.emulator.inject(fault);
            let report = headless.run(&deed.job()).await;
            let message = report.message;
            assert!(matches!(report.status, Status::Failure(_)), "{message}");
            assert!(message.contains(&format!("AADSTS{code}")), "{message}");
            // What the service says ends with the id for its support, the remedy follows.
            let (_, remedy) = message
                .split_once("); ")
                .unwrap_or_else(|| panic!("no remedy: {message}"));
            assert!(remedy.contains(' '), "{message}");
            if deed == Deed::InventoryByAssertion && !OF_A_SECRET.contains(&code) {
                assert!(!remedy.contains("secret"), "there is none: {message}");
            }
            remedies += 1;
        }
        assert!(remedies > 30, "{remedies}");
    }
}
