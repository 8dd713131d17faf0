//! Functions.

use propolis_thrift::types;

use super::{principal_type, seconds, text, wire, wire_option, wire_principal_type};
use crate::error::{CatalogError, Result};
use crate::hms::call::null;
use crate::model::DatabaseName;
use crate::model::function::{Function, Resource, ResourceKind};
use crate::model::name::fold;

pub fn function(sent: types::Function, database: DatabaseName) -> Result<Function> {
    let name = sent.function_name.ok_or_else(|| null("function name"))?;
    let class_name = sent
        .class_name
        .ok_or_else(|| CatalogError::invalid_object(format!("Function {database}.{name} has no class name")))?;
    let owner_type = sent.owner_type.ok_or_else(|| null("function's owner type"))?;
    match sent.function_type {
        Some(types::FunctionType::JAVA) => {}
        Some(other) => {
            return Err(CatalogError::invalid_input(format!(
                "{} is not a function type: 1, a Java class, is the only one",
                other.inner()
            )));
        }
        None => return Err(null("function type")),
    }
    Ok(Function {
        id: 0,
        database,
        name: fold(&name),
        class_name: class_name.to_string(),
        owner_name: text(sent.owner_name),
        owner_type: Some(principal_type(owner_type)?),
        created_at: 0,
        resources: sent.resource_uris.unwrap_or_default().into_iter().map(resource).collect::<Result<_>>()?,
        extra: Default::default(),
    })
}

pub fn wire_function(function: &Function) -> types::Function {
    types::Function {
        function_name: Some(wire(&function.name)),
        db_name: Some(wire(&function.database.database)),
        class_name: Some(wire(&function.class_name)),
        owner_name: wire_option(function.owner_name.as_ref()),
        owner_type: function.owner_type.map(wire_principal_type),
        create_time: Some(seconds(function.created_at)),
        function_type: Some(types::FunctionType::JAVA),
        resource_uris: Some(function.resources.iter().map(wire_resource).collect()),
        cat_name: Some(wire(&function.database.catalog)),
    }
}

fn resource(sent: types::ResourceUri) -> Result<Resource> {
    let kind = match sent.resource_type.ok_or_else(|| null("resource type"))? {
        types::ResourceType::JAR => ResourceKind::Jar,
        types::ResourceType::FILE => ResourceKind::File,
        types::ResourceType::ARCHIVE => ResourceKind::Archive,
        other => {
            return Err(CatalogError::invalid_input(format!(
                "{} is not a resource type: 1 jar, 2 file or 3 archive",
                other.inner()
            )));
        }
    };
    Ok(Resource { kind, uri: sent.uri.ok_or_else(|| null("resource's URI"))?.to_string() })
}

fn wire_resource(resource: &Resource) -> types::ResourceUri {
    types::ResourceUri {
        resource_type: Some(match resource.kind {
            ResourceKind::Jar => types::ResourceType::JAR,
            ResourceKind::File => types::ResourceType::FILE,
            ResourceKind::Archive => types::ResourceType::ARCHIVE,
        }),
        uri: Some(wire(&resource.uri)),
    }
}
