//! Why a request may not leave, with everything needed to say so and to mend it.
//!
//! It must not know who hears it.

use super::host::parse_host;
use super::rule::{Misfit, Rule};
use super::target::{Scheme, Target, shown, split_authority};
use super::written::written;
use crate::limits::to_raise;
use crate::text::one_line;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use job_scope::{ALLOWED_HEADERS, JobKind, OPAQUE_LENGTH, RuleTemplate, Variables};
use std::fmt;
use url::Host;

/// What was wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Its URL can be read in more than one way, or is none. No policy can allow it.
    Url(&'static str),
    /// A part of it is larger than in any request of a job.
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Bytes that it may have.
        most: usize,
        /// The key of that limit.
        key: &'static str,
    },
    /// No rule names its host, or scheme, or port.
    Host,
    /// No rule for its host names its path.
    Path,
    /// No rule for its path names its method; or it is CONNECT or TRACE.
    Method,
    /// Its query has a name or a value that the rule does not.
    Query(String),
    /// It has a header that the rule does not allow, or lacks one that it requires.
    Header(String),
    /// Its body is not what the rule says.
    Body(&'static str),
    /// It has headers after its body, where no rule looks. No policy can allow it.
    Trailers,
}

impl Reason {
    /// One word for the audit.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url(_) => "url",
            Self::TooLarge { .. } => "limit",
            Self::Host => "host",
            Self::Path => "path",
            Self::Method => "method",
            Self::Query(_) => "query",
            Self::Header(_) => "header",
            Self::Body(_) | Self::Trailers => "body",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(what) => write!(f, "the URL is refused: {what}"),
            Self::TooLarge { what, most, key } => {
                let raise = to_raise(key);
                write!(
                    f,
                    "the {what} has more than the {most} bytes one may have; {raise}"
                )
            }
            Self::Host => f.write_str("no rule of this job allows the host"),
            Self::Path => f.write_str("no rule of this job allows the path"),
            Self::Method => f.write_str("no rule of this job allows the method"),
            Self::Query(name) => write!(f, "the query value {name:?} is not what the rule says"),
            Self::Header(name) => write!(f, "the header {name:?} is not what the rule says"),
            Self::Body(what) => write!(f, "the body is not what the rule says: {what}"),
            Self::Trailers => f.write_str("the body has trailers, which no rule allows"),
        }
    }
}

/// A request that may not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What was wrong with it.
    pub reason: Reason,
    /// The rule that came nearest.
    pub nearest: Option<String>,
    asked: Box<Asked>,
    /// What a rule would look at; nothing where the URL was not even read.
    read: Option<Box<Read>>,
}

/// The request that was denied, without its values: whether a rule would let it pass.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Read {
    target: Target,
    headers: HeaderMap,
    /// Bytes of its body, where it was read.
    body: Option<usize>,
}

/// What the request was, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    method: String,
    scheme: String,
    host: String,
    path: String,
    /// Whether the path is shown as it was: whole, and nothing in it that means something
    /// else in a rule.
    exact: bool,
    /// Each name once, and the bytes of its longest value.
    query: Vec<(String, usize)>,
    content_type: Option<String>,
    other_headers: Vec<String>,
}

/// Bytes of a path that are shown.
const PATH_SHOWN: usize = 200;

/// Names of a query that are shown.
const NAMES_SHOWN: usize = 20;

impl Asked {
    pub(super) fn new(method: &Method, scheme: &str, host: String, path: &[String]) -> Self {
        let path = format!("/{}", path.join("/"));
        let shown = one_line(&path, PATH_SHOWN);
        Self {
            method: one_line(method.as_str(), 20),
            scheme: one_line(scheme, 20),
            host,
            exact: shown == path && !path.contains(['{', '}']),
            path: shown,
            query: Vec::new(),
            content_type: None,
            other_headers: Vec::new(),
        }
    }

    pub(super) fn with_query(mut self, pairs: &[(String, String)]) -> Self {
        for (name, value) in pairs {
            let shown = one_line(name, 100);
            let has_room = self.query.len() < NAMES_SHOWN;
            self.exact &= shown == *name && has_room;
            match self.query.iter_mut().find(|(known, _)| *known == shown) {
                Some((_, longest)) => *longest = value.len().max(*longest),
                None if has_room => self.query.push((shown, value.len())),
                None => {}
            }
        }
        self
    }

    pub(super) fn with_headers(mut self, headers: &HeaderMap) -> Self {
        self.content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split(';').next())
            .map(|text| one_line(text.trim(), 100));
        for name in headers.keys() {
            if *name != header::CONTENT_LENGTH && !ALLOWED_HEADERS.contains(&name.as_str()) {
                self.other_headers.push(name.to_string());
            }
        }
        self
    }
}

impl Denial {
    /// A request whose URL was not even read.
    pub(super) fn unread(reason: Reason, method: &Method, uri: &Uri) -> Self {
        let shown = shown(uri);
        let path: Vec<String> = shown.path.split('/').skip(1).map(str::to_owned).collect();
        let scheme = uri.scheme_str().unwrap_or_default();
        Self {
            reason,
            nearest: None,
            asked: Box::new(Asked::new(method, scheme, shown.host, &path)),
            read: None,
        }
    }

    /// A request to this target, which has no values any more.
    pub(super) fn of(
        reason: Reason,
        nearest: Option<String>,
        asked: Asked,
        target: Target,
        headers: &HeaderMap,
        body: Option<usize>,
    ) -> Self {
        let mut named = HeaderMap::new();
        for (name, value) in headers {
            let value = match *name == header::CONTENT_TYPE {
                true => value.clone(),
                false => HeaderValue::from_static(""),
            };
            named.append(name, value);
        }
        let read = Read {
            target,
            headers: named,
            body,
        };
        Self {
            reason,
            nearest,
            asked: Box::new(asked),
            read: Some(Box::new(read)),
        }
    }

    /// A policy rule that would allow the request to jobs of this kind, to be pasted and looked
    /// at.
    ///
    /// # Errors
    /// Why there is none: no policy can allow it, or it cannot be written down exactly.
    pub fn rule_to_paste(&self, kind: JobKind) -> Result<String, &'static str> {
        const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
        let asked = &self.asked;
        if matches!(self.reason, Reason::Url(_)) {
            return Err("no policy can allow a URL that can be read in two ways");
        }
        if matches!(self.reason, Reason::TooLarge { .. }) {
            return Err("no rule of a policy goes beyond a limit");
        }
        if self.reason == Reason::Trailers {
            return Err("no policy can allow trailers");
        }
        if asked.scheme != Scheme::Https.as_str() {
            return Err("no policy can allow anything but https");
        }
        if !is_name(&asked.host) {
            return Err("no policy can allow an address in place of a host's name");
        }
        if !METHODS.contains(&asked.method.as_str()) {
            return Err("no policy can allow this method");
        }
        if !asked.exact {
            return Err(NOT_EXACT);
        }
        let Some(read) = self.read.as_deref() else {
            return Err(NOT_EXACT);
        };
        let rule = asked.rule(kind, read.body);
        read.passes(&rule, kind)?;
        Ok(rule)
    }
}

/// What is said of a request that only a part of could be pasted.
const NOT_EXACT: &str = "it cannot be written down exactly as a rule of a policy";

impl Asked {
    /// The text of a rule that says what may be said of it.
    fn rule(&self, kind: JobKind, body: Option<usize>) -> String {
        let asked = self;
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut rule = format!(
            "[[rule]]\nid = {}\njobs = [{}]\nmethod = {}\nurl = {}\n",
            quoted(&asked.id()),
            quoted(kind.as_str()),
            quoted(&asked.method),
            quoted(&format!("{}://{}{}", asked.scheme, asked.host, asked.path)),
        );
        if !asked.query.is_empty() {
            let pair = |(name, longest): &(String, usize)| {
                let room = match *longest > OPAQUE_LENGTH {
                    true => format!(", max-length = {longest}"),
                    false => String::new(),
                };
                format!("{{ name = {}, opaque = true{room} }}", quoted(name))
            };
            let names: Vec<String> = asked.query.iter().map(pair).collect();
            rule.push_str(&format!("query = [{}]\n", names.join(", ")));
        }
        if !asked.other_headers.is_empty() {
            let names: Vec<String> = ALLOWED_HEADERS
                .iter()
                .copied()
                .chain(asked.other_headers.iter().map(String::as_str))
                .map(quoted)
                .collect();
            rule.push_str(&format!("headers = {{ allow = [{}] }}\n", names.join(", ")));
        }
        if let Some(content_type) = &asked.content_type {
            rule.push_str(&format!(
                "body = {{ bounded = {{ content-type = {}, max-bytes = {} }} }}\n",
                quoted(content_type),
                body.unwrap_or_default().max(BODY_TO_PASTE)
            ));
        }
        rule
    }

    /// A name that is no other rule's, as long as they are for other requests.
    fn id(&self) -> String {
        let text = format!("allowed-{}-{}{}", self.method, self.host, self.path);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("-").to_ascii_lowercase()
    }
}

impl Read {
    /// Whether a rule as it would be pasted lets the request pass, as far as it was read.
    fn passes(&self, rule: &str, kind: JobKind) -> Result<(), &'static str> {
        let rule =
            pasted(rule, kind).ok_or("no policy can allow it: no rule can say it exactly")?;
        rule.head_fits(&self.target, &self.headers)
            .map_err(|Misfit(_, reason)| match reason {
                Reason::Query(_) => "no policy can allow a name that comes twice in a query",
                Reason::Header(_) => "no policy can allow a header that comes twice",
                _ => NOT_EXACT,
            })?;
        // Of a body that is kept apart from its rule, only the size counts.
        let body = vec![0; self.body.unwrap_or_default()];
        let fits = rule.body_fits(&self.headers, &body);
        fits.map_err(|_| match self.headers.contains_key(header::CONTENT_TYPE) {
            true => NOT_EXACT,
            false => "no policy can allow a body without a content type",
        })
    }
}

/// A rule as a policy would have it.
fn pasted(text: &str, kind: JobKind) -> Option<Rule> {
    #[derive(serde::Deserialize)]
    struct File {
        rule: Vec<toml::Table>,
    }
    let mut file: File = toml::from_str(text).ok()?;
    let mut table = file.rule.pop()?;
    table.remove("jobs");
    let template: RuleTemplate = table.try_into().ok()?;
    written(&template, &[kind], &[]).ok()?;
    let rule = Rule::expand(&template, &Variables::default(), &[]).ok()?;
    rule.of_operator().ok()
}

fn is_name(authority: &str) -> bool {
    split_authority(authority, Scheme::Https)
        .and_then(|(host, _)| parse_host(host).ok())
        .is_some_and(|host| matches!(host, Host::Domain(_)))
}

/// Bytes of a body in a rule to paste, where the body was not larger: what a job may send at all
/// where no policy says otherwise.
const BODY_TO_PASTE: usize = 256 << 10;

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}://{}{}: {}",
            self.asked.method, self.asked.scheme, self.asked.host, self.asked.path, self.reason
        )?;
        match &self.nearest {
            Some(rule) => write!(f, " (nearest rule: {rule})"),
            None => Ok(()),
        }
    }
}
