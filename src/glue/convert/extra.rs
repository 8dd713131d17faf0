//! What the model has no place for, and the members that a client left out.
//!
//! The model has values, not their absence: a flag that is not set, a list without elements. The service tells the two
//! apart, and gives back what it got. So the members that were left out are noted with an object, and a member that is
//! noted is not shown as long as it has the value that it has by default. Objects that came by another face have no such
//! notes, and show all members.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::Extra;

/// The key under which the notes are kept.
const OMITTED: &str = "omitted";

/// Notes in the making.
#[derive(Debug, Default)]
pub struct Omitted(BTreeSet<&'static str>);

impl Omitted {
    pub fn note(&mut self, member: &'static str) {
        self.0.insert(member);
    }

    /// The value of a member, or the default value, with a note.
    pub fn or_default<T: Default>(&mut self, member: &'static str, value: Option<T>) -> T {
        self.or(member, value, T::default())
    }

    pub fn or<T>(&mut self, member: &'static str, value: Option<T>, default: T) -> T {
        value.unwrap_or_else(|| {
            self.note(member);
            default
        })
    }

    pub fn keep(self, extra: &mut Extra) {
        if !self.0.is_empty() {
            extra.insert(OMITTED.to_owned(), self.0.into_iter().collect());
        }
    }
}

/// Whether the member was left out.
pub fn is_omitted(extra: &Extra, member: &str) -> bool {
    let notes = extra.get(OMITTED).and_then(Value::as_array);
    notes.is_some_and(|notes| notes.iter().any(|note| note == member))
}

/// A member as it is shown: not at all where it was left out and has its default value still.
pub fn shown<T: Default + PartialEq>(extra: &Extra, member: &str, value: T) -> Option<T> {
    shown_unless(extra, member, value == T::default(), value)
}

pub fn shown_unless<T>(extra: &Extra, member: &str, is_default: bool, value: T) -> Option<T> {
    (!is_default || !is_omitted(extra, member)).then_some(value)
}

/// Keeps a member that the model has no place for.
pub fn keep<T: Serialize>(extra: &mut Extra, member: &str, value: Option<&T>) {
    // Shapes are structures, texts, numbers and lists: nothing that JSON could refuse.
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        extra.insert(member.to_owned(), value);
    }
}

/// A member that was kept.
pub fn kept<T: DeserializeOwned>(extra: &Extra, member: &str) -> Option<T> {
    T::deserialize(extra.get(member)?).ok()
}
