//! For tests: a request that a rule lets pass, made from the rule.
//!
//! It must not know how requests are matched.

use super::body::BodyRule;
use super::rule::{Pair, Rule, Segment, Value};
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use job_scope::MemberType;
use serde_json::json;

/// An id that is nobody's.
const GUID: &str = "00000000-0000-0000-0000-000000000000";

/// A request that a rule lets pass.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// The method.
    pub(crate) method: Method,
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The path.
    pub(crate) path: String,
    /// The query, without what may be missing.
    pub(crate) query: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: String,
}

impl Sample {
    /// The request that shows what `rule` is for.
    pub(crate) fn of(rule: &Rule) -> Self {
        let open = rule.url();
        let origin_ends = open.match_indices('/').nth(2).unwrap().0;
        let path: String = rule
            .path
            .iter()
            .map(|segment| format!("/{}", filled(segment)))
            .collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &rule.required {
            headers.insert(name.clone(), value.clone());
        }
        let (kind, body) = match &rule.body {
            BodyRule::Empty => (None, String::new()),
            BodyRule::Form(pairs) => (Some("application/x-www-form-urlencoded"), encoded(pairs)),
            BodyRule::Json { value, free } => {
                let mut value = value.clone();
                for member in free.iter().filter(|member| !member.optional) {
                    let (parent, name) = member.pointer.rsplit_once('/').unwrap();
                    let text = match (member.among.first(), member.holds) {
                        (Some(text), _) => text,
                        (None, MemberType::Any | MemberType::Text) => "x",
                        (None, MemberType::Guid | MemberType::Guids) => GUID,
                        (None, MemberType::Region) => "westeurope",
                    };
                    value.pointer_mut(parent).unwrap()[name] = match member.holds {
                        MemberType::Guids => json!([text]),
                        _ => json!(text),
                    };
                }
                (Some("application/json"), value.to_string())
            }
            BodyRule::Bounded { content_type, .. } => {
                (Some(content_type.as_str()), "{}".to_owned())
            }
        };
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        Self {
            method: rule.method().parse().unwrap(),
            origin: open[..origin_ends].to_owned(),
            path,
            query: encoded(&rule.query),
            headers,
            body,
        }
    }

    /// The whole URL.
    pub(crate) fn uri(&self) -> Uri {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.origin, self.path, self.query)
            .parse()
            .unwrap()
    }
}

fn filled(segment: &Segment) -> String {
    match segment {
        Segment::Literal(text) => escaped(text),
        Segment::Pattern(pattern) => {
            let first = pattern.alphabet.chars().next().unwrap();
            std::iter::repeat_n(first, pattern.min.max(1)).collect()
        }
    }
}

/// RFC 3986 section 2.1.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

fn encoded(pairs: &[Pair]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for pair in pairs.iter().filter(|pair| !pair.optional) {
        let value = match &pair.value {
            Value::Fixed(value) => value,
            Value::Opaque(_) => "x",
        };
        text.append_pair(&pair.name, value);
    }
    text.finish()
}
