//! Resource plans.

use propolis_thrift::{FastStr, types};

use super::{text, wire, wire_option};
use crate::catalog::resource_plans::{PlanChanges, PoolChanges, TriggerChanges};
use crate::error::Result;
use crate::model::name::fold;
use crate::model::numbered::Numbered;
use crate::model::resource_plan::{Mapping, Pool, ResourcePlan, ResourcePlanName, ResourcePlanStatus, Trigger};

/// The namespace of clients that name none, or know of none.
const DEFAULT_NAMESPACE: &str = "default";

pub fn namespace(sent: Option<&FastStr>) -> String {
    sent.map_or_else(|| DEFAULT_NAMESPACE.to_owned(), |namespace| fold(namespace))
}

pub fn status(sent: types::WmResourcePlanStatus) -> Result<ResourcePlanStatus> {
    Numbered::of_number("status of a resource plan", sent.inner())
}

/// Values whose flag is not set do not change.
pub fn plan_changes(sent: types::WmNullableResourcePlan) -> Result<PlanChanges> {
    let flagged = |flag: Option<bool>| flag.unwrap_or_default();
    let default_pool = sent.default_pool_path.map(|path| fold(&path));
    Ok(PlanChanges {
        name: sent.name.map(|name| fold(&name)),
        namespace: sent.ns.map(|namespace| fold(&namespace)),
        status: sent.status.map(status).transpose()?,
        query_parallelism: flagged(sent.is_set_query_parallelism).then_some(sent.query_parallelism),
        default_pool: flagged(sent.is_set_default_pool_path).then_some(default_pool),
    })
}

pub fn pool(sent: types::WmPool) -> Pool {
    Pool {
        path: fold(&sent.pool_path),
        alloc_fraction: sent.alloc_fraction.unwrap_or_default(),
        query_parallelism: sent.query_parallelism.unwrap_or_default(),
        scheduling_policy: text(sent.scheduling_policy),
    }
}

pub fn pool_changes(sent: types::WmNullablePool) -> PoolChanges {
    let flagged = sent.is_set_scheduling_policy.unwrap_or_default();
    PoolChanges {
        path: Some(fold(&sent.pool_path)),
        alloc_fraction: sent.alloc_fraction,
        query_parallelism: sent.query_parallelism,
        scheduling_policy: flagged.then(|| text(sent.scheduling_policy)),
    }
}

pub fn trigger(sent: types::WmTrigger) -> Trigger {
    Trigger {
        name: fold(&sent.trigger_name),
        trigger_expression: text(sent.trigger_expression),
        action_expression: text(sent.action_expression),
        is_in_unmanaged: sent.is_in_unmanaged.unwrap_or_default(),
    }
}

pub fn trigger_changes(sent: types::WmTrigger) -> TriggerChanges {
    TriggerChanges {
        trigger_expression: text(sent.trigger_expression),
        action_expression: text(sent.action_expression),
        is_in_unmanaged: sent.is_in_unmanaged,
    }
}

pub fn mapping(sent: types::WmMapping) -> Mapping {
    Mapping {
        entity_type: sent.entity_type.trim().to_uppercase(),
        entity_name: fold(&sent.entity_name),
        pool_path: sent.pool_path.map(|path| fold(&path)),
        ordering: sent.ordering,
    }
}

pub fn wire_plan(plan: &ResourcePlan) -> types::WmResourcePlan {
    types::WmResourcePlan {
        name: wire(&plan.name.name),
        status: Some(plan.status.number().into()),
        query_parallelism: plan.definition.query_parallelism,
        default_pool_path: wire_option(plan.definition.default_pool.as_ref()),
        ns: Some(wire(&plan.name.namespace)),
    }
}

/// Lists with nothing in them are left out, all but the pools.
pub fn wire_full_plan(plan: &ResourcePlan) -> types::WmFullResourcePlan {
    let ResourcePlan { name, definition, .. } = plan;
    let pool_triggers: Vec<_> = definition
        .pool_triggers
        .iter()
        .map(|pair| types::WmPoolTrigger { pool: wire(&pair.pool), trigger: wire(&pair.trigger), ns: None })
        .collect();
    let mappings: Vec<_> = definition.mappings.iter().map(|mapping| wire_mapping(name, mapping)).collect();
    let triggers = wire_triggers(plan);
    types::WmFullResourcePlan {
        plan: wire_plan(plan),
        pools: definition.pools.iter().map(|pool| wire_pool(name, pool)).collect(),
        mappings: Some(mappings).filter(|list| !list.is_empty()),
        triggers: Some(triggers).filter(|list| !list.is_empty()),
        pool_triggers: Some(pool_triggers).filter(|list| !list.is_empty()),
    }
}

pub fn wire_triggers(plan: &ResourcePlan) -> Vec<types::WmTrigger> {
    let wire_trigger = |trigger: &Trigger| types::WmTrigger {
        resource_plan_name: wire(&plan.name.name),
        trigger_name: wire(&trigger.name),
        trigger_expression: wire_option(trigger.trigger_expression.as_ref()),
        action_expression: wire_option(trigger.action_expression.as_ref()),
        is_in_unmanaged: Some(trigger.is_in_unmanaged),
        ns: Some(wire(&plan.name.namespace)),
    };
    plan.definition.triggers.iter().map(wire_trigger).collect()
}

fn wire_pool(plan: &ResourcePlanName, pool: &Pool) -> types::WmPool {
    types::WmPool {
        resource_plan_name: wire(&plan.name),
        pool_path: wire(&pool.path),
        alloc_fraction: Some(pool.alloc_fraction),
        query_parallelism: Some(pool.query_parallelism),
        scheduling_policy: wire_option(pool.scheduling_policy.as_ref()),
        ns: Some(wire(&plan.namespace)),
    }
}

fn wire_mapping(plan: &ResourcePlanName, mapping: &Mapping) -> types::WmMapping {
    types::WmMapping {
        resource_plan_name: wire(&plan.name),
        entity_type: wire(&mapping.entity_type),
        entity_name: wire(&mapping.entity_name),
        pool_path: wire_option(mapping.pool_path.as_ref()),
        ordering: mapping.ordering,
        ns: Some(wire(&plan.namespace)),
    }
}
