//! The names in rules: their ids, and what stands between braces.

use super::*;

/// What stands in braces in the texts of a rule.
fn places(rule: &RuleTemplate) -> BTreeSet<String> {
    let mut texts = vec![rule.url.to_string()];
    texts.extend(pairs(&rule.query));
    match &rule.body {
        BodyTemplate::Form(form) => texts.extend(pairs(form)),
        BodyTemplate::Json(json) => strings(&json.value, &mut texts),
        BodyTemplate::None | BodyTemplate::Bounded(_) => {}
    }
    match &rule.veil {
        VeilTemplate::None => {}
        VeilTemplate::TokenForm(audience)
        | VeilTemplate::IdentityAnswer(audience)
        | VeilTemplate::Bearer(audience) => texts.push(audience.to_string()),
    }
    texts
        .iter()
        .flat_map(|text| text.split('{').skip(1))
        .map(|rest| rest.split('}').next().unwrap().to_owned())
        .collect()
}

fn strings(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        serde_json::Value::Object(members) => {
            members.values().for_each(|member| strings(member, texts))
        }
        _ => {}
    }
}

fn variables(identity: &Identity) -> Variables {
    store(identity)
        .variables(identity)
        .with_alias(&Alias::parse("web-1").unwrap())
}

#[test]
fn every_place_in_a_template_is_a_variable_of_its_job_or_a_wildcard_of_its_path() {
    let wildcards: Vec<_> = segment_patterns()
        .into_iter()
        .map(|pattern| pattern.name)
        .collect();
    for kind in JobKind::ALL {
        for identity in identities() {
            let variables = variables(&identity);
            let mut all = rules(kind, &identity);
            all.extend(private_key_rules(kind));
            for rule in all {
                for place in places(&rule) {
                    let variable = variables.get(&place).is_some();
                    let wildcard = wildcards.iter().any(|name| *name == place)
                        && rule.url.contains(&format!("/{{{place}}}"));
                    assert!(variable != wildcard, "{kind} {}: {{{place}}}", rule.id);
                }
            }
        }
    }
}

#[test]
fn every_rule_of_a_job_is_in_the_list_of_ids_and_the_list_has_no_others() {
    let mut found = BTreeSet::new();
    for identity in identities() {
        for kind in JobKind::ALL {
            let (of_domain, new_vault) = (
                store_of_tenant("contoso.example", &identity),
                new_vault(Cloud::Public),
            );
            let templates = crate::rules::rules(Needs {
                store: Some(&of_domain),
                new_vault: Some(&new_vault),
                versions: Versions::All,
                overwrite: true,
                check_kinds: &EVERY,
                ..Needs::new(kind, &identity)
            });
            let templates = templates.into_iter().chain(private_key_rules(kind));
            found.extend(templates.map(|rule| rule.id.to_string()));
        }
    }
    let listed: BTreeSet<String> = RULE_IDS.iter().map(ToString::to_string).collect();
    assert_eq!(listed, found);
}

#[test]
fn a_sample_has_a_value_for_every_name_that_a_job_of_its_kind_may_have() {
    let names = |variables: &Variables| -> BTreeSet<&'static str> {
        variables.iter().map(|(name, _)| name).collect()
    };
    let alias = Alias::parse("web-1").unwrap();
    let tenant = crate::TenantId::parse("contoso.example").unwrap();
    for identity in identities() {
        for kind in JobKind::ALL {
            let of_job = match kind {
                JobKind::Discovery => {
                    let tenant = identity.needs_tenant().then_some(&tenant);
                    Variables::of_tenant(Cloud::China, tenant, &identity)
                }
                JobKind::Add | JobKind::Remove => {
                    store(&identity).variables(&identity).with_alias(&alias)
                }
                _ => store(&identity).variables(&identity),
            };
            let (of_job, sample) = (names(&of_job), names(&Variables::sample(kind)));
            assert!(of_job.is_subset(&sample), "{kind}: {of_job:?}");
            if identity.needs_tenant() {
                assert_eq!(of_job, sample, "{kind}");
            }
        }
    }
}

#[test]
fn a_discovery_needs_no_store() {
    for identity in identities() {
        let tenant = crate::TenantId::parse("contoso.example").unwrap();
        let variables = Variables::of_tenant(
            Cloud::China,
            identity.needs_tenant().then_some(&tenant),
            &identity,
        );
        for rule in rules(JobKind::Discovery, &identity) {
            for place in places(&rule) {
                assert!(
                    place == "id" || variables.get(&place).is_some(),
                    "{}: {{{place}}}",
                    rule.id
                );
            }
        }
    }
}
