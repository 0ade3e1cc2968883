//! `[[rule]]`: requests of an operator's own. One that no request could fit, or that would keep
//! jobs from beginning, is refused here, where its writer still looks.
//!
//! It must not know what a rule is for.

use super::file::OwnRule;
use super::{PolicyError, some_of};
use crate::grant::written;
use job_scope::{JobKind, RULE_IDS, VeilTemplate, segment_patterns};

/// Reads the rules; `run` are the kinds of job that the policy runs, `None` for all.
pub(super) fn read(
    rules: Vec<OwnRule>,
    run: Option<&[JobKind]>,
) -> Result<Vec<OwnRule>, PolicyError> {
    let mut read: Vec<OwnRule> = Vec::new();
    for (place, mut rule) in rules.into_iter().enumerate() {
        let id = rule.template.id.as_ref();
        let wrong = |what: &str| PolicyError(format!("rule {id}: id: {what}"));
        if id.trim().is_empty() {
            return Err(PolicyError(format!(
                "[[rule]] number {}: id is empty; write a name for audit and explanations",
                place + 1
            )));
        }
        if RULE_IDS.contains(&id) {
            return Err(wrong(
                "a job's own rule has the same, so that the audit could not tell them apart; write another",
            ));
        }
        if read
            .iter()
            .any(|other| other.template.id == rule.template.id)
        {
            return Err(wrong(
                "two rules have the same, so that the audit could not tell them apart; write another",
            ));
        }
        rule.jobs = some_of(&format!("rule {id}"), "jobs", rule.jobs.take())?;
        let kinds = rule.jobs.as_deref().or(run).unwrap_or(&JobKind::ALL);
        written(&rule.template, kinds, &segment_patterns())
            .map_err(|error| PolicyError(format!("rule {id}: {error}")))?;
        read.push(rule);
    }
    for rule in &read {
        if let VeilTemplate::Bearer(audience) = &rule.template.veil
            && !read.iter().any(|other| brings(other, audience, rule))
        {
            return Err(PolicyError(format!(
                "rule {}: veil: no rule for the same kinds of job brings a token for {audience:?}, so that none is ever put in; write a rule with token-form or identity-answer for it, or leave veil out",
                rule.template.id
            )));
        }
    }
    Ok(read)
}

/// Whether a rule's answer brings tokens of an audience to a kind of job that `bearer` is for.
fn brings(rule: &OwnRule, audience: &str, bearer: &OwnRule) -> bool {
    let is_for = |rule: &OwnRule, kind: &JobKind| rule.is_for(*kind);
    let together = |kind: &JobKind| is_for(rule, kind) && is_for(bearer, kind);
    match &rule.template.veil {
        VeilTemplate::TokenForm(other) | VeilTemplate::IdentityAnswer(other) => {
            // Which text a variable becomes, each job says.
            let may_be_one = other == audience || other.contains('{') || audience.contains('{');
            may_be_one && JobKind::ALL.iter().any(together)
        }
        VeilTemplate::None | VeilTemplate::Bearer(_) => false,
    }
}
