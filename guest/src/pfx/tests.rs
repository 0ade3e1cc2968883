//! Reads files of every origin. Tests that carry a number are about a unit test (H), a release
//! (R) or a weakness (W) of the original extension.

mod bounds;
mod chains;
mod field;
mod hostile;
mod keys;
mod leaves;
mod origins;
mod pem;
mod refusals;
mod signatures;
mod written;

use super::*;

/// 2026-12-01.
const NOW: u64 = 1_796_083_200;

fn now() -> Time {
    Time::at(NOW)
}

fn read(contents: &[u8], password: Option<&str>) -> Result<Bundle, PfxError> {
    super::read(contents, password, now())
}

fn read_pem(contents: &[u8], password: Option<&str>) -> Result<Bundle, PfxError> {
    super::pem::read(contents, password, now())
}

fn found_in_pem(contents: &[u8]) -> found::Found {
    super::pem::open(contents, &Password::new(None)).unwrap()
}

/// How many certificates were not taken.
fn left_out(bundle: &Bundle) -> usize {
    let count = |remark: &Remark| match remark {
        Remark::LeftOut(certificates) => certificates.len(),
        Remark::OthersForTheKey { others, .. } => others.len(),
        Remark::UnknownSignatures | Remark::TooManySignatures => 0,
    };
    bundle.remarks().iter().map(count).sum()
}

/// A file of `testdata`.
fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pfx/testdata");
    std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Reads a PKCS#12 of `testdata`.
fn open(name: &str, password: &str) -> Result<Bundle, PfxError> {
    read(&file(&format!("{name}.p12")), Some(password))
}

/// Reads a PKCS#12 of `testdata` that must open.
fn bundle(name: &str, password: &str) -> Bundle {
    open(name, password).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Why a PKCS#12 of `testdata` is refused.
fn refusal(name: &str, password: &str) -> PfxError {
    open(name, password).expect_err(name)
}

/// The common names of a chain, by the last string in each subject.
fn names(bundle: &Bundle) -> Vec<String> {
    bundle.chain().iter().map(|c| common_name(c)).collect()
}

fn common_name(der: &[u8]) -> String {
    let mut tbs = asn1::Reader::new(der)
        .sequence()
        .unwrap()
        .sequence()
        .unwrap();
    // Version, serial number, algorithm, issuer, validity.
    for _ in 0..5 {
        tbs.element().unwrap();
    }
    let subject = tbs.element().unwrap().content;
    let mut parts = asn1::Reader::new(subject);
    let mut name = String::new();
    while !parts.is_empty() {
        let mut attribute = parts.inside(asn1::tag::SET).unwrap().sequence().unwrap();
        attribute.element().unwrap();
        name = String::from_utf8(attribute.element().unwrap().content.to_vec()).unwrap();
    }
    name
}
