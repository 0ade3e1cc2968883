//! A list with next links, as far as it can be read: an error ends it, and what came
//! before stays.
//!
//! It must not know what is listed.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Arm;
use crate::azure::error::{Action, CallError};
use crate::azure::paging::Pages;
use crate::env::Environment;

/// What was read of a list, in the service's order.
#[derive(Debug)]
pub struct Listing<T> {
    /// The entries.
    pub items: Vec<T>,
    /// What kept the rest from being read.
    pub error: Option<CallError>,
}

/// An entry that cannot be what the list is of; nothing of it is in the text.
pub type Odd = &'static str;

impl<T> Listing<T> {
    /// All of it.
    ///
    /// # Errors
    /// What kept it from being read to its end.
    pub fn complete(self) -> Result<Vec<T>, CallError> {
        match self.error {
            None => Ok(self.items),
            Some(error) => Err(error),
        }
    }
}

#[derive(Deserialize)]
struct WirePage<W> {
    value: Option<Vec<W>>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
}

impl<E: Environment> Arm<'_, E> {
    /// Reads the list at a path, page by page, empty ones too. An odd entry ends it: who
    /// sends one is not the service that is known here.
    pub(super) async fn list<W: DeserializeOwned, T>(
        &self,
        action: &Action,
        path: &str,
        version: &str,
        read: impl Fn(W) -> Result<T, Odd>,
    ) -> Listing<T> {
        let mut items = Vec::new();
        let error = self
            .list_into(&mut items, action, path, version, read)
            .await
            .err();
        Listing { items, error }
    }

    async fn list_into<W: DeserializeOwned, T>(
        &self,
        items: &mut Vec<T>,
        action: &Action,
        path: &str,
        version: &str,
        read: impl Fn(W) -> Result<T, Odd>,
    ) -> Result<(), CallError> {
        let call = self.service.call(action.clone());
        let mut pages = Pages::new(self.service.host(), path);
        let mut url = self.service.url(&format!("{path}?api-version={version}"));
        loop {
            let answer = self.service.get(&call, url).await?;
            let page: WirePage<W> = self.read(action.clone(), &answer)?;
            for entry in page.value.unwrap_or_default() {
                items.push(read(entry).map_err(|odd| self.unreadable(action.clone(), odd))?);
            }
            match pages.next(page.next_link)? {
                Some(link) => url = link,
                None => return Ok(()),
            }
        }
    }
}
