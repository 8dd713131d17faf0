//! Conditions as formulas: what the evaluator says of a partition, holds, does not or leaves open, is what the SQL says.

use propolis::filter::{Formula, Literal, Op, PartitionKey, Predicate, SqlPredicate};
use sqlx::PgConnection;

use crate::sample::{Condition, Type};

/// The condition, with constants as texts, or as numbers where they are: keys of all types are compared with both.
pub fn of(condition: &Condition) -> Formula {
    let not = |not: bool, formula| if not { Formula::Not(Box::new(formula)) } else { formula };
    let compare =
        |key: usize, op, constant| Formula::Compare(Box::new(self::key(key)), op, Box::new(literal(constant)));
    match condition {
        Condition::And(parts) => Formula::All(parts.iter().map(of).collect()),
        Condition::Or(parts) => Formula::Any(parts.iter().map(of).collect()),
        Condition::Not(part) => Formula::Not(Box::new(of(part))),
        Condition::Compare { key, op, constant, mirrored } => {
            let (key, constant) = (Box::new(self::key(*key)), Box::new(literal(constant)));
            match (self::op(op), mirrored) {
                (None, _) => Formula::Same(key, constant),
                (Some(op), false) => Formula::Compare(key, op, constant),
                (Some(op), true) => Formula::Compare(constant, op, key),
            }
        }
        Condition::Between { key, low, high, not: n } => {
            not(*n, Formula::All(vec![compare(*key, Op::Ge, low), compare(*key, Op::Le, high)]))
        }
        Condition::In { key, list, not: n } => {
            let rows = list.iter().map(|constant| vec![literal(constant)]).collect();
            not(*n, Formula::In(vec![self::key(*key)], rows))
        }
        Condition::Rows { keys, rows, not: n } => {
            let rows = rows.iter().map(|row| row.iter().map(literal).collect()).collect();
            not(*n, Formula::In(keys.iter().map(|key| self::key(*key)).collect(), rows))
        }
        Condition::Like { key, pattern, not: n, .. } => {
            not(*n, Formula::Like(Box::new(self::key(*key)), pattern.clone()))
        }
    }
}

fn key(key: usize) -> Formula {
    Formula::Key(format!("K{key}"))
}

fn op(op: &str) -> Option<Op> {
    Some(match op {
        "=" | "==" => Op::Eq,
        "<>" | "!=" => Op::Ne,
        "<" => Op::Lt,
        "<=" => Op::Le,
        ">" => Op::Gt,
        ">=" => Op::Ge,
        _ => return None,
    })
}

fn literal((written, text): &(String, String)) -> Formula {
    Formula::Literal(if written != text {
        Literal::Text(text.clone())
    } else if text.contains(':') {
        Literal::Timestamp(text.clone())
    } else if text.len() == 10 && text.as_bytes()[4] == b'-' {
        Literal::Date(text.clone())
    } else if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        Literal::Boolean(text.eq_ignore_ascii_case("true"))
    } else {
        Literal::Number(text.clone())
    })
}

/// Compares the evaluator with the three kinds of SQL over the partitions of a table, whose ids are their places.
/// Answers how many it leaves open.
pub async fn check(
    connection: &mut PgConnection,
    table: i64,
    rows: &[Vec<&'static str>],
    formula: &Formula,
    keys: &[PartitionKey<'_>],
    types: &[Type],
) -> usize {
    let predicate = Predicate::of(formula, keys).unwrap();
    let mut of = async |sql: SqlPredicate| {
        let query = format!("select id from partitions p where table_id = $1 and {} order by id", sql.sql);
        sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query))
            .persistent(false)
            .bind(table)
            .bind(&sql.constants)
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{formula:?}\n{}\n{error}", sql.sql))
    };
    let surely = of(predicate.to_sql("p.values", 2)).await;
    let open = of(predicate.open_to_sql("p.values", 2)).await;
    let possible = of(predicate.possible_to_sql("p.values", 2)).await;
    for (id, row) in (0..).zip(rows) {
        let (holds, may) = (predicate.decides(row) == Some(true), predicate.may_match(row));
        assert!(may || !holds, "{formula:?}\n{row:?}");
        let found = (surely.contains(&id), open.contains(&id), possible.contains(&id));
        let expected = (holds, may && !holds, may);
        assert_eq!(found, expected, "{formula:?}\n{predicate}\n{types:?}\n{row:?}");
    }
    assert!(open.is_empty() || predicate.can_leave_open(), "{predicate}");
    open.len()
}
