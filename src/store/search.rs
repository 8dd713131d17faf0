//! Searching tables by the words in them; migration 0014 says what a word is.

use std::fmt::Write;

use sqlx::{AssertSqlSafe, Row};

use crate::error::Result;
use crate::model::Table;
use crate::model::search::{Condition, Field, Order, Place, TableSearch, TextField, TimeField, Way, has_words};
use crate::store::{Connection, Store};

/// The most characters of a value that count in an order.
const LONGEST_KEY: usize = 200;

impl Store {
    /// Tables of a catalog in the order of the search: of those after a place, the first `limit`.
    pub async fn search_tables(
        &self,
        connection: &mut Connection,
        catalog: &str,
        search: &TableSearch,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<(Place, Table)>> {
        let mut statement = Statement::default();
        for term in &search.terms {
            let way = match term.way {
                Way::Begins => "begins",
                Way::Whole => "whole",
            };
            let databases = databases_by_words(connection, catalog, &term.text, way).await?;
            let query = statement.query(&term.text, way);
            statement.all(format!("t.words @@ {query}"), &databases);
        }
        for condition in &search.conditions {
            match condition {
                Condition::Text { field: TextField::Database, values } => {
                    let mut databases = Vec::new();
                    for value in values {
                        databases.extend(databases_by_words(connection, catalog, value, "words").await?);
                    }
                    statement.all("false".to_owned(), &databases);
                }
                Condition::Text { field, values } => {
                    let tests: Vec<_> = values.iter().map(|value| statement.text(field, value)).collect();
                    statement.all(tests.join(" or "), &[]);
                }
                Condition::Time { field, from, until } => statement.time(*field, *from, *until),
            }
        }
        if search.federated {
            statement.all("d.extra ? 'FederatedDatabase'".to_owned(), &[]);
        }
        let key = statement.order(&search.order, after);
        let Statement { sql, constants } = statement;
        let direction = if search.order.descending { "desc" } else { "asc" };
        let sql = format!(
            "select t.id, ({key})::text, d.name, t.name
             from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
             where c.name = $1{sql} order by {key} {direction}, d.name, t.name limit $3"
        );
        // Unprepared, so that Postgres plans with the words at hand.
        let rows = sqlx::query(AssertSqlSafe(sql))
            .persistent(false)
            .bind(catalog)
            .bind(&constants)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let place = Place { key: row.try_get(1)?, database: row.try_get(2)?, table: row.try_get(3)? };
            places.push((row.try_get::<i64, _>(0)?, place));
        }
        let ids: Vec<i64> = places.iter().map(|(id, _)| *id).collect();
        let mut tables = self.tables_by_id(connection, &ids).await?;
        Ok(places.into_iter().filter_map(|(id, place)| Some((place, tables.remove(&id)?))).collect())
    }
}

/// The databases of a catalog in whose name a text is found.
async fn databases_by_words(connection: &mut Connection, catalog: &str, text: &str, way: &str) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "with query as materialized (select search_query($2, $3) as query)
         select d.id from query, databases d join catalogs c on c.id = d.catalog_id
         where c.name = $1 and d.words @@ query.query",
        catalog,
        text,
        way
    )
    .fetch_all(connection)
    .await?)
}

/// A condition in the making, on a table `t` in a database `d`. No text of a caller becomes part of the SQL: they are all
/// in one array, the second parameter.
#[derive(Debug, Default)]
struct Statement {
    sql: String,
    constants: Vec<String>,
}

impl Statement {
    /// What must be true as well, unless the table is in one of these databases.
    fn all(&mut self, condition: String, databases: &[i64]) {
        let _ = write!(self.sql, " and ({condition}");
        if !databases.is_empty() {
            let ids: Vec<_> = databases.iter().map(i64::to_string).collect();
            let _ = write!(self.sql, " or t.database_id = any('{{{}}}')", ids.join(","));
        }
        self.sql.push(')');
    }

    fn constant(&mut self, text: &str) -> String {
        self.constants.push(text.to_owned());
        format!("($2::text[])[{}]", self.constants.len())
    }

    fn query(&mut self, text: &str, way: &str) -> String {
        let text = self.constant(text);
        format!("search_query({text}, '{way}')")
    }

    fn text(&mut self, field: &TextField, value: &str) -> String {
        let column = self.text_column(field);
        if *field == TextField::Kind || !has_words(value) {
            return format!("lower({column}) = lower({})", self.constant(value));
        }
        // The index first: what it finds in any field is looked for in this one.
        let query = self.query(value, "words");
        let mut indexed = format!("t.words @@ {query}");
        if let TextField::Parameter(key) = field {
            let _ = write!(indexed, " or {} = any (unsearched_parameters())", self.constant(key));
        }
        format!("({indexed}) and search_words({column}) @@ {query}")
    }

    fn time(&mut self, field: TimeField, from: Option<i64>, until: Option<i64>) {
        let column = time_column(field);
        for (bound, op) in [(from, ">="), (until, "<")] {
            if let Some(bound) = bound {
                self.all(format!("{column} {op} {bound}"), &[]);
            }
        }
    }

    /// The expression that is ordered by. Tables up to a place are left out.
    fn order(&mut self, order: &Order, after: Option<&Place>) -> String {
        let (key, kind) = match &order.field {
            Field::Text(field) => {
                let column = self.text_column(field);
                (format!("coalesce(left({column}, {LONGEST_KEY}), '') collate \"C\""), "text")
            }
            Field::Time(field) => (format!("coalesce({}, 0)", time_column(*field)), "bigint"),
        };
        if let Some(place) = after {
            let [at, database, table] = [&place.key, &place.database, &place.table].map(|text| self.constant(text));
            let op = if order.descending { "<" } else { ">" };
            self.all(
                format!(
                    "{key} {op} ({at})::{kind} or {key} = ({at})::{kind} and (d.name, t.name) > ({database}, {table})"
                ),
                &[],
            );
        }
        key
    }

    fn text_column(&mut self, field: &TextField) -> String {
        match field {
            TextField::Database => "d.name".to_owned(),
            TextField::Name => "t.name".to_owned(),
            TextField::Owner => "t.owner_name".to_owned(),
            TextField::Kind => "coalesce(t.extra ->> 'TableType', t.kind)".to_owned(),
            TextField::Location => "t.location".to_owned(),
            TextField::Description => "coalesce(t.extra ->> 'Description', t.parameters ->> 'comment')".to_owned(),
            TextField::Parameter(key) => format!("(t.parameters ->> {})", self.constant(key)),
        }
    }
}

/// Seconds since the epoch; null where it never happened.
fn time_column(field: TimeField) -> &'static str {
    match field {
        TimeField::Created => "t.created_at",
        TimeField::Updated => "t.updated_at",
        TimeField::LastAccess => "nullif(t.last_access_time, 0)",
    }
}
