//! From the section of the file and the variables to checked values.

use std::collections::BTreeMap;
use std::ffi::OsString;

use config::{Map, Value, ValueKind};

use super::names::{Kind, Name, all, named};
use crate::config::load::{PREFIX, closest_of};

/// The key of the section in the file, and behind the prefix in names of variables.
pub const SECTION: &str = "hive";

/// What was given, and where.
#[derive(Debug, Default)]
pub struct Given {
    pub values: BTreeMap<&'static str, String>,
    /// For settings of the flat list: what they are to be, with the name that says so; None leaves them unset.
    pub settings: Vec<(&'static str, Option<String>, String)>,
}

/// Reads the section of the file, and over it the variables; `problem` is told of what is wrong, by name.
pub fn collect(
    section: Option<Value>,
    environment: &[(String, OsString)],
    mut problem: impl FnMut(String, String),
) -> Given {
    let mut texts = BTreeMap::<&'static str, (String, String)>::new();
    let mut given = Vec::new();
    match section.map(|section| section.kind) {
        None => {}
        Some(ValueKind::Table(table)) => flatten("", table, &mut given),
        Some(_) => problem(SECTION.into(), "It is a section of Hive's settings: `[hive]`.".into()),
    }
    for (name, text) in given {
        let setting = format!("[{SECTION}] {name}");
        match (named(&name), text) {
            (None, _) => problem(setting, unknown(&name)),
            (_, None) => problem(setting, "One value is expected, or a list of texts.".into()),
            (Some(known), Some(text)) => match texts.get(known.name) {
                Some((_, other)) => problem(setting, format!("It is the same as {other}: give one of them.")),
                None => _ = texts.insert(known.name, (text, setting)),
            },
        }
    }
    for (variable, text) in environment {
        let Some(name) = variable.strip_prefix(&variable_prefix()) else { continue };
        match (all().find(|known| is_variable_of(name, known)), text.to_str()) {
            (None, _) => problem(variable.clone(), unknown(name)),
            (_, None) => problem(variable.clone(), "The value is not UTF-8.".into()),
            (Some(_), Some("")) => {}
            (Some(known), Some(text)) => _ = texts.insert(known.name, (text.to_owned(), variable.clone())),
        }
    }
    checked(texts, problem)
}

fn checked(texts: BTreeMap<&'static str, (String, String)>, mut problem: impl FnMut(String, String)) -> Given {
    let mut given = Given::default();
    for (name, (text, setting)) in texts {
        let Some(known) = named(name) else { continue };
        if let Err(why) = known.check(&text) {
            problem(setting, why);
            continue;
        }
        if let Kind::Setting(key, write) = known.kind
            && let Ok(value) = write(text.trim())
        {
            given.settings.push((key, value, setting));
        }
        given.values.insert(name, text);
    }
    given
}

/// Whether a value came from one of Hive's settings.
pub fn is_origin(origin: &str) -> bool {
    origin.starts_with(&format!("[{SECTION}]")) || origin.starts_with(&variable_prefix())
}

pub fn variable_prefix() -> String {
    format!("{PREFIX}{}__", SECTION.to_uppercase())
}

fn is_variable_of(name: &str, known: &Name) -> bool {
    let matches = |known: &str| known.replace('.', "_").eq_ignore_ascii_case(name);
    matches(known.name) || known.old_name().is_some_and(matches)
}

/// Names whole, also where dots without quotes made tables of their parts.
fn flatten(above: &str, table: Map<String, Value>, into: &mut Vec<(String, Option<String>)>) {
    for (key, value) in table {
        let name = if above.is_empty() { key } else { format!("{above}.{key}") };
        let text = match value.kind {
            ValueKind::Table(table) => {
                flatten(&name, table, into);
                continue;
            }
            ValueKind::Array(items) => {
                let plain = |item: &Value| !matches!(item.kind, ValueKind::Array(_) | ValueKind::Table(_));
                let text = || items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
                items.iter().all(plain).then(text)
            }
            kind => Some(kind.to_string()),
        };
        into.push((name, text));
    }
}

fn unknown(name: &str) -> String {
    let known: Vec<&'static str> = all().map(|known| known.name).collect();
    let close = closest_of(name, known.iter().copied(), 6);
    let close = close.map(|close| format!(" Did you mean {close}?")).unwrap_or_default();
    format!("This setting of Hive's is not known here.{close} Known are: {}.", known.join(", "))
}
