//! Why a request may not leave, with everything needed to say so and to mend it.
//!
//! It must not know who hears it.

use super::host::parse_host;
use super::target::{Scheme, shown, split_authority};
use crate::text::one_line;
use http::{HeaderMap, Method, Uri, header};
use job_scope::{ALLOWED_HEADERS, JobKind};
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
            Self::Body(_) => "body",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(what) => write!(f, "the URL is refused: {what}"),
            Self::TooLarge { what, most } => {
                write!(f, "the {what} has more than the {most} bytes one may have")
            }
            Self::Host => f.write_str("no rule of this job allows the host"),
            Self::Path => f.write_str("no rule of this job allows the path"),
            Self::Method => f.write_str("no rule of this job allows the method"),
            Self::Query(name) => write!(f, "the query value {name:?} is not what the rule says"),
            Self::Header(name) => write!(f, "the header {name:?} is not what the rule says"),
            Self::Body(what) => write!(f, "the body is not what the rule says: {what}"),
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
    query_names: Vec<String>,
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
            query_names: Vec::new(),
            content_type: None,
            other_headers: Vec::new(),
        }
    }

    pub(super) fn with_query<'a>(mut self, names: impl Iterator<Item = &'a str>) -> Self {
        for name in names {
            let shown = one_line(name, 100);
            self.exact &= shown == name && self.query_names.len() < NAMES_SHOWN;
            if self.query_names.len() < NAMES_SHOWN && !self.query_names.contains(&shown) {
                self.query_names.push(shown);
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
            self.exact &= headers.get_all(name).iter().nth(1).is_none();
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
        Self::of(reason, None, Asked::new(method, scheme, shown.host, &path))
    }

    pub(super) fn of(reason: Reason, nearest: Option<String>, asked: Asked) -> Self {
        Self {
            reason,
            nearest,
            asked: Box::new(asked),
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
            return Err("it cannot be written down exactly as a rule of a policy");
        }
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut rule = format!(
            "[[rule]]\nid = \"allowed-by-hand\"\njobs = [{}]\nmethod = {}\nurl = {}\n",
            quoted(kind.as_str()),
            quoted(&asked.method),
            quoted(&format!("{}://{}{}", asked.scheme, asked.host, asked.path)),
        );
        if !asked.query_names.is_empty() {
            let names: Vec<String> = asked
                .query_names
                .iter()
                .map(|name| format!("{{ name = {}, opaque = true }}", quoted(name)))
                .collect();
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
                "body = {{ bounded = {{ content-type = {}, max-bytes = {BODY_TO_PASTE} }} }}\n",
                quoted(content_type)
            ));
        }
        Ok(rule)
    }
}

fn is_name(authority: &str) -> bool {
    split_authority(authority, Scheme::Https)
        .and_then(|(host, _)| parse_host(host).ok())
        .is_some_and(|host| matches!(host, Host::Domain(_)))
}

/// Bytes of a body in a rule to paste: what a job may send at all.
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
