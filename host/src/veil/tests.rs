use super::*;

const SECRET: &str = "sp-secret~1";
const TOKEN: &str = "eyJ0eXAi.eyJhdWQi.c2lnbmF0dXJl-_";

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap()
}

fn answer(token: &str) -> String {
    format!("{{\"access_token\":\"{token}\",\"expires_in\":3599}}")
}

/// The placeholder in a rebuilt answer.
fn placeholder(rebuilt: &[u8]) -> String {
    let answer: serde_json::Value = serde_json::from_slice(rebuilt).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_goes_only_where_its_audience_is_welcome() {
    let veil = Veil::new();
    let rebuilt = veil.rebuild(answer(TOKEN).as_bytes(), "stores").unwrap();
    let placeholder = placeholder(&rebuilt);
    let given = header(&format!("Bearer {placeholder}"));
    let real = veil.fill_header(&given, |audience| *audience == "stores");
    assert_eq!(real.unwrap(), format!("Bearer {TOKEN}"));
    assert_eq!(
        veil.fill_header(&given, |audience| *audience == "other"),
        None
    );
    for text in [
        placeholder.clone(),
        format!("bearer {placeholder}"),
        format!("Basic {placeholder}"),
        format!("Bearer {placeholder} "),
        format!("Bearer {placeholder}, Bearer x"),
        format!("Bearer {}", &placeholder[..42]),
        "Bearer ".to_owned(),
    ] {
        assert_eq!(veil.fill_header(&header(&text), |_| true), None, "{text}");
    }
}

#[test]
fn a_secret_is_no_token_and_a_token_no_secret() {
    let veil = Veil::<&str>::new();
    let secret = veil.cover(Kind::Secret, SECRET).unwrap();
    let assertion = veil.cover(Kind::Assertion, TOKEN).unwrap();
    for placeholder in [&secret, &assertion] {
        let given = header(&format!("Bearer {}", placeholder.as_str()));
        assert_eq!(veil.fill_header(&given, |_| true), None);
    }
    let token = veil
        .rebuild(answer("another-token").as_bytes(), "stores")
        .unwrap();
    let token = placeholder(&token);
    for (proof, replaced) in [
        (format!("client_secret={}", secret.as_str()), true),
        (format!("client_secret={}", assertion.as_str()), false),
        (format!("client_secret={token}"), false),
    ] {
        let body = format!("grant_type=client_credentials&client_id=a&scope=b&{proof}");
        let filled = veil.fill_form(body.as_bytes(), "a", "b").unwrap();
        assert_eq!(filled.replaced, replaced, "{proof}");
    }
}

#[test]
fn the_same_credential_has_one_placeholder_and_another_audience_another() {
    let veil = Veil::new();
    let one = veil.cover(Kind::Token("stores"), TOKEN).unwrap();
    assert_eq!(veil.cover(Kind::Token("stores"), TOKEN).unwrap(), one);
    let other = Veil::new().cover(Kind::Token("stores"), TOKEN).unwrap();
    assert_ne!(other, one);
    // An answer out of a cache says it again, and that is its place.
    let again = veil.rebuild(answer(TOKEN).as_bytes(), "stores").unwrap();
    assert_eq!(placeholder(&again), one.as_str());
}

#[test]
fn no_credential_becomes_a_token_for_somewhere_else() {
    let veil = Veil::new();
    veil.cover(Kind::Secret, SECRET).unwrap();
    veil.cover(Kind::Token("management"), TOKEN).unwrap();
    for token in [SECRET, &format!("x{SECRET}x"), TOKEN] {
        let rebuilt = veil.rebuild(answer(token).as_bytes(), "stores");
        assert_eq!(rebuilt, Err(Withheld::Credential), "{token}");
    }
}

#[test]
fn an_extension_that_asks_for_ever_new_tokens_gets_no_more() {
    let veil = Veil::new();
    for number in 0..MOST {
        let token = format!("token-{number:05}");
        veil.rebuild(answer(&token).as_bytes(), "stores").unwrap();
    }
    let more = veil.rebuild(answer("one-more-token").as_bytes(), "stores");
    assert_eq!(more, Err(Withheld::TooMany));
    assert!(veil.cover(Kind::Secret, SECRET).is_err());
    // The ones that it has still work.
    assert!(
        veil.rebuild(answer("token-00000").as_bytes(), "stores")
            .is_ok()
    );
}

#[test]
fn a_placeholder_is_noticed_wherever_it_is() {
    let veil = Veil::<&str>::new();
    let secret = veil.cover(Kind::Secret, SECRET).unwrap();
    let text = format!("/certificates/{}?x", secret.as_str());
    assert!(veil.is_mentioned_in(text.as_bytes()));
    assert!(!veil.is_mentioned_in(b"/certificates/web-1"));
}

#[test]
fn a_header_that_says_a_credential_is_noticed() {
    let veil = Veil::<&str>::new();
    veil.cover(Kind::Secret, SECRET).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-echo", header("nothing"));
    assert!(!veil.found_in_headers(&headers));
    headers.append("x-echo", header("client_secret=sp-secret%7E1"));
    assert!(veil.found_in_headers(&headers));
}

#[test]
fn nothing_of_a_credential_is_left_in_freed_memory() {
    use crate::wiped::watched::{PATTERN, left_behind};
    let real = std::str::from_utf8(PATTERN).unwrap();
    let body = answer(real);
    let work = || {
        let veil = Veil::<&str>::new();
        let secret = veil.cover(Kind::Secret, real).unwrap();
        let form = format!(
            "grant_type=client_credentials&client_id=a&scope=b&client_secret={}",
            secret.as_str()
        );
        assert!(veil.fill_form(form.as_bytes(), "a", "b").unwrap().replaced);
        let veil = Veil::new();
        let rebuilt = veil.rebuild(body.as_bytes(), "stores").unwrap();
        assert!(!rebuilt.windows(real.len()).any(|piece| piece == PATTERN));
        let mut screen = screen::Screen::new(veil.probes());
        assert!(screen.push(body.as_bytes()).is_ok());
        assert!(screen.finish().is_err());
    };
    assert_eq!(left_behind(work), 0);
    let control = || drop(real.to_owned());
    assert!(left_behind(control) > 0, "the search finds nothing");
}
