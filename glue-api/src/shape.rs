//! What the model says of a shape.

use std::sync::OnceLock;

use fancy_regex::Regex;
use serde_json::Value;

/// A shape of the model.
#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    /// Not to be logged, nor repeated in an error.
    pub sensitive: bool,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Structure {
        members: &'static [Member],
        /// Exactly one member is set.
        union: bool,
    },
    List {
        member: &'static Shape,
        bounds: Bounds,
    },
    Map {
        key: &'static Shape,
        value: &'static Shape,
        bounds: Bounds,
    },
    String(Text),
    Integer {
        min: Option<f64>,
        max: Option<f64>,
    },
    Long {
        min: Option<f64>,
        max: Option<f64>,
    },
    Double {
        min: Option<f64>,
        max: Option<f64>,
    },
    Boolean,
    Timestamp,
    Blob,
    /// Any JSON.
    Document,
}

#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: &'static Shape,
    pub required: bool,
}

/// Of a length, both inclusive.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub min: Option<u64>,
    pub max: Option<u64>,
}

#[derive(Debug)]
pub struct Text {
    /// In characters.
    pub bounds: Bounds,
    /// The number of its pattern.
    pub pattern: Option<usize>,
    /// The values that it may have; empty where it is open.
    pub values: &'static [&'static str],
}

/// A pattern that a whole text must match.
#[derive(Debug)]
pub struct Pattern {
    /// As the model has it.
    pub text: &'static str,
    source: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) const fn new(text: &'static str, source: &'static str) -> Self {
        Self { text, source, regex: OnceLock::new() }
    }

    /// None where the pattern is none that this machine of patterns knows, which a test rules out.
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(self.source).ok()).as_ref()
    }

    /// Patterns that look ahead give up on texts that take too many steps: those do not match.
    pub fn matches(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text).unwrap_or(false))
    }
}

impl Shape {
    /// The members of a structure; of others none.
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure { members, .. } => members,
            _ => &[],
        }
    }

    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members().iter().find(|member| member.name == name)
    }

    /// Whether it is a string that has one of a few values.
    pub fn is_enum(&self) -> bool {
        matches!(&self.kind, Kind::String(text) if !text.values.is_empty())
    }

    /// What of a value the model knows: members that it does not have, and nulls, are left out, at any depth.
    pub fn project(&self, value: Value) -> Value {
        match (&self.kind, value) {
            (Kind::Structure { .. }, Value::Object(object)) => {
                let known = object.into_iter().filter(|(_, value)| !value.is_null());
                let known = known.filter_map(|(name, value)| {
                    let member = self.member(&name)?;
                    Some((name, member.shape.project(value)))
                });
                Value::Object(known.collect())
            }
            (Kind::List { member, .. }, Value::Array(list)) => {
                Value::Array(list.into_iter().map(|value| member.project(value)).collect())
            }
            (Kind::Map { value: member, .. }, Value::Object(object)) => {
                Value::Object(object.into_iter().map(|(name, value)| (name, member.project(value))).collect())
            }
            (_, value) => value,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::shapes::PATTERNS;

    #[test]
    fn every_pattern_of_the_model_is_read() {
        let broken: Vec<_> = PATTERNS.iter().filter(|pattern| pattern.regex().is_none()).collect();
        assert!(broken.is_empty(), "{broken:?}");
        assert!(PATTERNS.len() > 50);
    }

    #[test]
    fn patterns_are_for_the_whole_text_and_all_of_unicode() {
        let Kind::String(name) = &crate::shapes::NAME_STRING.kind else { panic!("a string") };
        let pattern = &PATTERNS[name.pattern.unwrap()];
        for good in ["", "orders", "caf\u{e9} \u{1f41d}\tx", "\u{fffd}"] {
            assert!(pattern.matches(good), "{good:?}");
        }
        for bad in ["a\nb", "a\r", "\u{1}", "\n"] {
            assert!(!pattern.matches(bad), "{bad:?}");
        }
    }

    #[test]
    fn definitions_of_schemas_have_lines() {
        let Kind::String(definition) = &crate::shapes::SCHEMA_DEFINITION_STRING.kind else { panic!("a string") };
        let pattern = &PATTERNS[definition.pattern.unwrap()];
        assert!(pattern.matches("{\n  \"type\": \"int\"\n}\n"));
        assert!(!pattern.matches(" \n\t"));
    }
}
