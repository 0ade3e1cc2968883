//! Resource Graph: the one query, and what is half an answer.

use super::*;

#[test]
fn the_graph_is_asked_the_one_query_page_by_page() {
    let fake = served(|sent, _| {
        let body: Value = serde_json::from_str(&sent.body()).unwrap();
        let page = match body.pointer("/options/$skipToken") {
            None => {
                json!({"data": [{"id": id("rg", "kv-1"), "vaultTenant": TENANT}], "$skipToken": "a+b",
                    "resultTruncated": "true"})
            }
            Some(_) => json!({"data": [{"id": id("rg", "kv-2"), "vaultTenant": ""}],
                "resultTruncated": "false"}),
        };
        Ok(answer(200, &page.to_string()))
    });
    let vaults = fake.run(arm(&fake).query_vaults(&[sub()])).unwrap();
    let found: Vec<String> = vaults.iter().map(|vault| vault.path.to_string()).collect();
    assert_eq!(found, [format!("{SUB}:rg:kv-1"), format!("{SUB}:rg:kv-2")]);
    let tenants: Vec<Option<&str>> = vaults.iter().map(tenant).collect();
    assert_eq!(tenants, [Some(TENANT), None]);
    let bodies: Vec<Value> = sent(&fake)
        .into_iter()
        .map(|(method, url, body)| {
            assert_eq!(method, Method::Post);
            assert_eq!(
                url,
                format!("{ARM}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01")
            );
            serde_json::from_str(&body).unwrap()
        })
        .collect();
    let query = "resources | where type =~ 'microsoft.keyvault/vaults' | project id, \
                 vaultTenant = tostring(properties.tenantId) | order by id asc";
    assert_eq!(
        bodies,
        [
            json!({"subscriptions": [SUB], "query": query, "options": {"resultFormat": "objectArray"}}),
            json!({"subscriptions": [SUB], "query": query,
                "options": {"resultFormat": "objectArray", "$skipToken": "a+b"}}),
        ]
    );
}

#[test]
fn half_an_answer_of_the_graph_is_an_error() {
    for body in [
        json!({"data": [], "resultTruncated": "true"}),
        json!({"data": [], "resultTruncated": true, "$skipToken": ""}),
        json!({"data": [{"id": "/subscriptions/x"}]}),
        json!({"data": [{}]}),
        json!({"data": {"columns": [], "rows": []}}),
        // The same token for ever, and one that is too long to be sent.
        json!({"data": [], "$skipToken": "a"}),
        json!({"data": [], "$skipToken": "a".repeat(4_001)}),
    ] {
        let fake = saying(200, &body);
        let error = fake.run(arm(&fake).query_vaults(&[sub()])).unwrap_err();
        assert_eq!(error.failure(), Failure::UnreadableAnswer, "{body}");
    }
}
