//! Which certificate belongs to a key, where a file has several for it: a renewal that kept its
//! key, the self-signed certificate that stood in for one until it was issued, the next one.

use super::certificate::Certificate;
use super::chain::Chains;
use super::key::PublicKey;
use super::time::Time;

/// What came of looking for it.
pub(super) enum Leaf {
    /// The key belongs to none.
    None,
    /// This one.
    Found(usize),
    /// One of these, and nothing says which.
    Undecided(Vec<usize>),
}

/// Where all the certificates for a key are.
pub(super) fn candidates(certificates: &[Certificate], key: &PublicKey) -> Vec<usize> {
    let own = |c: &Certificate| c.public_key.as_ref().is_some_and(|k| key.is(k));
    let numbered = certificates.iter().enumerate();
    numbered.filter(|(_, c)| own(c)).map(|(at, _)| at).collect()
}

/// Chooses one of them: what the key's bag is tied to; else what an authority has signed before
/// what is self-signed, what is valid before what is not, then what has become valid last.
///
/// That something ends later says nothing: renewals are for shorter times than what they replace
/// nowadays.
pub(super) fn choose(
    certificates: &[Certificate],
    chains: &mut Chains<'_>,
    candidates: &[usize],
    local_id: Option<&[u8]>,
    now: Time,
) -> Leaf {
    if let [only] = candidates {
        return Leaf::Found(*only);
    }
    let mut ranked: Vec<_> = candidates
        .iter()
        .filter_map(|at| certificates.get(*at).map(|certificate| (*at, certificate)))
        .map(|(at, certificate)| {
            let tied = local_id.is_some() && certificate.local_id.as_deref() == local_id;
            let issued = !chains.is_self_signed(at);
            let valid = certificate.is_valid_at(now);
            ((tied, issued, valid, certificate.not_before), at)
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    let best = ranked.first().map(|(rank, _)| *rank);
    let best: Vec<usize> = ranked
        .iter()
        .take_while(|(rank, _)| Some(*rank) == best)
        .map(|(_, at)| *at)
        .collect();
    match best.as_slice() {
        [] => Leaf::None,
        [only] => Leaf::Found(*only),
        _ => Leaf::Undecided(best),
    }
}
