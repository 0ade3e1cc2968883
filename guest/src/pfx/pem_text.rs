//! Writes PEM (RFC 7468): blocks of base64 in lines of 64 characters.
//!
//! It must not know what stands in a block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Characters of a line (RFC 7468 section 2).
const LINE: usize = 64;

/// The blocks, each a label with its DER, in a buffer that is wiped.
pub(super) fn of(blocks: &[(&str, &[u8])]) -> Zeroizing<Vec<u8>> {
    // Large enough at once: a buffer that grows leaves copies behind.
    let size = blocks.iter().fold(0_usize, |size, (label, der)| {
        let base64 = der.len().div_ceil(3).saturating_mul(4);
        let lines = base64.div_ceil(LINE);
        size.saturating_add(base64)
            .saturating_add(lines)
            .saturating_add(label.len().saturating_mul(2))
            .saturating_add("-----BEGIN -----\n-----END -----\n".len())
    });
    let mut text = Zeroizing::new(Vec::with_capacity(size));
    for (label, der) in blocks {
        let base64 = Zeroizing::new(STANDARD.encode(der));
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| text.extend_from_slice(part));
        put(&[b"-----BEGIN ", label.as_bytes(), b"-----\n"]);
        for line in base64.as_bytes().chunks(LINE) {
            put(&[line, b"\n"]);
        }
        put(&[b"-----END ", label.as_bytes(), b"-----\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_64_characters_and_the_buffer_never_grows() {
        for size in [0, 1, 47, 48, 49, 500] {
            let text = of(&[("A", &vec![7; size]), ("LONGER LABEL", &[1])]);
            assert_eq!(text.len(), text.capacity(), "{size}");
            let text = std::str::from_utf8(&text).unwrap();
            assert!(text.lines().all(|line| line.len() <= 64), "{text}");
        }
        assert_eq!(
            &*of(&[("A", &[1, 2, 3])]),
            b"-----BEGIN A-----\nAQID\n-----END A-----\n"
        );
    }
}
