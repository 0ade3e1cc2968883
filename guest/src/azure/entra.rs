//! Asking Entra ID for a token: OAuth 2.0 client credentials (RFC 6749 section 4.4)
//! on the v2.0 endpoint (Microsoft identity platform, "OAuth 2.0 client credentials
//! flow").
//!
//! It must not send or keep anything: values to values.

pub mod advice;

use job_scope::CLIENT_ASSERTION_TYPE;

use crate::contract::Secret;
use crate::http::{Method, Request};
use crate::text::percent_encoded;

/// An application and where it is known.
pub struct Application {
    /// Host of the token service, from the cloud's fixed table.
    pub authority: &'static str,
    /// The tenant, valid as a path segment.
    pub tenant: String,
    /// The application (client) id.
    pub client_id: String,
    /// How it proves that it is the one.
    pub proof: Proof,
}

/// How an application proves that it is the one.
#[derive(Clone)]
pub enum Proof {
    /// Its secret.
    Secret(Secret),
    /// A federated token, which the host gives, fresh for each request (RFC 7523 section 2.2).
    Assertion,
}

impl Application {
    /// The request for a token of this scope, with `proof` (the secret, or a fresh
    /// assertion), and with the claims of a challenge if there was one.
    pub fn token_request(&self, scope: &str, claims: Option<&str>, proof: &Secret) -> Request {
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
        ];
        match self.proof {
            Proof::Secret(_) => fields.push(("client_secret", proof.reveal())),
            Proof::Assertion => fields.extend([
                ("client_assertion_type", CLIENT_ASSERTION_TYPE),
                ("client_assertion", proof.reveal()),
            ]),
        }
        fields.push(("scope", scope));
        fields.extend(claims.map(|claims| ("claims", claims)));
        let form: Vec<String> = fields
            .into_iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        let url = format!(
            "https://{}/{}/oauth2/v2.0/token",
            self.authority, self.tenant
        );
        let mut request = Request::new(Method::Post, url);
        request.set("accept", "application/json".to_owned());
        request.set(
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        );
        request.body = form.join("&").into_bytes();
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(proof: Proof) -> Application {
        Application {
            authority: "login.microsoftonline.com",
            tenant: "contoso.example".into(),
            client_id: "3333".into(),
            proof,
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn form(request: Request) -> String {
        String::from_utf8(request.body).unwrap()
    }

    #[test]
    fn the_request_is_a_form_with_every_value_encoded() {
        let proof = secret("p~1+/=& ä");
        let application = application(Proof::Secret(proof.clone()));
        let request = application.token_request("https://vault.azure.net/.default", None, &proof);
        assert_eq!(
            request.url,
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
        );
        assert_eq!(
            form(request),
            "grant_type=client_credentials&client_id=3333\
             &client_secret=p~1%2B%2F%3D%26%20%C3%A4\
             &scope=https%3A%2F%2Fvault.azure.net%2F.default"
        );
        let form = form(application.token_request("s", Some(r#"{"a":1}"#), &proof));
        assert!(
            form.ends_with("&scope=s&claims=%7B%22a%22%3A1%7D"),
            "{form}"
        );
    }

    #[test]
    fn a_federated_token_is_sent_with_its_type() {
        let application = application(Proof::Assertion);
        assert_eq!(
            form(application.token_request("s", None, &secret("eyJ.a.b"))),
            "grant_type=client_credentials&client_id=3333\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion=eyJ.a.b&scope=s"
        );
    }
}
