//! Which next link of a list may be followed. The token goes with it, so that a link
//! is an instruction only as far as it stays on the list that it came from.
//!
//! It must not send, and not change what a link says: the service's opaque token is in it. Only
//! scheme and host come out in lower case, which they mean in any (RFC 3986 section 6.2.2.1), and
//! which a host that knows one spelling of each insists on.

use std::collections::BTreeSet;

use job_scope::PageQuery;

use crate::text::percent_decoded;

/// Pages of one list. Key Vault has at most 25 certificates on a page, so this is
/// 200,000 certificates, as many as a host's default of requests per job could read.
pub const MAX_PAGES: usize = 8_000;

/// A longer link is none that the service makes (recorded ones have up to 1.5 kB),
/// and longer than a host's limit for a URL.
const LONGEST_LINK: usize = 8 * 1024;

/// Why a link is not followed. None of the texts repeats the link: it is the
/// sender's, and may be long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// The token would go elsewhere.
    #[error("the next page of the list is said to be at another place than the list itself ({0})")]
    Elsewhere(&'static str),
    /// The list turned back on itself.
    #[error("the list names the same next page twice and would never end")]
    Repeated,
    /// The list does not end.
    #[error("the list has more than {MAX_PAGES} pages")]
    TooMany,
}

/// The links of one list.
pub struct Pages {
    host: String,
    path: String,
    query: PageQuery,
    seen: BTreeSet<String>,
}

impl Pages {
    /// A list that lives at this host and path, with pages of this query.
    pub fn new(host: &str, path: &str, query: PageQuery) -> Self {
        Pages {
            host: host.to_owned(),
            path: path.to_owned(),
            query,
            seen: BTreeSet::new(),
        }
    }

    /// The link to follow, as it came but for the case of scheme and host, or `None` at the end of
    /// the list (absent, `null` or empty: all three occur).
    ///
    /// # Errors
    /// See [`LinkRefusal`].
    pub fn next(&mut self, link: Option<String>) -> Result<Option<String>, LinkRefusal> {
        let Some(link) = link.filter(|link| !link.is_empty()) else {
            return Ok(None);
        };
        let link = self.check(link).map_err(LinkRefusal::Elsewhere)?;
        // The first page has no link.
        if self.seen.len() + 1 >= MAX_PAGES {
            return Err(LinkRefusal::TooMany);
        }
        if !self.seen.insert(link.clone()) {
            return Err(LinkRefusal::Repeated);
        }
        Ok(Some(link))
    }

    fn check(&self, link: String) -> Result<String, &'static str> {
        if link.len() > LONGEST_LINK {
            return Err("too long");
        }
        // A backslash is a slash to some parsers, and a space ends a request line.
        let odd = |byte: u8| !byte.is_ascii_graphic() || b"\\#\"<>".contains(&byte);
        if link.bytes().any(odd) {
            return Err("characters that no link has");
        }
        let (scheme, rest) = link.split_once("://").ok_or("no scheme")?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err("not https");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let host = authority.strip_suffix(":443").unwrap_or(authority);
        if !host.eq_ignore_ascii_case(&self.host) {
            return Err("another host");
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if path != self.path {
            return Err("another path");
        }
        self.query.check(&pairs(query)?)?;
        Ok(format!("https://{}{rest}", authority.to_ascii_lowercase()))
    }
}

/// The decoded pairs of a query. What no two readers decode alike is refused: a host would deny
/// it, and a denied request costs more than a list.
fn pairs(query: &str) -> Result<Vec<(String, String)>, &'static str> {
    let broken = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if query.split('%').skip(1).any(broken) {
        return Err("a broken escape");
    }
    let pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decoded(name), percent_decoded(value))
        })
        .collect();
    // What is no text was decoded to the replacement character.
    let odd = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    if pairs
        .iter()
        .any(|(name, value)| name.contains(odd) || value.contains(odd))
    {
        return Err("an escaped control character, or no text");
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new(
            "kv-one.vault.azure.net",
            "/certificates",
            PageQuery::KEY_VAULT,
        )
    }

    fn follow(link: &str) -> Result<Option<String>, LinkRefusal> {
        pages().next(Some(link.to_owned()))
    }

    #[test]
    fn absent_null_and_empty_end_a_list() {
        assert_eq!(pages().next(None), Ok(None));
        assert_eq!(pages().next(Some(String::new())), Ok(None));
    }

    #[test]
    fn a_link_of_the_vault_is_followed_as_it_came() {
        for link in [
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=eyJO.aW5n",
            "https://kv-one.vault.azure.net:443/certificates?api-version=7.6&$skiptoken=e==",
            "https://kv-one.vault.azure.net:443/certificates?api-version=7.6&%24skiptoken=a%2Fb",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=a&maxresults=25",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&",
        ] {
            assert_eq!(follow(link), Ok(Some(link.to_owned())));
        }
    }

    #[test]
    fn scheme_and_host_of_a_link_come_out_in_lower_case_and_nothing_else_does() {
        let link =
            "HTTPS://KV-One.Vault.Azure.Net:443/certificates?api-version=7.6&$skiptoken=A%2Fb";
        let lower =
            "https://kv-one.vault.azure.net:443/certificates?api-version=7.6&$skiptoken=A%2Fb";
        assert_eq!(follow(link), Ok(Some(lower.to_owned())));
        // One list, one page, in whatever case.
        let mut pages = pages();
        assert!(pages.next(Some(link.to_owned())).is_ok());
        assert_eq!(
            pages.next(Some(lower.to_owned())),
            Err(LinkRefusal::Repeated)
        );
    }

    #[test]
    fn a_link_to_any_other_place_is_refused() {
        for link in [
            "http://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=a",
            "https://kv-two.vault.azure.net/certificates?api-version=7.6&$skiptoken=a",
            "https://kv-one.vault.azure.net.evil.example/certificates?api-version=7.6&$skiptoken=a",
            "https://evil.example/certificates?api-version=7.6&$skiptoken=a",
            "https://kv-one.vault.azure.net@evil.example/certificates",
            "https://user@kv-one.vault.azure.net/certificates",
            "https://user:443@kv-one.vault.azure.net:443/certificates",
            "https://kv-one.vault.azure.net:444/certificates",
            "https://kv-one.vault.azure.net:/certificates",
            "https://kv-one.vault.azure.net:443:443/certificates",
            "https://kv-one.vault.azure.net./certificates",
            "https://kv-one.vault.azure.net/secrets?api-version=7.6&$skiptoken=a",
            "https://kv-one.vault.azure.net/certificates/../secrets",
            "https://kv-one.vault.azure.net/certificates/",
            "https://kv-one.vault.azure.net//certificates",
            "https://kv-one.vault.azure.net?/certificates",
            "https://kv-one.vault.azure.net",
            "https://evil.example\\kv-one.vault.azure.net/certificates",
            "https://kv-one.vault.azure.net/certificates#a",
            "https://kv-one.vault.azure.net/certificates?a b",
            "https://kv-one.vault.azure.net/certificates?a\r\nx: y",
            "//kv-one.vault.azure.net/certificates",
            "/certificates?api-version=7.6&$skiptoken=a",
            "https:/certificates",
            "https://kv-one.vault.azure.net/certificates",
            "https://kv-one.vault.azure.net/certificates?$skiptoken=a",
            "https://kv-one.vault.azure.net/certificates?api-version=7.5&$skiptoken=a",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=a&x=1",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=%",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=%4",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=%zz",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=%0A",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=%ff",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=\"a\"",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=<a>",
            "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken=a&%24skiptoken=a",
        ] {
            assert!(
                matches!(follow(link), Err(LinkRefusal::Elsewhere(_))),
                "{link}: {:?}",
                follow(link)
            );
        }
        let long = |length| {
            format!(
                "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken={}",
                "a".repeat(length)
            )
        };
        assert_eq!(
            follow(&long(8 * 1024)),
            Err(LinkRefusal::Elsewhere("too long"))
        );
        // Longer than what is granted, which would deny the request and end the job.
        assert!(follow(&long(4_096)).is_ok());
        assert!(follow(&long(4_097)).is_err());
    }

    #[test]
    fn a_repeated_link_is_refused_even_after_others() {
        let link = |number| {
            Some(format!(
                "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken={number}"
            ))
        };
        let mut pages = pages();
        for number in [1, 2, 3] {
            assert!(pages.next(link(number)).is_ok());
        }
        assert_eq!(pages.next(link(1)), Err(LinkRefusal::Repeated));
    }

    #[test]
    fn a_list_without_an_end_is_given_up_after_8000_pages() {
        let mut pages = pages();
        let mut followed = 1;
        let refusal = loop {
            let link = format!(
                "https://kv-one.vault.azure.net/certificates?api-version=7.6&$skiptoken={followed}"
            );
            match pages.next(Some(link)) {
                Ok(_) => followed += 1,
                Err(refusal) => break refusal,
            }
        };
        assert_eq!((followed, refusal), (MAX_PAGES, LinkRefusal::TooMany));
    }
}
