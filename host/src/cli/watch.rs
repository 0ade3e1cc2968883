//! Shows on stderr what a running job says, from a thread of its own: whoever reads stderr
//! slowly, or not at all, holds up no job. Lines that nobody takes are dropped and counted.
//!
//! It must not write to stdout, nor know what the lines mean.

use extension_host::engine::vocabulary::LogLevel;
use extension_host::runner::Observer;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// Lines that wait for stderr: as many as a job may write.
const WAITING: usize = 1_000;

/// Time that stderr gets at the end to take what still waits.
const LAST: Duration = Duration::from_secs(1);

/// Log lines as they come, and on a terminal one line that counts.
pub(crate) struct Watch {
    /// Before each line; empty for the only one whose lines there are.
    who: String,
    verbose: bool,
    terminal: bool,
    lines: Option<SyncSender<Line>>,
    written: Receiver<()>,
    dropped: u64,
}

enum Line {
    Log(String),
    Count(String),
}

impl Watch {
    /// Of the only job.
    pub(crate) fn new(verbose: bool) -> Self {
        Self::of(String::new(), verbose)
    }

    /// Of one among others, who does not count: that is one line, and each has its own number.
    pub(crate) fn among(extension: &str, verbose: bool) -> Self {
        Self::of(format!("{extension}: "), verbose)
    }

    fn of(who: String, verbose: bool) -> Self {
        let (lines, waiting) = sync_channel(WAITING);
        let (done, written) = sync_channel(1);
        // Without a thread nothing is shown; the job runs all the same.
        let _ = std::thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || {
                write(&waiting);
                let _ = done.send(());
            });
        Self {
            terminal: who.is_empty() && std::io::stderr().is_terminal(),
            who,
            verbose,
            lines: Some(lines),
            written,
            dropped: 0,
        }
    }

    fn show(&mut self, line: Line) {
        if let Some(lines) = &self.lines
            && let Err(TrySendError::Full(Line::Log(_))) = lines.try_send(line)
        {
            self.dropped += 1;
        }
    }
}

fn write(lines: &Receiver<Line>) {
    let mut counting = false;
    let mut stderr = std::io::stderr();
    while let Ok(line) = lines.recv() {
        let clear = if std::mem::take(&mut counting) {
            "\r\u{1b}[K"
        } else {
            ""
        };
        let _ = match line {
            Line::Log(text) => writeln!(stderr, "{clear}{text}"),
            Line::Count(text) => {
                counting = true;
                write!(stderr, "{clear}{text}").and_then(|()| stderr.flush())
            }
        };
    }
    if counting {
        let _ = write!(stderr, "\r\u{1b}[K");
    }
}

impl Observer for Watch {
    fn log(&mut self, level: LogLevel, line: &str) {
        let word = match level {
            LogLevel::Debug | LogLevel::Info if !self.verbose => return,
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warning",
            LogLevel::Error => "error",
        };
        self.show(Line::Log(format!("{}{word}: {line}", self.who)));
    }

    fn progress(&mut self, done: u64, total: Option<u64>) {
        if self.terminal {
            let count =
                total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}"));
            self.show(Line::Count(count));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let text = format!(
                "akv: {}{} log lines were not taken by stderr",
                self.who, self.dropped
            );
            self.show(Line::Log(text));
        }
        drop(self.lines.take());
        let _ = self.written.recv_timeout(LAST);
    }
}
