//! Roles and their members.

use propolis_thrift::codec::CallError;
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, text, thrown};

pub const USER: types::PrincipalType = types::PrincipalType::USER;
pub const ROLE: types::PrincipalType = types::PrincipalType::ROLE;
pub const GROUP: types::PrincipalType = types::PrincipalType::GROUP;

/// Asserts that a call threw a MetaException whose message has this part.
#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(result: Result<T, CallError>, part: &str) {
    let message = thrown(result, ExceptionKind::Meta);
    assert!(message.contains(part), "{message}");
}

pub async fn create_role(client: &mut Client, name: &str) -> Result<bool, CallError> {
    let role = types::Role { role_name: text(name), owner_name: Some("root".into()), ..Default::default() };
    client.call::<methods::CreateRole>(args::CreateRole { role: Some(role) }).await
}

pub async fn drop_role(client: &mut Client, name: &str) -> Result<bool, CallError> {
    client.call::<methods::DropRole>(args::DropRole { role_name: text(name) }).await
}

pub fn role_request(role: &str, name: &str, kind: types::PrincipalType, option: bool) -> types::GrantRevokeRoleRequest {
    types::GrantRevokeRoleRequest {
        role_name: text(role),
        principal_name: text(name),
        principal_type: Some(kind),
        grantor: Some("root".into()),
        grantor_type: Some(USER),
        grant_option: Some(option),
        request_type: None,
    }
}

async fn change_role(
    client: &mut Client,
    kind: types::GrantRevokeType,
    request: types::GrantRevokeRoleRequest,
) -> Result<types::GrantRevokeRoleResponse, CallError> {
    let request = types::GrantRevokeRoleRequest { request_type: Some(kind), ..request };
    client.call::<methods::GrantRevokeRole>(args::GrantRevokeRole { request: Some(request) }).await
}

pub async fn grant_role(client: &mut Client, request: types::GrantRevokeRoleRequest) -> Result<(), CallError> {
    let answer = change_role(client, types::GrantRevokeType::GRANT, request).await?;
    assert_eq!(answer.success, Some(true));
    Ok(())
}

async fn revoke_role(client: &mut Client, request: types::GrantRevokeRoleRequest) -> Result<(), CallError> {
    change_role(client, types::GrantRevokeType::REVOKE, request).await.map(|_| ())
}

async fn role_names(client: &mut Client) -> Vec<FastStr> {
    client.call::<methods::GetRoleNames>(args::GetRoleNames {}).await.unwrap()
}

async fn role_grants(client: &mut Client, name: &str, kind: types::PrincipalType) -> Vec<types::RolePrincipalGrant> {
    let request = types::GetRoleGrantsForPrincipalRequest { principal_name: FastStr::new(name), principal_type: kind };
    let args = args::GetRoleGrantsForPrincipal { request: Some(request) };
    client.call::<methods::GetRoleGrantsForPrincipal>(args).await.unwrap().principal_grants
}

async fn members(client: &mut Client, role: &str) -> Vec<types::RolePrincipalGrant> {
    let request = types::GetPrincipalsInRoleRequest { role_name: FastStr::new(role) };
    let args = args::GetPrincipalsInRole { request: Some(request) };
    client.call::<methods::GetPrincipalsInRole>(args).await.unwrap().principal_grants
}

#[tokio::test]
async fn roles_are_made_granted_revoked_and_dropped() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    assert_eq!(role_names(client).await, ["admin", "public"]);
    assert!(create_role(client, "Analysts").await.unwrap());
    create_role(client, "staff").await.unwrap();
    assert_eq!(role_names(client).await, ["Analysts", "admin", "public", "staff"]);
    assert_refused(create_role(client, "staff").await, "already exists");

    grant_role(client, role_request("staff", "ann", USER, true)).await.unwrap();
    grant_role(client, role_request("staff", "Analysts", ROLE, false)).await.unwrap();
    grant_role(client, role_request("staff", "ops", GROUP, false)).await.unwrap();
    assert_refused(
        grant_role(client, role_request("staff", "ann", USER, false)).await,
        "ann already has the role staff",
    );

    let grants = role_grants(client, "ann", USER).await;
    let staff = types::RolePrincipalGrant {
        role_name: Some("staff".into()),
        principal_name: Some("ann".into()),
        principal_type: Some(USER),
        grant_option: Some(true),
        grant_time: grants[0].grant_time,
        grantor_name: Some("root".into()),
        grantor_principal_type: Some(USER),
    };
    let public = types::RolePrincipalGrant {
        role_name: Some("public".into()),
        grant_option: Some(false),
        grant_time: Some(0),
        grantor_name: None,
        grantor_principal_type: None,
        ..staff.clone()
    };
    assert_eq!(grants, [staff, public]);
    assert_eq!(role_grants(client, "ops", GROUP).await.len(), 1, "groups are not in public");
    let names: Vec<_> = members(client, "staff").await.into_iter().filter_map(|grant| grant.principal_name).collect();
    assert_eq!(names, ["ops", "Analysts", "ann"]);
    assert!(members(client, "public").await.is_empty());

    let args = args::ListRoles { principal_name: Some("ann".into()), principal_type: Some(USER) };
    let roles = client.call::<methods::ListRoles>(args).await.unwrap();
    let names: Vec<_> = roles.into_iter().filter_map(|role| role.role_name).collect();
    assert_eq!(names, ["staff", "public"]);

    revoke_role(client, role_request("staff", "ann", USER, true)).await.unwrap();
    assert_eq!(role_grants(client, "ann", USER).await[0].grant_option, Some(false));
    assert_refused(revoke_role(client, role_request("staff", "ann", USER, true)).await, "does not have grant option");
    let args = args::RevokeRole {
        role_name: Some("staff".into()),
        principal_name: Some("ann".into()),
        principal_type: Some(USER),
    };
    assert!(client.call::<methods::RevokeRole>(args.clone()).await.unwrap());
    assert_refused(client.call::<methods::RevokeRole>(args).await, "does not have the role staff");

    assert!(drop_role(client, "Analysts").await.unwrap());
    let names: Vec<_> = members(client, "staff").await.into_iter().filter_map(|grant| grant.principal_name).collect();
    assert_eq!(names, ["ops"], "a dropped role is in no other");
    drop_role(client, "staff").await.unwrap();
    assert!(role_grants(client, "ops", GROUP).await.is_empty());
    assert_refused(drop_role(client, "staff").await, "staff does not exist");
}

#[tokio::test]
async fn built_in_roles_stay_as_they_are() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    assert_refused(create_role(client, "public").await, "public role implicitly exists. It can't be created.");
    assert_refused(create_role(client, "Public").await, "implicitly exists");
    assert_refused(create_role(client, "ADMIN").await, "already exists");
    for role in ["public", "admin"] {
        assert_refused(drop_role(client, role).await, "public,admin roles can't be dropped.");
    }
    let public = || role_request("public", "ann", USER, false);
    assert_refused(grant_role(client, public()).await, "No user can be added to public.");
    assert_refused(revoke_role(client, public()).await, "public role can't be revoked.");
    grant_role(client, role_request("admin", "ann", USER, false)).await.unwrap();
    assert_eq!(members(client, "admin").await.len(), 1);
    revoke_role(client, role_request("admin", "ann", USER, false)).await.unwrap();
}

#[tokio::test]
async fn bad_roles_are_refused() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    create_role(client, "r").await.unwrap();
    for name in ["", " ", "line\nbreak", &"x".repeat(300)] {
        assert_refused(create_role(client, name).await, "name");
    }
    assert_refused(grant_role(client, role_request("none", "ann", USER, false)).await, "Role none does not exist");
    assert_refused(grant_role(client, role_request("r", "none", ROLE, false)).await, "Role none does not exist");
    assert_refused(grant_role(client, role_request("r", "ann", 9.into(), false)).await, "not a principal type");
    let null = types::GrantRevokeRoleRequest { principal_name: None, ..role_request("r", "", USER, false) };
    assert_refused(grant_role(client, null).await, "principal name");
    let null = types::GrantRevokeRoleRequest { role_name: None, ..role_request("r", "ann", USER, false) };
    assert_refused(revoke_role(client, null).await, "role name");
}

#[tokio::test]
async fn roles_nest_without_cycles() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    for role in ["a", "b", "c"] {
        create_role(client, role).await.unwrap();
    }
    grant_role(client, role_request("a", "b", ROLE, false)).await.unwrap();
    grant_role(client, role_request("b", "c", ROLE, false)).await.unwrap();
    for (role, to) in [("a", "a"), ("b", "a"), ("c", "a"), ("c", "b")] {
        let refused = grant_role(client, role_request(role, to, ROLE, false)).await;
        assert_refused(refused, "no cycles allowed");
    }
    grant_role(client, role_request("a", "c", ROLE, false)).await.unwrap();

    // Two grants that are a cycle only together: one must lose.
    create_role(client, "x").await.unwrap();
    create_role(client, "y").await.unwrap();
    let (mut one, mut other) = (server.client().await, server.client().await);
    let (first, second) = tokio::join!(
        grant_role(&mut one, role_request("x", "y", ROLE, false)),
        grant_role(&mut other, role_request("y", "x", ROLE, false)),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test]
async fn an_operator_makes_admins() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    let admins = ["ann".to_owned(), "bob".to_owned()];
    server.catalog.add_admins(&admins[..1]).await.unwrap();
    server.catalog.add_admins(&admins).await.unwrap();
    let members = members(client, "admin").await;
    assert_eq!(members.len(), 2);
    assert_eq!(members[0].grant_option, Some(true));
    assert_eq!(members[0].grantor_name, text("admin"));
    assert_eq!(role_grants(client, "bob", USER).await[0].role_name, text("admin"));
}
