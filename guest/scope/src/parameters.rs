//! The entry parameters of the store type: what a platform asks for each certificate that is
//! added, and gets back with an inventory. Named, documented and read by these names alone.
//!
//! Must not know: what a job makes of the values, nor the values: tags may be confidential.

/// The names of the entry parameters.
pub mod parameter {
    /// A text: the tags as a JSON object.
    pub const TAGS: &str = "CertificateTags";
    /// A flag: whether the tags of a replaced certificate stay.
    pub const PRESERVE: &str = "PreserveExistingTags";
    /// A flag: whether the key may never leave the store.
    pub const NON_EXPORTABLE: &str = "NonExportable";
}

/// One entry parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryParameter {
    /// The name, case-sensitive.
    pub name: &'static str,
    /// Its type in the platform's form.
    pub kind: &'static str,
    /// What the store type's form should begin with; blank is nothing. The platform sends it
    /// with every Add of a form that was left alone, so it has to mean what an absent value
    /// means: whoever says nothing must not lose tags, nor the lock of a key.
    pub default: &'static str,
    /// What it does, one sentence for people.
    pub help: &'static str,
}

/// Every entry parameter. None is required on any operation, and only an Add reads them.
pub const ENTRY_PARAMETERS: &[EntryParameter] = &[
    EntryParameter {
        name: parameter::TAGS,
        kind: "String",
        default: "",
        help: "The certificate's tags as a JSON object of texts, at most 15; single quotes are \
               understood too.",
    },
    EntryParameter {
        name: parameter::PRESERVE,
        kind: "Bool",
        default: "True",
        help: "Whether the tags of a replaced certificate stay where the new ones do not name \
               them.",
    },
    EntryParameter {
        name: parameter::NON_EXPORTABLE,
        kind: "Bool",
        default: "",
        help: "Whether the key may never leave the vault. Blank means that a replaced one stays \
               as it was, and a new one may; False lets out a key that was kept in, with a \
               warning.",
    },
];
