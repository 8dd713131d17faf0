//! How two definitions differ.

use similar::TextDiff;

use crate::model::schema_registry::DataFormat;

/// What makes the second definition of the first: a JSON Patch (RFC 6902) where they are JSON, lines in unified form
/// where they are not. Empty where texts that are not JSON do not differ.
pub fn diff(format: DataFormat, first: &str, second: &str) -> String {
    if matches!(format, DataFormat::Avro | DataFormat::Json)
        && let (Ok(first), Ok(second)) = (super::json(first), super::json(second))
    {
        return serde_json::to_string(&json_patch::diff(&first, &second)).unwrap_or_default();
    }
    TextDiff::from_lines(first, second).unified_diff().to_string()
}
