//! Roles and privileges: who may do what, as facts. Nothing here decides about a request.

use std::collections::BTreeMap;
use std::fmt;

use super::{DatabaseName, PrincipalType, TableName};

/// The role that everybody has. It is never granted or taken away.
pub const PUBLIC: &str = "public";
/// The role of those who may do everything.
pub const ADMIN: &str = "admin";
/// The authorizer of grants made under SQL-standard rules.
pub const SQL_AUTHORIZER: &str = "SQL";

/// A user, role or group. Names are compared letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    pub kind: PrincipalType,
    pub name: String,
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PrincipalType::User => "user",
            PrincipalType::Role => "role",
            PrincipalType::Group => "group",
        };
        write!(f, "{kind} {}", self.name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub owner_name: Option<String>,
    pub created_at: i64,
}

/// A principal's membership of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    pub role: String,
    pub principal: Principal,
    /// Whether the principal may hand the role on.
    pub grant_option: bool,
    pub granted_at: i64,
    pub grantor_name: Option<String>,
    pub grantor_type: Option<PrincipalType>,
}

/// What a privilege is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Object {
    Global,
    Database(DatabaseName),
    Table(TableName),
    /// By its values, in the order of the keys.
    Partition(TableName, Vec<String>),
    Column(Column),
}

/// A column of a table, or of one of its partitions; its name folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    pub table: TableName,
    pub partition: Option<Vec<String>>,
    pub name: String,
}

impl Object {
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::Global => ObjectKind::Global,
            Self::Database(_) => ObjectKind::Database,
            Self::Table(_) => ObjectKind::Table,
            Self::Partition(..) => ObjectKind::Partition,
            Self::Column(_) => ObjectKind::Column,
        }
    }

    pub fn database(&self) -> Option<DatabaseName> {
        match self {
            Self::Database(name) => Some(name.clone()),
            _ => self.table().map(TableName::database_name),
        }
    }

    pub fn table(&self) -> Option<&TableName> {
        match self {
            Self::Global | Self::Database(_) => None,
            Self::Table(table) | Self::Partition(table, _) => Some(table),
            Self::Column(column) => Some(&column.table),
        }
    }

    pub fn partition(&self) -> Option<&[String]> {
        match self {
            Self::Partition(_, values) => Some(values),
            Self::Column(column) => column.partition.as_deref(),
            _ => None,
        }
    }

    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Column(column) => Some(&column.name),
            _ => None,
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("everything"),
            Self::Database(name) => write!(f, "database {name}"),
            Self::Table(name) => write!(f, "table {name}"),
            Self::Partition(table, values) => write!(f, "partition {values:?} of table {table}"),
            Self::Column(Column { table, partition: None, name }) => write!(f, "column {name} of table {table}"),
            Self::Column(Column { table, partition: Some(values), name }) => {
                write!(f, "column {name} of partition {values:?} of table {table}")
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    Global,
    Database,
    Table,
    Partition,
    Column,
}

impl ObjectKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "GLOBAL",
            Self::Database => "DATABASE",
            Self::Table => "TABLE",
            Self::Partition => "PARTITION",
            Self::Column => "COLUMN",
        }
    }
}

/// A privilege as somebody holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    /// A word of the authorizer, such as SELECT: kept as it came, compared in any case.
    pub privilege: String,
    /// Whether the holder may hand it on.
    pub grant_option: bool,
    pub granted_at: i64,
    pub grantor_name: Option<String>,
    pub grantor_type: Option<PrincipalType>,
}

/// A privilege, who holds it, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Privilege {
    pub object: Object,
    pub principal: Principal,
    pub grant: Grant,
    /// The rules under which it was granted; see [`SQL_AUTHORIZER`].
    pub authorizer: Option<String>,
}

/// Which privileges to list: None means any.
#[derive(Debug, Clone, Default)]
pub struct PrivilegeFilter {
    pub principal: Option<Principal>,
    pub kind: Option<ObjectKind>,
    pub database: Option<DatabaseName>,
    pub table: Option<TableName>,
    /// For columns None means those of the table itself.
    pub partition: Option<Vec<String>>,
    pub column: Option<String>,
}

/// Grants by the name of their holder.
pub type Grants = BTreeMap<String, Vec<Grant>>;

/// What a user may do with an object: by name, by groups, and by roles. None is different from empty on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivilegeSet {
    pub users: Option<Grants>,
    pub groups: Option<Grants>,
    pub roles: Option<Grants>,
}

impl PrivilegeSet {
    /// The set of those who ask for it, each without a grant as yet.
    pub fn of(user: Option<&str>, groups: &[String], roles: &[String]) -> Self {
        let without_grants =
            |names: &[String]| (!names.is_empty()).then(|| names.iter().map(|name| (name.clone(), vec![])).collect());
        Self {
            users: user.map(|user| Grants::from([(user.to_owned(), vec![])])),
            groups: without_grants(groups),
            roles: without_grants(roles),
        }
    }

    pub fn add(&mut self, principal: Principal, grant: Grant) {
        let grants = match principal.kind {
            PrincipalType::User => &mut self.users,
            PrincipalType::Group => &mut self.groups,
            PrincipalType::Role => &mut self.roles,
        };
        grants.get_or_insert_default().entry(principal.name).or_default().push(grant);
    }

    /// The grants with their holders.
    pub fn into_grants(self) -> impl Iterator<Item = (Principal, Grant)> {
        [(PrincipalType::User, self.users), (PrincipalType::Group, self.groups), (PrincipalType::Role, self.roles)]
            .into_iter()
            .flat_map(|(kind, grants)| grants.into_iter().flatten().map(move |(name, grants)| (kind, name, grants)))
            .flat_map(|(kind, name, grants)| {
                grants.into_iter().map(move |grant| (Principal { kind, name: name.clone() }, grant))
            })
    }
}
