//! Column types as the rules see them.

use crate::error::{CatalogError, Result};
use crate::model::Column;

/// First words of the types in Hive's grammar (serdeConstants of the metastore, and Hive 4's additions).
const TYPE_WORDS: &[&str] = &[
    "void",
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal",
    "string",
    "varchar",
    "char",
    "date",
    "datetime",
    "timestamp",
    "timestamplocaltz",
    "interval_year_month",
    "interval_day_time",
    "binary",
    "array",
    "map",
    "struct",
    "uniontype",
    "variant",
];

/// Refuses columns without a type or of an unknown one. Like the metastore's own check it looks at the outermost type.
pub fn check_columns(what: &str, columns: &[Column]) -> Result<()> {
    for column in columns {
        let word_end =
            column.type_name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(column.type_name.len());
        let word = column.type_name[..word_end].to_ascii_lowercase();
        if !TYPE_WORDS.contains(&word.as_str()) {
            return Err(CatalogError::invalid_object(format!(
                "{what} {:?} has the unknown type {:?}",
                column.name, column.type_name
            )));
        }
    }
    Ok(())
}

/// Whether data written as `from` can be read as `to` (the metastore's ColumnType.areColTypesCompatible).
pub fn is_compatible_change(from: &str, to: &str) -> bool {
    let (from, to) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
    if from == to {
        return true;
    }
    let base = |text: &str| text.split('(').next().unwrap_or_default().trim().to_owned();
    let (from_base, to_base) = (base(&from), base(&to));
    let numeric = |name: &str| {
        ["tinyint", "smallint", "int", "bigint", "decimal", "float", "double"].iter().position(|n| *n == name)
    };
    let textual = |name: &str| matches!(name, "string" | "varchar" | "char");
    match (numeric(&from_base), numeric(&to_base)) {
        // The wider may follow the narrower; decimals may change their precision.
        (Some(old), Some(new)) => old < new || from_base == to_base,
        (Some(_), None) => textual(&to_base),
        (None, _) => {
            from_base == "void"
                || textual(&from_base) && (textual(&to_base) || to_base == "double" || to_base == "decimal")
                || matches!(from_base.as_str(), "date" | "timestamp") && textual(&to_base)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn column(type_name: &str) -> Vec<Column> {
        vec![Column { name: "c".into(), type_name: type_name.into(), comment: None }]
    }

    #[test]
    fn the_outermost_type_decides() {
        for good in ["int", "DECIMAL(10,2)", "struct<a:int>", "timestamp with local time zone", "map<string,xyz>"] {
            check_columns("column", &column(good)).unwrap();
        }
        for bad in ["", "xyz", "integer", "<int>"] {
            assert!(check_columns("column", &column(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn types_may_widen_but_not_narrow() {
        for (from, to) in [("int", "bigint"), ("int", "string"), ("string", "double"), ("date", "string")] {
            assert!(is_compatible_change(from, to), "{from} to {to}");
        }
        for (from, to) in [("bigint", "int"), ("string", "int"), ("struct<a:int>", "struct<a:int,b:int>")] {
            assert!(!is_compatible_change(from, to), "{from} to {to}");
        }
    }
}
