//! No bytes make the readers panic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Files whose insides are reached without much work, and their passwords.
const FILES: [(&str, &str); 9] = [
    ("by-PBE-SHA1-3DES.p12", "test"),
    ("no-mac-no-encryption.p12", ""),
    ("two-keys-one-certificate.p12", ""),
    ("chain-rollover.p12", ""),
    ("chain-folded-names.p12", ""),
    ("nested-bags.p12", ""),
    ("ber-inner.p12", "test"),
    ("pbmac1.p12", "test"),
    ("ec-p256.sec1.test-key.pem", ""),
];

/// One change to a file, at a place given as a share of its length.
#[derive(Clone, Debug)]
enum Change {
    Set(u16, u8),
    Remove(u16),
    Insert(u16, u8),
    Cut(u16),
    Repeat(u16, u16),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => any::<u16>().prop_map(Change::Remove),
        2 => (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => any::<u16>().prop_map(Change::Cut),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let place = |share: u16| usize::from(share) * bytes.len() / 65_536;
        match *self {
            Change::Set(at, byte) => {
                let at = place(at);
                bytes[at] = byte;
            }
            Change::Remove(at) => {
                bytes.remove(place(at));
            }
            Change::Insert(at, byte) => bytes.insert(place(at), byte),
            Change::Cut(at) => bytes.truncate(place(at)),
            Change::Repeat(from, to) => {
                let (from, to) = (place(from.min(to)), place(from.max(to)));
                let part = bytes[from..to].to_vec();
                bytes.splice(to..to, part);
            }
        }
    }
}

/// What must hold of everything that opens.
fn check(opened: Result<Bundle, PfxError>) {
    if let Ok(bundle) = opened {
        let again = read(&bundle.to_pkcs12(), None).unwrap();
        assert_eq!(again.chain(), bundle.chain());
        assert_eq!(again.kind(), bundle.kind());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..500)) {
        check(read(&bytes, Some("test")));
        check(read_pem(&bytes, Some("test")));
        check(read(&[b"0\x82\x01\x00\x02\x01\x03", bytes.as_slice()].concat(), None));
    }

    #[test]
    fn no_change_to_a_good_file_makes_it_panic(
        (name, password) in prop::sample::select(&FILES[..]),
        changes in vec(change(), 1..6),
    ) {
        let mut contents = file(name);
        for change in &changes {
            change.apply(&mut contents);
        }
        check(read(&contents, Some(password)));
        check(read_pem(&contents, Some(password)));
    }

    #[test]
    fn no_change_to_a_certificate_or_a_key_makes_it_panic(
        changes in vec(change(), 1..6),
    ) {
        let whole = bundle("chain-folded-names", "");
        let mut certificate = whole.leaf().to_vec();
        let found = archive::open(&whole.to_pkcs12(), &Password::new(None)).unwrap();
        let mut key = found.keys[0].der.to_vec();
        for change in &changes {
            change.apply(&mut certificate);
            change.apply(&mut key);
        }
        let _ = certificate::Certificate::read(&certificate, None);
        for encoding in [key::Encoding::Pkcs8, key::Encoding::Pkcs1, key::Encoding::Sec1] {
            let _ = key::PrivateKey::read(&key, encoding);
        }
    }
}
