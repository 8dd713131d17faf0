//! Random filters over random partitions: a plain reading of their meaning, the evaluator and the SQL must agree, and a
//! filter printed and read again must be the same. In Glue's grammar the same condition is the same predicate; as a
//! formula its evaluator and its SQL must agree.
#![allow(clippy::unwrap_used)]

mod expression;
mod formula;
mod sample;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use propolis::filter::{LikeDialect, NamePattern, PartitionKey, Predicate, TableFilter};
use propolis::store::managed::{ManagedConfig, ManagedPostgres};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection, PgConnection, Row};
use tempfile::TempDir;

use self::sample::{Type, table};

/// A Postgres for one test, and a connection to it.
struct Database {
    postgres: ManagedPostgres,
    connection: PgConnection,
    _directory: TempDir,
}

impl Database {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Postgres does not run as root, and must reach its files.
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let data_dir = directory.path().canonicalize().unwrap().join("data");
        let postgres = ManagedPostgres::start(&ManagedConfig::new(&data_dir)).await.unwrap();
        let connection = PgConnection::connect_with(&postgres.connect_options()).await.unwrap();
        Database { postgres, connection, _directory: directory }
    }

    async fn stop(self) {
        self.connection.close().await.unwrap();
        self.postgres.stop().await;
    }
}

#[tokio::test]
async fn meaning_evaluator_and_sql_agree() {
    let mut database = Database::start().await;
    let connection = &mut database.connection;
    sqlx::raw_sql(
        "create temp table partitions (table_id bigint, id bigint, values text[] collate \"C\" not null);
         create index on partitions (table_id, values);
         create index on partitions (table_id, (values[2])) where values[2] is not null;
         create index on partitions (table_id, (values[3])) where values[3] is not null",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    let mut runner = TestRunner::new(Config::default());
    let mut met = 0;
    let mut expressions = 0;
    let mut open = 0;
    for number in 0..200i64 {
        let (keys, rows, filters) = table().new_tree(&mut runner).unwrap().current();
        let types: Vec<Type> = keys.iter().map(|key| key.0).collect();
        let names: Vec<_> = (0..keys.len()).map(|key| format!("k{key}")).collect();
        let keys: Vec<_> = names.iter().zip(&keys).map(|(name, key)| PartitionKey { name, type_name: key.1 }).collect();
        sqlx::raw_sql("truncate partitions").execute(&mut *connection).await.unwrap();
        for (id, row) in rows.iter().enumerate() {
            sqlx::query("insert into partitions values ($1, $2, $3)")
                .bind(number)
                .bind(id as i64)
                .bind(row)
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        // Both ways of running a condition: with the indexes, and as a filter over the table.
        let setting = if number % 2 == 0 { "off" } else { "on" };
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("set enable_seqscan = {setting}")))
            .execute(&mut *connection)
            .await
            .unwrap();
        for (dialect, condition) in filters {
            let text = condition.text();
            let predicate = Predicate::parse(&text, &keys, dialect).unwrap_or_else(|e| panic!("{text}\n{e}"));
            let printed = predicate.to_string();
            assert_eq!(Predicate::parse(&printed, &keys, dialect), Ok(predicate.clone()), "{text}\n{printed}");

            let expression = expression::of(&condition, &types).filter(|_| dialect == LikeDialect::Sql);
            if let Some(expression) = expression {
                expressions += 1;
                assert_eq!(Predicate::parse_expression(&expression, &keys), Ok(predicate.clone()), "{expression}");
            }

            let meant = |row: &[&str]| condition.holds(&types, row, false);
            let expected: Vec<i64> = (0..).zip(&rows).filter(|(_, row)| meant(row)).map(|(id, _)| id).collect();
            for (id, row) in (0..).zip(&rows) {
                assert_eq!(predicate.matches(row), expected.contains(&id), "{text}\n{types:?}\n{row:?}");
            }
            let sql = predicate.to_sql("p.values", 2);
            let query = format!("select id from partitions p where table_id = $1 and {} order by id", sql.sql);
            let found = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query))
                .persistent(false)
                .bind(number)
                .bind(&sql.constants)
                .fetch_all(&mut *connection)
                .await
                .unwrap_or_else(|error| panic!("{text}\n{}\n{error}", sql.sql));
            let rows_of = |ids: &[i64]| ids.iter().map(|id| &rows[*id as usize]).collect::<Vec<_>>();
            assert_eq!(rows_of(&found), rows_of(&expected), "{text}\n{}\n{:?}", sql.sql, sql.constants);
            met += expected.len();
            open += formula::check(&mut *connection, number, &rows, &formula::of(&condition), &keys, &types).await;
        }
    }
    // Neither everything nor nothing.
    assert!((10_000..150_000).contains(&met), "{met}");
    assert!(expressions > 300, "{expressions}");
    assert!(open > 1_000, "{open}");
    database.stop().await;
}

#[tokio::test]
async fn the_primary_key_and_the_indexes_are_used() {
    let mut database = Database::start().await;
    let connection = &mut database.connection;
    sqlx::raw_sql(
        "create temp table partitions (table_id bigint, values text[] collate \"C\" not null, primary key (table_id, values));
         create index second on partitions (table_id, (values[2])) where values[2] is not null;
         create index third on partitions (table_id, (values[3])) where values[3] is not null;
         insert into partitions select t, array[to_char(date '2010-01-01' + i / 100, 'YYYY-MM-DD'), (i % 100)::text, 'k' || i % 977]
         from generate_series(1, 3) t, generate_series(0, 49999) i;
         analyze partitions",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    let many: Vec<_> = (0..100_000).map(|n| format!("'v{n}'")).collect();
    let many = format!("n in (1, 2) and (k) in ({})", many.join(", "));
    for (first, filter, index) in [
        ("string", "dt = '2010-03-01'", "partitions_pkey"),
        ("date", "dt = '2010-03-01'", "partitions_pkey"),
        ("date", "dt >= '2010-03-01' and dt <= '2010-03-03'", "partitions_pkey"),
        ("string", "dt like '2010-03-0%'", "partitions_pkey"),
        ("string", "dt in ('2010-03-01', '2011-01-02')", "partitions_pkey"),
        ("string", "(dt = '2010-03-01' and n = 4) or (dt = '2010-05-01' and n = 5)", "partitions_pkey"),
        ("string", "n = 4 and dt > '2010-03-01' and dt < '2010-03-03'", "partitions_pkey"),
        ("string", "k = 'k13'", "third"),
        ("string", "k = 'k13' or k = 'k14'", "third"),
        ("string", "k like 'k13%'", "third"),
        ("string", "n = 4", "second"),
        ("string", &many, "second"),
    ] {
        let keys =
            [("dt", first), ("n", "int"), ("k", "string")].map(|(name, type_name)| PartitionKey { name, type_name });
        let sql = Predicate::parse(filter, &keys, LikeDialect::Sql).unwrap().to_sql("p.values", 2);
        let query = format!("explain select * from partitions p where table_id = $1 and {}", sql.sql);
        let plan = sqlx::query(sqlx::AssertSqlSafe(query))
            .persistent(false)
            .bind(2i64)
            .bind(&sql.constants)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get::<String, _>(0)).collect();
        let conditions = plan.iter().filter(|line| line.contains("Index Cond")).count();
        let named = plan.iter().any(|line| line.contains(index));
        let shown: Vec<_> = plan.iter().map(|line| line.chars().take(200).collect::<String>()).collect();
        assert!(conditions > 0 && named, "{}\n{}", filter.get(..100).unwrap_or(filter), shown.join("\n"));
    }
    database.stop().await;
}

#[tokio::test]
async fn table_filters_find_tables() {
    let mut database = Database::start().await;
    let connection = &mut database.connection;
    sqlx::raw_sql(
        "create temp table tables (name text, kind text, owner_name text, last_access_time int, parameters jsonb);
         insert into tables values
             ('t0', 'MANAGED_TABLE', 'Owner1', 1000, '{\"param1\": \"value1\"}'),
             ('t1', 'MANAGED_TABLE', 'Owner1', 2000, '{\"param1\": \"value2\"}'),
             ('t2', 'EXTERNAL_TABLE', 'Owner2', 1000, '{\"param1\": \"value2\", \"table_type\": \"ICEBERG\"}'),
             ('t3', 'VIRTUAL_VIEW', 'Owner3', 3000, '{\"param1\": \"value2\", \"a.b\": \"x\"}'),
             ('t4', 'EXTERNAL_TABLE', 'Tester', 2500, '{\"param1\": \"value4\"}'),
             ('t5', 'EXTERNAL_TABLE', null, 0, '{}')",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    for (filter, expected) in [
        ("", "t0 t1 t2 t3 t4 t5"),
        ("hive_filter_field_owner__=\"Owner1\"", "t0 t1"),
        ("hive_filter_field_owner__<>\"Owner1\"", "t2 t3 t4"),
        ("hive_filter_field_owner__ LIKE \"Owner.*\"", "t0 t1 t2 t3"),
        ("hive_filter_field_owner__ like \".*ner.*\" and hive_filter_field_owner__ like \"[A-O]wner[12]\"", "t0 t1 t2"),
        ("hive_filter_field_last_access__=1000", "t0 t2"),
        ("hive_filter_field_last_access__ <= '2000'", "t0 t1 t2 t5"),
        ("hive_filter_field_last_access__ in (2000, 2500)", "t1 t4"),
        ("hive_filter_field_params__param1=\"value2\"", "t1 t2 t3"),
        ("hive_filter_field_params__param1<>\"value2\"", "t0 t4"),
        ("hive_filter_field_params__param1 not in ('value2', 'value1')", "t4"),
        ("hive_filter_field_params__table_type like \"ICEBERG\"", "t2"),
        ("`hive_filter_field_params__a.b` = 'x'", "t3"),
        ("hive_filter_field_params__none = 'x' or hive_filter_field_tableType__ = 'VIRTUAL_VIEW'", "t3"),
        ("hive_filter_field_tableName__ > 't3'", "t4 t5"),
        (
            "hive_filter_field_last_access__<3000 and (hive_filter_field_owner__=\"Tester\" or \
             hive_filter_field_params__param1=\"value2\")",
            "t1 t2 t4",
        ),
    ] {
        let sql = TableFilter::parse(filter).unwrap().to_sql("t", 1);
        let query = format!("select string_agg(name, ' ' order by name) from tables t where {}", sql.sql);
        let found: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(&sql.constants)
            .fetch_one(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{filter}\n{}\n{error}", sql.sql));
        assert_eq!(found.unwrap_or_default(), expected, "{filter}\n{}", sql.sql);
    }
    database.stop().await;
}

#[tokio::test]
async fn name_patterns_match_alike() {
    let mut database = Database::start().await;
    let connection = &mut database.connection;
    let names = ["sales", "sales_2026", "salesx2026", "a", "ab", "ba", "log_17", "log_x", "ü_1", "a.b", "100%", "b\\c"];
    for pattern in [
        "*",
        "sales*",
        "sales_*",
        "Sales",
        "a|*b",
        "a*|l*",
        ".",
        "?",
        "log_[0-9]+",
        "log_[0-9]*",
        "(a|b)+",
        "",
        "a|",
        "a.b",
        "100%",
        "ü*",
        r"a\.b",
        r"b\\c",
        "[",
        "a{2}|ab",
        "[^a].*",
        "*_*",
        r"\w+",
        r"\W*",
        "s.*",
    ] {
        let parsed = NamePattern::parse(pattern).unwrap();
        let found: Vec<String> = sqlx::query_scalar(
            "select name from unnest($4::text[]) with ordinality as n(name, at)
             where name = any($1) or name like any($2) or name ~ $3 order by at",
        )
        .bind(parsed.names())
        .bind(parsed.like())
        .bind(parsed.regex())
        .bind(&names[..])
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        let expected: Vec<_> = names.iter().filter(|name| parsed.matches(name)).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{pattern}");
        if let Some(exact) = parsed.exact() {
            assert_eq!(parsed.names(), [exact], "{pattern}");
        }
    }
    database.stop().await;
}
