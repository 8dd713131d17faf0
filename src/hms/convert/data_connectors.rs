//! Data connectors.

use propolis_thrift::types;

use super::{parameters, principal_type, seconds, text, wire, wire_option, wire_parameters, wire_principal_type};
use crate::error::Result;
use crate::hms::call::null;
use crate::model::data_connector::DataConnector;
use crate::model::name::fold;

pub fn data_connector(sent: types::DataConnector) -> Result<DataConnector> {
    Ok(DataConnector {
        name: fold(&sent.name.ok_or_else(|| null("data connector's name"))?),
        kind: text(sent.r#type),
        url: text(sent.url),
        description: text(sent.description),
        parameters: parameters(sent.parameters),
        owner_name: text(sent.owner_name),
        owner_type: sent.owner_type.map(principal_type).transpose()?,
        created_at: 0,
    })
}

pub fn wire_data_connector(connector: &DataConnector) -> types::DataConnector {
    types::DataConnector {
        name: Some(wire(&connector.name)),
        r#type: wire_option(connector.kind.as_ref()),
        url: wire_option(connector.url.as_ref()),
        description: wire_option(connector.description.as_ref()),
        parameters: Some(wire_parameters(&connector.parameters)),
        owner_name: wire_option(connector.owner_name.as_ref()),
        owner_type: connector.owner_type.map(wire_principal_type),
        create_time: Some(seconds(connector.created_at)),
    }
}
