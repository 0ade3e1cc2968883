//! A token form on its way out, as an extension sends it.

use extension_host::veil::form::{ProofField, substitute};
use std::collections::BTreeMap;

const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
const SCOPE: &str = "https://vault.azure.net/.default";
const PLACEHOLDER: &str = "placeholder_0123456789-0123456789-012345678";
/// Every character that a form has to escape, or could take for its own.
const REAL: &str = "r3al~s3cret&client_id=x+%41=\u{e4}";

/// A form that gets the secret is exactly a token form, the secret stands in its one place and is
/// what a server decodes there, and everything else is what the extension wrote.
pub(crate) fn holds(data: &[u8]) {
    let filled = substitute(data, CLIENT, SCOPE, |_: ProofField, given| {
        (given == PLACEHOLDER).then_some(REAL)
    });
    let Ok(filled) = filled else { return };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._*+%=&".contains(byte);
    assert!(filled.body.iter().all(plain), "a byte that is not encoded");
    let (given, sent) = (decoded(data), decoded(&filled.body));
    let names: Vec<&str> = sent.keys().map(String::as_str).collect();
    let proof = match names.as_slice() {
        ["client_id", "client_secret", "grant_type", "scope"]
        | [
            "claims",
            "client_id",
            "client_secret",
            "grant_type",
            "scope",
        ] => "client_secret",
        [
            "client_assertion",
            "client_assertion_type",
            "client_id",
            "grant_type",
            "scope",
        ]
        | [
            "claims",
            "client_assertion",
            "client_assertion_type",
            "client_id",
            "grant_type",
            "scope",
        ] => "client_assertion",
        _ => "",
    };
    assert!(!proof.is_empty(), "{names:?} is no token form");
    for (name, values) in &sent {
        let [value] = values.as_slice() else {
            assert_eq!(values.len(), 1, "{name} comes twice");
            return;
        };
        let was = given.get(name).and_then(|values| values.first());
        let stood_there = name == proof && was.is_some_and(|was| was == PLACEHOLDER);
        if stood_there {
            assert!(filled.replaced);
            assert_eq!(value, REAL);
        } else {
            assert_eq!(Some(value), was, "{name}");
            assert!(name != proof || !filled.replaced);
        }
    }
    let one = |name: &str| sent.get(name).and_then(|values| values.first());
    assert_eq!(one("client_id").map(String::as_str), Some(CLIENT));
    assert_eq!(one("scope").map(String::as_str), Some(SCOPE));
}

/// A form as a server decodes it (WHATWG URL, application/x-www-form-urlencoded).
fn decoded(body: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let mut part = || text(parts.next().unwrap_or_default());
        let (name, value) = (part(), part());
        pairs.entry(name).or_default().push(value);
    }
    pairs
}

fn text(encoded: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        rest = after;
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _, _) => bytes.push(b' '),
            (other, _, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
