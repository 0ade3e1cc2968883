//! Lists: pages of items, each with a link to the next.
//!
//! Must not know who is asking. Source: "Azure REST: Certificates - Get Certificates", "Get Certificate
//! Versions", "Get Deleted Certificates" (wire 2.3; pages of 25, links with a port, empty pages: 6, number 3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Call;
use super::certificate::Life;
use super::error::Refusal;
use super::show;

/// The most items that the service puts on a page.
const PAGE: usize = 25;

/// What a list request asks for.
#[derive(Debug)]
struct Asked {
    /// As given, because it returns in the next link.
    max_results: Option<usize>,
    include_pending: Option<bool>,
    marker: Marker,
}

/// Where a page begins; what a skip token means, to the emulator alone.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Marker {
    /// The last name or version listed; empty at the start.
    next_marker: String,
    /// How many pages with items came before.
    pages: u32,
    /// Whether the page is to be empty and only lead on.
    empty: bool,
}

impl Asked {
    fn parse(call: &Call<'_>) -> Result<Asked, Refusal> {
        let max_results = call
            .query("maxresults")
            .map(|text| {
                text.parse::<usize>()
                    .ok()
                    .filter(|n| (1..=PAGE).contains(n))
                    .ok_or(Refusal::BadMaxResults)
            })
            .transpose()?;
        let marker = call
            .query("$skiptoken")
            .map(|token| Marker::read(token).ok_or(Refusal::BadSkipToken))
            .transpose()?
            .unwrap_or_default();
        Ok(Asked {
            max_results,
            include_pending: call
                .query("includePending")
                .map(|text| text.eq_ignore_ascii_case("true")),
            marker,
        })
    }
}

impl Marker {
    fn read(token: &str) -> Option<Marker> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
    }

    fn write(&self) -> Result<String, Refusal> {
        let json = serde_json::to_vec(self).map_err(Refusal::broken)?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }
}

/// `GET /certificates`.
pub(super) fn certificates(call: &Call<'_>) -> Result<Value, Refusal> {
    page(call, "certificates", |asked, size| {
        let pending = asked.include_pending.unwrap_or(false);
        let wanted = |c: &super::certificate::Certificate| {
            let whole = c.current().is_some_and(|v| v.leaf.is_some());
            c.is_live() && (pending || whole)
        };
        let after = &asked.marker.next_marker;
        let found = call.vault.store.after(after, size, wanted);
        Ok(found
            .map_err(Refusal::broken)?
            .iter()
            .map(|c| {
                (
                    c.name.clone(),
                    Value::Object(show::item(call.vault, c, None)),
                )
            })
            .collect())
    })
}

/// `GET /deletedcertificates`.
pub(super) fn deleted(call: &Call<'_>) -> Result<Value, Refusal> {
    page(call, "deletedcertificates", |asked, size| {
        let after = &asked.marker.next_marker;
        let found = call.vault.store.changed_after(
            after,
            size,
            |c| matches!(c.life, Life::Deleted { visible, .. } if visible <= call.now),
        );
        Ok(found
            .iter()
            .map(|c| {
                let mut item = show::item(call.vault, c, None);
                // Items of this list have none, unlike those of the living.
                item.remove("subject");
                if let Some(Value::Object(attributes)) = item.get_mut("attributes") {
                    show::recovery(call.vault, attributes);
                }
                (c.name.clone(), show::deleted(call.vault, c, item))
            })
            .collect())
    })
}

/// `GET /certificates/{name}/versions`; a name that is not there has an empty list, as the service has.
pub(super) fn versions(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let found = call.find(name)?.filter(|c| c.is_live());
    let path = format!("certificates/{name}/versions");
    page(call, &path, |asked, size| {
        let Some(certificate) = &found else {
            return Ok(Vec::new());
        };
        let after = &asked.marker.next_marker;
        let all = certificate.versions.iter();
        let from = all
            .clone()
            .position(|v| v.id == *after)
            .map_or(0, |at| at + 1);
        Ok(all
            .skip(from)
            .take(size)
            .map(|v| {
                let item = show::item(call.vault, certificate, Some(v));
                (v.id.clone(), Value::Object(item))
            })
            .collect())
    })
}

/// One page of what `fetch` finds after the marker; it is asked for one more than a page holds.
fn page(
    call: &Call<'_>,
    path: &str,
    fetch: impl FnOnce(&Asked, usize) -> Result<Vec<(String, Value)>, Refusal>,
) -> Result<Value, Refusal> {
    let asked = Asked::parse(call)?;
    if asked.marker.empty {
        let next = Marker {
            next_marker: asked.marker.next_marker.clone(),
            pages: asked.marker.pages,
            empty: false,
        };
        return Ok(json!({"value": [], "nextLink": link(call, path, &asked, &next)?}));
    }
    let size = asked.max_results.unwrap_or(PAGE);
    let mut items = fetch(&asked, size + 1)?;
    let next_link = if items.len() > size {
        items.truncate(size);
        let pages = asked.marker.pages.saturating_add(1);
        let next = Marker {
            next_marker: items.last().map(|(m, _)| m.clone()).unwrap_or_default(),
            pages,
            empty: call.vault.empty_page_after.contains(&pages),
        };
        Value::String(link(call, path, &asked, &next)?)
    } else {
        Value::Null
    };
    let items: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    Ok(json!({"value": items, "nextLink": next_link}))
}

/// The port and the bare `$` are the service's own habit.
fn link(call: &Call<'_>, path: &str, asked: &Asked, next: &Marker) -> Result<String, Refusal> {
    let mut link = format!(
        "https://{}:443/{path}?api-version={}&$skiptoken={}",
        call.vault.host,
        call.api_version,
        next.write()?
    );
    if let Some(pending) = asked.include_pending {
        link.push_str(&format!("&includePending={pending}"));
    }
    if let Some(size) = asked.max_results {
        link.push_str(&format!("&maxresults={size}"));
    }
    Ok(link)
}
