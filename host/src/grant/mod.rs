//! What one job may reach: rule templates, filled with the job's values and cut down to
//! the operator's policy, and one pure function that says whether a request fits.
//!
//! No I/O, no clock. It must not know any service: templates, values and path patterns
//! are given.

mod body;
mod credentials;
mod denial;
mod host;
mod rule;
mod rule_url;
#[cfg(test)]
pub(crate) mod sample;
mod target;
#[cfg(test)]
mod tests;
mod written;

pub use credentials::{Applicant, Audience, Issues};
pub use denial::{Denial, Reason};
pub use host::{HostError, HostPattern};
pub use rule::{ExpandError, Rule};
pub use target::{Shown, Target, shown};
pub use written::{WrittenError, written};

use crate::limits::key;
use http::HeaderMap;
use job_scope::{RuleTemplate, SegmentPattern, Variables};
use rule::Misfit;
use rule_url::host_of;
use std::sync::Arc;

/// The rules of one job. Nothing else may leave it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grants {
    /// Shared with the requests under way, which keep what was found of their heads.
    rules: Arc<Vec<Rule>>,
}

/// A rule of the job that the operator's ceiling does not cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The rule's id.
    pub rule: String,
    /// The host that no pattern of the ceiling matches.
    pub host: String,
}

impl Grants {
    /// Fills the templates of a job and keeps what the ceiling covers. `own` are the
    /// operator's own rules for this kind of job, for https and names only. They are their own
    /// ceiling, but where a value of the job becomes their host: then a stranger's text says where
    /// they lead. What falls outside is returned too, to be told: neither side widens the other.
    pub fn intersect(
        job: &[RuleTemplate],
        ceiling: &[HostPattern],
        own: &[RuleTemplate],
        variables: &Variables,
        patterns: &[SegmentPattern],
    ) -> Result<(Self, Vec<Outside>), ExpandError> {
        let mut rules = Vec::new();
        let mut outside = Vec::new();
        let mut hold = |rule: Rule, is_held: bool| {
            if !is_held || ceiling.iter().any(|pattern| pattern.matches(&rule.host)) {
                rules.push(rule);
            } else {
                outside.push(Outside {
                    rule: rule.id().to_owned(),
                    host: rule.host.to_string(),
                });
            }
        };
        for template in job {
            hold(Rule::expand(template, variables, patterns)?, true);
        }
        for template in own {
            let rule = Rule::expand(template, variables, patterns)?.of_operator()?;
            hold(rule, host_of(&template.url).contains('{'));
        }
        let rules = Arc::new(rules);
        Ok((Self { rules }, outside))
    }

    /// Adds the rules of another place that the same job works in; what is there already is not
    /// added again.
    pub fn join(&mut self, other: Self) {
        let rules = Arc::make_mut(&mut self.rules);
        for rule in other.rules.iter() {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }

    /// The rules, in the order they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether a token of this audience may go where `rule` leads: some rule for that very host
    /// and port says so, and it is https.
    pub fn accepts(&self, rule: &Rule, audience: &Audience) -> bool {
        self.rules
            .iter()
            .any(|other| other.same_server(rule) && other.bears(audience))
    }

    /// The rules whose heads let a request pass, or why none does. The body is still to be
    /// looked at: see [`Heads::decide`].
    pub fn heads(&self, target: Target, headers: &HeaderMap) -> Result<Heads, Denial> {
        let mut fitting = Vec::new();
        let mut nearest: Option<(Misfit, &Rule)> = None;
        for (index, rule) in self.rules.iter().enumerate() {
            match rule.head_fits(&target, headers) {
                Ok(()) => fitting.push(index),
                Err(misfit) => {
                    if nearest.as_ref().is_none_or(|(best, _)| misfit.0 > best.0) {
                        nearest = Some((misfit, rule));
                    }
                }
            }
        }
        if !fitting.is_empty() {
            return Ok(Heads {
                rules: self.rules.clone(),
                fitting,
                target,
            });
        }
        let (reason, rule) = match nearest {
            Some((misfit, rule)) if misfit.0 > 0 => (misfit.1, Some(rule.id().to_owned())),
            _ => (Reason::Host, None),
        };
        Err(target.denied(reason, rule, headers, None))
    }
}

/// A request whose head some rules let pass. It is decided once: the body is looked at by these
/// rules and no others.
#[derive(Debug, Clone)]
pub struct Heads {
    rules: Arc<Vec<Rule>>,
    /// Which of the rules.
    fitting: Vec<usize>,
    target: Target,
}

impl Heads {
    fn fitting(&self) -> impl DoubleEndedIterator<Item = &Rule> {
        self.fitting
            .iter()
            .filter_map(|index| self.rules.get(*index))
    }

    /// The path of the first of the rules, with its placeholders.
    pub fn path_template(&self) -> &str {
        self.fitting().next().map_or("", Rule::path_template)
    }

    /// The rule that lets the whole request pass, or why none does.
    pub fn decide(&self, headers: &HeaderMap, body: &[u8]) -> Result<&Rule, Denial> {
        let mut wrong = "";
        for rule in self.fitting() {
            match rule.body_fits(headers, body) {
                Ok(()) => return Ok(rule),
                Err(what) => wrong = what,
            }
        }
        Err(self.denied(headers, Reason::Body(wrong), Some(body.len())))
    }

    /// A denial of a body with more bytes than any may have.
    pub fn deny_size(&self, headers: &HeaderMap, most: usize) -> Denial {
        let reason = Reason::TooLarge {
            what: "body",
            most,
            key: key::REQUEST_BODY,
        };
        self.denied(headers, reason, None)
    }

    /// A denial of a body with trailers.
    pub fn deny_trailers(&self, headers: &HeaderMap) -> Denial {
        self.denied(headers, Reason::Trailers, None)
    }

    fn denied(&self, headers: &HeaderMap, reason: Reason, body: Option<usize>) -> Denial {
        let nearest = self.fitting().next_back().map(|rule| rule.id().to_owned());
        self.target.denied(reason, nearest, headers, body)
    }
}
