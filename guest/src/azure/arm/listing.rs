//! A list with next links, as far as it can be read: an error ends it, and what came
//! before stays; an entry that cannot be read costs itself alone.
//!
//! It must not know what is listed.

use job_scope::PageQuery;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Arm;
use crate::azure::action::Action;
use crate::azure::error::CallError;
use crate::azure::paging::Pages;
use crate::env::Environment;

/// What was read of a list, in the service's order.
#[derive(Debug)]
pub struct Listing<T> {
    /// The entries.
    pub items: Vec<T>,
    /// One for each entry that cannot be read.
    pub odd: Vec<CallError>,
    /// What kept the rest from being read.
    pub error: Option<CallError>,
}

/// An entry that cannot be what the list is of; nothing of it is in the text.
pub type Odd = &'static str;

const ODD_SHAPE: Odd = "an entry has another shape";

impl<T> Listing<T> {
    /// All of it.
    ///
    /// # Errors
    /// What kept it from being read to its end, or an entry of it from being read.
    pub fn complete(self) -> Result<Vec<T>, CallError> {
        match self.error.or_else(|| self.odd.into_iter().next()) {
            None => Ok(self.items),
            Some(error) => Err(error),
        }
    }
}

/// Without a `value` it is no page of a list: an empty one has an empty `value`.
#[derive(Deserialize)]
struct WirePage {
    value: Vec<Value>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
}

impl<E: Environment> Arm<'_, E> {
    /// Reads the list at a path, page by page, empty ones too.
    pub(super) async fn list<W: DeserializeOwned, T>(
        &self,
        action: &Action,
        path: &str,
        version: &'static str,
        read: impl Fn(W) -> Result<T, Odd>,
    ) -> Listing<T> {
        let mut listing = Listing {
            items: Vec::new(),
            odd: Vec::new(),
            error: None,
        };
        let end = self.list_into(&mut listing, action, path, version, read);
        listing.error = end.await.err();
        listing
    }

    async fn list_into<W: DeserializeOwned, T>(
        &self,
        listing: &mut Listing<T>,
        action: &Action,
        path: &str,
        version: &'static str,
        read: impl Fn(W) -> Result<T, Odd>,
    ) -> Result<(), CallError> {
        let call = self.service.call(action.clone());
        let mut pages = Pages::new(self.service.host(), path, PageQuery::arm(version));
        let mut url = self.service.url(&format!("{path}?api-version={version}"));
        loop {
            let answer = self.service.get(&call, url).await?;
            let page: WirePage = self.read(action.clone(), &answer)?;
            for entry in page.value {
                let entry = serde_json::from_value(entry).map_err(|_| ODD_SHAPE);
                match entry.and_then(&read) {
                    Ok(item) => listing.items.push(item),
                    Err(odd) => listing
                        .odd
                        .push(self.unreadable(action.clone(), odd, &answer)),
                }
            }
            let next = pages.next(page.next_link);
            match next.map_err(|refusal| self.misled(refusal, &answer))? {
                Some(link) => url = link,
                None => return Ok(()),
            }
        }
    }
}
