//! Privileges as facts: granting, revoking, looking them up. Nothing here decides whether a caller may do something.

mod change;

use std::collections::{HashMap, HashSet};

use self::change::{Key, Taker};
use super::roles::check_principal;
use super::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::Table;
use crate::model::name::MAX_NAME_BYTES;
use crate::model::parameters::is_true;
use crate::model::privilege::{Object, ObjectKind, Privilege, PrivilegeFilter, PrivilegeSet};
use crate::store::privileges::{self, New, Stored, Target};
use crate::store::{Connection, roles};

/// The table parameter that makes partitions show their privileges.
const PARTITION_LEVEL_PRIVILEGE: &str = "PARTITION_LEVEL_PRIVILEGE";
/// Longest name of a privilege or authorizer, in bytes: what the metastore's own schema allows.
const MAX_WORD_BYTES: usize = 128;

impl Service {
    /// Privileges that a filter lets through, oldest first. What does not exist has none.
    pub async fn privileges(&self, filter: &PrivilegeFilter) -> Result<Vec<Privilege>> {
        privileges::list(&mut *self.store.read().await?, filter).await
    }

    /// Grants all or none. A privilege that the same grantor has granted is an error. `granted_at` is the server's.
    pub async fn grant_privileges(&self, _caller: &Caller, grants: &[Privilege]) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        roles::lock(&mut transaction).await?;
        grant(&mut transaction, &Vec::from_iter(grants)).await?;
        transaction.commit().await
    }

    /// Revokes all or none, or only the right to hand them on. Of several grantors' grants of one privilege that of the
    /// named grantor goes, or the oldest where that one granted nothing.
    pub async fn revoke_privileges(
        &self,
        _caller: &Caller,
        revoked: &[Privilege],
        grant_option_only: bool,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        roles::lock(&mut transaction).await?;
        let revoked = Vec::from_iter(revoked);
        let targets = existing_targets(&mut transaction, &revoked).await?;
        let stored = privileges::held_on(&mut transaction, &targets, &principal_names(&revoked)).await?;
        let mut taker = Taker::new(&stored);
        let mut ids = Vec::with_capacity(revoked.len());
        for (privilege, target) in revoked.into_iter().zip(&targets) {
            let taken = taker.take(target, privilege, grant_option_only).ok_or_else(|| no_grant(privilege))?;
            if grant_option_only && !taken.privilege.grant.grant_option {
                return Err(CatalogError::invalid_operation(format!(
                    "The {} does not have grant option with privilege {}",
                    privilege.principal, privilege.grant.privilege
                )));
            }
            ids.push(taken.id);
        }
        if grant_option_only {
            privileges::revoke_grant_option(&mut transaction, &ids).await?;
        } else {
            privileges::delete(&mut transaction, &ids).await?;
        }
        transaction.commit().await
    }

    /// Makes `grants` all that an authorizer has granted on a database, a table or the columns of a table (None: all
    /// authorizers). Grants that stay the same keep their time.
    pub async fn refresh_privileges(
        &self,
        _caller: &Caller,
        object: &Object,
        kind: ObjectKind,
        authorizer: Option<&str>,
        grants: &[Privilege],
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        roles::lock(&mut transaction).await?;
        let target = privileges::targets(&mut transaction, std::iter::once(object))
            .await?
            .pop()
            .flatten()
            .ok_or_else(|| missing(object))?;
        let stored = privileges::on(&mut transaction, &Target { kind, ..target }, authorizer).await?;
        let (stale, fresh) = change::difference(&stored, grants);
        privileges::delete(&mut transaction, &stale).await?;
        grant(&mut transaction, &fresh).await?;
        transaction.commit().await
    }

    /// What a user may do with an object: by name, by groups, and by the roles that these have. Global privileges are
    /// shown for users and groups only, and only where there are some (the metastore's rule).
    pub async fn privilege_set(&self, object: &Object, user: Option<&str>, groups: &[String]) -> Result<PrivilegeSet> {
        let mut connection = self.store.read().await?;
        let (roles, mut set) = if *object == Object::Global {
            let groups = (!groups.is_empty()).then(Default::default);
            (Vec::new(), PrivilegeSet { groups, ..Default::default() })
        } else {
            let roles = roles::reached(&mut connection, user, groups).await?;
            let set = PrivilegeSet::of(user, groups, &roles);
            (roles, set)
        };
        if let Some(target) = privileges::targets(&mut connection, std::iter::once(object)).await?.pop().flatten() {
            for stored in privileges::held_by(&mut connection, &target, user, groups, &roles).await? {
                set.add(stored.privilege.principal, stored.privilege.grant);
            }
        }
        Ok(set)
    }

    /// What a user may do with the partitions of a table; None where the table does not keep that.
    pub async fn partition_privileges(
        &self,
        table: &Table,
        user: Option<&str>,
        groups: &[String],
    ) -> Result<Option<PartitionPrivileges>> {
        if !is_true(&table.parameters, PARTITION_LEVEL_PRIVILEGE) {
            return Ok(None);
        }
        let mut connection = self.store.read().await?;
        let roles = roles::reached(&mut connection, user, groups).await?;
        let without_grants = PrivilegeSet::of(user, groups, &roles);
        let all = Target {
            kind: ObjectKind::Partition,
            database_id: None,
            table_id: Some(table.id),
            partition_values: None,
            column_name: None,
        };
        let mut by_values: HashMap<Vec<String>, PrivilegeSet> = HashMap::new();
        for Stored { target, privilege, .. } in privileges::held_by(&mut connection, &all, user, groups, &roles).await?
        {
            by_values
                .entry(target.partition_values.unwrap_or_default())
                .or_insert_with(|| without_grants.clone())
                .add(privilege.principal, privilege.grant);
        }
        Ok(Some(PartitionPrivileges { by_values, without_grants }))
    }
}

/// The privileges of one user on the partitions of one table.
#[derive(Debug)]
pub struct PartitionPrivileges {
    by_values: HashMap<Vec<String>, PrivilegeSet>,
    without_grants: PrivilegeSet,
}

impl PartitionPrivileges {
    pub fn of(&self, values: &[String]) -> &PrivilegeSet {
        self.by_values.get(values).unwrap_or(&self.without_grants)
    }
}

async fn grant(connection: &mut Connection, grants: &[&Privilege]) -> Result<()> {
    for privilege in grants {
        check(privilege)?;
    }
    let targets = existing_targets(connection, grants).await?;
    if let Some(place) = privileges::first_without_partition(connection, &targets).await? {
        return Err(missing(&grants[place].object));
    }
    let role_ids = privileges::role_ids(connection, grants.iter().map(|privilege| &privilege.principal)).await?;
    let stored = privileges::held_on(connection, &targets, &principal_names(grants)).await?;
    let mut granted: HashSet<Key> = stored.iter().map(|stored| Key::new(&stored.target, &stored.privilege)).collect();
    let mut new = Vec::with_capacity(grants.len());
    for (privilege, target) in grants.iter().zip(&targets) {
        if !granted.insert(Key::new(target, privilege)) {
            return Err(already_granted(privilege));
        }
        new.push(New {
            target,
            role_id: role_ids.get(&privilege.principal).copied(),
            principal: &privilege.principal,
            grant: &privilege.grant,
            authorizer: privilege.authorizer.as_deref(),
        });
    }
    privileges::insert(connection, &new, now()).await
}

/// The targets of privileges whose databases and tables must all exist.
async fn existing_targets(connection: &mut Connection, wanted: &[&Privilege]) -> Result<Vec<Target>> {
    let targets = privileges::targets(connection, wanted.iter().map(|privilege| &privilege.object)).await?;
    targets
        .into_iter()
        .zip(wanted)
        .map(|(target, privilege)| target.ok_or_else(|| missing(&privilege.object)))
        .collect()
}

fn principal_names(privileges: &[&Privilege]) -> Vec<String> {
    let names: HashSet<&String> = privileges.iter().map(|privilege| &privilege.principal.name).collect();
    names.into_iter().cloned().collect()
}

fn check(privilege: &Privilege) -> Result<()> {
    check_principal(&privilege.principal)?;
    check_word("privilege", &privilege.grant.privilege)?;
    if let Some(grantor) = &privilege.grant.grantor_name {
        check_length("grantor", grantor, MAX_NAME_BYTES)?;
    }
    match &privilege.authorizer {
        Some(authorizer) => check_length("authorizer", authorizer, MAX_WORD_BYTES),
        None => Ok(()),
    }
}

fn check_word(what: &str, word: &str) -> Result<()> {
    if word.trim().is_empty() {
        return Err(CatalogError::invalid_object(format!("the {what} name is empty")));
    }
    check_length(what, word, MAX_WORD_BYTES)
}

fn check_length(what: &str, name: &str, most: usize) -> Result<()> {
    if name.len() > most {
        return Err(CatalogError::invalid_object(format!(
            "the {what} name that begins with {:?} has {} bytes; at most {most} are allowed",
            name.chars().take(32).collect::<String>(),
            name.len()
        )));
    }
    Ok(())
}

fn missing(object: &Object) -> CatalogError {
    let mut what = object.to_string();
    if let Some(first) = what.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let absent = match object {
        Object::Column(column) => format!("{what}: there is no table {}", column.table),
        _ => format!("{what} does not exist"),
    };
    CatalogError::not_found(absent)
}

fn already_granted(privilege: &Privilege) -> CatalogError {
    let grantor = privilege.grant.grantor_name.as_deref().unwrap_or("nobody in particular");
    CatalogError::already_exists(format!(
        "{} is already granted on {} to the {} by {grantor}",
        privilege.grant.privilege, privilege.object, privilege.principal
    ))
}

fn no_grant(privilege: &Privilege) -> CatalogError {
    CatalogError::not_found(format!(
        "No grant ({}) found on {} for the {}",
        privilege.grant.privilege, privilege.object, privilege.principal
    ))
}
