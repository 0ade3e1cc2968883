//! Reads tags, lengths and contents, one element after the other.
//!
//! It knows definite lengths of any form (ITU-T X.690, 8.1.3); what has indefinite ones goes
//! through [`super::ber`] first. It must not know what any structure means.

use const_oid::ObjectIdentifier;

/// Tags with their class and whether they are constructed (X.690, 8.1.2).
pub(super) mod tag {
    pub(in crate::pfx) const INTEGER: u8 = 0x02;
    pub(in crate::pfx) const BIT_STRING: u8 = 0x03;
    pub(in crate::pfx) const OCTET_STRING: u8 = 0x04;
    pub(in crate::pfx) const NULL: u8 = 0x05;
    pub(in crate::pfx) const OID: u8 = 0x06;
    pub(in crate::pfx) const UTF8_STRING: u8 = 0x0c;
    pub(in crate::pfx) const PRINTABLE_STRING: u8 = 0x13;
    pub(in crate::pfx) const TELETEX_STRING: u8 = 0x14;
    pub(in crate::pfx) const IA5_STRING: u8 = 0x16;
    pub(in crate::pfx) const UTC_TIME: u8 = 0x17;
    pub(in crate::pfx) const BMP_STRING: u8 = 0x1e;
    pub(in crate::pfx) const CONSTRUCTED_OCTET_STRING: u8 = 0x24;
    pub(in crate::pfx) const SEQUENCE: u8 = 0x30;
    pub(in crate::pfx) const SET: u8 = 0x31;

    /// `[n]`, holding other elements; only for n below 31.
    pub(in crate::pfx) const fn context(n: u8) -> u8 {
        0xa0 | n
    }

    /// `[n]`, holding bytes; only for n below 31.
    pub(in crate::pfx) const fn context_primitive(n: u8) -> u8 {
        0x80 | n
    }
}

/// Bytes that are not the element that had to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Where an element ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// After this many bytes of content.
    Definite(usize),
    /// At an end-of-contents mark.
    Indefinite,
}

/// The head of an element.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) tag: u8,
    pub(super) length: Length,
    /// How many bytes the head itself has.
    pub(super) size: usize,
}

impl Header {
    /// Whether it holds elements.
    pub(super) fn is_constructed(self) -> bool {
        self.tag & 0x20 != 0
    }

    /// Reads the head at the start of `input`. Tag numbers above 30 occur nowhere in what is
    /// read here, and are malformed.
    pub(super) fn read(input: &[u8]) -> Result<Self, Malformed> {
        let (&tag, after_tag) = input.split_first().ok_or(Malformed)?;
        let (&first, mut rest) = after_tag.split_first().ok_or(Malformed)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let length = match first {
            0x80 => Length::Indefinite,
            0..0x80 => Length::Definite(first.into()),
            _ => {
                let mut length = 0_usize;
                for _ in 0..first & 0x7f {
                    let (&byte, after) = rest.split_first().ok_or(Malformed)?;
                    length = length
                        .checked_mul(256)
                        .and_then(|l| l.checked_add(byte.into()))
                        .ok_or(Malformed)?;
                    rest = after;
                }
                Length::Definite(length)
            }
        };
        let size = input.len().saturating_sub(rest.len());
        Ok(Header { tag, length, size })
    }
}

/// One element.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Head and content.
    pub(super) whole: &'a [u8],
}

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Reader(input)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element, of any kind.
    pub(super) fn element(&mut self) -> Result<Element<'a>, Malformed> {
        let header = Header::read(self.0)?;
        let Length::Definite(length) = header.length else {
            return Err(Malformed);
        };
        let end = header.size.checked_add(length).ok_or(Malformed)?;
        let (whole, rest) = self.0.split_at_checked(end).ok_or(Malformed)?;
        let content = whole.get(header.size..).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Element {
            tag: header.tag,
            content,
            whole,
        })
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.0.first() == Some(&tag) {
            self.element().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// What is inside the next element, which must have this tag.
    pub(super) fn inside(&mut self, tag: u8) -> Result<Reader<'a>, Malformed> {
        self.take(tag).map(|e| Reader(e.content))
    }

    /// What is inside the SEQUENCE that comes next.
    pub(super) fn sequence(&mut self) -> Result<Reader<'a>, Malformed> {
        self.inside(tag::SEQUENCE)
    }

    pub(super) fn octets(&mut self) -> Result<&'a [u8], Malformed> {
        self.take(tag::OCTET_STRING).map(|e| e.content)
    }

    /// An object identifier, or `None` for one that is too long to be any known here.
    pub(super) fn oid(&mut self) -> Result<Option<ObjectIdentifier>, Malformed> {
        let content = self.take(tag::OID)?.content;
        Ok(ObjectIdentifier::from_bytes(content).ok())
    }

    /// A positive integer or zero, without leading zeros; zero is empty.
    pub(super) fn unsigned(&mut self) -> Result<&'a [u8], Malformed> {
        let content = self.take(tag::INTEGER)?.content;
        match content.first() {
            None | Some(0x80..) => Err(Malformed),
            Some(_) => Ok(without_leading_zeros(content)),
        }
    }

    /// A positive integer or zero; what does not fit is the largest that does.
    pub(super) fn count(&mut self) -> Result<u32, Malformed> {
        Ok(self.unsigned()?.iter().fold(0_u32, |value, &byte| {
            value.saturating_mul(256).saturating_add(byte.into())
        }))
    }

    /// A [`count`](Self::count), where one comes next.
    pub(super) fn optional_count(&mut self) -> Result<Option<u32>, Malformed> {
        if self.0.first() == Some(&tag::INTEGER) {
            self.count().map(Some)
        } else {
            Ok(None)
        }
    }

    /// A BIT STRING of whole bytes.
    pub(super) fn bits(&mut self) -> Result<&'a [u8], Malformed> {
        match self.take(tag::BIT_STRING)?.content.split_first() {
            Some((0, bytes)) => Ok(bytes),
            _ => Err(Malformed),
        }
    }
}

/// The bytes from the first that is not zero.
pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}
