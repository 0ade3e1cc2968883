use super::*;
use proptest::prelude::*;

/// As hard to spell as a secret can be.
const SECRET: &str = "p\"~1+/=& \u{e4}\u{1f511}\\se%41cret";

fn probes(values: &[&str]) -> Probes {
    let mut probes = Probes::default();
    values.iter().for_each(|value| probes.add(value));
    probes
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn escaped(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn form(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Every spelling that is claimed, by name.
pub(in crate::veil) fn spelled(secret: &str) -> Vec<(&'static str, String)> {
    let base64 = |before: &str| STANDARD.encode(format!("{before}{secret}behind"));
    let hex =
        |secret: &str| -> String { secret.bytes().map(|byte| format!("{byte:02x}")).collect() };
    vec![
        ("raw", secret.to_owned()),
        ("hexadecimal", hex(secret)),
        ("hexadecimal in capitals", hex(secret).to_uppercase()),
        ("percent-encoded as in a form", form(secret)),
        ("percent-encoded to the last byte", percent(secret)),
        ("in lower case", percent(secret).to_lowercase()),
        ("as in JSON", json(secret)),
        ("escaped to the last character", escaped(secret)),
        (
            "in capitals",
            escaped(secret).to_uppercase().replace("\\U", "\\u"),
        ),
        ("a form in JSON", json(&form(secret))),
        ("JSON in a form", form(&json(secret))),
        ("percent-encoded twice", percent(&percent(secret))),
        ("in JSON in JSON", json(&json(secret))),
        ("escaped twice", escaped(&escaped(secret))),
        ("escaped, then percent-encoded", percent(&escaped(secret))),
        ("percent-encoded, then escaped", escaped(&percent(secret))),
        (
            "hexadecimal, escaped twice",
            escaped(&escaped(&hex(secret))),
        ),
        ("base64, escaped twice", escaped(&escaped(&base64("x")))),
        ("base64", base64("")),
        ("base64, shifted by one", base64("x")),
        ("base64, shifted by two", base64("xy")),
        ("base64 for URLs", URL_SAFE.encode(secret)),
        ("base64 in a form", form(&base64("x"))),
        ("base64 in JSON", json(&base64("xy")).replace('/', "\\/")),
    ]
}

#[test]
fn a_value_is_found_in_every_spelling_and_not_where_it_is_not() {
    let long = format!(
        "eyJ0.{}.{}",
        "payload".repeat(200),
        "sIgnature_-".repeat(20)
    );
    for secret in [SECRET, "sp-secret~1", &long, "12345678"] {
        let probes = probes(&["another-value", secret]);
        for (name, text) in spelled(secret) {
            for around in ["", "{\"a\":\"", "%", "\\\\", "100% sure: "] {
                let text = format!("{around}{text}{around}");
                assert!(probes.found_in(text.as_bytes()), "{name}: {text}");
            }
        }
        let without = "a line 100% without \\n one, sp-secret, 1234567, eyJ0 and \\u00e4";
        assert!(!probes.found_in(without.as_bytes()), "{secret}");
        assert!(!probes.found_in(b""));
    }
}

#[test]
fn what_is_too_short_to_tell_is_not_looked_for() {
    let probes = probes(&["", "1", "1234567"]);
    assert!(probes.is_empty());
    assert!(!probes.found_in(b"1234567"));
}

#[test]
fn a_window_holds_the_longest_spelling() {
    let ends = SECRET.repeat(20);
    let ends = &ends[ends.len() - 32..];
    for (value, looked_for) in [(SECRET, SECRET), (&SECRET.repeat(20), ends)] {
        let window = probes(&[value, "sp-secret~1"]).window();
        for (name, text) in spelled(looked_for) {
            assert!(text.len() <= window, "{name}: {} in {window}", text.len());
        }
        for text in [escaped(value), percent(value)] {
            assert!(text.len() <= window, "{text}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_and_no_value_panics(value: String, text: Vec<u8>) {
        probes(&[&value]).found_in(&text);
    }

    #[test]
    fn any_value_is_found_between_any_texts(
        value in "[ -~\u{e4}\u{1f511}]{8,60}",
        before in "[a-z{\": ]{0,40}",
        behind in "[a-z}\": ]{0,40}",
    ) {
        for (name, text) in spelled(&value) {
            let text = format!("{before}{text}{behind}");
            prop_assert!(probes(&[&value]).found_in(text.as_bytes()), "{}: {}", name, text);
        }
    }
}
