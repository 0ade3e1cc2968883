//! Kinds of keys as a policy names them (Azure REST, "JsonWebKeyType"): the family, and whether a
//! hardware security module keeps the key.
//!
//! It must not know which of them a job asks for.

use std::fmt;

use crate::pfx::KeyKind;

/// What the name of a kind ends with whose keys are in an HSM.
const HSM: &str = "-HSM";

/// Where a vault keeps a private key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// It is encrypted by software.
    #[default]
    Software,
    /// It is in a hardware security module, which it never leaves.
    Hsm,
}

impl Protection {
    /// By the kind that a policy says, in any case.
    pub(in crate::azure) fn of_kty(kty: &str) -> Protection {
        match kty.trim().to_ascii_uppercase().ends_with(HSM) {
            true => Protection::Hsm,
            false => Protection::Software,
        }
    }

    /// The kind of this key with this protection: `RSA`, `EC-HSM`.
    pub fn kty(self, kind: KeyKind) -> impl fmt::Display {
        let end = match self {
            Protection::Software => "",
            Protection::Hsm => HSM,
        };
        format!("{}{end}", kind.kty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pfx::Curve;

    #[test]
    fn a_kind_is_a_family_and_a_place() {
        for (kty, protection, kind) in [
            ("RSA", Protection::Software, KeyKind::Rsa(2048)),
            ("RSA-HSM", Protection::Hsm, KeyKind::Rsa(2048)),
            ("EC", Protection::Software, KeyKind::Ec(Curve::P256)),
            ("EC-HSM", Protection::Hsm, KeyKind::Ec(Curve::P256)),
        ] {
            assert_eq!(Protection::of_kty(kty), protection);
            assert_eq!(protection.kty(kind).to_string(), kty);
        }
        for (kty, protection) in [
            (" rsa-hsm", Protection::Hsm),
            ("oct-HSM", Protection::Hsm),
            ("", Protection::Software),
            ("HSM", Protection::Software),
        ] {
            assert_eq!(Protection::of_kty(kty), protection, "{kty}");
        }
    }
}
