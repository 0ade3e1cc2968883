//! What a discovery has found so far and what it could not search, and the report on it.
//!
//! It must not know how anything was searched.

use std::collections::{BTreeMap, BTreeSet};

use job_scope::{PathFormat, StorePath, SubscriptionId, TenantId, counted};

use super::foreign::Foreign;
use crate::azure::arm::vaults::resource_id;
use crate::contract::{Failure, Outcome, Status};
use crate::job::losses::Losses;

/// Tenants or subscriptions named in a summary; the others are counted. With domains of usual
/// length, the summary of a success stays below a tenth of a message.
const NAMES: usize = 5;

/// The state of a discovery.
pub(super) struct Findings {
    /// Paths by what tells vaults apart, in the order of the report. Azure ignores case.
    vaults: BTreeMap<String, String>,
    foreign: Foreign,
    losses: Losses,
    /// The kind of every loss so far, if they are alike.
    failure: Option<Failure>,
    tenants: usize,
    tenants_done: usize,
    subscriptions: usize,
    searched: usize,
    closed: usize,
    blind: Vec<String>,
    /// Subscriptions that the options name, and those of which nobody can say that they are
    /// hidden: they are seen, or could not be looked for.
    named: BTreeSet<SubscriptionId>,
    accounted: BTreeSet<SubscriptionId>,
    note: Option<String>,
}

impl Findings {
    /// Nothing yet, of so many tenants.
    pub(super) fn new(tenants: usize, note: Option<String>) -> Self {
        Findings {
            vaults: BTreeMap::new(),
            foreign: Foreign::default(),
            losses: Losses::of("place"),
            failure: None,
            tenants,
            tenants_done: 0,
            subscriptions: 0,
            searched: 0,
            closed: 0,
            blind: Vec::new(),
            named: BTreeSet::new(),
            accounted: BTreeSet::new(),
            note,
        }
    }

    /// Adds a vault, if it is not known already; `of_another` is its tenant, if that is another
    /// than the one that was searched.
    pub(super) fn add(
        &mut self,
        vault: &StorePath,
        format: PathFormat,
        of_another: Option<&TenantId>,
    ) {
        let path = match (format, vault.resource_group()) {
            (PathFormat::ResourceId, Some(group)) => {
                resource_id(vault.subscription(), group, vault.vault())
            }
            (PathFormat::Short, _) | (_, None) => vault.to_string(),
        };
        let key = vault.to_string().to_lowercase();
        self.foreign.add(&key, vault, of_another);
        self.vaults.entry(key).or_insert(path);
    }

    /// Takes down what could not be searched to its end.
    pub(super) fn lose(&mut self, place: &str, briefly: &str, failure: Failure, in_full: String) {
        self.losses.add(place, briefly, Some(in_full));
        let kind = self.failure.get_or_insert(failure);
        if *kind != failure {
            *kind = Failure::Other;
        }
    }

    /// A tenant has so many subscriptions, and so many that are closed.
    pub(super) fn subscriptions(&mut self, usable: usize, closed: usize) {
        self.subscriptions += usable;
        self.closed += closed;
    }

    /// So many subscriptions are done.
    pub(super) fn searched(&mut self, subscriptions: usize) {
        self.searched += subscriptions;
    }

    /// A tenant is done.
    pub(super) fn tenant_done(&mut self) {
        self.tenants_done += 1;
    }

    /// A tenant in which the identity sees no subscription.
    pub(super) fn blind(&mut self, tenant: String) {
        self.blind.push(tenant);
    }

    /// Subscriptions that the options name, in one tenant or another.
    pub(super) fn named(&mut self, subscriptions: &BTreeSet<SubscriptionId>) {
        self.named.extend(subscriptions.iter().cloned());
    }

    /// Subscriptions that the identity sees, or that could not be looked for.
    pub(super) fn account_for(&mut self, subscriptions: impl IntoIterator<Item = SubscriptionId>) {
        self.accounted.extend(subscriptions);
    }

    /// How many vaults there are.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.vaults.len()).unwrap_or(u64::MAX)
    }

    /// Every path once, in an order that does not depend on the order of answers.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.vaults.values().map(String::as_str)
    }

    /// How far it is, for a job that ends early.
    pub(super) fn so_far(&self) -> String {
        let were = if self.vaults.len() == 1 {
            "was"
        } else {
            "were"
        };
        format!(
            "searched so far: {} of {}, {} of {}; {} {were} found and none submitted",
            self.tenants_done,
            counted(self.tenants, "tenant"),
            self.searched,
            counted(self.subscriptions, "known subscription"),
            counted(self.vaults.len(), "vault"),
        )
    }

    /// The report on a search that came to its end:
    ///
    /// | could not search | found | status |
    /// |---|---|---|
    /// | nothing | any number | success |
    /// | something | some | warning |
    /// | something | none | failure |
    ///
    /// A note makes a warning of a success, and so do a named subscription that nobody sees and a
    /// vault of another tenant.
    pub(super) fn outcome(&self) -> Outcome {
        let summary = self.summary();
        let notes = [self.hidden(), self.foreign.told(), self.note.clone()];
        let notes = notes.into_iter().flatten();
        let note: String = notes.map(|note| format!(". {note}")).collect();
        let Some(failure) = self.failure else {
            let status = match note.is_empty() {
                true => Status::Success,
                false => Status::Warning,
            };
            return Outcome::new(status, &format!("{summary}{note}"));
        };
        if self.vaults.is_empty() {
            let text = format!(
                "no vault was found, and {} could not be searched: {}. {summary}{note}",
                counted(self.losses.count(), "place"),
                self.losses
            );
            return Outcome::failure(failure, text);
        }
        let text = format!(
            "{summary}, but not everything could be searched: {}{note}",
            self.losses
        );
        Outcome::new(Status::Warning, &text)
    }

    fn summary(&self) -> String {
        let mut text = format!(
            "{} found in {} of {}",
            counted(self.vaults.len(), "vault"),
            counted(self.subscriptions, "subscription"),
            counted(self.tenants, "tenant"),
        );
        if self.closed > 0 {
            let closed = counted(self.closed, "disabled or deleted subscription");
            text.push_str(&format!("; skipped: {closed}"));
        }
        if !self.blind.is_empty() {
            text.push_str(&format!(
                "; without a subscription that this identity can see: {}",
                first(self.blind.iter().map(String::as_str))
            ));
        }
        text
    }

    /// The named subscriptions that no tenant showed to the identity.
    fn hidden(&self) -> Option<String> {
        let mut hidden = self.named.difference(&self.accounted).peekable();
        hidden.peek()?;
        Some(format!(
            "the option subscriptions names some that this identity cannot see, so that they were \
             not searched: {}; assign it the role Reader or Key Vault Reader there, or take them \
             out of the option",
            first(hidden.map(SubscriptionId::as_str))
        ))
    }
}

/// The first names of some, and how many more there are.
pub(super) fn first<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let (told, more) = names.split_at(names.len().min(NAMES));
    match more.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::MESSAGE_LIMIT;

    const SUB: &str = "22222222-2222-4222-8222-222222222222";

    fn found(vaults: usize, warnings: &[&str]) -> Findings {
        let mut findings = Findings::new(1, None);
        findings.subscriptions(1, 0);
        for number in 0..vaults {
            let path = format!("{SUB}:rg-one:kv-{number}");
            findings.add(
                &StorePath::parse(&path).unwrap(),
                PathFormat::ResourceId,
                None,
            );
        }
        for (number, warning) in warnings.iter().enumerate() {
            let place = format!("tenant {number}");
            findings.lose(&place, warning, Failure::MissingRole, (*warning).to_owned());
        }
        findings
    }

    #[test]
    fn d1_d2_without_warnings_it_is_a_success_with_the_count() {
        for (vaults, text) in [
            (2, "2 vaults found in 1 subscription of 1 tenant"),
            (1, "1 vault found in 1 subscription of 1 tenant"),
            (0, "0 vaults found in 1 subscription of 1 tenant"),
        ] {
            assert_eq!(
                found(vaults, &[]).outcome(),
                Outcome::new(Status::Success, text)
            );
        }
    }

    #[test]
    fn d3_vaults_and_warnings_are_a_warning_with_the_count_and_the_causes() {
        let outcome = found(1, &["throttled", "forbidden"]).outcome();
        assert_eq!(outcome.status, Status::Warning);
        for part in [
            "1 vault found",
            "tenant 0: throttled",
            "tenant 1: forbidden",
        ] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
    }

    #[test]
    fn d4_warnings_without_a_vault_are_a_failure_with_the_cause_first() {
        let outcome = found(0, &["forbidden", "throttled"]).outcome();
        assert_eq!(outcome.status, Status::Failure(Failure::MissingRole));
        assert!(
            outcome.message.starts_with(
                "no vault was found, and 2 places could not be searched: tenant 0: forbidden"
            ),
            "{}",
            outcome.message
        );
        assert!(
            outcome.message.contains("tenant 1: throttled"),
            "{}",
            outcome.message
        );
    }

    #[test]
    fn places_that_have_no_room_are_counted_as_places() {
        let mut findings = found(1, &[]);
        let long = "t".repeat(3_000);
        findings.lose(&long, "403", Failure::MissingRole, "forbidden".into());
        let message = findings.outcome().message;
        assert!(message.contains("1 place: forbidden"), "{message}");
    }

    #[test]
    fn losses_of_different_kinds_have_no_kind_in_common() {
        let mut findings = found(0, &["forbidden"]);
        findings.lose("tenant 1", "busy", Failure::Throttled, "busy".into());
        assert_eq!(findings.outcome().status, Status::Failure(Failure::Other));
    }

    #[test]
    fn d6_a_long_message_is_cut_to_what_the_platform_stores_and_says_so() {
        let long = "x".repeat(4_500);
        for vaults in [0, 1] {
            let message = found(vaults, &[&long]).outcome().message;
            assert!(message.encode_utf16().count() <= MESSAGE_LIMIT);
            assert!(message.contains("truncated"));
        }
    }

    #[test]
    fn d7_a_success_is_never_truncated() {
        let mut findings = found(10_000, &[]);
        findings.subscriptions(100, 1_000);
        for number in 0..1_000 {
            findings.blind(format!("tenant {number}-{}", "x".repeat(250)));
        }
        let outcome = findings.outcome();
        assert_eq!(outcome.status, Status::Success);
        assert!(
            !outcome.message.contains("truncated"),
            "{}",
            outcome.message
        );
        for part in ["skipped: 1000 disabled", "and 995 more"] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
    }

    #[test]
    fn r12_w25_a_vault_seen_twice_counts_once_and_is_written_as_its_place_wants() {
        let mut findings = Findings::new(1, None);
        for (path, format) in [
            (format!("{SUB}:rg-One:kv-one"), PathFormat::ResourceId),
            (
                format!("{}:RG-one:KV-One", SUB.to_uppercase()),
                PathFormat::Short,
            ),
            (
                format!(
                    "/SUBSCRIPTIONS/{}/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv-two",
                    SUB.to_uppercase()
                ),
                PathFormat::ResourceId,
            ),
            (format!("{SUB}:rg:kv-3"), PathFormat::Short),
        ] {
            findings.add(&StorePath::parse(&path).unwrap(), format, None);
        }
        let id = |group: &str, vault: &str| {
            format!(
                "/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{vault}"
            )
        };
        let paths: Vec<&str> = findings.paths().collect();
        assert_eq!(
            paths,
            [
                &id("rg-One", "kv-one"),
                &format!("{SUB}:rg:kv-3"),
                &id("rg", "kv-two")
            ]
        );
    }

    #[test]
    fn named_subscriptions_that_nobody_sees_are_a_warning_whatever_else_there_is() {
        let ids = |numbers: std::ops::Range<usize>| {
            let id = |number| format!("22222222-2222-4222-8222-{number:012}");
            let read = move |number| SubscriptionId::parse(&id(number)).unwrap();
            numbers.map(read).collect::<BTreeSet<_>>()
        };
        for (vaults, warnings) in [(0, &[][..]), (1, &[]), (1, &["throttled"])] {
            let mut findings = found(vaults, warnings);
            findings.named(&ids(0..8));
            findings.account_for(ids(1..3));
            let outcome = findings.outcome();
            assert_eq!(outcome.status, Status::Warning);
            for part in ["cannot see", "000000000000, 22", "000000000006 and 1 more;"] {
                assert!(outcome.message.contains(part), "{}", outcome.message);
            }
            findings.account_for(ids(0..8));
            assert!(!findings.outcome().message.contains("cannot see"));
        }
    }

    #[test]
    fn a_note_makes_a_warning_of_a_success_and_no_failure() {
        for vaults in [0, 1] {
            let findings = Findings {
                note: Some("look at this".into()),
                ..found(vaults, &[])
            };
            let outcome = findings.outcome();
            assert_eq!(outcome.status, Status::Warning);
            assert!(
                outcome.message.ends_with(". look at this"),
                "{}",
                outcome.message
            );
        }
    }
}
