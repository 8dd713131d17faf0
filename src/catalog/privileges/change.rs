//! Which stored privileges a change is about.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::model::privilege::{Principal, Privilege};
use crate::store::privileges::{Stored, Target};

/// What nobody can be granted twice. Privileges and grantors count in any case.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Key {
    target: Target,
    principal: Principal,
    privilege: String,
    grantor: Option<String>,
    authorizer: Option<String>,
}

impl Key {
    pub fn new(target: &Target, privilege: &Privilege) -> Self {
        Self {
            target: target.clone(),
            principal: privilege.principal.clone(),
            privilege: privilege.grant.privilege.to_lowercase(),
            grantor: privilege.grant.grantor_name.as_deref().map(str::to_lowercase),
            authorizer: privilege.authorizer.clone(),
        }
    }
}

/// Finds stored privileges for those to be revoked, each once.
pub struct Taker<'a> {
    stored: HashMap<(&'a Target, &'a Principal, String), Vec<&'a Stored>>,
}

impl<'a> Taker<'a> {
    /// `stored` oldest first.
    pub fn new(stored: &'a [Stored]) -> Self {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for one in stored {
            let key = (&one.target, &one.privilege.principal, one.privilege.grant.privilege.to_lowercase());
            found.entry(key).or_default().push(one);
        }
        Self { stored: found }
    }

    /// The stored privilege that fits best: with the grant option where that is to go, then of the same grantor, then
    /// of the same authorizer, then the oldest.
    pub fn take(&mut self, target: &'a Target, revoked: &'a Privilege, grant_option: bool) -> Option<&'a Stored> {
        let wanted = &revoked.grant;
        let key = (target, &revoked.principal, wanted.privilege.to_lowercase());
        let found = self.stored.get_mut(&key)?;
        let (best, _) = found.iter().enumerate().max_by_key(|(age, stored)| {
            let grant = &stored.privilege.grant;
            let same_grantor = match (&grant.grantor_name, &wanted.grantor_name) {
                (Some(stored), Some(wanted)) => stored.eq_ignore_ascii_case(wanted),
                (stored, wanted) => stored == wanted,
            };
            let same_authorizer = stored.privilege.authorizer == revoked.authorizer;
            (grant_option && grant.grant_option, same_grantor, same_authorizer, Reverse(*age))
        })?;
        Some(found.remove(best))
    }
}

/// What to delete and what to add so that `wanted` is all that is left of `stored`; what differs in time only stays.
pub fn difference<'a>(stored: &[Stored], wanted: &'a [Privilege]) -> (Vec<i64>, Vec<&'a Privilege>) {
    let mut stale: HashMap<Privilege, Vec<i64>> = HashMap::new();
    for one in stored {
        stale.entry(timeless(&one.privilege)).or_default().push(one.id);
    }
    let mut seen = HashSet::new();
    let mut fresh = Vec::new();
    for privilege in wanted {
        let key = timeless(privilege);
        if stale.remove(&key).is_none() && !seen.contains(&key) {
            fresh.push(privilege);
        }
        seen.insert(key);
    }
    (stale.into_values().flatten().collect(), fresh)
}

fn timeless(privilege: &Privilege) -> Privilege {
    let mut privilege = privilege.clone();
    privilege.grant.granted_at = 0;
    privilege
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::privilege::{Grant, Object, ObjectKind};
    use crate::model::{PrincipalType, TableName};

    fn privilege(name: &str, grantor: &str, grant_option: bool) -> Privilege {
        Privilege {
            object: Object::Table(TableName::new("hive", "sales", "orders")),
            principal: Principal { kind: PrincipalType::User, name: "ann".to_owned() },
            grant: Grant {
                privilege: name.to_owned(),
                grant_option,
                granted_at: 1,
                grantor_name: Some(grantor.to_owned()),
                grantor_type: Some(PrincipalType::User),
            },
            authorizer: Some("SQL".to_owned()),
        }
    }

    fn target() -> Target {
        Target {
            kind: ObjectKind::Table,
            database_id: None,
            table_id: Some(7),
            partition_values: None,
            column_name: None,
        }
    }

    fn stored(privileges: &[Privilege]) -> Vec<Stored> {
        (1..)
            .zip(privileges)
            .map(|(id, privilege)| Stored { id, target: target(), privilege: privilege.clone() })
            .collect()
    }

    #[test]
    fn the_same_grant_in_another_case_has_the_same_key() {
        let key = |privilege: Privilege| Key::new(&target(), &privilege);
        assert_eq!(key(privilege("SELECT", "Bob", false)), key(privilege("select", "bob", true)));
        assert_ne!(key(privilege("SELECT", "bob", false)), key(privilege("SELECT", "eve", false)));
    }

    #[test]
    fn revoking_takes_the_named_grantors_grant_first_and_each_once() {
        let stored = stored(&[privilege("SELECT", "bob", false), privilege("Select", "eve", false)]);
        let (target, wanted) = (target(), privilege("SELECT", "EVE", false));
        let mut taker = Taker::new(&stored);
        let mut taken = || taker.take(&target, &wanted, false).map(|stored| stored.id);
        assert_eq!([taken(), taken(), taken()], [Some(2), Some(1), None]);
    }

    #[test]
    fn revoking_the_grant_option_takes_a_grant_that_has_it() {
        let stored = stored(&[privilege("SELECT", "eve", false), privilege("SELECT", "bob", true)]);
        let (target, wanted) = (target(), privilege("SELECT", "eve", false));
        assert_eq!(Taker::new(&stored).take(&target, &wanted, true).unwrap().id, 2);
    }

    #[test]
    fn a_refresh_keeps_what_differs_in_time_only() {
        let before = [privilege("SELECT", "bob", false), privilege("INSERT", "bob", false)];
        let mut kept = before[0].clone();
        kept.grant.granted_at = 9;
        let changed = privilege("INSERT", "bob", true);
        let wanted = [kept, changed.clone(), changed.clone()];
        assert_eq!(difference(&stored(&before), &wanted), (vec![2], vec![&changed]));
    }
}
