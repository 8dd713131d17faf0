//! The objects of an expression, as Kryo wrote them.

use std::rc::Rc;

use super::classes::{self, Class, Client, Field, Role};
use super::kryo::{Input, Version};
use super::{MAX_OBJECTS, Result, malformed, unknown};
use crate::filter::MAX_DEPTH;

/// A level of the expression is two objects: a function and its list of children. Constants and what functions keep
/// hang below the last.
const MAX_NESTED: usize = 2 * MAX_DEPTH + 16;

/// The most values in lists and fields. A constant in a list is three; one that is null may take no room in the bytes.
const MAX_VALUES: usize = 4 * MAX_OBJECTS;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    /// An object, by its place among those of its graph.
    Object(usize),
}

#[derive(Debug)]
pub enum Object {
    /// Not read to its end.
    Open,
    Text(String),
    List(Vec<Value>),
    Instance {
        role: Role,
        /// The class, without its package.
        name: String,
        fields: Vec<Value>,
    },
    /// What no expression is made of.
    Other,
    /// A date of Java: the milliseconds since 1970, UTC, of its midnight where the client is.
    JavaDate(i64),
    JavaTimestamp,
}

#[derive(Debug)]
pub struct Graph {
    /// In the order in which they begin, by which they are referred to.
    pub objects: Vec<Object>,
    pub root: Value,
}

/// Reads bytes as one of the known clients writes them: the right one is the one that leaves nothing over.
pub fn read(bytes: &[u8]) -> Result<Graph> {
    // Since Hive 4 the class of the root comes first: the mark of a name, and the number of the first name. Before, it
    // is the root itself: the mark of a new object, and the mark of the name of its first list's class.
    let (version, typed) = match bytes.get(1) {
        Some(0) => (Version::Five, true),
        _ => (Version::Three, false),
    };
    let attempt = |counts_characters| {
        let client = Client { version, counts_characters };
        Reader { input: Input::new(bytes, version), client, objects: Vec::new(), classes: Vec::new(), values: 0 }
            .graph(typed)
    };
    // Read as the wrong client's, bytes may look like anything.
    attempt(false).or_else(|why| attempt(true).map_err(|_| why))
}

/// A class, as it is written before an object.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Integer(Field),
    Boolean,
    Float,
    Double,
    Text,
    List,
    FixedList,
    Array,
    JavaDate,
    JavaTimestamp,
    Instance(Class, String),
    /// Objects of it cannot be read, but may not come either: lists name the class of what they may hold.
    Unknown(String),
}

impl Kind {
    /// Whether what is in an object of it is of use.
    fn is_kept(&self) -> bool {
        match self {
            Kind::Instance(class, _) => class.role != Role::Other,
            Kind::List | Kind::FixedList => true,
            _ => false,
        }
    }

    fn finish(&self, values: Vec<Value>) -> Object {
        match self {
            Kind::List | Kind::FixedList => Object::List(values),
            Kind::Instance(class, name) if class.role != Role::Other => {
                Object::Instance { role: class.role, name: name.clone(), fields: values }
            }
            _ => Object::Other,
        }
    }
}

/// What is still to be read of an object.
pub(super) enum Parts {
    Fields(&'static [Field]),
    /// Elements, each after its class.
    Any(usize),
    /// Elements of one class.
    Alike {
        left: usize,
        kind: Rc<Kind>,
        nullable: bool,
    },
    Nulls(usize),
}

enum Step {
    Value(Value),
    /// One that comes next, and may be null where that is true.
    Object(Rc<Kind>, bool),
}

pub(super) enum Begun {
    Known(Value),
    New(usize),
}

pub(super) struct Reader<'a> {
    pub(super) input: Input<'a>,
    pub(super) client: Client,
    pub(super) objects: Vec<Object>,
    /// Those written by name so far.
    classes: Vec<Rc<Kind>>,
    /// Kept so far.
    values: usize,
}

impl Reader<'_> {
    fn graph(mut self, typed: bool) -> Result<Graph> {
        let kind = if typed {
            self.class()?
        } else {
            Some(Rc::new(self.named("org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc")?))
        };
        let root = match kind {
            Some(kind) => self.object(&kind, false, MAX_NESTED)?,
            None => Value::Null,
        };
        if !self.input.is_at_end() {
            return malformed(format!("{} bytes are left behind its end", self.input.remaining()));
        }
        Ok(Graph { objects: self.objects, root })
    }

    /// The class that comes next; None is that of null.
    pub(super) fn class(&mut self) -> Result<Option<Rc<Kind>>> {
        Ok(Some(match self.input.count()? {
            0 => return Ok(None),
            1 => {
                let number = self.input.count()? as usize;
                if number > self.classes.len() {
                    return malformed(format!("it refers to class {number} of {}", self.classes.len()));
                }
                if number == self.classes.len() {
                    let Some(name) = self.input.text()? else { return malformed("a class in it has no name") };
                    let kind = self.named(&name)?;
                    self.classes.push(Rc::new(kind));
                }
                Rc::clone(&self.classes[number])
            }
            registered => Rc::new(self.registered(registered - 2)?),
        }))
    }

    /// The classes that both sides have numbers for. Kryo 3 counts void among them.
    fn registered(&self, number: u32) -> Result<Kind> {
        Ok(match (number, self.client.version) {
            (0, _) => Kind::Integer(Field::Int),
            (1, _) => Kind::Text,
            (2, _) => Kind::Float,
            (3, _) => Kind::Boolean,
            (4, _) => Kind::Integer(Field::Byte),
            (6, _) => Kind::Integer(Field::Short),
            (7, _) => Kind::Integer(Field::Long),
            (8, _) => Kind::Double,
            (10, Version::Three) | (9, Version::Five) => Kind::JavaDate,
            (11, Version::Three) | (10, Version::Five) => Kind::JavaTimestamp,
            // Hive 2.3 has the number 13, 3.1 has 14.
            (13 | 14, Version::Three) | (13, Version::Five) => Kind::FixedList,
            _ => return unknown(format!("it holds an object of the class with number {number}")),
        })
    }

    fn named(&self, name: &str) -> Result<Kind> {
        if classes::is_list(name) {
            return Ok(Kind::List);
        }
        if name.starts_with("[L") {
            return Ok(Kind::Array);
        }
        let short = name.rsplit('.').next().unwrap_or(name);
        Ok(match classes::find(name, self.client) {
            Some(class) => Kind::Instance(class, short.to_owned()),
            None if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._$[;".contains(&byte)) => {
                return malformed("a class in it has a name that no class has");
            }
            None if short.len() > 100 => return malformed("the name of a class in it is too long"),
            None => Kind::Unknown(short.strip_prefix("GenericUDF").unwrap_or(short).to_owned()),
        })
    }

    /// An object of a known class, or a reference to one; with `nullable` there may be none.
    ///
    /// The only function that calls itself, so that nested objects take little of the stack.
    fn object(&mut self, kind: &Rc<Kind>, nullable: bool, nested: usize) -> Result<Value> {
        let place = match self.begin(kind, nullable)? {
            Begun::Known(value) => return Ok(value),
            Begun::New(place) => place,
        };
        let Some(mut parts) = self.parts(kind, place)? else { return Ok(Value::Object(place)) };
        let Some(nested) = nested.checked_sub(1) else {
            return malformed(format!("it nests deeper than {MAX_DEPTH} levels"));
        };
        let mut values = Vec::new();
        while let Some(step) = self.step(&mut parts)? {
            let value = match step {
                Step::Value(value) => value,
                Step::Object(kind, nullable) => self.object(&kind, nullable, nested)?,
            };
            if kind.is_kept() {
                self.values += 1;
                if self.values > MAX_VALUES {
                    return malformed(format!("it holds more than {MAX_VALUES} values"));
                }
                values.push(value);
            }
        }
        self.objects[place] = kind.finish(values);
        Ok(Value::Object(place))
    }

    /// The mark before an object. Numbers and booleans are no objects: they are read here.
    pub(super) fn begin(&mut self, kind: &Kind, nullable: bool) -> Result<Begun> {
        if let Kind::Unknown(name) = kind {
            return unknown(format!("it uses {name}"));
        }
        let boxed = matches!(kind, Kind::Integer(_) | Kind::Boolean | Kind::Float | Kind::Double);
        if nullable || !boxed {
            match self.input.count()? {
                0 if nullable => return Ok(Begun::Known(Value::Null)),
                1 => {}
                mark if !boxed => return self.earlier(mark).map(Begun::Known),
                mark => return malformed(format!("the mark {mark} before a number in it is none")),
            }
        }
        let value = match kind {
            Kind::Integer(field) => self.primitive(*field)?,
            Kind::Boolean => self.primitive(Field::Boolean)?,
            Kind::Float => self.primitive(Field::Float)?,
            Kind::Double => self.primitive(Field::Double)?,
            _ => return self.open().map(Begun::New),
        };
        Ok(Begun::Known(value))
    }

    /// An object that was written before.
    pub(super) fn earlier(&self, mark: u32) -> Result<Value> {
        match (mark as usize).checked_sub(2) {
            Some(place) if place < self.objects.len() => Ok(Value::Object(place)),
            Some(place) => malformed(format!("it refers to object {place} of {}", self.objects.len())),
            None => malformed("an object in it is missing"),
        }
    }

    pub(super) fn open(&mut self) -> Result<usize> {
        if self.objects.len() >= MAX_OBJECTS {
            return malformed(format!("it holds more than {MAX_OBJECTS} objects"));
        }
        self.objects.push(Object::Open);
        Ok(self.objects.len() - 1)
    }

    /// What an object consists of; None for one that is read here.
    pub(super) fn parts(&mut self, kind: &Kind, place: usize) -> Result<Option<Parts>> {
        let object = match kind {
            Kind::Instance(class, _) => return Ok(Some(Parts::Fields(class.fields))),
            Kind::List => return self.list().map(Some),
            // Its serializer is Hive's own: the length, the class of the array behind the list, and its elements.
            Kind::FixedList => {
                let left = self.input.count()? as usize;
                self.class()?;
                return Ok(Some(Parts::Any(left)));
            }
            Kind::Array => return Ok(Some(Parts::Any(self.input.length()?.unwrap_or_default()))),
            Kind::Text => self.input.text()?.map_or(Object::Other, Object::Text),
            Kind::JavaDate => Object::JavaDate(self.input.fixed_long()?),
            Kind::JavaTimestamp => {
                self.input.fixed_long()?;
                self.input.fixed_int()?;
                Object::JavaTimestamp
            }
            Kind::Integer(_) | Kind::Boolean | Kind::Float | Kind::Double | Kind::Unknown(_) => Object::Other,
        };
        self.objects[place] = object;
        Ok(None)
    }

    fn list(&mut self) -> Result<Parts> {
        if self.client.version == Version::Three {
            return Ok(Parts::Any(self.input.count()? as usize));
        }
        // Flagged: all elements are of one class, which is written once, and then whether some are null.
        let (alike, length) = self.input.list_length()?;
        if !alike {
            return Ok(Parts::Any(length));
        }
        let Some(kind) = self.class()? else {
            return Ok(Parts::Nulls(length));
        };
        Ok(Parts::Alike { left: length, kind, nullable: self.input.boolean()? })
    }

    /// The next part; None after the last.
    fn step(&mut self, parts: &mut Parts) -> Result<Option<Step>> {
        let field = match parts {
            Parts::Fields([]) | Parts::Any(0) | Parts::Nulls(0) | Parts::Alike { left: 0, .. } => return Ok(None),
            Parts::Nulls(left) => {
                *left -= 1;
                return Ok(Some(Step::Value(Value::Null)));
            }
            Parts::Alike { left, kind, nullable } => {
                *left -= 1;
                return Ok(Some(Step::Object(Rc::clone(kind), *nullable)));
            }
            Parts::Any(left) => {
                *left -= 1;
                Field::Any
            }
            Parts::Fields([field, rest @ ..]) => {
                *parts = Parts::Fields(rest);
                *field
            }
        };
        Ok(Some(match field {
            Field::Any => match self.class()? {
                Some(kind) => Step::Object(kind, false),
                None => Step::Value(Value::Null),
            },
            Field::Text => Step::Object(Rc::new(Kind::Text), true),
            field => Step::Value(self.simple(field)?),
        }))
    }
}

pub(super) fn text(objects: &[Object], value: Value) -> Option<&str> {
    match value {
        Value::Object(place) => match objects.get(place)? {
            Object::Text(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

impl Graph {
    pub fn text(&self, value: Value) -> Option<&str> {
        text(&self.objects, value)
    }

    pub fn list(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::Object(place) => match self.objects.get(place)? {
                Object::List(values) => Some(values),
                _ => None,
            },
            _ => None,
        }
    }

    /// An object's role, the name of its class and its fields.
    pub fn instance(&self, value: Value) -> Option<(Role, &str, &[Value])> {
        match value {
            Value::Object(place) => match self.objects.get(place)? {
                Object::Instance { role, name, fields } => Some((*role, name, fields)),
                _ => None,
            },
            _ => None,
        }
    }
}
