//! Properties of the metastore, of databases and of tables.

use propolis_thrift::{AHashMap, args, types};

use crate::catalog::properties::WhichProperties;
use crate::hms::call::{Call, required};
use crate::hms::convert::{parameters, text, texts, wire, wire_parameters};
use crate::hms::error::Result;

pub async fn set_properties(call: &Call, args: args::SetProperties) -> Result<bool> {
    let request = required(args.req, "request")?;
    let all = parameters(request.property_map);
    call.catalog.set_properties(&call.caller(), &request.name_space, all).await?;
    Ok(true)
}

/// Those of the metastore itself come under the name of the namespace.
pub async fn get_properties(call: &Call, args: args::GetProperties) -> Result<types::PropertyGetResponse> {
    let request = required(args.req, "request")?;
    let which = WhichProperties {
        scope: text(request.map_prefix).unwrap_or_default(),
        predicate: text(request.map_predicate),
        selection: texts(request.map_selection),
    };
    let found = call.catalog.properties(&request.name_space, &which).await?;
    let properties: AHashMap<_, _> = found
        .iter()
        .map(|(scope, properties)| {
            let scope = if scope.is_empty() { request.name_space.clone() } else { wire(scope) };
            (scope, wire_parameters(properties))
        })
        .collect();
    Ok(types::PropertyGetResponse { properties: Some(properties) })
}
