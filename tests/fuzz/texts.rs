//! Texts of clients: filters, names, lists of transactions, schedules, types.

use propolis::catalog::properties::expression::Expression;
use propolis::config::Secret;
use propolis::filter::{LikeDialect, NamePattern, PartitionKey, Predicate, TableFilter};
use propolis::hms::sasl::token;
use propolis::model::partition_name::{parse_partition_name, partition_name};
use propolis::model::scheduled_query::cron;
use propolis::model::transaction::{TransactionSnapshot, WriteIdSnapshot, WriteIdSnapshots};
use propolis::model::{DelegationToken, Parameters};

use crate::harness::{Target, corpus};

pub const KEYS: [(&str, &str); 14] = [
    ("region", "string"),
    ("dt", "string"),
    ("hr", "int"),
    ("big", "bigint"),
    ("small", "smallint"),
    ("tiny", "tinyint"),
    ("day", "date"),
    ("at", "timestamp"),
    ("amount", "decimal(10,2)"),
    ("ratio", "double"),
    ("share", "float"),
    ("flag", "boolean"),
    ("v", "varchar(20)"),
    ("c", "char(5)"),
];

/// Runs a target over its corpus, with the inputs that are UTF-8.
fn run(name: &'static str, memory: (usize, usize), answer: impl Fn(&str) -> String) {
    run_from(corpus(name), name, memory, answer);
}

fn run_from(seeds: Vec<Vec<u8>>, name: &'static str, memory: (usize, usize), answer: impl Fn(&str) -> String) {
    Target { name, longest: 64 << 10, memory }.run(seeds, |input| match std::str::from_utf8(input) {
        Ok(text) => answer(text),
        // Nothing else comes out of the decoders.
        Err(_) => "not UTF-8".to_owned(),
    });
}

fn outcome<T>(result: Result<T, impl ToString>, of: impl Fn(T) -> String) -> String {
    match result {
        Ok(value) => of(value),
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 2000, "{message:.2000}");
            message
        }
    }
}

fn keys() -> [PartitionKey<'static>; 14] {
    KEYS.map(|(name, type_name)| PartitionKey { name, type_name })
}

/// The predicate is put to every use, and printed it is a filter for itself.
fn used(predicate: Predicate) -> String {
    let partition = ["eu", "20260131", "7", "7", "7", "-7", "2026-01-31", "2026-01-31 10:00:00", "12.50", "x"];
    let partition = [&partition[..], &["0.5", "true", "abc", "__HIVE_DEFAULT_PARTITION__"]].concat();
    let decided = predicate.decides(&partition);
    assert_eq!(predicate.matches(&partition), decided == Some(true));
    predicate.to_sql("v", 1);
    let printed = predicate.to_string();
    match Predicate::parse(&printed, &keys(), LikeDialect::Sql) {
        Ok(again) => assert_eq!(again.decides(&partition), decided, "{printed}"),
        Err(error) => panic!("{printed}: {error}"),
    }
    let shape: String = printed.chars().filter(|c| !c.is_alphanumeric()).take(12).collect();
    format!("{decided:?} {shape}")
}

#[test]
fn filters() {
    run("filter", (1 << 20, 2000), |text| outcome(Predicate::parse(text, &keys(), LikeDialect::Sql), used));
}

#[test]
fn expressions_of_glue() {
    run("glue", (1 << 20, 2000), |text| outcome(Predicate::parse_expression(text, &keys()), used));
}

#[test]
fn filters_of_tables() {
    run("tables", (1 << 20, 2000), |text| {
        outcome(TableFilter::parse(text), |filter| filter.to_sql("t", 1).sql.chars().take(20).collect())
    });
}

#[test]
fn name_patterns() {
    run("names", (1 << 20, 2000), |text| {
        let strict = outcome(NamePattern::parse_strict(text), |pattern| format!("{:?}", pattern.is_all()));
        outcome(NamePattern::parse(text), |pattern| {
            let matches = pattern.matches("some_table_2026");
            format!("{strict} {matches} {:?} {}", pattern.exact().is_some(), pattern.names().len())
        })
    });
}

#[test]
fn partition_names() {
    run("partitions", (1 << 20, 100), |text| {
        outcome(parse_partition_name(text), |parsed| {
            let (keys, values): (Vec<_>, Vec<_>) = parsed.iter().cloned().unzip();
            let written = partition_name(&keys, &values);
            let again = parse_partition_name(&written).unwrap();
            // A name has its keys in lower case, and another for the empty value.
            assert_eq!(again.len(), parsed.len(), "{written}");
            assert_eq!(partition_name(&keys, &again.iter().map(|(_, value)| value).collect::<Vec<_>>()), written);
            format!("{}", parsed.len())
        })
    });
}

#[test]
fn transaction_lists() {
    // A range stands for up to a million ids.
    run("transactions", (128 << 20, 100), |text| {
        let one = outcome(TransactionSnapshot::parse(text), |read| {
            assert_eq!(TransactionSnapshot::parse(&read.to_string()).unwrap(), read);
            format!("{} {} {}", read.sees(5), read.is_aborted(3), read.exceptions().len().min(3))
        });
        let ids = outcome(WriteIdSnapshot::parse(text), |read| {
            assert_eq!(WriteIdSnapshot::parse(&read.to_string()).unwrap(), read);
            format!("{:?} {}", read.min_open().is_some(), read.is_aborted(3))
        });
        let several = outcome(WriteIdSnapshots::parse(text), |read| {
            assert_eq!(WriteIdSnapshots::parse(&read.to_string()).unwrap().tables, read.tables);
            format!("{:?}", read.tables.len().min(3))
        });
        format!("{one:.20} {ids:.20} {several:.20}")
    });
}

#[test]
fn schedules() {
    run("schedules", (1 << 20, 1000), |text| {
        outcome(cron::next(text, 1_700_000_000), |next| {
            assert!(next.is_none_or(|next| next > 1_700_000_000), "{next:?}");
            format!("{}", next.is_some())
        })
    });
}

#[test]
fn expressions_over_properties() {
    let properties: Parameters = [("a", "1"), ("b", "true"), ("c", r#"{"d":{"e":"f"}}"#), ("maker", "vitro")]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    run("properties", (16 << 20, 2000), |text| {
        outcome(Expression::parse(text), |expression| {
            format!("{} {}", expression.is_true(&properties), expression.object(&properties).len())
        })
    });
}

#[test]
fn types_of_partition_keys() {
    run("types", (1 << 20, 2000), |type_name| {
        let key = [PartitionKey { name: "k", type_name }];
        let parsed = ["k = '7'", "k > 7", "k in ('2026-01-31', 'x')", "k is null"].map(|filter| {
            outcome(Predicate::parse(filter, &key, LikeDialect::Sql), |read| format!("{:?}", read.decides(&["7"])))
        });
        parsed.map(|answer| answer.chars().take(5).collect::<String>()).concat()
    });
}

#[test]
fn tokens() {
    let token = DelegationToken {
        sequence_number: 300,
        owner_name: "ann".to_owned(),
        renewer_name: "hive".to_owned(),
        real_user_name: String::new(),
        issued_at: 1_700_000_000_000,
        max_at: 1_700_600_000_000,
        renewed_until: 0,
    };
    let encoded = token::encode(&token, &Secret::new("c2VjcmV0"));
    assert!(token::decode(&encoded).is_some());
    run_from([vec![encoded.into_bytes()], corpus("tokens")].concat(), "tokens", (1 << 20, 100), |text| {
        let name = token::decode_user_name(text).is_some();
        format!("{name} {:?}", token::decode(text).map(|(token, _)| token.owner_name.len()))
    });
}
