//! Resource Graph: one query over many subscriptions.
//!
//! Must not know how vaults are made. Understands `resources` and `resourcecontainers` with `where type`,
//! `project` and `order by`, and refuses the rest. Its habits are the point: subscriptions that the caller
//! may not read are left out without a word, and new vaults are not known for a while. Source: "Azure REST:
//! Resource Graph - Resources", "Working with large Azure resource data sets" (wire 3.3).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Reply;
use super::access::Deed;
use super::call::Call;
use super::error::Refusal;
use super::page::{End, Marker};
use super::{render, subscriptions};
use crate::seed::{SubscriptionSeed, SubscriptionState};

/// The most rows on a page, and how many without `$top`.
const PAGE: usize = 1_000;

#[derive(Debug, Deserialize)]
struct Question {
    #[serde(default)]
    subscriptions: Vec<String>,
    query: String,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
    #[serde(rename = "$top")]
    top: Option<usize>,
    result_format: Option<String>,
}

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    containers: bool,
    kind: Option<String>,
    columns: Vec<Column>,
}

/// A column of the answer, and where in a row it comes from.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    path: Vec<String>,
}

pub(super) fn query(call: &Call<'_>) -> Result<Reply, Refusal> {
    let question: Question = call.json()?;
    let is_uuid =
        |id: &String| id.len() == 36 && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if !question.subscriptions.iter().all(is_uuid) {
        return Err(refused(
            call,
            "SubscriptionsContainInvalidGuids",
            "Subscription ids have to be valid GUIDs.",
        ));
    }
    let asked = |s: &&SubscriptionSeed| {
        let ids = &question.subscriptions;
        ids.is_empty() || ids.iter().any(|id| id.eq_ignore_ascii_case(&s.id))
    };
    let denied = |s: &&SubscriptionSeed| {
        let own = |client: &String| client.eq_ignore_ascii_case(&call.caller.appid);
        s.deny.iter().any(own)
    };
    let readable: Vec<&SubscriptionSeed> = subscriptions::visible(call)
        .filter(|s| s.state != SubscriptionState::Deleted)
        .filter(|s| asked(s) && !denied(s))
        .collect();
    if readable.is_empty() {
        let given = question.subscriptions.join("', '");
        return Err(refused(
            call,
            "NoValidSubscriptionsInQueryRequest",
            &format!(
                "There must be at least one subscription that is eligible to contain resources. Given: '{given}'."
            ),
        ));
    }
    let plan = Plan::parse(&question.query).ok_or_else(|| {
        refused(
            call,
            "InvalidQuery",
            "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.",
        )
        .detail("ParserFailure", "ParserFailure")
    })?;
    let rows = if plan.containers {
        readable.iter().copied().map(container).collect()
    } else {
        vaults(call, &readable)
    };
    let rows: Vec<(String, Value)> = rows
        .into_iter()
        .filter(|(_, row)| {
            let kind = row.get("type").and_then(Value::as_str);
            plan.kind.as_deref().is_none_or(|k| kind == Some(k))
        })
        .map(|(key, row)| (key, plan.project(row)))
        .collect();
    let total = rows.len();
    let marker = Marker::read(question.options.skip_token.as_deref())?;
    let size = question.options.top.unwrap_or(PAGE).clamp(1, PAGE);
    let (page, next) = marker.cut(rows, size, &[], End::Foreseen);
    let count = page.len();
    let format = question.options.result_format.unwrap_or_default();
    let data = if format.eq_ignore_ascii_case("table") {
        table(&page)
    } else {
        Value::Array(page)
    };
    let mut body = json!({
        "totalRecords": total,
        "count": count,
        "facets": [],
        "data": data,
        "resultTruncated": "false",
    });
    if let (Some(next), Some(body)) = (next, body.as_object_mut()) {
        body.insert("$skipToken".into(), next.token().into());
    }
    Ok(Reply::Ok(body))
}

/// Errors of Resource Graph say what they are in their details alone.
fn refused(call: &Call<'_>, code: &str, message: &str) -> Refusal {
    let text = format!(
        "Please provide below info when asking for support: timestamp = {}.",
        render::iso(call.now)
    );
    Refusal::bad_request(&text).detail(code, message)
}

fn vaults(call: &Call<'_>, readable: &[&SubscriptionSeed]) -> Vec<(String, Value)> {
    let lag = call.arm.settings.graph_lag_seconds;
    let mut rows = Vec::new();
    for vault in call.vaults.all(call.cloud) {
        let spec = vault.spec();
        let id = spec.resource_id();
        let of = |s: &&&SubscriptionSeed| s.id.eq_ignore_ascii_case(&spec.subscription);
        let Some(subscription) = readable.iter().find(of) else {
            continue;
        };
        let roles = &call.arm.roles;
        if !roles.allow(call.caller, subscription, Deed::Read, &id) {
            continue;
        }
        let birth = call.arm.births.of(&vault.host);
        if birth.is_some_and(|b| call.now < b.at.saturating_add(lag)) {
            continue;
        }
        let state = call.arm.births.state(&vault.host, call.now);
        let row = json!({
            "id": id,
            "name": spec.name,
            "type": "microsoft.keyvault/vaults",
            "tenantId": subscription.tenant,
            "kind": "",
            "location": spec.location,
            "resourceGroup": spec.group.to_ascii_lowercase(),
            "subscriptionId": subscription.id,
            "managedBy": "",
            "sku": null,
            "plan": null,
            "properties": render::properties(&spec, state),
            "tags": spec.tags,
            "identity": null,
            "zones": null,
            "extendedLocation": null,
        });
        rows.push((id.to_ascii_lowercase(), row));
    }
    // By id, so that a page's end says where the next one begins.
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

fn container(subscription: &SubscriptionSeed) -> (String, Value) {
    let id = format!("/subscriptions/{}", subscription.id);
    let row = json!({
        "id": id,
        "name": subscription.name.as_deref().unwrap_or("Emulated subscription"),
        "type": "microsoft.resources/subscriptions",
        "tenantId": subscription.tenant,
        "subscriptionId": subscription.id,
        "properties": {"state": "Enabled"},
    });
    (id, row)
}

fn table(page: &[Value]) -> Value {
    let names: Vec<&String> = page
        .first()
        .and_then(Value::as_object)
        .map(|row| row.keys().collect())
        .unwrap_or_default();
    let columns: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "type": "string"}))
        .collect();
    let rows: Vec<Vec<&Value>> = page
        .iter()
        .map(|row| names.iter().filter_map(|name| row.get(*name)).collect())
        .collect();
    json!({"columns": columns, "rows": rows})
}

impl Plan {
    fn parse(query: &str) -> Option<Plan> {
        let mut stages = query.split('|').map(str::trim);
        let containers = match stages.next()?.to_ascii_lowercase().as_str() {
            "resources" => false,
            "resourcecontainers" => true,
            _ => return None,
        };
        let mut plan = Plan {
            containers,
            kind: None,
            columns: Vec::new(),
        };
        for stage in stages {
            let (word, rest) = stage.split_once(char::is_whitespace)?;
            match word.to_ascii_lowercase().as_str() {
                "where" => plan.kind = Some(type_of(rest)?),
                "project" => {
                    plan.columns = rest.split(',').map(Column::parse).collect::<Option<_>>()?;
                }
                "order" | "sort" => {}
                _ => return None,
            }
        }
        Some(plan)
    }

    fn project(&self, row: Value) -> Value {
        if self.columns.is_empty() {
            return row;
        }
        let columns = self.columns.iter();
        let kept: Map<String, Value> = columns.map(|c| (c.name.clone(), c.of(&row))).collect();
        Value::Object(kept)
    }
}

impl Column {
    /// `id`, or `name = tostring(properties.tenantId)`.
    fn parse(text: &str) -> Option<Column> {
        let word = |c: &str| !c.is_empty() && c.chars().all(|c| c.is_ascii_alphanumeric());
        let (name, path) = match text.split_once('=') {
            None => (text.trim(), text.trim()),
            Some((name, value)) => {
                let value = value.trim().strip_prefix("tostring(")?.strip_suffix(')')?;
                (name.trim(), value.trim())
            }
        };
        let path: Vec<&str> = path.split('.').collect();
        let known = word(name) && path.iter().all(|part| word(part));
        known.then(|| Column {
            name: name.to_owned(),
            path: path.into_iter().map(str::to_owned).collect(),
        })
    }

    fn of(&self, row: &Value) -> Value {
        let mut path = self.path.iter();
        let found = path.try_fold(row, |value, part| value.get(part));
        found.cloned().unwrap_or(Value::Null)
    }
}

/// The type in `type =~ '…'` or, exactly as stored, in `type == '…'`.
fn type_of(condition: &str) -> Option<String> {
    let rest = condition.trim().strip_prefix("type")?.trim_start();
    let (exact, rest) = match (rest.strip_prefix("=~"), rest.strip_prefix("==")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return None,
    };
    let rest = rest.trim();
    let quoted = |mark: char| rest.strip_prefix(mark)?.strip_suffix(mark);
    let name = quoted('\'').or_else(|| quoted('"'))?;
    Some(if exact {
        name.to_owned()
    } else {
        name.to_ascii_lowercase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, path: &[&str]) -> Column {
        Column {
            name: name.into(),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
        }
    }

    #[test]
    fn a_column_is_a_member_or_has_a_name_of_its_own() {
        let tenant = column("tenant", &["properties", "tenantId"]);
        let text = "tenant = tostring(properties.tenantId)";
        assert_eq!(Column::parse(text).as_ref(), Some(&tenant));
        let row = json!({"properties": {"tenantId": "1"}});
        assert_eq!(tenant.of(&row), "1");
        assert_eq!(tenant.of(&json!({"properties": 1})), Value::Null);
        for text in ["", "a b", "a = b", "a = tostring()", "tostring(a)"] {
            assert_eq!(Column::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_queries_understood_are_few_and_the_rest_is_refused() {
        let plan = Plan::parse(
            "Resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name | order by id asc",
        );
        assert_eq!(
            plan,
            Some(Plan {
                containers: false,
                kind: Some("microsoft.keyvault/vaults".into()),
                columns: vec![column("id", &["id"]), column("name", &["name"])],
            })
        );
        for query in [
            "",
            "tables",
            "resources | summarize count()",
            "resources | where x == 1",
        ] {
            assert_eq!(Plan::parse(query), None, "{query}");
        }
    }
}
