//! Glue's expressions over partitions, as in `GetPartitions`.
//!
//! The grammar is that of the parser, and the predicate is one as Hive's filters make it; see the table of
//! [`super`] for what stored values are compared. What differs is what a constant may be: it is cast to the key's type,
//! and one that is no value of it is an error, in the service's words, which clients and tests look for.
//!
//! A *stored* value that is none of its key's type is no error here: it meets no condition, as everywhere else in the
//! catalog, so that one bad partition does not hide the others. `IS NULL` finds the null partition, and
//! `key = '__HIVE_DEFAULT_PARTITION__'` does so under every type: Glue's own clients for Hive and Trino send it.

use super::lexer::{Dialect, Op};
use super::parser::{self, Scope};
use super::pattern::{LikeDialect, Pattern};
use super::predicate::{PartitionKey, Predicate, Test};
use super::tree::Tree;
use super::value::{Class, Constant, Value};
use super::{FilterError, excerpt};

impl Predicate {
    /// Reads an expression of Glue's grammar over a table's partition keys. A blank one holds for all.
    pub fn parse_expression(text: &str, keys: &[PartitionKey<'_>]) -> Result<Predicate, FilterError> {
        Predicate::new(parser::parse(text, Dialect::Glue, &Columns(keys))?, keys)
    }
}

/// The partition keys, for the parser.
struct Columns<'a>(&'a [PartitionKey<'a>]);

impl Columns<'_> {
    /// Expressions take the keys of some types only.
    fn class(&self, key: usize) -> Result<Class, String> {
        let type_name = self.0[key].type_name;
        let base = type_name.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
        match (base.as_str(), Class::of(type_name)) {
            (_, class @ (Class::Integer | Class::Date | Class::Timestamp))
            | ("decimal" | "numeric", class)
            | ("string" | "varchar" | "char", class) => Ok(class),
            _ => Err(format!("Unknown type : '{}'", excerpt(type_name))),
        }
    }
}

impl Scope for Columns<'_> {
    type Key = usize;
    type Value = (Class, Value<'static>);
    type Test = Test;

    fn key(&self, name: &str) -> Result<usize, String> {
        let folded = name.to_lowercase();
        let found = self.0.iter().position(|key| key.name.to_lowercase() == folded);
        found.ok_or_else(|| "Invalid partition expression!".to_owned())
    }

    fn value(&self, key: &usize, constant: Constant<'_>) -> Result<(Class, Value<'static>), String> {
        let class = self.class(*key)?;
        constant.cast(class).ok_or_else(|| {
            let text = excerpt(constant.text());
            match class {
                Class::Integer => format!("\"{text}\" is not an integer."),
                Class::Date => format!("{text} is not a date."),
                Class::Timestamp => {
                    format!("Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] {text} is not a timestamp.")
                }
                Class::Decimal | Class::Boolean | Class::Text | Class::NonNull => format!("{text} is not a decimal."),
            }
        })
    }

    fn compare(&self, key: usize, op: Op, (class, value): Self::Value) -> Result<Tree<Test>, String> {
        Ok(Tree::Test(Test::Compare { column: (key, class), op, value }))
    }

    fn one_of(&self, key: usize, values: Vec<Self::Value>) -> Result<Tree<Test>, String> {
        Ok(Test::one_of_classes(key, values))
    }

    fn like(&self, key: usize, pattern: &str) -> Result<Tree<Test>, String> {
        let kind = match self.class(key)? {
            Class::Integer => "Integral",
            Class::Decimal => "Decimal",
            Class::Date => "Date",
            Class::Timestamp => "Timestamp",
            Class::Text | Class::NonNull | Class::Boolean => {
                // Nothing escapes here.
                let pattern = Pattern::like(&pattern.replace('\\', r"\\"), LikeDialect::Sql);
                return Ok(Tree::Test(Test::Like { column: (key, Class::Text), pattern, negated: false }));
            }
        };
        Err(format!("{kind} data type doesn't support operation 'LIKE'"))
    }

    fn rows(&self, _: Vec<usize>, _: Vec<Vec<Self::Value>>) -> Result<Tree<Test>, String> {
        Err("Invalid partition expression! STRUCT is none of its words".to_owned())
    }

    fn opposite(&self, test: Test) -> Test {
        test.opposite()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::{LikeDialect, PartitionKey, Predicate};

    const KEYS: [PartitionKey<'static>; 7] = [
        PartitionKey { name: "region", type_name: "string" },
        PartitionKey { name: "hr", type_name: "bigint" },
        PartitionKey { name: "date", type_name: "date" },
        PartitionKey { name: "at", type_name: "timestamp" },
        PartitionKey { name: "amount", type_name: "decimal(38,2)" },
        PartitionKey { name: "ratio", type_name: "float" },
        PartitionKey { name: "a.b", type_name: "varchar(20)" },
    ];

    const ROW: [&str; 7] = ["eu", "7", "2026-01-31", "2026-01-31 10:00:00.5", "3e14", "0.5", "x"];

    const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

    fn refused(text: &str) -> String {
        Predicate::parse_expression(text, &KEYS).expect_err(text).to_string()
    }

    #[track_caller]
    fn check(text: &str, values: [&str; 7], expected: bool) {
        let predicate = Predicate::parse_expression(text, &KEYS).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(predicate.matches(&values), expected, "{text} on {values:?}");
    }

    #[test]
    fn the_grammar() {
        for text in [
            "",
            " \n ",
            "hr = 7",
            "hr = '7' and hr = 07 and 7 = hr and '7' <= hr",
            "hr <> 8 and hr != 8 and hr > 6 and hr < 8 and hr >= 7 and hr <= 7",
            "hr IN (7)",
            "hr in (6, '4', 7) AND hr Not In (1, 3)",
            "hr in ((6), (('7')))",
            "hr between 7 and 7 and hr NOT BETWEEN 8 AND 9",
            "hr between 8 and 6 or hr not between 8 and 6",
            "(hr) = ((7)) (OR) (((hr))) = (2)",
            "((((hr)) = ((7))) ((and)) (not) (((region)) (like) (('us'))))",
            "hr (between) (1) (and) (9)",
            "hr = 4 OR hr = 5 AND hr = '-1' OR hr = 0 OR hr = '7'",
            "NOT hr = 8 and not (hr = 8 or region = 'us')",
            "hr IS NOT NULL and \"hr\" = 7 and `HR` = 7",
            "\"a.b\" = 'x' and a.b = 'x' and A.B LIKE '_'",
            "region like 'e_' and region like '%u' and region not like 'us%' and region like 'eu'",
            "date = '2026-01-31' and date = date '2026-01-31' and date = (DATE '2026-01-31') and date in (date '2026-01-31')",
            "date > '2025-12-31' and (date) <= 2026-02-01",
            "at = '2026-01-31 10:00:00.500' and at > TIMESTAMP '2026-01-31 10:00:00.499999999'",
            "amount = 3e14 and amount = '300000000000000' and amount > 2.6 and amount <> -1.5 and amount >= .5e1",
            // As Trino and the Hive client of awslabs write it.
            "((hr >= 1 AND hr < 5) OR (hr = 7) OR (hr in (8, 9))) AND ((region = 'eu'))",
            "(region='eu' and hr>1)",
        ] {
            check(text, ROW, true);
        }
    }

    #[test]
    fn quotes_are_doubled_and_nothing_is_escaped() {
        for (text, value) in [
            ("region = 'it''s'", "it's"),
            ("region = ''", ""),
            ("region = ''''", "'"),
            (r"region = 'a\'", r"a\"),
            ("region = '\"'", "\""),
            ("region = 'Zürich; --'", "Zürich; --"),
            (r"region like 'a\_b'", r"a\xb"),
            (r"region like '100\%'", r"100\anything"),
            ("region = 20230505", "20230505"),
            ("region in (1, 2)", "2"),
            ("region between 'twn' and 'twp'", "two"),
            ("region = date '2026-01-31'", "2026-01-31"),
        ] {
            check(text, [value, "", "", "", "", "", ""], true);
        }
        check(r"region like 'a\_b'", ["a_b", "", "", "", "", "", ""], false);
    }

    #[test]
    fn stored_values_that_are_none_of_their_type_meet_nothing() {
        let row = ["eu", "int", "x", "y", "z", "", ""];
        for text in
            ["hr = 7", "hr <> 7", "not hr = 7", "date <> '2026-01-31'", "at > '2026-01-31 00:00:00'", "amount < 1"]
        {
            check(text, row, false);
        }
        check("region = 'eu' and hr is not null", row, true);
        for text in [
            format!("hr = '{NULL}' and (date = '{NULL}') and region = '{NULL}' and amount in (1, '{NULL}')"),
            "hr is null and region is null and date is null".into(),
        ] {
            check(&text, [NULL; 7], true);
            check(&text, ROW, false);
        }
        check(&format!("(date <> '{NULL}') and (region <> '{NULL}')"), ROW, true);
    }

    #[test]
    fn errors() {
        for text in ["unknown_col is null", "region = 'eu' and c = 1", "other like 'x'"] {
            assert_eq!(refused(text), "Invalid partition expression!");
            assert_eq!(
                Predicate::parse_expression(text, &[]).unwrap_err().to_string(),
                "Invalid partition expression!"
            );
        }
        for (text, message) in [
            ("hr = 'test'", "\"test\" is not an integer."),
            ("hr in (1, 2.5)", "\"2.5\" is not an integer."),
            ("hr = 3e14", "\"3e14\" is not an integer."),
            ("hr = ''", "\"\" is not an integer."),
            ("amount = 'test'", "test is not a decimal."),
            ("date = 'test'", "test is not a date."),
            ("date = '2022-02-32'", "2022-02-32 is not a date."),
            ("date = '2022-02-29'", "2022-02-29 is not a date."),
            ("date = '2022-02-01 00:00:00'", "2022-02-01 00:00:00 is not a date."),
            ("date = 20220201", "20220201 is not a date."),
            ("ratio = 3.14", "Unknown type : 'float'"),
            ("ratio like 'x'", "Unknown type : 'float'"),
            ("ratio is null", "Unknown type : 'float'"),
            ("hr like '2'", "Integral data type doesn't support operation 'LIKE'"),
            ("amount not like '2'", "Decimal data type doesn't support operation 'LIKE'"),
            ("date like '2022%'", "Date data type doesn't support operation 'LIKE'"),
            ("at like '2022%'", "Timestamp data type doesn't support operation 'LIKE'"),
        ] {
            assert_eq!(refused(text), message, "{text}");
        }
        for bad in [
            "2022-02-01",
            "2022-02-15 00:00:00.",
            "2022-02-32 00:00:00",
            "2022-02-01T00:00:00",
            "2022-02-01 00:00:00.0123456789",
        ] {
            let message = refused(&format!("at > '{bad}'"));
            assert_eq!(
                message,
                format!("Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] {bad} is not a timestamp.")
            );
        }
        for text in [
            "region IS test' AND not parsable",
            "region = \"eu\"",
            "region = 'eu",
            "region = 'eu' extra",
            "(region = 'eu'",
            "region = 'eu')",
            "region =",
            "region in ()",
            "region in 'eu'",
            "hr = hr",
            "()",
            "region = 'a\0'",
            "(struct(region, hr)) in (struct('eu', 1))",
        ] {
            let error = refused(text);
            assert!(error.starts_with("Unsupported expression '") || text.contains("struct"), "{text}: {error}");
        }
        assert_eq!(
            refused("region IS null' AND not parsable"),
            "Unsupported expression 'region IS null' AND not parsable': the text that starts with ' does not end (at character 15)"
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}|([a-z'\"`()=<>!,0-9 .%\\\\-]|region|hr|at|and|or|not|in|like|between|date){0,30}") {
            if let Ok(predicate) = Predicate::parse_expression(&text, &KEYS) {
                predicate.matches(&ROW);
                predicate.to_sql("v", 1);
            }
        }

        /// Parentheses around anything, blanks and the case of words change nothing, and the same condition in Hive's
        /// words is the same predicate.
        #[test]
        fn parentheses_and_hives_words_say_the_same(
            parts in prop::collection::vec((0..6usize, 0..3usize, any::<bool>(), any::<bool>()), 1..8),
        ) {
            let wrap = |text: &str, depth: usize| format!("{}{text}{}", "(".repeat(depth), ")".repeat(depth));
            let (mut glue, mut plain) = (String::new(), String::new());
            for (index, (kind, depth, and, upper)) in parts.into_iter().enumerate() {
                if index > 0 {
                    let word = if and { "and" } else { "or" };
                    glue += &format!(" {} ", wrap(&if upper { word.to_uppercase() } else { word.to_owned() }, depth));
                    plain += &format!(" {word} ");
                }
                let (name, rest, condition) = match kind {
                    0 => ("hr", format!("= {}", wrap("7", depth)), "hr = 7"),
                    1 => ("region", format!("<> {}", wrap("'it''s'", depth)), "region <> \"it's\""),
                    2 => ("hr", format!("IN ({}, 2)", wrap("1", depth)), "hr in (1, 2)"),
                    3 => ("region", format!("NOT LIKE {}", wrap("'a%'", depth)), "region not like 'a%'"),
                    4 => ("date", format!("between {} AND '2026-02-01'", wrap("date '2026-01-01'", depth)),
                        "date between '2026-01-01' and '2026-02-01'"),
                    _ => ("amount", "is not null".to_owned(), "amount is not null"),
                };
                glue += &wrap(&format!("{} {rest}", wrap(name, depth)), depth);
                plain += condition;
            }
            prop_assert_eq!(
                Predicate::parse_expression(&glue, &KEYS).unwrap(),
                Predicate::parse(&plain, &KEYS, LikeDialect::Sql).unwrap(),
                "{}", glue
            );
        }
    }
}
