//! A panic in the guest is a trap, and the target has no standard error: without
//! this hook its reason would be lost.
//!
//! It must not know the job; a payload may hold anything, so it is cut and cleaned.

use std::panic::PanicHookInfo;

/// Characters of a panic's message that are reported.
const LIMIT: usize = 300;

/// Makes every panic report one line through `log` before it traps.
pub fn report_through(log: fn(&str)) {
    std::panic::set_hook(Box::new(move |info| log(&describe(info))));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    line(
        text,
        info.location().map(|place| (place.file(), place.line())),
    )
}

fn line(text: &str, place: Option<(&str, u32)>) -> String {
    let text: String = text
        .chars()
        .take(LIMIT)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    match place {
        Some((file, number)) => format!("the extension panicked at {file}:{number}: {text}"),
        None => format!("the extension panicked: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_one_line_that_names_its_place() {
        let text = line("first\nsecond\u{1b}[31m", Some(("src/a.rs", 7)));
        assert_eq!(
            text,
            "the extension panicked at src/a.rs:7: first second [31m"
        );
    }

    #[test]
    fn a_long_panic_message_is_cut() {
        assert!(line(&"x".repeat(10_000), None).len() < 400);
    }
}
