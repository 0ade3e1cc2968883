//! What may be shown of an answer. Whoever answers may repeat what the job sent, or know its
//! secrets from elsewhere, in any spelling: so nothing of theirs is shown as it comes.
//!
//! It must not read answers; it is asked before anything of one is kept for people or logged.
//!
//! | of an answer | is shown |
//! |---|---|
//! | words | those that are in the list below, as the list has them |
//! | a code, an action | if it is in a list below, or made of words |
//! | an id | if it is a GUID |
//! | a name that people gave | those of its parts that are words, with few digits |
//! | the name of a certificate | if it can be one |
//!
//! None of it if it repeats a secret that the job holds, or a piece of one; what is shown as a
//! list has it cannot. A word is as people write it, so that no secret that was made for a
//! machine looks like one, neither itself nor in base64 or hexadecimal: that is for those that
//! a host keeps from the job.

use std::cell::RefCell;

use job_scope::TenantId;

use crate::secrets::Secrets;
use crate::text::excerpt;

/// Characters of a code or an action.
const LONGEST_CODE: usize = 128;

/// Characters of a name that are shown; an Azure Policy's display name has 128 at most ("Azure
/// Policy definition structure").
const LONGEST_NAME: usize = 128;

/// Characters of a certificate's name (Azure REST, "Certificates").
const LONGEST_ALIAS: usize = 127;

/// Letters of a word that is all capitals.
const LONGEST_ABBREVIATION: usize = 6;

/// Digits at the end of a part of a name: `eastus2`, `v12`, `2026`.
const MOST_DIGITS: usize = 4;

/// Stands for a code that is not shown: the service has answered, and with an error of its own.
pub const UNSHOWN_CODE: &str = "(a code that is not shown)";

/// Stands for a certificate's name that is not shown.
const UNSHOWN: &str = "(a name that is not shown)";

/// Stands where a part of a name is not shown.
const LEFT_OUT: &str = "…";

/// What the services say, each in the longest part that is the same every time: what stands
/// around it has names and settings in it. Sources: Microsoft Learn, "Azure Key Vault REST API
/// error codes", "Importing Azure Key Vault certificates FAQ", "Troubleshoot common Azure
/// deployment errors", "Microsoft Entra authentication and authorization error codes";
/// answers to users in the issues of Azure's SDKs.
const KNOWN: &[&str] = &[
    "The specified PKCS#12 X.509 certificate content can not be read",
    "The specified PKCS#12 X.509 certificate content does not contain a private key",
    "The specified X.509 certificate content is invalid",
    "Private key is not specified in the specified X.509 PEM certificate content",
    "The size of the X.509 certificate is too long",
    "Hardware key operation not allowed on standard vault",
    "Unsupported key size",
    "Property policy has invalid value",
    "Property tags has invalid value",
    "The request URI contains an invalid name",
    "Caller is not authorized to perform action on resource",
    "does not have certificates import permission on key vault",
    "does not have certificates list permission on key vault",
    "does not have certificates get permission on key vault",
    "does not have certificates delete permission on key vault",
    "does not have certificates recover permission on key vault",
    "does not have secrets get permission on key vault",
    "Client address is not authorized and caller is not a trusted service",
    "Public network access is disabled and request is not from a trusted service",
    "Connection is not an approved private link",
    "is currently in a deleted but recoverable state, and its name cannot be reused",
    "is currently being deleted",
    "is currently being recovered",
    "while a pending key vault certificate's status is inProgress",
    "This can happen when multiple operations are performed in parallel",
    "Request was not processed because too many requests were received",
    "AKV10000: Request is missing a Bearer or PoP token",
    "AKV10022: Invalid audience",
    "AKV10032: Invalid issuer",
    "AKV10046: Unable to resolve the key used for signature validation",
    "[TokenExpired] Error validating token",
    "Invalid client secret provided",
    "The provided client secret keys for app",
    "was not found in the directory",
    "matches with case-insensitive comparison, but not with case-sensitive comparison",
    "No matching federated identity record found",
    "Client assertion failed signature validation",
    "Client assertion is not within its valid time range",
    "Access has been blocked by Conditional Access policies",
    "The service is temporarily unavailable",
    "Identity not found",
    "Multiple user assigned identities exist",
    "Continuous access evaluation resulted in challenge",
    "because of the deny assignment",
    "was disallowed by policy",
    "does not have authorization to perform action",
    "already exists in deleted state",
    "A vault's name must be between 3-24 alphanumeric characters",
    "is already in use",
    "The parameter accessPolicies is not specified",
    "is not available for resource type",
    "The subscription is not registered to use namespace",
    "is disabled and therefore marked as read only",
    "because following scope(s) are locked",
    "The access token is from the wrong issuer",
    "The access token has been obtained for wrong audience",
    "The access token is invalid",
    "could not be found",
    "The request is being throttled",
    "The gateway did not receive a response",
    "Encountered internal server error",
    "The service is currently unavailable",
    // What tells a deleted vault from a change under way, however it is said.
    "deleted",
];

/// Codes on which a job acts. They are as fixed as the words, so that no tag with such a value
/// hides them; the others are only shown.
const CODES: &[&str] = &[
    "AccessDenied",
    "AuthorizationFailed",
    "BadParameter",
    "CertificateNotFound",
    "ConflictError",
    "DenyAssignmentAuthorizationFailed",
    "Forbidden",
    "ForbiddenByConnection",
    "ForbiddenByFirewall",
    "ForbiddenByPolicy",
    "ForbiddenByRbac",
    "InvalidAuthenticationTokenTenant",
    "InvalidResourceLocation",
    "KeySizeNotSupported",
    "LocationNotAvailableForResourceType",
    "MissingSubscriptionRegistration",
    "NoValidSubscriptionsInQueryRequest",
    "ObjectIsBeingDeleted",
    "ObjectIsBeingRecovered",
    "ObjectIsDeletedButRecoverable",
    "ReadOnlyDisabledSubscription",
    "RequestDisallowedByPolicy",
    "ResourceGroupBeingDeleted",
    "ResourceGroupNotFound",
    "ResourceNotFound",
    "ScopeLocked",
    "SecretDisabled",
    "SkuNotSupported",
    "SubscriptionNotFound",
    "VaultAlreadyExists",
    "VaultNameNotValid",
    "VaultNotFound",
    // Of tokens.
    "bad_request_102",
    "interaction_required",
    "invalid_client",
    "invalid_resource",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
];

/// The discretion of one job.
#[derive(Default)]
pub struct Discretion(RefCell<Secrets>);

impl Discretion {
    /// Takes a secret of the job down.
    pub fn keep(&self, secret: &[u8]) {
        self.0.borrow_mut().keep(secret);
    }

    /// Takes many down.
    pub fn keep_all(&self, secrets: Secrets) {
        self.0.borrow_mut().keep_all(secrets);
    }

    /// Whether a text repeats none of them.
    pub fn allows(&self, text: &str) -> bool {
        !self.0.borrow().are_in(text)
    }

    /// What may be shown of the words of an answer.
    pub fn words(&self, said: &str) -> Option<&'static str> {
        KNOWN.iter().find(|known| said.contains(**known)).copied()
    }

    /// A code or an action, if it may be shown.
    pub fn code(&self, said: &str) -> Option<String> {
        let said = said.trim();
        let is_code = !said.is_empty() && said.len() <= LONGEST_CODE && are_words(said, "_-./*");
        let shown = CODES.contains(&said) || is_code && self.allows(said);
        shown.then(|| said.to_owned())
    }

    /// The id of a request or a tenant, if it may be shown.
    pub fn id(&self, said: &str) -> Option<String> {
        let is_guid = TenantId::parse(said).is_ok_and(|id| id.is_guid());
        (is_guid && self.allows(said)).then(|| said.trim().to_owned())
    }

    /// What may be shown of a name that people gave to something.
    pub fn name(&self, said: &str) -> Option<String> {
        let line = excerpt(said, LONGEST_NAME);
        if !self.allows(said) || !self.allows(&line) {
            return None;
        }
        let mut words: Vec<&str> = line
            .split_whitespace()
            .map(|part| if is_part(part) { part } else { LEFT_OUT })
            .collect();
        words.dedup_by(|next, word| *next == LEFT_OUT && *word == LEFT_OUT);
        let has_words = words.iter().any(|word| *word != LEFT_OUT);
        has_words.then(|| words.join(" "))
    }

    /// The name of a certificate that a vault has listed, or what stands for it.
    pub fn certificate(&self, said: &str) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_one = (1..=LONGEST_ALIAS).contains(&said.len()) && said.bytes().all(plain);
        match is_one && self.allows(said) {
            true => said.to_owned(),
            false => UNSHOWN.to_owned(),
        }
    }
}

/// Words with what stands between and around them, and few digits at the end.
fn is_part(part: &str) -> bool {
    let words = part.trim_end_matches(|end: char| end.is_ascii_digit());
    part.len() - words.len() <= MOST_DIGITS && are_words(words, "()[]:,.-_'\"&/")
}

fn are_words(text: &str, between: &str) -> bool {
    text.split(|one| between.contains(one)).all(is_word)
}

/// `Forbidden`, `ForbiddenByRbac`, `invalid`, `TLS`, or nothing. In base64 capitals and small
/// letters stand as they fall.
fn is_word(word: &str) -> bool {
    let abbreviation = word.len() <= LONGEST_ABBREVIATION
        && word.chars().all(|letter| letter.is_ascii_uppercase());
    let mut letters = word.chars().peekable();
    let mut camel = true;
    while let Some(letter) = letters.next() {
        let next = letters.peek();
        camel &= letter.is_lowercase()
            || letter.is_uppercase() && next.is_some_and(|next| next.is_lowercase());
    }
    abbreviation || camel
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6IjEyMyJ9";

    fn holding(secrets: &[&str]) -> Discretion {
        let discretion = Discretion::default();
        for secret in secrets {
            discretion.keep(secret.as_bytes());
        }
        discretion
    }

    #[test]
    fn only_known_words_are_shown_as_the_list_has_them() {
        let discretion = holding(&[]);
        for (said, shown) in [
            ("tag planted is odd", None),
            (TOKEN, None),
            ("", None),
            (
                "Property tags has invalid value: planted",
                Some("Property tags has invalid value"),
            ),
            (
                "planted: The specified PKCS#12 X.509 certificate content can not be read. Please",
                Some("The specified PKCS#12 X.509 certificate content can not be read"),
            ),
            (
                "odd\r\nplanted could not be found",
                Some("could not be found"),
            ),
        ] {
            assert_eq!(discretion.words(said), shown, "{said}");
        }
    }

    #[test]
    fn a_code_is_words_and_an_id_a_guid() {
        let discretion = holding(&[]);
        for (said, is_code, is_id) in [
            ("ForbiddenByRbac", true, false),
            ("invalid_client", true, false),
            (
                "Microsoft.KeyVault/vaults/certificates/import/action",
                true,
                false,
            ),
            ("73702d7365637265747e31", false, false),
            ("c3Atc2VjcmV0fjE", false, false),
            ("ZXlKMGVYQWlPaUpLVjFR", false, false),
            ("Microsoft.ZXlKMGVYQWlPaUpLVjFR", false, false),
            ("AKV", true, false),
            ("SKUNOTSUPPORTED", false, false),
            ("sp-secret~1", false, false),
            ("11111111-1111-4111-8111-111111111111", false, true),
            (" 11111111-1111-4111-8111-111111111111 ", false, true),
            ("111111111111411181111111111111111111", false, false),
            ("contoso.example1", false, false),
            ("<b>", false, false),
            ("a b", false, false),
            ("", false, false),
            (&"x".repeat(LONGEST_CODE + 1), false, false),
        ] {
            assert_eq!(discretion.code(said).is_some(), is_code, "{said}");
            assert_eq!(discretion.id(said).is_some(), is_id, "{said}");
        }
    }

    #[test]
    fn no_tag_hides_a_code_on_which_a_job_acts() {
        let discretion = holding(&["Certificate", "Found", "Deleted"]);
        assert!(discretion.code("CertificateNotFound").is_some());
        assert!(discretion.code("SomethingNotFound").is_none());
        for source in [
            include_str!("arm/advice.rs"),
            include_str!("arm/vaults.rs"),
            include_str!("deny_assignment.rs"),
            include_str!("error.rs"),
            include_str!("refusal.rs"),
            include_str!("remedy.rs"),
            include_str!("remedy/service.rs"),
            include_str!("vault.rs"),
            include_str!("vault/changing.rs"),
            include_str!("../job/discovery.rs"),
        ] {
            let (code, _) = source.split_once("\nmod tests").unwrap_or((source, ""));
            for asked in code.split(".is(\"").skip(1) {
                let (asked, _) = asked.split_once('"').unwrap();
                assert!(CODES.contains(&asked), "{asked}");
            }
        }
    }

    #[test]
    fn of_a_name_the_words_are_shown() {
        let discretion = holding(&[]);
        for (said, shown) in [
            ("No public vaults", Some("No public vaults")),
            ("[Preview]: Tags, wanted", Some("[Preview]: Tags, wanted")),
            ("eastus2", Some("eastus2")),
            ("Minimum TLS1.2 in 2026", Some("Minimum … in 2026")),
            ("5a1c6b0e 3c2f4a9e denied", Some("… denied")),
            ("5a1c6b0e3c2f4a9e8b7d6c5e", None),
            ("sp-secret~1", None),
            ("DigiCert", Some("DigiCert")),
            ("ZXlKMGVYQWlPaUpLVjFR", None),
            ("Für Schlüssel/2", Some("Für Schlüssel/2")),
            (" \n", None),
        ] {
            assert_eq!(discretion.name(said).as_deref(), shown, "{said}");
        }
    }

    #[test]
    fn only_a_name_that_can_be_one_is_a_certificates() {
        let discretion = holding(&[]);
        for (said, shown) in [
            ("web-1", true),
            ("contacts", true),
            ("a b", false),
            ("", false),
            ("a~b", false),
        ] {
            assert_eq!(discretion.certificate(said) == said, shown, "{said}");
        }
    }

    #[test]
    fn whatever_repeats_a_secret_is_not_shown() {
        let id = "11111111-1111-4111-8111-111111111111";
        let discretion = holding(&["production", TOKEN, id, "xy"]);
        for said in [
            "production",
            "is-production-there",
            "cHJvZHVjdGlvbg",
            "70726f64756374696f6e",
            "xy",
            &TOKEN[3..23],
            id,
        ] {
            let ways = [
                discretion.code(said),
                discretion.id(said),
                discretion.name(said),
            ];
            assert_eq!(ways, [None, None, None], "{said}");
            assert_eq!(discretion.certificate(said), UNSHOWN, "{said}");
        }
        let long = format!("{} production", "word ".repeat(40));
        assert_eq!(discretion.name(&long), None);
        assert_eq!(discretion.code("Galaxy").as_deref(), Some("Galaxy"));
    }
}
