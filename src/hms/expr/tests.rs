//! What Hive writes, read. The files in tests/hms/kryo say for each expression what Hive's own code makes of it; they are
//! made by compat-tests/clients/kryo-corpus.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{Sent, Unreadable, graph, read};
use crate::filter::{Formula, MAX_DEPTH, PartitionKey, Predicate};

const KEYS: [(&str, &str); 14] = [
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

struct Line {
    release: &'static str,
    text: &'static str,
    /// For each partition t, f, or n for null.
    truth: &'static str,
    bytes: Vec<u8>,
}

static CORPUS: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let lines = include_str!("../../../tests/hms/kryo/expressions.tsv").lines().map(|line| {
        let [release, text, _, truth, bytes] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        Line { release, text, truth, bytes: STANDARD.decode(bytes).unwrap() }
    });
    lines.collect()
});

static PARTITIONS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    include_str!("../../../tests/hms/kryo/partitions.tsv").lines().map(|line| line.split('\t').collect()).collect()
});

fn predicate(formula: &Formula) -> Result<Predicate, String> {
    let keys = KEYS.map(|(name, type_name)| PartitionKey { name, type_name });
    Predicate::of(formula, &keys).map_err(|error| error.to_string())
}

fn formula(bytes: &[u8]) -> Result<Formula, Unreadable> {
    match read(bytes)? {
        Sent::Formula(formula) => Ok(formula),
        Sent::Filter(text) => panic!("{text:?}"),
    }
}

/// Where Hive's answer is not the one to give.
fn is_peculiar(line: &Line) -> bool {
    // Hive 2.3 takes every text for true.
    let truths = line.release == "2.3.10" && line.text.contains("flag");
    // Hive's servers look for the null partition then, though its evaluation does not.
    let null = line.text.ends_with("= '__HIVE_DEFAULT_PARTITION__'");
    // A number that has no room in the type of the cast is null to Hive, and does not equal any here. One with a
    // fraction is cut off there, and left open here.
    let casts = ["cast(dt as int)", "cast(dt as bigint)", "cast(dt as smallint)", "cast(dt as tinyint)"];
    truths || null || casts.iter().any(|cast| line.text.starts_with(cast))
}

#[test]
fn expressions_mean_what_hive_makes_of_them() {
    let (mut evaluated, mut unevaluated) = (0, String::new());
    for line in CORPUS.iter() {
        let Line { release, text, truth, bytes } = line;
        let formula = match formula(bytes) {
            Ok(formula) => formula,
            Err(Unreadable::Unknown(why)) => {
                unevaluated += &format!("{release} {text}\n  not read: {why}\n");
                continue;
            }
            Err(error) => panic!("{release} {text}: {error}"),
        };
        let predicate = predicate(&formula).unwrap_or_else(|error| panic!("{release} {text}: {error}"));
        if let Some(why) = predicate.unevaluated() {
            unevaluated += &format!("{release} {text}\n  {why}\n");
            // It is never said of a partition what Hive does not say.
            for (row, truth) in PARTITIONS.iter().zip(truth.chars()) {
                assert!(predicate.decides(row).is_none_or(|ours| ours == (truth == 't')), "{release} {text}");
                assert!(truth != 't' || predicate.may_match(row), "{release} {text}");
            }
            continue;
        }
        if is_peculiar(line) {
            continue;
        }
        evaluated += 1;
        let decided = |row: &Vec<&str>| predicate.decides(row).map_or('n', |holds| if holds { 't' } else { 'f' });
        let ours: String = PARTITIONS.iter().map(decided).collect();
        assert_eq!(ours, *truth, "{release} {text}\n{predicate}");
    }
    assert!(evaluated > 300, "{evaluated}");
    insta::assert_snapshot!("unevaluated", unevaluated);
}

#[test]
fn what_is_not_known_does_not_hide_what_is() {
    let line = |text| CORPUS.iter().find(|line| line.text == text).unwrap();
    // A partition of nulls is left open as well.
    let upper = predicate(&formula(&line("upper(region) = 'EU'").bytes).unwrap()).unwrap();
    assert_eq!(upper.unevaluated(), Some("it uses Upper"));
    assert!(PARTITIONS.iter().all(|row| upper.decides(row).is_none() && upper.may_match(row)));
    let region = formula(&line("region = 'eu'").bytes).unwrap();
    let both = predicate(&Formula::All(vec![region, Formula::Opaque("upper".to_owned())])).unwrap();
    let decided: Vec<_> = PARTITIONS.iter().map(|row| both.decides(row)).collect();
    assert_eq!(decided[..3], [None, Some(false), None]);
}

#[test]
fn filters_are_text() {
    for filter in ["region = 'eu'", "", "ü = 1"] {
        assert_eq!(read(filter.as_bytes()), Ok(Sent::Filter(filter)));
    }
    for bytes in
        [&b"\xff"[..], b"a\xff", b"\x01", b"\x01\x00", b"\x01\x00\xff\xfe", b"\x01\x01\x00\x82", b"\x01\x00\x01\x81"]
    {
        assert!(matches!(read(bytes), Err(Unreadable::Malformed(_))), "{bytes:?}: {:?}", read(bytes));
    }
    let named = b"\x01\x00java.util.HashMa\xf0\x01";
    assert_eq!(read(named), Err(Unreadable::Unknown("it uses HashMap".to_owned())));
    let long = vec![1; super::MAX_EXPRESSION_BYTES + 1];
    assert!(read(&long).unwrap_err().to_string().contains("bytes long"));
}

/// Writes as Kryo 3 does.
#[derive(Default)]
struct Kryo {
    bytes: Vec<u8>,
    names: Vec<&'static str>,
}

impl Kryo {
    fn class(&mut self, name: &'static str) {
        self.bytes.push(1);
        match self.names.iter().position(|known| *known == name) {
            Some(number) => self.bytes.push(number as u8),
            None => {
                self.bytes.push(self.names.len() as u8);
                self.names.push(name);
                self.bytes.extend(name.bytes());
                *self.bytes.last_mut().unwrap() |= 0x80;
            }
        }
    }

    /// A function without its class: true, negated once and `levels` times more.
    fn not(&mut self, levels: usize) {
        self.bytes.push(1);
        self.class("java.util.ArrayList");
        self.bytes.extend([1, 1]);
        if levels == 0 {
            self.class("org.apache.hadoop.hive.ql.plan.ExprNodeConstantDesc");
            // No type, and a boolean.
            self.bytes.extend([1, 0, 5, 1]);
        } else {
            self.class("org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc");
            self.not(levels - 1);
        }
        self.class("org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPNot");
        // No result, not sorted, no type.
        self.bytes.extend([1, 0, 0, 0]);
    }
}

#[test]
fn limits() {
    let nested = |levels| {
        let mut kryo = Kryo::default();
        kryo.not(levels);
        kryo.bytes
    };
    let deep = [MAX_DEPTH + 10, 2_000].map(nested);
    // On the small stacks of server threads too.
    let run = move || {
        for (levels, truth) in [(0, false), (1, true), (MAX_DEPTH - 2, false)] {
            let predicate = predicate(&formula(&nested(levels)).unwrap()).unwrap();
            assert_eq!(predicate.decides(&[""; 14]), Some(truth));
        }
        for bytes in deep {
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains("nests deeper"), "{error}");
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
    // A list of many nulls, a text longer than what is left, a reference forward, a list longer than what is left.
    for (bytes, why) in [
        (&b"\x01\x00java.util.ArrayLis\xf4\x01\xff\xff\xff\xff\x0f\x00"[..], "more than"),
        (b"\x01\x01\x00java.util.ArrayLis\xf4\x01\x01\x03\x01\xff\xff\xff\xff\x0f", "announces"),
        (b"\x01\x01\x00java.util.ArrayLis\xf4\x01\x01\x03\x07", "refers"),
        (b"\x01\x01\x00java.util.ArrayLis\xf4\x01\xff\xff\xff\xff\x0f", "ends"),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    // Each level would double what the ones below it come to.
    let flag = || Formula::Key("flag".to_owned());
    let inner = super::tree::between(false, flag(), flag(), flag());
    let outer = super::tree::between(true, inner, flag(), flag());
    assert_eq!(outer, Formula::Opaque("BETWEEN of a condition".to_owned()));
    // An operator whose child is itself.
    let mut kryo = Kryo::default();
    kryo.bytes.push(1);
    kryo.class("java.util.ArrayList");
    kryo.bytes.extend([1, 1]);
    kryo.class("org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc");
    kryo.bytes.push(2);
    kryo.class("org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPNot");
    kryo.bytes.extend([1, 0, 0, 0]);
    assert!(read(&kryo.bytes).unwrap_err().to_string().contains("nests deeper"));
}

/// IN with a list of one text and of references to it.
fn repeated(text: usize, references: usize) -> Vec<u8> {
    let mut kryo = Kryo::default();
    kryo.bytes.push(1);
    kryo.class("java.util.ArrayList");
    kryo.bytes.extend([1, 1]);
    kryo.class("org.apache.hadoop.hive.ql.plan.ExprNodeConstantDesc");
    kryo.bytes.extend([1, 0]);
    kryo.class("java.util.ArrayList");
    kryo.bytes.push(1);
    let mut count = references + 1;
    while count > 0x7f {
        kryo.bytes.push(count as u8 | 0x80);
        count >>= 7;
    }
    kryo.bytes.extend([count as u8, 3, 1]);
    kryo.bytes.extend(std::iter::repeat_n(b'x', text));
    kryo.bytes.push(b'x' | 0x80);
    kryo.bytes.extend([3, 6].repeat(references));
    kryo.class("org.apache.hadoop.hive.ql.udf.generic.GenericUDFIn");
    kryo.bytes.extend([1, 0, 0, 0, 0]);
    kryo.bytes
}

#[test]
fn constants_that_no_key_has_are_named() {
    let mut kryo = Kryo::default();
    kryo.bytes.push(1);
    kryo.class("java.util.ArrayList");
    kryo.bytes.extend([1, 2]);
    kryo.class("org.apache.hadoop.hive.ql.plan.ExprNodeColumnDesc");
    // Its name, whether it is a key, whether it is left out, its table, its type.
    kryo.bytes.extend([1, 1, b'd', b'a', b'y' | 0x80, 1, 0, 1, b't', b'1' | 0x80, 0]);
    kryo.class("org.apache.hadoop.hive.ql.plan.ExprNodeConstantDesc");
    kryo.bytes.extend([1, 0]);
    kryo.class("org.apache.hadoop.hive.common.type.HiveIntervalYearMonth");
    kryo.bytes.extend([1, 24]);
    kryo.class("org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPEqual");
    kryo.bytes.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    let predicate = predicate(&formula(&kryo.bytes).unwrap()).unwrap();
    assert_eq!(predicate.unevaluated(), Some("it uses a constant of a type that no partition key has"));
    assert_eq!(predicate.decides(&PARTITIONS[0]), None);
}

#[test]
fn what_is_referred_to_counts_each_time() {
    let Formula::In(operand, rows) = formula(&repeated(10, 200)).unwrap() else { panic!() };
    assert_eq!((operand.len(), rows.len()), (201, 0));
    for (text, references, why) in
        [(4 << 20, 100_000, "come to more than"), (1, 200_000, "conditions"), (1, 3_000_000, "holds more than")]
    {
        let read = formula(&repeated(text, references)).map_err(|error| error.to_string());
        let error = read.and_then(|formula| predicate(&formula)).unwrap_err();
        assert!(error.contains(why), "{text} {references}: {error}");
    }
}

/// One change to an expression's bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// A part is put in elsewhere.
    Copy(Index, usize, Index),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, 1 << bit)),
        (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), 1..20usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), 1..60usize, at()).prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        at().prop_map(Change::Cut),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: Vec<Change>) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        if length == 0 {
            break;
        }
        let part = |from: Index, count: usize| from.index(length)..length.min(from.index(length) + count);
        match change {
            Change::Set(at, byte) => bytes[at.index(length)] = byte,
            Change::Flip(at, bit) => bytes[at.index(length)] ^= bit,
            Change::Insert(at, more) => drop(bytes.splice(part(at, 0), more)),
            Change::Remove(at, count) => drop(bytes.drain(part(at, count))),
            Change::Copy(from, count, to) => {
                let copy = bytes[part(from, count)].to_vec();
                bytes.splice(part(to, 0), copy);
            }
            Change::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Whatever comes is read or refused, and no more is kept of it than was sent.
    #[test]
    fn changed_expressions_do_no_harm(line in any::<Index>(), changes in prop::collection::vec(change(), 1..5)) {
        let bytes = changed(CORPUS[line.index(CORPUS.len())].bytes.clone(), changes);
        if bytes.first() == Some(&1) && let Ok(graph) = graph::read(&bytes) {
            prop_assert!(graph.objects.len() <= bytes.len());
        }
        if let Ok(Sent::Formula(formula)) = read(&bytes) && let Ok(predicate) = predicate(&formula) {
            for row in PARTITIONS.iter() {
                prop_assert_eq!(predicate.decides(row) == Some(true), predicate.matches(row));
            }
            predicate.to_sql("v", 1);
            predicate.open_to_sql("v", 1);
            predicate.possible_to_sql("v", 1);
        }
    }

    #[test]
    fn random_bytes_do_no_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..200), typed in any::<bool>()) {
        bytes.splice(0..0, [1, u8::from(!typed)]);
        let _ = read(&bytes);
    }
}
