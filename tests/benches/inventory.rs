//! An inventory of 1,000 certificates at 30 ms a request, against the chain of its 40 pages one
//! after the other, which no client can beat: each page is known only from the one before.
//!
//! `make bench` prints the median of five runs and the ratio.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use azure_emulator::Seed;
use end_to_end::{Azure, fixture};
use std::time::{Duration, Instant};

const RUNS: usize = 5;
const CERTIFICATES: u32 = 1_000;
const PAGE: u32 = 25;
const LATENCY: Duration = Duration::from_millis(30);

fn main() {
    // The built-in seed up to its number of certificates, with another number.
    let (before, _) = Seed::built_in_text()
        .split_once("certificates = 60")
        .unwrap();
    let seed = format!("{before}certificates = {CERTIFICATES}");
    let azure = Azure::with_seed(&Seed::parse(&seed).unwrap(), LATENCY);
    let job = fixture("inventory-service-principal");
    // The first run fills the compile cache and makes the certificates.
    azure.run(&job, &[]);
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let ran = azure.run(&job, &[]);
            let took = started.elapsed();
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            let items = ran.json()["Inventory"].as_array().unwrap().len();
            assert_eq!(items, CERTIFICATES as usize);
            took
        })
        .collect();
    times.sort();
    let chain = LATENCY * CERTIFICATES.div_ceil(PAGE);
    let median = times[RUNS / 2];
    println!("{CERTIFICATES} certificates at {LATENCY:?}: runs {times:.2?}");
    println!(
        "median {median:.2?}, list chain {chain:.2?}, ratio {:.2}",
        median.as_secs_f64() / chain.as_secs_f64()
    );
}
