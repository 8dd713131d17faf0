//! Pools, triggers and mappings of a plan.

use super::check::check_policy;
use crate::catalog::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::name::check_length;
use crate::model::resource_plan::{
    Definition, ENTITY_TYPES, Mapping, Pool, PoolTrigger, ResourcePlanName, Trigger, parent_path,
};

/// What changes of a pool; None does not. A policy of Some(None) is taken away.
#[derive(Debug, Default)]
pub struct PoolChanges {
    pub path: Option<String>,
    pub alloc_fraction: Option<f64>,
    pub query_parallelism: Option<i32>,
    pub scheduling_policy: Option<Option<String>>,
}

/// What changes of a trigger; None does not.
#[derive(Debug, Default)]
pub struct TriggerChanges {
    pub trigger_expression: Option<String>,
    pub action_expression: Option<String>,
    pub is_in_unmanaged: Option<bool>,
}

impl Service {
    pub async fn create_pool(&self, _caller: &Caller, plan: &ResourcePlanName, pool: Pool) -> Result<()> {
        check_length("pool", &pool.path)?;
        check_fraction(pool.alloc_fraction)?;
        check_policy(pool.scheduling_policy.as_deref())?;
        self.edit_resource_plan(plan, |definition| {
            if definition.pool(&pool.path).is_some() {
                return Err(taken(plan, "pool", &pool.path));
            }
            check_parent(definition, plan, &pool.path)?;
            definition.pools.push(pool);
            Ok(())
        })
        .await
    }

    /// A pool that moves takes those below it along.
    pub async fn alter_pool(
        &self,
        _caller: &Caller,
        plan: &ResourcePlanName,
        path: &str,
        changes: PoolChanges,
    ) -> Result<()> {
        let PoolChanges { path: new_path, alloc_fraction, query_parallelism, scheduling_policy } = changes;
        self.edit_resource_plan(plan, |definition| {
            let pool = definition.pools.iter_mut().find(|pool| pool.path == path);
            let pool = pool.ok_or_else(|| missing(plan, "pool", path))?;
            if let Some(fraction) = alloc_fraction {
                check_fraction(fraction)?;
                pool.alloc_fraction = fraction;
            }
            if let Some(parallelism) = query_parallelism {
                pool.query_parallelism = parallelism;
            }
            if let Some(policy) = scheduling_policy {
                check_policy(policy.as_deref())?;
                pool.scheduling_policy = policy;
            }
            match new_path.filter(|new_path| new_path != path) {
                Some(new_path) => move_pools(definition, plan, path, &new_path),
                None => Ok(()),
            }
        })
        .await
    }

    /// InvalidOperation for the default pool, and for one with pools below it or with mappings.
    pub async fn drop_pool(&self, _caller: &Caller, plan: &ResourcePlanName, path: &str) -> Result<()> {
        self.edit_resource_plan(plan, |definition| {
            if definition.pool(path).is_none() {
                return Err(missing(plan, "pool", path));
            }
            let refused =
                |why| Err(CatalogError::invalid_operation(format!("Pool {path} of resource plan {plan} {why}")));
            if definition.default_pool.as_deref() == Some(path) {
                return refused("is the default one: choose another first");
            }
            if definition.pools.iter().any(|pool| is_below(&pool.path, path)) {
                return refused("has pools below it: drop these first");
            }
            if definition.mappings.iter().any(|mapping| mapping.pool_path.as_deref() == Some(path)) {
                return refused("has mappings: drop these first");
            }
            definition.pools.retain(|pool| pool.path != path);
            definition.pool_triggers.retain(|pair| pair.pool != path);
            Ok(())
        })
        .await
    }

    pub async fn create_trigger(&self, _caller: &Caller, plan: &ResourcePlanName, trigger: Trigger) -> Result<()> {
        check_length("trigger", &trigger.name)?;
        self.edit_resource_plan(plan, |definition| {
            if definition.trigger(&trigger.name).is_some() {
                return Err(taken(plan, "trigger", &trigger.name));
            }
            definition.triggers.push(trigger);
            Ok(())
        })
        .await
    }

    pub async fn alter_trigger(
        &self,
        _caller: &Caller,
        plan: &ResourcePlanName,
        name: &str,
        changes: TriggerChanges,
    ) -> Result<()> {
        self.edit_resource_plan(plan, |definition| {
            let trigger = definition.triggers.iter_mut().find(|trigger| trigger.name == name);
            let trigger = trigger.ok_or_else(|| missing(plan, "trigger", name))?;
            let TriggerChanges { trigger_expression, action_expression, is_in_unmanaged } = changes;
            trigger.trigger_expression = trigger_expression.or(trigger.trigger_expression.take());
            trigger.action_expression = action_expression.or(trigger.action_expression.take());
            trigger.is_in_unmanaged = is_in_unmanaged.unwrap_or(trigger.is_in_unmanaged);
            Ok(())
        })
        .await
    }

    pub async fn drop_trigger(&self, _caller: &Caller, plan: &ResourcePlanName, name: &str) -> Result<()> {
        self.edit_resource_plan(plan, |definition| {
            if definition.trigger(name).is_none() {
                return Err(missing(plan, "trigger", name));
            }
            definition.triggers.retain(|trigger| trigger.name != name);
            definition.pool_triggers.retain(|pair| pair.trigger != name);
            Ok(())
        })
        .await
    }

    /// Adds a mapping, or with `update` gives the one that is there another pool.
    pub async fn put_mapping(
        &self,
        _caller: &Caller,
        plan: &ResourcePlanName,
        mapping: Mapping,
        update: bool,
    ) -> Result<()> {
        let entity = format!("{} {}", mapping.entity_type, mapping.entity_name);
        if !ENTITY_TYPES.contains(&mapping.entity_type.as_str()) {
            return Err(CatalogError::invalid_object(format!(
                "{:?} is not mapped to pools, but {} are",
                mapping.entity_type,
                ENTITY_TYPES.join(", ")
            )));
        }
        check_length("mapped entity's", &mapping.entity_name)?;
        self.edit_resource_plan(plan, |definition| {
            if let Some(path) = mapping.pool_path.as_deref().filter(|path| definition.pool(path).is_none()) {
                return Err(missing(plan, "pool", path));
            }
            let there = definition.mappings.iter_mut().find(|there| is_of(there, &mapping));
            match (there, update) {
                (Some(there), true) => there.pool_path = mapping.pool_path,
                (None, false) => definition.mappings.push(mapping),
                (Some(_), false) => return Err(taken(plan, "mapping of", &entity)),
                (None, true) => return Err(missing(plan, "mapping of", &entity)),
            }
            Ok(())
        })
        .await
    }

    /// Drops the mapping of the same entity.
    pub async fn drop_mapping(&self, _caller: &Caller, plan: &ResourcePlanName, mapping: Mapping) -> Result<()> {
        self.edit_resource_plan(plan, |definition| {
            let before = definition.mappings.len();
            definition.mappings.retain(|there| !is_of(there, &mapping));
            if definition.mappings.len() == before {
                let entity = format!("{} {}", mapping.entity_type, mapping.entity_name);
                return Err(missing(plan, "mapping of", &entity));
            }
            Ok(())
        })
        .await
    }

    /// Lets a trigger act in a pool, or with `drop` no longer; both have to be there.
    pub async fn map_trigger_to_pool(
        &self,
        _caller: &Caller,
        plan: &ResourcePlanName,
        pair: PoolTrigger,
        drop: bool,
    ) -> Result<()> {
        self.edit_resource_plan(plan, |definition| {
            if definition.pool(&pair.pool).is_none() {
                return Err(missing(plan, "pool", &pair.pool));
            }
            if definition.trigger(&pair.trigger).is_none() {
                return Err(missing(plan, "trigger", &pair.trigger));
            }
            definition.pool_triggers.retain(|there| *there != pair);
            if !drop {
                definition.pool_triggers.push(pair);
            }
            Ok(())
        })
        .await
    }
}

/// Moves a pool and those below it, and whatever refers to them.
fn move_pools(definition: &mut Definition, plan: &ResourcePlanName, from: &str, to: &str) -> Result<()> {
    check_length("pool", to)?;
    if is_below(to, from) {
        return Err(CatalogError::invalid_object(format!(
            "Pool {from} of resource plan {plan} cannot move below itself"
        )));
    }
    if definition.pool(to).is_some() {
        return Err(taken(plan, "pool", to));
    }
    check_parent(definition, plan, to)?;
    let paths = definition.pools.iter_mut().map(|pool| &mut pool.path);
    let mapped = definition.mappings.iter_mut().filter_map(|mapping| mapping.pool_path.as_mut());
    let triggered = definition.pool_triggers.iter_mut().map(|pair| &mut pair.pool);
    for path in paths.chain(mapped).chain(triggered).chain(&mut definition.default_pool) {
        if path == from || is_below(path, from) {
            *path = format!("{to}{}", &path[from.len()..]);
        }
    }
    Ok(())
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

fn is_of(there: &Mapping, mapping: &Mapping) -> bool {
    (&there.entity_type, &there.entity_name) == (&mapping.entity_type, &mapping.entity_name)
}

fn check_parent(definition: &Definition, plan: &ResourcePlanName, path: &str) -> Result<()> {
    match parent_path(path) {
        Some(parent) if definition.pool(parent).is_none() => Err(missing(plan, "pool", parent)),
        _ => Ok(()),
    }
}

fn check_fraction(fraction: f64) -> Result<()> {
    if fraction.is_finite() {
        return Ok(());
    }
    Err(CatalogError::invalid_object(format!("{fraction} is not a fraction that a pool can have")))
}

fn missing(plan: &ResourcePlanName, what: &str, name: &str) -> CatalogError {
    CatalogError::not_found(format!("Resource plan {plan} has no {what} {name}"))
}

fn taken(plan: &ResourcePlanName, what: &str, name: &str) -> CatalogError {
    CatalogError::already_exists(format!("Resource plan {plan} has a {what} {name} already"))
}
