//! Roles and their members.

use propolis_thrift::{FastStr, args, types};

use super::privileges::no_request_type;
use crate::hms::call::{Call, required};
use crate::hms::convert::privileges::{principal, wire_role, wire_role_grant};
use crate::hms::convert::{principal_type, text, wire_list};
use crate::hms::error::Result;
use crate::model::privilege::RoleGrant;

pub async fn create_role(call: &Call, args: args::CreateRole) -> Result<bool> {
    let sent = required(args.role, "role")?;
    let name = role_name(call, sent.role_name)?;
    call.catalog.create_role(&call.caller(), &name, text(sent.owner_name)).await?;
    Ok(true)
}

pub async fn drop_role(call: &Call, args: args::DropRole) -> Result<bool> {
    let name = role_name(call, args.role_name)?;
    call.catalog.drop_role(&call.caller(), &name).await?;
    Ok(true)
}

pub async fn get_role_names(call: &Call, _: args::GetRoleNames) -> Result<Vec<FastStr>> {
    Ok(wire_list(&call.catalog.role_names().await?))
}

pub async fn list_roles(call: &Call, args: args::ListRoles) -> Result<Vec<types::Role>> {
    let principal = principal(args.principal_name, args.principal_type)?;
    Ok(call.catalog.roles_of(&principal).await?.iter().map(wire_role).collect())
}

pub async fn grant_role(call: &Call, args: args::GrantRole) -> Result<bool> {
    grant(
        call,
        types::GrantRevokeRoleRequest {
            request_type: Some(types::GrantRevokeType::GRANT),
            role_name: args.role_name,
            principal_name: args.principal_name,
            principal_type: args.principal_type,
            grantor: args.grantor,
            grantor_type: args.grantor_type,
            grant_option: args.grant_option,
        },
    )
    .await?;
    Ok(true)
}

pub async fn revoke_role(call: &Call, args: args::RevokeRole) -> Result<bool> {
    let role = role_name(call, args.role_name)?;
    let principal = principal(args.principal_name, args.principal_type)?;
    call.catalog.revoke_role(&call.caller(), &role, &principal, false).await?;
    Ok(true)
}

pub async fn grant_revoke_role(call: &Call, args: args::GrantRevokeRole) -> Result<types::GrantRevokeRoleResponse> {
    let request = required(args.request, "request")?;
    match required(request.request_type, "request type")? {
        types::GrantRevokeType::GRANT => grant(call, request).await?,
        types::GrantRevokeType::REVOKE => {
            let role = role_name(call, request.role_name)?;
            let principal = principal(request.principal_name, request.principal_type)?;
            let grant_option_only = request.grant_option.unwrap_or_default();
            call.catalog.revoke_role(&call.caller(), &role, &principal, grant_option_only).await?;
        }
        other => return Err(no_request_type(other)),
    }
    Ok(types::GrantRevokeRoleResponse { success: Some(true) })
}

pub async fn get_principals_in_role(
    call: &Call,
    args: args::GetPrincipalsInRole,
) -> Result<types::GetPrincipalsInRoleResponse> {
    let role = role_name(call, Some(required(args.request, "request")?.role_name))?;
    let grants = call.catalog.role_members(&role).await?;
    Ok(types::GetPrincipalsInRoleResponse { principal_grants: grants.iter().map(wire_role_grant).collect() })
}

pub async fn get_role_grants_for_principal(
    call: &Call,
    args: args::GetRoleGrantsForPrincipal,
) -> Result<types::GetRoleGrantsForPrincipalResponse> {
    let request = required(args.request, "request")?;
    let principal = principal(Some(request.principal_name), Some(request.principal_type))?;
    let grants = call.catalog.role_grants_of(&principal).await?;
    Ok(types::GetRoleGrantsForPrincipalResponse { principal_grants: grants.iter().map(wire_role_grant).collect() })
}

async fn grant(call: &Call, request: types::GrantRevokeRoleRequest) -> Result<()> {
    let grant = RoleGrant {
        role: role_name(call, request.role_name)?,
        principal: principal(request.principal_name, request.principal_type)?,
        grant_option: request.grant_option.unwrap_or_default(),
        granted_at: 0,
        grantor_name: text(request.grantor),
        grantor_type: request.grantor_type.map(principal_type).transpose()?,
    };
    Ok(call.catalog.grant_role(&call.caller(), grant).await?)
}

fn role_name(call: &Call, name: Option<FastStr>) -> Result<String> {
    let name = required(name, "role name")?.to_string();
    call.about(&name);
    Ok(name)
}
