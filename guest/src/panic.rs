//! A panic in the guest is a trap, and the target has no standard error: without
//! this hook its reason would be lost.
//!
//! It must not know the job. A text that was put together when it panicked may hold anything
//! (slicing a text reports that text), so that only those are told that the program itself has.

use std::panic::PanicHookInfo;

/// Characters of a panic's message that are reported.
const LIMIT: usize = 300;

/// Makes every panic report one line through `log` before it traps.
pub fn report_through(log: fn(&str)) {
    std::panic::set_hook(Box::new(move |info| log(&describe(info))));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let fixed = info.payload().downcast_ref::<&'static str>().copied();
    line(
        fixed.unwrap_or("a reason that is not told, since it may hold anything"),
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
    fn a_text_that_was_put_together_when_it_panicked_is_not_told() {
        static TOLD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
        let before = std::panic::take_hook();
        // Other tests may panic meanwhile, and want their own hook.
        std::panic::set_hook(Box::new(move |info| {
            if info.location().is_some_and(|place| place.file() == file!()) {
                TOLD.lock().unwrap().push(describe(info));
            } else {
                before(info);
            }
        }));
        let secret = std::hint::black_box("päss".to_owned());
        let _ = std::panic::catch_unwind(|| secret[..2].len());
        let _ = std::panic::catch_unwind(|| panic!("as it is written"));
        let _ = std::panic::take_hook();
        let told = TOLD.lock().unwrap();
        assert_eq!(told.len(), 2);
        assert!(
            told[0].contains("panic.rs") && !told[0].contains("päss"),
            "{told:?}"
        );
        assert!(told[1].ends_with("as it is written"), "{told:?}");
    }

    #[test]
    fn a_long_panic_message_is_cut() {
        assert!(line(&"x".repeat(10_000), None).len() < 400);
    }
}
