//! What must be true of a seed beyond its shape.
//!
//! Must not know TOML or any service; pure functions over the parsed tables.

use std::collections::BTreeSet;

use super::{Seed, SeedError, Sku, VaultSeed};

pub(super) fn check(seed: &Seed) -> Result<(), SeedError> {
    for tenant in &seed.tenants {
        uuid("the tenant id", &tenant.id)?;
    }
    unique("tenant", seed.tenants.iter().map(|t| t.id.clone()))?;
    for application in &seed.applications {
        uuid("the client id", &application.client_id)?;
        for tenant in application
            .tenants
            .iter()
            .chain(&application.without_principal_in)
        {
            known_tenant(seed, tenant)?;
        }
        if let Some(code) = application
            .refused
            .filter(|code| !crate::entra::is_code(*code))
        {
            return Err(impossible(
                format!("the AADSTS code {code} is not one that is played"),
                "use one of the README's table, such as 53003",
            ));
        }
        if let Some(expiry) = &application.secret_expires {
            unix_seconds(expiry)?;
        }
    }
    unique(
        "application",
        seed.applications
            .iter()
            .map(|a| a.client_id.clone())
            .chain(seed.managed_identities.iter().map(|m| m.client_id.clone())),
    )?;
    check_identities(seed)?;
    if let Some(problem) = seed.faults.iter().find_map(crate::Fault::problem) {
        return Err(impossible(problem.to_owned(), "leave it out there"));
    }
    for policy in &seed.policies {
        arm_scope(&policy.scope)?;
    }
    for subscription in &seed.subscriptions {
        uuid("the subscription id", &subscription.id)?;
        known_tenant(seed, &subscription.tenant)?;
        for tenant in &subscription.managed_by {
            known_tenant(seed, tenant)?;
            if tenant.eq_ignore_ascii_case(&subscription.tenant) {
                return Err(impossible(
                    format!(
                        "the subscription {} is delegated to its own tenant",
                        subscription.id
                    ),
                    "name other tenants in managed-by, or leave it out",
                ));
            }
        }
    }
    for vault in &seed.vaults {
        check_vault(seed, vault)?;
    }
    unique(
        "vault",
        seed.vaults.iter().flat_map(|v| {
            v.clouds
                .iter()
                .map(|c| format!("{}.{}", v.name, c.vault_suffix()))
        }),
    )
}

fn check_identities(seed: &Seed) -> Result<(), SeedError> {
    for identity in &seed.managed_identities {
        uuid("the client id", &identity.client_id)?;
        known_tenant(seed, &identity.tenant)?;
    }
    let system = |m: &&super::ManagedIdentitySeed| m.system_assigned;
    if seed.managed_identities.iter().filter(system).count() > 1 {
        return Err(impossible(
            "the machine has two system-assigned identities".to_owned(),
            "leave system-assigned = true at one of them",
        ));
    }
    let applications = seed.applications.iter().map(|a| &a.roles);
    let identities = seed.managed_identities.iter().map(|m| &m.roles);
    for role in applications.chain(identities).flatten().flatten() {
        arm_scope(&role.scope)?;
    }
    Ok(())
}

/// The id of a subscription or of something in it.
fn arm_scope(scope: &str) -> Result<(), SeedError> {
    let mut parts = scope.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(""), Some(kind), Some(id)) if kind.eq_ignore_ascii_case("subscriptions") => {
            uuid("the subscription id", id)
        }
        _ => Err(impossible(
            format!("the scope {scope:?}"),
            "begin it with /subscriptions/ and a subscription's id",
        )),
    }
}

fn check_vault(seed: &Seed, vault: &VaultSeed) -> Result<(), SeedError> {
    if !is_vault_name(&vault.name) {
        return Err(impossible(
            format!("the vault name {:?}", vault.name),
            "use 3 to 24 letters, digits and single hyphens, beginning with a letter",
        ));
    }
    let found = seed
        .subscriptions
        .iter()
        .find(|s| s.id.eq_ignore_ascii_case(&vault.subscription))
        .is_some_and(|s| {
            s.groups
                .iter()
                .any(|g| g.name.eq_ignore_ascii_case(&vault.group))
        });
    if !found {
        return Err(impossible(
            format!(
                "the vault {} is in the group {} of the subscription {}, which is not there",
                vault.name, vault.group, vault.subscription
            ),
            "add the group to the subscription",
        ));
    }
    if vault.keys.is_empty() || vault.clouds.is_empty() {
        return Err(impossible(
            format!(
                "the vault {} has an empty list of keys or clouds",
                vault.name
            ),
            "leave the key out, or list at least one",
        ));
    }
    if vault.retention_days.is_some_and(|d| !(7..=90).contains(&d)) {
        return Err(impossible(
            format!(
                "the vault {} keeps what was deleted too short or too long",
                vault.name
            ),
            "give retention-days = 7 to 90, or leave it out",
        ));
    }
    for certificate in &vault.named {
        if !is_certificate_name(&certificate.name) {
            return Err(impossible(
                format!("the certificate name {:?}", certificate.name),
                "use 1 to 127 letters, digits and hyphens",
            ));
        }
        if certificate.versions == 0 && !certificate.pending {
            return Err(impossible(
                format!("the certificate {} has no version", certificate.name),
                "give versions = 1 or more, or pending = true",
            ));
        }
        if certificate.hsm && vault.sku != Sku::Premium {
            return Err(impossible(
                format!(
                    "the certificate {} has its key in hardware, which a standard vault does not have",
                    certificate.name
                ),
                "give the vault sku = \"premium\"",
            ));
        }
        for date in [&certificate.not_before, &certificate.not_after]
            .into_iter()
            .flatten()
        {
            unix_seconds(date)?;
        }
    }
    let alone = vault.stand_alone.iter();
    if let Some(bad) = alone.clone().find(|s| !is_certificate_name(&s.name)) {
        return Err(impossible(
            format!("the name {:?} of a secret or key", bad.name),
            "use 1 to 127 letters, digits and hyphens",
        ));
    }
    let named = vault.named.iter().map(|c| c.name.clone());
    unique(
        "certificate, secret or key",
        named.chain(alone.map(|s| s.name.clone())),
    )
}

fn known_tenant(seed: &Seed, id: &str) -> Result<(), SeedError> {
    if seed.tenants.iter().any(|t| t.id.eq_ignore_ascii_case(id)) {
        return Ok(());
    }
    Err(impossible(
        format!("the tenant {id} is named but not there"),
        "add a [[tenant]] with this id",
    ))
}

fn unique(kind: &str, ids: impl Iterator<Item = String>) -> Result<(), SeedError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        let id = id.to_ascii_lowercase();
        if seen.contains(&id) {
            return Err(impossible(
                format!("the {kind} {id} is there twice"),
                "remove one of the two",
            ));
        }
        seen.insert(id);
    }
    Ok(())
}

fn impossible(what: String, remedy: &'static str) -> SeedError {
    SeedError::Impossible { what, remedy }
}

fn uuid(what: &str, text: &str) -> Result<(), SeedError> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if hex && groups == [8, 4, 4, 4, 12] {
        return Ok(());
    }
    Err(impossible(
        format!("{what} {text:?}"),
        "give a UUID such as 11111111-1111-4111-8111-111111111111",
    ))
}

/// "Key Vault naming" (wire 2.1): 3 to 24 of letters, digits and hyphens, a letter first, no hyphen last or twice.
pub(crate) fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// "Azure REST: Certificates": `^[0-9a-zA-Z-]+$`, 127 characters at most (wire 2.1).
pub(crate) fn is_certificate_name(name: &str) -> bool {
    (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A TOML date as seconds since 1970; without an offset it is meant as UTC.
pub(crate) fn unix_seconds(date: &toml::value::Datetime) -> Result<u64, SeedError> {
    let text = date.to_string().replace(' ', "T");
    let text = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text
    };
    let text = if text.ends_with('Z') {
        text
    } else {
        format!("{text}Z")
    };
    text.parse::<x509_cert::der::DateTime>()
        .map(|t| t.unix_duration().as_secs())
        .map_err(|_| {
            impossible(
                format!("the date {date}"),
                "write it in UTC, such as 2026-01-31T00:00:00Z, not before 1970",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::super::Seed;

    const BASE: &str = r#"
        [[tenant]]
        id = "11111111-1111-4111-8111-111111111111"
        [[subscription]]
        id = "22222222-2222-4222-8222-222222222222"
        tenant = "11111111-1111-4111-8111-111111111111"
        group = [{ name = "rg" }]
    "#;

    fn refusal(more: &str) -> String {
        Seed::parse(&format!("{BASE}\n{more}"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_built_in_seed_is_a_seed() {
        let seed = Seed::built_in().unwrap();
        assert_eq!(seed.tenants.len(), 2);
        assert_eq!(seed.subscriptions[0].groups.len(), 3);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let text = refusal(
            "[[vault]]\nname = \"kv-x\"\nsubscription = \"2\"\ngroup = \"rg\"\ncertificate-count = 3",
        );
        assert!(text.contains("certificate-count"), "{text}");
        let text =
            refusal("[[fault]]\nthen = { effect = \"status\", status = 500, retryafter = \"1\" }");
        assert!(text.contains("retryafter"), "{text}");
    }

    #[test]
    fn what_is_named_must_be_there() {
        let vault = |name: &str, group: &str| {
            format!(
                "[[vault]]\nname = \"{name}\"\nsubscription = \"22222222-2222-4222-8222-222222222222\"\ngroup = \"{group}\"\n"
            )
        };
        assert!(Seed::parse(&format!("{BASE}\n{}", vault("kv-x", "rg"))).is_ok());
        for (text, expected) in [
            (vault("kv-x", "rg-none"), "rg-none"),
            (vault("1kv", "rg"), "1kv"),
            (vault("kv--x", "rg"), "kv--x"),
            (vault("kv-x", "rg") + &vault("KV-X", "rg"), "twice"),
            (vault("kv-x", "rg") + "retention-days = 6", "retention-days"),
            (vault("kv-x", "rg") + "[[vault.certificate]]\nname = \"a.b\"", "a.b"),
            (vault("kv-x", "rg") + "[[vault.certificate]]\nname = \"a\"\nversions = 0", "no version"),
            (vault("kv-x", "rg") + "[[vault.certificate]]\nname = \"a\"\nhsm = true", "hardware"),
            (
                "[[application]]\nclient-id = \"33333333-3333-4333-8333-333333333333\"\ntenants = [\"4\"]".to_owned(),
                "the tenant 4",
            ),
            ("[[tenant]]\nid = \"contoso\"".to_owned(), "contoso"),
            (
                "[[subscription]]\nid = \"22222222-2222-4222-8222-222222222229\"\ntenant = \"11111111-1111-4111-8111-111111111111\"\nmanaged-by = [\"11111111-1111-4111-8111-111111111111\"]".to_owned(),
                "its own tenant",
            ),
            (
                "[[subscription]]\nid = \"22222222-2222-4222-8222-222222222229\"\ntenant = \"11111111-1111-4111-8111-111111111111\"\nmanaged-by = [\"5\"]".to_owned(),
                "the tenant 5",
            ),
        ] {
            let said = refusal(&text);
            assert!(said.contains(expected), "{text}\n{said}");
        }
    }

    #[test]
    fn dates_are_utc_with_or_without_saying_so() {
        for (text, expected) in [
            ("1970-01-02", Some(86_400)),
            ("1970-01-01T00:01:00", Some(60)),
            ("1970-01-01T00:01:00Z", Some(60)),
            ("1970-01-01T00:01:00+02:00", None),
        ] {
            let date: toml::value::Datetime = text.parse().unwrap();
            assert_eq!(super::unix_seconds(&date).ok(), expected, "{text}");
        }
    }
}
