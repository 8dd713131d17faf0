//! Regular expressions of Java, as far as two engines read them alike: Postgres' and the regex crate's.

use regex::{Regex, RegexBuilder};

/// Longer ones are not taken for regular expressions, nor are those that compile to more than [`MAX_COMPILED`] bytes:
/// Postgres would spend its time on compiling them.
const MAX_LENGTH: usize = 200;
const MAX_COMPILED: usize = 16 << 10;
const MAX_GROUPS: usize = 20;
/// The largest bound of a repetition in Postgres.
const MAX_REPEAT: u32 = 255;

/// A regular expression that must match the whole text.
///
/// Neither engine backtracks, so matching takes time in proportion to the text. `.` matches every character, line ends
/// too. What the engines do not share is not read at all: back-references, lookaround, possessive repetition, flags
/// (but for `(?i)` at the start), intersections of classes.
#[derive(Debug, Clone)]
pub struct Regular(Regex);

impl PartialEq for Regular {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Regular {
    /// None if the text is no regular expression that both engines read, or has no need of one: without classes,
    /// alternatives, groups and repetition the text says the same as a [`Glob`](super::pattern::Glob).
    pub fn new(java: &str) -> Option<Regular> {
        // Hive 4.1 lists a database's tables by patterns that begin with this flag.
        let (flag, java) = match java.strip_prefix("(?i)") {
            Some(rest) => ("(?i)", rest),
            None => ("", java),
        };
        let plain = java.replace(".*", ".");
        if java.len() > MAX_LENGTH
            || flag.is_empty() && !plain.contains(['[', '(', '|', '*', '+', '?', '{', '^', '$', '\\'])
        {
            return None;
        }
        let mut translation = Translation { rest: java, out: format!("{flag}^(?:"), depth: 0 };
        translation.alternatives()?;
        translation.out.push_str(")$");
        let regex = RegexBuilder::new(&translation.out).dot_matches_new_line(true).size_limit(MAX_COMPILED).build();
        if translation.rest.is_empty() { regex.ok().map(Regular) } else { None }
    }

    /// The expression for Postgres' `~`.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

struct Translation<'a> {
    rest: &'a str,
    out: String,
    depth: usize,
}

impl Translation<'_> {
    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn take_prefix(&mut self, prefix: &str) -> bool {
        let after = self.rest.strip_prefix(prefix);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Everything up to the end or an unopened `)`.
    fn alternatives(&mut self) -> Option<()> {
        while let Some(next) = self.rest.chars().next() {
            match next {
                ')' => return Some(()),
                '|' => {
                    self.take();
                    self.out.push('|');
                }
                _ => {
                    let repeatable = self.atom()?;
                    self.repetition(repeatable)?;
                }
            }
        }
        Some(())
    }

    /// One thing that can be repeated; false for an anchor, which cannot.
    fn atom(&mut self) -> Option<bool> {
        match self.take()? {
            '.' => self.out.push('.'),
            anchor @ ('^' | '$') => {
                self.out.push(anchor);
                return Some(false);
            }
            '[' => self.class()?,
            '(' => {
                if self.rest.starts_with('?') && !self.take_prefix("?:") {
                    return None;
                }
                self.depth += 1;
                if self.depth > MAX_GROUPS {
                    return None;
                }
                self.out.push_str("(?:");
                self.alternatives()?;
                self.depth -= 1;
                if !self.take_prefix(")") {
                    return None;
                }
                self.out.push(')');
            }
            '*' | '+' | '?' | '{' => return None,
            '\\' if self.take_prefix("Q") => {
                let (quoted, after) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                self.rest = after;
                quoted.chars().for_each(|c| self.literal(c));
                // Java repeats the last character of the quoted; the engines would differ on nothing quoted.
                return Some(!quoted.is_empty());
            }
            '\\' => match self.take()? {
                set @ ('d' | 'D' | 'w' | 'W' | 's' | 'S') => {
                    let negation = if set.is_ascii_uppercase() { "^" } else { "" };
                    let members = set_members(set)?;
                    self.out.push_str(&format!("[{negation}{members}]"));
                }
                c => {
                    let c = escaped(c)?;
                    self.literal(c);
                }
            },
            c => self.literal(c),
        }
        Some(true)
    }

    fn literal(&mut self, c: char) {
        if "\\.+*?()|[]{}^$".contains(c) {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    fn repetition(&mut self, repeatable: bool) -> Option<()> {
        match self.rest.chars().next() {
            Some(sign @ ('*' | '+' | '?')) if repeatable => {
                self.take();
                self.out.push(sign);
            }
            Some('{') if repeatable => {
                let (bounds, after) = self.rest[1..].split_once('}')?;
                let (least, most) = bounds.split_once(',').unwrap_or((bounds, bounds));
                let bound = |text: &str| {
                    let digits = text.bytes().all(|b| b.is_ascii_digit());
                    text.parse().ok().filter(|bound: &u32| digits && *bound <= MAX_REPEAT)
                };
                let least = bound(least)?;
                if !most.is_empty() && bound(most)? < least {
                    return None;
                }
                self.out.push_str(&format!("{{{bounds}}}"));
                self.rest = after;
            }
            _ => return Some(()),
        }
        // Whether a match exists does not depend on how much a repetition likes to take.
        self.take_prefix("?");
        if self.rest.starts_with(['*', '+', '?', '{']) { None } else { Some(()) }
    }

    /// The rest of `[…]`.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.take_prefix("^") {
            self.out.push('^');
        }
        let mut empty = true;
        loop {
            let first = match self.take()? {
                ']' if !empty => {
                    self.out.push(']');
                    return Some(());
                }
                ']' | '[' => return None,
                '&' if self.rest.starts_with('&') => return None,
                '\\' => match self.take()? {
                    set @ ('d' | 'w' | 's') => {
                        self.out.push_str(set_members(set)?);
                        empty = false;
                        continue;
                    }
                    c => escaped(c)?,
                },
                c => c,
            };
            empty = false;
            self.member(first);
            let range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if range {
                self.take();
                let last = match self.take()? {
                    '\\' => self.take().and_then(escaped)?,
                    '[' => return None,
                    c => c,
                };
                if last < first {
                    return None;
                }
                self.out.push('-');
                self.member(last);
            }
        }
    }

    fn member(&mut self, c: char) {
        if "\\]^-[&~".contains(c) {
            self.out.push('\\');
        }
        self.out.push(c);
    }
}

/// The members of Java's predefined classes, ASCII as there.
fn set_members(set: char) -> Option<&'static str> {
    match set.to_ascii_lowercase() {
        'd' => Some("0-9"),
        'w' => Some("A-Za-z0-9_"),
        's' => Some(" \t\n\u{b}\u{c}\r"),
        _ => None,
    }
}

/// The character that a backslash and this one stand for.
fn escaped(c: char) -> Option<char> {
    match c {
        't' => Some('\t'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        'f' => Some('\u{c}'),
        c if c.is_alphanumeric() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::Regular;

    fn translated(java: &str) -> Option<String> {
        Regular::new(java).map(|regular| regular.as_str().to_owned())
    }

    #[test]
    fn translates() {
        for (java, both) in [
            ("[a-z]+", "^(?:[a-z]+)$"),
            (r"(us|eu)\.\d{1,3}", r"^(?:(?:us|eu)\.[0-9]{1,3})$"),
            (r"\Qa.b\E*?", r"^(?:a\.b*)$"),
            (r"[^\w.&-]", r"^(?:[^A-Za-z0-9_.\&\-])$"),
            (r"\S{2,}", "^(?:[^ \t\n\u{b}\u{c}\r]{2,})$"),
            ("^a|b$", "^(?:^a|b$)$"),
            ("a+]}", r"^(?:a+\]\})$"),
            ("(?i).*", "(?i)^(?:.*)$"),
            ("(?i)Use_.*|b", "(?i)^(?:Use_.*|b)$"),
        ] {
            assert_eq!(translated(java).as_deref(), Some(both), "{java}");
        }
    }

    #[test]
    fn leaves_alone_what_the_engines_do_not_share() {
        for java in [
            "us.*", "plain", "(", "a)", "[", "[]", "*a", "a**", "a*+", "a{", "a{2", "a{x}", "a{3,2}", "a{256}",
            "(?m)a", "a(?i)b", "(?=a)b", r"(a)\1", r"\p{L}", r"\", "[a&&b]", "[a[b]]", "[z-a]", "^*", r"\Q\E*",
            r"[\D]",
        ] {
            assert_eq!(translated(java), None, "{java}");
        }
        assert_eq!(translated(&"(a)".repeat(400)), None);
        assert_eq!(translated("((a{1,200}){1,200}){1,200}"), None);
        assert_eq!(translated(&format!("{}a{}", "(".repeat(21), ")".repeat(21))), None);
    }
}
