//! Avro: schema resolution, after the specification's chapter of that name (1.12).
//!
//! The library's own check takes a reference to be the type of the same name without a look at it, and lets units of time
//! change; so the rules are here.

use std::collections::{HashMap, HashSet};

use apache_avro::Schema;
use apache_avro::schema::{Aliases, EnumSchema, InnerDecimalSchema, Name, RecordSchema, UuidSchema};

use super::{Invalid, Problem};

/// Types within each other at most, through references too.
const MAX_DEPTH: usize = 250;

#[derive(Debug)]
pub struct Avro(Schema);

impl Avro {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        // The library also takes the bare name of a type, unquoted.
        super::json(text)?;
        Schema::parse_str(text).map(Self).map_err(|error| Invalid(error.to_string()))
    }

    pub fn reads(&self, writer: &Self) -> Result<(), Problem> {
        let mut resolution = Resolution {
            writer: names(&writer.0),
            reader: names(&self.0),
            assumed: HashSet::new(),
            trail: Vec::new(),
            refused: HashMap::new(),
            depth: 0,
        };
        resolution.reads(&writer.0, &self.0)
    }
}

type Names<'a> = HashMap<&'a Name, &'a Schema>;
/// A writer's and a reader's type, by their addresses.
type Pair = (*const Schema, *const Schema);

/// What references may refer to.
fn names(root: &Schema) -> Names<'_> {
    let mut names = HashMap::new();
    let mut open = vec![root];
    while let Some(schema) = open.pop() {
        if let Some(name) = schema.name().filter(|_| !matches!(schema, Schema::Ref { .. })) {
            names.insert(name, schema);
        }
        match schema {
            Schema::Record(record) => open.extend(record.fields.iter().map(|field| &field.schema)),
            Schema::Array(array) => open.push(&array.items),
            Schema::Map(map) => open.push(&map.types),
            Schema::Union(union) => open.extend(union.variants()),
            _ => {}
        }
    }
    names
}

/// How data is laid out, whatever it means.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Physical {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Array,
    Map,
    Union,
    Record,
    Enum,
}

impl Physical {
    fn of(schema: &Schema) -> Self {
        match schema {
            Schema::Null => Self::Null,
            Schema::Boolean => Self::Boolean,
            Schema::Int | Schema::Date | Schema::TimeMillis => Self::Int,
            Schema::Long
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Self::Long,
            Schema::Float => Self::Float,
            Schema::Double => Self::Double,
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Self::Bytes,
            Schema::String | Schema::Uuid(UuidSchema::String) => Self::String,
            Schema::Fixed(fixed) | Schema::Duration(fixed) | Schema::Uuid(UuidSchema::Fixed(fixed)) => {
                Self::Fixed(fixed.size)
            }
            Schema::Decimal(decimal) => match &decimal.inner {
                InnerDecimalSchema::Bytes => Self::Bytes,
                InnerDecimalSchema::Fixed(fixed) => Self::Fixed(fixed.size),
            },
            Schema::Array(_) => Self::Array,
            Schema::Map(_) => Self::Map,
            Schema::Union(_) => Self::Union,
            Schema::Record(_) | Schema::Ref { .. } => Self::Record,
            Schema::Enum(_) => Self::Enum,
        }
    }

    /// As the specification calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Fixed(_) => "fixed",
            Self::Array => "array",
            Self::Map => "map",
            Self::Union => "union",
            Self::Record => "record",
            Self::Enum => "enum",
        }
    }

    /// Whether a writer's value of this layout is read as the other.
    fn promotes_to(self, reader: Self) -> bool {
        self == reader
            || matches!(
                (self, reader),
                (Self::Int, Self::Long | Self::Float | Self::Double)
                    | (Self::Long, Self::Float | Self::Double)
                    | (Self::Float, Self::Double)
                    | (Self::String, Self::Bytes)
                    | (Self::Bytes, Self::String)
            )
    }
}

/// What a number counts, where a logical type says it. To read it as another unit would go unnoticed.
fn unit(schema: &Schema) -> Option<String> {
    let unit = match schema {
        Schema::Date => "days",
        Schema::TimeMillis | Schema::TimestampMillis | Schema::LocalTimestampMillis => "milliseconds",
        Schema::TimeMicros | Schema::TimestampMicros | Schema::LocalTimestampMicros => "microseconds",
        Schema::TimestampNanos | Schema::LocalTimestampNanos => "nanoseconds",
        Schema::Decimal(decimal) => return Some(format!("decimal({},{})", decimal.precision, decimal.scale)),
        _ => return None,
    };
    Some(unit.to_owned())
}

struct Resolution<'a> {
    writer: Names<'a>,
    reader: Names<'a>,
    /// Pairs of records that are read, or are being looked at: a record within itself is read if all else is.
    assumed: HashSet<Pair>,
    /// The same in order, to take back what was concluded from an assumption that fails.
    trail: Vec<Pair>,
    refused: HashMap<Pair, Problem>,
    depth: usize,
}

impl<'a> Resolution<'a> {
    fn reads(&mut self, writer: &'a Schema, reader: &'a Schema) -> Result<(), Problem> {
        if self.depth == MAX_DEPTH {
            return Err(Problem::new(format!("more than {MAX_DEPTH} types are within each other")));
        }
        self.depth += 1;
        let outcome = self.compare(writer, reader);
        self.depth -= 1;
        outcome
    }

    fn compare(&mut self, writer: &'a Schema, reader: &'a Schema) -> Result<(), Problem> {
        let (writer, reader) = (resolve(&self.writer, writer), resolve(&self.reader, reader));
        match (writer, reader) {
            (Schema::Union(union), _) => {
                for branch in union.variants() {
                    self.reads(branch, reader)?;
                }
                Ok(())
            }
            (_, Schema::Union(union)) => self.reads_as_one_of(writer, union.variants()),
            (Schema::Record(written), Schema::Record(read)) => {
                let pair: Pair = (writer, reader);
                if let Some(problem) = self.refused.get(&pair) {
                    return Err(problem.clone());
                }
                if !self.assumed.insert(pair) {
                    return Ok(());
                }
                let mark = self.trail.len();
                self.trail.push(pair);
                self.record(written, read).inspect_err(|problem| {
                    for concluded in self.trail.drain(mark..) {
                        self.assumed.remove(&concluded);
                    }
                    self.refused.insert(pair, problem.clone());
                })
            }
            (Schema::Array(written), Schema::Array(read)) => {
                self.reads(&written.items, &read.items).map_err(|problem| problem.under("[]"))
            }
            (Schema::Map(written), Schema::Map(read)) => {
                self.reads(&written.types, &read.types).map_err(|problem| problem.under("{}"))
            }
            (Schema::Enum(written), Schema::Enum(read)) => enumeration(written, read),
            _ => value(writer, reader),
        }
    }

    fn reads_as_one_of(&mut self, writer: &'a Schema, branches: &'a [Schema]) -> Result<(), Problem> {
        let mut closest = None;
        for branch in branches {
            // A union can have thousands of named types: those that cannot fit are not looked at.
            if fits(writer, resolve(&self.reader, branch)) {
                match self.reads(writer, branch) {
                    Ok(()) => return Ok(()),
                    Err(problem) => _ = closest.get_or_insert(problem),
                }
            }
        }
        Err(closest.unwrap_or_else(|| {
            Problem::new(format!("the reader's union has no branch for the writer's {}", shown(writer)))
        }))
    }

    fn record(&mut self, writer: &'a RecordSchema, reader: &'a RecordSchema) -> Result<(), Problem> {
        named(&writer.name, &reader.name, &reader.aliases)?;
        for field in &reader.fields {
            let names = std::iter::once(&field.name).chain(&field.aliases);
            let written = names.into_iter().find_map(|name| writer.fields.iter().find(|field| field.name == *name));
            match written {
                Some(written) => {
                    self.reads(&written.schema, &field.schema).map_err(|problem| problem.under(&field.name))?;
                }
                None if field.default.is_some() => {}
                None => {
                    let what = "the writer does not have this field, and the reader has no default for it";
                    return Err(Problem::new(what).under(&field.name));
                }
            }
        }
        Ok(())
    }
}

fn resolve<'a>(names: &Names<'a>, schema: &'a Schema) -> &'a Schema {
    match schema {
        Schema::Ref { name } => names.get(name).copied().unwrap_or(schema),
        _ => schema,
    }
}

/// Named types meet by their names without the namespace, or by an alias of the reader's.
fn meet(writer: &Name, reader: &Name, aliases: &Aliases) -> bool {
    writer.name() == reader.name()
        || aliases.iter().flatten().any(|alias| alias.fullname(None) == writer.fullname(None))
}

fn named(writer: &Name, reader: &Name, aliases: &Aliases) -> Result<(), Problem> {
    if meet(writer, reader, aliases) {
        return Ok(());
    }
    let (writer, reader) = (writer.fullname(None), reader.fullname(None));
    Err(Problem::new(format!("the writer's type is called {writer} and the reader's {reader}")))
}

/// Whether a branch of a union may be for the writer's type, by its layout and name.
fn fits(writer: &Schema, branch: &Schema) -> bool {
    match (writer, branch) {
        (Schema::Record(writer), Schema::Record(reader)) => meet(&writer.name, &reader.name, &reader.aliases),
        (Schema::Enum(writer), Schema::Enum(reader)) => meet(&writer.name, &reader.name, &reader.aliases),
        (Schema::Fixed(writer), Schema::Fixed(reader)) => meet(&writer.name, &reader.name, &reader.aliases),
        _ => Physical::of(writer).promotes_to(Physical::of(branch)),
    }
}

fn enumeration(writer: &EnumSchema, reader: &EnumSchema) -> Result<(), Problem> {
    named(&writer.name, &reader.name, &reader.aliases)?;
    let missing = writer.symbols.iter().find(|symbol| !reader.symbols.contains(symbol));
    match missing {
        Some(symbol) if reader.default.is_none() => {
            Err(Problem::new(format!("the reader has no symbol {symbol}, and no default")))
        }
        _ => Ok(()),
    }
}

fn value(writer: &Schema, reader: &Schema) -> Result<(), Problem> {
    if !Physical::of(writer).promotes_to(Physical::of(reader)) {
        return Err(Problem::new(format!("the writer's {} is not read as {}", shown(writer), shown(reader))));
    }
    if let (Schema::Fixed(written), Schema::Fixed(read)) = (writer, reader) {
        named(&written.name, &read.name, &read.aliases)?;
    }
    match (unit(writer), unit(reader)) {
        (Some(writer), Some(reader)) if writer != reader => {
            Err(Problem::new(format!("the writer counts {writer}, the reader {reader}")))
        }
        _ => Ok(()),
    }
}

fn shown(schema: &Schema) -> String {
    match (schema.name(), Physical::of(schema)) {
        (Some(name), physical) => format!("{} {}", physical.name(), name.fullname(None)),
        (None, physical) => physical.name().to_owned(),
    }
}
