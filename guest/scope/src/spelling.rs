//! How short values and names are spelled: with blanks and invisible marks around them, in
//! another case, with other separators. Copying from a dialog of Windows, or saving a file there,
//! adds such marks, and nobody sees them.
//!
//! Must not know: any field or value in particular.

/// A text without the blanks and invisible marks around it.
pub fn bare(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Whether a name is another spelling of `name`: in any case, with any blanks, marks, hyphens and
/// underscores in it, or without them.
pub fn is_spelling_of(given: &str, name: &str) -> bool {
    letters(given).eq(letters(name))
}

/// What a name has beside blanks, marks and joints, in lower case.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let letters = name.chars().filter(|c| !is_blank(*c) && !is_joint(*c));
    letters.flat_map(char::to_lowercase)
}

/// A character that shows nothing: a blank of any width, or a mark that only directs how text is
/// laid out (Unicode, "Default_Ignorable_Code_Point").
pub(crate) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        )
}

/// A hyphen in one of its forms, or an underscore.
pub(crate) fn is_joint(character: char) -> bool {
    matches!(character, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_marks_around_a_text_are_no_part_of_it() {
        for text in [
            "a b",
            " a b\r\n",
            "\u{200e}a b\u{200f}",
            "\u{feff}a b\u{a0}",
            "\u{3000}\u{200b}a b\u{202c}\u{2069}",
        ] {
            assert_eq!(bare(text), "a b", "{text:?}");
        }
        assert_eq!(bare("\u{200e} \u{feff}"), "");
    }

    #[test]
    fn a_name_is_known_in_every_spelling_and_no_other_name_is() {
        for given in [
            "max-shrink",
            "Max-Shrink",
            "MAX_SHRINK",
            "maxShrink",
            " max shrink\u{200e}",
            "max\u{2011}shrink",
            "ma\u{ad}x--shrink_",
        ] {
            assert!(is_spelling_of(given, "max-shrink"), "{given:?}");
        }
        for given in ["", "max", "max-shrinks", "max.shrink", "shrink-max"] {
            assert!(!is_spelling_of(given, "max-shrink"), "{given:?}");
        }
    }
}
