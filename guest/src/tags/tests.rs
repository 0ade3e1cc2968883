//! Texts that came, and what they come to.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn tags(text: &str) -> BTreeMap<String, String> {
    match Tags::parse(text) {
        Ok(tags) => tags.0,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn error(text: &str) -> TagsError {
    match Tags::parse(text) {
        Err(error) => error,
        Ok(_) => panic!("{text} was taken"),
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn w20_h9_h11_h15_every_legal_text_and_the_documented_one_are_read() {
    for (text, wanted) in [
        (r#"{"a":"b"}"#, &[("a", "b")][..]),
        (r#" { "a" : "b" , "c" : "" } "#, &[("a", "b"), ("c", "")]),
        ("{}", &[]),
        ("\t{\r\n}\n", &[]),
        (
            "{'tag-name': 'tag-content'}",
            &[("tag-name", "tag-content")],
        ),
        (
            r#"{'q': 'say "hi"', "r": "it's"}"#,
            &[("q", "say \"hi\""), ("r", "it's")],
        ),
        (r#"{'q': 'it\'s'}"#, &[("q", "it's")]),
        (r#"{"q":"say \"hi\""}"#, &[("q", "say \"hi\"")]),
        (r#"{"p":"C:\\Users\\x"}"#, &[("p", "C:\\Users\\x")]),
        (r#"{"a":"x\ny\t\/\b\f\r"}"#, &[("a", "x\ny\t/\u{8}\u{c}\r")]),
        (r#"{"a":"\u00e4\uD83D\uDD11"}"#, &[("a", "ä🔑")]),
        (
            r#"{"a":1,"b":-1.50e+3,"c":0,"d":0.10}"#,
            &[("a", "1"), ("b", "-1.50e+3"), ("c", "0"), ("d", "0.10")],
        ),
        (r#"{"a":true,"b":false}"#, &[("a", "true"), ("b", "false")]),
        (r#"{"a":"1","a":"2"}"#, &[("a", "2")]),
        (r#"{"a":"1","A":"2"}"#, &[("a", "1"), ("A", "2")]),
    ] {
        assert_eq!(tags(text), map(wanted), "{text}");
    }
}

#[test]
fn w20_h10_h12_h13_h14_what_is_no_object_of_texts_is_refused() {
    for text in [
        "",
        " ",
        "env=prod",
        "null",
        "5",
        "\"x\"",
        r#"["a"]"#,
        "\u{feff}{}",
    ] {
        assert_eq!(error(text), TagsError::NotAnObject, "{text}");
    }
    for (text, at) in [
        ("{", 2),
        (r#"{"a"}"#, 5),
        (r#"{"a":}"#, 6),
        (r#"{"a":"b""#, 9),
        (r#"{"a":"b",}"#, 10),
        (r#"{"a":"b"}x"#, 10),
        (r#"{"a":"b" "c":"d"}"#, 10),
        (r#"{a:"b"}"#, 2),
        (r#"{\"a\":\"b\"}"#, 2),
        ("{\"a\":\"x\ny\"}", 8),
        (r#"{"a":'b"}"#, 10),
        (r#"{"a":"\x"}"#, 8),
        (r#"{"a":"\u12"}"#, 11),
        (r#"{"a":"\uDC00"}"#, 12),
        (r#"{"a":"\uD800x"}"#, 13),
        (r#"{"a":"\uD800\u00"}"#, 17),
        (r#"{"a":"\uD800\n"}"#, 14),
        (r#"{"a":"\uD800\u0041"}"#, 18),
        (r#"{"a":nul}"#, 6),
        (r#"{"a":TRUE}"#, 6),
        (r#"{"a":01}"#, 6),
        (r#"{"a":1.}"#, 6),
        (r#"{"a":.1}"#, 6),
        (r#"{"a":1e}"#, 6),
        (r#"{"a":+1}"#, 6),
        (r#"{"a":-}"#, 6),
        (r#"{"a":NaN}"#, 6),
    ] {
        assert_eq!(error(text), TagsError::Malformed(at), "{text}");
    }
}

#[test]
fn a_value_that_is_no_text_is_refused_by_the_tags_name() {
    for (text, wanted) in [
        (r#"{"x":"1","a":null}"#, TagsError::Null("a".into())),
        (r#"{"a":{"b":1}}"#, TagsError::Nested("a".into())),
        (r#"{"a":[]}"#, TagsError::Nested("a".into())),
        (r#"{"":"b"}"#, TagsError::NoName),
    ] {
        assert_eq!(error(text), wanted, "{text}");
    }
}

#[test]
fn w20_fifteen_tags_are_taken_and_sixteen_are_not() {
    let text = |count: usize| {
        let all: BTreeMap<String, &str> = (0..count).map(|n| (format!("t{n}"), "v")).collect();
        serde_json::to_string(&all).unwrap()
    };
    assert_eq!(tags(&text(15)).len(), 15);
    assert_eq!(error(&text(16)), TagsError::TooMany(16));
}

#[test]
fn of_a_name_that_comes_twice_only_the_last_value_counts() {
    let longer = "n".repeat(257);
    for hidden in [format!("\"{longer}\""), "null".to_owned()] {
        let text = format!(r#"{{"a":{hidden},"a":"1"}}"#);
        assert_eq!(tags(&text), BTreeMap::from([("a".into(), "1".into())]));
        let text = format!(r#"{{"a":"1","a":{hidden}}}"#);
        assert!(Tags::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn lengths_are_those_of_the_service() {
    // U+1F511 is two UTF-16 units.
    let (long, longer) = ("🔑".repeat(128), "n".repeat(257));
    assert_eq!(tags(&format!(r#"{{"{long}":"{long}"}}"#)).len(), 1);
    let shown = format!("{}…", "n".repeat(60));
    assert_eq!(
        error(&format!(r#"{{"{longer}":""}}"#)),
        TagsError::LongName(shown)
    );
    let planted = format!(r#"{{"a":"planted{longer}"}}"#);
    assert_eq!(error(&planted), TagsError::LongValue("a".into()));
    assert!(!error(&planted).to_string().contains("planted"));
}

#[test]
fn r28_given_tags_win_over_those_that_are_there() {
    let given = Tags(map(&[("a", "1"), ("b", "2")]));
    let there = map(&[("b", "old"), ("c", "3")]);
    assert_eq!(
        given.over(&there).0,
        map(&[("a", "1"), ("b", "2"), ("c", "3")])
    );
    assert!(!given.are_among(&there));
    assert!(given.are_among(given.over(&there).as_map()));
    assert!(Tags::default().are_among(&there));
}

proptest! {
    #[test]
    fn r36_what_an_inventory_writes_is_read_back(
        all in proptest::collection::btree_map(".{1,20}", ".{0,20}", 0..15),
    ) {
        let text = serde_json::to_string(&all).unwrap();
        prop_assert_eq!(tags(&text), all);
    }

    #[test]
    fn no_text_makes_it_panic(text: String) {
        let _ = Tags::parse(&text);
    }

    /// Texts that are nearly JSON, judged by another reader.
    #[test]
    fn whatever_another_reader_takes_as_texts_is_taken(
        text in r#"\{("a"|"\\u00e4"|'b'):("x"|"\\n"|'y'|1|-0\.5|1e9|01|true|null|\{\}),?("c":"d")?\}"#,
    ) {
        let ours = Tags::parse(&text);
        if let Ok(theirs) = serde_json::from_str::<BTreeMap<String, Value>>(&text) {
            let scalars = theirs.values().all(|value| !value.is_null() && !value.is_object());
            prop_assert_eq!(ours.is_ok(), scalars, "{}", text);
            if let Ok(ours) = ours {
                prop_assert!(ours.0.keys().eq(theirs.keys()));
            }
        } else if !text.contains('\'') {
            prop_assert!(ours.is_err(), "{}", text);
        }
    }
}
