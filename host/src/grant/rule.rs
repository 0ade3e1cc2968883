//! Rules: templates with a job's values in them. Expanding is done once, before the job
//! starts; what cannot be expanded is an error then, not a surprise later.
//!
//! It must not know where templates come from.

use super::body::BodyRule;
use super::credentials::{Audience, Credentials, Issues};
use super::denial::Reason;
use super::host::parse_host;
use super::rule_url::operators_url;
use super::target::{Scheme, Target, split_authority};
use crate::text::one_line;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use job_scope::{
    ALLOWED_HEADERS, PairTemplate, RuleTemplate, SegmentPattern, ValueTemplate, Variables,
};
use url::Host;

/// Why a template cannot be a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule}: {problem}")]
pub struct ExpandError {
    /// The template's id.
    pub rule: String,
    /// What is wrong with it, and what it should be.
    pub problem: String,
}

/// One kind of request that a job may send.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    id: String,
    purpose: String,
    method: Method,
    scheme: Scheme,
    pub(super) host: Host,
    port: u16,
    origin: Origin,
    pub(super) path: Vec<Segment>,
    path_template: String,
    pub(super) query: Vec<Pair>,
    headers: Vec<HeaderName>,
    pub(super) required: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: BodyRule,
    credentials: Credentials,
}

/// Who said that a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The kind of job needs it.
    Job,
    /// The operator wrote it down.
    Operator,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Segment {
    Literal(String),
    Pattern(SegmentPattern),
}

/// A name and what its value may be, in a query or a form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) optional: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Fixed(String),
    Opaque(usize),
}

impl Rule {
    /// Fills a template. `patterns` are the names that stay open for one path segment.
    pub fn expand(
        template: &RuleTemplate,
        variables: &Variables,
        patterns: &[SegmentPattern],
    ) -> Result<Self, ExpandError> {
        let fill = Fill { variables };
        let wrong = |problem: String| ExpandError {
            rule: template.id.to_string(),
            problem,
        };
        let (scheme, rest) = template
            .url
            .split_once("://")
            .and_then(|(scheme, rest)| Some((Scheme::parse(scheme)?, rest)))
            .ok_or_else(|| wrong("url must begin with https:// or http://".to_owned()))?;
        let (authority, path) = rest
            .find('/')
            .and_then(|slash| rest.split_at_checked(slash))
            .ok_or_else(|| wrong("url must have a path, at least /".to_owned()))?;
        let authority = fill.text(authority).map_err(&wrong)?.to_ascii_lowercase();
        let (host, port) = split_authority(&authority, scheme)
            .ok_or_else(|| wrong(format!("{authority:?} has no usable port")))?;
        let host = parse_host(host).map_err(|error| wrong(error.to_string()))?;
        let segments = path
            .split('/')
            .skip(1)
            .map(|segment| fill.segment(segment, patterns))
            .collect::<Result<_, _>>()
            .map_err(&wrong)?;
        let name = |text: &str| {
            text.parse::<HeaderName>()
                .map_err(|_| wrong(format!("{text:?} is not a header name")))
        };
        let mut headers: Vec<HeaderName> = template
            .headers
            .allow
            .iter()
            .map(|text| name(text))
            .collect::<Result<_, _>>()?;
        let required: Vec<(HeaderName, HeaderValue)> = template
            .headers
            .required
            .iter()
            .map(|required| {
                let value = HeaderValue::from_str(&fill.text(&required.value).map_err(&wrong)?)
                    .map_err(|_| wrong(format!("the value of {} is no header", required.name)))?;
                Ok((name(&required.name)?, value))
            })
            .collect::<Result<_, ExpandError>>()?;
        // What must be there may be there.
        for (name, _) in &required {
            if !headers.contains(name) {
                headers.push(name.clone());
            }
        }
        let body = BodyRule::expand(&template.body, &fill).map_err(&wrong)?;
        Ok(Self {
            id: template.id.to_string(),
            purpose: template.purpose.to_string(),
            method: template
                .method
                .as_str()
                .parse()
                .map_err(|_| wrong("not a method".to_owned()))?,
            scheme,
            host,
            port,
            origin: Origin::Job,
            path: segments,
            path_template: path.to_owned(),
            query: fill.pairs(&template.query).map_err(&wrong)?,
            headers,
            required,
            credentials: Credentials::expand(&template.veil, &body, &fill).map_err(&wrong)?,
            body,
        })
    }

    /// The same as a rule that an operator wrote: for https and for names only. Plain HTTP and
    /// addresses lead to what is near the machine, its own identity first of all, and no job gets
    /// there by a line that was pasted into a policy.
    pub(super) fn of_operator(self) -> Result<Self, ExpandError> {
        match operators_url(&self.url()) {
            Ok(()) => Ok(Self {
                origin: Origin::Operator,
                ..self
            }),
            Err(problem) => Err(ExpandError {
                rule: self.id,
                problem: problem.to_owned(),
            }),
        }
    }

    /// Whether it may lead to the endpoint by which a machine gets tokens for its own identity:
    /// the job's own rule over plain HTTP, and no rule that an operator wrote.
    pub fn asks_this_machine(&self) -> bool {
        self.origin == Origin::Job && self.scheme == Scheme::Http
    }

    /// What audit and explanations call it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Why the request is sent, for people.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path of the template, with its placeholders.
    pub fn path_template(&self) -> &str {
        &self.path_template
    }

    /// The URL it allows, with `{name}` where it stays open and without the query.
    pub fn url(&self) -> String {
        let port = if self.port == self.scheme.default_port() {
            String::new()
        } else {
            format!(":{}", self.port)
        };
        let path: String = self
            .path
            .iter()
            .map(|segment| match segment {
                Segment::Literal(text) => format!("/{text}"),
                Segment::Pattern(pattern) => format!("/{{{}}}", pattern.name),
            })
            .collect();
        format!("{}://{}{port}{path}", self.scheme.as_str(), self.host)
    }

    /// The query it allows: `name=value`, `name=*` where it stays open, in brackets where
    /// it may be missing.
    pub fn query(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(Pair::shown).collect();
        pairs.join("&")
    }

    /// What its headers must be beside what every request may carry, in a few words: those that
    /// are required, and the list of names where it is the rule's own.
    pub fn headers(&self) -> String {
        let shown = |value: &HeaderValue| one_line(value.to_str().unwrap_or("?"), 100);
        let mut parts: Vec<String> = self
            .required
            .iter()
            .map(|(name, value)| format!("{name}: {}", shown(value)))
            .collect();
        if self.headers.iter().ne(ALLOWED_HEADERS.iter()) {
            let names: Vec<&str> = self.headers.iter().map(HeaderName::as_str).collect();
            parts.push(format!("only {}", names.join(", ")));
        }
        parts.join("; ")
    }

    /// What its body may be, in a few words.
    pub fn body(&self) -> String {
        self.body.shown()
    }

    /// What becomes of credentials in it, in a few words.
    pub fn credentials(&self) -> String {
        self.credentials.shown()
    }

    /// Which credential its answer brings.
    pub fn issues(&self) -> Issues<'_> {
        self.credentials.issues(self.origin)
    }

    pub(super) fn bears(&self, audience: &Audience) -> bool {
        self.scheme == Scheme::Https && self.credentials.bears(audience, self.origin)
    }

    pub(super) fn same_server(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// How far the head of a request fits, and why not further: everything but the body,
    /// so that it can be decided before the body is there.
    pub(super) fn head_fits(&self, target: &Target, headers: &HeaderMap) -> Result<(), Misfit> {
        if self.scheme != target.scheme || self.host != target.host || self.port != target.port {
            return Err(Misfit(0, Reason::Host));
        }
        let path_fits = self.path.len() == target.path.len()
            && self.path.iter().zip(&target.path).all(|pair| match pair {
                (Segment::Literal(literal), given) => literal == given,
                (Segment::Pattern(pattern), given) => pattern.matches(given),
            });
        if !path_fits {
            return Err(Misfit(1, Reason::Path));
        }
        if self.method != target.method {
            return Err(Misfit(2, Reason::Method));
        }
        pairs_fit(&self.query, &target.query)
            .map_err(|name| Misfit(3, Reason::Query(one_line(name, 100))))?;
        self.headers_fit(headers)
            .map_err(|name| Misfit(4, Reason::Header(one_line(&name, 100))))
    }

    /// Whether the body fits; otherwise what is wrong with it.
    pub(super) fn body_fits(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        self.body.fits(headers.get(header::CONTENT_TYPE), body)
    }

    fn headers_fit(&self, headers: &HeaderMap) -> Result<(), String> {
        for name in headers.keys() {
            // The length is computed anew from the body that was matched.
            if *name != header::CONTENT_LENGTH && !self.headers.contains(name) {
                return Err(name.to_string());
            }
            // Readers differ on which one counts.
            if headers.get_all(name).iter().nth(1).is_some() {
                return Err(name.to_string());
            }
        }
        for (name, value) in &self.required {
            let mut given = headers.get_all(name).iter();
            if given.next() != Some(value) || given.next().is_some() {
                return Err(name.to_string());
            }
        }
        Ok(())
    }
}

/// How far a request came before it did not fit: the larger, the nearer.
pub(super) struct Misfit(pub(super) u8, pub(super) Reason);

/// Puts a job's values into the texts of a template.
pub(super) struct Fill<'a> {
    variables: &'a Variables,
}

impl Fill<'_> {
    /// A text with every `{variable}` replaced.
    pub(super) fn text(&self, template: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("{template:?} has a brace that is not closed"))?;
            let value = self
                .variables
                .get(name)
                .ok_or_else(|| format!("this job has no value for {{{name}}}"))?;
            filled.push_str(before);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn segment(&self, template: &str, patterns: &[SegmentPattern]) -> Result<Segment, String> {
        let open = template
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .and_then(|name| patterns.iter().find(|pattern| pattern.name == name));
        if let Some(pattern) = open {
            return Ok(Segment::Pattern(pattern.clone()));
        }
        let literal = self.text(template)?;
        if literal == "." || literal == ".." || literal.contains(['/', '\\', '?', '#']) {
            return Err(format!("{literal:?} cannot be a path segment"));
        }
        Ok(Segment::Literal(literal))
    }

    pub(super) fn pairs(&self, templates: &[PairTemplate]) -> Result<Vec<Pair>, String> {
        templates
            .iter()
            .map(|template| {
                Ok(Pair {
                    name: template.name.to_string(),
                    value: match &template.value {
                        ValueTemplate::Fixed(text) => Value::Fixed(self.text(text)?),
                        ValueTemplate::Opaque { max_length } => Value::Opaque(*max_length),
                    },
                    optional: template.optional,
                })
            })
            .collect()
    }
}

impl Pair {
    /// Its value, if it has that name, must be there and can be one only.
    pub(super) fn fixed(&self, name: &str) -> Option<&str> {
        match &self.value {
            Value::Fixed(value) if self.name == name && !self.optional => Some(value),
            _ => None,
        }
    }

    pub(super) fn shown(&self) -> String {
        let text = match &self.value {
            Value::Fixed(value) => format!("{}={value}", self.name),
            Value::Opaque(_) => format!("{}=*", self.name),
        };
        if self.optional {
            format!("[{text}]")
        } else {
            text
        }
    }
}

/// Whether the given pairs are exactly what the rule says: none unknown, none twice, none
/// missing, each value right. Otherwise the name that is wrong.
pub(super) fn pairs_fit<'a>(
    rule: &'a [Pair],
    given: &'a [(String, String)],
) -> Result<(), &'a str> {
    for (index, (name, value)) in given.iter().enumerate() {
        let Some(pair) = rule.iter().find(|pair| pair.name == *name) else {
            return Err(name);
        };
        let twice = given.iter().skip(index + 1).any(|(other, _)| other == name);
        let right = match &pair.value {
            Value::Fixed(fixed) => fixed == value,
            Value::Opaque(longest) => value.len() <= *longest,
        };
        if twice || !right {
            return Err(name);
        }
    }
    match rule
        .iter()
        .find(|pair| !pair.optional && !given.iter().any(|(name, _)| *name == pair.name))
    {
        Some(missing) => Err(&missing.name),
        None => Ok(()),
    }
}
