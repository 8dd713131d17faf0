//! LIKE, in its two dialects.

use super::regular::Regular;

/// How the pattern of LIKE is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeDialect {
    /// `us.*`: a regular expression that must match the whole value. Hive up to 3.1, and so `get_partitions_by_filter`
    /// and the other calls that its clients know.
    Regex,
    /// `us%`: `%` is any run, `_` any one character, `\` takes the next character as it is. Hive 4, and so the calls
    /// ending in `_req`.
    Sql,
    /// Whichever the pattern looks like: a regular expression if it has something like `.*`, `\Q` or `[…]` and no `%`,
    /// otherwise SQL's.
    Auto,
}

/// A pattern that a whole text matches or not.
///
/// Regular expressions are taken in two readings at once. Hive on a relational database translates them to SQL: `.` and
/// `.*` mean something, all else is literal. Clients rely on it, Spark for one sends `startswith("a+b")` as `a+b.*`. What
/// Hive documents is Java's syntax. A text that matches in either reading matches, so that no partition is lost to
/// a client that meant the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    source: String,
    pub globs: Vec<Glob>,
    pub regular: Option<Regular>,
}

impl Pattern {
    pub fn like(source: &str, dialect: LikeDialect) -> Pattern {
        let sql = match dialect {
            LikeDialect::Sql => true,
            LikeDialect::Regex => false,
            LikeDialect::Auto => source.contains('%') || !looks_regular(source),
        };
        let (globs, regular) =
            if sql { (vec![Glob::sql(source)], None) } else { (vec![Glob::regular(source)], Regular::new(source)) };
        Pattern { source: source.to_owned(), globs, regular }
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn matches(&self, text: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(text)) || self.regular.as_ref().is_some_and(|r| r.matches(text))
    }
}

fn looks_regular(source: &str) -> bool {
    [".*", ".+", ".?", "\\Q", "\\d", "\\w", "\\.", "]", ")", "|", "^", "$"].iter().any(|sign| source.contains(sign))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(char),
    One,
    Run,
}

/// A pattern of literal characters, any one character and any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glob(Vec<Piece>);

impl Glob {
    /// The SQL dialect.
    fn sql(source: &str) -> Glob {
        let mut glob = Glob::default();
        let mut rest = source.chars();
        while let Some(c) = rest.next() {
            match c {
                '%' => glob.push(Piece::Run),
                '_' => glob.push(Piece::One),
                // At the end there is nothing to escape: it is itself.
                '\\' => glob.push(Piece::Literal(rest.next().unwrap_or('\\'))),
                other => glob.push(Piece::Literal(other)),
            }
        }
        glob
    }

    /// The reading of a regular expression in which only `.`, `.*`, `\Q…\E` and escaped punctuation are special.
    fn regular(source: &str) -> Glob {
        let mut glob = Glob::default();
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            rest = after;
            match c {
                '.' => match after.strip_prefix('*') {
                    Some(more) => {
                        glob.push(Piece::Run);
                        rest = more;
                    }
                    None => glob.push(Piece::One),
                },
                '\\' if after.starts_with('Q') => {
                    let (quoted, more) = after[1..].split_once("\\E").unwrap_or((&after[1..], ""));
                    quoted.chars().for_each(|c| glob.push(Piece::Literal(c)));
                    rest = more;
                }
                '\\' => match after.chars().next().filter(char::is_ascii_punctuation) {
                    Some(escaped) => {
                        glob.push(Piece::Literal(escaped));
                        rest = &after[1..];
                    }
                    None => glob.push(Piece::Literal('\\')),
                },
                other => glob.push(Piece::Literal(other)),
            }
        }
        glob
    }

    /// One alternative of a name pattern: as [`regular`](Self::regular), with `*` for any run.
    pub fn name(source: &str) -> Glob {
        let mut glob = Glob::default();
        for piece in Glob::regular(source).0 {
            glob.push(if piece == Piece::Literal('*') { Piece::Run } else { piece });
        }
        glob
    }

    fn push(&mut self, piece: Piece) {
        // Two runs are one; their product would only cost time.
        if piece != Piece::Run || self.0.last() != Some(&Piece::Run) {
            self.0.push(piece);
        }
    }

    /// Whether everything matches.
    pub fn is_all(&self) -> bool {
        self.0 == [Piece::Run]
    }

    /// The one text that matches, if there is only one.
    pub fn exact(&self) -> Option<String> {
        let prefix = self.prefix();
        (prefix.chars().count() == self.0.len()).then_some(prefix)
    }

    /// The literal text that every match begins with.
    pub fn prefix(&self) -> String {
        self.0.iter().map_while(|piece| if let Piece::Literal(c) = piece { Some(*c) } else { None }).collect()
    }

    /// The pattern for SQL's LIKE with `\` as escape.
    pub fn to_like(&self) -> String {
        let mut like = String::with_capacity(self.0.len());
        for piece in &self.0 {
            match piece {
                Piece::Run => like.push('%'),
                Piece::One => like.push('_'),
                Piece::Literal(c) => {
                    if matches!(c, '%' | '_' | '\\') {
                        like.push('\\');
                    }
                    like.push(*c);
                }
            }
        }
        like
    }

    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut piece) = (0, 0);
        // Where to go back to when the rest fails: behind the last run, which then takes one character more.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match self.0.get(piece) {
                Some(Piece::Run) => {
                    piece += 1;
                    retry = Some((at, piece));
                    continue;
                }
                Some(Piece::One) if at < text.len() => {}
                Some(Piece::Literal(c)) if text.get(at) == Some(c) => {}
                None if at == text.len() => return true,
                _ => match retry {
                    Some((start, after)) if start < text.len() => {
                        (at, piece) = (start + 1, after);
                        retry = Some((at, after));
                        continue;
                    }
                    _ => return false,
                },
            }
            at += 1;
            piece += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LikeDialect, Pattern};

    fn likes(dialect: LikeDialect, pattern: &str, text: &str) -> bool {
        Pattern::like(pattern, dialect).matches(text)
    }

    #[test]
    fn regular_dialect() {
        for (pattern, text, expected) in [
            ("us.*", "us", true),
            ("us.*", "us-east", true),
            ("us.*", "aus", false),
            ("p.*3", "p23", true),
            ("u.", "us", true),
            ("u.", "u", false),
            ("us%", "us-east", false),
            ("us_1", "us11", false),
            (r"a\.b", "a.b", true),
            (r"a\.b", "axb", false),
            (r"\Qa.*\E.*", "a.*b", true),
            (r"\Qa.*", "ab", false),
            ("[a-z]+", "abc", true),
            ("[a-z]+", "ABC", false),
            ("[a-z]+", "[a-z]+", true),
            ("us|eu", "eu", true),
            ("(us|eu)-.*", "eu-west", true),
            (r"\d{4}-\d\d", "2026-01", true),
            ("^us.*$", "us-east", true),
            // As Spark sends the prefix `a+b`, and one that no regular expression has.
            ("a+b.*", "a+b1", true),
            ("a(.*", "a(1", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(likes(LikeDialect::Regex, pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn sql_dialect() {
        for (pattern, text, expected) in [
            ("us%", "us-east", true),
            ("us%", "aus", false),
            ("p%3", "p23", true),
            ("u_", "us", true),
            ("u_", "u", false),
            ("us.*", "us-east", false),
            (r"100\%", "100%", true),
            (r"100\%", "100x", false),
            (r"a\_b", "axb", false),
            (r"a\", r"a\", true),
            ("%", "", true),
            ("_", "ü", true),
        ] {
            assert_eq!(likes(LikeDialect::Sql, pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn dialect_by_content() {
        for (pattern, text, expected) in [
            ("us.*", "us-east", true),
            ("us%", "us-east", true),
            ("us.%", "us-east", false),
            ("p_1", "px1", true),
            ("p.1", "px1", false),
            ("plain", "plain", true),
        ] {
            assert_eq!(likes(LikeDialect::Auto, pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_pattern_of_many_runs_is_quick() {
        let pattern = "%a".repeat(5000) + "%b";
        assert!(!likes(LikeDialect::Sql, &pattern, &"a".repeat(20_000)));
        assert!(!likes(LikeDialect::Regex, &"(a*)*".repeat(20), &("a".repeat(2000) + "b")));
    }

    proptest! {
        /// Against the same pattern as a regular expression of the regex crate.
        #[test]
        fn agrees_with_a_regular_expression(pattern in "[ab%_]{0,8}", text in "[abc]{0,8}") {
            let regular = regex::Regex::new(&format!("^{}$", pattern.replace('%', ".*").replace('_', ".")));
            prop_assert_eq!(Some(likes(LikeDialect::Sql, &pattern, &text)), regular.ok().map(|r| r.is_match(&text)));
        }
    }
}
