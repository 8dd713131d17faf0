//! Patterns over names, as in `get_tables`.

use super::pattern::Glob;
use super::regular::Regular;
use super::{FilterError, excerpt};

/// The longest pattern read, in bytes.
const MAX_LENGTH: usize = 1 << 20;

/// A pattern over the names of databases, tables or functions, which are in lower case: `*` is any run of characters, `|`
/// stands between alternatives, the rest is a regular expression that must match the whole name. The pattern's case and
/// the blanks around it do not matter.
///
/// In SQL: `name = any(names) or name like any(like) or name ~ regex`, where a null regex matches nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct NamePattern {
    globs: Vec<Glob>,
    regular: Option<Regular>,
}

impl NamePattern {
    /// The pattern that all names match; what a null pattern means.
    pub fn all() -> Self {
        NamePattern { globs: vec![Glob::name("*")], regular: None }
    }

    /// Reads a pattern. An empty one matches no name.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > MAX_LENGTH || text.contains('\0') {
            return Err(FilterError::new(format!(
                "A name pattern has at most {MAX_LENGTH} bytes, and no NUL character; this one has {} bytes",
                text.len()
            )));
        }
        let text = lower_case(text.trim());
        let globs: Vec<_> = text.split('|').filter(|one| !one.is_empty()).map(Glob::name).collect();
        if globs.iter().any(Glob::is_all) {
            return Ok(NamePattern::all());
        }
        // Alternatives and runs are in the globs; what is left to a regular expression has more to it.
        let regular = if is_extended(&text) { Regular::new(&text.replace(".*", "*").replace('*', ".*")) } else { None };
        Ok(NamePattern { globs, regular })
    }

    /// As [`parse`](Self::parse), but a regular expression that cannot be read is an error.
    pub fn parse_strict(text: &str) -> Result<Self, FilterError> {
        let pattern = Self::parse(text)?;
        if pattern.regular.is_none() && !pattern.is_all() && is_extended(&without_quotes(text)) {
            return Err(FilterError::new(format!(
                "{:?} is no regular expression that is understood here: in it may be . * + ? {{n,m}} [...] (...) | ^ $ \
                 \\d \\w \\s, escapes and \\Q...\\E, and at most 200 characters",
                excerpt(text)
            )));
        }
        Ok(pattern)
    }

    pub fn is_all(&self) -> bool {
        self.globs.iter().any(Glob::is_all)
    }

    /// The one name that matches, if the pattern is a plain name.
    pub fn exact(&self) -> Option<String> {
        match self.globs.as_slice() {
            [one] if self.regular.is_none() => one.exact(),
            _ => None,
        }
    }

    pub fn matches(&self, name: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(name)) || self.regular.as_ref().is_some_and(|r| r.matches(name))
    }

    /// The alternatives that are plain names.
    pub fn names(&self) -> Vec<String> {
        self.globs.iter().filter_map(Glob::exact).collect()
    }

    /// The other alternatives, as patterns of SQL's LIKE.
    pub fn like(&self) -> Vec<String> {
        self.globs.iter().filter(|glob| glob.exact().is_none()).map(Glob::to_like).collect()
    }

    /// A regular expression for Postgres' `~`, where the pattern needs one.
    pub fn regex(&self) -> Option<&str> {
        self.regular.as_ref().map(Regular::as_str)
    }
}

/// Whether there is more to a pattern than alternatives and runs.
fn is_extended(text: &str) -> bool {
    text.contains(['[', '(', '+', '?', '{', '^', '$', '\\'])
}

/// The text in lower case, all but the letters after backslashes, where case is meaning.
fn lower_case(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut is_escape = false;
    for c in text.chars() {
        if is_escape {
            lower.push(c);
        } else {
            lower.extend(c.to_lowercase());
        }
        is_escape = c == '\\' && !is_escape;
    }
    lower
}

/// The text without its `\Q…\E`.
fn without_quotes(text: &str) -> String {
    let mut parts = text.split("\\Q");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for quoted in parts {
        rest.push_str(quoted.split_once("\\E").map_or("", |(_, after)| after));
    }
    rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::NamePattern;

    #[test]
    fn matches_as_hive_does() {
        for (pattern, name, expected) in [
            ("*", "anything", true),
            (".*", "anything", true),
            ("Sales*", "sales_2026", true),
            (" sales ", "sales", true),
            ("sales", "sales_2026", false),
            ("a*|*z", "abc", true),
            ("a*|*z", "xyz", true),
            ("a*|*z", "xy", false),
            ("t_.", "t_1", true),
            ("t_1", "tx1", false),
            ("*_func_*", "test_func_3", true),
            ("log_[0-9]+", "log_17", true),
            ("log_[0-9]*", "log_17x", true),
            ("(a|b)_x", "b_x", true),
            ("", "a", false),
            ("a|", "a", true),
            ("a|", "", false),
            ("[", "a", false),
        ] {
            assert_eq!(NamePattern::parse(pattern).unwrap().matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn case_of_escapes_is_kept() {
        for (pattern, name, expected) in [
            (r"Trino__\QMy.Fn\E__.*", "trino__my.fn__0a", true),
            (r"Trino__\QMy.Fn\E__.*", "trino__my-fn__0a", false),
            (r"\W+", "--", true),
            (r"\W+", "ab", false),
            (r"\w+_X", "ab_x", true),
        ] {
            assert_eq!(NamePattern::parse_strict(pattern).unwrap().matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn strictly_broken_expressions_are_refused() {
        for broken in ["[", "a(", "a{", "(?=a)b", r"a\", &format!("a+{}", "b".repeat(200))] {
            assert!(NamePattern::parse_strict(broken).is_err(), "{broken}");
        }
        for fine in ["", "*", "a*b|c", r"\Q[\E.*", &"a".repeat(300), &format!(r"\Q{}\E", "b".repeat(300))] {
            assert!(NamePattern::parse_strict(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn says_what_it_is() {
        assert!(NamePattern::all().is_all());
        assert!(NamePattern::parse("*").unwrap().is_all());
        assert!(NamePattern::parse("a|.*").unwrap().is_all());
        assert_eq!(NamePattern::parse("Sales").unwrap().exact().as_deref(), Some("sales"));
        assert_eq!(NamePattern::parse("a|b").unwrap().exact(), None);
        assert_eq!(NamePattern::parse("[a]").unwrap().exact(), None);
        let mixed = NamePattern::parse("a_b|c*|d[0-9]").unwrap();
        assert_eq!(mixed.names(), ["a_b", "d[0-9]"]);
        assert_eq!(mixed.like(), ["c%"]);
        assert_eq!(mixed.regex(), Some("^(?:a_b|c.*|d[0-9])$"));
        assert!(NamePattern::parse("a\0").is_err());
    }
}
