//! The comparison itself: references, alternatives and conditions. What single types allow is in [`keywords`](super::keywords).

use std::collections::{HashMap, HashSet};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::written::{Node, Types, Written};
use crate::data_schema::{Problem, Undeclared};

/// Comparisons at most. Alternatives within alternatives multiply.
const MAX_STEPS: usize = 10_000;
/// Schemas within each other at most, through references too.
const MAX_DEPTH: usize = 100;

type Pair = (Vec<usize>, usize);

pub struct Containment {
    pub undeclared: Undeclared,
    steps: usize,
    depth: usize,
    /// Pairs that are compatible, or are being looked at: a schema within itself is if all else is.
    assumed: HashSet<Pair>,
    /// The same in order, to take back what was concluded from an assumption that fails.
    trail: Vec<Pair>,
    refused: HashMap<Pair, Problem>,
    patterns: HashMap<String, Option<Validator>>,
}

impl Containment {
    pub fn new(undeclared: Undeclared) -> Self {
        Self {
            undeclared,
            steps: MAX_STEPS,
            depth: 0,
            assumed: HashSet::new(),
            trail: Vec::new(),
            refused: HashMap::new(),
            patterns: HashMap::new(),
        }
    }

    pub fn start<'a>(&mut self, writer: Node<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        self.reads(&Written::of([writer])?, reader)
    }

    /// Whether the reader allows all that is written.
    pub fn reads<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        if written.types.is_none() || reader.is_anything() {
            return Ok(());
        }
        if reader.value.as_bool() == Some(false) {
            return Err(Problem::new("the reader allows nothing here"));
        }
        let pair = (written.key(), reader.address());
        if let Some(problem) = self.refused.get(&pair) {
            return Err(problem.clone());
        }
        if !self.assumed.insert(pair.clone()) {
            return Ok(());
        }
        let mark = self.trail.len();
        self.trail.push(pair.clone());
        let outcome = self.step(written, reader);
        if let Err(problem) = &outcome {
            for concluded in self.trail.drain(mark..) {
                self.assumed.remove(&concluded);
            }
            self.refused.insert(pair, problem.clone());
        }
        outcome
    }

    fn step<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        if self.steps == 0 || self.depth == MAX_DEPTH {
            return Err(Problem::new("the schemas are too complex to be compared"));
        }
        self.steps -= 1;
        self.depth += 1;
        let outcome = self.compare(written, reader);
        self.depth -= 1;
        outcome
    }

    fn compare<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        if let Some(target) = reader.target()? {
            self.reads(written, &target)?;
            if reader.is_only_reference() {
                return Ok(());
            }
        }
        for each in reader.list("allOf")? {
            self.reads(written, &each)?;
        }
        if let Some(cases) = cases(written)? {
            return cases.iter().try_for_each(|case| self.reads(case, reader));
        }
        let allowed = Types::allowed(reader);
        if !allowed.holds(written.types) {
            return Err(Problem::new(format!("the writer has {}, the reader {allowed}", written.types)));
        }
        if written.values.is_some() {
            listed(written, reader)?;
        } else if reader.get("enum").is_some() || reader.get("const").is_some() {
            return Err(Problem::new("the reader allows listed values only"));
        }
        for keyword in ["anyOf", "oneOf"] {
            let alternatives = reader.list(keyword)?;
            if !alternatives.is_empty() {
                self.one_of(written, &alternatives).map_err(|problem| problem.under(keyword))?;
            }
        }
        self.not(written, reader)?;
        self.condition(written, reader)?;
        self.keywords(written, reader)
    }

    /// Exactly one, says `oneOf`; that two do not overlap is taken to be so.
    fn one_of<'a>(&mut self, written: &Written<'a>, alternatives: &[Node<'a>]) -> Result<(), Problem> {
        let mut closest = None;
        for alternative in alternatives {
            let Err(problem) = self.reads(written, alternative) else { return Ok(()) };
            if Types::allowed(alternative).holds(written.types) {
                closest.get_or_insert(problem);
            }
        }
        let types: Vec<_> = written.types.each().collect();
        if types.len() > 1 {
            return types.into_iter().try_for_each(|of| self.one_of(&written.of_types(of), alternatives));
        }
        if let Some(values) = written.values.as_ref().filter(|values| values.len() > 1) {
            return values.iter().try_for_each(|value| {
                let single = Written { values: Some(vec![*value]), ..written.clone() };
                self.one_of(&single, alternatives)
            });
        }
        Err(closest.unwrap_or_else(|| {
            Problem::new(format!("the writer has {}, which no alternative of the reader's allows", written.types))
        }))
    }

    fn not<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        let Some(excluded) = reader.under("not")? else { return Ok(()) };
        let mut excluded = Written::of([excluded])?;
        excluded.types = excluded.types.and(written.types);
        if excluded.types.is_none() {
            return Ok(());
        }
        for part in written.schemas() {
            if let Some(never) = part.under("not")?
                && self.reads(&excluded, &never).is_ok()
            {
                return Ok(());
            }
        }
        Err(Problem::new("the writer may write what the reader excludes").under("not"))
    }

    fn condition<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        if reader.get("if").is_none() {
            return Ok(());
        }
        let keywords = ["if", "then", "else"];
        if written.schemas().any(|part| keywords.iter().all(|keyword| part.get(keyword) == reader.get(keyword))) {
            return Ok(());
        }
        for keyword in ["then", "else"] {
            if let Some(branch) = reader.under(keyword)? {
                self.reads(written, &branch).map_err(|problem| problem.under(keyword))?;
            }
        }
        Ok(())
    }

    /// Whether a name matches a pattern. One that cannot be compiled matches nothing, as it was refused when it was read.
    pub fn matches(&mut self, pattern: &str, name: &str) -> bool {
        let validator = self
            .patterns
            .entry(pattern.to_owned())
            .or_insert_with(|| jsonschema::validator_for(&json!({ "pattern": pattern })).ok());
        validator.as_ref().is_some_and(|validator| validator.is_valid(&Value::from(name)))
    }
}

/// What is written, by the first of its alternatives that was not looked at yet.
fn cases<'a>(written: &Written<'a>) -> Result<Option<Vec<Written<'a>>>, Problem> {
    for part in written.schemas() {
        for keyword in ["anyOf", "oneOf"] {
            let Some(list) = part.get(keyword) else { continue };
            let address = std::ptr::from_ref(list) as usize;
            if written.taken.contains(&address) {
                continue;
            }
            let mut cases = Vec::new();
            for alternative in part.list(keyword)? {
                let mut case = written.clone();
                case.taken.push(address);
                case.add(alternative)?;
                cases.push(case);
            }
            return Ok(Some(cases));
        }
    }
    Ok(None)
}

/// Listed values are tried, those that the writer's own keywords allow.
fn listed(written: &Written<'_>, reader: &Node<'_>) -> Result<(), Problem> {
    let reads = trial(reader)?;
    for value in written.values.iter().flatten().filter(|value| !reads.is_valid(value)) {
        let mut written = written.schemas().map(trial);
        if written.try_fold(true, |all, trial| trial.map(|trial| all && trial.is_valid(value)))? {
            return Err(Problem::new(format!("the reader does not allow {value}")));
        }
    }
    Ok(())
}

/// The keywords of a schema that have no schemas within.
fn trial(node: &Node<'_>) -> Result<Validator, Problem> {
    const TRIED: [&str; 11] = [
        "enum",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "type",
    ];
    let mut tried = serde_json::Map::new();
    for keyword in TRIED {
        if let Some(value) = node.get(keyword) {
            tried.insert(keyword.to_owned(), value.clone());
        }
    }
    jsonschema::options()
        .with_draft(node.draft())
        .offline()
        .build(&Value::Object(tried))
        .map_err(|error| Problem::new(format!("keywords cannot be tried: {error}")))
}
