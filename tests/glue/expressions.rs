//! Expressions over partitions, as clients send them.

use serde_json::json;

use crate::partitions::{create, listed, of_table, start};
use crate::support::Client;

/// Checks that each expression finds the same partitions, by the first value.
async fn check(client: &Client, expressions: &[&str], expected: &[&str]) {
    for expression in expressions {
        let found = listed(client, json!({ "Expression": expression })).await;
        let found: Vec<_> = found.iter().map(|values| values[0].as_str()).collect();
        assert_eq!(found, expected, "{expression}");
    }
}

async fn refused(client: &Client, expression: &str) -> String {
    client.thrown("GetPartitions", of_table(json!({ "Expression": expression })), "InvalidInputException").await
}

#[tokio::test]
async fn keys_compare_by_their_types() {
    for (kind, values, found, expressions, refusals) in [
        (
            "int",
            &["1", "2", "3", "10"][..],
            &["2"][..],
            &["k = 2", "k = '2'", "k in (6, '4', 2)", "k > 1 AND k < 3", "(k) = ((2)) (OR) (((k))) = (0)"][..],
            &[("k = 'test'", "\"test\" is not an integer."), ("k LIKE '2'", "Integral data type doesn't support")][..],
        ),
        (
            "decimal(38,4)",
            &["1.2", "2.6", "3e14"],
            &["2.6"],
            &["k = 2.60", "k between 2 AND 3e10", "k >= 2 and k <> '3e14'"],
            &[("k = 'x'", "x is not a decimal."), ("k like '2'", "Decimal data type doesn't support operation 'LIKE'")],
        ),
        (
            "string",
            &["2", "one", "three", "two"],
            &["2", "two"],
            &["k = 'two' or k = 2", "k NOT LIKE '%e'", "k in ('two', 2, 'x''y')"],
            &[("K = two", "Unsupported expression 'K = two'")],
        ),
        (
            "date",
            &["2022-01-01", "2022-02-01", "2022-03-01"],
            &["2022-02-01"],
            &["k = '2022-02-01'", "k > date '2022-01-15' and k < '2022-02-15'"],
            &[("k = '2022-02-32'", "2022-02-32 is not a date.")],
        ),
        (
            "timestamp",
            &["2022-01-01 12:34:56.789", "2022-02-01 00:00:00.000000", "2022-03-01 21:00:12.3456789"],
            &["2022-02-01 00:00:00.000000"],
            &[
                "k = '2022-02-01 00:00:00'",
                "k > '2022-01-31 23:59:59.999999999' AND k < '2022-02-01 00:00:00.000000001'",
            ],
            &[("k = '2022-02-01'", "2022-02-01 is not a timestamp.")],
        ),
        ("float", &["3.14"], &["3.14"], &["", "  "], &[("k = 3.14", "Unknown type : 'float'")]),
    ] {
        let (_server, client) = start(&[("k", kind)]).await;
        for value in values {
            create(&client, &[value]).await;
        }
        check(&client, expressions, found).await;
        for (expression, message) in refusals {
            let refused = refused(&client, expression).await;
            assert!(refused.contains(message), "{expression}: {refused}");
        }
        assert_eq!(refused(&client, "unknown is null").await, "Invalid partition expression!");
    }
}

#[tokio::test]
async fn several_keys_and_the_null_partition() {
    let (_server, client) = start(&[("dt", "date"), ("n", "bigint")]).await;
    const NULL: &str = "__HIVE_DEFAULT_PARTITION__";
    for values in [["2026-01-01", "1"], ["2026-01-02", "junk"], ["2026-01-03", NULL], [NULL, "4"]] {
        create(&client, &values).await;
    }
    check(&client, &["n = 1", "n < 4", "n <> 4", "NOT n = 4", "dt <= '2026-01-01'"], &["2026-01-01"]).await;
    // As Trino asks for null and for what is not null.
    check(&client, &[&format!("((dt = '{NULL}'))"), "dt is null", "n > 1"], &[NULL]).await;
    let not_null = format!("(dt <> '{NULL}')");
    check(&client, &[&not_null, "dt is not null"], &["2026-01-01", "2026-01-02", "2026-01-03"]).await;
    check(&client, &["n is null"], &["2026-01-03"]).await;
    check(&client, &["dt = '2026-01-02'"], &["2026-01-02"]).await;
}

#[tokio::test]
async fn long_expressions_are_read() {
    let (_server, client) = start(&[("k", "int")]).await;
    create(&client, &["7"]).await;
    let list: Vec<_> = (0..20_000).map(|n| n.to_string()).collect();
    check(&client, &[&format!("k in ({})", list.join(", "))], &["7"]).await;
    let terms: Vec<_> = (0..5_000).map(|n| format!("(k = {n})")).collect();
    check(&client, &[&terms.join(" OR ")], &["7"]).await;
}
