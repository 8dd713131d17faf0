//! The Rust types: a struct for each structure, an enum for each closed set of strings.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use crate::model::{Model, kind, list};
use crate::names::{snake, variant};

pub fn generate(model: &Model) -> String {
    let mut out = String::new();
    for (name, shape) in model.shapes() {
        match kind(shape) {
            "structure" => structure(model, name, shape, &mut out),
            "string" if shape.get("enum").is_some() => string_enum(name, shape, &mut out),
            _ => {}
        }
    }
    out
}

fn structure(model: &Model, name: &str, shape: &Value, out: &mut String) {
    let mut fields = BTreeSet::new();
    let _ = writeln!(out, "#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]\n#[serde(default)]");
    let _ = writeln!(out, "pub struct {name} {{");
    for member in model.members(shape) {
        let field = snake(member.name);
        assert!(fields.insert(field.clone()), "{name} has two members called {field}");
        let mut rust = rust_type(model, member.shape);
        if kind(model.shape(member.shape)) == "structure" && model.holds_itself(name, member.shape) {
            rust = format!("::std::boxed::Box<{rust}>");
        }
        if member.required {
            let _ = writeln!(out, "    #[serde(rename = {:?})]\n    pub {field}: {rust},", member.name);
        } else {
            let _ = writeln!(
                out,
                "    #[serde(rename = {:?}, skip_serializing_if = \"::core::option::Option::is_none\")]\n    \
                 pub {field}: ::core::option::Option<{rust}>,",
                member.name
            );
        }
    }
    out.push_str("}\n");
}

fn string_enum(name: &str, shape: &Value, out: &mut String) {
    let _ = writeln!(out, "string_enum! {{ {name} {{");
    let mut variants = BTreeSet::new();
    for value in list(&shape["enum"]) {
        let mut variant = variant(value);
        while !variants.insert(variant.clone()) {
            variant.push('_');
        }
        let _ = writeln!(out, "    {variant} = {value:?},");
    }
    out.push_str("}}\n");
}

fn rust_type(model: &Model, name: &str) -> String {
    let shape = model.shape(name);
    let of = |key: &str| rust_type(model, shape[key].as_str().expect("a list or map says of what"));
    match kind(shape) {
        "structure" => name.to_owned(),
        "string" if shape.get("enum").is_some() => name.to_owned(),
        "string" => "::std::string::String".to_owned(),
        "list" => format!("::std::vec::Vec<{}>", of("member")),
        "map" => format!("::std::collections::BTreeMap<{}, {}>", of("key"), of("value")),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "double" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "timestamp" => "crate::Timestamp".to_owned(),
        "blob" => "crate::Blob".to_owned(),
        "document" => "::serde_json::Value".to_owned(),
        other => panic!("{name}: a shape of the type {other}"),
    }
}
