//! Columns and storage descriptors.

use propolis_thrift::{AHashMap, FastStr, types};

use super::{parameters, text, texts, wire, wire_list, wire_option, wire_parameters};
use crate::error::{CatalogError, Result};
use crate::model::storage::NULL_COLUMNS;
use crate::model::{Column, Extra, SerDe, Skew, SortColumn, StorageDescriptor};

/// Columns with their names folded; a column without a name or type is refused.
pub fn columns(what: &str, sent: Vec<types::FieldSchema>) -> Result<Vec<Column>> {
    sent.into_iter()
        .map(|field| {
            let missing =
                |part: &str| CatalogError::invalid_input(format!("A {what} has no {part}: null is not allowed here"));
            Ok(Column {
                name: field.name.ok_or_else(|| missing("name"))?.to_lowercase(),
                type_name: field.r#type.ok_or_else(|| missing("type"))?.to_string(),
                comment: text(field.comment),
            })
        })
        .collect()
}

pub fn wire_columns(columns: &[Column]) -> Vec<types::FieldSchema> {
    columns
        .iter()
        .map(|column| types::FieldSchema {
            name: Some(wire(&column.name)),
            r#type: Some(wire(&column.type_name)),
            comment: wire_option(column.comment.as_ref()),
        })
        .collect()
}

/// The descriptor, and the location that the wire has in it. Nulls become empty lists and maps.
pub fn storage(sent: types::StorageDescriptor) -> Result<(StorageDescriptor, Option<String>)> {
    let location = text(sent.location);
    let null_columns = sent.cols.is_none();
    let skewed = sent.skewed_info.unwrap_or_default();
    let mut skewed_locations: Vec<(Vec<String>, String)> = skewed
        .skewed_col_value_location_maps
        .unwrap_or_default()
        .into_iter()
        .map(|(values, location)| (texts(Some(values)), location.to_string()))
        .collect();
    skewed_locations.sort();
    let descriptor = StorageDescriptor {
        columns: columns("column", sent.cols.unwrap_or_default())?,
        input_format: text(sent.input_format),
        output_format: text(sent.output_format),
        compressed: sent.compressed.unwrap_or_default(),
        buckets: sent.num_buckets.unwrap_or_default(),
        serde: serde(sent.serde_info.unwrap_or_default()),
        bucket_columns: texts(sent.bucket_cols),
        sort_columns: sent
            .sort_cols
            .unwrap_or_default()
            .into_iter()
            .map(|order| SortColumn {
                column: text(order.col).unwrap_or_default(),
                order: order.order.unwrap_or_default(),
            })
            .collect(),
        parameters: parameters(sent.parameters),
        skew: Skew {
            columns: texts(skewed.skewed_col_names),
            values: skewed
                .skewed_col_values
                .unwrap_or_default()
                .into_iter()
                .map(|values| texts(Some(values)))
                .collect(),
            locations: skewed_locations,
        },
        stored_as_sub_directories: sent.stored_as_sub_directories.unwrap_or_default(),
        extra: null_columns.then(|| Extra::from_iter([(NULL_COLUMNS.to_owned(), true.into())])),
    };
    Ok((descriptor, location))
}

pub fn serde(sent: types::SerDeInfo) -> SerDe {
    SerDe {
        name: text(sent.name),
        library: text(sent.serialization_lib),
        parameters: parameters(sent.parameters),
        description: text(sent.description),
        serializer_class: text(sent.serializer_class),
        deserializer_class: text(sent.deserializer_class),
        kind: sent.serde_type.map(|kind| kind.inner()),
    }
}

pub fn wire_serde(serde: &SerDe) -> types::SerDeInfo {
    types::SerDeInfo {
        name: wire_option(serde.name.as_ref()),
        serialization_lib: wire_option(serde.library.as_ref()),
        parameters: Some(wire_parameters(&serde.parameters)),
        description: wire_option(serde.description.as_ref()),
        serializer_class: wire_option(serde.serializer_class.as_ref()),
        deserializer_class: wire_option(serde.deserializer_class.as_ref()),
        serde_type: serde.kind.map(types::SerdeType::from),
    }
}

fn has_null_columns(descriptor: &StorageDescriptor) -> bool {
    descriptor.columns.is_empty() && descriptor.extra.as_ref().is_some_and(|extra| extra.get(NULL_COLUMNS).is_some())
}

pub fn wire_storage(descriptor: &StorageDescriptor, location: Option<FastStr>) -> types::StorageDescriptor {
    let skew = &descriptor.skew;
    types::StorageDescriptor {
        cols: (!has_null_columns(descriptor)).then(|| wire_columns(&descriptor.columns)),
        location,
        input_format: wire_option(descriptor.input_format.as_ref()),
        output_format: wire_option(descriptor.output_format.as_ref()),
        compressed: Some(descriptor.compressed),
        num_buckets: Some(descriptor.buckets),
        serde_info: Some(wire_serde(&descriptor.serde)),
        bucket_cols: Some(wire_list(&descriptor.bucket_columns)),
        sort_cols: Some(
            descriptor
                .sort_columns
                .iter()
                .map(|sort| types::Order { col: Some(wire(&sort.column)), order: Some(sort.order) })
                .collect(),
        ),
        parameters: Some(wire_parameters(&descriptor.parameters)),
        skewed_info: Some(types::SkewedInfo {
            skewed_col_names: Some(wire_list(&skew.columns)),
            skewed_col_values: Some(skew.values.iter().map(|values| wire_list(values)).collect()),
            skewed_col_value_location_maps: Some(
                skew.locations
                    .iter()
                    .map(|(values, location)| (wire_list(values), wire(location)))
                    .collect::<AHashMap<_, _>>(),
            ),
        }),
        stored_as_sub_directories: Some(descriptor.stored_as_sub_directories),
    }
}
