//! Reads one flat object of JSON (RFC 8259), whose texts may also stand in single quotes.
//!
//! It must not know what the members mean. It nests nothing, so that no text can make it
//! recurse.

use std::iter::Peekable;
use std::str::Chars;

use super::{SHOWN, TagsError};
use crate::text::excerpt;

/// A value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A text, or a number or boolean as it is written.
    Text(String),
    /// `null`
    Null,
}

/// The members in the order of the text.
pub(super) fn members(text: &str) -> Result<Vec<(String, Scalar)>, TagsError> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        taken: 0,
    };
    reader.skip_space();
    if !reader.take_if('{') {
        return Err(TagsError::NotAnObject);
    }
    let mut members = Vec::new();
    reader.skip_space();
    if !reader.take_if('}') {
        loop {
            members.push(reader.member()?);
            match reader.take() {
                Some(',') => reader.skip_space(),
                Some('}') => break,
                _ => return reader.malformed(),
            }
        }
    }
    reader.skip_space();
    match reader.take() {
        None => Ok(members),
        Some(_) => reader.malformed(),
    }
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    taken: usize,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        self.taken += 1;
        self.rest.next()
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let there = self.rest.peek() == Some(&wanted);
        if there {
            self.take();
        }
        there
    }

    fn skip_space(&mut self) {
        while matches!(self.rest.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.take();
        }
    }

    /// The character that was taken last does not belong there.
    fn malformed<T>(&self) -> Result<T, TagsError> {
        Err(TagsError::Malformed(self.taken))
    }

    fn member(&mut self) -> Result<(String, Scalar), TagsError> {
        let name = self.text()?;
        self.skip_space();
        if self.take() != Some(':') {
            return self.malformed();
        }
        self.skip_space();
        let value = match self.rest.peek() {
            Some('"' | '\'') => Scalar::Text(self.text()?),
            Some('{' | '[') => return Err(TagsError::Nested(excerpt(&name, SHOWN))),
            _ => self.word()?,
        };
        self.skip_space();
        Ok((name, value))
    }

    fn text(&mut self) -> Result<String, TagsError> {
        let quote = match self.take() {
            Some(quote @ ('"' | '\'')) => quote,
            _ => return self.malformed(),
        };
        let mut text = String::new();
        loop {
            match self.take() {
                Some(end) if end == quote => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some(plain) if plain >= ' ' => text.push(plain),
                _ => return self.malformed(),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, TagsError> {
        Ok(match self.take() {
            Some(same @ ('"' | '\'' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unit(),
            _ => return self.malformed(),
        })
    }

    /// A character by its UTF-16 units, of which the first `\u` was taken.
    fn unit(&mut self) -> Result<char, TagsError> {
        let mut units = vec![self.digits()?];
        if matches!(units.as_slice(), [0xD800..0xDC00]) {
            if self.take() != Some('\\') || self.take() != Some('u') {
                return self.malformed();
            }
            units.push(self.digits()?);
        }
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => Ok(character),
            _ => self.malformed(),
        }
    }

    fn digits(&mut self) -> Result<u16, TagsError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.take().and_then(|digit| digit.to_digit(16));
            let Some(digit) = digit.and_then(|digit| u16::try_from(digit).ok()) else {
                return self.malformed();
            };
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }

    /// `true`, `false`, `null`, or a number.
    fn word(&mut self) -> Result<Scalar, TagsError> {
        let at = self.taken + 1;
        let mut word = String::new();
        while let Some(&next) = self.rest.peek()
            && (next.is_ascii_alphanumeric() || matches!(next, '+' | '-' | '.'))
        {
            word.push(next);
            self.take();
        }
        match word.as_str() {
            "null" => Ok(Scalar::Null),
            "true" | "false" => Ok(Scalar::Text(word)),
            _ if is_number(&word) => Ok(Scalar::Text(word)),
            _ => Err(TagsError::Malformed(at)),
        }
    }
}

/// RFC 8259 section 6.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (word, exponent) = match word.split_once(['e', 'E']) {
        Some((word, exponent)) => (word, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match word.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (word, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
