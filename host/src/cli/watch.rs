//! Shows on stderr what a running job says. It must not write to stdout.

use extension_host::engine::vocabulary::LogLevel;
use extension_host::runner::Observer;
use std::io::{IsTerminal, Write};

/// Log lines as they come, and on a terminal one line that counts.
pub(crate) struct Watch {
    verbose: bool,
    terminal: bool,
    counting: bool,
}

impl Watch {
    pub(crate) fn new(verbose: bool) -> Self {
        Self {
            verbose,
            terminal: std::io::stderr().is_terminal(),
            counting: false,
        }
    }

    fn end_count(&mut self) {
        if std::mem::take(&mut self.counting) {
            eprint!("\r\u{1b}[K");
        }
    }
}

impl Observer for Watch {
    fn log(&mut self, level: LogLevel, line: &str) {
        let word = match level {
            LogLevel::Debug if !self.verbose => return,
            LogLevel::Debug => "debug",
            LogLevel::Info if !self.verbose => return,
            LogLevel::Info => "info",
            LogLevel::Warn => "warning",
            LogLevel::Error => "error",
        };
        self.end_count();
        eprintln!("{word}: {line}");
    }

    fn progress(&mut self, done: u64, total: Option<u64>) {
        if !self.terminal {
            return;
        }
        match total {
            Some(total) => eprint!("\r\u{1b}[K{done} of {total}"),
            None => eprint!("\r\u{1b}[K{done}"),
        }
        let _ = std::io::stderr().flush();
        self.counting = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end_count();
    }
}
