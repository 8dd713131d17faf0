//! Catalogs.

use propolis_thrift::types;

use super::{parameters, seconds, text, wire, wire_option, wire_parameters};
use crate::model::Catalog;

pub fn catalog(sent: types::Catalog) -> Catalog {
    Catalog {
        id: 0,
        name: text(sent.name).unwrap_or_default(),
        description: text(sent.description),
        location: text(sent.location_uri).unwrap_or_default(),
        parameters: parameters(sent.parameters),
        created_at: 0,
        updated_at: 0,
        extra: Default::default(),
    }
}

pub fn wire_catalog(catalog: &Catalog) -> types::Catalog {
    types::Catalog {
        name: Some(wire(&catalog.name)),
        description: wire_option(catalog.description.as_ref()),
        location_uri: Some(wire(&catalog.location)),
        create_time: Some(seconds(catalog.created_at)),
        parameters: Some(wire_parameters(&catalog.parameters)),
    }
}
