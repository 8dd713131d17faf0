//! Requests made up from the shapes of the model.

use propolis_glue_api::shape::{Kind, Member, Shape, Text};
use propolis_glue_api::{Limits, OperationInfo};
use serde_json::{Map, Value, json};

/// Texts that mean something: names of what is there, ids, times, numbers, predicates.
const TEXTS: &[&str] = &[
    "d",
    "t",
    "x",
    "n",
    "c",
    "new",
    "1",
    "2",
    "0",
    "123456789012",
    "123456789012:other",
    "arn:aws:glue:us-east-1:123456789012:job/x",
    "arn:aws:glue:us-east-1:123456789012:schema/x/x",
    "arn:aws:iam::123456789012:role/r",
    "01234567-89ab-cdef-0123-456789abcdef",
    "cron(0 3 * * ? *)",
    "n = 1 and s like 'a%'",
    "n in (1, 2) or not s is null",
    ".*",
    "s3://b/t/x",
    "{}",
    r#"{"type":"string"}"#,
    r#"{"type":"record","name":"r","fields":[{"name":"a","type":"int"}]}"#,
    "syntax = \"proto3\"; message M { int32 a = 1; }",
    "int",
    "struct<a:int>",
    "2026-03-01",
    "1.5",
    "true",
    "us-east-1",
    "G.1X",
    "%{NUMBER:n}",
    "jdbc:mysql://localhost:3306/d",
    "Rules = [ IsComplete \"c\" ]",
    "/x",
    "a.b",
];

/// Texts that are trouble.
const TROUBLE: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "\n",
    "'",
    "\"",
    "\\",
    "%",
    "\u{1f41d}",
    "\u{e000}\u{10ffff}",
    "..",
    "../../etc",
    "/",
    "//",
    "NaN",
    "-1",
    "9223372036854775808",
    "1e400",
    "((((((((",
    "[",
    "*",
    "\\Q",
    "(a+)+$",
    "arn:",
    "arn:aws:glue:::",
    ":",
    "::",
    "cron(* * * * * *)",
    "n = ",
    "n = 'x' or",
    "\u{feff}",
    "{\"type\":",
    "[[[[[[",
    "\u{130}",
    "A\u{30a}",
    "\u{1}",
];

/// Splitmix64, and texts of answers so far: ids and tokens that only the server knows.
pub struct Dice {
    state: u64,
    learned: Vec<String>,
    /// How likely a member is there that may be absent, in a hundred.
    density: u64,
}

impl Dice {
    pub fn new(seed: u64, learned: Vec<String>) -> Self {
        let mut dice = Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), learned, density: 0 };
        dice.density = *dice.of(&[5, 30, 60, 90]);
        dice
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// True in so many of a hundred times.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

/// The body of a request, and what kind of one it is.
pub fn body(info: &OperationInfo, dice: &mut Dice) -> (String, &'static str) {
    match dice.below(10) {
        0..=4 => (valid("", info.input, dice, 0).to_string(), "a valid request"),
        5..=6 => {
            let mut input = valid("", info.input, dice, 0);
            spoil(&mut input, dice);
            (input.to_string(), "a nearly valid request")
        }
        7 => {
            let mut input = valid("", info.input, dice, 0);
            troubled(&mut input, dice);
            (input.to_string(), "a request of troublesome texts")
        }
        8 => {
            let mut input = valid("", info.input, dice, 0);
            if let Value::Object(members) = &mut input {
                members.insert("FromANewerClient".to_owned(), nonsense(dice, 0));
                members.insert("x".repeat(300), json!(null));
            }
            (input.to_string(), "a request with unknown members")
        }
        _ => (hostile(info, dice), "nonsense"),
    }
}

/// A value that the shape allows, or nearly: of patterns the usual texts are tried.
fn valid(name: &str, shape: &'static Shape, dice: &mut Dice, depth: usize) -> Value {
    match &shape.kind {
        Kind::Structure { members, union } => Value::Object(structure(members, *union, dice, depth)),
        Kind::List { member, bounds } => {
            let least = bounds.min.unwrap_or(0);
            let most = bounds.max.unwrap_or(3).min(least.max(3));
            // The tables that are there have one partition key.
            let count = if name.ends_with("Values") { 1 } else { least + dice.below(most - least + 1) };
            (0..count).map(|_| valid(name, member, dice, depth + 1)).collect()
        }
        Kind::Map { key, value, bounds } => {
            let count = bounds.min.unwrap_or(0) + dice.below(3);
            let entry = |dice: &mut Dice| {
                let key = valid("", key, dice, depth + 1).as_str().unwrap_or_default().to_owned();
                (key, valid("", value, dice, depth + 1))
            };
            Value::Object((0..count).map(|_| entry(dice)).collect())
        }
        Kind::String(text) => json!(valid_text(name, shape, text, dice)),
        Kind::Integer { min, max } | Kind::Long { min, max } => {
            let least = min.map_or(0, |min| min as i64);
            let most = max.map_or(least + 20, |max| max as i64);
            let most = most.min(i64::from(i32::MAX));
            let between = least + dice.below((most - least + 1).min(1000) as u64) as i64;
            json!(*dice.of(&[least, most, between]))
        }
        Kind::Double { min, max } => {
            json!(dice.below(1000) as f64 / 1000.0 * max.unwrap_or(10.0).max(min.unwrap_or(0.0)))
        }
        Kind::Boolean => json!(dice.percent(50)),
        Kind::Timestamp => json!(*dice.of(&[0.0, 1.5, -1.0, 1_795_378_967.337, 4e9, 1e15])),
        Kind::Document => nonsense(dice, 0),
        Kind::Blob => json!(*dice.of(&["", "AQ==", "////////////", "gAAAAA=="])),
    }
}

fn structure(members: &'static [Member], union: bool, dice: &mut Dice, depth: usize) -> Map<String, Value> {
    if union && !members.is_empty() {
        let member = dice.of(members);
        return Map::from_iter([(member.name.to_owned(), valid(member.name, member.shape, dice, depth + 1))]);
    }
    // The deeper, the fewer: some shapes contain themselves.
    let chance = dice.density * [100, 80, 60, 40, 20].get(depth).copied().unwrap_or(0) / 100;
    let mut object = Map::new();
    for member in members {
        if (member.required && depth < 30) || dice.percent(likely(member.name, chance)) {
            object.insert(member.name.to_owned(), valid(member.name, member.shape, dice, depth + 1));
        }
    }
    object
}

fn valid_text(name: &str, shape: &'static Shape, text: &Text, dice: &mut Dice) -> String {
    if !text.values.is_empty() {
        return (*dice.of(text.values)).to_owned();
    }
    let fits = |candidate: &str| shape.check(&mut json!(candidate), Limits::Strict).is_ok();
    // Ids are the server's to give; all else is mostly what there is.
    let is_id = ["Id", "Token", "Arn"].iter().any(|end| name.ends_with(end)) && name != "CatalogId";
    let usual = usual(name);
    if dice.percent(if is_id { 20 } else { 85 }) && fits(usual) {
        return usual.to_owned();
    }
    let at = dice.below(dice.learned.len() as u64) as usize;
    if let Some(learned) = dice.learned.get(at).cloned()
        && dice.percent(70)
        && fits(&learned)
    {
        return learned;
    }
    let fitting: Vec<&str> = TEXTS.iter().copied().filter(|candidate| fits(candidate)).collect();
    if fitting.is_empty() { "a".repeat(text.bounds.min.unwrap_or(1) as usize) } else { (*dice.of(&fitting)).to_owned() }
}

/// The chance of a member of this name: names are mostly there, and what rules out all else mostly is not.
fn likely(name: &str, chance: u64) -> u64 {
    const RARE: [&str; 9] = [
        "NextToken",
        "TransactionId",
        "QueryAsOfTime",
        "SchemaArn",
        "RegistryArn",
        "AllocatedCapacity",
        "MaxCapacity",
        "CreateIcebergTableInput",
        "MaintenanceWindow",
    ];
    match name {
        _ if RARE.contains(&name) => chance / 10,
        "Name" | "SchemaName" | "RegistryName" | "FunctionName" | "JobName" | "Role" | "Type" | "Columns" => {
            chance.max(90)
        }
        "TableInput" | "Actions" | "ScriptLocation" | "JsonClassifier" => chance.max(90),
        _ => chance,
    }
}

/// What a member of this name mostly has, so that something is found.
fn usual(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    let known = [
        ("catalogid", "123456789012"),
        ("database", "d"),
        ("table", "t"),
        ("columnname", "c"),
        ("region", "us-east-1"),
        ("versionid", "1"),
        ("values", "1"),
        ("expression", "n = 1"),
        ("rolearn", "arn:aws:iam::123456789012:role/r"),
        ("schedule", "cron(0 3 * * ? *)"),
        ("schemadefinition", r#"{"type":"string"}"#),
        ("transformid", "x"),
    ];
    known.into_iter().find(|(part, _)| name.contains(part)).map_or("x", |(_, text)| text)
}

/// Puts nonsense in one place.
fn spoil(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.percent(70);
    match value {
        Value::Object(members) if deeper && !members.is_empty() => {
            let at = dice.below(members.len() as u64) as usize;
            if let Some(member) = members.values_mut().nth(at) {
                spoil(member, dice);
            }
        }
        Value::Array(list) if deeper && !list.is_empty() => {
            let at = dice.below(list.len() as u64) as usize;
            spoil(&mut list[at], dice);
        }
        place => *place = nonsense(dice, 0),
    }
}

/// Makes most texts troublesome.
fn troubled(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| troubled(member, dice)),
        Value::Array(list) => list.iter_mut().for_each(|member| troubled(member, dice)),
        Value::String(text) if dice.percent(60) => *text = (*dice.of(TROUBLE)).to_owned(),
        Value::Number(number) if dice.percent(30) => {
            *number = dice.of(&[i64::MAX, i64::MIN, -1, 0, i64::from(i32::MAX), i64::from(i32::MIN)]).to_owned().into();
        }
        _ => {}
    }
}

fn nonsense(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth > 3 { 7 } else { 10 }) {
        0 => json!(null),
        1 => json!(dice.percent(50)),
        2 => json!(dice.next() as i64),
        3 => json!(*dice.of(&[1.5, -0.0, 1e308, 5e-324, 1e19, -1e19])),
        4 => json!(*dice.of(TROUBLE)),
        5 => json!(*dice.of(TEXTS)),
        6 => json!("\u{e9}".repeat(dice.below(5000) as usize)),
        7 => (0..dice.below(4)).map(|_| nonsense(dice, depth + 1)).collect(),
        8 => json!(vec![0; dice.below(300) as usize]),
        _ => Value::Object(
            (0..dice.below(4)).map(|_| ((*dice.of(TEXTS)).to_owned(), nonsense(dice, depth + 1))).collect(),
        ),
    }
}

/// What no client would send.
fn hostile(info: &OperationInfo, dice: &mut Dice) -> String {
    let member = info.input.members().first().map_or("Name", |member| member.name);
    match dice.below(8) {
        0 => nonsense(dice, 0).to_string(),
        1 => format!("{}{}", "{\"a\":".repeat(5000), "}".repeat(5000)),
        2 => format!("{{\"{member}\":{}1{}}}", "[".repeat(100), "]".repeat(100)),
        3 => format!("{{\"{member}\":\"{}\"}}", "x".repeat(2_000_000)),
        4 => format!("{{\"{member}\":1e999999}}"),
        5 => format!("{{\"{member}\":\"\\ud800\"}}"),
        6 => valid("", info.input, dice, 0).to_string().replace(':', ","),
        // Each member a second time.
        _ => {
            let once = valid("", info.input, dice, 0).to_string();
            format!(
                "{},{}",
                once.trim_end_matches('}'),
                valid("", info.input, dice, 0).to_string().trim_start_matches('{')
            )
        }
    }
}
