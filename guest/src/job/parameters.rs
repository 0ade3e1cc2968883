//! The entry parameters of an Add: all optional, each read by one rule.
//!
//! It must not know a vault. Missing and blank are the same, "not set"; a value that is
//! neither that nor readable is an error, never a default: a security flag must not be
//! lost to a spelling.

use job_scope::{FieldError, bare, parameter};

use crate::tags::Tags;

/// What becomes of the tags that a replaced certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldTags {
    /// Those whose names the job does not give stay.
    Stay,
    /// They go.
    Go,
}

/// The parameters, read.
#[derive(Clone)]
pub struct Parameters {
    /// The tags that it gets.
    pub tags: Tags,
    /// What becomes of the others.
    pub old_tags: OldTags,
    /// Whether the private key may leave the vault, where the job says so.
    pub exportable: Option<bool>,
}

impl Parameters {
    /// Reads names and texts as they cross the contract. Other names are for other
    /// extensions; of one that comes twice the last that is set stays.
    ///
    /// # Errors
    /// The first parameter whose value cannot be read. The value is not repeated.
    pub fn read(fields: &[(String, String)]) -> Result<Parameters, FieldError> {
        let get = |wanted: &str| {
            let is = |(name, _): &&(String, String)| name == wanted;
            let mut values = fields.iter().filter(is).map(|(_, value)| bare(value));
            values.rfind(|value| !value.is_empty())
        };
        let flag = |name| get(name).map(|value| flag(name, value)).transpose();
        Ok(Parameters {
            tags: get(parameter::TAGS)
                .map(tags)
                .transpose()?
                .unwrap_or_default(),
            // Nobody loses tags over a parameter that a store type does not have.
            old_tags: match flag(parameter::PRESERVE)? {
                None | Some(true) => OldTags::Stay,
                Some(false) => OldTags::Go,
            },
            exportable: flag(parameter::NON_EXPORTABLE)?.map(|non_exportable| !non_exportable),
        })
    }
}

fn tags(text: &str) -> Result<Tags, FieldError> {
    Tags::parse(text).map_err(|error| {
        FieldError::new(
            parameter::TAGS,
            error.to_string(),
            "write a JSON object of texts, like {\"name\": \"value\"}",
        )
    })
}

fn flag(name: &'static str, value: &str) -> Result<bool, FieldError> {
    if value.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    if value.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    Err(FieldError::new(
        name,
        "is neither true nor false",
        "write true or false, or leave it out",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<Parameters, FieldError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Parameters::read(&fields.iter().map(owned).collect::<Vec<_>>())
    }

    fn taken(fields: &[(&str, &str)]) -> Parameters {
        read(fields).unwrap_or_else(|error| panic!("{fields:?}: {error}"))
    }

    #[test]
    fn w01_r24_r25_r26_r27_a_parameter_that_is_missing_or_blank_is_not_set() {
        for fields in [
            &[][..],
            &[("CertificateTags", ""), ("PreserveExistingTags", " ")],
            &[("NonExportable", "\t"), ("RenewalThumbprint", "32A5")],
            &[("nonexportable", "true")],
        ] {
            let parameters = taken(fields);
            assert_eq!(parameters.tags.count(), 0, "{fields:?}");
            assert_eq!(parameters.old_tags, OldTags::Stay, "{fields:?}");
            assert_eq!(parameters.exportable, None, "{fields:?}");
        }
    }

    #[test]
    fn w07_r29_r33_flags_are_texts_of_any_case() {
        for (text, flag) in [
            ("true", true),
            ("True", true),
            (" TRUE ", true),
            ("\u{200e}true\u{a0}", true),
            ("false", false),
            ("False", false),
        ] {
            let parameters = taken(&[("PreserveExistingTags", text), ("NonExportable", text)]);
            assert_eq!(parameters.exportable, Some(!flag), "{text}");
            let wanted = if flag { OldTags::Stay } else { OldTags::Go };
            assert_eq!(parameters.old_tags, wanted, "{text}");
        }
    }

    #[test]
    fn w07_any_other_value_of_a_flag_is_an_error_and_not_its_default() {
        for name in [parameter::PRESERVE, parameter::NON_EXPORTABLE] {
            for text in ["perhaps", "1", "yes", "true false", "t\u{200e}rue"] {
                let error = read(&[(name, text)]).err().unwrap();
                assert_eq!(error.field(), name);
                assert!(!error.to_string().contains("perhaps"), "{error}");
            }
        }
    }

    #[test]
    fn the_last_value_that_is_set_stays() {
        let fields = [
            ("NonExportable", "false"),
            ("NonExportable", "true"),
            ("NonExportable", ""),
        ];
        assert_eq!(taken(&fields).exportable, Some(false));
    }

    #[test]
    fn w20_w30_wrong_tags_are_an_error_that_repeats_no_value() {
        for text in ["env=planted", r#"{"a":"planted"#, r#"{"a":["planted"]}"#] {
            let error = read(&[("CertificateTags", text)]).err().unwrap();
            assert_eq!(error.field(), parameter::TAGS);
            assert!(!error.to_string().contains("planted"), "{error}");
        }
    }
}
