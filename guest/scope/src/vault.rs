//! What only the creation of a vault needs to know: its SKU and its region. Other jobs must not
//! even look, since platforms leave junk in these fields.
//!
//! Must not know: which SKU or region Azure offers where.

use std::fmt;

use crate::error::{FieldError, shown};
use crate::properties::{SKU_TYPE, VAULT_REGION};

/// The SKU of a vault (Azure REST: Vaults - Create Or Update, `SkuName`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sku {
    /// Keys protected by software.
    #[default]
    Standard,
    /// Keys may be protected by hardware.
    Premium,
}

impl Sku {
    /// Reads the property `SkuType`: trimmed, in any case. Blank and the whole option list are
    /// `None`, "not said".
    ///
    /// # Errors
    /// Any other word.
    pub fn parse(text: &str) -> Result<Option<Sku>, FieldError> {
        let word = text.trim();
        if word.is_empty() || SKU_TYPE.is_option_list(word) {
            return Ok(None);
        }
        [Sku::Standard, Sku::Premium]
            .into_iter()
            .find(|sku| sku.as_str().eq_ignore_ascii_case(word))
            .map(Some)
            .ok_or_else(|| {
                FieldError::new(
                    SKU_TYPE.name,
                    format!("{} is not a SKU", shown(word)),
                    "use standard or premium, or leave it blank for standard",
                )
            })
    }

    /// The word that Azure uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Sku::Standard => "standard",
            Sku::Premium => "premium",
        }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The name of an Azure region, as `eastus`: lower-case ASCII letters and digits. Whether it
/// exists is Azure's to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Reads the property `VaultRegion`; the display form (`East US`) is understood too. Blank and
    /// the whole option list are `None`, "not said".
    ///
    /// # Errors
    /// What cannot be the name of a region.
    pub fn parse(text: &str) -> Result<Option<Region>, FieldError> {
        if text.trim().is_empty() || VAULT_REGION.is_option_list(text) {
            return Ok(None);
        }
        let name = text.replace(' ', "").to_ascii_lowercase();
        if is_region_name(&name) {
            return Ok(Some(Region(name)));
        }
        Err(FieldError::new(
            VAULT_REGION.name,
            format!("{} is not the name of a region", shown(text)),
            "write one region, like eastus, or leave it blank",
        ))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is what [`Region`] holds.
pub(crate) fn is_region_name(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r7_a_sku_is_read_in_any_case_and_blank_is_not_said() {
        for (text, sku) in [
            ("", None),
            (" ", None),
            ("standard,premium", None),
            ("Premium", Some(Sku::Premium)),
            ("STANDARD", Some(Sku::Standard)),
        ] {
            assert_eq!(Sku::parse(text), Ok(sku), "{text:?}");
        }
        let error = Sku::parse("gold").unwrap_err();
        assert_eq!(error.field(), "SkuType");
    }

    #[test]
    fn w02_a_region_is_read_in_its_short_and_its_display_form() {
        for (text, region) in [
            ("", None),
            ("eastus,eastus2,westus2,westus3,westus", None),
            (" EastUS ", Some("eastus")),
            ("East US 2", Some("eastus2")),
        ] {
            let read = Region::parse(text).unwrap();
            assert_eq!(read.as_ref().map(Region::as_str), region, "{text:?}");
        }
        for text in ["eastus,eastus2", "east-us", "östlich", "east\tus"] {
            assert!(Region::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_vault_setting_panic_and_they_print_back(text: String) {
            if let Ok(Some(sku)) = Sku::parse(&text) {
                prop_assert_eq!(Sku::parse(&sku.to_string()), Ok(Some(sku)));
            }
            if let Ok(Some(region)) = Region::parse(&text) {
                prop_assert_eq!(Region::parse(&region.to_string()), Ok(Some(region)));
            }
        }
    }
}
