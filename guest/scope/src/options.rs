//! The options of a job: what is not part of a store, but how the work is done. Named, read and
//! documented once, for the extension and its host.
//!
//! Must not know: where an option was written (a command line, a store's field, an operator's
//! policy), nor which of them wins.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::Cloud;
use crate::error::FieldError;
use crate::names::SubscriptionId;
use crate::spelling::bare;

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionField {
    /// The name, kebab-case.
    pub name: &'static str,
    /// What may be written, for people.
    pub values: &'static str,
    /// What it does, one sentence for people.
    pub help: &'static str,
}

macro_rules! options {
    ($($constant:ident = $name:literal, $values:literal, $help:literal;)*) => {
        /// The names of the options.
        pub mod option {
            $(#[doc = $help] pub const $constant: &str = $name;)*
        }
        use option::*;

        /// Every option of the extension's jobs. Others are ignored: they are for other
        /// extensions.
        pub const OPTIONS: &[OptionField] = &[
            $(OptionField { name: $name, values: $values, help: $help },)*
        ];
    };
}

options! {
    PARTIAL = "partial", "submit",
        "Inventory: what can be read is submitted although single certificates failed.";
    MAX_SHRINK = "max-shrink", "0 to 100",
        "Inventory: how many percent of its certificates a store may lose from one inventory to \
         the next; its host holds the job to it.";
    FULL_CHAIN = "full-chain", "true or false",
        "Inventory: the issuers too, which reads the managed secret and with it the private key.";
    CHANGED_ONLY = "changed-only", "true or false",
        "Inventory: certificates that are as in the last inventory are not read again, and a \
         change of tags alone is seen every seventh time only.";
    VERSIONS = "versions", "current or all",
        "Inventory: every version of each certificate, for people; a platform would see doubles.";
    CLOUD = "cloud", "public, china or government",
        "Discovery: the cloud that the tenant is in.";
    PATH_FORMAT = "path-format", "resource-id or short",
        "Discovery: how a found vault is written, as its Azure resource id or as \
         subscription:group:vault.";
    SUBSCRIPTIONS = "subscriptions", "ids of subscriptions, separated by commas",
        "Discovery: the subscriptions that are searched, where not all are.";
    PURGE_PROTECTION = "create-purge-protection", "true or false",
        "Create: what is deleted cannot be purged before its retention ends; never undone.";
    PUBLIC_NETWORK_ACCESS = "create-public-network-access", "enabled or disabled",
        "Create: whether the vault answers outside of private links.";
    RETENTION_DAYS = "create-retention-days", "7 to 90",
        "Create: how long what was deleted is kept; never changed.";
    TAGS = "create-tags", "a JSON object of texts",
        "Create: the vault's tags.";
    HSM = "hsm", "warn or keep",
        "Add: what becomes of a key in an HSM that can only be replaced by a software key, because \
         the vault takes no other or the job says NonExportable=false: it is replaced with a \
         warning, or kept with a failure.";
    COMPARE_CHAIN = "compare-chain", "true or false",
        "Add, with Overwrite: whether the issuers of a certificate that is there already are \
         compared with the file's, which reads its managed secret and with it the private key; \
         true where the policy's `reads-private-keys` allows it.";
    CHECK_ARM = "check-arm", "true or false",
        "Check: whether Azure Resource Manager may be asked.";
}

/// What an inventory does when single certificates cannot be read although the vault is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partial {
    /// A platform takes a shorter list as removals, so that only a defect of a certificate itself
    /// is tolerated.
    #[default]
    Refuse,
    /// Any single failure is tolerated, as this extension's predecessor did.
    Submit,
}

/// What an inventory submits of one certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chain {
    /// The certificate alone.
    #[default]
    Leaf,
    /// Its issuers too, as far as the vault has them. They are only in the managed secret, beside
    /// the private key.
    Full,
}

/// Which certificates an inventory reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Every one.
    #[default]
    Whole,
    /// Those that are not as in the last inventory, as far as there is one.
    ChangedOnly,
}

/// Which versions of a certificate an inventory shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// The current one.
    #[default]
    Current,
    /// Every one.
    All,
}

/// How a discovery writes a vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathFormat {
    /// `/subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/…`
    #[default]
    ResourceId,
    /// `subscription:group:vault`
    Short,
}

/// Whether a vault answers on public networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicNetworkAccess {
    /// It does.
    Enabled,
    /// Only through private links.
    Disabled,
}

impl PublicNetworkAccess {
    /// The word that Azure uses.
    pub fn as_str(self) -> &'static str {
        match self {
            PublicNetworkAccess::Enabled => "enabled",
            PublicNetworkAccess::Disabled => "disabled",
        }
    }
}

/// What an Add does about a key in a hardware security module that it could only replace by a
/// software key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hsm {
    /// It replaces it, and says so.
    #[default]
    Warn,
    /// It imports nothing.
    Keep,
}

/// Whether a check asks Azure Resource Manager what an identity may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckArm {
    /// Where the kinds of job that are checked need it.
    #[default]
    Ask,
    /// Never: an operator may grant a check no more than the vault.
    Leave,
}

/// The options of one job, read. The default is what a job without options does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobOptions {
    /// Inventory: what becomes of a list with gaps.
    pub partial: Partial,
    /// Inventory: what is submitted of a certificate.
    pub chain: Chain,
    /// Inventory: the percentage that a store may lose; the policy's when not said.
    pub max_shrink: Option<u8>,
    /// Inventory: which certificates are read.
    pub extent: Extent,
    /// Inventory: which versions are shown.
    pub versions: Versions,
    /// Discovery: the tenant's cloud.
    pub cloud: Cloud,
    /// Discovery: how vaults are written.
    pub path_format: PathFormat,
    /// Discovery: the only subscriptions that are searched; empty for all.
    pub subscriptions: BTreeSet<SubscriptionId>,
    /// Create: whether to turn purge protection on.
    pub purge_protection: bool,
    /// Create: whether the vault answers on public networks; Azure's own default when not said.
    pub public_network_access: Option<PublicNetworkAccess>,
    /// Create: days that what was deleted is kept; Azure's own default (90) when not said.
    pub retention_days: Option<u8>,
    /// Create: the vault's tags.
    pub tags: BTreeMap<String, String>,
    /// Add: what becomes of a key in an HSM that no other can replace.
    pub hsm: Hsm,
    /// Add: whether the issuers of the same certificate are compared; as the policy allows when
    /// not said.
    pub compare_chain: Option<bool>,
    /// Check: whether Azure Resource Manager is asked.
    pub check_arm: CheckArm,
}

/// Most tags of a resource (Microsoft Learn, "Use tags to organize your Azure resources").
const MOST_TAGS: usize = 50;
/// Most characters of a tag's name, in the same place.
const LONGEST_TAG_NAME: usize = 512;
/// Most characters of a tag's value, in the same place.
const LONGEST_TAG_VALUE: usize = 256;

impl JobOptions {
    /// Reads names and texts as they cross the contract. A blank text is "not set"; of a name that
    /// comes twice the last one that is not blank stays; unknown names are ignored. Words are read
    /// in any case, since forms write `True`.
    ///
    /// # Errors
    /// A known option with a value that it does not know.
    pub fn from_fields<N, V>(
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<JobOptions, FieldError>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut given = BTreeMap::new();
        for (name, value) in fields {
            let value = bare(value.as_ref());
            let known = OPTIONS.iter().find(|known| known.name == name.as_ref());
            if let Some(known) = known.filter(|_| !value.is_empty()) {
                let value = match known.name {
                    TAGS => value.to_owned(),
                    _ => value.to_ascii_lowercase(),
                };
                given.insert(known.name, value);
            }
        }
        let get = |name| given.get(name).map(String::as_str);
        Ok(JobOptions {
            partial: match get(PARTIAL) {
                None => Partial::Refuse,
                Some("submit") => Partial::Submit,
                Some(_) => return Err(unknown(PARTIAL)),
            },
            chain: match flag(FULL_CHAIN, get(FULL_CHAIN))? {
                true => Chain::Full,
                false => Chain::Leaf,
            },
            max_shrink: match get(MAX_SHRINK).map(str::parse) {
                None => None,
                Some(Ok(percent @ 0..=100)) => Some(percent),
                Some(_) => return Err(unknown(MAX_SHRINK)),
            },
            extent: match flag(CHANGED_ONLY, get(CHANGED_ONLY))? {
                true => Extent::ChangedOnly,
                false => Extent::Whole,
            },
            versions: match get(VERSIONS) {
                None | Some("current") => Versions::Current,
                Some("all") => Versions::All,
                Some(_) => return Err(unknown(VERSIONS)),
            },
            cloud: match get(CLOUD) {
                None => Cloud::default(),
                Some(word) => Cloud::parse(word)
                    .map_err(|_| unknown(CLOUD))?
                    .unwrap_or_default(),
            },
            path_format: match get(PATH_FORMAT) {
                None | Some("resource-id") => PathFormat::ResourceId,
                Some("short") => PathFormat::Short,
                Some(_) => return Err(unknown(PATH_FORMAT)),
            },
            subscriptions: get(SUBSCRIPTIONS)
                .map(subscriptions)
                .transpose()?
                .unwrap_or_default(),
            purge_protection: flag(PURGE_PROTECTION, get(PURGE_PROTECTION))?,
            public_network_access: match get(PUBLIC_NETWORK_ACCESS) {
                None => None,
                Some("enabled") => Some(PublicNetworkAccess::Enabled),
                Some("disabled") => Some(PublicNetworkAccess::Disabled),
                Some(_) => return Err(unknown(PUBLIC_NETWORK_ACCESS)),
            },
            retention_days: match get(RETENTION_DAYS).map(str::parse) {
                None => None,
                Some(Ok(days @ 7..=90)) => Some(days),
                Some(_) => return Err(unknown(RETENTION_DAYS)),
            },
            tags: get(TAGS).map(tags).transpose()?.unwrap_or_default(),
            hsm: match get(HSM) {
                None | Some("warn") => Hsm::Warn,
                Some("keep") => Hsm::Keep,
                Some(_) => return Err(unknown(HSM)),
            },
            compare_chain: match get(COMPARE_CHAIN) {
                None => None,
                said => Some(flag(COMPARE_CHAIN, said)?),
            },
            check_arm: match get(CHECK_ARM) {
                None | Some("true") => CheckArm::Ask,
                Some("false") => CheckArm::Leave,
                Some(_) => return Err(unknown(CHECK_ARM)),
            },
        })
    }
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, FieldError> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(unknown(name)),
    }
}

/// The value is not repeated: options come from files that hold secrets, too.
fn unknown(name: &'static str) -> FieldError {
    let values = OPTIONS
        .iter()
        .find(|option| option.name == name)
        .map_or("", |option| option.values);
    FieldError::new(
        name,
        "the option has a value that it does not know",
        format!("write {values}, or leave it out"),
    )
}

fn subscriptions(text: &str) -> Result<BTreeSet<SubscriptionId>, FieldError> {
    let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids: Result<BTreeSet<_>, _> = ids.map(SubscriptionId::parse).collect();
    // Only commas would be "all", which nobody means.
    ids.ok()
        .filter(|ids| !ids.is_empty())
        .ok_or_else(|| unknown(SUBSCRIPTIONS))
}

fn tags(text: &str) -> Result<BTreeMap<String, String>, FieldError> {
    let tags: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| unknown(TAGS))?;
    let fits = |(name, value): (&String, &String)| {
        (1..=LONGEST_TAG_NAME).contains(&name.chars().count())
            && value.chars().count() <= LONGEST_TAG_VALUE
            // Azure refuses the first group; braces would be places of a rule template.
            && !name.contains(['<', '>', '%', '&', '\\', '?', '/'])
            && !value.contains(['{', '}'])
    };
    if tags.len() > MOST_TAGS || !tags.iter().all(fits) {
        return Err(FieldError::new(
            TAGS,
            "there are too many tags, or one of them is not what Azure takes",
            format!(
                "write at most {MOST_TAGS} tags, names of 1 to {LONGEST_TAG_NAME} characters \
                 without < > % & \\ ? /, values of at most {LONGEST_TAG_VALUE} without braces"
            ),
        ));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<JobOptions, FieldError> {
        JobOptions::from_fields(fields.iter().copied())
    }

    #[test]
    fn nothing_blank_and_unknown_names_are_the_defaults() {
        for fields in [
            &[][..],
            &[("partial", " "), ("cloud", "")],
            &[("Partial", "submit"), ("of-another-extension", "x")],
        ] {
            assert_eq!(read(fields), Ok(JobOptions::default()), "{fields:?}");
        }
    }

    #[test]
    fn every_option_is_read() {
        let options = read(&[
            ("partial", "submit"),
            ("max-shrink", "0"),
            ("full-chain", " true "),
            ("changed-only", "true"),
            ("versions", "all"),
            ("cloud", "China"),
            ("path-format", "short"),
            (
                "subscriptions",
                "22222222-2222-4222-8222-222222222222, 22222222-2222-4222-8222-222222222223,",
            ),
            ("create-purge-protection", "true"),
            ("create-public-network-access", "disabled"),
            ("create-retention-days", "7"),
            ("create-tags", r#"{"owner":"pki"}"#),
            ("hsm", " keep"),
            ("compare-chain", "false"),
            ("check-arm", "false"),
        ])
        .unwrap();
        assert_eq!(
            options,
            JobOptions {
                partial: Partial::Submit,
                chain: Chain::Full,
                max_shrink: Some(0),
                extent: Extent::ChangedOnly,
                versions: Versions::All,
                cloud: Cloud::China,
                path_format: PathFormat::Short,
                subscriptions: ["2", "3"]
                    .map(|end| format!("22222222-2222-4222-8222-22222222222{end}"))
                    .iter()
                    .map(|id| SubscriptionId::parse(id).unwrap())
                    .collect(),
                purge_protection: true,
                public_network_access: Some(PublicNetworkAccess::Disabled),
                retention_days: Some(7),
                tags: [("owner".to_owned(), "pki".to_owned())].into(),
                hsm: Hsm::Keep,
                compare_chain: Some(false),
                check_arm: CheckArm::Leave,
            }
        );
    }

    #[test]
    fn words_are_read_in_any_case_and_without_marks_around_them() {
        let options = read(&[
            ("partial", "Submit"),
            ("max-shrink", "\u{200e}7\u{a0}"),
            ("full-chain", "True"),
            ("create-tags", "\u{feff}{\"Owner\":\"PKI\"}"),
            ("changed-only", "\u{200e}"),
        ])
        .unwrap();
        assert_eq!(options.partial, Partial::Submit);
        assert_eq!(options.max_shrink, Some(7));
        assert_eq!(options.chain, Chain::Full);
        assert_eq!(options.tags["Owner"], "PKI");
        assert_eq!(options.extent, Extent::Whole);
    }

    #[test]
    fn a_value_that_is_nearly_one_is_refused_and_never_its_default() {
        for (name, value) in [
            ("max-shrink", "10%"),
            ("max-shrink", "10.0"),
            ("max-shrink", "-1"),
            ("max-shrink", "101"),
            ("max-shrink", "ten"),
            ("partial", "true"),
            ("partial", "sub mit"),
            ("full-chain", "yes"),
            ("full-chain", "1"),
            ("changed-only", "on"),
            ("create-purge-protection", "enabled"),
            ("check-arm", "no"),
            ("cloud", "publik"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert_eq!(error.field(), name, "{value}");
        }
    }

    #[test]
    fn an_unknown_value_is_refused_by_name_and_never_repeated() {
        for option in OPTIONS {
            let error = read(&[(option.name, "s3cret")]).unwrap_err();
            assert_eq!(error.field(), option.name);
            assert!(!error.to_string().contains("s3cret"), "{error}");
            assert!(error.remedy().contains(option.values), "{error}");
        }
        for ids in [",", "all", "22222222-2222-4222-8222-222222222222;x"] {
            assert!(read(&[("subscriptions", ids)]).is_err(), "{ids}");
        }
        for hsm in ["true", "kept", "keep warn"] {
            assert!(read(&[("hsm", hsm)]).is_err(), "{hsm}");
        }
        for days in ["6", "91", "-1", "1000"] {
            assert!(read(&[("create-retention-days", days)]).is_err(), "{days}");
        }
    }

    #[test]
    fn tags_that_azure_refuses_or_that_look_like_a_template_are_refused() {
        let many: BTreeMap<String, String> =
            (0..51).map(|n| (format!("t{n}"), String::new())).collect();
        for tags in [
            serde_json::to_string(&many).unwrap(),
            r#"{"a/b":"x"}"#.to_owned(),
            r#"{"":"x"}"#.to_owned(),
            r#"{"a":"{tenant}"}"#.to_owned(),
            format!(r#"{{"a":"{}"}}"#, "x".repeat(257)),
        ] {
            assert!(read(&[("create-tags", &tags)]).is_err(), "{tags}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_an_option_panic(index in 0..OPTIONS.len(), text: String) {
            let _ = read(&[(OPTIONS[index].name, &text)]);
        }
    }
}
