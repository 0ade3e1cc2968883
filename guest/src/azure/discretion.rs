//! What may be shown of the answer to a request: never its token, and of a request that
//! carried a key or tags nothing that could be an echo of them.
//!
//! It must not read answers; it is asked before anything of one is cut, kept or logged.
//!
//! | the request carried | of the service's words is shown |
//! |---|---|
//! | a key or tags (an import, a new vault) | those that are in the list below, as the list has them |
//! | nothing but its token | the first line, unless the words repeat the token or a piece of it |
//!
//! Codes, ids and names are shown either way, unless they repeat any of that.

use serde_json::Value;

use super::action::Action;
use crate::http::Request;
use crate::text::excerpt;

/// Characters of a service's own text that are shown.
const DETAIL: usize = 300;

/// Characters of a secret that give nothing away. A run of so many that is in both is no
/// accident: they are 96 bits of base64.
const PIECE: usize = 16;

/// Fewest characters of a tag's value that a name is searched for: shorter ones are in
/// every name.
const TELLING: usize = 4;

/// What the services say about an import or a new vault, each in the longest part that is
/// the same every time: what stands around it has names and settings of the job in it.
/// Sources: Microsoft Learn, "Azure Key Vault REST API error codes", "Importing Azure Key
/// Vault certificates FAQ", "Troubleshoot common Azure deployment errors"; answers to users
/// in the issues of Azure's SDKs.
const KNOWN: &[&str] = &[
    "The specified PKCS#12 X.509 certificate content can not be read",
    "The specified PKCS#12 X.509 certificate content does not contain a private key",
    "The specified X.509 certificate content is invalid",
    "Private key is not specified in the specified X.509 PEM certificate content",
    "The size of the X.509 certificate is too long",
    "Property policy has invalid value",
    "Property tags has invalid value",
    "The request URI contains an invalid name",
    "Caller is not authorized to perform action on resource",
    "does not have certificates import permission on key vault",
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

/// The discretion of one request.
pub struct Discretion<'r> {
    token: &'r str,
    /// The body, where it holds a key or tags.
    private: Option<&'r [u8]>,
}

impl<'r> Discretion<'r> {
    /// That of a request with its token.
    pub fn of(action: &Action, request: &'r Request) -> Self {
        let header = request.header("authorization").unwrap_or_default();
        let carries = matches!(
            action,
            Action::ImportCertificate(_) | Action::CreateVault(_)
        );
        Discretion {
            token: header.strip_prefix("Bearer ").unwrap_or(header),
            private: carries.then_some(request.body.as_slice()),
        }
    }

    /// What may be shown of the words of an error.
    pub fn words(&self, said: &str) -> Option<String> {
        if self.private.is_some() {
            let known = KNOWN.iter().find(|known| said.contains(**known))?;
            return Some((*known).to_owned());
        }
        let shown = excerpt(said, DETAIL);
        let whole = !self.token.is_empty() && said.contains(self.token);
        (!shown.is_empty() && !whole && !repeats(&shown, self.token)).then_some(shown)
    }

    /// A code, an id or a name, if it may be shown.
    pub fn name(&self, name: String) -> Option<String> {
        let is_private = || {
            let body = self
                .private
                .and_then(|body| serde_json::from_slice(body).ok());
            body.is_some_and(|body: Value| is_echo(&name, &body))
        };
        (!repeats(&name, self.token) && !is_private()).then_some(name)
    }
}

/// Whether a text holds a secret, or is long enough to hold a piece of it and does.
fn repeats(text: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    text.contains(secret)
        || text
            .as_bytes()
            .windows(PIECE)
            .any(|piece| std::str::from_utf8(piece).is_ok_and(|piece| secret.contains(piece)))
}

/// Whether a name repeats the key or a tag's value of a body.
fn is_echo(name: &str, body: &Value) -> bool {
    let key = body.get("value").and_then(Value::as_str);
    let tags = body.get("tags").and_then(Value::as_object);
    let tells =
        |value: &str| name == value || value.chars().count() >= TELLING && name.contains(value);
    key.is_some_and(|key| repeats(name, key))
        || tags.is_some_and(|tags| tags.values().filter_map(Value::as_str).any(tells))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;
    use serde_json::json;

    /// As long as a real one's first part.
    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6IjEyMyJ9";
    const KEY: &str = "MIIJqAIBAzCCCV4GCSqGSIb3DQEHAaCCCU8EgglLMIIJRzCC";

    fn request(body: &Value) -> Request {
        let mut request = Request::json(Method::Post, "https://v.example/".into(), body);
        request.set("authorization", format!("Bearer {TOKEN}"));
        request
    }

    fn importing() -> Request {
        let tags = json!({ "a": "planted", "b": "two words", "c": "xy", "d": "x\ny" });
        request(&json!({ "value": KEY, "tags": tags }))
    }

    fn import() -> Action {
        Action::ImportCertificate("web-1".into())
    }

    #[test]
    fn of_a_request_with_a_key_or_tags_only_known_words_are_shown() {
        let request = importing();
        for action in [import(), Action::CreateVault("kv-one".into())] {
            let discretion = Discretion::of(&action, &request);
            for (said, shown) in [
                ("tag planted is odd", None),
                ("xy", None),
                (KEY, None),
                (
                    "Property tags has invalid value: planted",
                    Some("Property tags has invalid value"),
                ),
                (
                    "planted: The specified PKCS#12 X.509 certificate content can not be read. Please",
                    Some("The specified PKCS#12 X.509 certificate content can not be read"),
                ),
            ] {
                assert_eq!(discretion.words(said).as_deref(), shown, "{said}");
            }
        }
    }

    #[test]
    fn the_token_and_its_pieces_are_never_shown() {
        let request = request(&json!({}));
        let discretion = Discretion::of(&Action::ListCertificates, &request);
        let (start, rest) = TOKEN.split_at(20);
        let far = format!("{}{TOKEN}", "x".repeat(295));
        for said in [
            TOKEN,
            &format!("the token {TOKEN} is odd"),
            &format!("the token {start}… is odd"),
            &format!("{start}\n{rest}"),
            &far,
        ] {
            assert_eq!(discretion.words(said), None, "{said}");
        }
        assert_eq!(discretion.name(start.to_owned()), None);
        assert_eq!(
            discretion.words("  Forbidden \n more").as_deref(),
            Some("Forbidden")
        );
        assert_eq!(discretion.words(" \n"), None);
    }

    #[test]
    fn a_name_that_is_a_tags_value_or_a_piece_of_the_key_is_not_shown() {
        let request = importing();
        let discretion = Discretion::of(&import(), &request);
        for (name, shown) in [
            ("planted", false),
            ("is-planted-there", false),
            ("xy", false),
            ("Galaxy", true),
            (&KEY[3..23], false),
            ("BadParameter", true),
            ("ObjectIsDeletedButRecoverable", true),
        ] {
            let got = discretion.name(name.to_owned());
            assert_eq!(got.is_some(), shown, "{name}");
        }
    }
}
