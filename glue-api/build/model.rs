//! The service's model as this build reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Shapes that are any JSON, which api.json has as structures without members.
const DOCUMENTS: [&str; 1] = ["IcebergDocument"];

/// Shapes and operations by name.
pub struct Model {
    shapes: BTreeMap<String, Value>,
    operations: BTreeMap<String, Value>,
}

/// A member of a structure.
pub struct Member<'a> {
    /// As on the wire.
    pub name: &'a str,
    /// The name of its shape.
    pub shape: &'a str,
    pub required: bool,
}

impl Model {
    pub fn read(json: &[u8]) -> Self {
        let mut model: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_slice(json).expect("api.json is a model");
        let mut part = |name| model.remove(name).unwrap_or_else(|| panic!("api.json has {name}"));
        let (mut shapes, operations) = (part("shapes"), part("operations"));
        for name in DOCUMENTS {
            let shape = shapes.get_mut(name).unwrap_or_else(|| panic!("api.json has {name}"));
            shape["type"] = "document".into();
        }
        Self { shapes, operations }
    }

    pub fn shapes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.shapes.iter().map(|(name, shape)| (name.as_str(), shape))
    }

    pub fn operations(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.operations.iter().map(|(name, operation)| (name.as_str(), operation))
    }

    pub fn shape(&self, name: &str) -> &Value {
        self.shapes.get(name).unwrap_or_else(|| panic!("the shape {name} is in the model"))
    }

    pub fn members<'a>(&self, shape: &'a Value) -> Vec<Member<'a>> {
        let required: BTreeSet<&str> = list(&shape["required"]).collect();
        let members = shape["members"].as_object().into_iter().flatten();
        let members = members.map(|(name, member)| {
            let shape = member["shape"].as_str().expect("a member has a shape");
            Member { name, shape, required: required.contains(name.as_str()) }
        });
        members.collect()
    }

    /// Whether a structure holds itself, by members alone, so that its type would have no size.
    pub fn holds_itself(&self, name: &str, member: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![member];
        while let Some(shape) = ahead.pop() {
            if shape == name {
                return true;
            }
            if seen.insert(shape) {
                ahead.extend(self.members(self.shape(shape)).into_iter().map(|member| member.shape));
            }
        }
        false
    }
}

/// The strings of a JSON list; none where it is absent.
pub fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The name of a shape's type, such as `structure`.
pub fn kind(shape: &Value) -> &str {
    shape["type"].as_str().expect("a shape has a type")
}
