//! Privileges.

use propolis_thrift::{args, types};

use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::privileges::{filter, object, privileges, refreshed, wire_privilege, wire_privilege_set};
use crate::hms::convert::texts;
use crate::hms::error::Result;

pub async fn grant_privileges(call: &Call, args: args::GrantPrivileges) -> Result<bool> {
    grant(call, args.privileges).await?;
    Ok(true)
}

pub async fn revoke_privileges(call: &Call, args: args::RevokePrivileges) -> Result<bool> {
    revoke(call, args.privileges, false).await?;
    Ok(true)
}

pub async fn grant_revoke_privileges(
    call: &Call,
    args: args::GrantRevokePrivileges,
) -> Result<types::GrantRevokePrivilegeResponse> {
    let request = required(args.request, "request")?;
    match required(request.request_type, "request type")? {
        types::GrantRevokeType::GRANT => grant(call, request.privileges).await?,
        types::GrantRevokeType::REVOKE => {
            revoke(call, request.privileges, request.revoke_grant_option.unwrap_or_default()).await?;
        }
        other => return Err(no_request_type(other)),
    }
    Ok(types::GrantRevokePrivilegeResponse { success: Some(true) })
}

pub async fn refresh_privileges(
    call: &Call,
    args: args::RefreshPrivileges,
) -> Result<types::GrantRevokePrivilegeResponse> {
    let (object, kind) = refreshed(call, required(args.obj_to_refresh, "object to refresh")?)?;
    let grants = privileges(call, args.grant_request.and_then(|request| request.privileges))?;
    let authorizer = args.authorizer.as_deref();
    call.catalog.refresh_privileges(&call.caller(), &object, kind, authorizer, &grants).await?;
    Ok(types::GrantRevokePrivilegeResponse { success: Some(true) })
}

pub async fn list_privileges(call: &Call, args: args::ListPrivileges) -> Result<Vec<types::HiveObjectPrivilege>> {
    match filter(call, args.principal_name, args.principal_type, args.hive_object)? {
        Some(filter) => Ok(call.catalog.privileges(&filter).await?.iter().map(wire_privilege).collect()),
        None => Ok(Vec::new()),
    }
}

pub async fn get_privilege_set(call: &Call, args: args::GetPrivilegeSet) -> Result<types::PrincipalPrivilegeSet> {
    let object = object(call, required(args.hive_object, "object")?)?;
    let groups = texts(args.group_names);
    Ok(wire_privilege_set(&call.catalog.privilege_set(&object, args.user_name.as_deref(), &groups).await?))
}

async fn grant(call: &Call, bag: Option<types::PrivilegeBag>) -> Result<()> {
    let grants = privileges(call, bag)?;
    Ok(call.catalog.grant_privileges(&call.caller(), &grants).await?)
}

async fn revoke(call: &Call, bag: Option<types::PrivilegeBag>, grant_option_only: bool) -> Result<()> {
    let revoked = privileges(call, bag)?;
    Ok(call.catalog.revoke_privileges(&call.caller(), &revoked, grant_option_only).await?)
}

pub fn no_request_type(kind: types::GrantRevokeType) -> crate::hms::error::Failure {
    CatalogError::invalid_input(format!("{} is not a request type: 1 grants, 2 revokes", kind.inner())).into()
}
