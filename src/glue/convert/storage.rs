//! Columns and storage descriptors.

use propolis_glue_api::types;
use serde_json::Value;

use super::extra::{Omitted, is_omitted, keep, kept, shown, shown_unless};
use crate::model::storage::NULL_COLUMNS;
use crate::model::{Column, Extra, Parameters, SerDe, Skew, SortColumn, StorageDescriptor};

/// Noted for a descriptor that was left out as a whole.
const WHOLE: &str = "StorageDescriptor";

/// A descriptor as it is to be stored, and the location that the service has in it. What the service has no words for
/// comes from the descriptor that this one replaces.
pub fn storage(
    sent: Option<types::StorageDescriptor>,
    before: Option<&StorageDescriptor>,
) -> (StorageDescriptor, Option<String>) {
    let mut omitted = Omitted::default();
    let mut extra = Extra::new();
    let sent = sent.unwrap_or_else(|| {
        omitted.note(WHOLE);
        types::StorageDescriptor::default()
    });
    let had_null_columns =
        before.and_then(|before| before.extra.as_ref()).is_some_and(|x| x.contains_key(NULL_COLUMNS));
    if had_null_columns && sent.columns.is_none() {
        extra.insert(NULL_COLUMNS.to_owned(), true.into());
    }
    keep(&mut extra, "AdditionalLocations", sent.additional_locations.as_ref());
    keep(&mut extra, "SchemaReference", sent.schema_reference.as_ref());
    let sent_columns = omitted.or_default("Columns", sent.columns);
    let mut descriptor = StorageDescriptor {
        columns: columns(sent_columns, "ColumnDetails", &mut extra),
        input_format: sent.input_format,
        output_format: sent.output_format,
        compressed: omitted.or_default("Compressed", sent.compressed),
        buckets: omitted.or_default("NumberOfBuckets", sent.number_of_buckets),
        serde: serde(sent.serde_info, before.map(|before| &before.serde), &mut omitted),
        bucket_columns: omitted.or_default("BucketColumns", sent.bucket_columns),
        sort_columns: omitted
            .or_default("SortColumns", sent.sort_columns)
            .into_iter()
            .map(|order| SortColumn { column: order.column, order: order.sort_order })
            .collect(),
        parameters: omitted.or_default("Parameters", sent.parameters),
        skew: skew(sent.skewed_info, &mut omitted, &mut extra),
        stored_as_sub_directories: omitted.or_default("StoredAsSubDirectories", sent.stored_as_sub_directories),
        extra: None,
    };
    omitted.keep(&mut extra);
    descriptor.extra = Some(extra).filter(|extra| !extra.is_empty());
    (descriptor, sent.location)
}

pub fn wire_storage(descriptor: &StorageDescriptor, location: Option<&str>) -> Option<types::StorageDescriptor> {
    let none = Extra::new();
    let extra = descriptor.extra.as_ref().unwrap_or(&none);
    if location.is_none() && is_omitted(extra, WHOLE) {
        let nothing = StorageDescriptor { extra: descriptor.extra.clone(), ..StorageDescriptor::default() };
        if *descriptor == nothing {
            return None;
        }
    }
    let columns_are_null = descriptor.columns.is_empty() && extra.contains_key(NULL_COLUMNS);
    let columns = wire_columns(&descriptor.columns, extra, "ColumnDetails");
    Some(types::StorageDescriptor {
        columns: shown(extra, "Columns", columns).filter(|_| !columns_are_null),
        location: location.map(str::to_owned),
        additional_locations: kept(extra, "AdditionalLocations"),
        input_format: descriptor.input_format.clone(),
        output_format: descriptor.output_format.clone(),
        compressed: shown(extra, "Compressed", descriptor.compressed),
        number_of_buckets: shown(extra, "NumberOfBuckets", descriptor.buckets),
        serde_info: wire_serde(&descriptor.serde, extra),
        bucket_columns: shown(extra, "BucketColumns", descriptor.bucket_columns.clone()),
        sort_columns: shown(extra, "SortColumns", descriptor.sort_columns.iter().map(order).collect()),
        parameters: shown(extra, "Parameters", descriptor.parameters.clone()),
        skewed_info: wire_skew(&descriptor.skew, extra),
        stored_as_sub_directories: shown(extra, "StoredAsSubDirectories", descriptor.stored_as_sub_directories),
        schema_reference: kept(extra, "SchemaReference"),
    })
}

/// Columns, with their names folded. What else the service has of them is kept under `key`, by name.
pub fn columns(sent: Vec<types::Column>, key: &str, extra: &mut Extra) -> Vec<Column> {
    let mut details = Extra::new();
    let columns = sent
        .into_iter()
        .map(|column| {
            let name = column.name.to_lowercase();
            let mut detail = Extra::new();
            let mut omitted = Omitted::default();
            keep(&mut detail, "Parameters", column.parameters.as_ref());
            keep(&mut detail, "Name", Some(&column.name).filter(|given| **given != name));
            let type_name = omitted.or_default("Type", column.r#type);
            omitted.keep(&mut detail);
            if !detail.is_empty() {
                details.insert(name.clone(), Value::Object(detail));
            }
            Column { name, type_name, comment: column.comment }
        })
        .collect();
    if !details.is_empty() {
        extra.insert(key.to_owned(), Value::Object(details));
    }
    columns
}

pub fn wire_columns(columns: &[Column], extra: &Extra, key: &str) -> Vec<types::Column> {
    let none = Extra::new();
    let details = extra.get(key).and_then(Value::as_object).unwrap_or(&none);
    columns
        .iter()
        .map(|column| {
            let detail = details.get(&column.name).and_then(Value::as_object).unwrap_or(&none);
            types::Column {
                name: kept(detail, "Name").unwrap_or_else(|| column.name.clone()),
                r#type: shown(detail, "Type", column.type_name.clone()),
                comment: column.comment.clone(),
                parameters: kept(detail, "Parameters"),
            }
        })
        .collect()
}

fn order(column: &SortColumn) -> types::Order {
    types::Order { column: column.column.clone(), sort_order: column.order }
}

fn serde(sent: Option<types::SerDeInfo>, before: Option<&SerDe>, omitted: &mut Omitted) -> SerDe {
    let sent = omitted.or_default("SerdeInfo", sent);
    SerDe {
        name: sent.name,
        library: sent.serialization_library,
        parameters: omitted.or_default("SerdeInfo.Parameters", sent.parameters),
        ..before.cloned().unwrap_or_default()
    }
}

fn wire_serde(serde: &SerDe, extra: &Extra) -> Option<types::SerDeInfo> {
    let is_default = serde.name.is_none() && serde.library.is_none() && serde.parameters.is_empty();
    let wire = types::SerDeInfo {
        name: serde.name.clone(),
        serialization_library: serde.library.clone(),
        parameters: shown(extra, "SerdeInfo.Parameters", serde.parameters.clone()),
    };
    shown_unless(extra, "SerdeInfo", is_default, wire)
}

/// Values that rows are skewed by, which the service has as texts: each a combination of values, one for each column.
fn skew(sent: Option<types::SkewedInfo>, omitted: &mut Omitted, extra: &mut Extra) -> Skew {
    let sent = omitted.or_default("SkewedInfo", sent);
    let values = omitted.or_default("SkewedInfo.SkewedColumnValues", sent.skewed_column_values);
    let locations =
        omitted.or_default("SkewedInfo.SkewedColumnValueLocationMaps", sent.skewed_column_value_location_maps);
    let skew = Skew {
        columns: omitted.or_default("SkewedInfo.SkewedColumnNames", sent.skewed_column_names),
        values: combinations(&values),
        locations: locations_of(&locations),
    };
    // Texts that are not written as we would write them.
    keep(extra, "SkewedColumnValues", Some(&values).filter(|values| texts(&skew) != **values));
    keep(extra, "SkewedColumnValueLocationMaps", Some(&locations).filter(|sent| location_texts(&skew) != **sent));
    skew
}

fn wire_skew(skew: &Skew, extra: &Extra) -> Option<types::SkewedInfo> {
    let values = kept(extra, "SkewedColumnValues").filter(|texts: &Vec<String>| combinations(texts) == skew.values);
    let locations = kept(extra, "SkewedColumnValueLocationMaps");
    let locations = locations.filter(|texts: &Parameters| locations_of(texts) == skew.locations);
    let is_default = *skew == Skew::default();
    let wire = types::SkewedInfo {
        skewed_column_names: shown(extra, "SkewedInfo.SkewedColumnNames", skew.columns.clone()),
        skewed_column_values: shown(extra, "SkewedInfo.SkewedColumnValues", values.unwrap_or_else(|| texts(skew))),
        skewed_column_value_location_maps: shown(
            extra,
            "SkewedInfo.SkewedColumnValueLocationMaps",
            locations.unwrap_or_else(|| location_texts(skew)),
        ),
    };
    shown_unless(extra, "SkewedInfo", is_default, wire)
}

fn combinations(texts: &[String]) -> Vec<Vec<String>> {
    texts.iter().map(|text| combination(text)).collect()
}

fn locations_of(texts: &Parameters) -> Vec<(Vec<String>, String)> {
    let mut locations: Vec<_> = texts.iter().map(|(text, location)| (combination(text), location.clone())).collect();
    locations.sort();
    locations
}

fn texts(skew: &Skew) -> Vec<String> {
    skew.values.iter().map(|values| combination_text(values)).collect()
}

fn location_texts(skew: &Skew) -> Parameters {
    skew.locations.iter().map(|(values, location)| (combination_text(values), location.clone())).collect()
}

/// A combination of values as AWS's own metastore client writes it: for each value its length, a dollar sign and the
/// value. Java counts UTF-16 units.
fn combination_text(values: &[String]) -> String {
    values.iter().map(|value| format!("{}${value}", value.encode_utf16().count())).collect()
}

/// A text that is not written so is one value.
fn combination(text: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((value, tail)) = take_value(rest) {
        values.push(value.to_owned());
        rest = tail;
    }
    if rest.is_empty() && !values.is_empty() { values } else { vec![text.to_owned()] }
}

fn take_value(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once('$')?;
    let length: usize = length.parse().ok()?;
    let mut units = 0;
    let end = rest.char_indices().map(|(at, c)| (at, c.len_utf16())).find_map(|(at, size)| {
        let is_end = units >= length;
        units += size;
        is_end.then_some(at)
    });
    let (value, tail) = rest.split_at(end.unwrap_or(rest.len()));
    (value.encode_utf16().count() == length).then_some((value, tail))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_written_as_the_hive_client_of_aws_writes_them() {
        let values = ["1".to_owned(), "a$b".to_owned(), String::new(), "\u{1f41d}".to_owned()];
        assert_eq!(combination_text(&values), "1$13$a$b0$2$\u{1f41d}");
        assert_eq!(combination(&combination_text(&values)), values);
        for plain in ["us", "1", "$", "3$ab", "1$\u{1f41d}", ""] {
            assert_eq!(combination(plain), [plain], "{plain:?}");
        }
    }
}
