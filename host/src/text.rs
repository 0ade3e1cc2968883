//! Makes a stranger's text safe to print: one line, no control characters, no
//! direction tricks, bounded. It must not know where the text goes.

/// `text` on one line: control characters, escape sequences and Unicode direction
/// marks become visible escapes, and what is beyond `limit` bytes is cut.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit));
    for character in text.chars() {
        let shown = if is_unsafe(character) {
            character.escape_default().to_string()
        } else {
            character.to_string()
        };
        if line.len() + shown.len() > limit {
            line.push('…');
            break;
        }
        line.push_str(&shown);
    }
    line
}

/// `text` with its line breaks, everything else as [`one_line`]; cut to `limit`
/// UTF-16 units, which is how a .NET platform counts.
pub fn message(text: &str, limit: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(limit));
    for character in text.chars() {
        match character {
            '\n' => safe.push('\n'),
            '\r' => {}
            c if is_unsafe(c) => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    if safe.encode_utf16().count() <= limit {
        return safe;
    }
    let note = format!(" … (truncated to {limit} characters; the log has the rest)");
    let room = limit.saturating_sub(note.encode_utf16().count());
    let mut used = 0;
    let mut cut: String = safe
        .chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= room
        })
        .collect();
    cut.push_str(&note);
    cut
}

/// Whether a character cannot be printed as it is: it moves the cursor, or turns what stands
/// around it.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{e0000}'..='\u{e007f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_escapes_and_direction_marks_become_visible() {
        assert_eq!(
            one_line("a\nb\u{1b}[31mc\u{202e}d", 100),
            "a\\nb\\u{1b}[31mc\\u{202e}d"
        );
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        assert_eq!(one_line("äääää", 4), "ää…");
    }

    #[test]
    fn a_message_keeps_its_lines_and_its_first_part() {
        assert_eq!(message("cause\r\nmore\u{7}", 100), "cause\nmore\\u{7}");
        let long = message(&"€".repeat(5_000), 4_000);
        assert_eq!(long.encode_utf16().count(), 4_000);
        assert!(long.contains("truncated"));
    }

    #[test]
    fn a_message_counts_utf16_units() {
        let long = message(&"😀".repeat(2_001), 4_000);
        assert!(long.encode_utf16().count() <= 4_000);
        assert_eq!(message(&"😀".repeat(2_000), 4_000), "😀".repeat(2_000));
    }
}
