//! What filters are accepted, what they mean, and what SQL they become. `tests/filter_sql.rs` compares meaning and SQL on
//! a database.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{LikeDialect, MAX_DEPTH, PartitionKey, Predicate, TableFilter};

const KEYS: [PartitionKey<'static>; 5] = [
    PartitionKey { name: "region", type_name: "string" },
    PartitionKey { name: "hr", type_name: "int" },
    PartitionKey { name: "date", type_name: "date" },
    PartitionKey { name: "at", type_name: "timestamp" },
    PartitionKey { name: "amount", type_name: "decimal(10,2)" },
];

const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

fn parse(text: &str) -> Predicate {
    Predicate::parse(text, &KEYS, LikeDialect::Sql).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    Predicate::parse(text, &KEYS, LikeDialect::Sql).expect_err(text).to_string()
}

#[track_caller]
fn check(text: &str, values: [&str; 5], expected: bool) {
    let predicate = parse(text);
    assert_eq!(predicate.matches(&values), expected, "{text} on {values:?}");
    assert_eq!(parse(&predicate.to_string()), predicate, "{text}");
}

const ROW: [&str; 5] = ["eu", "7", "2026-01-31", "2026-01-31 10:00:00", "12.50"];

#[test]
fn hives_grammar() {
    for text in [
        "region = 'eu'",
        "region == \"eu\"",
        "region <=> 'eu'",
        "'eu' = region",
        "ReGion = 'eu' AND hr=7",
        "`region` = 'eu'",
        "(region) = 'eu'",
        "((region)) in ('eu')",
        "region <> 'us'",
        "region != 'us'",
        "hr > 6 and hr >= 7 and hr < 8 and hr <= 7",
        "6 < hr and 7 <= hr and 8 > hr and 7 >= hr and 8 != hr",
        "hr = 07 and hr = +7 and hr = '7' and hr = 7.0 and hr = 70e-1 and hr = 7e0",
        "hr > -5 and hr > - 5 and hr < 8589934592 and hr < 99999999999999999999999999",
        "hr between 7 and 8",
        "hr not between 8 and 9",
        "(hr) in (1, 7)",
        "hr in (7)",
        "hr not in (1, 2)",
        "(hr) not in (1, '2')",
        "((region) in (\"us west/1\", \"eu\") or hr = 0)",
        "(struct(region, hr)) in (const struct('us', 1), const struct('eu', 7))",
        "(STRUCT(hr)) IN (STRUCT(7))",
        "(struct(region, hr)) not in (struct('eu', 1), struct('us', 7))",
        "region like 'e%'",
        "region not like 'u%'",
        "not region = 'us' and not (region = 'us' or hr = 8)",
        "hr = 1 or hr = 7",
        "hr = 1 and hr = 2 or region = 'eu'",
        "region = 'eu' or hr = 1 and hr = 2",
        "date = '2026-01-31' and date = date '2026-01-31' and date = 2026-01-31 and DATE 2026-01-31 = date",
        "date > '2025-12-31' and date < timestamp '2026-02-01 00:00:00'",
        "date in ('2026-01-31') and date between 2026-01-01 and 2026-12-31",
        "at = '2026-01-31 10:00:00.000' and at = timestamp '2026-01-31 10:00:00' and at > '2026-01-31'",
        "at = 2026-01-31 10:00:00",
        "amount = 12.5 and amount > 12.49 and amount < 1.3e1 and amount = .125e2",
        "region is not null and hr is not null",
        "",
        " \n\t",
    ] {
        check(text, ROW, true);
    }
}

#[test]
fn the_null_partition() {
    let null = [NULL; 5];
    for text in [
        format!("hr = '{NULL}' and date = '{NULL}' and at = '{NULL}' and amount = '{NULL}' and region = '{NULL}'"),
        "hr is null and region is null".into(),
        format!("hr in (1, '{NULL}')"),
        format!("(struct(region, hr)) in (struct('eu', 1), struct('{NULL}', '{NULL}'))"),
        // A string key compares bytes, whatever they mean.
        "region <> 'eu' and region not in ('eu', 'us') and region < 'eu'".into(),
    ] {
        check(&text, null, true);
    }
    for text in [
        "hr = 1",
        "hr <> 1",
        "not hr = 1",
        "hr not in (1, 2)",
        "hr between -1000 and 1000",
        "hr not between 1 and 2",
        "date <> '2026-01-31'",
        "at < '2026-01-31'",
        "amount >= 0",
        "hr is not null",
        "(struct(date, hr)) not in (struct('2026-01-31', 1))",
    ] {
        check(text, null, false);
    }
    check(&format!("hr <> '{NULL}' and hr not in ('{NULL}')"), ROW, true);
    // The other key of the row differs, which settles it.
    check("(struct(region, hr)) not in (struct('eu', 1), struct('us', 1))", null, true);
}

#[test]
fn stored_values_that_are_none_of_their_type() {
    for bad in ["", "x", "7x", "7.0", " 7", "٧", "--7", &"7".repeat(101)] {
        check("hr = 7 or hr <> 7", ["eu", bad, "", "", ""], false);
    }
    for bad in ["", "x", "2026-1-31", "2026-13-01", "2026-01-32", "2026-01-311", "2026-01-31x", "2026/01/31"] {
        check("date = '2026-01-31' or date <> '2026-01-31'", ["eu", "7", bad, "", ""], false);
    }
    for bad in ["", "x", "2026-01-31 10:00", "2026-01-31 24:00:00", "2026-01-31 10:00:00.", "2026-01-31 10:00:00.1x"] {
        check("at = '2026-01-31' or at <> '2026-01-31'", ["eu", "7", "", bad, ""], false);
    }
    for bad in ["", "x", "1.2.3", "NaN", "1e100", "1e", "."] {
        check("amount = 7 or amount <> 7", ["eu", "7", "", "", bad], false);
    }
    check("hr = 7", ["eu", "+007", "", "", ""], true);
    check("date = '2026-01-31'", ["eu", "", "2026-01-31 00:00:00", "", ""], true);
    check("at = '2026-01-31 10:00:00.5'", ["eu", "", "", "2026-01-31T10:00:00.500", ""], true);
    check("at > '2026-01-31 10:00:00.0001'", ["eu", "", "", "2026-01-31 10:00:00.000100001", ""], true);
    check("amount = 1.5", ["eu", "", "", "", "15e-1"], true);
}

#[test]
fn text_keys_take_numbers_and_dates_as_written() {
    let dt = |value: &'static str| [value, "", "", "", ""];
    check("region = 20230505", dt("20230505"), true);
    check("region in (20230505, 20230506)", dt("20230506"), true);
    check("region > 20230505", dt("20230506"), true);
    check("region = 007", dt("7"), false);
    check("region = 2023-05-05", dt("2023-05-05"), true);
    check("region = date '2023-05-05'", dt("2023-05-05"), true);
    check("region = true", dt("true"), true);
}

#[test]
fn text_in_quotes() {
    for (text, value) in [
        (r#"region = "it's""#, "it's"),
        (r#"region = 'it\'s'"#, "it's"),
        (r#"region = "a\"b""#, "a\"b"),
        // Other backslashes are part of the value, which clients do not escape.
        (r#"region = "a\b""#, r"a\b"),
        (r#"region = "a\\b""#, r"a\\b"),
        (r#"region = 'a\"b'"#, r#"a\"b"#),
        (r#"region = 'a\\'"#, r"a\\"),
        ("region = 'Zürich, 東京'", "Zürich, 東京"),
        ("region = ''", ""),
        ("region = ' -- ; drop table '", " -- ; drop table "),
    ] {
        check(text, [value, "", "", "", ""], true);
    }
}

#[test]
fn names_of_keys() {
    let keys = ["date", "2nd", "1e5", "order by", "a`b", "true", "timestamp", "日付"];
    let keys = keys.map(|name| PartitionKey { name, type_name: "string" });
    let text = "date = '1' and 2nd = '2' and 1e5 = '3' and `order by` = '4' and `a``b` = '5' and true = '6' \
                and timestamp = '7' and 日付 = '8' and date <= '1' and '2' = 2nd";
    let predicate = Predicate::parse(text, &keys, LikeDialect::Sql).unwrap();
    assert!(predicate.matches(&["1", "2", "3", "4", "5", "6", "7", "8"]));
    assert_eq!(Predicate::parse(&predicate.to_string(), &keys, LikeDialect::Sql).unwrap(), predicate);
}

#[test]
fn errors_say_what_and_where() {
    let errors = [
        "p1 = 'x'",
        "region = 'eu' and c1 >= ",
        "region >= ",
        "region !< 'dd'",
        "region = 'eu' extra",
        "(region = 'eu'",
        "region = 'eu')",
        "region = 'eu' and",
        "region 'eu'",
        "region = hr",
        "region = 'eu",
        "`region = 'eu'",
        "region = ü",
        "region in ()",
        "region in ('a' 'b')",
        "hr not 5",
        "hr between 1 or 2",
        "hr = 'p12'",
        "hr > -",
        "date = 'yesterday'",
        "date = '2026-02-30'",
        "date = 20260131",
        "date = '2026-01-31 10:00:00'",
        "at = 5",
        "amount = 'much'",
        "'eu%' like region",
        "region like",
        "(struct(region, hr)) in (struct('eu'))",
        "(struct(region)) in (struct('eu', 1))",
        "(struct(region, hr)) in ('eu')",
        "region = 'Zürich' and # = 1",
        "invalid filter",
        "region = 'a\0b'",
    ]
    .map(|text| format!("{text:?}\n  {}\n", refused(text)));
    insta::assert_snapshot!("errors", errors.concat());
    let error = Predicate::parse("a = 1", &[], LikeDialect::Sql).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Specified key <a> is not a partitioning key for the table, which has none (at character 1)"
    );
}

#[test]
fn limits() {
    let number = "9".repeat(101);
    assert!(refused(&format!("hr = {number}")).contains("a number of at most 100 characters"));
    // Alternating AND and OR makes a deep tree; on the small stacks of server threads too it must not overflow.
    let deep = |levels: usize| {
        let mut text = "(".repeat(levels) + "hr = 0";
        for level in 0..levels {
            text += if level % 2 == 0 { " or region = 'a')" } else { " and region = 'b')" };
        }
        text
    };
    let run = move || {
        let predicate = parse(&deep(MAX_DEPTH));
        assert!(!predicate.matches(&ROW));
        assert!(predicate.to_sql("p.values", 1).sql.len() > MAX_DEPTH);
        assert_eq!(parse(&predicate.to_string()), predicate);
        assert!(refused(&deep(MAX_DEPTH + 1)).contains("nest deeper"));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
    assert!(refused(&"(".repeat(3_000_000)).contains("more than"));
    assert!(refused(&format!("hr = {}", " ".repeat(33 << 20))).contains("bytes long"));
    let many: Vec<_> = (0..10_001).map(|n| format!("(hr > {n} and region = '{n}')")).collect();
    assert!(refused(&many.join(" or ")).contains("conditions"));
}

#[test]
fn long_lists_are_one_condition() {
    #[track_caller]
    fn check(n: usize, text: &str) {
        let predicate = parse(text);
        let last = n - 1;
        assert!(predicate.matches(&[&format!("v{last}"), &last.to_string(), "", "", ""]));
        assert!(!predicate.matches(&["x", "-1", "", "", ""]));
        let sql = predicate.to_sql("p.values", 1);
        assert!(sql.sql.len() < 2000, "{}", sql.sql.len());
        assert!(sql.constants.len() >= n);
    }
    let join = |n: usize, each: &dyn Fn(usize) -> String, by: &str| (0..n).map(each).collect::<Vec<_>>().join(by);
    let n = 100_000;
    check(n, &format!("(region) in ({})", join(n, &|n| format!("'v{n}'"), ", ")));
    check(n, &format!("(hr) in ({})", join(n, &|n| n.to_string(), ",")));
    let n = 20_000;
    check(n, &join(n, &|n| format!("region = 'v{n}'"), " or "));
    check(n, &join(n, &|n| format!("(hr = {n} and region = 'v{n}')"), " or "));
    let structs = join(n, &|n| format!("const struct('v{n}', {n})"), ", ");
    check(n, &format!("(struct(region, hr)) in ({structs})"));
    // As clients nest them that build a filter pairwise.
    let left = join(n, &|n| format!("hr = {n}"), ") or ");
    check(n, &format!("{}{left}", "(".repeat(n - 1)));
    let right = join(n, &|n| format!("hr = {n}"), " or (");
    check(n, &format!("{right}{}", ")".repeat(n - 1)));
}

fn sql(text: &str) -> String {
    let sql = parse(text).to_sql("p.values", 2);
    format!("{text}\n  {}\n  {:?}\n", sql.sql, sql.constants)
}

#[test]
fn sql_of_predicates() {
    let sql = [
        "",
        "region = 'eu'",
        "region = 'eu' and hr = 7",
        "region = 'eu' and date >= '2026-01-01' and date < '2026-02-01'",
        "region in ('eu', 'us') and hr in (1, 0, -2)",
        "region > 'a' and region <= 'b'",
        "region like 'us%' or region = 'eu'",
        "region not like 'us%' and region <> 'x' and region <> 'y'",
        "hr = 5 or hr is null",
        "date = '2026-01-31'",
        "amount < 1.5",
        "at >= '2026-01-31'",
        "(region = 'eu' and hr = 1) or (region = 'us' and hr = 2)",
        "(struct(region, hr)) not in (struct('eu', 1))",
    ]
    .map(sql);
    insta::assert_snapshot!("predicates", sql.concat());
    let tables = [
        "",
        "hive_filter_field_params__table_type like \"ICEBERG\"",
        "hive_filter_field_owner__ LIKE \"Owner.*\" and hive_filter_field_last_access__ <= 2000",
        "hive_filter_field_last_access__<3000 and (hive_filter_field_owner__=\"Tester\" or hive_filter_field_params__param1=\"value2\")",
        "`hive_filter_field_params__discover.partitions` <> 'true' or hive_filter_field_tabletype__ in ('VIRTUAL_VIEW')",
    ]
    .map(|text| {
        let sql = TableFilter::parse(text).unwrap().to_sql("t", 1);
        format!("{text}\n  {}\n  {:?}\n", sql.sql, sql.constants)
    });
    insta::assert_snapshot!("table_filters", tables.concat());
}

#[test]
fn table_filters_that_are_refused() {
    for (text, part) in [
        ("badKey = 'x'", "Invalid key name in filter"),
        ("hive_filter_field_params__ = 'x'", "Invalid key name in filter"),
        ("invalid filter", "Error parsing partition filter"),
        ("badKey = ", "Error parsing partition filter"),
        ("hive_filter_field_last_access__ like '1'", "LIKE is not supported"),
        ("hive_filter_field_last_access__ = 'soon'", "number of seconds"),
        ("hive_filter_field_owner__ is null", "not supported"),
        ("(struct(hive_filter_field_owner__)) in (struct('x'))", "not supported"),
        ("hive_filter_field_owner__ =", "Error parsing partition filter"),
    ] {
        let error = TableFilter::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// What filters are made of, whole and broken.
const PIECES: [&str; 48] = [
    "region",
    "hr",
    "date",
    "at",
    "amount",
    "`hr`",
    "nokey",
    "=",
    "==",
    "<=>",
    "<>",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "and",
    "or",
    "not",
    "in",
    "between",
    "like",
    "is",
    "null",
    "struct",
    "const",
    "date",
    "timestamp",
    "true",
    "(",
    ")",
    "((",
    "))",
    ",",
    "'eu'",
    "\"us\"",
    "'it\\'s'",
    "'",
    "\"",
    "7",
    "-7",
    "1e3",
    ".5",
    "2026-01-31",
    "'2026-01-31 10:00:00'",
    "'e%'",
    "é",
    "'__HIVE_DEFAULT_PARTITION__'",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Whatever is accepted prints as a filter that is the same.
    #[test]
    fn filters_of_pieces_do_no_harm(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24)) {
        let text = pieces.join(" ");
        if let Ok(predicate) = Predicate::parse(&text, &KEYS, LikeDialect::Auto) {
            predicate.matches(&ROW);
            predicate.to_sql("v", 1);
            prop_assert_eq!(Predicate::parse(&predicate.to_string(), &KEYS, LikeDialect::Auto).unwrap(), predicate);
        }
        let _ = Predicate::parse_expression(&text, &KEYS);
        let _ = TableFilter::parse(&text);
    }

    #[test]
    fn never_panics(text in "\\PC{0,40}|([a-z'\"`()=<>!,0-9 .%\\\\-]|region|hr|and|or|not|in|like|struct|date){0,30}") {
        if let Ok(predicate) = Predicate::parse(&text, &KEYS, LikeDialect::Auto) {
            predicate.matches(&ROW);
            predicate.to_sql("v", 1);
            prop_assert_eq!(Predicate::parse(&predicate.to_string(), &KEYS, LikeDialect::Auto).unwrap(), predicate);
        }
        let _ = TableFilter::parse(&text);
    }
}
