//! What a service's error answer says (Azure REST API guidelines, "Handling errors";
//! Key Vault REST, "KeyVaultError").
//!
//! It must not advise: see [`super::remedy`]; and nothing of an answer is kept past
//! [`super::discretion`].

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::deny_assignment::DenyAssignment;
use super::discretion::{Discretion, UNSHOWN_CODE};
use super::token::ProvedBy;
use crate::http::Response;

/// Codes of details that are kept. Azure Resource Graph, which says in them alone what is
/// wrong, sends one or two.
const MOST_DETAILS: usize = 8;

/// An answer that is not the wanted one, reduced to what may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// `error.code`; absent when the body is not the service's JSON, which is then
    /// the answer of something in between.
    pub code: Option<String>,
    /// The innermost `innererror.code`.
    pub inner: Option<String>,
    /// Of `error.message` what is known.
    pub detail: Option<&'static str>,
    /// The action that role-based access control did not allow:
    /// `Microsoft.KeyVault/vaults/certificates/import/action`.
    pub action: Option<String>,
    /// The codes in `error.details`.
    pub details: Vec<String>,
    /// The Azure Policy that forbade it, by its display name and its assignment.
    pub policy: Option<String>,
    /// The deny assignment that forbade it.
    pub deny: Option<DenyAssignment>,
    /// `x-ms-request-id`, for a support case.
    pub request_id: Option<String>,
    /// What the identity that was refused has proved itself with.
    pub proved_by: ProvedBy,
}

#[derive(Deserialize)]
struct Body {
    error: WireError,
}

#[derive(Deserialize)]
struct WireError {
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "innerError")]
    innererror: Option<Box<WireError>>,
    #[serde(default)]
    details: Value,
    #[serde(default, rename = "additionalInfo")]
    additional: Value,
}

impl WireError {
    fn innermost(&self) -> Option<&str> {
        let inner = self.innererror.as_ref()?;
        inner.innermost().or(inner.code.as_deref())
    }
}

impl WireError {
    /// The policy of the error itself, or of the first detail that has one (a deployment
    /// wraps the denial), or in the words of an older denial.
    fn policy(&self, discretion: &Discretion) -> Option<String> {
        let details = self.details.as_array().into_iter().flatten();
        let violated = |info| violated(info, discretion);
        violated(&self.additional)
            .or_else(|| {
                details
                    .filter_map(|detail| detail.get("additionalInfo"))
                    .find_map(violated)
            })
            .or_else(|| identified(self.message.as_deref()?, discretion))
    }
}

/// The policy in an `additionalInfo` of type `PolicyViolation`.
fn violated(additional: &Value, discretion: &Discretion) -> Option<String> {
    let infos = additional.as_array()?.iter();
    infos
        .filter_map(|entry| entry.get("info"))
        .find_map(|info| {
            let text = |name: &str| discretion.name(info.get(name)?.as_str()?);
            let assignment = text("policyAssignmentName");
            let definition =
                text("policyDefinitionDisplayName").or_else(|| text("policyAssignmentDisplayName"));
            match (definition, assignment) {
                (Some(definition), Some(assignment)) if definition != assignment => {
                    Some(format!("{definition} (assignment {assignment})"))
                }
                (definition, assignment) => definition.or(assignment),
            }
        })
}

/// The policy in `Policy identifiers: '[{"policyAssignment":{"name":"…"}}]'`.
fn identified(message: &str, discretion: &Discretion) -> Option<String> {
    let (_, rest) = message.split_once("Policy identifiers: '")?;
    let (identifiers, _) = rest.rsplit_once('\'')?;
    let identifiers: Value = serde_json::from_str(identifiers).ok()?;
    let first = identifiers.get(0)?;
    ["policyDefinition", "policyAssignment"]
        .into_iter()
        .find_map(|kind| discretion.name(first.get(kind)?.get("name")?.as_str()?))
}

fn detail_codes(details: &Value, discretion: &Discretion) -> Vec<String> {
    let details = details.as_array().into_iter().flatten();
    details
        .filter_map(|detail| discretion.code(detail.get("code")?.as_str()?))
        .take(MOST_DETAILS)
        .collect()
}

impl Refusal {
    /// Reads an error answer. It does not say what the identity has proved itself with.
    pub fn read(response: &Response, discretion: &Discretion) -> Refusal {
        let body = serde_json::from_slice::<Body>(&response.body).ok();
        let error = body.as_ref().map(|body| &body.error);
        let message = error.and_then(|error| error.message.as_deref());
        Refusal {
            status: response.status,
            code: error.and_then(|error| {
                let code = discretion.code(error.code.as_deref()?);
                Some(code.unwrap_or_else(|| UNSHOWN_CODE.to_owned()))
            }),
            inner: error.and_then(|error| discretion.code(error.innermost()?)),
            detail: message.and_then(|message| discretion.words(message)),
            action: message.and_then(|message| discretion.code(denied_action(message)?)),
            details: error
                .map(|error| detail_codes(&error.details, discretion))
                .unwrap_or_default(),
            policy: error.and_then(|error| error.policy(discretion)),
            deny: error.and_then(|error| {
                let code = error.innermost().or(error.code.as_deref());
                DenyAssignment::read(code, error.message.as_deref()?, discretion)
            }),
            request_id: request_id(response, discretion),
            proved_by: ProvedBy::default(),
        }
    }

    /// Whether `code` is the error's code, its innermost one or that of a detail.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
            || self.inner.as_deref() == Some(code)
            || self.details.iter().any(|detail| detail == code)
    }

    /// Whether what is known of the message has these words in it.
    pub fn says(&self, words: &str) -> bool {
        self.detail.is_some_and(|detail| detail.contains(words))
    }

    /// Whether a role is missing. This and the causes below older answers say in words alone.
    pub fn lacks_role(&self) -> bool {
        self.is("ForbiddenByRbac")
            || self.is("AuthorizationFailed")
            || self.inner.is_none() && self.says("not authorized to perform action on resource")
    }

    /// Whether the vault's access policies lack a permission.
    pub fn lacks_access_policy(&self) -> bool {
        self.is("AccessDenied")
            || self.is("ForbiddenByPolicy")
            || self.inner.is_none() && self.says("permission on key vault")
    }

    /// Whether the vault's firewall does not admit the address.
    pub fn is_by_firewall(&self) -> bool {
        self.is("ForbiddenByFirewall")
            || self.inner.is_none() && self.says("Client address is not authorized")
    }

    /// Whether the vault takes no connections from public networks.
    pub fn is_by_connection(&self) -> bool {
        let words = ["Public network access is disabled", "approved private link"];
        self.is("ForbiddenByConnection")
            || self.inner.is_none() && words.iter().any(|words| self.says(words))
    }
}

/// `x-ms-request-id`, as far as it may be shown.
pub fn request_id(response: &Response, discretion: &Discretion) -> Option<String> {
    discretion.id(response.header("x-ms-request-id")?)
}

/// The action in the two texts of role-based access control: Key Vault's has a line
/// `Action: '…'`, Azure Resource Manager's says `to perform action '…'`.
fn denied_action(message: &str) -> Option<&str> {
    let action = ["Action: '", "perform action '"]
        .into_iter()
        .find_map(|before| {
            message
                .split_once(before)?
                .1
                .split_once('\'')
                .map(|(action, _)| action)
        })?;
    action.starts_with("Microsoft.").then_some(action)
}

/// `403 ForbiddenByRbac: "Caller is not authorized …" (request id …)`
impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.status)?;
        match self.inner.as_ref().or(self.code.as_ref()) {
            Some(code) => write!(out, " {code}")?,
            None => out.write_str(", without an error that the service makes")?,
        }
        if let Some(detail) = self.details.first() {
            write!(out, ", {detail}")?;
        }
        if let Some(detail) = &self.detail {
            write!(out, ": \"{detail}\"")?;
        }
        if let Some(action) = &self.action {
            write!(out, ", action {action}")?;
        }
        if let Some(id) = &self.request_id {
            write!(out, " (request id {id})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7d2c0000-0000-4000-8000-000000000001";

    fn read(status: u16, body: &str, discretion: &Discretion) -> Refusal {
        let response = Response {
            status,
            headers: vec![("x-ms-request-id".into(), ID.into())],
            body: body.as_bytes().to_vec(),
        };
        Refusal::read(&response, discretion)
    }

    fn refusal(status: u16, body: &str) -> Refusal {
        read(status, body, &Discretion::default())
    }

    #[test]
    fn whatever_repeats_a_secret_is_left_out() {
        let discretion = Discretion::default();
        discretion.keep(b"the-token");
        let body = r#"{"error":{"code":"the-token","message":"no: the-token\r\nAction: 'Microsoft.KeyVault/the-token'",
            "innererror":{"code":"the-token"},"details":[{"code":"the-token"}],
            "additionalInfo":[{"info":{"policyAssignmentName":"the-token"}}]}}"#;
        let wanted = Refusal {
            status: 403,
            code: Some(UNSHOWN_CODE.into()),
            request_id: Some(ID.into()),
            ..Refusal::default()
        };
        assert_eq!(read(403, body, &discretion), wanted);
    }

    #[test]
    fn the_innermost_code_and_known_words_are_shown() {
        let refusal = refusal(
            403,
            r#"{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nCaller: appid=1",
                "innererror":{"code":"ForbiddenByRbac"}}}"#,
        );
        assert!(refusal.is("Forbidden") && refusal.is("ForbiddenByRbac"));
        assert_eq!(
            refusal.to_string(),
            format!(
                "403 ForbiddenByRbac: \"Caller is not authorized to perform action on resource\" \
                 (request id {ID})"
            )
        );
    }

    #[test]
    fn the_denied_action_is_shown_once() {
        let vault = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nCaller: appid=1\r\nAction: 'Microsoft.KeyVault/vaults/certificates/import/action'\r\nResource: '/x'",
            "innererror":{"code":"ForbiddenByRbac"}}}"#;
        assert_eq!(
            refusal(403, vault).to_string(),
            format!(
                "403 ForbiddenByRbac: \"Caller is not authorized to perform action on resource\", \
                 action Microsoft.KeyVault/vaults/certificates/import/action (request id {ID})"
            )
        );
        let arm = r#"{"error":{"code":"AuthorizationFailed","message":"The client does not have authorization to perform action 'Microsoft.KeyVault/vaults/write' over scope '/x'."}}"#;
        let text = refusal(403, arm).to_string();
        assert_eq!(text.matches("vaults/write").count(), 1, "{text}");
        let odd = r#"{"error":{"code":"Forbidden","message":"Action: '<script>'"}}"#;
        assert_eq!(refusal(403, odd).action, None);
    }

    #[test]
    fn a_body_that_is_not_the_services_is_not_repeated() {
        for body in ["<html>secret</html>", "", "[]", r#"{"error":"secret"}"#] {
            assert_eq!(
                refusal(502, body).to_string(),
                format!("502, without an error that the service makes (request id {ID})"),
                "{body}"
            );
        }
    }

    #[test]
    fn r32_nested_inner_errors_are_followed_to_the_end() {
        let refusal = refusal(
            409,
            r#"{"error":{"code":"Conflict","innererror":{"code":"A","innererror":{"code":"B"}}}}"#,
        );
        assert_eq!(refusal.inner.as_deref(), Some("B"));
    }

    #[test]
    fn the_policy_that_forbids_is_named_wherever_the_answer_has_it() {
        let info = r#"{"type":"PolicyViolation","info":{"policyDefinitionDisplayName":"No public vaults","policyAssignmentName":"deny-public"}}"#;
        let alone = r#"{"type":"PolicyViolation","info":{"policyAssignmentName":"deny-public"}}"#;
        let named = Some("No public vaults (assignment deny-public)");
        let wrap = |members: &str| {
            format!(r#"{{"error":{{"code":"RequestDisallowedByPolicy","message":"no"{members}}}}}"#)
        };
        for (body, wanted) in [
            (wrap(&format!(r#","additionalInfo":[{{"type":"x"}},{info}]"#)), named),
            (wrap(&format!(r#","additionalInfo":[{alone}]"#)), Some("deny-public")),
            (
                wrap(&format!(
                    r#","details":[{{"code":"RequestDisallowedByPolicy","additionalInfo":[{info}]}}]"#
                )),
                named,
            ),
            (
                r#"{"error":{"code":"RequestDisallowedByPolicy","message":"Resource 'kv-one' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":{\"name\":\"Tags wanted\",\"id\":\"/x\"}}]'."}}"#.to_owned(),
                Some("Tags wanted"),
            ),
            (wrap(""), None),
            (wrap(r#","additionalInfo":"odd","details":{}"#), None),
            (wrap(r#","additionalInfo":[{"info":{"policyAssignmentName":" "}}]"#), None),
        ] {
            let refusal = refusal(403, &body);
            assert!(refusal.is("RequestDisallowedByPolicy"), "{body}");
            assert_eq!(refusal.policy.as_deref(), wanted, "{body}");
        }
    }

    #[test]
    fn the_codes_of_details_count_and_the_first_is_shown() {
        let refusal = refusal(
            400,
            r#"{"error":{"code":"BadRequest","message":"see below","details":[
                {"code":"NoValidSubscriptionsInQueryRequest","message":"none"},{"code":"<b>"},7]}}"#,
        );
        assert!(refusal.is("BadRequest") && refusal.is("NoValidSubscriptionsInQueryRequest"));
        assert_eq!(refusal.details.len(), 1);
        assert!(
            refusal
                .to_string()
                .starts_with("400 BadRequest, NoValidSubscriptionsInQueryRequest (request id "),
            "{refusal}"
        );
    }
}
