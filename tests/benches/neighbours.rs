//! An inventory of 1,000 certificates at 30 ms a request, alone and beside four hostile
//! extensions in the same process. These never rest: whatever ends is begun again.
//!
//! `make bench` prints the medians of five runs and their ratio, for four that spin, and for four
//! that each do something else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use azure_emulator::Seed;
use end_to_end::{Azure, Served, artifact, fixture};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const RUNS: usize = 5;
const CERTIFICATES: usize = 1_000;
const LATENCY: Duration = Duration::from_millis(30);

/// What four hostile extensions do, by what is measured.
const SCENES: [(&str, &[&str]); 3] = [
    ("alone", &[]),
    ("beside four that spin", &["spin"; 4]),
    (
        "beside one that spins, one that allocates and opens handles, one that floods the log, and one that asks for what is denied",
        &[
            "spin",
            "allocate hoard_requests",
            "ten_million_log_lines",
            "another_vault",
        ],
    ),
];

fn main() {
    let (before, _) = Seed::built_in_text()
        .split_once("certificates = 60")
        .unwrap();
    let seed = format!("{before}certificates = {CERTIFICATES}");
    let azure = Azure::with_seed(&Seed::parse(&seed).unwrap(), LATENCY);
    let job = std::fs::read(fixture("inventory-service-principal")).unwrap();
    let job: Value = serde_json::from_slice(&job).unwrap();
    let medians = SCENES.map(|(scene, hostile)| {
        let median = measure(&azure, &job, hostile);
        println!("{scene}: median {median:.2?}");
        median
    });
    for ((scene, _), median) in SCENES.iter().zip(medians).skip(1) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!("{scene}: {ratio:.2} times the time alone");
    }
}

/// The median of five inventories, with these running meanwhile.
fn measure(azure: &Azure, job: &Value, hostile: &[&str]) -> Duration {
    let mut served = Served::start(&configuration(azure, hostile));
    // The first one makes the certificates.
    let mut beside = Beside::begin(&mut served, job, hostile);
    beside.inventory(&mut served, job);
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| beside.inventory(&mut served, job))
        .collect();
    times.sort();
    println!("  {times:.2?}, {} hostile jobs ended", beside.ended);
    served.signal("-KILL");
    times[RUNS / 2]
}

/// One extension for each attempt, so that each has an engine and a way out of its own.
fn configuration(azure: &Azure, hostile: &[&str]) -> std::path::PathBuf {
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let mut config = String::new();
    let mut add = |name: &str, component: &str, policy: &str| {
        azure.file(&format!("{name}.toml"), policy);
        let component = artifact(component);
        let paths = format!("component = {component:?}\npolicy = \"{name}.toml\"");
        writeln!(
            config,
            "[[extension]]\nname = \"{name}\"\n{paths}\njobs = 1"
        )
        .unwrap();
    };
    add("good", "keyvault_extension.wasm", &policy);
    for (number, attempts) in hostile.iter().enumerate() {
        for attempt in attempts.split(' ') {
            let policy = format!("{policy}\n[options]\nattempt = \"{attempt}\"\n");
            add(
                &format!("{attempt}-{number}"),
                "hostile_extension.wasm",
                &policy,
            );
        }
    }
    azure.file("fleet.toml", &config)
}

/// The hostile ones, each with one job at a time.
struct Beside {
    /// What each does in turn.
    turns: Vec<Vec<String>>,
    /// Whose line it is.
    lines: BTreeMap<u64, usize>,
    ended: usize,
}

impl Beside {
    fn begin(served: &mut Served, job: &Value, hostile: &[&str]) -> Self {
        let name = |number| move |attempt: &str| format!("{attempt}-{number}");
        let turns = hostile.iter().enumerate();
        let mut beside = Self {
            turns: turns
                .map(|(number, attempts)| attempts.split(' ').map(name(number)).collect())
                .collect(),
            lines: BTreeMap::new(),
            ended: 0,
        };
        for number in 0..hostile.len() {
            beside.next(served, job, number);
        }
        beside
    }

    fn next(&mut self, served: &mut Served, job: &Value, number: usize) {
        self.turns[number].rotate_left(1);
        let line = served.send(&self.turns[number][0], job);
        self.lines.insert(line, number);
    }

    /// The time of one inventory, from its line to its result.
    fn inventory(&mut self, served: &mut Served, job: &Value) -> Duration {
        let started = Instant::now();
        let wanted = served.send("good", job);
        loop {
            let (line, result) = served.result();
            if line == wanted {
                let took = started.elapsed();
                let items = result["result"]["Inventory"].as_array().unwrap();
                assert_eq!(items.len(), CERTIFICATES);
                return took;
            }
            self.ended += 1;
            if let Some(number) = self.lines.remove(&line) {
                self.next(served, job, number);
            }
        }
    }
}
