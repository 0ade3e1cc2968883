//! The contract's own host functions, as one job sees them: limits and neutralised
//! text here, everything else handed on to [`Reports`].
//!
//! It must not know where log lines and batches go.

use super::bindings::certstore::extension::host;
use super::run::Cancel;
use crate::limits::{Limits, key, to_raise};
use crate::text::one_line;
use host::{InventoryItem, KnownCertificate, KnownState, LogLevel};
use job_scope::counted;

/// Where a job's reports go while it runs. Called on the job's own thread, one call at
/// a time; a slow receiver slows this job only.
pub trait Reports: Send {
    /// A log line, already on one line and bounded.
    fn log(&mut self, level: LogLevel, line: &str);
    /// How far the job is, in units of its own.
    fn progress(&mut self, done: u64, total: Option<u64>);
    /// A federated token for the job's identity; the error says why there is none.
    fn assertion(&mut self) -> Result<String, String>;
    /// A batch of an inventory; the error says why it was not taken.
    fn submit_inventory(&mut self, items: Vec<InventoryItem>) -> Result<(), String>;
    /// The last inventory, where the job need not submit again what is in it.
    fn last_inventory(&mut self) -> Vec<KnownCertificate>;
    /// Aliases of the last inventory; the error says why they were not taken.
    fn submit_known(&mut self, aliases: Vec<String>, state: KnownState) -> Result<(), String>;
    /// A batch of discovered paths; the error says why it was not taken.
    fn submit_discovery(&mut self, paths: Vec<String>) -> Result<(), String>;
}

/// The job's side of `certstore:extension/host`.
pub(super) struct HostImports {
    reports: Box<dyn Reports>,
    cancel: Cancel,
    most_lines: u32,
    lines_left: u32,
    line_limit: usize,
    lines_cut: u64,
    pub(super) lines_dropped: u64,
    /// The last thing the guest called an error: a trap has no text of its own.
    pub(super) last_error: Option<String>,
    /// The first submission that was refused: the job has then failed, whatever it says.
    pub(super) refused: Option<String>,
}

impl HostImports {
    pub(super) fn new(reports: Box<dyn Reports>, cancel: Cancel, limits: &Limits) -> Self {
        Self {
            reports,
            cancel,
            most_lines: limits.log_lines,
            lines_left: limits.log_lines,
            line_limit: limits.log_line,
            lines_cut: 0,
            lines_dropped: 0,
            last_error: None,
            refused: None,
        }
    }

    /// Says at the end what of the log is missing.
    pub(super) fn tell_of_lost_lines(&mut self) {
        if self.lines_cut > 0 {
            let line = format!(
                "{} above had more than the {} bytes one may have, and {} cut; {}",
                counted(self.lines_cut, "line"),
                self.line_limit,
                were(self.lines_cut),
                to_raise(key::LOG_LINE)
            );
            self.reports.log(LogLevel::Warn, &line);
        }
        if self.lines_dropped > 0 {
            let line = dropped(self.lines_dropped, self.most_lines);
            self.reports.log(LogLevel::Warn, &line);
        }
    }

    /// After one refusal the job has failed; nothing more is kept of it.
    fn still_taken(&self) -> Result<(), String> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    fn taken(&mut self, result: Result<(), String>) -> Result<(), String> {
        if let Err(reason) = &result {
            self.refused.get_or_insert_with(|| reason.clone());
        }
        result
    }
}

impl host::Host for HostImports {
    async fn log(&mut self, level: LogLevel, message: String) {
        let line = one_line(&message, self.line_limit);
        if level == LogLevel::Error {
            self.last_error = Some(line.clone());
        }
        match self.lines_left.checked_sub(1) {
            Some(left) => {
                self.lines_left = left;
                self.lines_cut += u64::from(message.len() > self.line_limit);
                self.reports.log(level, &line);
            }
            None => self.lines_dropped += 1,
        }
    }

    async fn progress(&mut self, done: u64, total: Option<u64>) {
        self.reports.progress(done, total);
    }

    async fn cancelled(&mut self) -> bool {
        self.cancel.is_cancelled()
    }

    async fn assertion(&mut self) -> Result<String, String> {
        self.reports.assertion()
    }

    async fn submit_inventory(&mut self, items: Vec<InventoryItem>) -> Result<(), String> {
        self.still_taken()?;
        let result = self.reports.submit_inventory(items);
        self.taken(result)
    }

    async fn last_inventory(&mut self) -> Vec<KnownCertificate> {
        self.reports.last_inventory()
    }

    async fn submit_known(
        &mut self,
        aliases: Vec<String>,
        state: KnownState,
    ) -> Result<(), String> {
        self.still_taken()?;
        let result = self.reports.submit_known(aliases, state);
        self.taken(result)
    }

    async fn submit_discovery(&mut self, paths: Vec<String>) -> Result<(), String> {
        self.still_taken()?;
        let result = self.reports.submit_discovery(paths);
        self.taken(result)
    }
}

fn dropped(lines: u64, most: u32) -> String {
    format!(
        "{} {} dropped: a job may log {most}; {}",
        counted(lines, "more line"),
        were(lines),
        to_raise(key::LOG_LINES)
    )
}

fn were(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_dropped_are_told_in_a_whole_sentence() {
        for (lines, told) in [
            (1, "1 more line was dropped: a job may log 1000; "),
            (4000, "4000 more lines were dropped: a job may log 1000; "),
        ] {
            let line = dropped(lines, 1000);
            assert!(line.starts_with(told), "{line}");
        }
    }
}
