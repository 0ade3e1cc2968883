//! Why a request may not leave, with everything needed to say so and to mend it.
//!
//! It must not know who hears it.

use super::target::shown;
use crate::engine::one_line;
use http::{Method, Uri};
use std::fmt;

/// What was wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Its URL can be read in more than one way, or is none. No policy can allow it.
    Url(&'static str),
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
struct Asked {
    method: String,
    scheme: String,
    host: String,
    path: String,
    query_names: Vec<String>,
}

impl Denial {
    /// A request whose URL was not even read.
    pub(super) fn new(reason: Reason, method: &Method, uri: &Uri) -> Self {
        let shown = shown(uri);
        let scheme = uri.scheme_str().unwrap_or_default();
        let path = shown.path.split('/').skip(1).map(str::to_owned);
        let path: Vec<String> = path.collect();
        Self::of_parts(
            reason,
            None,
            method,
            scheme,
            shown.host,
            &path,
            [].into_iter(),
        )
    }

    /// A request that was read.
    pub(super) fn of_parts<'a>(
        reason: Reason,
        nearest: Option<String>,
        method: &Method,
        scheme: &str,
        host: String,
        path: &[String],
        query_names: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self {
            reason,
            nearest,
            asked: Box::new(Asked {
                method: one_line(method.as_str(), 20),
                scheme: one_line(scheme, 20),
                host,
                path: one_line(&format!("/{}", path.join("/")), 200),
                query_names: query_names
                    .map(|name| one_line(name, 100))
                    .take(20)
                    .collect(),
            }),
        }
    }

    /// A policy rule that would allow the request, to be pasted and looked at; `None` where
    /// no policy can.
    pub fn rule_to_paste(&self) -> Option<String> {
        if matches!(self.reason, Reason::Url(_)) {
            return None;
        }
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut rule = format!(
            "[[rule]]\nid = \"allowed-by-hand\"\nmethod = {}\nurl = {}\n",
            quoted(&self.asked.method),
            quoted(&format!(
                "{}://{}{}",
                self.asked.scheme, self.asked.host, self.asked.path
            )),
        );
        if !self.asked.query_names.is_empty() {
            let names: Vec<String> = self
                .asked
                .query_names
                .iter()
                .map(|name| format!("{{ name = {}, opaque = true }}", quoted(name)))
                .collect();
            rule.push_str(&format!("query = [{}]\n", names.join(", ")));
        }
        Some(rule)
    }
}

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
