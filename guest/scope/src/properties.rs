//! The custom fields of the store type, and what a job says in them.
//!
//! Must not know: what the values mean. Must not keep: anything but the named fields; a platform
//! puts copies of the credentials among them, and they end here.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::error::FieldError;
use crate::spelling::bare;

/// One custom field of the store type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreField {
    /// The name, case-sensitive.
    pub name: &'static str,
    /// What it is for, one sentence for people.
    pub help: &'static str,
    /// The choices that the platform offers; empty where any text may be given.
    pub options: &'static [&'static str],
}

impl StoreField {
    /// Whether a value is this field's whole option list, in any case and spacing. Platforms have
    /// been seen to store it where nobody chose anything, so it means "not set".
    pub fn is_option_list(&self, value: &str) -> bool {
        self.options.len() > 1
            && value.split(',').count() == self.options.len()
            && value
                .split(',')
                .zip(self.options)
                .all(|(piece, option)| piece.trim().eq_ignore_ascii_case(option))
    }
}

pub(crate) const AZURE_CLOUD: StoreField = StoreField {
    name: "AzureCloud",
    help: "The Azure cloud the vault is in; blank is public.",
    options: &["public", "china", "government"],
};

pub(crate) const SKU_TYPE: StoreField = StoreField {
    name: "SkuType",
    help: "The SKU of a vault to be created; blank is standard.",
    options: &["standard", "premium"],
};

pub(crate) const VAULT_REGION: StoreField = StoreField {
    name: "VaultRegion",
    help: "The region of a vault to be created; blank is eastus in the public cloud, elsewhere \
           the region of its resource group.",
    options: &["eastus", "eastus2", "westus2", "westus3", "westus"],
};

/// Every custom field that the store type names, the ones of older store types last. What is not
/// in this table does not exist: it is neither read nor handed on.
pub const STORE_FIELDS: &[StoreField] = &[
    StoreField {
        name: "TenantId",
        help: "The Entra ID tenant, where the client machine does not say it.",
        options: &[],
    },
    SKU_TYPE,
    VAULT_REGION,
    AZURE_CLOUD,
    StoreField {
        name: "PrivateEndpoint",
        help: "How the vault is reached instead of its public name: a DNS suffix, a host name or \
               an https URL.",
        options: &[],
    },
    StoreField {
        name: "VaultName",
        help: "Of older store types: the vault's name. Must agree with the store path.",
        options: &[],
    },
    StoreField {
        name: "ResourceGroupName",
        help: "The resource group, where the store path has only two parts.",
        options: &[],
    },
    StoreField {
        name: "SubscriptionId",
        help: "Of older store types: the subscription. Must agree with the store path.",
        options: &[],
    },
];

/// The custom fields of one store that say something: named by [`STORE_FIELDS`], trimmed, not
/// blank.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties {
    values: BTreeMap<&'static str, String>,
}

const FIELD: &str = "Properties";
const REMEDY: &str =
    "it must be a JSON object of the store type's fields, or a text that holds one";

impl Properties {
    /// Reads the platform's `Properties`: an object, a text that holds a JSON object, or nothing
    /// (`null`, a blank text). A value is a text, a boolean or a number; `null` and blank are "not
    /// set". Names that the store type does not have are ignored, whatever they hold.
    ///
    /// # Errors
    /// A text that is not JSON, something other than an object, and an object or array as the
    /// value of a field of the store type. No value is repeated: they may be credentials.
    pub fn from_json(json: &Value) -> Result<Properties, FieldError> {
        match json {
            Value::String(text) if text.trim().is_empty() => Ok(Properties::default()),
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(Value::String(_)) => Err(not_an_object("a text in a text")),
                Ok(inner) => Properties::from_value(&inner),
                Err(error) => Err(FieldError::new(
                    FIELD,
                    format!(
                        "the text is not JSON (line {}, column {})",
                        error.line(),
                        error.column()
                    ),
                    REMEDY,
                )),
            },
            other => Properties::from_value(other),
        }
    }

    fn from_value(json: &Value) -> Result<Properties, FieldError> {
        let object = match json {
            Value::Null => return Ok(Properties::default()),
            Value::Object(object) => object,
            Value::String(_) => return Err(not_an_object("a text")),
            Value::Array(_) => return Err(not_an_object("an array")),
            Value::Bool(_) => return Err(not_an_object("a boolean")),
            Value::Number(_) => return Err(not_an_object("a number")),
        };
        let mut properties = Properties::default();
        for field in STORE_FIELDS {
            let text = match object.get(field.name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(Value::Bool(value)) => value.to_string(),
                Some(Value::Number(value)) => value.to_string(),
                Some(Value::Array(_) | Value::Object(_)) => {
                    return Err(FieldError::new(
                        field.name,
                        "is an array or object in the store's properties",
                        "it must be a text",
                    ));
                }
            };
            properties.put(field.name, &text);
        }
        Ok(properties)
    }

    /// Takes fields that are already names and texts, as the contract hands them to an extension.
    /// The same names are kept and dropped as in [`Properties::from_json`]; of a name that comes
    /// twice, the last that is not blank stays.
    pub fn from_fields(fields: impl IntoIterator<Item = (String, String)>) -> Properties {
        let mut properties = Properties::default();
        for (name, value) in fields {
            if let Some(field) = STORE_FIELDS.iter().find(|field| field.name == name) {
                properties.put(field.name, &value);
            }
        }
        properties
    }

    fn put(&mut self, name: &'static str, value: &str) {
        let value = bare(value);
        if !value.is_empty() {
            self.values.insert(name, value.to_owned());
        }
    }

    /// The fields that say something, in the order of [`STORE_FIELDS`].
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        STORE_FIELDS
            .iter()
            .filter_map(|field| Some((field.name, self.get(field.name)?)))
    }

    /// The value of a field, trimmed; `None` where it is not set, or not a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}

/// Names only: a value in a log is one too many.
impl fmt::Debug for Properties {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Properties")?;
        out.debug_set().entries(self.values.keys()).finish()
    }
}

fn not_an_object(what: &str) -> FieldError {
    FieldError::new(FIELD, format!("is {what}"), REMEDY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(json: Value) -> Vec<(String, String)> {
        Properties::from_json(&json)
            .map(|properties| {
                properties
                    .fields()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect()
            })
            .unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn properties_are_read_from_a_text_and_from_an_object_alike() {
        let wanted = vec![pair("AzureCloud", "china"), pair("VaultName", "kv-one")];
        assert_eq!(
            read(json!(r#"{"VaultName":"kv-one","AzureCloud":" china "}"#)),
            wanted
        );
        assert_eq!(
            read(json!({"VaultName": "kv-one", "AzureCloud": " china "})),
            wanted
        );
    }

    #[test]
    fn nothing_is_no_properties() {
        for json in [
            json!(null),
            json!(""),
            json!(" \n"),
            json!("null"),
            json!("{}"),
            json!({}),
        ] {
            assert_eq!(read(json), []);
        }
    }

    #[test]
    fn r18_r38_blank_and_null_fields_are_not_set() {
        assert_eq!(
            read(json!({"VaultName": "", "SubscriptionId": "  ", "ResourceGroupName": null})),
            []
        );
    }

    #[test]
    fn booleans_and_numbers_become_texts() {
        assert_eq!(
            read(json!({"TenantId": true, "VaultName": 12})),
            [pair("TenantId", "true"), pair("VaultName", "12")]
        );
    }

    #[test]
    fn what_is_not_an_object_is_refused_naming_properties_and_repeating_nothing() {
        for json in [
            json!("{AzureCloud:"),
            json!("{'AzureCloud':'secret-1'}"),
            json!("secret-1"),
            json!("\"secret-1\""),
            json!("[\"secret-1\"]"),
            json!(["secret-1"]),
            json!(true),
            json!(7),
        ] {
            let error = Properties::from_json(&json).unwrap_err();
            assert_eq!(error.field(), "Properties", "{json}");
            assert!(!error.to_string().contains("secret-1"), "{json}: {error}");
        }
    }

    #[test]
    fn a_nested_value_is_refused_only_in_a_field_of_the_store_type() {
        let error = Properties::from_json(&json!({"AzureCloud": ["public"]})).unwrap_err();
        assert_eq!(error.field(), "AzureCloud");
        assert_eq!(read(json!({"other": {"a": [1]}})), []);
    }

    #[test]
    fn copies_of_credentials_are_dropped_in_any_case() {
        for name in [
            "ServerUsername",
            "ServerPassword",
            "ServerUseSsl",
            "serverpassword",
            "SERVERPASSWORD",
            "StorePassword",
        ] {
            let properties =
                Properties::from_json(&json!({name: "sp-secret~1", "AzureCloud": "public"}))
                    .unwrap();
            assert_eq!(
                properties.fields().collect::<Vec<_>>(),
                [("AzureCloud", "public")],
                "{name}"
            );
            assert_eq!(properties.get(name), None, "{name}");
            let fields = Properties::from_fields([pair(name, "sp-secret~1")]);
            assert_eq!(fields, Properties::default(), "{name}");
        }
    }

    #[test]
    fn names_are_case_sensitive() {
        assert_eq!(read(json!({"azurecloud": "china"})), []);
    }

    #[test]
    fn debug_prints_names_and_no_values() {
        let properties = Properties::from_json(&json!({"VaultName": "kv-one"})).unwrap();
        assert_eq!(format!("{properties:?}"), r#"Properties{"VaultName"}"#);
    }

    #[test]
    fn a_blank_repetition_of_a_field_does_not_erase_it() {
        let properties =
            Properties::from_fields([pair("VaultName", "kv-one"), pair("VaultName", " ")]);
        assert_eq!(properties.get("VaultName"), Some("kv-one"));
    }

    #[test]
    fn the_whole_option_list_is_recognised_in_any_spacing_and_case_and_nothing_less() {
        for text in ["public,china,government", " Public , CHINA,government "] {
            assert!(AZURE_CLOUD.is_option_list(text), "{text:?}");
        }
        for text in [
            "",
            "public",
            "public,china",
            "public,china,government,",
            "public;china;government",
        ] {
            assert!(!AZURE_CLOUD.is_option_list(text), "{text:?}");
        }
        for field in STORE_FIELDS.iter().filter(|field| field.options.is_empty()) {
            assert!(!field.is_option_list(""), "{}", field.name);
        }
    }

    #[test]
    fn every_field_has_its_own_name_and_a_help_text() {
        for (place, field) in STORE_FIELDS.iter().enumerate() {
            assert!(field.help.ends_with('.'), "{}", field.name);
            assert!(
                STORE_FIELDS
                    .iter()
                    .skip(place + 1)
                    .all(|other| other.name != field.name)
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_properties_parser_panic(text: String) {
            let _ = Properties::from_json(&Value::String(text));
        }

        #[test]
        fn properties_survive_the_way_through_the_contract(
            cloud in "[ a-z]{0,8}", vault: String, number: i64
        ) {
            let json = json!({"AzureCloud": cloud, "VaultName": vault, "TenantId": number});
            let properties = Properties::from_json(&json)?;
            let fields: Vec<_> = properties.fields().map(|(name, value)| pair(name, value)).collect();
            prop_assert_eq!(Properties::from_fields(fields), properties);
        }
    }
}
