//! The Azure Key Vault job logic.
