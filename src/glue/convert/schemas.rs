//! The schema registry.

use std::time::{Duration, UNIX_EPOCH};

use propolis_glue_api::types;

use crate::glue::call::Call;
use crate::model::schema_registry::{
    Compatibility, DataFormat, Registry, Schema, SchemaName, SchemaVersion, VersionMetadata,
};

pub fn registry_arn(call: &Call, name: &str) -> String {
    call.arn(&format!("registry/{name}"))
}

pub fn schema_arn(call: &Call, name: &SchemaName) -> String {
    call.arn(&format!("schema/{}/{}", name.registry, name.schema))
}

/// Times of the schema registry are texts, of milliseconds since the epoch.
pub fn time(milliseconds: i64) -> String {
    let since = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}

pub fn format_in(format: types::DataFormat) -> DataFormat {
    match format {
        types::DataFormat::Avro => DataFormat::Avro,
        types::DataFormat::Json => DataFormat::Json,
        types::DataFormat::Protobuf => DataFormat::Protobuf,
    }
}

pub fn format_out(format: DataFormat) -> types::DataFormat {
    match format {
        DataFormat::Avro => types::DataFormat::Avro,
        DataFormat::Json => types::DataFormat::Json,
        DataFormat::Protobuf => types::DataFormat::Protobuf,
    }
}

pub fn compatibility_in(compatibility: types::Compatibility) -> Compatibility {
    match compatibility {
        types::Compatibility::None => Compatibility::None,
        types::Compatibility::Disabled => Compatibility::Disabled,
        types::Compatibility::Backward => Compatibility::Backward,
        types::Compatibility::BackwardAll => Compatibility::BackwardAll,
        types::Compatibility::Forward => Compatibility::Forward,
        types::Compatibility::ForwardAll => Compatibility::ForwardAll,
        types::Compatibility::Full => Compatibility::Full,
        types::Compatibility::FullAll => Compatibility::FullAll,
    }
}

pub fn compatibility_out(compatibility: Compatibility) -> types::Compatibility {
    match compatibility {
        Compatibility::None => types::Compatibility::None,
        Compatibility::Disabled => types::Compatibility::Disabled,
        Compatibility::Backward => types::Compatibility::Backward,
        Compatibility::BackwardAll => types::Compatibility::BackwardAll,
        Compatibility::Forward => types::Compatibility::Forward,
        Compatibility::ForwardAll => types::Compatibility::ForwardAll,
        Compatibility::Full => types::Compatibility::Full,
        Compatibility::FullAll => types::Compatibility::FullAll,
    }
}

/// A version that failed its check stays there as one that does not count.
pub fn status(version: &SchemaVersion) -> types::SchemaVersionStatus {
    match version.failure {
        None => types::SchemaVersionStatus::Available,
        Some(_) => types::SchemaVersionStatus::Failure,
    }
}

pub fn registry_item(call: &Call, registry: Registry) -> types::RegistryListItem {
    types::RegistryListItem {
        registry_arn: Some(registry_arn(call, &registry.name)),
        registry_name: Some(registry.name),
        description: registry.description,
        status: Some(types::RegistryStatus::Available),
        created_time: Some(time(registry.created_at)),
        updated_time: Some(time(registry.updated_at)),
    }
}

pub fn schema_item(call: &Call, schema: Schema) -> types::SchemaListItem {
    types::SchemaListItem {
        schema_arn: Some(schema_arn(call, &schema.name)),
        registry_name: Some(schema.name.registry),
        schema_name: Some(schema.name.schema),
        description: schema.description,
        schema_status: Some(types::SchemaStatus::Available),
        created_time: Some(time(schema.created_at)),
        updated_time: Some(time(schema.updated_at)),
    }
}

pub fn version_item(call: &Call, version: &SchemaVersion) -> types::SchemaVersionListItem {
    types::SchemaVersionListItem {
        schema_arn: Some(schema_arn(call, &version.schema)),
        schema_version_id: Some(version.id.to_string()),
        version_number: Some(version.number),
        status: Some(status(version)),
        created_time: Some(time(version.created_at)),
    }
}

/// The values of a key, the oldest first: it is the one that the key is said to have.
pub fn metadata_info(pairs: Vec<VersionMetadata>) -> types::MetadataInfo {
    let mut pairs = pairs.into_iter();
    let first = pairs.next();
    let others: Vec<_> = pairs
        .map(|pair| types::OtherMetadataValueListItem {
            metadata_value: Some(pair.value),
            created_time: Some(time(pair.created_at)),
        })
        .collect();
    types::MetadataInfo {
        created_time: first.as_ref().map(|pair| time(pair.created_at)),
        metadata_value: first.map(|pair| pair.value),
        other_metadata_value_list: Some(others).filter(|others| !others.is_empty()),
    }
}
