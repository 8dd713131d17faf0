//! Resource plans.

use sqlx::types::Json;

use crate::error::Result;
use crate::model::numbered::Numbered;
use crate::model::resource_plan::{Definition, ResourcePlan, ResourcePlanName, ResourcePlanStatus};
use crate::store::Connection;

struct Row {
    id: i64,
    namespace: String,
    name: String,
    status: String,
    definition: Json<Definition>,
}

impl TryFrom<Row> for ResourcePlan {
    type Error = crate::error::CatalogError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(ResourcePlan {
            id: row.id,
            name: ResourcePlanName { namespace: row.namespace, name: row.name },
            status: Numbered::stored(&row.status)?,
            definition: row.definition.0,
        })
    }
}

macro_rules! select_plans {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select id, namespace, name, status, definition as "definition: Json<Definition>"
               from resource_plans "# + $rest,
            $($bind),*
        )
    };
}

/// Nobody else changes plans of the namespace until the transaction ends.
pub async fn lock(connection: &mut Connection, namespace: &str) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('resource plans of ' || $1::text, 0))", namespace)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn get(connection: &mut Connection, name: &ResourcePlanName) -> Result<Option<ResourcePlan>> {
    let row = select_plans!("where namespace = $1 and name = $2", name.namespace, name.name)
        .fetch_optional(connection)
        .await?;
    row.map(ResourcePlan::try_from).transpose()
}

pub async fn active(connection: &mut Connection, namespace: &str) -> Result<Option<ResourcePlan>> {
    let active = ResourcePlanStatus::Active.as_str();
    let row =
        select_plans!("where namespace = $1 and status = $2", namespace, active).fetch_optional(connection).await?;
    row.map(ResourcePlan::try_from).transpose()
}

/// By name.
pub async fn list(connection: &mut Connection, namespace: &str) -> Result<Vec<ResourcePlan>> {
    let rows = select_plans!("where namespace = $1 order by name", namespace).fetch_all(connection).await?;
    rows.into_iter().map(ResourcePlan::try_from).collect()
}

pub async fn insert(connection: &mut Connection, plan: &ResourcePlan) -> Result<()> {
    sqlx::query!(
        "insert into resource_plans (namespace, name, status, definition) values ($1, $2, $3, $4)",
        plan.name.namespace,
        plan.name.name,
        plan.status.as_str(),
        Json(&plan.definition) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes all but the namespace.
pub async fn update(connection: &mut Connection, plan: &ResourcePlan) -> Result<()> {
    sqlx::query!(
        "update resource_plans set name = $2, status = $3, definition = $4 where id = $1",
        plan.id,
        plan.name.name,
        plan.status.as_str(),
        Json(&plan.definition) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("delete from resource_plans where id = $1", id).execute(connection).await?;
    Ok(())
}
