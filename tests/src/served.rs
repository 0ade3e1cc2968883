//! `akv serve` as whoever gives out jobs sees it: lines in, results out, in any order.
//!
//! It must not know what a job or a result says.

use crate::programs::{akv_command, ended};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any job of a test, so that a result that never comes fails it and does not hold it
/// up.
const LONGEST: Duration = Duration::from_secs(300);

/// The program, with its results as they come.
pub struct Served {
    child: Child,
    stdin: Option<ChildStdin>,
    results: Receiver<Value>,
    said: Receiver<String>,
    lines: u64,
}

impl Served {
    /// Starts it with a configuration.
    pub fn start(config: &Path) -> Self {
        let config = config.to_str().unwrap();
        let mut child = akv_command(&["serve", config, "--verbose"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (into, results) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let result = serde_json::from_str(&line.unwrap()).unwrap();
                if into.send(result).is_err() {
                    break;
                }
            }
        });
        let (told, said) = channel();
        std::thread::spawn(move || {
            // Nobody need listen, but somebody must read.
            for line in BufReader::new(stderr).lines() {
                let _ = told.send(line.unwrap());
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            results,
            said,
            lines: 0,
        }
    }

    /// Gives a job to an extension; the number of its line.
    pub fn send(&mut self, extension: &str, job: &Value) -> u64 {
        self.line(&json!({"extension": extension, "job": job}).to_string())
    }

    /// Sends a line as it is; its number.
    pub fn line(&mut self, text: &str) -> u64 {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
        self.lines += 1;
        self.lines
    }

    /// The next result, with the line that it is of.
    pub fn result(&self) -> (u64, Value) {
        let result = self.results.recv_timeout(LONGEST).unwrap();
        (result["line"].as_u64().unwrap(), result)
    }

    /// Waits until it says something on stderr.
    pub fn wait_for(&self, words: &str) {
        while !self.said.recv_timeout(LONGEST).unwrap().contains(words) {}
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        crate::programs::signal(&self.child, name);
    }

    /// Ends its input, and waits for the results that are still to come and its exit code.
    pub fn end(mut self) -> (Vec<Value>, Option<i32>) {
        drop(self.stdin.take());
        let code = ended(&mut self.child);
        (self.results.iter().collect(), code)
    }
}
