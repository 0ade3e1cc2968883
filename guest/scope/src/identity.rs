//! Which identity a job works with.
//!
//! Must not know: secrets. The password is looked at to tell a secret from its absence, and not
//! kept.

use crate::error::FieldError;
use crate::names::ClientId;

/// How a job proves who it is, without the proof.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// An application with a client secret (RFC 6749 section 4.4).
    ClientSecret {
        /// The application.
        client_id: ClientId,
    },
    /// An application with a federated token (RFC 7523), as workload identities have it.
    ClientAssertion {
        /// The application.
        client_id: ClientId,
    },
    /// The managed identity of the machine the job runs on.
    ManagedIdentity {
        /// The user-assigned identity of that client id; `None` is the system-assigned one.
        client_id: Option<ClientId>,
    },
}

impl Identity {
    /// Chooses by the platform's two fields:
    ///
    /// | `ServerPassword` | `ServerUsername` | identity |
    /// |---|---|---|
    /// | blank, absent or `managed` | blank or absent | system-assigned managed identity |
    /// | blank, absent or `managed` | a client id | user-assigned managed identity |
    /// | anything else | a client id | application with a client secret |
    ///
    /// Both are trimmed first and `managed` is read in any case. A federated token is never
    /// chosen here: nothing in the platform's fields stands for it.
    ///
    /// # Errors
    /// A secret without a client id, and a user name that is not one GUID. Neither value is
    /// repeated.
    pub fn choose(user: Option<&str>, password: Option<&str>) -> Result<Identity, FieldError> {
        let user = user.unwrap_or_default().trim();
        let password = password.unwrap_or_default().trim();
        let managed = password.is_empty() || password.eq_ignore_ascii_case("managed");
        if user.is_empty() {
            return if managed {
                Ok(Identity::ManagedIdentity { client_id: None })
            } else {
                Err(FieldError::new(
                    "ServerUsername",
                    "is blank, but ServerPassword holds a secret",
                    "write the application (client) id that the secret belongs to, or leave both \
                     blank for the machine's managed identity",
                ))
            };
        }
        let words = user.split_whitespace().count();
        if words > 1 {
            return Err(FieldError::new(
                "ServerUsername",
                format!(
                    "has {words} parts, as versions before 2.0 wanted it (tenant, application, object id)"
                ),
                "write the application (client) id alone; the tenant belongs into the client \
                 machine, and the object id is not needed any more",
            ));
        }
        let client_id = ClientId::parse(user)?;
        Ok(if managed {
            Identity::ManagedIdentity {
                client_id: Some(client_id),
            }
        } else {
            Identity::ClientSecret { client_id }
        })
    }

    /// The client id, where there is one.
    pub fn client_id(&self) -> Option<&ClientId> {
        match self {
            Identity::ClientSecret { client_id } | Identity::ClientAssertion { client_id } => {
                Some(client_id)
            }
            Identity::ManagedIdentity { client_id } => client_id.as_ref(),
        }
    }

    /// Whether the tenant must be known to get a token. A managed identity has only its own.
    pub fn needs_tenant(&self) -> bool {
        !matches!(self, Identity::ManagedIdentity { .. })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "33333333-3333-4333-8333-333333333333";

    fn id() -> ClientId {
        ClientId::parse(ID).unwrap()
    }

    #[test]
    fn r4_no_credentials_are_the_system_assigned_identity() {
        for (user, password) in [
            (None, None),
            (Some(""), Some("")),
            (Some(" "), None),
            (None, Some(" managed ")),
        ] {
            assert_eq!(
                Identity::choose(user, password),
                Ok(Identity::ManagedIdentity { client_id: None }),
                "{user:?} {password:?}"
            );
        }
    }

    #[test]
    fn r5_a_client_id_without_a_secret_is_the_user_assigned_identity() {
        for password in [
            None,
            Some(""),
            Some("  "),
            Some("managed"),
            Some("MANAGED"),
            Some(" Managed "),
        ] {
            assert_eq!(
                Identity::choose(Some(ID), password),
                Ok(Identity::ManagedIdentity {
                    client_id: Some(id())
                }),
                "{password:?}"
            );
        }
    }

    #[test]
    fn a_client_id_with_a_secret_is_an_application() {
        for password in ["sp-secret~1", "managed-1", "x"] {
            assert_eq!(
                Identity::choose(Some(&format!(" {ID} ")), Some(password)),
                Ok(Identity::ClientSecret { client_id: id() }),
                "{password:?}"
            );
        }
    }

    #[test]
    fn r2_a_three_part_user_name_is_refused_and_the_message_helps() {
        let user = format!("{ID} {ID}  {ID}");
        for password in [None, Some("sp-secret~1")] {
            let error = Identity::choose(Some(&user), password).unwrap_err();
            assert_eq!(error.field(), "ServerUsername");
            assert!(error.problem().contains("3 parts"), "{error}");
            assert!(error.remedy().contains("client) id alone"), "{error}");
        }
    }

    #[test]
    fn a_secret_without_a_client_id_is_refused_and_never_repeated() {
        for user in [None, Some(""), Some("CORP\\svc-user"), Some("sp-secret~1")] {
            let error = Identity::choose(user, Some("sp-secret~1")).unwrap_err();
            assert_eq!(error.field(), "ServerUsername", "{user:?}");
            assert!(!error.to_string().contains("sp-secret~1"), "{error}");
        }
    }

    #[test]
    fn only_a_managed_identity_does_without_a_tenant() {
        assert!(Identity::ClientSecret { client_id: id() }.needs_tenant());
        assert!(Identity::ClientAssertion { client_id: id() }.needs_tenant());
        assert!(!Identity::ManagedIdentity { client_id: None }.needs_tenant());
    }

    proptest! {
        #[test]
        fn no_credentials_make_the_choice_panic(user: Option<String>, password: Option<String>) {
            let _ = Identity::choose(user.as_deref(), password.as_deref());
        }
    }
}
