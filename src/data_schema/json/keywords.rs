//! What is allowed of numbers, texts, lists and objects.

use std::collections::BTreeSet;

use serde_json::Value;

use super::containment::Containment;
use super::written::{Node, Types, Written};
use crate::data_schema::{Problem, Undeclared};

impl Containment {
    pub(super) fn keywords<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        // Values that are listed were tried on what follows.
        let open = written.values.is_none();
        if open && !written.types.and(Types::NUMBER).is_none() {
            numbers(written, reader)?;
        }
        if open && !written.types.and(Types::STRING).is_none() {
            texts(written, reader)?;
        }
        if !written.types.and(Types::ARRAY).is_none() {
            self.lists(written, reader)?;
        }
        if !written.types.and(Types::OBJECT).is_none() {
            self.objects(written, reader)?;
        }
        Ok(())
    }

    fn lists<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        counts(written, reader, "minItems", "maxItems")?;
        let longest = most(written, "maxItems");
        let unique = |node: &Node<'_>| node.get("uniqueItems").and_then(Value::as_bool) == Some(true);
        if unique(reader) && !written.schemas().any(unique) && longest.is_none_or(|longest| longest > 1.0) {
            return Err(Problem::new("the writer may repeat items, and the reader wants each once"));
        }
        let read = Items::of(reader)?;
        let parts = written.schemas().map(Items::of).collect::<Result<Vec<_>, _>>()?;
        let first = parts.iter().map(|items| items.first.len()).chain([read.first.len()]).max().unwrap_or_default();
        // One more than what has a place of its own stands for all others.
        for place in 0..=first {
            if longest.is_some_and(|longest| longest <= place as f64) {
                break;
            }
            let Some(reader) = read.at(place) else { continue };
            let item = Written::of(parts.iter().filter_map(|items| items.at(place).cloned()))?;
            self.reads(&item, reader).map_err(|problem| problem.under("items"))?;
        }
        for keyword in ["contains", "minContains", "maxContains", "unevaluatedItems"] {
            same(written, reader, keyword)?;
        }
        Ok(())
    }

    fn objects<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        counts(written, reader, "minProperties", "maxProperties")?;
        for name in reader.texts("required") {
            let always = written.schemas().any(|part| part.texts("required").any(|required| required == name));
            // Readers fill in defaults.
            let default = || reader.get("properties")?.get(name)?.get("default");
            if !always && default().is_none() {
                return Err(
                    Problem::new("the reader requires this property, which the writer may leave out").under(name)
                );
            }
        }
        self.properties(written, reader)?;
        if let Some(names) = reader.under("propertyNames")? {
            let mut written = Written::of(children(written, "propertyNames")?)?;
            written.types = written.types.and(Types::STRING);
            self.reads(&written, &names).map_err(|problem| problem.under("propertyNames"))?;
        }
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas", "unevaluatedProperties"] {
            same(written, reader, keyword)?;
        }
        Ok(())
    }

    fn properties<'a>(&mut self, written: &Written<'a>, reader: &Node<'a>) -> Result<(), Problem> {
        let declared = written.schemas().flat_map(|part| part.members("properties"));
        let names: BTreeSet<&str> =
            declared.chain(reader.members("properties")).map(|(name, _)| name.as_str()).collect();
        for name in names {
            let Some(value) = self.written(written, name)? else { continue };
            for reader in self.governing(reader, name)? {
                self.reads(&value, &reader).map_err(|problem| problem.under(name))?;
            }
        }
        let others = self.others(written)?;
        let patterns: BTreeSet<&String> =
            written.schemas().flat_map(|part| part.members("patternProperties")).map(|(pattern, _)| pattern).collect();
        for (pattern, schema) in reader.members("patternProperties") {
            let schema = reader.child(schema)?;
            let mut values = match self.of_pattern(written, pattern, &BTreeSet::new())? {
                Some(own) => vec![own],
                // Whether names can match this pattern and one of the writer's, nobody can tell.
                None if self.undeclared == Undeclared::Anything => patterns
                    .iter()
                    .filter_map(|other| self.of_pattern(written, other, &BTreeSet::new()).transpose())
                    .collect::<Result<_, _>>()?,
                None => Vec::new(),
            };
            if !patterns.contains(pattern) {
                values.extend(others.clone());
            }
            for value in values {
                self.reads(&value, &schema).map_err(|problem| problem.under(pattern))?;
            }
        }
        let Some(rest) = reader.under("additionalProperties")? else { return Ok(()) };
        let unmatched: BTreeSet<&String> = reader.members("patternProperties").map(|(pattern, _)| pattern).collect();
        for pattern in patterns.difference(&unmatched) {
            if let Some(value) = self.of_pattern(written, pattern, &unmatched)? {
                self.reads(&value, &rest).map_err(|problem| problem.under(pattern))?;
            }
        }
        match others {
            Some(value) => self.reads(&value, &rest).map_err(|problem| problem.under("additionalProperties")),
            None => Ok(()),
        }
    }

    /// What the writer has under a name; None where it has nothing.
    fn written<'a>(&mut self, written: &Written<'a>, name: &str) -> Result<Option<Written<'a>>, Problem> {
        let mut nodes = Vec::new();
        let mut declared = false;
        for part in written.schemas() {
            let known = self.declaring(part, name)?;
            declared |= !known.is_empty();
            nodes.extend(if known.is_empty() {
                part.under("additionalProperties")?.into_iter().collect()
            } else {
                known
            });
        }
        if declared { Written::of(nodes).map(Some) } else { self.others(written) }
    }

    /// What the writer has under names that it does not declare; None where it has no such.
    fn others<'a>(&self, written: &Written<'a>) -> Result<Option<Written<'a>>, Problem> {
        let rest = Written::of(children(written, "additionalProperties")?)?;
        // An object that declares nothing is one of which anything is expected.
        let declares = written.schemas().any(|part| part.members("properties").next().is_some());
        let open = rest.parts.iter().all(Node::is_anything);
        let absent = open && declares && self.undeclared == Undeclared::Absent;
        Ok((!absent && !rest.types.is_none()).then_some(rest))
    }

    /// What the writer has under names of a pattern, which match none of the `unmatched` and are not declared one by one;
    /// None where it does not have the pattern.
    fn of_pattern<'a>(
        &self,
        written: &Written<'a>,
        pattern: &str,
        unmatched: &BTreeSet<&String>,
    ) -> Result<Option<Written<'a>>, Problem> {
        let mut nodes = Vec::new();
        let mut known = false;
        for part in written.schemas() {
            if let Some((_, schema)) = part.members("patternProperties").find(|(own, _)| *own == pattern) {
                nodes.push(part.child(schema)?);
                known = true;
            } else if part.members("patternProperties").all(|(own, _)| unmatched.contains(own)) {
                nodes.extend(part.under("additionalProperties")?);
            }
        }
        if known { Written::of(nodes).map(Some) } else { Ok(None) }
    }

    /// The schemas that a property of this name has to satisfy.
    fn governing<'a>(&mut self, node: &Node<'a>, name: &str) -> Result<Vec<Node<'a>>, Problem> {
        let declaring = self.declaring(node, name)?;
        if !declaring.is_empty() {
            return Ok(declaring);
        }
        Ok(node.under("additionalProperties")?.into_iter().collect())
    }

    fn declaring<'a>(&mut self, node: &Node<'a>, name: &str) -> Result<Vec<Node<'a>>, Problem> {
        let own = node.get("properties").and_then(|properties| properties.get(name));
        let mut nodes: Vec<_> = own.map(|schema| node.child(schema)).transpose()?.into_iter().collect();
        for (pattern, schema) in node.members("patternProperties") {
            if self.matches(pattern, name) {
                nodes.push(node.child(schema)?);
            }
        }
        Ok(nodes)
    }
}

/// The schemas of a list: those of the first places, and that of the others.
struct Items<'a> {
    first: Vec<Node<'a>>,
    rest: Option<Node<'a>>,
}

impl<'a> Items<'a> {
    fn of(node: &Node<'a>) -> Result<Self, Problem> {
        // Before draft 2020-12, `items` was a list for what is `prefixItems` since.
        if node.get("items").is_some_and(Value::is_array) {
            return Ok(Self { first: node.list("items")?, rest: node.under("additionalItems")? });
        }
        Ok(Self { first: node.list("prefixItems")?, rest: node.under("items")? })
    }

    fn at(&self, place: usize) -> Option<&Node<'a>> {
        self.first.get(place).or(self.rest.as_ref())
    }
}

fn children<'a>(written: &Written<'a>, keyword: &str) -> Result<Vec<Node<'a>>, Problem> {
    written.schemas().filter_map(|part| part.under(keyword).transpose()).collect()
}

/// A limit, and whether it is itself outside.
type Limit = (f64, bool);
/// Which of two limits allows less.
type Tighter = fn(f64, f64) -> f64;

fn limit(node: &Node<'_>, inclusive: &str, exclusive: &str, tighter: Tighter) -> Option<Limit> {
    let own = node.get(inclusive).and_then(Value::as_f64);
    match node.get(exclusive) {
        // Draft 4: whether the other one is.
        Some(Value::Bool(outside)) => own.map(|limit| (limit, *outside)),
        Some(value) => {
            let other = value.as_f64()?;
            Some(
                own.map_or(
                    (other, true),
                    |own| if tighter(own, other) == other { (other, true) } else { (own, false) },
                ),
            )
        }
        None => own.map(|limit| (limit, false)),
    }
}

fn numbers(written: &Written<'_>, reader: &Node<'_>) -> Result<(), Problem> {
    let sides: [(&str, &str, Tighter); 2] =
        [("minimum", "exclusiveMinimum", f64::max), ("maximum", "exclusiveMaximum", f64::min)];
    for (inclusive, exclusive, tighter) in sides {
        let Some((wanted, outside)) = limit(reader, inclusive, exclusive, tighter) else { continue };
        let kept = written
            .schemas()
            .filter_map(|part| limit(part, inclusive, exclusive, tighter))
            .any(|(own, out)| if own == wanted { out || !outside } else { tighter(own, wanted) == own });
        if !kept {
            return Err(Problem::new(format!(
                "the reader has the {inclusive} {wanted}, which the writer does not keep"
            )));
        }
    }
    let Some(wanted) = reader.get("multipleOf").and_then(Value::as_f64) else { return Ok(()) };
    let whole = |number: f64| (number / wanted).fract() == 0.0;
    let multiple = |part: &Node<'_>| part.get("multipleOf").and_then(Value::as_f64).is_some_and(whole);
    let integers = Types::INTEGER.holds(written.types.and(Types::NUMBER)) && whole(1.0);
    if integers || written.schemas().any(multiple) {
        return Ok(());
    }
    Err(Problem::new(format!("the reader wants multiples of {wanted}")))
}

fn texts(written: &Written<'_>, reader: &Node<'_>) -> Result<(), Problem> {
    counts(written, reader, "minLength", "maxLength")?;
    same(written, reader, "pattern")
}

/// A lower and an upper bound of a count.
fn counts(written: &Written<'_>, reader: &Node<'_>, least: &str, most_of: &str) -> Result<(), Problem> {
    let number = |node: &Node<'_>, keyword: &str| node.get(keyword).and_then(Value::as_f64);
    if let Some(wanted) = number(reader, least).filter(|wanted| *wanted > 0.0)
        && !written.schemas().any(|part| number(part, least).is_some_and(|own| own >= wanted))
    {
        return Err(Problem::new(format!("the reader has the {least} {wanted}, which the writer does not keep")));
    }
    if let Some(wanted) = number(reader, most_of)
        && most(written, most_of).is_none_or(|own| own > wanted)
    {
        return Err(Problem::new(format!("the reader has the {most_of} {wanted}, which the writer does not keep")));
    }
    Ok(())
}

fn most(written: &Written<'_>, keyword: &str) -> Option<f64> {
    written.schemas().filter_map(|part| part.get(keyword)?.as_f64()).reduce(f64::min)
}

/// What is not looked into has to be the same for both.
fn same(written: &Written<'_>, reader: &Node<'_>, keyword: &str) -> Result<(), Problem> {
    match reader.get(keyword) {
        Some(wanted) if !written.schemas().any(|part| part.get(keyword) == Some(wanted)) => {
            Err(Problem::new(format!("the reader's {keyword} is not the writer's")))
        }
        _ => Ok(()),
    }
}
