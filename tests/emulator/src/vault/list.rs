//! `GET /certificates`: pages of items, each with a link to the next.
//!
//! Must not know who is asking. Source: "Azure REST: Certificates - Get Certificates".

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::state::{Stored, Vault};

/// The most items that the service puts on a page.
const PAGE: usize = 25;

/// What a list request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    api_version: String,
    /// As given, because it returns in the next link.
    max_results: Option<usize>,
    marker: Marker,
}

/// Where a page begins; what a skip token means, to the emulator alone.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Marker {
    /// The last name listed; empty at the start.
    next_marker: String,
    /// How many pages with items came before.
    pages: u32,
    /// Whether the page is to be empty and only lead on.
    empty: bool,
}

impl Asked {
    pub(super) fn parse(query: &[(String, String)]) -> Result<Asked, Refusal> {
        let value = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, v)| v);
        let max_results = value("maxresults")
            .map(|text| {
                text.parse::<usize>()
                    .ok()
                    .filter(|n| (1..=PAGE).contains(n))
                    .ok_or(Refusal::BadMaxResults)
            })
            .transpose()?;
        let marker = value("$skiptoken")
            .map(|token| Marker::read(token).ok_or(Refusal::BadSkipToken))
            .transpose()?
            .unwrap_or_default();
        Ok(Asked {
            api_version: value("api-version").cloned().unwrap_or_default(),
            max_results,
            marker,
        })
    }
}

impl Marker {
    fn read(token: &str) -> Option<Marker> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
    }

    fn write(&self) -> Result<String, Refusal> {
        let json = serde_json::to_vec(self).map_err(|e| Refusal::Broken(e.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }
}

/// One page.
pub(super) fn page(vault: &Vault, asked: &Asked) -> Result<Value, Refusal> {
    if asked.marker.empty {
        let next = Marker {
            next_marker: asked.marker.next_marker.clone(),
            pages: asked.marker.pages,
            empty: false,
        };
        return Ok(json!({"value": [], "nextLink": link(vault, asked, &next)?}));
    }
    let size = asked.max_results.unwrap_or(PAGE);
    let mut rest = vault.after(&asked.marker.next_marker).peekable();
    let mut items = Vec::with_capacity(size);
    let mut last = "";
    while items.len() < size
        && let Some(stored) = rest.next()
    {
        items.push(item(vault, stored)?);
        last = &stored.name;
    }
    let next_link = if rest.peek().is_some() {
        let pages = asked.marker.pages.saturating_add(1);
        let next = Marker {
            next_marker: last.to_owned(),
            pages,
            empty: vault.empty_page_after.contains(&pages),
        };
        Value::String(link(vault, asked, &next)?)
    } else {
        Value::Null
    };
    Ok(json!({"value": items, "nextLink": next_link}))
}

/// The port and the bare `$` are the service's own habit.
fn link(vault: &Vault, asked: &Asked, next: &Marker) -> Result<String, Refusal> {
    let mut link = format!(
        "https://{}:443/certificates?api-version={}&$skiptoken={}",
        vault.host,
        asked.api_version,
        next.write()?
    );
    if let Some(size) = asked.max_results {
        link.push_str(&format!("&maxresults={size}"));
    }
    Ok(link)
}

fn item(vault: &Vault, stored: &Stored) -> Result<Value, Refusal> {
    let broken = |e: crate::pki::PkiError| Refusal::Broken(e.to_string());
    let version = stored
        .current()
        .ok_or_else(|| Refusal::NotFound(stored.name.clone()))?;
    let issued = vault.issued(stored, version).map_err(broken)?;
    let mut item = Map::new();
    let id = format!("https://{}/certificates/{}", vault.host, stored.name);
    item.insert("id".into(), Value::String(id));
    item.insert("x5t".into(), Value::String(issued.thumbprint.clone()));
    item.insert(
        "attributes".into(),
        json!({
            "enabled": stored.enabled,
            "nbf": issued.not_before,
            "exp": issued.not_after,
            "created": issued.created,
            "updated": issued.created,
        }),
    );
    if !stored.tags.is_empty() {
        item.insert("tags".into(), json!(stored.tags));
    }
    item.insert("subject".into(), Value::String(String::new()));
    Ok(Value::Object(item))
}
