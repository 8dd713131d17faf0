//! Properties of the metastore, of databases and of tables.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::Parameters;
use crate::store::Connection;

/// A property: its scope, its name in it, and its value.
#[derive(Debug)]
pub struct Property {
    pub scope: String,
    pub name: String,
    pub value: String,
}

/// Writes each over the one of its scope and name. None is named twice.
pub async fn put(connection: &mut Connection, namespace: &str, all: &[Property]) -> Result<()> {
    let column = |of: fn(&Property) -> &String| -> Vec<String> { all.iter().map(|one| of(one).clone()).collect() };
    sqlx::query!(
        "insert into properties (namespace, scope, name, value)
         select $1, * from unnest($2::text[], $3::text[], $4::text[])
         on conflict (namespace, scope, name) do update set value = excluded.value",
        namespace,
        &column(|one| &one.scope),
        &column(|one| &one.name),
        &column(|one| &one.value)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// By scope, of those whose name begins so.
pub async fn by_scope(
    connection: &mut Connection,
    namespace: &str,
    prefix: &str,
) -> Result<BTreeMap<String, Parameters>> {
    let rows = sqlx::query_as!(
        Property,
        "select scope, name, value from properties
         where namespace = $1 and scope >= $2 and starts_with(scope, $2)",
        namespace,
        prefix
    )
    .fetch_all(connection)
    .await?;
    let mut found: BTreeMap<String, Parameters> = BTreeMap::new();
    for Property { scope, name, value } in rows {
        found.entry(scope).or_default().insert(name, value);
    }
    Ok(found)
}
