//! Which tenants a discovery searches, and how: out of the places and the options that the
//! job names.
//!
//! It must not send anything.

use std::collections::BTreeSet;
use std::fmt;

use job_scope::{Cloud, FieldError, Identity, JobOptions, PathFormat, SubscriptionId, TenantId};

use crate::contract::{Job, Place};
use crate::job::input;
use crate::text::excerpt;

/// Characters of a place's name that are shown; a domain has 253 at most, and few come near.
const LONGEST_NAME: usize = 80;

/// A tenant to search.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// `None` is the tenant of a managed identity, whichever that is.
    pub(super) tenant: Option<TenantId>,
    pub(super) cloud: Cloud,
    pub(super) path_format: PathFormat,
    /// The only subscriptions to search; empty for all.
    pub(super) subscriptions: BTreeSet<SubscriptionId>,
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tenant {
            Some(tenant) => write!(out, "tenant {tenant}"),
            None => out.write_str("the tenant of the managed identity"),
        }
    }
}

/// What a job comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) targets: Vec<Target>,
    /// Places that cannot be searched, by what they are called in a message.
    pub(super) unusable: Vec<(String, FieldError)>,
    /// What a person should know about the places.
    pub(super) note: Option<String>,
}

/// Blank names are dropped, and so are repeated ones, ignoring case; of those the options of
/// the first hold.
///
/// # Errors
/// An option of the whole job that makes no sense, and no tenant where the identity needs
/// one.
pub(super) fn plan(job: &Job, identity: &Identity, places: &[Place]) -> Result<Plan, FieldError> {
    let of_job = input::options(job)?;
    let mut seen = BTreeSet::new();
    let named: Vec<(&str, &Place)> = places
        .iter()
        .map(|place| (place.name.trim(), place))
        .filter(|(name, _)| !name.is_empty() && seen.insert(name.to_lowercase()))
        .collect();
    if !identity.needs_tenant() {
        // With a managed identity a place may have no name, or any.
        let first = named.first().map(|(_, place)| *place).or(places.first());
        let options = match first {
            Some(place) => options(job, place)?,
            None => of_job,
        };
        return Ok(Plan {
            targets: vec![target(None, &options)],
            unusable: Vec::new(),
            note: only_its_own(&named),
        });
    }
    if named.is_empty() {
        return Err(FieldError::new(
            "ClientMachine",
            "there is no tenant to search",
            "set the tenant in \"directories to search\": its id (a GUID) or one of its domains, \
             several with commas between",
        ));
    }
    let mut plan = Plan {
        targets: Vec::new(),
        unusable: Vec::new(),
        note: None,
    };
    for (name, place) in named {
        let read = TenantId::parse(name)
            .and_then(|tenant| Ok(target(Some(tenant), &options(job, place)?)));
        match read {
            Ok(target) => plan.targets.push(target),
            Err(error) => {
                let name = format!("tenant \"{}\"", excerpt(name, LONGEST_NAME));
                plan.unusable.push((name, error));
            }
        }
    }
    Ok(plan)
}

fn target(tenant: Option<TenantId>, options: &JobOptions) -> Target {
    Target {
        tenant,
        cloud: options.cloud,
        path_format: options.path_format,
        subscriptions: options.subscriptions.clone(),
    }
}

/// Those of the place win over those of the job.
fn options(job: &Job, place: &Place) -> Result<JobOptions, FieldError> {
    let fields = job.options.iter().chain(&place.options);
    JobOptions::from_fields(fields.map(|(name, value)| (name, value)))
}

fn only_its_own(named: &[(&str, &Place)]) -> Option<String> {
    if named.len() < 2 {
        return None;
    }
    Some(format!(
        "a managed identity sees its own tenant only: that one was searched, and not each of the \
         {} that were named; search the others as an application",
        named.len()
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contract::Credential;

    const ONE: &str = "11111111-1111-4111-8111-111111111111";

    fn job(options: &[(&str, &str)]) -> Job {
        Job {
            attempt_id: "a".into(),
            time_limit: Duration::from_secs(1),
            credential: Credential::ManagedIdentity(None),
            options: owned(options),
        }
    }

    fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    fn place(name: &str, options: &[(&str, &str)]) -> Place {
        Place {
            name: name.into(),
            options: owned(options),
        }
    }

    fn places(names: &[&str]) -> Vec<Place> {
        names.iter().map(|name| place(name, &[])).collect()
    }

    fn application() -> Identity {
        let id = "33333333-3333-4333-8333-333333333333";
        Identity::choose(Some(id), Some("secret")).unwrap()
    }

    fn machine() -> Identity {
        Identity::ManagedIdentity { client_id: None }
    }

    fn tenants(plan: &Plan) -> Vec<String> {
        plan.targets.iter().map(Target::to_string).collect()
    }

    #[test]
    fn w23_tenants_are_trimmed_and_blank_and_repeated_ones_dropped() {
        let names = [" Contoso.example ", "", ONE, "  ", "CONTOSO.example", ONE];
        let plan = plan(&job(&[]), &application(), &places(&names)).unwrap();
        assert_eq!(
            tenants(&plan),
            ["tenant contoso.example", &format!("tenant {ONE}")]
        );
        assert_eq!((plan.unusable, plan.note), (vec![], None));
    }

    #[test]
    fn w23_without_a_tenant_the_message_says_where_to_write_it() {
        for names in [&[][..], &["", "  "]] {
            let error = plan(&job(&[]), &application(), &places(names)).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("set the tenant in \"directories to search\""),
                "{text}"
            );
        }
    }

    #[test]
    fn one_unusable_place_does_not_stop_the_others() {
        let places = [
            place("my tenant", &[]),
            place(ONE, &[]),
            place("contoso.example", &[("cloud", "mars")]),
        ];
        let plan = plan(&job(&[]), &application(), &places).unwrap();
        assert_eq!(tenants(&plan), [format!("tenant {ONE}")]);
        let unusable: Vec<(&str, &str)> = plan
            .unusable
            .iter()
            .map(|(place, error)| (place.as_str(), error.field()))
            .collect();
        assert_eq!(
            unusable,
            [
                ("tenant \"my tenant\"", "TenantId"),
                ("tenant \"contoso.example\"", "cloud")
            ]
        );
    }

    #[test]
    fn options_of_a_place_win_over_those_of_the_job_which_must_make_sense() {
        let of_job = job(&[("cloud", "china"), ("path-format", "short")]);
        let places = [
            place(ONE, &[]),
            place(
                "contoso.example",
                &[("cloud", "government"), ("path-format", " ")],
            ),
        ];
        let read = plan(&of_job, &application(), &places).unwrap();
        let short = PathFormat::Short;
        let options: Vec<(Cloud, PathFormat)> = read
            .targets
            .iter()
            .map(|t| (t.cloud, t.path_format))
            .collect();
        assert_eq!(options, [(Cloud::China, short), (Cloud::Government, short)]);
        let error = plan(&job(&[("cloud", "mars")]), &application(), &places).unwrap_err();
        assert_eq!(error.field(), "cloud");
    }

    #[test]
    fn a_managed_identity_searches_its_own_tenant_once_whatever_is_named() {
        for (names, noted) in [
            (&[][..], false),
            (&[""], false),
            (&["host.example"], false),
            (&["any host", "ANY HOST"], false),
            (&[ONE, "contoso.example"], true),
        ] {
            let plan = plan(&job(&[]), &machine(), &places(names)).unwrap();
            assert_eq!(
                tenants(&plan),
                ["the tenant of the managed identity"],
                "{names:?}"
            );
            assert_eq!(plan.note.is_some(), noted, "{names:?}");
        }
        let with_options = [place("", &[("cloud", "china")])];
        let read = plan(&job(&[]), &machine(), &with_options).unwrap();
        assert_eq!(read.targets[0].cloud, Cloud::China);
    }
}
