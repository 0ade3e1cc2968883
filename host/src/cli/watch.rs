//! Shows on stderr what a running job says, from a thread of its own: whoever reads stderr
//! slowly, or not at all, holds up no job. Lines that nobody takes are dropped and counted.
//!
//! It must not write to stdout, nor know what the lines mean.

use extension_host::engine::vocabulary::LogLevel;
use extension_host::runner::Observer;
use extension_host::text::one_line;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lines that wait for stderr: as many as a job may write.
const WAITING: usize = 1_000;

/// Time that stderr gets at the end to take what still waits.
const LAST: Duration = Duration::from_secs(1);

/// What a job called an error last, as long as nothing followed it: it may be what the job then
/// says of its end, and be told only once.
#[derive(Clone, Default)]
pub(crate) struct LastError(Arc<Mutex<Option<String>>>);

impl LastError {
    fn replace(&self, line: Option<String>) -> Option<String> {
        std::mem::replace(
            &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner),
            line,
        )
    }

    /// Says it now, unless `message`, which is said by itself, begins with it.
    pub(crate) fn settle(&self, message: &str) {
        if let Some(line) = self.replace(None)
            && !is_said_by(&line, message)
        {
            // Through a watch of its own, which waits for no reader.
            Watch::new(false, Self::default()).show_error(Some(line));
        }
    }
}

/// Whether a log line, which is one line and may be cut, is what `message` begins with.
fn is_said_by(line: &str, message: &str) -> bool {
    let whole = line.strip_suffix('…').unwrap_or(line);
    one_line(message, usize::MAX).starts_with(whole)
}

/// Log lines as they come, and on a terminal one line that counts.
pub(crate) struct Watch {
    /// Before each line; empty for the only one whose lines there are.
    who: String,
    verbose: bool,
    terminal: bool,
    /// Where the last error waits; none where it is shown at once.
    last_error: Option<LastError>,
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
    pub(crate) fn new(verbose: bool, last_error: LastError) -> Self {
        Self::of(String::new(), verbose, Some(last_error))
    }

    /// Of one among others, who does not count: that is one line, and each has its own number.
    pub(crate) fn among(extension: &str, verbose: bool) -> Self {
        Self::of(format!("{extension}: "), verbose, None)
    }

    fn of(who: String, verbose: bool, last_error: Option<LastError>) -> Self {
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
            last_error,
            lines: Some(lines),
            written,
            dropped: 0,
        }
    }

    /// Keeps an error back, and returns what is to be shown instead.
    fn hold(&self, line: Option<String>) -> Option<String> {
        match &self.last_error {
            Some(last) => last.replace(line),
            None => line,
        }
    }

    fn show_error(&mut self, line: Option<String>) {
        if let Some(line) = line {
            self.show(Line::Log(format!("{}error: {line}", self.who)));
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
            LogLevel::Error => {
                let before = self.hold(Some(line.to_owned()));
                return self.show_error(before);
            }
        };
        let before = self.hold(None);
        self.show_error(before);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_known_again_in_the_message_also_where_it_was_cut() {
        for (line, message, said) in [
            ("no vault", "no vault", true),
            (
                "no vault",
                "no vault; the policy redirected connections",
                true,
            ),
            ("a\\nb", "a\nb", true),
            ("a long…", "a longer text", true),
            ("no vault", "no", false),
            ("panicked", "no vault", false),
        ] {
            assert_eq!(is_said_by(line, message), said, "{line}: {message}");
        }
    }

    #[test]
    fn only_the_last_error_waits_and_only_until_something_follows() {
        let last = LastError::default();
        let mut watch = Watch::new(false, last.clone());
        watch.log(LogLevel::Error, "one");
        watch.log(LogLevel::Error, "two");
        assert_eq!(last.replace(None).as_deref(), Some("two"));
        watch.log(LogLevel::Error, "three");
        watch.log(LogLevel::Warn, "four");
        assert_eq!(last.replace(None), None);
    }
}
