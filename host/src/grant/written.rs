//! What a rule that somebody wrote must be for a request to fit it. Looked at once, when it is
//! read: a rule that no request fits, or that no job can be given, is a mistake of its writer.
//!
//! It must not know where rules are written, nor what they are for.

use super::body::{content_type, free_members};
use super::rule::Rule;
use super::rule_url::{host_of, operators_url};
use http::{HeaderName, HeaderValue};
use job_scope::{
    BodyTemplate, JobKind, PairTemplate, RuleTemplate, SegmentPattern, ValueTemplate, Variables,
    VeilTemplate,
};

/// What is wrong with a part of a rule, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; {remedy}")]
pub struct WrittenError {
    /// The key of the rule.
    pub field: &'static str,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// Looks at a rule for jobs of these kinds.
///
/// # Errors
/// The first thing that keeps every request from fitting it, or every job of a kind from having it.
pub fn written(
    template: &RuleTemplate,
    kinds: &[JobKind],
    patterns: &[SegmentPattern],
) -> Result<(), WrittenError> {
    url(&template.url)?;
    texts(template, kinds, patterns)?;
    headers(template)?;
    match &template.body {
        BodyTemplate::Json(json) => free_members(&json.value, &json.free)
            .map_err(|(problem, remedy)| wrong("body", problem, remedy))?,
        BodyTemplate::Bounded(bounded) => content_type(&bounded.content_type)
            .map_err(|(problem, remedy)| wrong("body", problem, remedy))?,
        BodyTemplate::None | BodyTemplate::Form(_) => {}
    }
    for kind in kinds {
        Rule::expand(template, &Variables::sample(*kind), patterns)
            .and_then(Rule::of_operator)
            .map_err(|error| wrong("rule", error.problem, "write it as the example has it"))?;
    }
    Ok(())
}

fn wrong(
    field: &'static str,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> WrittenError {
    WrittenError {
        field,
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

fn url(url: &str) -> Result<(), WrittenError> {
    let wrong = |problem: &str, remedy: &str| Err(wrong("url", problem, remedy));
    if url.contains(['?', '#']) {
        return wrong(
            "it has a query or a fragment, which no path has",
            "write the names of the query as `query`",
        );
    }
    if let Err(problem) = operators_url(url) {
        return wrong(problem, "write https://, the host by its name, and a path");
    }
    let authority = host_of(url);
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let Some(path) = rest.strip_prefix(authority).filter(|path| !path.is_empty()) else {
        return wrong("it has no path", "write one, at least /");
    };
    if let Some(name) = names(authority).find(|name| !Variables::HOSTS.contains(name)) {
        return Err(self::wrong(
            "url",
            format!(
                "{{{name}}} is no host, so that a job's own text would choose where the request goes"
            ),
            format!(
                "write the host out, or one of {}",
                braced(Variables::HOSTS.iter().copied())
            ),
        ));
    }
    if path.contains('%') {
        return wrong(
            "its path has an escape, and is compared with what the escapes of a request stand for",
            "write the character itself",
        );
    }
    if path.contains("//") {
        return wrong(
            "its path has an empty segment, which no request may have",
            "leave one of the slashes out",
        );
    }
    if path.contains('\\') || path.contains(char::is_control) {
        return wrong(
            "its path has a backslash or a control character, which no request may have",
            "leave it out",
        );
    }
    let dots = |segment: &str| segment == "." || segment == "..";
    if path.split('/').any(dots) {
        return wrong(
            "its path has a dot segment, which no request may have",
            "write the path that it leads to",
        );
    }
    Ok(())
}

/// Whether every `{name}` is one that jobs of these kinds have.
fn texts(
    template: &RuleTemplate,
    kinds: &[JobKind],
    patterns: &[SegmentPattern],
) -> Result<(), WrittenError> {
    let is_pattern = |name: &str| patterns.iter().any(|pattern| pattern.name == name);
    for (field, text) in filled(template) {
        if text.matches('{').count() != text.matches('}').count() {
            return Err(wrong(
                field,
                format!("{text:?} has a brace without its other one"),
                "close it: {name} is a value of the job",
            ));
        }
        for name in names(text) {
            let lacks = kinds
                .iter()
                .find(|kind| Variables::sample(**kind).get(name).is_none());
            let Some(kind) = lacks else { continue };
            let segment = format!("{{{name}}}");
            if field == "url" && is_pattern(name) {
                if text.split('/').any(|part| part == segment) {
                    continue;
                }
                return Err(wrong(
                    field,
                    format!("{segment} is only a part of a segment, and stands for a whole one"),
                    format!("write /{segment}/, or the text itself"),
                ));
            }
            let having: Vec<&str> = JobKind::ALL
                .iter()
                .filter(|kind| Variables::sample(**kind).get(name).is_some())
                .map(|kind| kind.as_str())
                .collect();
            return Err(if having.is_empty() {
                let known = Variables::sample(JobKind::Add);
                wrong(
                    field,
                    format!("{segment} is nothing that a job has"),
                    format!(
                        "write one of {}",
                        braced(known.iter().map(|(name, _)| name))
                    ),
                )
            } else {
                wrong(
                    field,
                    format!("no {kind} job has {segment}, and the rule is for them too"),
                    format!("write `jobs` with some of {}", having.join(", ")),
                )
            });
        }
    }
    Ok(())
}

/// The texts that are filled, with the keys that they stand under.
fn filled(template: &RuleTemplate) -> Vec<(&'static str, &str)> {
    fn fixed(pair: &PairTemplate) -> Option<&str> {
        match &pair.value {
            ValueTemplate::Fixed(text) => Some(text),
            ValueTemplate::Opaque { .. } => None,
        }
    }
    fn of_json<'a>(value: &'a serde_json::Value, texts: &mut Vec<(&'static str, &'a str)>) {
        match value {
            serde_json::Value::String(text) => texts.push(("body", text)),
            serde_json::Value::Array(items) => items.iter().for_each(|item| of_json(item, texts)),
            serde_json::Value::Object(members) => {
                members.values().for_each(|value| of_json(value, texts));
            }
            _ => {}
        }
    }
    let mut texts = vec![("url", &*template.url)];
    texts.extend(
        template
            .query
            .iter()
            .filter_map(fixed)
            .map(|text| ("query", text)),
    );
    let required = template.headers.required.iter();
    texts.extend(required.map(|header| ("headers", &*header.value)));
    match &template.body {
        BodyTemplate::Form(pairs) => {
            texts.extend(pairs.iter().filter_map(fixed).map(|text| ("body", text)));
        }
        BodyTemplate::Json(json) => of_json(&json.value, &mut texts),
        BodyTemplate::None | BodyTemplate::Bounded(_) => {}
    }
    match &template.veil {
        VeilTemplate::None => {}
        VeilTemplate::TokenForm(audience)
        | VeilTemplate::IdentityAnswer(audience)
        | VeilTemplate::Bearer(audience) => texts.push(("veil", audience)),
    }
    texts
}

/// The names between braces.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

fn braced<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let braced: Vec<String> = names.map(|name| format!("{{{name}}}")).collect();
    braced.join(", ")
}

fn headers(template: &RuleTemplate) -> Result<(), WrittenError> {
    let required = template.headers.required.iter().map(|header| &header.name);
    for name in template.headers.allow.iter().chain(required.clone()) {
        if name.parse::<HeaderName>().is_err() {
            return Err(wrong(
                "headers",
                format!("{name:?} is not a header name"),
                "write letters, digits and hyphens",
            ));
        }
    }
    for header in &template.headers.required {
        if HeaderValue::from_str(&header.value).is_err() {
            return Err(wrong(
                "headers",
                format!("the value of {} is none that a header has", header.name),
                "write it without control characters",
            ));
        }
    }
    for (place, name) in required.clone().enumerate() {
        let mut before = required.clone().take(place);
        if before.any(|other| other.eq_ignore_ascii_case(name)) {
            return Err(wrong(
                "headers",
                format!("{name:?} is required twice, and no header may come twice"),
                "leave one of them out",
            ));
        }
    }
    Ok(())
}
