//! What to do about Entra ID's error codes.
//!
//! It must not know which service a token was for.
//!
//! Codes: Microsoft Learn, "Microsoft Entra authentication and authorization error codes" and
//! "Workload identity federation".

use crate::azure::token::{ProvedBy, TokenRefusal};

/// The remedy: by the code, else by the kind of error and by what the identity was proved
/// with.
pub fn of(refusal: &TokenRefusal) -> &'static str {
    let by_code = ADVICE.iter().find(|(code, _)| refusal.has_code(*code));
    if let Some((_, advice)) = by_code {
        return advice;
    }
    if refusal
        .codes
        .iter()
        .any(|code| is_of_conditional_access(*code))
    {
        return CONDITIONAL_ACCESS;
    }
    match (refusal.error.as_deref(), refusal.proved_by) {
        (None, _) => "something between the job and Entra ID has answered; check the proxy",
        _ if refusal.says_transient() => {
            "Entra ID is busy or failing; run the job again at another time"
        }
        (Some("invalid_client"), ProvedBy::Assertion) => {
            "check the client id, and that the application has a federated credential with the \
             issuer, subject and audience of the token"
        }
        (Some("invalid_client"), _) => "check the client id and its secret",
        (Some("unauthorized_client"), _) => "check the client id and the tenant",
        (Some("invalid_scope" | "invalid_resource"), _) => UNKNOWN_SERVICE,
        (Some("interaction_required"), _) => CONDITIONAL_ACCESS,
        _ => {
            "Microsoft's list of Entra ID's error codes says what it means; its support asks for \
             the trace id"
        }
    }
}

const OTHER_CLOUD: &str = "the tenant lives in another national cloud: check AzureCloud";
const NO_TENANT_NAME: &str = "the tenant is neither a GUID nor a domain";
const UNKNOWN_APPLICATION: &str =
    "the application is not known in this tenant: check the client id and the tenant";
const UNKNOWN_SERVICE: &str =
    "the service is not known in this tenant: check the tenant and AzureCloud";
const CONDITIONAL_ACCESS: &str = "a conditional access policy of the tenant blocks the application, by its network location \
     (this machine's public address) or by its risk, while its credential and the tenant are right: \
     the sign-in logs of its service principal in Entra ID name the policy";
const SECOND_FACTOR: &str = "the tenant demands a second factor, which no application has: have it taken out of that \
     conditional access policy";

/// 53000 to 53011 and 530000 to 530099 are the refusals of conditional access, for a device, a
/// location or a risk; the others ask for a device or for somebody else's check.
fn is_of_conditional_access(code: u64) -> bool {
    matches!(code, 50_005 | 50_097 | 50_158 | 53_000..=53_011 | 530_000..=530_099)
}

/// What to do about the commonest AADSTS codes.
const ADVICE: &[(u64, &str)] = &[
    (
        7_000_215,
        "the client secret is wrong: give the secret's value, not its id",
    ),
    (
        7_000_222,
        "the client secret has expired: make a new one under \"Certificates & secrets\" of the \
         application and give it to the platform; two secrets may overlap, so that no job fails \
         in between",
    ),
    (700_016, UNKNOWN_APPLICATION),
    (70_001, UNKNOWN_APPLICATION),
    (
        7_000_229,
        "the application has no service principal in this tenant: have an administrator add it",
    ),
    (
        700_025,
        "the application is a public client, which can prove nothing: switch \"Allow public \
         client flows\" off under its \"Authentication\", or use another application",
    ),
    (
        700_027,
        "the federated token was not accepted: check issuer, subject and audience of the \
         application's federated credential",
    ),
    (
        7_002_138,
        "issuer, subject or audience of the application's federated credential differ from those \
         of the token in upper and lower case alone: write them into the credential exactly as the \
         token has them",
    ),
    (
        70_021,
        "no federated credential of the application matches the token: check its issuer, subject \
         and audience",
    ),
    (
        700_211,
        "no federated credential of the application has the token's issuer (its claim iss): \
         compare them, to the slash at the end",
    ),
    (
        700_212,
        "no federated credential of the application has the token's audience (its claim aud): it \
         is api://AzureADTokenExchange, unless both say another one",
    ),
    (
        700_213,
        "no federated credential of the application has the token's subject (its claim sub): \
         compare them, upper and lower case too",
    ),
    (
        700_024,
        "the federated token has expired or is not valid yet: see that its file is renewed, and \
         that the clock of whoever issues it is right",
    ),
    (
        50_027,
        "the federated token is none: see that its file holds the token and nothing else",
    ),
    (
        7_000_112,
        "the application is disabled: have it enabled in Entra ID",
    ),
    (
        90_002,
        "the tenant is not known in this cloud: check the client machine and AzureCloud",
    ),
    (900_021, NO_TENANT_NAME),
    (900_023, NO_TENANT_NAME),
    (90_038, OTHER_CLOUD),
    (900_382, OTHER_CLOUD),
    (900_432, OTHER_CLOUD),
    (500_011, UNKNOWN_SERVICE),
    (50_001, UNKNOWN_SERVICE),
    (50_072, SECOND_FACTOR),
    (50_074, SECOND_FACTOR),
    (50_076, SECOND_FACTOR),
    (50_079, SECOND_FACTOR),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of_error(error: Option<&str>, codes: &[u64], proved_by: ProvedBy) -> &'static str {
        of(&TokenRefusal {
            status: 401,
            error: error.map(str::to_owned),
            codes: codes.to_vec(),
            proved_by,
            ..TokenRefusal::default()
        })
    }

    #[test]
    fn a_code_has_its_own_remedy_whatever_the_error_is() {
        let assertion = ProvedBy::Assertion;
        for (code, word) in [
            (7_000_222, "has expired"),
            (700_024, "its file is renewed"),
            (700_211, "issuer"),
            (700_212, "audience"),
            (700_213, "subject"),
            (50_027, "its file"),
            (7_002_138, "upper and lower case alone"),
        ] {
            let advice = of_error(Some("invalid_client"), &[1, code], assertion);
            assert!(advice.contains(word), "{code}: {advice}");
        }
    }

    #[test]
    fn an_unknown_code_has_the_remedy_of_its_error_and_of_the_identitys_proof() {
        for (error, proved_by, word) in [
            (Some("invalid_client"), ProvedBy::Secret, "its secret"),
            (
                Some("invalid_client"),
                ProvedBy::Assertion,
                "federated credential",
            ),
            (Some("unauthorized_client"), ProvedBy::Secret, "the tenant"),
            (Some("invalid_scope"), ProvedBy::Secret, "AzureCloud"),
            (
                Some("temporarily_unavailable"),
                ProvedBy::Assertion,
                "another time",
            ),
            (Some("invalid_request"), ProvedBy::Secret, "trace id"),
            (None, ProvedBy::Secret, "check the proxy"),
        ] {
            let advice = of_error(error, &[42], proved_by);
            assert!(advice.contains(word), "{error:?}: {advice}");
        }
        let of_a_workload = of_error(Some("invalid_client"), &[], ProvedBy::Assertion);
        assert!(!of_a_workload.contains("secret"), "{of_a_workload}");
    }

    #[test]
    fn conditional_access_is_told_apart_from_a_wrong_secret_or_tenant() {
        for code in [
            53_000, 53_001, 53_003, 53_011, 530_003, 530_032, 530_035, 50_005, 50_097, 50_158,
        ] {
            let advice = of_error(Some("invalid_client"), &[code], ProvedBy::Secret);
            assert!(advice.contains("conditional access"), "{code}: {advice}");
            assert!(advice.contains("location"), "{code}: {advice}");
        }
        for code in [50_072, 50_074, 50_076, 50_079] {
            let advice = of_error(Some("invalid_grant"), &[code], ProvedBy::Secret);
            assert!(advice.contains("second factor"), "{code}: {advice}");
        }
        let advice = of_error(Some("interaction_required"), &[42], ProvedBy::Secret);
        assert!(advice.contains("conditional access"), "{advice}");
    }
}
