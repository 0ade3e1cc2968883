//! PKCS#12 files, as platforms send them.

use keyvault_extension::pfx::{self, Time};

/// Passwords that files of the corpus have; the first byte of the input chooses.
const PASSWORDS: &[Option<&str>] = &[
    Some("test"),
    None,
    Some(""),
    Some("contraseña🔑"),
    Some("changeit"),
];

/// A file that is read has a key and its certificate, and what is made of it for a vault is read
/// as the same.
pub(crate) fn holds(data: &[u8]) {
    let Some((first, file)) = data.split_first() else {
        return;
    };
    let choice = usize::from(*first) % PASSWORDS.len();
    let password = PASSWORDS.get(choice).copied().flatten();
    let now = Time::at(1_800_000_000);
    let Ok(bundle) = pfx::read(file, password, now) else {
        return;
    };
    assert!(!bundle.leaf().is_empty());
    assert_eq!(
        bundle.chain().first().map(Vec::as_slice),
        Some(bundle.leaf())
    );
    let written = bundle.to_pkcs12();
    let again = pfx::read(&written, None, now);
    assert!(
        again.is_ok(),
        "what was written is not read: {:?}",
        again.err()
    );
    let Ok(again) = again else { return };
    assert_eq!(again.kind(), bundle.kind());
    assert_eq!(again.chain(), bundle.chain());
    assert_eq!(again.to_pkcs12(), written);
}
