//! Random tables, filters over them, and what the filters mean.

use std::cell::RefCell;
use std::collections::HashMap;

use propolis::filter::LikeDialect;
use proptest::prelude::*;
use proptest::sample::select;
use regex::Regex;

const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Type {
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
pub enum Condition {
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
    pub fn text(&self) -> String {
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
    pub fn holds(&self, types: &[Type], row: &[&str], negated: bool) -> bool {
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
pub fn table() -> impl Strategy<Value = Case> {
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
