//! Projections: which fields of an answer a client asked for, as dotted names from the IDL.

use propolis_thrift::{AHashMap, ExceptionKind, FastStr, types};
use regex::Regex;

use crate::error::CatalogError;
use crate::hms::error::Result;

/// Fields of a table that a projection may name.
const TABLE_FIELDS: &[&str] = &[
    "catName",
    "colStats",
    "createTime",
    "creationMetadata",
    "dbName",
    "id",
    "lastAccessTime",
    "owner",
    "ownerType",
    "parameters",
    "partitionKeys",
    "privileges",
    "retention",
    "rewriteEnabled",
    "sd",
    "tableName",
    "tableType",
    "temporary",
    "viewExpandedText",
    "viewOriginalText",
    "writeId",
];
/// Fields of a partition.
const PARTITION_FIELDS: &[&str] = &[
    "catName",
    "createTime",
    "dbName",
    "lastAccessTime",
    "parameters",
    "privileges",
    "sd",
    "tableName",
    "values",
    "writeId",
];
/// Fields of a storage descriptor.
const STORAGE_FIELDS: &[&str] = &[
    "bucketCols",
    "cols",
    "compressed",
    "inputFormat",
    "location",
    "numBuckets",
    "outputFormat",
    "parameters",
    "serdeInfo",
    "skewedInfo",
    "sortCols",
    "storedAsSubDirectories",
];
/// Fields of a column, of a sort order and of what skewed columns are.
const COLUMN_FIELDS: &[&str] = &["name", "type", "comment"];
const ORDER_FIELDS: &[&str] = &["col", "order"];
const SKEWED_FIELDS: &[&str] = &["skewedColNames", "skewedColValues", "skewedColValueLocationMaps"];
/// Fields of a SerDe.
const SERDE_FIELDS: &[&str] =
    &["description", "deserializerClass", "name", "parameters", "serdeType", "serializationLib", "serializerClass"];

/// Fields of a table that have many values.
const MANY_VALUED: &[&str] = &[
    "parameters",
    "partitionKeys",
    "sd.bucketCols",
    "sd.cols",
    "sd.parameters",
    "sd.serdeInfo.parameters",
    "sd.skewedInfo",
    "sd.sortCols",
];

/// The fields asked for; none means all.
#[derive(Debug, Default)]
pub struct Projection {
    fields: Vec<String>,
    include_parameters: Option<Regex>,
    exclude_parameters: Option<Regex>,
}

impl Projection {
    /// Patterns for parameters are regular expressions here. Whoever asks for a field of which a table has many gets
    /// whole tables: with those, a projection would save Apache's server nothing, and clients read more than they ask
    /// for.
    pub fn of_tables(sent: Option<types::GetProjectionsSpec>) -> Result<Self> {
        let mut read = Self::read(sent, TABLE_FIELDS, pattern)?;
        if read.fields.is_empty() && read.has_pattern() {
            let message = "A pattern for parameter keys needs a list of fields beside it";
            return Err(ExceptionKind::InvalidOperation.with(message).into());
        }
        let many = |field: &String| MANY_VALUED.iter().any(|many| within(field, many));
        if read.fields.iter().any(many) {
            read.fields.clear();
        }
        Ok(read)
    }

    /// Patterns for parameters have the wildcards of LIKE here.
    pub fn of_partitions(sent: Option<types::GetProjectionsSpec>) -> Result<Self> {
        Self::read(sent, PARTITION_FIELDS, like_pattern)
    }

    fn read(
        sent: Option<types::GetProjectionsSpec>,
        known: &[&str],
        pattern: fn(Option<&str>) -> Result<Option<Regex>>,
    ) -> Result<Self> {
        let Some(sent) = sent else { return Ok(Self::default()) };
        let fields: Vec<String> =
            sent.field_list.unwrap_or_default().into_iter().map(|field| field.to_string()).collect();
        for field in &fields {
            check(field, known)?;
        }
        Ok(Self {
            fields,
            include_parameters: pattern(sent.include_param_key_pattern.as_deref())?,
            exclude_parameters: pattern(sent.exclude_param_key_pattern.as_deref())?,
        })
    }

    fn has_pattern(&self) -> bool {
        self.include_parameters.is_some() || self.exclude_parameters.is_some()
    }

    /// Whether a field, something in it, or what it lies in was asked for.
    fn wants(&self, field: &str) -> bool {
        self.fields.iter().any(|asked| within(asked, field) || within(field, asked))
    }

    fn keep<T>(&self, field: &str, value: &mut Option<T>) {
        if !self.wants(field) {
            *value = None;
        }
    }

    /// The table with only the fields asked for set. Numbers and flags that were not asked for are zero and false: the
    /// tables of Apache's server have no other way to leave them out.
    pub fn table(&self, mut table: types::Table) -> types::Table {
        if self.fields.is_empty() {
            return table;
        }
        self.keep("catName", &mut table.cat_name);
        self.keep("colStats", &mut table.col_stats);
        self.keep("createTime", &mut table.create_time);
        self.keep("creationMetadata", &mut table.creation_metadata);
        self.keep("dbName", &mut table.db_name);
        self.keep("id", &mut table.id);
        self.keep("lastAccessTime", &mut table.last_access_time);
        self.keep("owner", &mut table.owner);
        self.keep("ownerType", &mut table.owner_type);
        self.keep("parameters", &mut table.parameters);
        self.keep("partitionKeys", &mut table.partition_keys);
        self.keep("privileges", &mut table.privileges);
        self.keep("retention", &mut table.retention);
        self.keep("rewriteEnabled", &mut table.rewrite_enabled);
        self.keep("sd", &mut table.sd);
        self.keep("tableName", &mut table.table_name);
        self.keep("tableType", &mut table.table_type);
        self.keep("temporary", &mut table.temporary);
        self.keep("viewExpandedText", &mut table.view_expanded_text);
        self.keep("viewOriginalText", &mut table.view_original_text);
        self.keep("writeId", &mut table.write_id);
        table.create_time.get_or_insert_default();
        table.id.get_or_insert_default();
        table.last_access_time.get_or_insert_default();
        table.retention.get_or_insert_default();
        table.rewrite_enabled.get_or_insert_default();
        table.write_id.get_or_insert_default();
        self.parameters(&mut table.parameters);
        if let Some(sd) = &mut table.sd {
            self.storage(sd);
            sd.compressed.get_or_insert_default();
            sd.num_buckets.get_or_insert_default();
            sd.stored_as_sub_directories.get_or_insert_default();
        }
        table
    }

    /// The partition with only the fields asked for set.
    pub fn partition(&self, mut partition: types::Partition) -> types::Partition {
        if self.fields.is_empty() {
            self.parameters(&mut partition.parameters);
            return partition;
        }
        self.keep("catName", &mut partition.cat_name);
        self.keep("createTime", &mut partition.create_time);
        self.keep("dbName", &mut partition.db_name);
        self.keep("lastAccessTime", &mut partition.last_access_time);
        self.keep("parameters", &mut partition.parameters);
        self.keep("privileges", &mut partition.privileges);
        self.keep("sd", &mut partition.sd);
        self.keep("tableName", &mut partition.table_name);
        self.keep("values", &mut partition.values);
        self.keep("writeId", &mut partition.write_id);
        self.parameters(&mut partition.parameters);
        if let Some(sd) = &mut partition.sd {
            self.storage(sd);
        }
        partition
    }

    fn parameters(&self, parameters: &mut Option<AHashMap<FastStr, FastStr>>) {
        if let Some(parameters) = parameters {
            parameters.retain(|key, _| {
                self.include_parameters.as_ref().is_none_or(|pattern| pattern.is_match(key))
                    && !self.exclude_parameters.as_ref().is_some_and(|pattern| pattern.is_match(key))
            });
        }
    }

    fn storage(&self, sd: &mut types::StorageDescriptor) {
        self.keep("sd.bucketCols", &mut sd.bucket_cols);
        self.keep("sd.cols", &mut sd.cols);
        self.keep("sd.compressed", &mut sd.compressed);
        self.keep("sd.inputFormat", &mut sd.input_format);
        self.keep("sd.location", &mut sd.location);
        self.keep("sd.numBuckets", &mut sd.num_buckets);
        self.keep("sd.outputFormat", &mut sd.output_format);
        self.keep("sd.parameters", &mut sd.parameters);
        self.keep("sd.serdeInfo", &mut sd.serde_info);
        self.keep("sd.skewedInfo", &mut sd.skewed_info);
        self.keep("sd.sortCols", &mut sd.sort_cols);
        self.keep("sd.storedAsSubDirectories", &mut sd.stored_as_sub_directories);
        for column in sd.cols.iter_mut().flatten() {
            self.keep("sd.cols.name", &mut column.name);
            self.keep("sd.cols.type", &mut column.r#type);
            self.keep("sd.cols.comment", &mut column.comment);
        }
        for order in sd.sort_cols.iter_mut().flatten() {
            self.keep("sd.sortCols.col", &mut order.col);
            self.keep("sd.sortCols.order", &mut order.order);
        }
        if let Some(skewed) = &mut sd.skewed_info {
            self.keep("sd.skewedInfo.skewedColNames", &mut skewed.skewed_col_names);
            self.keep("sd.skewedInfo.skewedColValues", &mut skewed.skewed_col_values);
            self.keep("sd.skewedInfo.skewedColValueLocationMaps", &mut skewed.skewed_col_value_location_maps);
        }
        if let Some(serde) = &mut sd.serde_info {
            self.keep("sd.serdeInfo.description", &mut serde.description);
            self.keep("sd.serdeInfo.deserializerClass", &mut serde.deserializer_class);
            self.keep("sd.serdeInfo.name", &mut serde.name);
            self.keep("sd.serdeInfo.parameters", &mut serde.parameters);
            self.keep("sd.serdeInfo.serdeType", &mut serde.serde_type);
            self.keep("sd.serdeInfo.serializationLib", &mut serde.serialization_lib);
            self.keep("sd.serdeInfo.serializerClass", &mut serde.serializer_class);
        }
    }
}

/// Whether a field is another one, or lies in it.
fn within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn pattern(text: Option<&str>) -> Result<Option<Regex>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let pattern = Regex::new(&format!("^(?:{text})$")).map_err(|error| {
        CatalogError::invalid_input(format!("{text:?} is not a pattern for parameter keys: {error}"))
    })?;
    Ok(Some(pattern))
}

/// A pattern for keys of parameters with the wildcards of SQL's LIKE; none where it is null or empty.
pub fn like_pattern(text: Option<&str>) -> Result<Option<Regex>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let mut regular = String::from("(?s)^");
    for c in text.chars() {
        match c {
            '%' => regular.push_str(".*"),
            '_' => regular.push('.'),
            c => regular.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern(Some(&(regular + "$")))
}

/// Refuses names of fields that do not exist, at each level.
fn check(field: &str, top: &[&str]) -> Result<()> {
    let mut known = top;
    for part in field.split('.') {
        if !known.contains(&part) {
            return Err(CatalogError::invalid_input(format!(
                "Invalid field in the projection: {field:?}; {part:?} is none of {}",
                known.join(", ")
            ))
            .into());
        }
        known = match part {
            "sd" => STORAGE_FIELDS,
            "serdeInfo" => SERDE_FIELDS,
            "cols" => COLUMN_FIELDS,
            "sortCols" => ORDER_FIELDS,
            "skewedInfo" => SKEWED_FIELDS,
            // What lies in other fields is not projected: asking for a part gives the whole.
            _ => return Ok(()),
        };
    }
    Ok(())
}
