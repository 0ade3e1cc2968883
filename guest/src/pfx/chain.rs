//! Finds the way up from a leaf: which certificates lead on, and in which order.
//!
//! The issuer is the one whose key has made the signature. Names and key identifiers only say
//! which certificates to try, and in which order (RFC 4158 section 3.5): authorities get new
//! keys under their old name, and identifiers are computed by more than one method.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::certificate::Certificate;
use super::signature::Verdict;

/// The most signatures that are verified for one file. The component takes 1 to 5 ms for one
/// (RSA with 2,048 bits, P-521), and 15 for one of the largest RSA key that is worked with, so
/// that a hostile file costs 3 s. A file that is meant needs one for each certificate on the way
/// up, and one for each authority of a name that is tried besides.
pub(super) const MOST_VERIFICATIONS: u32 = 200;

/// The certificates of a file, and what is known about their signatures.
pub(super) struct Chains<'c> {
    certificates: &'c [Certificate],
    /// For each certificate the first one that has the same key.
    keys: Vec<usize>,
    /// By certificate and by key.
    known: BTreeMap<(usize, usize), Verdict>,
    left: u32,
    doubts: Doubts,
}

/// Why names and identifiers had to decide instead of signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Doubts {
    /// The signatures are of a kind that is not verified.
    pub(super) kind: bool,
    /// There were too many to be verified.
    pub(super) number: bool,
}

impl<'c> Chains<'c> {
    pub(super) fn new(certificates: &'c [Certificate]) -> Self {
        let same = |of: &Certificate| certificates.iter().position(|c| c.has_key_of(of));
        let numbered = certificates.iter().enumerate();
        Chains {
            certificates,
            keys: numbered.map(|(at, c)| same(c).unwrap_or(at)).collect(),
            known: BTreeMap::new(),
            left: MOST_VERIFICATIONS,
            doubts: Doubts::default(),
        }
    }

    /// What was decided without signatures so far.
    pub(super) fn doubts(&self) -> Doubts {
        self.doubts
    }

    /// Whether a certificate is signed with its own key. That it names itself as its issuer is
    /// not enough: leaves bear the name of their authority now and then.
    pub(super) fn is_self_signed(&mut self, at: usize) -> bool {
        let Some(certificate) = self.certificates.get(at) else {
            return false;
        };
        match self.verdict(at, at) {
            Verdict::Signed => true,
            Verdict::NotSigned => false,
            Verdict::Unknown => {
                certificate.names_as_issuer(certificate) && certificate.ids_agree(certificate)
            }
        }
    }

    /// The leaf, and every certificate on a way up from it: first the likeliest way to its end,
    /// then what only the others have. Each stands there once, so that authorities which certify
    /// each other end a way instead of turning in it.
    pub(super) fn upward(&mut self, leaf: usize) -> Vec<usize> {
        let mut order = Vec::new();
        let mut ahead = vec![leaf];
        while let Some(next) = ahead.pop() {
            if order.contains(&next) {
                continue;
            }
            order.push(next);
            ahead.extend(self.issuers(next).into_iter().rev());
        }
        order
    }

    /// Those that have issued a certificate, the likeliest first; none above a self-signed one.
    fn issuers(&mut self, of: usize) -> Vec<usize> {
        let all = self.certificates;
        let Some(certificate) = all.get(of) else {
            return Vec::new();
        };
        let mut candidates: Vec<(usize, &Certificate)> = all
            .iter()
            .enumerate()
            .filter(|(at, issuer)| *at != of && certificate.names_as_issuer(issuer))
            .collect();
        let names_itself = certificate.names_as_issuer(certificate);
        if candidates.is_empty() || names_itself && self.is_self_signed(of) {
            return Vec::new();
        }
        candidates.sort_by_key(|(at, issuer)| {
            let points_at = certificate.points_at(issuer);
            Reverse((points_at, issuer.not_after, Reverse(*at)))
        });
        let mut signed = Vec::new();
        let mut unknown = Vec::new();
        for (at, issuer) in candidates {
            match self.verdict(of, at) {
                Verdict::Signed => signed.push(at),
                Verdict::Unknown if certificate.ids_agree(issuer) => unknown.push(at),
                Verdict::Unknown | Verdict::NotSigned => {}
            }
        }
        if signed.is_empty() {
            signed = self.by_name(certificate, &unknown);
        }
        // The way over a root that another root has certified reaches further than that root
        // alone, and leads past it to those who know only the other.
        if signed.len() > 1 {
            signed.sort_by_cached_key(|at| {
                let names_itself = all.get(*at).is_some_and(|c| c.names_as_issuer(c));
                names_itself && self.is_self_signed(*at)
            });
        }
        signed
    }

    /// Of those that no signature tells apart, the likeliest, whatever has the same key, and
    /// whatever its identifiers mean as surely.
    fn by_name(&mut self, of: &Certificate, candidates: &[usize]) -> Vec<usize> {
        let all = self.certificates;
        let Some(likeliest) = candidates.first().and_then(|at| all.get(*at)) else {
            return Vec::new();
        };
        self.doubts.kind |= !self.doubts.number;
        let surely = of.points_at(likeliest);
        let may_be_it = |c: &Certificate| c.has_key_of(likeliest) || of.points_at(c) == surely;
        let may_be_it = |at: &usize| all.get(*at).is_some_and(may_be_it);
        candidates.iter().copied().filter(may_be_it).collect()
    }

    /// Whether the key of `issuer` has signed `of`; each key is tried once.
    fn verdict(&mut self, of: usize, issuer: usize) -> Verdict {
        let all = self.certificates;
        let (Some(certificate), Some(by)) = (all.get(of), all.get(issuer)) else {
            return Verdict::NotSigned;
        };
        let key = self.keys.get(issuer).copied().unwrap_or(issuer);
        if let Some(known) = self.known.get(&(of, key)) {
            return *known;
        }
        let Some(left) = self.left.checked_sub(1) else {
            self.doubts.number = true;
            return Verdict::Unknown;
        };
        self.left = left;
        let verdict = certificate.signed_by(by);
        self.known.insert((of, key), verdict);
        verdict
    }
}
