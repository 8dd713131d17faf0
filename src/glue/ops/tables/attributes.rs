//! What a read of tables shows.

use propolis_glue_api::types::{Table as WireTable, TableAttributes};

use crate::glue::call::Call;
use crate::glue::convert::tables::wire_table;
use crate::glue::error::{Exception, Result};
use crate::glue::iceberg;
use crate::model::Table;

#[derive(Debug, Clone, Copy)]
pub struct Attributes {
    all: bool,
    kind: bool,
    iceberg: bool,
}

impl Attributes {
    /// All of the definition where nothing is asked for.
    pub fn read(attributes: Option<&[TableAttributes]>) -> Result<Self> {
        let Some(attributes) = attributes else {
            return Ok(Self { all: true, kind: true, iceberg: false });
        };
        let has = |attribute| attributes.contains(&attribute);
        let iceberg = has(TableAttributes::LatestIcebergMetadata);
        if !has(TableAttributes::Name) && !has(TableAttributes::Default) && !iceberg {
            return Err(Exception::invalid_input("AttributesToGet must have NAME in it").into());
        }
        Ok(Self { all: has(TableAttributes::Default), kind: has(TableAttributes::TableType), iceberg })
    }

    pub async fn show(self, call: &Call, table: &Table) -> Result<WireTable> {
        let mut shown = wire_table(call, table);
        if self.iceberg
            && let Ok(location) = iceberg::metadata_location(table)
        {
            let metadata = call.catalog.read_file(location).await?;
            shown.iceberg_table_metadata = Some(iceberg::shown(location, &metadata)?);
        }
        if self.all {
            return Ok(shown);
        }
        Ok(WireTable {
            name: shown.name,
            database_name: shown.database_name,
            catalog_id: shown.catalog_id,
            table_type: shown.table_type.filter(|_| self.kind),
            iceberg_table_metadata: shown.iceberg_table_metadata,
            ..WireTable::default()
        })
    }
}
