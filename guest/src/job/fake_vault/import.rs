//! An import, as the vault works on it.
//!
//! It must not know what a job should send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{HsmSupport, Life, Refused, State};
use crate::pfx;

impl State {
    pub(super) fn import(&mut self, body: &str) -> Result<Value, Refused> {
        if let Some(refused) = self.in_the_way() {
            self.pass();
            return Err(refused);
        }
        let mut body: Value = serde_json::from_str(body).unwrap();
        let value = body["value"].as_str().unwrap().to_owned();
        let content_type = &body["policy"]["secret_props"]["contentType"];
        let now = pfx::Time::at(0);
        let bundle = match content_type.as_str().unwrap() {
            "application/x-pem-file" => pfx::pem::read(value.as_bytes(), None, now),
            "application/x-pkcs12" => pfx::read(&STANDARD.decode(&value).unwrap(), None, now),
            other => panic!("{other}"),
        };
        let bundle = bundle.unwrap();
        let key = &mut body["policy"]["key_props"];
        let kty = key["kty"].as_str().unwrap().to_owned();
        match kty.strip_suffix("-HSM") {
            None => assert_eq!(kty, bundle.kind().kty()),
            Some(family) => {
                assert_eq!(family, bundle.kind().kty());
                assert_eq!(key["exportable"], false);
                match self.hsm {
                    HsmSupport::Kept => {}
                    HsmSupport::Refused(status, code) => return Err((status, code, None)),
                    HsmSupport::Ignored => key["kty"] = json!(family),
                }
            }
        }
        let before = std::mem::replace(&mut self.policy, body["policy"].clone());
        if self.stubborn {
            for part in ["issuer", "lifetime_actions"] {
                self.policy[part] = before[part].clone();
            }
        }
        let parts = self.policy.as_object_mut().unwrap();
        parts
            .entry("issuer")
            .or_insert_with(|| json!({ "name": "Unknown" }));
        let tags = body.get("tags").cloned().unwrap_or_else(|| json!({}));
        self.put(bundle.leaf(), tags);
        self.versions.last_mut().unwrap().value = Some(value);
        self.life = Life::Live;
        self.imports.push(body);
        Ok(self.bundle())
    }
}
