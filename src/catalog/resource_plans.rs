//! Resource plans. Engines go by the active one of their namespace; only a disabled one can be edited.

mod alter;
mod check;
mod parts;

use super::{Caller, Service};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::name::check_length;
use crate::model::resource_plan::{Definition, Pool, ResourcePlan, ResourcePlanName, ResourcePlanStatus};
use crate::store::{Connection, resource_plans};

pub use alter::{AlterResourcePlan, PlanChanges, Replaced};
pub use check::Findings;
pub use parts::{PoolChanges, TriggerChanges};

/// Queries at once in the pool that a plan begins with, where the plan does not say how many it has.
const DEFAULT_PARALLELISM: i32 = 4;

/// Parts of a plan, all together.
const MOST_PARTS: usize = 10_000;

impl Service {
    /// Makes a disabled plan: a copy of another of its namespace, or one with a single pool `default`.
    pub async fn create_resource_plan(
        &self,
        _caller: &Caller,
        name: ResourcePlanName,
        query_parallelism: Option<i32>,
        copied: Option<&str>,
    ) -> Result<()> {
        check_length("resource plan", &name.name)?;
        check_length("namespace", &name.namespace)?;
        let mut transaction = self.store.begin().await?;
        resource_plans::lock(&mut transaction, &name.namespace).await?;
        check_free(&mut transaction, &name).await?;
        let definition = match copied {
            Some(copied) => {
                let source = ResourcePlanName { namespace: name.namespace.clone(), name: copied.to_owned() };
                found(&mut transaction, &source).await?.definition
            }
            None => first_definition(query_parallelism)?,
        };
        let plan = ResourcePlan { id: 0, name, status: ResourcePlanStatus::Disabled, definition };
        resource_plans::insert(&mut transaction, &plan).await?;
        transaction.commit().await
    }

    pub async fn get_resource_plan(&self, name: &ResourcePlanName) -> Result<ResourcePlan> {
        found(&mut *self.store.read().await?, name).await
    }

    pub async fn active_resource_plan(&self, namespace: &str) -> Result<Option<ResourcePlan>> {
        resource_plans::active(&mut *self.store.read().await?, namespace).await
    }

    /// By name.
    pub async fn resource_plans(&self, namespace: &str) -> Result<Vec<ResourcePlan>> {
        resource_plans::list(&mut *self.store.read().await?, namespace).await
    }

    /// What keeps the plan from being enabled, and what is odd about it.
    pub async fn validate_resource_plan(&self, name: &ResourcePlanName) -> Result<Findings> {
        Ok(check::findings(&self.get_resource_plan(name).await?.definition))
    }

    /// InvalidInput for the active one: the metastore's rule.
    pub async fn drop_resource_plan(&self, _caller: &Caller, name: &ResourcePlanName) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        resource_plans::lock(&mut transaction, &name.namespace).await?;
        let plan = found(&mut transaction, name).await?;
        if plan.status == ResourcePlanStatus::Active {
            return Err(CatalogError::invalid_input(format!(
                "Resource plan {name} is active and cannot be dropped: activate another one first"
            )));
        }
        resource_plans::delete(&mut transaction, plan.id).await?;
        transaction.commit().await
    }

    /// Changes what a plan says, which has to be disabled.
    async fn edit_resource_plan(
        &self,
        name: &ResourcePlanName,
        edit: impl FnOnce(&mut Definition) -> Result<()> + Send,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        resource_plans::lock(&mut transaction, &name.namespace).await?;
        let mut plan = found(&mut transaction, name).await?;
        check_disabled(&plan)?;
        edit(&mut plan.definition)?;
        if plan.definition.size() > MOST_PARTS {
            return Err(CatalogError::new(
                ErrorKind::LimitExceeded,
                format!("Resource plan {name} would have more than {MOST_PARTS} pools, triggers and mappings"),
            ));
        }
        resource_plans::update(&mut transaction, &plan).await?;
        transaction.commit().await
    }
}

fn first_definition(query_parallelism: Option<i32>) -> Result<Definition> {
    if query_parallelism.is_some_and(|parallelism| parallelism <= 0) {
        return Err(CatalogError::invalid_object("The query parallelism of a resource plan has to be positive"));
    }
    let pool = Pool {
        path: "default".to_owned(),
        alloc_fraction: 1.0,
        query_parallelism: query_parallelism.unwrap_or(DEFAULT_PARALLELISM),
        scheduling_policy: None,
    };
    Ok(Definition {
        query_parallelism,
        default_pool: Some(pool.path.clone()),
        pools: vec![pool],
        ..Definition::default()
    })
}

fn check_disabled(plan: &ResourcePlan) -> Result<()> {
    if plan.status == ResourcePlanStatus::Disabled {
        return Ok(());
    }
    Err(CatalogError::invalid_operation(format!("Resource plan {} has to be disabled to be edited", plan.name)))
}

async fn check_free(connection: &mut Connection, name: &ResourcePlanName) -> Result<()> {
    match resource_plans::get(connection, name).await? {
        None => Ok(()),
        Some(_) => Err(CatalogError::already_exists(format!("Resource plan {name} already exists"))),
    }
}

async fn found(connection: &mut Connection, name: &ResourcePlanName) -> Result<ResourcePlan> {
    let plan = resource_plans::get(connection, name).await?;
    plan.ok_or_else(|| CatalogError::not_found(format!("Resource plan {name} does not exist")))
}
