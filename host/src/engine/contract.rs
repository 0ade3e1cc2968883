//! What a component may import and export. Anything else stops the load.
//!
//! It must not know what the interfaces do, only their names.

use super::LoadError;

/// One interface of the contract, without its version's last number: a later patch
/// of WASI 0.2 is the same interface.
struct Interface {
    name: &'static str,
    version: &'static str,
}

const fn wasi(name: &'static str) -> Interface {
    Interface {
        name,
        version: "0.2",
    }
}

const fn ours(name: &'static str) -> Interface {
    Interface {
        name,
        version: "0.1",
    }
}

/// Everything an extension may import.
const IMPORTS: &[Interface] = &[
    wasi("wasi:io/error"),
    wasi("wasi:io/poll"),
    wasi("wasi:io/streams"),
    wasi("wasi:clocks/monotonic-clock"),
    wasi("wasi:clocks/wall-clock"),
    wasi("wasi:http/types"),
    wasi("wasi:http/outgoing-handler"),
    ours("certstore:extension/host"),
];

/// Everything an extension may export; at least one of these.
const EXPORTS: &[Interface] = &[
    ours("certstore:extension/inventory"),
    ours("certstore:extension/add"),
    ours("certstore:extension/remove"),
    ours("certstore:extension/create-store"),
    ours("certstore:extension/discovery"),
    ours("certstore:extension/check"),
];

impl Interface {
    fn is(&self, full: &str) -> bool {
        let Some((name, version)) = full.split_once('@') else {
            return false;
        };
        name == self.name
            && version
                .strip_prefix(self.version)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// Checks a component's imports and exports, by name.
pub(super) fn check<'a>(
    imports: impl Iterator<Item = &'a str>,
    exports: impl Iterator<Item = &'a str>,
) -> Result<(), LoadError> {
    for import in imports {
        if !IMPORTS.iter().any(|known| known.is(import)) {
            return Err(LoadError::Import(import.to_owned()));
        }
    }
    let mut offers = 0;
    for export in exports {
        if !EXPORTS.iter().any(|known| known.is(export)) {
            return Err(LoadError::Export(export.to_owned()));
        }
        offers += 1;
    }
    if offers == 0 {
        return Err(LoadError::OffersNothing);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(imports: &[&str], exports: &[&str]) -> Result<(), String> {
        check(imports.iter().copied(), exports.iter().copied()).map_err(|e| e.to_string())
    }

    const INVENTORY: &str = "certstore:extension/inventory@0.1.0";

    #[test]
    fn the_contract_loads() {
        let imports = [
            "wasi:http/types@0.2.12",
            "wasi:http/outgoing-handler@0.2.4",
            "certstore:extension/host@0.1.0",
        ];
        assert_eq!(verdict(&imports, &[INVENTORY]), Ok(()));
    }

    #[test]
    fn an_import_outside_the_contract_is_refused_and_named() {
        for import in [
            "wasi:filesystem/types@0.2.12",
            "wasi:cli/environment@0.2.12",
            "wasi:random/random@0.2.12",
            "wasi:sockets/tcp@0.2.12",
            "wasi:http/types@0.3.0",
            "wasi:http/types@0.2.x",
            "wasi:http/types",
            "certstore:extension/host@0.2.0",
            "anything",
        ] {
            let error = verdict(&[import], &[INVENTORY]).expect_err(import);
            assert!(error.contains(import), "{import}: {error}");
        }
    }

    #[test]
    fn an_export_outside_the_contract_is_refused_and_named() {
        let error = verdict(&[], &[INVENTORY, "wasi:http/incoming-handler@0.2.12"]).expect_err("");
        assert!(error.contains("wasi:http/incoming-handler@0.2.12"));
    }

    #[test]
    fn a_component_that_offers_nothing_is_refused() {
        assert!(verdict(&[], &[]).is_err());
    }
}
