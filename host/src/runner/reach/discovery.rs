//! Where a discovery looks, place by place: one that cannot be searched keeps nobody from the
//! others.
//!
//! What each place needs is granted to the whole job. A job is one run of the extension, and nothing
//! in a request says for which of its places it is made: in one cloud, the token of any tenant may ask
//! what the rules of every other let it. So places of one cloud are searched alike, or the job does
//! not begin: what narrowed one of them would hold for none. An application's rules still join each
//! tenant to the authority of its own cloud; the rules of a machine's identity name no tenant, so that
//! in two clouds it may ask its endpoint for a token of either.
//!
//! It must not know how a place is searched.

use super::left_out::LeftOut;
use super::{Place, Reach, accepted, granted, run};
use crate::grant::Grants;
use crate::options::Options;
use crate::orchestrator::Job;
use crate::policy::{Beyond, Ceiling, Policy};
use crate::runner::Failure;
use job_scope::{
    Cloud, Extent, FieldError, JobKind, JobOptions, Needs, SubscriptionId, TenantId, Variables,
    Versions, option, rules,
};
use std::collections::BTreeSet;

/// The platform's name for the tenants of a discovery.
const DIRS: &str = "dirs";

/// What becomes of a place.
enum Found {
    /// It is searched.
    Granted(Grants, Searched),
    /// Its name can be no tenant's. The extension gets it, without any rule, and says so.
    Unusable(Failure),
    /// The policy keeps the job from it, by a list that lacks something or otherwise.
    LeftOut(Failure, Option<Beyond>),
}

/// What of a place is searched.
struct Searched {
    cloud: Cloud,
    /// `None` is all.
    subscriptions: Option<BTreeSet<SubscriptionId>>,
}

/// Refuses a place of which other subscriptions are searched than of another in its cloud.
fn alike(before: &[(&str, Searched)], name: &str, place: &Searched) -> Result<(), Failure> {
    let other = before.iter().find(|(_, other)| {
        other.cloud == place.cloud && other.subscriptions != place.subscriptions
    });
    match other {
        None => Ok(()),
        Some((other, _)) => Err(Failure::configuration(format!(
            "of {other} and {name} not the same subscriptions would be searched, and what one job may ask for one tenant it may ask for the other; run a discovery for each of them, or give both the same option {} in the policy",
            option::SUBSCRIPTIONS
        ))),
    }
}

pub(super) fn reach(job: &Job, names: &[String], policy: &Policy) -> Result<Reach, Failure> {
    let general = policy.about(&[], None);
    run(JobKind::Discovery, &general)?;
    let mut reach = Reach {
        grants: Grants::default(),
        outside: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
        store_host: None,
        options: job.options.clone().over(&general.options),
        store: None,
        places: Vec::new(),
        versions: Versions::Current,
        extent: Extent::Whole,
        max_shrink: general.max_shrink,
    };
    let mut searched: Vec<(&str, Searched)> = Vec::new();
    let mut first_failure = None;
    let mut left_out = LeftOut::default();
    for name in names {
        let (options, found) = place(job, name, policy)?;
        let failure = match found {
            Found::Granted(grants, of_place) => {
                alike(&searched, name, &of_place)?;
                reach.grants.join(grants);
                searched.push((name, of_place));
                None
            }
            Found::Unusable(failure) => Some(failure),
            Found::LeftOut(failure, beyond) => {
                left_out.add(name, &failure.message, beyond);
                first_failure.get_or_insert(failure);
                continue;
            }
        };
        reach.places.push(Place {
            name: name.clone(),
            options,
        });
        if let Some(failure) = failure {
            first_failure.get_or_insert(failure);
        }
    }
    reach.warnings.extend(left_out.warnings());
    match first_failure {
        Some(failure) if searched.is_empty() => Err(failure),
        _ => Ok(reach),
    }
}

fn place(job: &Job, name: &str, policy: &Policy) -> Result<(Options, Found), Failure> {
    let tenant = TenantId::parse(name);
    let known = tenant.as_ref().ok().cloned();
    let about = policy.about(known.as_slice(), None);
    let mut options = job.options.clone().over(&about.options);
    let read = JobOptions::from_fields(options.iter())?;
    if let Err(failure) = run(JobKind::Discovery, &about) {
        return Ok((options, Found::LeftOut(failure, None)));
    }
    if let Err(failure) = accepted(&job.identity, &about, known.as_ref()) {
        if !job.identity.needs_tenant() {
            // It sees its own tenant only, whichever is named beside this one.
            return Err(failure);
        }
        return Ok((options, Found::LeftOut(failure, None)));
    }
    let tenant = match tenant {
        Ok(tenant) if job.identity.needs_tenant() => Some(tenant),
        Err(error) if job.identity.needs_tenant() => {
            let error = FieldError::new(DIRS, error.problem(), error.remedy());
            return Ok((options, Found::Unusable(error.into())));
        }
        _ => None,
    };
    let ceiling = policy.ceiling();
    let of_tenant = tenant.as_ref().map(|tenant| ceiling.tenant(tenant));
    let within = of_tenant.unwrap_or(Ok(())).and(ceiling.cloud(read.cloud));
    let only = match within.and_then(|()| subscriptions(&read, ceiling)) {
        Ok(only) => only,
        Err(beyond) => {
            let failure = Failure::configuration(beyond.to_string());
            return Ok((options, Found::LeftOut(failure, Some(beyond))));
        }
    };
    if let Some(only) = &only {
        let only: Vec<&str> = only.iter().map(SubscriptionId::as_str).collect();
        options.set(option::SUBSCRIPTIONS, &only.join(","));
    }
    let templates = rules(Needs {
        subscriptions: only.as_deref(),
        ..Needs::new(JobKind::Discovery, &job.identity)
    });
    let variables = Variables::of_tenant(read.cloud, tenant.as_ref(), &job.identity);
    let (grants, outside) = granted(JobKind::Discovery, &templates, &variables, policy)
        .map_err(Failure::configuration)?;
    let found = match outside.first() {
        None => Found::Granted(
            grants,
            Searched {
                cloud: read.cloud,
                subscriptions: only.map(|only| only.into_iter().collect()),
            },
        ),
        Some(outside) => Found::LeftOut(Failure::outside(outside, None), None),
    };
    Ok((options, found))
}

/// The subscriptions that are searched: those that the job names, as far as the policy has them.
fn subscriptions(
    options: &JobOptions,
    ceiling: &Ceiling,
) -> Result<Option<Vec<SubscriptionId>>, Beyond> {
    let named: Vec<SubscriptionId> = options.subscriptions.iter().cloned().collect();
    for one in &named {
        ceiling.subscription(one)?;
    }
    Ok(match named.is_empty() {
        true => ceiling.subscriptions().map(<[SubscriptionId]>::to_vec),
        false => Some(named),
    })
}
