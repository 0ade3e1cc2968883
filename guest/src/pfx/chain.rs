//! Finds the leaf among certificates, and from it the way up.

use std::cmp::Reverse;

use super::certificate::Certificate;
use super::key::PublicKey;

/// The certificate that belongs to the key. Where several do (a renewal that kept its key), the
/// one that its bag ties to the key's bag comes first, then the one that ends last.
pub(super) fn leaf(
    certificates: &[Certificate],
    key: &PublicKey,
    local_id: Option<&[u8]>,
) -> Option<usize> {
    certificates
        .iter()
        .enumerate()
        .filter(|(_, c)| c.public_key.as_ref().is_some_and(|k| key.is(k)))
        .max_by_key(|(index, certificate)| {
            let tied = local_id.is_some() && certificate.local_id.as_deref() == local_id;
            (tied, &certificate.not_after, Reverse(*index))
        })
        .map(|(index, _)| index)
}

/// The leaf and those above it, as far as they are there; each at most once, so that
/// authorities which certify each other end the chain instead of turning in it.
pub(super) fn upward(certificates: &[Certificate], leaf: usize) -> Vec<&Certificate> {
    let mut left: Vec<Option<&Certificate>> = certificates.iter().map(Some).collect();
    let mut chain = Vec::new();
    let mut next = Some(leaf);
    while let Some(certificate) = next.and_then(|i| left.get_mut(i)).and_then(Option::take) {
        chain.push(certificate);
        next = if certificate.is_self_signed() {
            None
        } else {
            issuer(&left, certificate)
        };
    }
    chain
}

/// The likeliest issuer: by its identifiers, then the one that ends last.
fn issuer(left: &[Option<&Certificate>], of: &Certificate) -> Option<usize> {
    left.iter()
        .enumerate()
        .filter_map(|(index, candidate)| candidate.map(|c| (index, c)))
        .filter(|(_, candidate)| of.may_be_issued_by(candidate))
        .max_by_key(|(index, candidate)| {
            (
                of.points_at(candidate),
                &candidate.not_after,
                Reverse(*index),
            )
        })
        .map(|(index, _)| index)
}
