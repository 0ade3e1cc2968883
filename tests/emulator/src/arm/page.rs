//! Paging: skip tokens and next links as Azure Resource Manager writes them.
//!
//! Must not know what is on the pages. A page may be empty and still have a next link (wire 3.3; 6, number 7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::Refusal;

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marker {
    /// What the page before ended with; nothing before the first page.
    pub(super) after: String,
    /// How many pages with content came before.
    pub(super) pages: usize,
    /// Whether this page is an empty one, put in between.
    pub(super) empty: bool,
}

/// How a list ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The last page has no link.
    Foreseen,
    /// A page that is full has a link, also where nothing follows but an empty page: recorded of Key Vault's
    /// resource provider.
    Unforeseen,
}

/// What a resource provider's skip tokens begin with.
const SERVICE_BASED: &str = "ServiceBased,";

impl Marker {
    /// The marker of a skip token; the first page's without one.
    pub(super) fn read(token: Option<&str>) -> Result<Marker, Refusal> {
        let Some(token) = token else {
            return Ok(Marker::default());
        };
        let bad = || Refusal::bad_request("The value of $skiptoken is invalid.");
        let token = token.strip_prefix(SERVICE_BASED).unwrap_or(token);
        let text = URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(bad)?;
        let mut parts = text.split('|');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(after), Some(pages), Some(empty), None) => Ok(Marker {
                after: after.to_owned(),
                pages: pages.parse().map_err(|_| bad())?,
                empty: empty == "empty",
            }),
            _ => Err(bad()),
        }
    }

    fn encoded(&self) -> String {
        let empty = if self.empty { "empty" } else { "full" };
        URL_SAFE_NO_PAD.encode(format!("{}|{}|{empty}", self.after, self.pages))
    }

    /// The skip token of Azure Resource Manager's own lists.
    pub(super) fn token(&self) -> String {
        self.encoded()
    }

    /// The skip token of a list that Key Vault's resource provider answers.
    pub(super) fn service_token(&self) -> String {
        format!("{SERVICE_BASED}{}", self.encoded())
    }

    /// One page's worth of items that come after the marker, in the order of their keys, and the marker
    /// of the page that follows, if one does. `empty_after` are the pages followed by an empty one.
    pub(super) fn cut<T>(
        &self,
        items: Vec<(String, T)>,
        size: usize,
        empty_after: &[usize],
        end: End,
    ) -> (Vec<T>, Option<Marker>) {
        if self.empty {
            let next = Marker {
                empty: false,
                ..self.clone()
            };
            return (Vec::new(), Some(next));
        }
        let mut left = items
            .into_iter()
            .filter(|(key, _)| self.after.is_empty() || *key > self.after);
        let page: Vec<(String, T)> = left.by_ref().take(size).collect();
        let more = left.next().is_some();
        let pages = self.pages + 1;
        let goes_on = more || (end == End::Unforeseen && page.len() == size);
        let next = page.last().filter(|_| goes_on).map(|(key, _)| Marker {
            after: key.clone(),
            pages,
            empty: more && empty_after.contains(&pages),
        });
        (page.into_iter().map(|(_, item)| item).collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_with_empty_ones_where_asked() {
        let items = || -> Vec<(String, u32)> { (1..=5).map(|n| (format!("k{n}"), n)).collect() };
        let pages = |size, end| {
            let mut marker = Marker::default();
            let mut pages = Vec::new();
            loop {
                let (page, next) = marker.cut(items(), size, &[1], end);
                pages.push(page);
                let Some(next) = next else { break };
                marker = Marker::read(Some(&next.service_token())).unwrap();
                assert_eq!(marker, next);
            }
            pages
        };
        let odd = [vec![1, 2], vec![], vec![3, 4], vec![5]];
        assert_eq!(pages(2, End::Foreseen), odd);
        assert_eq!(pages(2, End::Unforeseen), odd);
        let lengths = |end| pages(5, end).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(End::Foreseen), [5]);
        assert_eq!(lengths(End::Unforeseen), [5, 0]);
    }

    #[test]
    fn garbage_is_no_skip_token() {
        for token in ["", "x", "ServiceBased,", "ServiceBased,AAAA", "YXxifGN8ZA"] {
            assert!(Marker::read(Some(token)).is_err(), "{token}");
        }
    }
}
