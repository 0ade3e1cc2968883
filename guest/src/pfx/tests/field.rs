//! Files of the kinds that people reported in public, as `tests/fixtures/field` has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn met(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/field");
    std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Opens one of them.
fn opened(name: &str, password: &str) -> Bundle {
    let contents = met(name);
    let bundle = match name.ends_with(".pem") {
        true => read_pem(&contents, Some(password)),
        false => read(&contents, Some(password)),
    };
    bundle.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn refused(name: &str, password: &str) -> String {
    let contents = met(name);
    let bundle = match name.ends_with(".pem") {
        true => read_pem(&contents, Some(password)),
        false => read(&contents, Some(password)),
    };
    bundle.expect_err(name).to_string()
}

fn told(bundle: &Bundle) -> String {
    let remarks = bundle.remarks().iter().map(Remark::to_string);
    remarks.collect::<Vec<_>>().join("; ")
}

#[test]
fn of_an_authority_with_two_keys_the_one_that_signed_stays() {
    for name in ["rekeyed-authority.pfx", "rekeyed-authority.pem"] {
        let bundle = opened(name, "secret");
        let wanted = ["web.example.test", "Example Internal CA"];
        assert_eq!(names(&bundle), wanted);
        let told = told(&bundle);
        let other = "1 certificate of the file was left out, because nothing shows that the \
                     imported one leads to it: Example Internal CA (2026-01-01 to 2040-01-01)";
        assert!(told.contains(other), "{told}");
    }
}

#[test]
fn both_ways_to_a_root_stay_and_the_cross_sign_comes_first() {
    let bundle = opened("cross-signed-both-paths.pem", "");
    let wanted = [
        "cross.example.test",
        "Issuing E7",
        "New Root X2",
        "Old Root X1",
        "New Root X2",
    ];
    assert_eq!(names(&bundle), wanted);
    assert_eq!(bundle.remarks(), []);
}

#[test]
fn an_intermediate_with_an_odd_identifier_stays() {
    let bundle = opened("intermediate-with-bare-ski.pem", "");
    let wanted = ["odd.example.test", "Odd Issuing", "Odd Root"];
    assert_eq!(names(&bundle), wanted);
}

#[test]
fn a_certificate_that_cannot_be_read_is_refused_by_its_number() {
    let text = refused("intermediate-cut-off.pem", "");
    assert!(text.contains("certificate 2 of 3"), "{text}");
}

#[test]
fn a_certificate_of_another_family_than_its_key_is_read() {
    let bundle = opened("rsa-key-signed-by-ec.pfx", "secret");
    assert_eq!(bundle.kind(), KeyKind::Rsa(2048));
    assert_eq!(bundle.remarks(), []);
}

#[test]
fn of_two_certificates_for_one_key_the_renewed_one_is_the_leaf() {
    let bundle = opened("same-key-new-ends-sooner.pem", "");
    let told = told(&bundle);
    for dates in ["2026-11-20 to 2027-02-20", "2026-02-01 to 2027-03-05"] {
        assert!(told.contains(dates), "{told}");
    }
    let leaf = certificate::Certificate::read(bundle.leaf(), None).unwrap();
    assert_eq!(leaf.not_before.unwrap().to_string(), "2026-11-20");
    assert_eq!(bundle.chain().len(), 2);
}

#[test]
fn curves_that_are_spelled_out_are_sent_as_named() {
    for (name, curve) in [
        ("key-vault-export-p256k.pfx", Curve::P256K),
        ("explicit-p256k-no-password.pfx", Curve::P256K),
        ("explicit-p256.pem", Curve::P256),
    ] {
        let bundle = opened(name, "");
        assert_eq!(bundle.kind(), KeyKind::Ec(curve), "{name}");
        named_in(&bundle, curve);
    }
}

/// Whether the key that is written names its curve.
fn named_in(bundle: &Bundle, curve: Curve) {
    let written = archive::open(&bundle.to_pkcs12(), &Password::new(None)).unwrap();
    let mut key = asn1::Reader::new(&written.keys[0].der).sequence().unwrap();
    key.count().unwrap();
    let mut algorithm = key.sequence().unwrap();
    assert_eq!(algorithm.oid(), Ok(Some(key::EC)));
    assert_eq!(algorithm.oid(), Ok(Some(curve.oid())));
}

#[test]
fn every_curve_is_recognised_spelled_out_in_every_form() {
    for (name, curve) in [
        ("p256", Curve::P256),
        ("p384", Curve::P384),
        ("p521", Curve::P521),
        ("p256k", Curve::P256K),
        ("compressed", Curve::P384),
        ("hybrid", Curve::P384),
    ] {
        for form in ["sec1", "pkcs8"] {
            if form == "pkcs8" && !name.starts_with('p') {
                continue;
            }
            let key = file(&format!("chains/explicit-{name}.{form}.test-key.pem"));
            let contents = [key, file(&format!("chains/explicit-{name}.crt"))].concat();
            let bundle = read_pem(&contents, None).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(bundle.kind(), KeyKind::Ec(curve), "{name}");
            named_in(&bundle, curve);
        }
    }
}

#[test]
fn another_curve_that_is_spelled_out_is_refused_as_one() {
    let contents = [
        file("chains/explicit-brainpool.sec1.test-key.pem"),
        file("chains/explicit-brainpool.crt"),
    ];
    let refusal = read_pem(&contents.concat(), None).unwrap_err();
    assert!(matches!(refusal, PfxError::UnsupportedKey(_)), "{refusal}");
    assert!(refusal.to_string().contains("spelled out"), "{refusal}");
}

#[test]
fn a_password_in_latin_1_opens_and_one_in_utf_8_still_does() {
    opened("latin1-password-aes.pfx", "1234é567");
    let refused = refused("latin1-password-aes.pfx", "1234è567");
    assert!(refused.contains("does not open"), "{refused}");
    let locked = [
        file("chains/latin1.locked.test-key.pem"),
        file("chains/which-only-future.crt"),
    ];
    assert!(read_pem(&locked.concat(), Some("péss")).is_ok());
}

#[test]
fn a_pfx_as_base64_text_is_read_in_every_shape() {
    let text = STANDARD.encode(met("rekeyed-authority.pfx"));
    let whole = read(text.as_bytes(), Some("secret")).unwrap().to_pkcs12();
    let lines: Vec<String> = text
        .trim()
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    for shaped in [
        lines.join("\n"),
        lines.join("\r\n"),
        lines.join(" "),
        lines.join("\\n"),
        format!("\u{feff}{text}"),
        format!("\"{}\"\n", text.trim()),
    ] {
        let utf16 = format!("\u{feff}{shaped}");
        let utf16: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for contents in [shaped.into_bytes(), utf16] {
            let opened = read(&contents, Some("secret")).unwrap();
            assert_eq!(opened.to_pkcs12(), whole);
        }
    }
    // A wrong password is one, and the base64 is said.
    for contents in [text.into_bytes(), met("base64-of-a-pfx.pfx")] {
        let refusal = read(&contents, Some("another")).unwrap_err().to_string();
        assert!(refusal.contains("does not open the PFX"), "{refusal}");
        assert!(refusal.contains("base64"), "{refusal}");
    }
    // BER begins otherwise.
    let ber = STANDARD.encode(file("ber-outer.p12"));
    assert!(ber.starts_with("MIA"), "{}", &ber[..8]);
    assert!(read(ber.as_bytes(), Some("test")).is_ok());
}

#[test]
fn base64_twice_and_base64_of_something_else_are_named() {
    let twice = STANDARD.encode(STANDARD.encode(file("ec-p256.p12")));
    let mut damaged = STANDARD.encode(file("ec-p256.p12"));
    damaged.insert(100, '*');
    let certificate = file("job-add-certificate-without-password.crt.der");
    for (contents, words) in [
        (twice, "base64 once more"),
        (damaged, "base64 text that is damaged"),
        (STANDARD.encode(certificate), "a certificate without"),
    ] {
        let refusal = read(contents.as_bytes(), Some("test")).unwrap_err();
        let refusal = refusal.to_string();
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[test]
fn hints_that_cannot_be_read_refuse_nothing() {
    let bundle = opened("empty-local-key-id.pfx", "secret");
    assert!(!bundle.leaf().is_empty());
    let oid = der::oid(archive::LOCAL_KEY_ID);
    let set = |content: &[u8]| der::element(asn1::tag::SET, content);
    let attribute = |value: &[u8]| set(&der::sequence(&[&oid, value]));
    for attributes in [
        set(&[]),
        set(&[0xff; 5]),
        set(&[0x30, 0x7f]),
        attribute(&[]),
        attribute(&set(&[])),
        attribute(&set(&der::unsigned(&[5]))),
        attribute(&set(&[0x04, 0x50, 1])),
        attribute(&der::octets(b"not in a set")),
        set(&[der::octets(b"no attribute"), der::sequence(&[])].concat()),
        der::octets(b"no attributes at all"),
    ] {
        let contents = with_attributes(&attributes);
        let opened = read(&contents, None).unwrap_or_else(|e| panic!("{attributes:02x?}: {e}"));
        assert_eq!(opened.chain().len(), 1, "{attributes:02x?}");
    }
}

#[test]
fn a_local_key_id_behind_an_unreadable_attribute_is_found() {
    let oid = der::oid(archive::LOCAL_KEY_ID);
    let values = der::element(asn1::tag::SET, &der::octets(&[7]));
    let attributes = [der::unsigned(&[1]), der::sequence(&[&oid, &values])].concat();
    let contents = with_attributes(&der::element(asn1::tag::SET, &attributes));
    let found = archive::open(&contents, &Password::new(None)).unwrap();
    assert_eq!(found.keys[0].local_id.as_deref(), Some(&[7][..]));
}

/// A PKCS#12 whose two bags have these attributes.
fn with_attributes(attributes: &[u8]) -> Vec<u8> {
    let found = archive::open(&bundle("ec-p256", "test").to_pkcs12(), &Password::new(None));
    let found = found.unwrap();
    let holding = |content: &[u8]| der::holding(asn1::tag::context(0), &[content]);
    let bag = |kind, value: &[u8]| der::sequence(&[&der::oid(kind), &holding(value), attributes]);
    let certificate = holding(&der::octets(&found.certificates[0].der));
    let certificate = der::sequence(&[&der::oid(archive::X509), &certificate]);
    let bags = der::sequence(&[
        &bag(archive::KEY_BAG, &found.keys[0].der),
        &bag(archive::CERT_BAG, &certificate),
    ]);
    let data = |content: &[u8]| {
        der::sequence(&[&der::oid(archive::DATA), &holding(&der::octets(content))])
    };
    let safe = der::sequence(&[&data(&bags)]);
    der::sequence(&[&der::unsigned(&[3]), &data(&safe)])
}

#[test]
fn old_pem_encryption_is_refused_with_the_command_to_convert() {
    let text = refused("old-pem-encryption.pem", "secret");
    for words in [
        "Proc-Type",
        "openssl pkcs8 -topk8",
        "openssl pkcs12 -export",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn the_certificates_of_a_pkcs_7_beside_a_key_are_read() {
    let bundle = opened("key-and-pkcs7.pem", "");
    assert!(!bundle.leaf().is_empty());
    let contents = [file("chains/leaf.test-key.pem"), file("chains/pkcs7.pem")].concat();
    let loose = [
        file("chains/leaf.test-key.pem"),
        file("chains/signed-p256-sha256.crt"),
    ];
    let bundle = read_pem(&contents, None).unwrap();
    assert_eq!(
        bundle.chain(),
        read_pem(&loose.concat(), None).unwrap().chain()
    );
    assert_eq!(left_out(&bundle), 1);
}

#[test]
fn a_trusted_certificate_is_the_certificate_before_its_trust() {
    let contents = [file("chains/leaf.test-key.pem"), file("chains/trusted.crt")].concat();
    let bundle = read_pem(&contents, None).unwrap();
    let plain = file("chains/signed-p256-sha256.crt");
    let plain = found_in_pem(&plain);
    assert_eq!(bundle.leaf(), plain.certificates[0].der);
}

#[test]
fn text_in_any_encoding_and_without_line_ends_is_the_same_text() {
    let whole = read_pem(&met("rekeyed-authority.pem"), None).unwrap();
    let text = String::from_utf8(met("rekeyed-authority.pem")).unwrap();
    let base64 = STANDARD.encode(&text);
    for shaped in [
        text.replace('\n', "\r\n"),
        text.replace('\n', ""),
        text.replace('\n', " "),
        text.replace('\n', "\\n"),
        text.replace('\n', "\\r\\n"),
        text.replace('\n', "\\\\n"),
        text.replace('/', "\\/"),
        base64,
    ] {
        let marked = format!("\u{feff}{shaped}");
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        for contents in [
            shaped.clone().into_bytes(),
            marked.clone().into_bytes(),
            wide(&marked, u16::to_le_bytes),
            wide(&marked, u16::to_be_bytes),
            wide(&shaped, u16::to_le_bytes),
        ] {
            let opened = read_pem(&contents, None).unwrap_or_else(|e| panic!("{shaped}: {e}"));
            assert_eq!(opened.to_pkcs12(), whole.to_pkcs12(), "{shaped}");
        }
    }
}

#[test]
fn every_kind_of_block_is_read_without_its_line_ends() {
    let ec = ["ec-p256.crt", "ec-p256.sec1.test-key.pem"];
    let locked = ["ec-p256.crt", "ec-p256.locked.test-key.pem"];
    let rsa = ["rsa-2048.crt", "rsa-2048.pkcs1.test-key.pem"];
    let pkcs7 = ["chains/pkcs7.pem", "chains/leaf.test-key.pem"];
    for parts in [ec, locked, rsa, pkcs7] {
        let text = String::from_utf8(parts.map(file).concat()).unwrap();
        let whole = read_pem(text.as_bytes(), Some("test")).unwrap().to_pkcs12();
        for end in ["", " ", "\\n", "\\r\\n"] {
            let flat = text.replace('\n', end);
            let opened = read_pem(flat.as_bytes(), Some("test"));
            let opened = opened.unwrap_or_else(|e| panic!("{flat}: {e}"));
            assert_eq!(opened.to_pkcs12(), whole, "{flat}");
        }
    }
}

#[test]
fn a_block_without_its_end_is_named_if_it_is_a_certificate() {
    let text = String::from_utf8(met("rekeyed-authority.pem")).unwrap();
    let (before, _) = text.rsplit_once("-----END ").unwrap();
    let cut = read_pem(before.as_bytes(), None).unwrap_err().to_string();
    assert!(cut.contains("certificate 3 of 3"), "{cut}");
    let lost = text.replacen("-----END CERTIFICATE-----\n", "", 1);
    let lost = read_pem(lost.as_bytes(), None).unwrap_err().to_string();
    assert!(lost.contains("certificate 1 of 3"), "{lost}");
}
