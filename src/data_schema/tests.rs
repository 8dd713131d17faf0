#![allow(clippy::unwrap_used)]

mod avro;
mod json;
mod limits;
mod modes;
mod protobuf;
mod soundness;

use super::{Definition, Undeclared};
use crate::model::schema_registry::DataFormat;

/// Whether the new definition reads the old one's data, and the old one the new one's.
#[derive(Debug, PartialEq)]
enum Reads {
    Both,
    Backward,
    Forward,
    Neither,
}

fn definition(format: DataFormat, text: &str) -> Definition {
    Definition::parse(format, text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn reads(format: DataFormat, undeclared: Undeclared, old: &str, new: &str) -> Reads {
    let (old, new) = (definition(format, old), definition(format, new));
    match (new.reads(&old, undeclared).is_ok(), old.reads(&new, undeclared).is_ok()) {
        (true, true) => Reads::Both,
        (true, false) => Reads::Backward,
        (false, true) => Reads::Forward,
        (false, false) => Reads::Neither,
    }
}

/// Runs a table of cases and shows all that do not hold at once.
fn check(format: DataFormat, undeclared: Undeclared, cases: &[(&str, &str, &str, Reads)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(what, old, new, expected)| {
            let found = reads(format, undeclared, old, new);
            (found != *expected).then(|| format!("{what}: {found:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn problem(format: DataFormat, writer: &str, reader: &str) -> String {
    definition(format, reader).reads(&definition(format, writer), Undeclared::Anything).unwrap_err().to_string()
}
