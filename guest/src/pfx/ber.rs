//! Turns BER into what a reader of definite lengths understands (ITU-T X.690, 8.1.3.6 and
//! 8.7.3): lengths become definite and minimal, octet strings in pieces become one.
//!
//! It must not know what any structure means. Octet strings are never looked into, so a
//! certificate keeps every byte; and a SET whose inside makes no sense stays as it is: what is
//! read here has attributes in its SETs, which are hints.

use super::asn1::{Header, Length, Malformed, Reader, tag};
use super::der;

/// How deep elements may lie in each other. A PKCS#12 has about twelve levels between two octet
/// strings; the limit keeps hostile nesting off the stack.
const DEEPEST: u32 = 32;

/// The first element of `input`, and how many bytes of it were read.
pub(super) fn first(input: &[u8]) -> Result<(Vec<u8>, usize), Malformed> {
    let mut output = Vec::with_capacity(input.len());
    let read = copy(input, DEEPEST, &mut output)?;
    Ok((output, read))
}

/// The one SEQUENCE that `input` is, with nothing after it.
pub(super) fn exactly_one_sequence(input: &[u8]) -> Result<Vec<u8>, Malformed> {
    if input.first() != Some(&tag::SEQUENCE) {
        return Err(Malformed);
    }
    match first(input)? {
        (output, read) if read == input.len() => Ok(output),
        _ => Err(Malformed),
    }
}

/// Appends the first element of `input` to `output` and tells where it ended.
fn copy(input: &[u8], depth: u32, output: &mut Vec<u8>) -> Result<usize, Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let header = Header::read(input)?;
    let body = input.get(header.size..).ok_or(Malformed)?;
    let (content, consumed) = match header.length {
        Length::Definite(length) => {
            let content = body.get(..length).ok_or(Malformed)?;
            if !header.is_constructed() {
                der::append(header.tag, content, output);
                return header.size.checked_add(length).ok_or(Malformed);
            }
            let copied = match copy_all(content, depth) {
                Err(Malformed) if header.tag == tag::SET => content.to_vec(),
                copied => copied?,
            };
            (copied, length)
        }
        Length::Indefinite if header.is_constructed() => {
            let mut copied = Vec::new();
            let mut at = 0_usize;
            loop {
                let rest = body.get(at..).ok_or(Malformed)?;
                if rest.starts_with(&[0, 0]) {
                    break (copied, at.checked_add(2).ok_or(Malformed)?);
                }
                let read = copy(rest, depth, &mut copied)?;
                at = at.checked_add(read).ok_or(Malformed)?;
            }
        }
        Length::Indefinite => return Err(Malformed),
    };
    if header.tag == tag::CONSTRUCTED_OCTET_STRING {
        der::append(tag::OCTET_STRING, &joined(&content)?, output);
    } else {
        der::append(header.tag, &content, output);
    }
    header.size.checked_add(consumed).ok_or(Malformed)
}

/// All elements of `content`, which is as long as they are.
fn copy_all(content: &[u8], depth: u32) -> Result<Vec<u8>, Malformed> {
    let mut copied = Vec::with_capacity(content.len());
    let mut rest = content;
    while !rest.is_empty() {
        let read = copy(rest, depth, &mut copied)?;
        rest = rest.get(read..).ok_or(Malformed)?;
    }
    Ok(copied)
}

/// The octet strings in `pieces` as one, without a head.
pub(super) fn joined(pieces: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(pieces);
    let mut bytes = Vec::with_capacity(pieces.len());
    while !reader.is_empty() {
        bytes.extend_from_slice(reader.octets()?);
    }
    Ok(bytes)
}
