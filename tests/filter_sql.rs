//! Random filters over random partitions: a plain reading of their meaning, the evaluator and the SQL must agree, and a
//! filter printed and read again must be the same.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use propolis::filter::{LikeDialect, NamePattern, PartitionKey, Predicate, TableFilter};
use propolis::store::managed::{ManagedConfig, ManagedPostgres};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use regex::Regex;
use sqlx::{Connection, PgConnection, Row};
use tempfile::TempDir;

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

const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Type {
    Text,
    Integer,
    Decimal,
    Date,
    Timestamp,
    Boolean,
}

const TYPES: [(Type, &str); 8] = [
    (Type::Text, "string"),
    (Type::Text, "varchar(30)"),
    (Type::Integer, "int"),
    (Type::Integer, "BIGINT"),
    (Type::Decimal, "decimal(10,2)"),
    (Type::Date, "date"),
    (Type::Timestamp, "timestamp"),
    (Type::Boolean, "boolean"),
];

/// Values as they may be stored under a key of this type, many of them equal or next to each other.
fn stored(of: Type) -> Vec<&'static str> {
    let mut values = match of {
        Type::Text => vec![
            "",
            "a",
            "a\u{1}",
            "a\u{1}b",
            "a\u{2}",
            "ab",
            "b",
            "A",
            "é",
            "e",
            "z",
            "a'b",
            "a',b",
            "a\"b",
            "%",
            "a%",
            "_",
            "a_b",
            "5",
            "05",
            "50",
            "\u{d7ff}",
            "\u{e000}",
            "\u{10ffff}",
            "\u{10ffff}a",
            "\u{7f}",
            "us.east",
            "us-east",
            "[a-z]+",
        ],
        Type::Integer => vec![
            "5",
            "05",
            "005",
            "+5",
            "-5",
            "-05",
            "0",
            "-0",
            "+0",
            "00",
            "10",
            "9",
            "-1",
            "6",
            "5.0",
            " 5",
            "5 ",
            "5\n",
            "٥",
            "99999999999999999999",
            "+099999999999999999999",
            "abc",
            "",
            "1e1",
            "-",
            "+",
        ],
        Type::Decimal => vec![
            "5", "5.0", "5.00", "+5.", "-5.5", "-5.50", ".5", "0.5", "0", "-0.0", "1e1", "10", "1E-1", "0.1", "5.25",
            "1e100", "NaN", "Infinity", ".", "e1", "", "5.0.0", "0x5", "1_000",
        ],
        Type::Date => vec![
            "2026-01-31",
            "2026-01-30",
            "2026-02-01",
            "2025-12-31",
            "2026-01-31 00:00:00",
            "2026-01-31T10:00:00",
            "2026-1-31",
            "2026-01-31x",
            "2026-13-01",
            "2026-02-30",
            "20260131",
            "",
            "0001-01-01",
            "9999-12-31",
            "2026-01-3",
        ],
        Type::Timestamp => vec![
            "2026-01-31",
            "2026-01-31 00:00:00",
            "2026-01-31 00:00:00.0",
            "2026-01-31 10:00:00",
            "2026-01-31 10:00:00.100",
            "2026-01-31 10:00:00.1",
            "2026-01-31T10:00:00.1",
            "2026-01-31 10:00:00.123456789",
            "2026-01-30 23:59:59.999999999",
            "2026-01-31 10:00",
            "2026-01-31 24:00:00",
            "2026-02-01 00:00:00",
            "2026-01-31 10:00:00.",
            "",
            "x",
        ],
        Type::Boolean => vec!["true", "false", "TRUE", "False", "t", "1", "", "truex"],
    };
    values.push(NULL);
    values
}

/// Constants for a key of this type, as written in a filter and as what they mean.
fn constants(of: Type) -> Vec<(String, String)> {
    let same = |text: &str| (quoted(text), text.to_owned());
    let bare = |text: &str| (text.to_owned(), text.to_owned());
    let mut constants = match of {
        Type::Text => {
            let mut all: Vec<_> = stored(of).into_iter().map(same).collect();
            all.extend([bare("5"), bare("05"), ("date '2026-01-31'".into(), "2026-01-31".into())]);
            all
        }
        Type::Integer => ["5", "05", "-5", "0", "10", "6", "-0", "99999999999999999999", "5.5", "1e1"]
            .into_iter()
            .flat_map(|n| [bare(n), same(n)])
            .collect(),
        Type::Decimal => {
            ["5", "5.00", "-5.5", ".5", "0", "10", "0.1", "1e1"].into_iter().flat_map(|n| [bare(n), same(n)]).collect()
        }
        Type::Date => ["2026-01-31", "2026-02-01", "2025-12-31", "9999-12-31"]
            .into_iter()
            .flat_map(|day| [bare(day), same(day), (format!("DATE '{day}'"), day.to_owned())])
            .collect(),
        Type::Timestamp => [
            "2026-01-31",
            "2026-01-31 00:00:00",
            "2026-01-31 10:00:00",
            "2026-01-31 10:00:00.1",
            "2026-01-31 10:00:00.123456789",
        ]
        .into_iter()
        .flat_map(|at| [bare(at), same(at), (format!("timestamp '{at}'"), at.to_owned())])
        .collect(),
        Type::Boolean => vec![bare("true"), bare("FALSE"), same("True"), same("false")],
    };
    constants.push(same(NULL));
    constants
}

fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{}\"", text.replace('"', "\\\"")) } else { format!("'{text}'") }
}

/// What a text means under a type, in the plainest way: numbers as floats, times as lists of numbers.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Meaning {
    Text(Vec<u8>),
    Integer(i128),
    Decimal(f64),
    Time(Vec<u64>),
    Boolean(bool),
}

fn meaning(of: Type, text: &str) -> Option<Meaning> {
    let is = |form: &str| whole_match(form, text);
    let numbers = || text.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap());
    const DAY: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
    match of {
        Type::Text => Some(Meaning::Text(text.as_bytes().to_vec())),
        Type::Integer => is("[+-]?[0-9]+").then(|| Meaning::Integer(text.parse().unwrap())),
        Type::Decimal => is(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
            .then(|| Meaning::Decimal(text.parse().unwrap())),
        Type::Date => is(&format!("{DAY}([ T].*)?")).then(|| Meaning::Time(numbers().take(3).collect())),
        Type::Timestamp if is(DAY) => Some(Meaning::Time(numbers().chain([0, 0, 0, 0]).collect())),
        Type::Timestamp => is(&format!(r"{DAY}[ T]([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?")).then(|| {
            let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
            let nanos = format!("{fraction:0<9}").parse().unwrap();
            Meaning::Time(numbers().take(6).chain([nanos]).collect())
        }),
        Type::Boolean => is("(?i)true|false").then(|| Meaning::Boolean(text.eq_ignore_ascii_case("true"))),
    }
}

/// Whether the regular expression, one of few, matches the whole text.
fn whole_match(regular: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let compile = || Regex::new(&format!("^(?s:{regular})$")).unwrap();
        compiled.entry(regular.to_owned()).or_insert_with(compile).is_match(text)
    })
}

#[derive(Debug, Clone)]
enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare { key: usize, op: &'static str, constant: (String, String), mirrored: bool },
    Between { key: usize, low: (String, String), high: (String, String), not: bool },
    In { key: usize, list: Vec<(String, String)>, not: bool },
    Rows { keys: Vec<usize>, rows: Vec<Vec<(String, String)>>, not: bool },
    Like { key: usize, pattern: String, regular: &'static str, not: bool },
}

impl Condition {
    fn text(&self) -> String {
        let not = |not: &bool| if *not { "not " } else { "" };
        let list = |list: &[(String, String)]| list.iter().map(|c| c.0.clone()).collect::<Vec<_>>().join(", ");
        let join = |parts: &[Condition], word: &str| {
            let parts: Vec<_> = parts.iter().map(|part| format!("({})", part.text())).collect();
            parts.join(word)
        };
        match self {
            Condition::And(parts) => join(parts, " and "),
            Condition::Or(parts) => join(parts, " OR "),
            Condition::Not(part) => format!("not ({})", part.text()),
            Condition::Compare { key, op, constant, mirrored: false } => format!("k{key} {op} {}", constant.0),
            Condition::Compare { key, op, constant, mirrored: true } => {
                let op = match *op {
                    "<" => ">",
                    "<=" => ">=",
                    ">" => "<",
                    ">=" => "<=",
                    op => op,
                };
                // TRUE and FALSE are only read on the right.
                let constant = if constant.0.starts_with(char::is_alphabetic) && !constant.0.contains(' ') {
                    quoted(&constant.0)
                } else {
                    constant.0.clone()
                };
                format!("{constant} {op} K{key}")
            }
            Condition::Between { key, low, high, not: n } => {
                format!("k{key} {}between {} and {}", not(n), low.0, high.0)
            }
            Condition::In { key, list: values, not: n } => format!("(k{key}) {}in ({})", not(n), list(values)),
            Condition::Rows { keys, rows, not: n } => {
                let keys: Vec<_> = keys.iter().map(|key| format!("k{key}")).collect();
                let rows: Vec<_> = rows.iter().map(|row| format!("const struct({})", list(row))).collect();
                format!("(struct({})) {}in ({})", keys.join(", "), not(n), rows.join(", "))
            }
            Condition::Like { key, pattern, not: n, .. } => format!("k{key} {}like {}", not(n), quoted(pattern)),
        }
    }

    /// Whether the condition, or its opposite, is met for sure.
    fn holds(&self, types: &[Type], row: &[&str], negated: bool) -> bool {
        // A value that is none of its type is equal to nothing and different from nothing.
        let ordering = |key: usize, constant: &(String, String)| {
            let of = if constant.1 == NULL { Type::Text } else { types[key] };
            // Whole numbers may be compared with others.
            let of = if of == Type::Integer && meaning(of, &constant.1).is_none() { Type::Decimal } else { of };
            let stored = meaning(types[key], row[key]).filter(|_| of != Type::Text).and(meaning(of, row[key]));
            let stored = if of == Type::Text { meaning(of, row[key]) } else { stored };
            stored.map(|stored| stored.partial_cmp(&meaning(of, &constant.1).unwrap()).unwrap())
        };
        let compare = |key: usize, op: &str, constant: &(String, String), negated: bool| {
            ordering(key, constant).is_some_and(|ordering| {
                let met = match op {
                    "=" | "==" | "<=>" => ordering.is_eq(),
                    "<>" | "!=" => ordering.is_ne(),
                    "<" => ordering.is_lt(),
                    "<=" => ordering.is_le(),
                    ">" => ordering.is_gt(),
                    _ => ordering.is_ge(),
                };
                met != negated
            })
        };
        match self {
            Condition::And(parts) if negated => parts.iter().any(|part| part.holds(types, row, true)),
            Condition::And(parts) => parts.iter().all(|part| part.holds(types, row, false)),
            Condition::Or(parts) if negated => parts.iter().all(|part| part.holds(types, row, true)),
            Condition::Or(parts) => parts.iter().any(|part| part.holds(types, row, false)),
            Condition::Not(part) => part.holds(types, row, !negated),
            Condition::Compare { key, op, constant, .. } => compare(*key, op, constant, negated),
            Condition::Between { key, low, high, not } if *not != negated => {
                compare(*key, "<", low, false) || compare(*key, ">", high, false)
            }
            Condition::Between { key, low, high, .. } => {
                compare(*key, ">=", low, false) && compare(*key, "<=", high, false)
            }
            Condition::In { key, list, not } if *not != negated => list.iter().all(|c| compare(*key, "<>", c, false)),
            Condition::In { key, list, .. } => list.iter().any(|c| compare(*key, "=", c, false)),
            Condition::Rows { keys, rows, not } if *not != negated => {
                rows.iter().all(|values| keys.iter().zip(values).any(|(key, c)| compare(*key, "<>", c, false)))
            }
            Condition::Rows { keys, rows, .. } => {
                rows.iter().any(|values| keys.iter().zip(values).all(|(key, c)| compare(*key, "=", c, false)))
            }
            Condition::Like { key, regular, not, .. } => whole_match(regular, row[*key]) != (*not != negated),
        }
    }
}

/// Patterns in SQL's dialect and in that of regular expressions, with what they mean.
const PATTERNS: [(&str, &str, &str); 12] = [
    ("a%", "a.*", "a.*"),
    ("%b", ".*b", ".*b"),
    ("%a%", ".*a.*", ".*a.*"),
    ("a_b", "a.b", "a.b"),
    ("_", ".", "."),
    ("%", ".*", ".*"),
    ("", "", ""),
    ("ab", "ab", "ab"),
    (r"a\_b", "a_b", "a_b"),
    (r"%\%", ".*%", ".*%"),
    ("us.%", r"us\..*", r"us\..*"),
    ("\u{10ffff}%", "\u{10ffff}.*", "\u{10ffff}.*"),
];

/// Patterns that only regular expressions have, with what they mean in either of their readings.
const REGULAR: [(&str, &str); 5] = [
    ("[a-z]+", r"[a-z]+|\[a-z\]\+"),
    ("(a|e).?", r"(a|e).?|\(a\|e\).\?"),
    (r"\d{1,2}", r"[0-9]{1,2}|\\d\{1,2\}"),
    (r"\Qus.east\E", r"us\.east"),
    ("a+b.*", r"a+b.*|a\+b.*"),
];

fn condition(types: Vec<Type>, dialect: LikeDialect) -> impl Strategy<Value = Condition> {
    let of = types.clone();
    let key = move || (0..of.len(), Just(of.clone()));
    let compare = key().prop_flat_map(|(key, types)| {
        let ops = vec!["=", "==", "<=>", "<>", "!=", "<", "<=", ">", ">="];
        (Just(key), select(ops), select(constants(types[key])), any::<bool>())
            .prop_map(|(key, op, constant, mirrored)| Condition::Compare { key, op, constant, mirrored })
    });
    let between =
        key().prop_flat_map(|(key, types)| {
            let constant = select(constants(types[key]));
            (Just(key), constant.clone(), constant, any::<bool>())
                .prop_map(|(key, low, high, not)| Condition::Between { key, low, high, not })
        });
    let one_of = key().prop_flat_map(|(key, types)| {
        let list = prop::collection::vec(select(constants(types[key])), 1..30);
        (Just(key), list, any::<bool>()).prop_map(|(key, list, not)| Condition::In { key, list, not })
    });
    let of = types.clone();
    let rows = prop::sample::subsequence((0..types.len()).collect::<Vec<_>>(), 1..=types.len())
        .prop_shuffle()
        .prop_flat_map(move |keys| {
            let row: Vec<_> = keys.iter().map(|key| select(constants(of[*key]))).collect();
            let rows = prop_oneof![prop::collection::vec(row.clone(), 1..4), prop::collection::vec(row, 15..40)];
            (Just(keys), rows, any::<bool>()).prop_map(|(keys, rows, not)| Condition::Rows { keys, rows, not })
        });
    let mut patterns: Vec<(&str, &str)> =
        PATTERNS.iter().map(|p| if dialect == LikeDialect::Sql { (p.0, p.2) } else { (p.1, p.2) }).collect();
    if dialect == LikeDialect::Regex {
        patterns.extend(REGULAR);
    }
    let like = (0..types.len(), select(patterns), any::<bool>())
        .prop_map(|(key, (pattern, regular), not)| Condition::Like { key, pattern: pattern.to_owned(), regular, not });
    let test = prop_oneof![5 => compare, 1 => between, 2 => one_of, 1 => rows, 2 => like];
    test.prop_recursive(4, 24, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..5);
        prop_oneof![
            3 => parts.clone().prop_map(Condition::And),
            3 => parts.prop_map(Condition::Or),
            1 => inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

/// The types of its keys, its rows, and filters over it in both dialects of LIKE.
type Case = (Vec<(Type, &'static str)>, Vec<Vec<&'static str>>, Vec<(LikeDialect, Condition)>);

/// One table.
fn table() -> impl Strategy<Value = Case> {
    prop::collection::vec(select(TYPES.to_vec()), 1..=4).prop_flat_map(|keys| {
        let types: Vec<Type> = keys.iter().map(|key| key.0).collect();
        let row: Vec<_> = types.iter().map(|of| select(stored(*of))).collect();
        let filters = prop::collection::vec(
            prop_oneof![
                condition(types.clone(), LikeDialect::Sql).prop_map(|c| (LikeDialect::Sql, c)),
                condition(types, LikeDialect::Regex).prop_map(|c| (LikeDialect::Regex, c)),
            ],
            20,
        );
        (Just(keys), prop::collection::vec(row, 40), filters)
    })
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
        }
    }
    // Neither everything nor nothing.
    assert!((10_000..150_000).contains(&met), "{met}");
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
