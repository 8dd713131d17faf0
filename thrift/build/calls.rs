//! The methods of the IDL's services, and the two IDL files that stand for them.

use std::{collections::BTreeSet, error::Error, path::PathBuf};

use pilota_build::IdentName;
use pilota_thrift_parser::{FileParser, FileSource, Function, Item, Ty};

/// Every method of every service, `extends` flattened, sorted by name.
pub struct Calls(pub Vec<Function>);

impl Calls {
    pub fn parse(idl: &str) -> Result<Calls, Box<dyn Error>> {
        let source = FileSource::new_with_path(PathBuf::from(super::IDL), idl)?;
        let file = FileParser::new(source).parse().map_err(|e| format!("{}: {e:?}", super::IDL))?;
        let mut functions: Vec<Function> = (file.items.into_iter())
            .filter_map(|item| match item {
                Item::Service(service) => Some(service.functions),
                _ => None,
            })
            .flatten()
            .collect();
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        let names: BTreeSet<_> = functions.iter().map(variant).collect();
        if names.len() != functions.len() {
            return Err("two methods of the IDL have the same name in Rust".into());
        }
        Ok(Calls(functions))
    }

    /// A struct of optional fields for each method's arguments.
    pub fn args_idl(&self) -> String {
        let mut out = header("args");
        for call in &self.0 {
            out += &format!("struct {} {{\n", variant(call));
            for arg in &call.arguments {
                out += &format!("  {}: optional {} {},\n", arg.id, idl_type(&arg.ty), &*arg.name);
            }
            out += "}\n";
        }
        out
    }

    /// A union for each method: field 0 is the result, the others are its exceptions.
    pub fn replies_idl(&self) -> String {
        let mut out = header("replies");
        for call in &self.0 {
            out += &format!("union {} {{\n  0: {} Ok,\n", variant(call), idl_type(&call.result_type));
            for exception in &call.throws {
                let name = exception_kind(&exception.ty);
                out += &format!("  {}: {} {name},\n", exception.id, idl_type(&exception.ty));
            }
            out += "}\n";
        }
        out
    }
}

/// The IDL without its service blocks.
pub fn without_services(idl: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in idl.lines() {
        inside |= line.starts_with("service ");
        if !inside {
            out += line;
            out.push('\n');
        }
        inside &= !line.starts_with('}');
    }
    out
}

/// The name of a method in Rust: `get_table` is `GetTable`.
pub fn variant(call: &Function) -> String {
    (&*call.name).upper_camel_ident().to_string()
}

/// `NoSuchObjectException` is the exception kind `NoSuchObject`.
pub fn exception_kind(ty: &Ty) -> String {
    let name = (&*path(ty)).upper_camel_ident().to_string();
    name.strip_suffix("Exception").unwrap_or(&name).to_string()
}

/// The Rust type that pilota generates for a type.
pub fn rust_type(ty: &Ty) -> String {
    match ty {
        Ty::Void => "()".into(),
        Ty::Bool => "bool".into(),
        Ty::Byte | Ty::I8 => "i8".into(),
        Ty::I16 => "i16".into(),
        Ty::I32 => "i32".into(),
        Ty::I64 => "i64".into(),
        Ty::Double => "f64".into(),
        Ty::String => "pilota::FastStr".into(),
        Ty::Binary => "bytes::Bytes".into(),
        Ty::List { value, .. } => format!("Vec<{}>", rust_type(value)),
        Ty::Map { key, value, .. } => {
            format!("pilota::AHashMap<{}, {}>", rust_type(key), rust_type(value))
        }
        Ty::Path(_) => format!("types::{}", (&*path(ty)).upper_camel_ident()),
        Ty::Set { .. } | Ty::Uuid => panic!("no method of the IDL returns {ty:?}"),
    }
}

fn header(namespace: &str) -> String {
    format!("include \"types.thrift\"\nnamespace rs {namespace}\n\n")
}

fn idl_type(ty: &Ty) -> String {
    match ty {
        Ty::Void => "void".into(),
        Ty::Bool => "bool".into(),
        Ty::Byte | Ty::I8 => "i8".into(),
        Ty::I16 => "i16".into(),
        Ty::I32 => "i32".into(),
        Ty::I64 => "i64".into(),
        Ty::Double => "double".into(),
        Ty::String => "string".into(),
        Ty::Binary => "binary".into(),
        Ty::Uuid => "uuid".into(),
        Ty::List { value, .. } => format!("list<{}>", idl_type(value)),
        Ty::Set { value, .. } => format!("set<{}>", idl_type(value)),
        Ty::Map { key, value, .. } => format!("map<{},{}>", idl_type(key), idl_type(value)),
        Ty::Path(_) => format!("types.{}", path(ty)),
    }
}

pub fn path(ty: &Ty) -> String {
    match ty {
        Ty::Path(path) => path.segments.iter().map(|s| s.to_string()).collect::<Vec<_>>().join("."),
        other => panic!("{other:?} is not a named type"),
    }
}
