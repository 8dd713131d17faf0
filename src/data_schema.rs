//! Definitions of data in Avro, JSON Schema and Protocol Buffers: whether one is valid, whether data written by one is
//! read by another, and how two differ. Pure: no I/O, and no wire format of any registry.
//!
//! Libraries read and validate the definitions. The rules of compatibility are here, a file a language.

mod avro;
mod diff;
mod json;
mod protobuf;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::schema_registry::{Compatibility, DataFormat};

pub use diff::diff;

/// Why a definition is not one: a sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

/// Why data written by one definition is not read by another.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{path}{}{what}", if path.is_empty() { "" } else { ": " })]
pub struct Problem {
    /// Where in the reader's definition, each step after a slash; empty at its top.
    pub path: String,
    /// What is wrong there.
    pub what: String,
}

impl Problem {
    fn new(what: impl Into<String>) -> Self {
        Self { path: String::new(), what: what.into() }
    }

    /// The same problem as seen from one step above.
    fn under(mut self, step: impl fmt::Display) -> Self {
        self.path.insert_str(0, &format!("/{step}"));
        self
    }
}

/// How much JSON Schema's objects may hold that no property declares, which is anything unless a schema says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeclared {
    /// Writers are taken to write only what they declare. So a property may be added to an open object.
    Absent,
    /// To the letter: an open object may hold any property, and of any type, before it is declared.
    Anything,
}

/// A valid definition.
#[derive(Debug)]
pub struct Definition {
    parsed: Parsed,
    fingerprint: [u8; 32],
}

#[derive(Debug)]
enum Parsed {
    Avro(Box<avro::Avro>),
    Json(json::Json),
    Protobuf(protobuf::Protobuf),
}

impl Definition {
    pub fn parse(format: DataFormat, text: &str) -> Result<Self, Invalid> {
        let (parsed, fingerprint) = match format {
            DataFormat::Avro => (Parsed::Avro(Box::new(avro::Avro::parse(text)?)), json_fingerprint(text)?),
            DataFormat::Json => (Parsed::Json(json::Json::parse(text)?), json_fingerprint(text)?),
            DataFormat::Protobuf => (Parsed::Protobuf(protobuf::Protobuf::parse(text)?), Sha256::digest(text).into()),
        };
        Ok(Self { parsed, fingerprint })
    }

    /// The same for definitions that say the same: for those in JSON, blanks and the order of members do not count.
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// Whether a program with this definition reads all that was written by `writer`, of the same format.
    pub fn reads(&self, writer: &Self, undeclared: Undeclared) -> Result<(), Problem> {
        match (&self.parsed, &writer.parsed) {
            (Parsed::Avro(reader), Parsed::Avro(writer)) => reader.reads(writer),
            (Parsed::Json(reader), Parsed::Json(writer)) => reader.reads(writer, undeclared),
            (Parsed::Protobuf(reader), Parsed::Protobuf(writer)) => reader.reads(writer),
            _ => Err(Problem::new("the two are of different formats")),
        }
    }

    /// Whether this definition may follow `earlier` in a schema of this compatibility.
    pub fn follows(
        &self,
        earlier: &Self,
        compatibility: Compatibility,
        undeclared: Undeclared,
    ) -> Result<(), (Direction, Problem)> {
        if compatibility.reads_earlier() {
            self.reads(earlier, undeclared).map_err(|problem| (Direction::Backward, problem))?;
        }
        if compatibility.is_read_by_earlier() {
            earlier.reads(self, undeclared).map_err(|problem| (Direction::Forward, problem))?;
        }
        Ok(())
    }
}

/// Who cannot read what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The new definition cannot read earlier data.
    Backward,
    /// The earlier definition cannot read new data.
    Forward,
}

fn json(text: &str) -> Result<Value, Invalid> {
    serde_json::from_str(text).map_err(|error| Invalid(format!("it is not JSON: {error}")))
}

fn json_fingerprint(text: &str) -> Result<[u8; 32], Invalid> {
    let mut value = json(text)?;
    // Maps keep their order where some crate of the build asks serde_json for that.
    value.sort_all_objects();
    Ok(Sha256::digest(value.to_string()).into())
}
