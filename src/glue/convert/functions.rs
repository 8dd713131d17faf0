//! User-defined functions.

use propolis_glue_api::types;

use super::extra::{Omitted, keep, kept, shown, shown_unless};
use crate::glue::call::Call;
use crate::model::function::{Function, Resource, ResourceKind};
use crate::model::name::fold;
use crate::model::{DatabaseName, Extra, PrincipalType};

/// A function as it is to be stored.
pub fn function(sent: types::UserDefinedFunctionInput, name: &str, database: DatabaseName) -> Function {
    let mut omitted = Omitted::default();
    let mut extra = Extra::new();
    let function_type = omitted.or("FunctionType", sent.function_type, types::FunctionType::RegularFunction);
    keep(&mut extra, "FunctionType", Some(&function_type));
    keep(&mut extra, "ArtifactLocation", sent.artifact_location.as_ref());
    keep(&mut extra, "GovernanceMode", sent.governance_mode.as_ref());
    let uris = omitted.or_default("ResourceUris", sent.resource_uris);
    let resources = resources(&uris);
    keep(&mut extra, "ResourceUris", Some(&uris).filter(|uris| wire_resources(&resources) != **uris));
    let function = Function {
        id: 0,
        database,
        name: fold(name),
        class_name: omitted.or_default("ClassName", sent.class_name),
        owner_name: sent.owner_name,
        owner_type: Some(principal(omitted.or("OwnerType", sent.owner_type, types::PrincipalType::User))),
        created_at: 0,
        resources,
        extra: Extra::new(),
    };
    omitted.keep(&mut extra);
    Function { extra, ..function }
}

/// The definition with what the server says of it.
pub fn wire_function(call: &Call, function: &Function) -> types::UserDefinedFunction {
    types::UserDefinedFunction {
        catalog_id: Some(call.catalog_id(&function.database.catalog)),
        database_name: Some(function.database.database.clone()),
        create_time: Some(function.created_at.into()),
        ..definition(function)
    }
}

/// What a client defined.
pub fn definition(function: &Function) -> types::UserDefinedFunction {
    let extra = &function.extra;
    let uris = kept(extra, "ResourceUris");
    let uris = uris.filter(|uris: &Vec<types::ResourceUri>| resources(uris) == function.resources);
    let owner_type = function.owner_type.unwrap_or(PrincipalType::User);
    let function_type = function_type(function);
    types::UserDefinedFunction {
        function_name: Some(function.name.clone()),
        class_name: shown(extra, "ClassName", function.class_name.clone()),
        owner_name: function.owner_name.clone(),
        owner_type: shown_unless(extra, "OwnerType", owner_type == PrincipalType::User, wire_principal(owner_type)),
        function_type: shown_unless(
            extra,
            "FunctionType",
            function_type == types::FunctionType::RegularFunction,
            function_type,
        ),
        resource_uris: shown(extra, "ResourceUris", uris.unwrap_or_else(|| wire_resources(&function.resources))),
        artifact_location: kept(extra, "ArtifactLocation"),
        governance_mode: kept(extra, "GovernanceMode"),
        ..types::UserDefinedFunction::default()
    }
}

/// Hive has functions of one type only.
pub fn function_type(function: &Function) -> types::FunctionType {
    kept(&function.extra, "FunctionType").unwrap_or(types::FunctionType::RegularFunction)
}

fn resources(uris: &[types::ResourceUri]) -> Vec<Resource> {
    let kind = |uri: &types::ResourceUri| match uri.resource_type {
        Some(types::ResourceType::File) => ResourceKind::File,
        Some(types::ResourceType::Archive) => ResourceKind::Archive,
        Some(types::ResourceType::Jar) | None => ResourceKind::Jar,
    };
    uris.iter().map(|uri| Resource { kind: kind(uri), uri: uri.uri.clone().unwrap_or_default() }).collect()
}

fn wire_resources(resources: &[Resource]) -> Vec<types::ResourceUri> {
    let kind = |resource: &Resource| match resource.kind {
        ResourceKind::Jar => types::ResourceType::Jar,
        ResourceKind::File => types::ResourceType::File,
        ResourceKind::Archive => types::ResourceType::Archive,
    };
    let wire = |resource: &Resource| types::ResourceUri {
        resource_type: Some(kind(resource)),
        uri: Some(resource.uri.clone()),
        ..types::ResourceUri::default()
    };
    resources.iter().map(wire).collect()
}

fn principal(kind: types::PrincipalType) -> PrincipalType {
    match kind {
        types::PrincipalType::User => PrincipalType::User,
        types::PrincipalType::Role => PrincipalType::Role,
        types::PrincipalType::Group => PrincipalType::Group,
    }
}

fn wire_principal(kind: PrincipalType) -> types::PrincipalType {
    match kind {
        PrincipalType::User => types::PrincipalType::User,
        PrincipalType::Role => types::PrincipalType::Role,
        PrincipalType::Group => types::PrincipalType::Group,
    }
}
