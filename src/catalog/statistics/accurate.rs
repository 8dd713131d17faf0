//! The parameter in which tables and partitions say which of their statistics are still exact: Hive answers queries
//! from those alone. It is JSON: `{"BASIC_STATS":"true","COLUMN_STATS":{"price":"true"}}`, or, from the time before
//! Hive 2, a plain `true` for the basic ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::Parameters;

pub const PARAMETER: &str = "COLUMN_STATS_ACCURATE";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Accurate {
    #[serde(rename = "BASIC_STATS", default, skip_serializing_if = "Option::is_none")]
    basic: Option<String>,
    #[serde(rename = "COLUMN_STATS", default, skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<String, String>,
}

impl Accurate {
    fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| {
            let basic = text.eq_ignore_ascii_case("true").then(|| "true".to_owned());
            Self { basic, columns: BTreeMap::new() }
        })
    }

    /// True where that changed the parameter.
    fn write(&self, parameters: &mut Parameters) -> bool {
        // Strings and a map of strings: nothing that JSON could refuse.
        let text = serde_json::to_string(self).unwrap_or_default();
        let before = parameters.insert(PARAMETER.to_owned(), text);
        before.as_ref() != parameters.get(PARAMETER)
    }
}

/// The columns whose statistics are exact.
pub fn columns(parameters: &Parameters) -> BTreeSet<String> {
    parameters.get(PARAMETER).map(|text| columns_of(text)).unwrap_or_default()
}

/// The same, of the parameter's value.
pub fn columns_of(text: &str) -> BTreeSet<String> {
    Accurate::read(text).columns.into_iter().filter(|(_, exact)| exact == "true").map(|(column, _)| column).collect()
}

/// Whether the basic statistics are exact.
pub fn has_basic(parameters: &Parameters) -> bool {
    parameters.get(PARAMETER).is_some_and(|text| Accurate::read(text).basic.as_deref() == Some("true"))
}

/// Notes that the basic statistics are exact, and those of no column.
pub fn only_basic(parameters: &mut Parameters) {
    Accurate { basic: Some("true".to_owned()), columns: BTreeMap::new() }.write(parameters);
}

/// Notes that statistics of these columns are exact. True where that changed the parameters.
pub fn mark<'a>(parameters: &mut Parameters, columns: impl Iterator<Item = &'a str>) -> bool {
    let mut accurate = parameters.get(PARAMETER).map(|text| Accurate::read(text)).unwrap_or_default();
    accurate.columns.extend(columns.map(|column| (column.to_owned(), "true".to_owned())));
    accurate.write(parameters)
}

/// Notes that statistics of these columns are gone. True where that changed the parameters.
pub fn unmark(parameters: &mut Parameters, columns: &[String]) -> bool {
    let Some(mut accurate) = parameters.get(PARAMETER).map(|text| Accurate::read(text)) else {
        return false;
    };
    accurate.columns.retain(|column, _| !columns.contains(column));
    accurate.write(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(text: &str) -> Parameters {
        Parameters::from([(PARAMETER.to_owned(), text.to_owned())])
    }

    #[test]
    fn marks_and_unmarks_as_hive_writes() {
        let mut marked = Parameters::new();
        assert!(mark(&mut marked, ["b", "a"].into_iter()));
        assert_eq!(marked[PARAMETER], r#"{"COLUMN_STATS":{"a":"true","b":"true"}}"#);
        assert!(!mark(&mut marked, ["a"].into_iter()));

        let mut both = parameters(r#"{"BASIC_STATS":"true","COLUMN_STATS":{"a":"true"}}"#);
        assert!(mark(&mut both, ["b"].into_iter()));
        assert_eq!(both[PARAMETER], r#"{"BASIC_STATS":"true","COLUMN_STATS":{"a":"true","b":"true"}}"#);
        assert!(unmark(&mut both, &["a".to_owned(), "b".to_owned()]));
        assert_eq!(both[PARAMETER], r#"{"BASIC_STATS":"true"}"#);
        assert!(!unmark(&mut Parameters::new(), &["a".to_owned()]));
    }

    #[test]
    fn older_and_broken_values_are_read() {
        let mut old = parameters("TRUE");
        assert!(mark(&mut old, ["a"].into_iter()));
        assert_eq!(old[PARAMETER], r#"{"BASIC_STATS":"true","COLUMN_STATS":{"a":"true"}}"#);
        for broken in ["", "false", "{", "[]", r#"{"COLUMN_STATS":7}"#] {
            assert!(columns(&parameters(broken)).is_empty(), "{broken:?}");
        }
        assert_eq!(columns_of(r#"{"COLUMN_STATS":{"a":"true","b":"false"}}"#), BTreeSet::from(["a".to_owned()]));
    }
}
