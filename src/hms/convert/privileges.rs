//! Roles and privileges.

use propolis_thrift::{AHashMap, FastStr, types};

use super::{principal_type, seconds, text, texts, wire, wire_list, wire_option, wire_principal_type};
use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, null, required};
use crate::hms::error::Result;
use crate::model::name::fold;
use crate::model::privilege::{
    Column, Grant, Grants, Object, ObjectKind, Principal, Privilege, PrivilegeFilter, PrivilegeSet, Role, RoleGrant,
};

pub fn principal(name: Option<FastStr>, kind: Option<types::PrincipalType>) -> Result<Principal> {
    let name = required(name, "principal name")?.to_string();
    Ok(Principal { kind: principal_type(required(kind, "principal type")?)?, name })
}

pub fn wire_role(role: &Role) -> types::Role {
    types::Role {
        role_name: Some(wire(&role.name)),
        create_time: Some(seconds(role.created_at)),
        owner_name: wire_option(role.owner_name.as_ref()),
    }
}

pub fn wire_role_grant(grant: &RoleGrant) -> types::RolePrincipalGrant {
    types::RolePrincipalGrant {
        role_name: Some(wire(&grant.role)),
        principal_name: Some(wire(&grant.principal.name)),
        principal_type: Some(wire_principal_type(grant.principal.kind)),
        grant_option: Some(grant.grant_option),
        grant_time: Some(seconds(grant.granted_at)),
        grantor_name: wire_option(grant.grantor_name.as_ref()),
        grantor_principal_type: grant.grantor_type.map(wire_principal_type),
    }
}

/// None for a data connector, of which this catalog has none.
fn object_kind(kind: types::HiveObjectType) -> Result<Option<ObjectKind>> {
    Ok(match kind {
        types::HiveObjectType::GLOBAL => Some(ObjectKind::Global),
        types::HiveObjectType::DATABASE => Some(ObjectKind::Database),
        types::HiveObjectType::TABLE => Some(ObjectKind::Table),
        types::HiveObjectType::PARTITION => Some(ObjectKind::Partition),
        types::HiveObjectType::COLUMN => Some(ObjectKind::Column),
        types::HiveObjectType::DATACONNECTOR => None,
        other => {
            return Err(CatalogError::invalid_input(format!(
                "{} is not an object type: 1 global, 2 database, 3 table, 4 partition or 5 column",
                other.inner()
            ))
            .into());
        }
    })
}

fn wire_object_kind(kind: ObjectKind) -> types::HiveObjectType {
    match kind {
        ObjectKind::Global => types::HiveObjectType::GLOBAL,
        ObjectKind::Database => types::HiveObjectType::DATABASE,
        ObjectKind::Table => types::HiveObjectType::TABLE,
        ObjectKind::Partition => types::HiveObjectType::PARTITION,
        ObjectKind::Column => types::HiveObjectType::COLUMN,
    }
}

fn served_kind(kind: Option<types::HiveObjectType>) -> Result<ObjectKind> {
    object_kind(required(kind, "object type")?)?.ok_or_else(|| {
        CatalogError::new(ErrorKind::Unsupported, "Privileges on data connectors are not there yet in Propolis").into()
    })
}

/// The object that a reference names in full.
pub fn object(call: &Call, sent: types::HiveObjectRef) -> Result<Object> {
    let catalog = sent.cat_name.as_ref();
    let values = texts(sent.part_values);
    Ok(match served_kind(sent.object_type)? {
        ObjectKind::Global => Object::Global,
        ObjectKind::Database => Object::Database(call.database_in(catalog, sent.db_name)?),
        ObjectKind::Table => Object::Table(call.table_in(catalog, sent.db_name, sent.object_name)?),
        ObjectKind::Partition if values.is_empty() => return Err(null("list of partition values").into()),
        ObjectKind::Partition => Object::Partition(call.table_in(catalog, sent.db_name, sent.object_name)?, values),
        ObjectKind::Column => Object::Column(Column {
            table: call.table_in(catalog, sent.db_name, sent.object_name)?,
            partition: (!values.is_empty()).then_some(values),
            name: fold(&required(sent.column_name, "column name")?),
        }),
    })
}

/// What to refresh: the object, and the kind of grants on it, which for columns are those of all its columns.
pub fn refreshed(call: &Call, mut sent: types::HiveObjectRef) -> Result<(Object, ObjectKind)> {
    let kind = served_kind(sent.object_type)?;
    match kind {
        ObjectKind::Database | ObjectKind::Table => {}
        ObjectKind::Column if sent.column_name.is_none() => sent.object_type = Some(types::HiveObjectType::TABLE),
        ObjectKind::Column => {
            return Err(CatalogError::invalid_input("The column name must be null: all columns are refreshed").into());
        }
        ObjectKind::Global | ObjectKind::Partition => {
            return Err(CatalogError::invalid_input(format!(
                "Privileges of type {} are not refreshed: only those of databases, tables and columns are",
                kind.as_str()
            ))
            .into());
        }
    }
    Ok((object(call, sent)?, kind))
}

/// What to list; None where that is nothing by its type. Nulls mean any; without a type, or without a database, the
/// names of the object do not count.
pub fn filter(
    call: &Call,
    name: Option<FastStr>,
    kind: Option<types::PrincipalType>,
    object: Option<types::HiveObjectRef>,
) -> Result<Option<PrivilegeFilter>> {
    let principal = match name {
        Some(name) => Some(principal(Some(name), kind)?),
        None => None,
    };
    let object = object.unwrap_or_default();
    let mut filter = PrivilegeFilter { principal, ..Default::default() };
    let Some(kind) = object.object_type else {
        return Ok(Some(filter));
    };
    let Some(kind) = object_kind(kind)? else {
        return Ok(None);
    };
    filter.kind = Some(kind);
    if kind == ObjectKind::Global || object.db_name.is_none() {
        return Ok(Some(filter));
    }
    let catalog = object.cat_name.as_ref();
    match object.object_name {
        Some(table) if kind != ObjectKind::Database => {
            filter.table = Some(call.table_in(catalog, object.db_name, Some(table))?);
        }
        _ => filter.database = Some(call.database_in(catalog, object.db_name)?),
    }
    if matches!(kind, ObjectKind::Partition | ObjectKind::Column) {
        let values = texts(object.part_values);
        filter.partition = (!values.is_empty()).then_some(values);
    }
    if kind == ObjectKind::Column {
        filter.column = object.column_name.as_deref().map(fold);
    }
    Ok(Some(filter))
}

/// The privileges of a bag. One entry may name several, separated by commas.
pub fn privileges(call: &Call, bag: Option<types::PrivilegeBag>) -> Result<Vec<Privilege>> {
    let mut privileges = Vec::new();
    for sent in bag.and_then(|bag| bag.privileges).unwrap_or_default() {
        let object = object(call, required(sent.hive_object, "object of a privilege")?)?;
        let principal = principal(sent.principal_name, sent.principal_type)?;
        let grant = grant(required(sent.grant_info, "grant of a privilege")?)?;
        let authorizer = text(sent.authorizer);
        for word in grant.privilege.split(',').map(str::trim) {
            privileges.push(Privilege {
                object: object.clone(),
                principal: principal.clone(),
                grant: Grant { privilege: word.to_owned(), ..grant.clone() },
                authorizer: authorizer.clone(),
            });
        }
    }
    Ok(privileges)
}

pub fn wire_privilege(privilege: &Privilege) -> types::HiveObjectPrivilege {
    let object = &privilege.object;
    let database = object.database();
    types::HiveObjectPrivilege {
        hive_object: Some(types::HiveObjectRef {
            object_type: Some(wire_object_kind(object.kind())),
            db_name: database.as_ref().map(|name| wire(&name.database)),
            object_name: object.table().map(|name| wire(&name.table)),
            part_values: object.partition().map(wire_list),
            column_name: object.column().map(wire),
            cat_name: database.as_ref().map(|name| wire(&name.catalog)),
        }),
        principal_name: Some(wire(&privilege.principal.name)),
        principal_type: Some(wire_principal_type(privilege.principal.kind)),
        grant_info: Some(wire_grant(&privilege.grant)),
        authorizer: wire_option(privilege.authorizer.as_ref()),
    }
}

fn grant(sent: types::PrivilegeGrantInfo) -> Result<Grant> {
    Ok(Grant {
        privilege: required(sent.privilege, "privilege")?.to_string(),
        grant_option: sent.grant_option.unwrap_or_default(),
        granted_at: 0,
        grantor_name: text(sent.grantor),
        grantor_type: sent.grantor_type.map(principal_type).transpose()?,
    })
}

fn wire_grant(grant: &Grant) -> types::PrivilegeGrantInfo {
    types::PrivilegeGrantInfo {
        privilege: Some(wire(&grant.privilege)),
        create_time: Some(seconds(grant.granted_at)),
        grantor: wire_option(grant.grantor_name.as_ref()),
        grantor_type: grant.grantor_type.map(wire_principal_type),
        grant_option: Some(grant.grant_option),
    }
}

type WireGrants = AHashMap<FastStr, Vec<types::PrivilegeGrantInfo>>;

pub fn privilege_set(sent: types::PrincipalPrivilegeSet) -> Result<PrivilegeSet> {
    fn grants(sent: Option<WireGrants>) -> Result<Option<Grants>> {
        let Some(sent) = sent else {
            return Ok(None);
        };
        let mut grants = Grants::new();
        for (name, held) in sent {
            grants.insert(name.to_string(), held.into_iter().map(grant).collect::<Result<_>>()?);
        }
        Ok(Some(grants))
    }
    Ok(PrivilegeSet {
        users: grants(sent.user_privileges)?,
        groups: grants(sent.group_privileges)?,
        roles: grants(sent.role_privileges)?,
    })
}

pub fn wire_privilege_set(set: &PrivilegeSet) -> types::PrincipalPrivilegeSet {
    fn wire_grants(grants: Option<&Grants>) -> Option<WireGrants> {
        grants.map(|grants| {
            grants.iter().map(|(name, held)| (wire(name), held.iter().map(wire_grant).collect())).collect()
        })
    }
    types::PrincipalPrivilegeSet {
        user_privileges: wire_grants(set.users.as_ref()),
        group_privileges: wire_grants(set.groups.as_ref()),
        role_privileges: wire_grants(set.roles.as_ref()),
    }
}
