//! Roles and their members.

use super::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::PrincipalType;
use crate::model::name::MAX_NAME_BYTES;
use crate::model::privilege::{ADMIN, PUBLIC, Principal, Role, RoleGrant};
use crate::store::{Connection, roles};

impl Service {
    /// Puts users into the role admin, where they are not in it yet. Nobody is taken out.
    pub async fn add_admins(&self, users: &[String]) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let admin = role_id(&mut transaction, ADMIN).await?;
        for user in users {
            let grant = RoleGrant {
                role: ADMIN.to_owned(),
                principal: Principal { kind: PrincipalType::User, name: user.clone() },
                grant_option: true,
                granted_at: now(),
                grantor_name: Some(ADMIN.to_owned()),
                grantor_type: Some(PrincipalType::Role),
            };
            check_principal(&grant.principal)?;
            if roles::grant(&mut transaction, admin, &grant, None).await? {
                tracing::info!(user, "put into the role admin");
            }
        }
        transaction.commit().await
    }

    pub async fn role_names(&self) -> Result<Vec<String>> {
        roles::names(&mut *self.store.read().await?).await
    }

    pub async fn create_role(&self, _caller: &Caller, name: &str, owner_name: Option<String>) -> Result<()> {
        check_name("role", name)?;
        if name.eq_ignore_ascii_case(PUBLIC) {
            return Err(CatalogError::invalid_input("public role implicitly exists. It can't be created."));
        }
        let mut transaction = self.store.begin().await?;
        let role = Role { name: name.to_owned(), owner_name, created_at: now() };
        if name.eq_ignore_ascii_case(ADMIN) || !roles::insert(&mut transaction, &role).await? {
            return Err(CatalogError::already_exists(format!("Role {name} already exists")));
        }
        transaction.commit().await
    }

    /// Drops a role with all its memberships and privileges.
    pub async fn drop_role(&self, _caller: &Caller, name: &str) -> Result<()> {
        if name == PUBLIC || name == ADMIN {
            return Err(CatalogError::invalid_input("public,admin roles can't be dropped."));
        }
        let mut transaction = self.store.begin().await?;
        roles::lock(&mut transaction).await?;
        if !roles::delete(&mut transaction, name).await? {
            return Err(no_role(name));
        }
        transaction.commit().await
    }

    /// The roles granted to a principal itself, not those reached through them. Users are in public too.
    pub async fn roles_of(&self, principal: &Principal) -> Result<Vec<Role>> {
        let mut found = roles::of(&mut *self.store.read().await?, principal).await?;
        if principal.kind == PrincipalType::User {
            found.push(Role { name: PUBLIC.to_owned(), owner_name: Some(PUBLIC.to_owned()), created_at: 0 });
        }
        Ok(found)
    }

    /// As [`roles_of`](Self::roles_of), with how they were granted.
    pub async fn role_grants_of(&self, principal: &Principal) -> Result<Vec<RoleGrant>> {
        let mut found = roles::grants_of(&mut *self.store.read().await?, principal).await?;
        if principal.kind == PrincipalType::User {
            found.push(RoleGrant {
                role: PUBLIC.to_owned(),
                principal: principal.clone(),
                grant_option: false,
                granted_at: 0,
                grantor_name: None,
                grantor_type: None,
            });
        }
        Ok(found)
    }

    /// Who has been granted a role. For public that is nobody: all are in it.
    pub async fn role_members(&self, role: &str) -> Result<Vec<RoleGrant>> {
        roles::members(&mut *self.store.read().await?, role).await
    }

    /// `grant.granted_at` is the server's.
    pub async fn grant_role(&self, _caller: &Caller, mut grant: RoleGrant) -> Result<()> {
        if grant.role == PUBLIC {
            return Err(CatalogError::invalid_input(
                "No user can be added to public. Since all users implicitly belong to public role.",
            ));
        }
        check_principal(&grant.principal)?;
        grant.granted_at = now();
        let mut transaction = self.store.begin().await?;
        roles::lock(&mut transaction).await?;
        let role = role_id(&mut transaction, &grant.role).await?;
        let principal_role = match grant.principal.kind {
            PrincipalType::Role => Some(role_id(&mut transaction, &grant.principal.name).await?),
            PrincipalType::User | PrincipalType::Group => None,
        };
        if let Some(principal_role) = principal_role
            && roles::reaches(&mut transaction, role, principal_role).await?
        {
            return Err(CatalogError::invalid_operation(format!(
                "Cannot grant role {} to role {}, because {0} already belongs to the role {1} (no cycles allowed)",
                grant.role, grant.principal.name
            )));
        }
        if !roles::grant(&mut transaction, role, &grant, principal_role).await? {
            return Err(CatalogError::already_exists(format!(
                "Principal {} already has the role {}",
                grant.principal.name, grant.role
            )));
        }
        transaction.commit().await
    }

    /// Takes a role away, or only the right to hand it on.
    pub async fn revoke_role(
        &self,
        _caller: &Caller,
        role: &str,
        principal: &Principal,
        grant_option_only: bool,
    ) -> Result<()> {
        if role == PUBLIC {
            return Err(CatalogError::invalid_input("public role can't be revoked."));
        }
        let mut transaction = self.store.begin().await?;
        roles::lock(&mut transaction).await?;
        let id = role_id(&mut transaction, role).await?;
        if grant_option_only {
            if !roles::revoke_grant_option(&mut transaction, id, principal).await? {
                return Err(CatalogError::invalid_operation(format!(
                    "The {principal} does not have grant option with role {role}"
                )));
            }
        } else if !roles::revoke(&mut transaction, id, principal).await? {
            return Err(CatalogError::not_found(format!("The {principal} does not have the role {role}")));
        }
        transaction.commit().await
    }
}

async fn role_id(connection: &mut Connection, name: &str) -> Result<i64> {
    roles::ids(connection, &[name.to_owned()]).await?.get(name).copied().ok_or_else(|| no_role(name))
}

pub(super) fn no_role(name: &str) -> CatalogError {
    CatalogError::not_found(format!("Role {name} does not exist"))
}

pub(super) fn check_principal(principal: &Principal) -> Result<()> {
    check_name("principal", &principal.name)
}

/// Names of principals come from directories of all kinds, so that nearly anything goes.
fn check_name(what: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(CatalogError::invalid_object(format!("the {what} name is empty")));
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(CatalogError::invalid_object(format!(
            "the {what} name that begins with {:?} has {} bytes; at most {MAX_NAME_BYTES} are allowed",
            name.chars().take(32).collect::<String>(),
            name.len()
        )));
    }
    match name.chars().find(|c| c.is_control()) {
        None => Ok(()),
        Some(c) => {
            Err(CatalogError::invalid_object(format!("{name:?} is not a valid {what} name: {c:?} is not allowed")))
        }
    }
}
