//! Bytes that are DER or a digest, written as base64 where they are kept in a file.
//!
//! Must not know what the bytes mean.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Encoded bytes. Their debug form says how many there are and nothing of them: a key may be among them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Der(Vec<u8>);

impl Der {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Der {
        Der(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Standard base64 with padding.
    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl fmt::Debug for Der {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Der({} bytes)", self.0.len())
    }
}

impl Serialize for Der {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base64())
    }
}

impl<'de> Deserialize<'de> for Der {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Der, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Der).map_err(de::Error::custom)
    }
}
