//! Schemas with what they refer to, and what is known of the documents that a writer may write.

use jsonschema::Draft;
use referencing::{Resolver, ResourceRef};
use serde_json::{Map, Value};

use super::unresolved;
use crate::data_schema::Problem;

/// A schema within its document.
#[derive(Clone)]
pub struct Node<'a> {
    pub value: &'a Value,
    resolver: Resolver<'a>,
    draft: Draft,
}

impl<'a> Node<'a> {
    pub fn root(resolver: Resolver<'a>) -> Result<Self, Problem> {
        let resolved = resolver.lookup("").map_err(unresolved)?;
        let (value, resolver, draft) = resolved.into_inner();
        Ok(Self { value, resolver, draft })
    }

    /// A schema within this one.
    pub fn child(&self, value: &'a Value) -> Result<Self, Problem> {
        let resolver = self.resolver.in_subresource(ResourceRef::new(value, self.draft)).map_err(unresolved)?;
        Ok(Self { value, resolver, draft: self.draft })
    }

    pub fn draft(&self) -> Draft {
        self.draft
    }

    pub fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.value.get(keyword)
    }

    /// The schema under a keyword.
    pub fn under(&self, keyword: &str) -> Result<Option<Self>, Problem> {
        self.get(keyword).map(|value| self.child(value)).transpose()
    }

    /// The schemas in the list under a keyword.
    pub fn list(&self, keyword: &str) -> Result<Vec<Self>, Problem> {
        let list = self.get(keyword).and_then(Value::as_array);
        list.into_iter().flatten().map(|value| self.child(value)).collect()
    }

    /// The members of an object under a keyword.
    pub fn members(&self, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::iter)
    }

    /// Texts in a list under a keyword.
    pub fn texts(&self, keyword: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// What this schema refers to.
    pub fn target(&self) -> Result<Option<Self>, Problem> {
        let reference = |keyword| self.get(keyword).and_then(Value::as_str);
        let resolved = if let Some(reference) = reference("$ref").or_else(|| reference("$dynamicRef")) {
            self.resolver.lookup(reference)
        } else if reference("$recursiveRef").is_some() {
            self.resolver.lookup_recursive_ref()
        } else {
            return Ok(None);
        };
        let (value, resolver, draft) = resolved.map_err(unresolved)?.into_inner();
        Ok(Some(Self { value, resolver, draft }))
    }

    /// Up to draft 7, what stands beside a reference does not count.
    pub fn is_only_reference(&self) -> bool {
        matches!(self.draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7) && self.get("$ref").is_some()
    }

    pub fn address(&self) -> usize {
        std::ptr::from_ref(self.value) as usize
    }

    /// Whether it allows everything, as far as one sees at once.
    pub fn is_anything(&self) -> bool {
        match self.value {
            Value::Bool(allowed) => *allowed,
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }
}

/// A set of JSON's types. Numbers are integers and others, so that the two overlap as they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Types(u8);

impl Types {
    pub const INTEGER: Self = Self(1);
    pub const NUMBER: Self = Self(1 | 2);
    pub const STRING: Self = Self(4);
    pub const ARRAY: Self = Self(8);
    pub const OBJECT: Self = Self(16);
    const BOOLEAN: Self = Self(32);
    const NULL: Self = Self(64);
    pub const ALL: Self = Self(127);

    const NAMES: [(&'static str, Self); 7] = [
        ("number", Self::NUMBER),
        ("integer", Self::INTEGER),
        ("string", Self::STRING),
        ("array", Self::ARRAY),
        ("object", Self::OBJECT),
        ("boolean", Self::BOOLEAN),
        ("null", Self::NULL),
    ];

    fn named(name: &str) -> Self {
        Self::NAMES.iter().find(|(known, _)| *known == name).map_or(Self(0), |(_, types)| *types)
    }

    /// What the keyword `type` allows.
    pub fn allowed(node: &Node<'_>) -> Self {
        match node.get("type") {
            Some(Value::String(name)) => Self::named(name),
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).fold(Self(0), |all, name| Self(all.0 | Self::named(name).0))
            }
            _ => Self::ALL,
        }
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => Self::INTEGER,
            Value::Number(_) => Self(2),
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    pub fn holds(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// One set a type, of those that it has.
    pub fn each(self) -> impl Iterator<Item = Self> {
        Self::NAMES
            .into_iter()
            .filter(|(name, _)| *name != "integer")
            .map(move |(_, types)| types.and(self))
            .filter(|types| !types.is_none())
    }
}

impl std::fmt::Display for Types {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut named = Self(0);
        for (name, types) in Self::NAMES {
            if self.holds(types) && !named.holds(types) {
                write!(f, "{}{name}", if named.is_none() { "" } else { " or " })?;
                named = Self(named.0 | types.0);
            }
        }
        Ok(())
    }
}

/// What is known of what is written: it satisfies all of these at once.
#[derive(Clone)]
pub struct Written<'a> {
    /// Schemas that are objects, with what they refer to and their `allOf`.
    pub parts: Vec<Node<'a>>,
    /// Alternatives that were looked at one by one, by the address of their list.
    pub taken: Vec<usize>,
    pub types: Types,
    /// All that it can be, where that is listed.
    pub values: Option<Vec<&'a Value>>,
}

impl<'a> Written<'a> {
    pub fn of(nodes: impl IntoIterator<Item = Node<'a>>) -> Result<Self, Problem> {
        let mut written = Self { parts: Vec::new(), taken: Vec::new(), types: Types::ALL, values: None };
        for node in nodes {
            written.add(node)?;
        }
        Ok(written)
    }

    /// The same, satisfying one schema more.
    pub fn add(&mut self, node: Node<'a>) -> Result<(), Problem> {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match node.value {
                Value::Bool(false) => self.types = Types(0),
                Value::Object(_) if !self.parts.iter().any(|part| part.address() == node.address()) => {
                    open.extend(node.target()?);
                    if !node.is_only_reference() {
                        open.extend(node.list("allOf")?);
                        self.narrow(&node);
                    }
                    self.parts.push(node);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn narrow(&mut self, node: &Node<'a>) {
        self.types = self.types.and(Types::allowed(node));
        let listed = node.get("enum").and_then(Value::as_array).map(|values| values.iter().collect::<Vec<_>>());
        for listed in [node.get("const").map(|value| vec![value]), listed].into_iter().flatten() {
            self.values = Some(match self.values.take() {
                Some(known) => known.into_iter().filter(|value| listed.contains(value)).collect(),
                None => listed,
            });
        }
        let types = self.types;
        if let Some(values) = &mut self.values {
            values.retain(|value| types.holds(Types::of(value)));
            self.types = values.iter().fold(Types(0), |all, value| Types(all.0 | Types::of(value).0));
        }
    }

    /// The same, of these types only.
    pub fn of_types(&self, types: Types) -> Self {
        let mut narrowed = Self { types: self.types.and(types), ..self.clone() };
        if let Some(values) = &mut narrowed.values {
            values.retain(|value| types.holds(Types::of(value)));
        }
        narrowed
    }

    /// The parts whose keywords count.
    pub fn schemas(&self) -> impl Iterator<Item = &Node<'a>> {
        self.parts.iter().filter(|part| !part.is_only_reference())
    }

    /// What tells it from others.
    pub fn key(&self) -> Vec<usize> {
        let mut key: Vec<usize> = self.parts.iter().map(Node::address).collect();
        key.sort_unstable();
        let mut taken = self.taken.clone();
        taken.sort_unstable();
        key.push(0);
        key.extend(taken);
        key.push(0);
        key.extend(self.values.iter().flatten().map(|value| std::ptr::from_ref(*value) as usize));
        key.push(usize::from(self.types.0));
        key
    }
}
