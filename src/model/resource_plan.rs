//! How engines share their resources among queries. Names and paths are folded.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::numbered::numbered;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePlanName {
    /// Of engines: each has plans of its own.
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for ResourcePlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.name, self.namespace)
    }
}

numbered! {
    ResourcePlanStatus {
        /// The one of its namespace that engines go by.
        Active = 1 "ACTIVE",
        /// Checked, and ready to become the active one.
        Enabled = 2 "ENABLED",
        /// The only one that can be edited.
        Disabled = 3 "DISABLED",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ResourcePlan {
    /// The server's; 0 for a new one.
    pub id: i64,
    pub name: ResourcePlanName,
    pub status: ResourcePlanStatus,
    pub definition: Definition,
}

/// What a plan says. References between its parts are by name, and hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// How many queries may run at once.
    pub query_parallelism: Option<i32>,
    /// The path of the pool of queries that nothing maps elsewhere.
    pub default_pool: Option<String>,
    pub pools: Vec<Pool>,
    pub triggers: Vec<Trigger>,
    pub mappings: Vec<Mapping>,
    pub pool_triggers: Vec<PoolTrigger>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Names from the root on, with dots between them.
    pub path: String,
    /// Of what its parent has.
    pub alloc_fraction: f64,
    pub query_parallelism: i32,
    pub scheduling_policy: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub name: String,
    /// When it acts, and how, in the engine's language.
    pub trigger_expression: Option<String>,
    pub action_expression: Option<String>,
    /// Whether it goes for queries outside of the pools too.
    pub is_in_unmanaged: bool,
}

/// The pool that queries of a user, group or application go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// One of [`ENTITY_TYPES`].
    pub entity_type: String,
    pub entity_name: String,
    /// None means no pool: these queries are not managed.
    pub pool_path: Option<String>,
    /// The first of those that fit counts.
    pub ordering: Option<i32>,
}

pub const ENTITY_TYPES: [&str; 3] = ["USER", "GROUP", "APPLICATION"];

/// A trigger that acts in a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolTrigger {
    pub pool: String,
    pub trigger: String,
}

impl Definition {
    pub fn pool(&self, path: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.path == path)
    }

    pub fn trigger(&self, name: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.name == name)
    }

    /// How many parts it has.
    pub fn size(&self) -> usize {
        self.pools.len() + self.triggers.len() + self.mappings.len() + self.pool_triggers.len()
    }
}

/// The path of a pool's parent; None for one below the root.
pub fn parent_path(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(parent, _)| parent)
}
