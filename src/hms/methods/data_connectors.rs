//! Data connectors.

use propolis_thrift::{FastStr, args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::data_connectors::{data_connector, wire_data_connector};
use crate::hms::convert::wire_list;
use crate::hms::error::Result;
use crate::model::name::fold;

pub async fn create_dataconnector_req(call: &Call, args: args::CreateDataconnectorReq) -> Result<()> {
    let connector = data_connector(required(args.connector_req, "request")?.connector)?;
    call.about(&connector.name);
    Ok(call.catalog.create_data_connector(&call.caller(), connector).await?)
}

pub async fn get_dataconnector_req(call: &Call, args: args::GetDataconnectorReq) -> Result<types::DataConnector> {
    let name = named(call, &required(args.request, "request")?.connector_name);
    Ok(wire_data_connector(&call.catalog.get_data_connector(&name).await?))
}

pub async fn get_dataconnectors(call: &Call, _: args::GetDataconnectors) -> Result<Vec<FastStr>> {
    Ok(wire_list(&call.catalog.data_connector_names().await?))
}

pub async fn alter_dataconnector_req(call: &Call, args: args::AlterDataconnectorReq) -> Result<()> {
    let request = required(args.alter_req, "request")?;
    let name = named(call, &request.connector_name);
    let changed = data_connector(request.new_connector)?;
    Ok(call.catalog.alter_data_connector(&call.caller(), &name, changed).await?)
}

pub async fn drop_dataconnector_req(call: &Call, args: args::DropDataconnectorReq) -> Result<()> {
    let request = required(args.drop_dc_req, "request")?;
    let name = named(call, &request.connector_name);
    let if_exists = request.if_not_exists.unwrap_or_default();
    let check_references = request.check_references.unwrap_or_default();
    Ok(call.catalog.drop_data_connector(&call.caller(), &name, if_exists, check_references).await?)
}

fn named(call: &Call, name: &FastStr) -> String {
    let name = fold(name);
    call.about(&name);
    name
}
