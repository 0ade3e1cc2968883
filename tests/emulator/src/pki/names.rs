//! X.500 names as Windows writes them, which is how Key Vault shows a subject.
//!
//! Must not know certificates. Windows writes the parts from last to first, `S=` for a state and `E=`
//! for an e-mail address, and puts a value with special characters in quotation marks. Source:
//! "CertNameToStrA function" (`CERT_X500_NAME_STR`), "X500DistinguishedName class".

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{
    Any, BmpString, Ia5StringRef, ObjectIdentifier, PrintableStringRef, SetOfVec, TeletexStringRef,
    Utf8StringRef,
};
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::name::Name;

/// What Windows calls the attributes, and the other names under which it takes them.
const ATTRIBUTES: [(&str, &str, &[&str]); 15] = [
    ("CN", "2.5.4.3", &[]),
    ("SN", "2.5.4.4", &[]),
    ("SERIALNUMBER", "2.5.4.5", &[]),
    ("C", "2.5.4.6", &[]),
    ("L", "2.5.4.7", &[]),
    ("S", "2.5.4.8", &["ST"]),
    ("STREET", "2.5.4.9", &[]),
    ("O", "2.5.4.10", &[]),
    ("OU", "2.5.4.11", &[]),
    ("T", "2.5.4.12", &["TITLE"]),
    ("PostalCode", "2.5.4.17", &[]),
    ("G", "2.5.4.42", &["GN", "GIVENNAME"]),
    ("I", "2.5.4.43", &["INITIALS"]),
    ("DC", "0.9.2342.19200300.100.1.25", &[]),
    ("E", "1.2.840.113549.1.9.1", &["EMAIL", "EMAILADDRESS"]),
];

/// What is wrong with a name that somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadName;

/// The text of a name.
pub(crate) fn to_windows(name: &Name) -> String {
    let mut parts: Vec<String> = Vec::new();
    for set in name.as_ref().iter() {
        let together: Vec<String> = set.iter().map(attribute).collect();
        parts.push(together.join(" + "));
    }
    parts.reverse();
    parts.join(", ")
}

fn attribute(part: &AttributeTypeAndValue) -> String {
    let oid = part.oid.to_string();
    let known = ATTRIBUTES.iter().find(|(_, id, _)| *id == oid);
    let key = known.map_or_else(|| format!("OID.{oid}"), |(key, _, _)| (*key).to_owned());
    format!("{key}={}", quoted(&value(&part.value)))
}

fn value(any: &Any) -> String {
    let text = match any.tag() {
        Tag::Utf8String => any.decode_as::<Utf8StringRef<'_>>().map(|s| s.to_string()),
        Tag::PrintableString => any
            .decode_as::<PrintableStringRef<'_>>()
            .map(|s| s.to_string()),
        Tag::Ia5String => any.decode_as::<Ia5StringRef<'_>>().map(|s| s.to_string()),
        Tag::TeletexString => any
            .decode_as::<TeletexStringRef<'_>>()
            .map(|s| s.to_string()),
        Tag::BmpString => any.decode_as::<BmpString>().map(|s| s.to_string()),
        _ => return format!("#{}", hex(any.value())),
    };
    text.unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn quoted(value: &str) -> String {
    let special = value.contains([',', '+', '=', '"', '\n', '<', '>', '#', ';']);
    if special || value.starts_with(' ') || value.ends_with(' ') || value.is_empty() {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

/// The name that a text means.
pub(crate) fn from_windows(text: &str) -> Result<Name, BadName> {
    let mut sets = Vec::new();
    for part in split(text, &[',', ';'])? {
        let attributes: Vec<AttributeTypeAndValue> = split(&part, &['+'])?
            .iter()
            .map(|one| parse(one))
            .collect::<Result<_, _>>()?;
        let set = SetOfVec::try_from(attributes).map_err(|_| BadName)?;
        sets.push(set);
    }
    sets.reverse();
    let der = sets.to_der().map_err(|_| BadName)?;
    Name::from_der(&der).map_err(|_| BadName)
}

/// Splits outside quotation marks.
fn split(text: &str, at: &[char]) -> Result<Vec<String>, BadName> {
    let mut parts = vec![String::new()];
    let mut inside = false;
    for c in text.chars() {
        if c == '"' {
            inside = !inside;
        }
        if !inside && at.contains(&c) {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    if inside || parts.iter().any(|p| p.trim().is_empty()) {
        return Err(BadName);
    }
    Ok(parts)
}

fn parse(text: &str) -> Result<AttributeTypeAndValue, BadName> {
    let (key, value) = text.split_once('=').ok_or(BadName)?;
    let key = key.trim();
    let known = ATTRIBUTES.iter().find(|(name, _, others)| {
        name.eq_ignore_ascii_case(key) || others.iter().any(|o| o.eq_ignore_ascii_case(key))
    });
    let oid = known.map_or_else(
        || {
            let prefix = key.get(..4).filter(|p| p.eq_ignore_ascii_case("oid."));
            prefix.and_then(|_| key.get(4..)).unwrap_or(key)
        },
        |(_, oid, _)| oid,
    );
    let oid: ObjectIdentifier = oid.parse().map_err(|_| BadName)?;
    let value = value.trim();
    let value = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or(BadName)?.replace("\"\"", "\""),
        None if value.contains(['"', '=', '<', '>', '#']) => return Err(BadName),
        None => value.to_owned(),
    };
    if value.is_empty() {
        return Err(BadName);
    }
    let any = match known {
        // RFC 5280 appendix A: these two are IA5String alone.
        Some(("E" | "DC", _, _)) => Ia5StringRef::new(&value).and_then(|s| Any::encode_from(&s)),
        _ => PrintableStringRef::new(&value)
            .and_then(|s| Any::encode_from(&s))
            .or_else(|_| Utf8StringRef::new(&value).and_then(|s| Any::encode_from(&s))),
    };
    Ok(AttributeTypeAndValue {
        oid,
        value: any.map_err(|_| BadName)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_they_were_written() {
        for text in [
            "CN=web.contoso.example",
            "E=opensource@microsoft.com, CN=Azure SDK, OU=Azure SDK, O=Microsoft, L=Redmond, S=WA, C=US",
            "CN=\"Contoso, Ltd\", O=\"said \"\"keep\"\"\"",
            "CN=Zoë Müller 株式会社, DC=contoso, DC=example",
            "OID.1.2.3.4=x, CN=a",
            "CN=*.contoso.example",
        ] {
            let name = from_windows(text).unwrap();
            assert_eq!(to_windows(&name), text);
        }
    }

    #[test]
    fn the_first_part_of_the_text_is_the_last_of_the_name_and_other_spellings_are_taken() {
        let name = from_windows("cn=a;  st=WA,c=US").unwrap();
        assert_eq!(to_windows(&name), "CN=a, S=WA, C=US");
        let first = name.as_ref().iter().next().unwrap();
        assert_eq!(first.iter().next().unwrap().oid.to_string(), "2.5.4.6");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "", "contoso", "CN=", "CN=a,", "CN=\"a", "X.Y=a", "CN=a=b", "CN=a\"b",
        ] {
            assert_eq!(from_windows(text).err(), Some(BadName), "{text}");
        }
    }
}
