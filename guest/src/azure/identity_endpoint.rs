//! Asking a virtual machine's managed-identity endpoint for a token (Microsoft Learn, "How
//! to use managed identities for Azure resources on an Azure VM to acquire an access
//! token").
//!
//! It must not know other endpoints of that kind, nor look for them: the job says that its
//! identity is the machine's, and a host that grants the request is the machine.

use job_scope::IDENTITY_API_VERSION;

use crate::http::Request;
use crate::text::percent_encoded;

/// The endpoint's address, link-local and without TLS.
pub const ENDPOINT: &str = "169.254.169.254";

/// A managed identity of the machine.
pub struct ManagedIdentity {
    /// The client id of a user-assigned one; `None` is the system-assigned one.
    pub client_id: Option<String>,
}

impl ManagedIdentity {
    /// The request for a token of this resource.
    pub fn token_request(&self, resource: &str) -> Request {
        let mut url = format!(
            "http://{ENDPOINT}/metadata/identity/oauth2/token?api-version={IDENTITY_API_VERSION}\
             &resource={}",
            percent_encoded(resource)
        );
        if let Some(client_id) = &self.client_id {
            url.push_str("&client_id=");
            url.push_str(&percent_encoded(client_id));
        }
        let mut request = Request::get(url);
        request.set("accept", "application/json".to_owned());
        // The endpoint's own guard against forged requests.
        request.set("metadata", "true".to_owned());
        request
    }
}

/// Whether a status of the endpoint passes: it answers 404 and 410 while it is being
/// updated, 410 for up to 70 s (the same page, "Retry guidance").
pub fn is_passing(status: u16) -> bool {
    matches!(status, 404 | 410 | 429 | 500..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_names_the_resource_and_the_client_id_of_a_user_assigned_identity() {
        const URL: &str = "http://169.254.169.254/metadata/identity/oauth2/token\
                           ?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
        for (client_id, wanted) in [
            (None, URL.to_owned()),
            (Some("5555".to_owned()), format!("{URL}&client_id=5555")),
        ] {
            let identity = ManagedIdentity { client_id };
            let request = identity.token_request("https://vault.azure.net");
            assert_eq!(request.url, wanted);
            assert_eq!(request.header("metadata"), Some("true"));
        }
    }

    #[test]
    fn an_endpoint_that_is_being_updated_passes_and_a_wrong_request_does_not() {
        for (status, passing) in [
            (400, false),
            (401, false),
            (403, false),
            (404, true),
            (410, true),
            (429, true),
            (500, true),
            (503, true),
        ] {
            assert_eq!(is_passing(status), passing, "{status}");
        }
    }
}
