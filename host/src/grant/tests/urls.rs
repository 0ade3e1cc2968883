//! Spellings of a URL: one of each is read, every other is refused before any rule is looked at.

use super::*;
use http::uri::{Builder, PathAndQuery};

/// What a whole request to the list of certificates would come to with another URL.
fn asked(url: &str) -> Result<String, &'static str> {
    decide("GET", url, &HeaderMap::new(), "")
}

/// The same with a path and query that may be of any form, as a guest can give it.
fn asked_by_parts(path: &str) -> Result<String, &'static str> {
    let Ok(path) = PathAndQuery::try_from(path) else {
        return Err("unparsable");
    };
    let uri = Builder::new()
        .scheme("https")
        .authority(host_of_store())
        .path_and_query(path)
        .build();
    let Ok(uri) = uri else {
        return Err("unparsable");
    };
    let headers = HeaderMap::new();
    Target::parse(&Method::GET, &uri, LONGEST)
        .and_then(|target| whole(&inventory(), &target, &headers, b""))
        .map(|rule| rule.id().to_owned())
        .map_err(|denial| denial.reason.code())
}

fn refused(decided: &Result<String, &'static str>) -> bool {
    matches!(decided, Err("url" | "unparsable"))
}

#[test]
fn the_one_spelling_passes() {
    let host = host_of_store();
    for url in [
        format!("https://{host}/certificates?api-version=7.6"),
        format!("https://{host}:443/certificates?api-version=7.6"),
        format!("HTTPS://{host}/certificates?api-version=7.6"),
    ] {
        assert_eq!(asked(&url).as_deref(), Ok("list-certificates"), "{url}");
    }
    let by_parts = asked_by_parts("/certificates?api-version=7.6");
    assert_eq!(by_parts.as_deref(), Ok("list-certificates"));
}

#[test]
fn an_authority_with_two_readings_is_refused() {
    let host = host_of_store();
    for authority in [
        format!("user@{host}"),
        format!("user:secret@{host}"),
        format!("@{host}"),
        format!("{host}@evil.example"),
        format!("{host}:443@evil.example"),
        format!("{host}."),
        format!("{host}.:443"),
        format!(".{host}"),
        host.replacen('.', "..", 1),
        host.to_uppercase(),
        host.replacen("vault", "Vault", 1),
        host.replacen('.', "%2e", 1),
        host.replacen("store", "st\u{f6}re", 1),
        host.replacen("store", "xn--stre-5qa", 1),
        format!("{host}:"),
        format!("{host}:0"),
        format!("{host}:00"),
        format!("{host}:0443"),
        format!("{host}:443:443"),
        format!("{host}:+443"),
        format!("{host}:-1"),
        format!("{host}:0x1bb"),
        format!("{host}:https"),
        format!("{host}:65536"),
        format!("{host}:65979"),
        format!("{host}:4294967739"),
        format!("{host}: 443"),
        format!("{host}\\@evil.example"),
        format!("{host}\\.evil.example"),
        format!("{host}%00.evil.example"),
        format!("{host}%2f.evil.example"),
        format!("{host},evil.example"),
        format!("[{host}]"),
        "*".to_owned(),
        "2852039166".to_owned(),
        "0xa9fea9fe".to_owned(),
        "0251.0376.0251.0376".to_owned(),
        "169.254.43518".to_owned(),
        "169.254.169.254.".to_owned(),
        "[::ffff:169.254.169.254]".to_owned(),
        "[::FFFF:a9fe:a9fe]".to_owned(),
        "[fe80::1%25eth0]".to_owned(),
    ] {
        let url = format!("https://{authority}/certificates?api-version=7.6");
        let decided = asked(&url);
        assert!(refused(&decided), "{url}: {decided:?}");
    }
}

#[test]
fn an_address_in_its_one_spelling_is_a_host_that_no_rule_names() {
    for authority in ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.4:8443"] {
        let url = format!("https://{authority}/certificates?api-version=7.6");
        assert_eq!(asked(&url), Err("host"), "{url}");
    }
}

#[test]
fn a_path_with_two_readings_is_refused() {
    for path in [
        "/certificates/..",
        "/certificates/../secrets",
        "/./certificates",
        "/certificates/.",
        "//certificates",
        "//evil.example/certificates",
        "/certificates//web-1",
        "/certificates/%2e%2e",
        "/certificates/%2E%2E/secrets",
        "/certificates/.%2e",
        "/certificates/%2e",
        "/certificates/%252e%252e",
        "/certificates%2fweb-1",
        "/certificates%2Fweb-1",
        "/certificates%252fweb-1",
        "/certificates%5cweb-1",
        "/certificates\\web-1",
        "/certificates/..\\secrets",
        "/certificates/%77eb-1",
        "/certificates/a%00b",
        "/certificates/a%0d%0ab",
        "/certificates/a%7fb",
        "/certificates/a%zz",
        "/certificates/a%2",
        "/certificates/a%",
        "/certificates/a%ff",
        "/certificates/a%c0%ae",
        "/certificates/w\u{e9}b",
        "/certificates/a b",
        "/certificates/{name}",
        "/certificates/a|b",
        "/certificates/\"a\"",
        // Not of the origin's form (RFC 9112 section 3.2.1).
        "http://evil.example/",
        "https://evil.example/certificates",
        "evil.example/certificates",
        "certificates",
        "*",
    ] {
        let decided = asked_by_parts(&format!("{path}?api-version=7.6"));
        assert!(refused(&decided), "{path}: {decided:?}");
    }
}

#[test]
fn a_query_that_not_everybody_decodes_alike_is_refused() {
    for query in [
        "$skiptoken=%",
        "$skiptoken=%2",
        "$skiptoken=%zz",
        "$skiptoken=%0d%0ahost:%20evil.example",
        "$skiptoken=%00",
        "$skiptoken=%ff",
        "%00=1",
        "$skiptoken=\u{e9}",
    ] {
        let decided = asked_by_parts(&format!("/certificates?api-version=7.6&{query}"));
        assert!(refused(&decided), "{query}: {decided:?}");
    }
    // Escaped, a separator is part of the value.
    for query in ["$skiptoken=a%26api-version%3d1", "$skiptoken=%c3%a9%2f%2e"] {
        let decided = asked_by_parts(&format!("/certificates?api-version=7.6&{query}"));
        assert!(decided.is_ok(), "{query}: {decided:?}");
    }
}

#[test]
fn a_url_that_is_too_long_or_of_no_web_is_refused() {
    let host = host_of_store();
    let of_length = |length: usize| {
        let url = format!("https://{host}/certificates?api-version=7.6&$skiptoken=");
        format!("{url}{}", "x".repeat(length + "https://".len() - url.len()))
    };
    assert_eq!(asked(&of_length(LONGEST + 1)), Err("limit"));
    // Short enough to be read, it is still longer than a skip token may be.
    assert_eq!(asked(&of_length(LONGEST)), Err("query"));
    for url in [
        format!("ftp://{host}/certificates?api-version=7.6"),
        format!("ws://{host}/certificates?api-version=7.6"),
        format!("file://{host}/certificates?api-version=7.6"),
        "/certificates?api-version=7.6".to_owned(),
    ] {
        assert!(refused(&asked(&url)), "{url}: {:?}", asked(&url));
    }
}

#[test]
fn no_method_passes_but_the_rules_own() {
    let url = format!("https://{}/certificates?api-version=7.6", host_of_store());
    for method in [
        "CONNECT", "TRACE", "OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PRI", "get",
        "Get", "GETT", "GET_", "M-SEARCH", "PROPFIND",
    ] {
        let decided = decide(method, &url, &HeaderMap::new(), "");
        assert_eq!(decided, Err("method"), "{method}");
    }
    // Not even where its target would be none.
    let uri = Uri::from_static("kv-one.example:443");
    let denial = Target::parse(&Method::CONNECT, &uri, LONGEST).unwrap_err();
    assert!(denial.rule_to_paste(JobKind::Inventory).is_err());
}

#[test]
fn a_next_link_is_a_request_like_any_other() {
    let host = host_of_store();
    let page = "api-version=7.6&$skiptoken=eyJO.aW5n";
    for link in [
        format!("https://{host}/certificates?{page}"),
        format!("https://{host}:443/certificates?{page}"),
        format!("https://{host}:443/certificates?{page}&maxresults=25"),
    ] {
        assert_eq!(asked(&link).as_deref(), Ok("list-certificates"), "{link}");
    }
    for (link, code) in [
        (format!("https://evil.example/certificates?{page}"), "host"),
        (
            format!("https://{host}.evil.example/certificates?{page}"),
            "host",
        ),
        (
            format!("https://{}/certificates?{page}", host.replace("one", "two")),
            "host",
        ),
        (format!("http://{host}/certificates?{page}"), "host"),
        (format!("https://{host}:8443/certificates?{page}"), "host"),
        (format!("https://{host}/secrets?{page}"), "path"),
        (format!("https://{host}/deletedcertificates?{page}"), "path"),
        (format!("https://{host}/certificates/?{page}"), "path"),
        (
            format!("https://{host}/certificates?api-version=7.5&$skiptoken=a"),
            "query",
        ),
        (format!("https://{host}/certificates?$skiptoken=a"), "query"),
        (
            format!("https://{host}/certificates?{page}&leak=1"),
            "query",
        ),
        (
            format!("https://{host}/certificates?{page}&%24skiptoken=b"),
            "query",
        ),
        (
            format!(
                "https://{host}/certificates?api-version=7.6&$skiptoken={}",
                "a".repeat(4_097)
            ),
            "query",
        ),
        (format!("https://user@{host}/certificates?{page}"), "url"),
        (
            format!("https://{}/certificates?{page}", host.to_uppercase()),
            "url",
        ),
        (
            format!("https://{host}/certificates/../secrets?{page}"),
            "url",
        ),
    ] {
        assert_eq!(asked(&link), Err(code), "{link}");
    }
}
