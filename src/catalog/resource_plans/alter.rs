//! What happens to a plan as a whole: values, names, and which one is active.

use chrono::DateTime;

use super::check::findings;
use super::{check_disabled, check_free, found};
use crate::catalog::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::name::check_length;
use crate::model::numbered::Numbered;
use crate::model::resource_plan::{ResourcePlan, ResourcePlanName, ResourcePlanStatus as Status};
use crate::store::{Connection, resource_plans};

/// What changes. Of the two that are nested, None does not change, and Some(None) takes away.
#[derive(Debug, Default)]
pub struct PlanChanges {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub status: Option<Status>,
    pub query_parallelism: Option<Option<i32>>,
    pub default_pool: Option<Option<String>>,
}

/// Which plan another one takes the place of.
#[derive(Debug)]
pub enum Replaced {
    Active,
    Named(String),
}

/// How a plan changes.
#[derive(Debug)]
pub enum AlterResourcePlan {
    Change {
        changes: PlanChanges,
        /// A disabled plan may become the active one at once.
        enable_and_activate: bool,
        /// The active plan may become another, so that there is none.
        force_deactivate: bool,
    },
    /// It takes name and status of that plan, which goes on, disabled, under another name.
    Replace(Replaced),
}

impl Service {
    /// Changes a plan: the active one where none is named. Answers the plan where it has become the active one.
    pub async fn alter_resource_plan(
        &self,
        _caller: &Caller,
        namespace: &str,
        name: Option<&str>,
        how: AlterResourcePlan,
    ) -> Result<Option<ResourcePlan>> {
        let mut transaction = self.store.begin().await?;
        resource_plans::lock(&mut transaction, namespace).await?;
        let plan = match name {
            Some(name) => found(&mut transaction, &named(namespace, name)).await?,
            None => active(&mut transaction, namespace).await?,
        };
        let activated = match how {
            AlterResourcePlan::Change { changes, enable_and_activate, force_deactivate } => {
                change(&mut transaction, plan, changes, enable_and_activate, force_deactivate).await?
            }
            AlterResourcePlan::Replace(replaced) => self.replace(&mut transaction, plan, replaced).await?,
        };
        transaction.commit().await?;
        Ok(activated)
    }

    async fn replace(
        &self,
        connection: &mut Connection,
        mut plan: ResourcePlan,
        replaced: Replaced,
    ) -> Result<Option<ResourcePlan>> {
        let namespace = plan.name.namespace.clone();
        let mut old = match replaced {
            Replaced::Active => active(connection, &namespace).await?,
            Replaced::Named(name) => found(connection, &named(&namespace, &name)).await?,
        };
        if old.id == plan.id {
            return Err(CatalogError::invalid_operation(format!("Resource plan {} cannot replace itself", plan.name)));
        }
        let free = self.old_name(connection, &old.name).await?;
        let taken = std::mem::replace(&mut old.name, free);
        (plan.status, old.status) = (old.status, Status::Disabled);
        // In this order no two have the name, or are active, at the same time.
        resource_plans::update(connection, &old).await?;
        plan.name = taken;
        resource_plans::update(connection, &plan).await?;
        Ok(Some(plan).filter(|plan| plan.status == Status::Active))
    }

    /// A free name for a plan that was replaced: `NAME_old_TIME`, or with a number where tests ask for it.
    async fn old_name(&self, connection: &mut Connection, name: &ResourcePlanName) -> Result<ResourcePlanName> {
        let time = DateTime::from_timestamp(now(), 0).map(|now| now.format("%Y_%m_%d_%H_%M_%S").to_string());
        let time = time.filter(|_| !self.rules.hive.in_test);
        for at in 0.. {
            let ending = match &time {
                Some(time) if at == 0 => time.clone(),
                Some(time) => format!("{time}_{at}"),
                None => at.to_string(),
            };
            let old = named(&name.namespace, &format!("{}_old_{ending}", name.name));
            if resource_plans::get(connection, &old).await?.is_none() {
                return Ok(old);
            }
        }
        Err(CatalogError::internal("there is no free name for a resource plan"))
    }
}

async fn change(
    connection: &mut Connection,
    mut plan: ResourcePlan,
    changes: PlanChanges,
    enable_and_activate: bool,
    force_deactivate: bool,
) -> Result<Option<ResourcePlan>> {
    let PlanChanges { name, namespace, status, query_parallelism, default_pool } = changes;
    if namespace.is_some_and(|namespace| namespace != plan.name.namespace) {
        return Err(CatalogError::invalid_operation(format!(
            "Resource plan {} cannot change its namespace",
            plan.name
        )));
    }
    let name = name.filter(|name| *name != plan.name.name);
    if let Some(status) = status {
        if name.is_some() || query_parallelism.is_some() || default_pool.is_some() {
            return Err(CatalogError::invalid_operation(format!(
                "Resource plan {}: change the status and the values one after the other",
                plan.name
            )));
        }
        return switch(connection, plan, status, enable_and_activate, force_deactivate).await;
    }
    check_disabled(&plan)?;
    if let Some(parallelism) = query_parallelism {
        if parallelism.is_some_and(|parallelism| parallelism <= 0) {
            return Err(CatalogError::invalid_operation("The query parallelism of a resource plan has to be positive"));
        }
        plan.definition.query_parallelism = parallelism;
    }
    if let Some(pool) = default_pool {
        if let Some(path) = pool.as_deref().filter(|path| plan.definition.pool(path).is_none()) {
            return Err(CatalogError::not_found(format!("Resource plan {} has no pool {path}", plan.name)));
        }
        plan.definition.default_pool = pool;
    }
    if let Some(name) = name {
        let name = named(&plan.name.namespace, &name);
        check_length("resource plan", &name.name)?;
        check_free(connection, &name).await?;
        plan.name = name;
    }
    resource_plans::update(connection, &plan).await?;
    Ok(None)
}

async fn switch(
    connection: &mut Connection,
    mut plan: ResourcePlan,
    status: Status,
    enable_and_activate: bool,
    force_deactivate: bool,
) -> Result<Option<ResourcePlan>> {
    let refused = |why: &str| Err(CatalogError::invalid_operation(format!("Resource plan {} {why}", plan.name)));
    match (plan.status, status) {
        (before, after) if before == after => return Ok(None),
        (Status::Active, _) if !force_deactivate => {
            return refused("is active: activate another one first, or disable workload management");
        }
        (Status::Disabled, Status::Active) if !enable_and_activate => {
            return refused("is disabled: enable it before it is activated, or at the same time");
        }
        (Status::Disabled, _) => {
            let errors = findings(&plan.definition).errors;
            if !errors.is_empty() {
                return refused(&format!("is invalid: {}", errors.join("; ")));
            }
        }
        _ => {}
    }
    if status == Status::Active
        && let Some(mut active) = resource_plans::active(connection, &plan.name.namespace).await?
    {
        active.status = Status::Enabled;
        resource_plans::update(connection, &active).await?;
    }
    plan.status = status;
    resource_plans::update(connection, &plan).await?;
    Ok(Some(plan).filter(|plan| plan.status == Status::Active))
}

async fn active(connection: &mut Connection, namespace: &str) -> Result<ResourcePlan> {
    let plan = resource_plans::active(connection, namespace).await?;
    plan.ok_or_else(|| {
        CatalogError::not_found(format!("No resource plan in {namespace} is {}", Status::Active.as_str()))
    })
}

fn named(namespace: &str, name: &str) -> ResourcePlanName {
    ResourcePlanName { namespace: namespace.to_owned(), name: name.to_owned() }
}
