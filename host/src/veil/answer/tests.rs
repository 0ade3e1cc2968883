use super::*;
use proptest::prelude::*;
use serde_json::json;

const SECRET: &str = "p~1+/=& \"secret";
const TOKEN_OF_TEST: &str = "eyJ0eXAi.eyJhdWQi.c2lnbmF0dXJl-_";
const PLACEHOLDER: &str = "placeholder";

fn probes() -> Probes {
    let mut probes = Probes::default();
    probes.add(SECRET);
    probes
}

/// The rebuilt answer.
fn rebuild(body: &str) -> Result<Value, Withheld> {
    let parts = Parts::read(body.as_bytes(), &probes())?;
    let placeholder = parts.token().map(|_| PLACEHOLDER);
    Ok(serde_json::from_slice(&parts.rebuilt(placeholder)).unwrap())
}

#[test]
fn a_token_answer_keeps_what_is_known_and_its_token_is_a_placeholder() {
    for (given, wanted) in [
        // Entra ID's, with what nobody asked for.
        (
            json!({"token_type": "Bearer", "expires_in": 86399, "ext_expires_in": 86399,
                "refresh_in": 43199, "access_token": TOKEN_OF_TEST, "id_token": "x", "scope": "s",
                "refresh_token": "y", "nested": {"a": [1]}}),
            json!({"token_type": "Bearer", "expires_in": 86399, "ext_expires_in": 86399,
                "refresh_in": 43199, "access_token": PLACEHOLDER}),
        ),
        // The identity endpoint's.
        (
            json!({"access_token": TOKEN_OF_TEST, "refresh_token": "", "expires_in": "3599",
                "expires_on": "1506484173", "not_before": "1506480273",
                "resource": "https://store.example/", "token_type": "Bearer"}),
            json!({"access_token": PLACEHOLDER, "expires_in": "3599", "expires_on": "1506484173",
                "not_before": "1506480273", "resource": "https://store.example/",
                "token_type": "Bearer"}),
        ),
        // A refusal.
        (
            json!({"error": "invalid_client", "error_description": "Invalid. \u{e4}\n",
                "error_codes": [7000215, "x", -1, 7], "timestamp": "t", "trace_id": "7d2c",
                "correlation_id": "5b1e", "error_uri": "https://a.example/", "claims": "{}"}),
            json!({"error": "invalid_client", "error_description": "Invalid. \u{e4}\n",
                "error_codes": [7000215, 7], "timestamp": "t", "trace_id": "7d2c",
                "correlation_id": "5b1e", "error_uri": "https://a.example/"}),
        ),
        // Members of another type are not known.
        (
            json!({"error": ["a"], "expires_in": "soon", "error_codes": "7", "trace_id": {}}),
            json!({}),
        ),
        (json!({}), json!({})),
    ] {
        assert_eq!(rebuild(&given.to_string()), Ok(wanted), "{given}");
    }
}

#[test]
fn what_is_not_one_object_with_each_member_once_is_withheld() {
    for (body, why) in [
        ("", Withheld::NotJson),
        ("<html>oops</html>", Withheld::NotJson),
        ("[]", Withheld::NotJson),
        ("\"text\"", Withheld::NotJson),
        ("{\"error\":\"a\"", Withheld::NotJson),
        ("{\"error\":\"a\"} {}", Withheld::NotJson),
        (
            r#"{"access_token":"a1","access_token":"a2"}"#,
            Withheld::NotJson,
        ),
        (
            r#"{"access_token":"a1","acc\u0065ss_token":"a2"}"#,
            Withheld::NotJson,
        ),
        (r#"{"error":"a","error":"b"}"#, Withheld::NotJson),
        (r#"{"unknown":1,"unknown":2}"#, Withheld::NotJson),
        (r#"{"access_token":"a1","x":"\ud800"}"#, Withheld::NotJson),
        (
            r#"{"access_token":"a1","x":[{"\ud800":1}]}"#,
            Withheld::NotJson,
        ),
        (r#"{"access_token":null}"#, Withheld::NotJson),
        (r#"{"access_token":["a"]}"#, Withheld::NotJson),
        (r#"{"access_token":""}"#, Withheld::Token),
        (r#"{"access_token":"a b"}"#, Withheld::Token),
        (r#"{"access_token":"\u00e4"}"#, Withheld::Token),
        (r#"{"access_token":"a\/b"}"#, Withheld::Token),
    ] {
        assert_eq!(rebuild(body), Err(why), "{body}");
    }
    let broken = Parts::read(b"{\"access_token\":\"a1\",\"x\":\"\xa8\"}", &probes());
    assert!(broken.is_err_and(|why| why == Withheld::NotJson));
    let long = format!("{{\"access_token\":\"{}\"}}", "a".repeat(LONGEST_TOKEN + 1));
    assert_eq!(rebuild(&long), Err(Withheld::Token));
    let longer = format!("{{\"error\":\"{}\"}}", "a".repeat(LONGEST_ANSWER));
    assert_eq!(rebuild(&longer), Err(Withheld::TooLong));
}

#[test]
fn an_answer_that_says_a_credential_anywhere_but_in_its_place_is_withheld() {
    let escaped: String = SECRET.bytes().map(|b| format!("\\u{b:04x}")).collect();
    let form: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    for body in [
        json!({"error": "odd", "error_description": format!("bad {SECRET}!")}).to_string(),
        json!({"error": "odd", "error_description": format!("bad {form}!")}).to_string(),
        format!("{{\"error\":\"odd\",\"error_description\":\"{escaped}\"}}"),
        // In what would not be copied, and as a name.
        json!({"access_token": TOKEN_OF_TEST, "echo": {"deep": [SECRET]}}).to_string(),
        json!({"access_token": TOKEN_OF_TEST, SECRET: 1}).to_string(),
        // The new token twice.
        json!({"access_token": TOKEN_OF_TEST, "trace_id": TOKEN_OF_TEST}).to_string(),
        json!({"access_token": TOKEN_OF_TEST, "id_token": TOKEN_OF_TEST}).to_string(),
    ] {
        assert_eq!(rebuild(&body), Err(Withheld::Credential), "{body}");
    }
    assert!(!Withheld::Credential.text().contains(SECRET));
}

#[test]
fn only_known_headers_are_copied_and_none_that_says_a_credential() {
    let mut given = HeaderMap::new();
    for (name, value) in [
        ("set-cookie", "a=b"),
        ("location", "https://a.example/"),
        ("www-authenticate", "Bearer"),
        ("content-length", "10"),
        ("retry-after", "7"),
        ("x-ms-request-id", SECRET),
    ] {
        given.append(name, HeaderValue::from_str(value).unwrap());
    }
    let long = "x".repeat(LONGEST_HEADER + 1);
    given.append("date", HeaderValue::from_str(&long).unwrap());
    let copied = headers(&given, &probes());
    assert_eq!(copied.len(), 1, "{copied:?}");
    assert_eq!(copied["retry-after"], "7");
}

#[test]
fn a_coding_is_noticed_however_it_is_written() {
    for (codings, encoded) in [
        (&[][..], false),
        (&["identity"], false),
        (&["IDENTITY"], false),
        (&["gzip"], true),
        (&["identity", "br"], true),
        (&["identity, gzip"], true),
        (&[""], true),
    ] {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        assert_eq!(is_encoded(&headers), encoded, "{codings:?}");
    }
    for (codings, encoded) in [
        (&["chunked"][..], false),
        (&["Chunked"], false),
        (&["gzip, chunked"], true),
        (&["gzip", "chunked"], true),
        (&["chunked", "chunked"], true),
        (&["gzip"], true),
        (&["identity"], true),
        (&[""], true),
    ] {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(header::TRANSFER_ENCODING, HeaderValue::from_static(coding));
        }
        assert_eq!(is_encoded(&headers), encoded, "{codings:?}");
    }
}

proptest! {
    #[test]
    fn no_answer_panics(body: Vec<u8>, text: String) {
        let _ = Parts::read(&body, &probes());
        let _ = Parts::read(text.as_bytes(), &probes());
    }

    #[test]
    fn no_rebuilt_answer_holds_its_token_or_the_secret(
        token in "[A-Za-z0-9._-]{8,80}",
        error in "\\PC{0,30}",
        other in "\\PC{0,30}",
        name in "[a-z_]{1,12}",
        echoes: bool,
    ) {
        prop_assume!(!TEXTS.contains(&name.as_str()) && name != TOKEN);
        let echo = if echoes { token.clone() } else { other };
        let body = json!({"access_token": token, "error_description": error, name: echo});
        match rebuild(&body.to_string()) {
            Ok(rebuilt) => {
                prop_assert!(!echoes);
                prop_assert!(!rebuilt.to_string().contains(&token), "{}", rebuilt);
                prop_assert_eq!(&rebuilt["access_token"], PLACEHOLDER);
            }
            Err(why) => prop_assert!(echoes && why == Withheld::Credential, "{}", why),
        }
    }
}
