//! Types with a name of their own. Names keep their case; blanks around them are nothing.

use propolis_thrift::{AHashMap, FastStr, args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::storage::{columns, wire_columns};
use crate::hms::convert::{text, wire, wire_option};
use crate::hms::error::Result;
use crate::model::named_type::NamedType;

pub async fn create_type(call: &Call, args: args::CreateType) -> Result<bool> {
    let sent = required(args.r#type, "type")?;
    let named = NamedType {
        name: required(sent.name, "type's name")?.trim().to_owned(),
        type1: text(sent.type1),
        type2: text(sent.type2),
        fields: columns("field", sent.fields.unwrap_or_default())?,
    };
    call.catalog.create_type(&call.caller(), named).await?;
    Ok(true)
}

pub async fn get_type(call: &Call, args: args::GetType) -> Result<types::Type> {
    let name = required(args.name, "type's name")?;
    Ok(wire_type(&call.catalog.get_type(name.trim()).await?))
}

pub async fn get_type_all(call: &Call, args: args::GetTypeAll) -> Result<AHashMap<FastStr, types::Type>> {
    let name = required(args.name, "type's name")?;
    let found = call.catalog.get_type_with_parts(name.trim()).await?;
    Ok(found.iter().map(|named| (wire(&named.name), wire_type(named))).collect())
}

pub async fn drop_type(call: &Call, args: args::DropType) -> Result<bool> {
    let name = required(args.r#type, "type's name")?;
    call.catalog.drop_type(&call.caller(), name.trim()).await?;
    Ok(true)
}

fn wire_type(named: &NamedType) -> types::Type {
    types::Type {
        name: Some(wire(&named.name)),
        type1: wire_option(named.type1.as_ref()),
        type2: wire_option(named.type2.as_ref()),
        fields: Some(wire_columns(&named.fields)),
    }
}
