//! Schemas of databases, and their versions.

use propolis_thrift::types;

use super::storage::{columns, serde, wire_columns, wire_serde};
use super::{text, wire, wire_option};
use crate::error::Result;
use crate::hms::call::null;
use crate::model::ischema::{ISchema, ISchemaName, ISchemaVersion};
use crate::model::numbered::Numbered;

pub fn ischema(sent: types::ISchema, name: ISchemaName) -> Result<ISchema> {
    let kind = sent.schema_type.ok_or_else(|| null("schema type"))?;
    let compatibility = sent.compatibility.ok_or_else(|| null("schema's compatibility"))?;
    let validation_level = sent.validation_level.ok_or_else(|| null("schema's validation level"))?;
    Ok(ISchema {
        id: 0,
        name,
        kind: Numbered::of_number("schema type", kind.inner())?,
        compatibility: Numbered::of_number("schema compatibility", compatibility.inner())?,
        validation_level: Numbered::of_number("schema validation level", validation_level.inner())?,
        can_evolve: sent.can_evolve.unwrap_or_default(),
        schema_group: text(sent.schema_group),
        description: text(sent.description),
    })
}

pub fn wire_ischema(schema: &ISchema) -> types::ISchema {
    types::ISchema {
        schema_type: Some(schema.kind.number().into()),
        name: Some(wire(&schema.name.name)),
        cat_name: Some(wire(&schema.name.database.catalog)),
        db_name: Some(wire(&schema.name.database.database)),
        compatibility: Some(schema.compatibility.number().into()),
        validation_level: Some(schema.validation_level.number().into()),
        can_evolve: Some(schema.can_evolve),
        schema_group: wire_option(schema.schema_group.as_ref()),
        description: wire_option(schema.description.as_ref()),
    }
}

pub fn wire_ischema_name(name: &ISchemaName) -> types::ISchemaName {
    types::ISchemaName {
        cat_name: Some(wire(&name.database.catalog)),
        db_name: Some(wire(&name.database.database)),
        schema_name: Some(wire(&name.name)),
    }
}

pub fn version(sent: types::SchemaVersion, schema: ISchemaName) -> Result<ISchemaVersion> {
    let state = sent.state.map(|state| Numbered::of_number("schema version state", state.inner()));
    Ok(ISchemaVersion {
        schema,
        version: sent.version.ok_or_else(|| null("schema version's number"))?,
        created_at: sent.created_at.unwrap_or_default(),
        columns: columns("column", sent.cols.ok_or_else(|| null("list of columns"))?)?,
        state: state.transpose()?,
        description: text(sent.description),
        schema_text: text(sent.schema_text),
        fingerprint: text(sent.fingerprint),
        name: text(sent.name),
        serde: sent.ser_de.map(serde),
    })
}

pub fn wire_version(version: &ISchemaVersion) -> types::SchemaVersion {
    types::SchemaVersion {
        schema: Some(wire_ischema_name(&version.schema)),
        version: Some(version.version),
        created_at: Some(version.created_at),
        cols: Some(wire_columns(&version.columns)),
        state: version.state.map(|state| state.number().into()),
        description: wire_option(version.description.as_ref()),
        schema_text: wire_option(version.schema_text.as_ref()),
        fingerprint: wire_option(version.fingerprint.as_ref()),
        name: wire_option(version.name.as_ref()),
        ser_de: version.serde.as_ref().map(wire_serde),
    }
}
