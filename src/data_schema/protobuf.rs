//! Protocol Buffers: what the encoding allows ("Updating A Message Type" of the language guide), and for services that
//! what one calls is there. Names of fields are not on the wire, names of messages are only where `Any` holds one; but a
//! field whose message got another name is taken to be another message.

use std::collections::BTreeSet;

use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::{
    Cardinality, DescriptorPool, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, ServiceDescriptor,
};

use super::{Invalid, Problem};

/// What the definition is called where the compiler wants a file.
const FILE: &str = "schema.proto";

/// Brackets within each other at most: the compiler recurses into options.
const MAX_DEPTH: usize = 100;

#[derive(Debug)]
pub struct Protobuf {
    pool: DescriptorPool,
    file: FileDescriptor,
}

/// The definition itself, and Google's well-known types to import.
struct Files {
    source: String,
    google: GoogleFileResolver,
}

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == FILE { File::from_source(FILE, &self.source) } else { self.google.open_file(name) }
    }
}

impl Protobuf {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if depth(text) > MAX_DEPTH {
            return Err(Invalid(format!("more than {MAX_DEPTH} brackets are within each other")));
        }
        let mut compiler =
            Compiler::with_file_resolver(Files { source: text.to_owned(), google: GoogleFileResolver::new() });
        // Its debug form is the message with line and column.
        compiler.open_file(FILE).map_err(|error| Invalid(format!("{error:?}")))?;
        let pool = compiler.descriptor_pool();
        let file = pool
            .get_file_by_name(FILE)
            .ok_or_else(|| Invalid("the compiler did not find the definition".to_owned()))?;
        Ok(Self { pool, file })
    }

    pub fn reads(&self, writer: &Self) -> Result<(), Problem> {
        if self.file.package_name() != writer.file.package_name() {
            return Err(Problem::new(format!(
                "the writer's package is {:?} and the reader's {:?}",
                writer.file.package_name(),
                self.file.package_name()
            )));
        }
        let mut open: Vec<MessageDescriptor> = writer.file.messages().collect();
        while let Some(written) = open.pop() {
            if written.is_map_entry() {
                continue;
            }
            let name = written.full_name();
            let read = self
                .pool
                .get_message_by_name(name)
                .ok_or_else(|| Problem::new(format!("the reader has no message {name}")))?;
            message(&written, &read).map_err(|problem| problem.under(name))?;
            open.extend(written.child_messages());
        }
        for written in writer.file.services() {
            let name = written.full_name();
            let read = self
                .pool
                .get_service_by_name(name)
                .ok_or_else(|| Problem::new(format!("the reader has no service {name}")))?;
            service(&written, &read).map_err(|problem| problem.under(name))?;
        }
        Ok(())
    }
}

fn message(writer: &MessageDescriptor, reader: &MessageDescriptor) -> Result<(), Problem> {
    for read in reader.fields() {
        match writer.get_field(read.number()) {
            Some(written) => field(&written, &read).map_err(|problem| problem.under(read.name()))?,
            None if read.cardinality() == Cardinality::Required => {
                return Err(
                    Problem::new("the reader requires this field, which the writer does not have").under(read.name())
                );
            }
            None => {}
        }
    }
    oneofs(writer, reader)
}

fn field(writer: &FieldDescriptor, reader: &FieldDescriptor) -> Result<(), Problem> {
    if reader.cardinality() == Cardinality::Required && writer.cardinality() != Cardinality::Required {
        return Err(Problem::new("the reader requires this field, which the writer may leave out"));
    }
    if writer.is_map()
        && reader.is_map()
        && let (Kind::Message(written), Kind::Message(read)) = (writer.kind(), reader.kind())
    {
        // The entries are messages named after their fields, which may have other names.
        return message(&written, &read);
    }
    let (written, read) = (Encoding::of(writer), Encoding::of(reader));
    if written != read {
        return Err(Problem::new(format!("the writer's {} is not read as {}", shown(writer), shown(reader))));
    }
    // A list of numbers may be packed into one entry, which is none of a single number.
    let packs = matches!(read, Encoding::Varint | Encoding::ZigZag | Encoding::Fixed(_));
    if packs && writer.is_list() != reader.is_list() {
        let word = |field: &FieldDescriptor| if field.is_list() { "a list" } else { "a single value" };
        return Err(Problem::new(format!("the writer has {} and the reader {}", word(writer), word(reader))));
    }
    Ok(())
}

/// What has the same encoding can stand for each other.
#[derive(Debug, PartialEq)]
enum Encoding {
    Varint,
    ZigZag,
    /// By its meaning, which fixed lengths share.
    Fixed(&'static str),
    Bytes,
    Message(String),
    Group(String),
}

impl Encoding {
    fn of(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Bool | Kind::Enum(_) => Self::Varint,
            Kind::Sint32 | Kind::Sint64 => Self::ZigZag,
            Kind::Fixed32 | Kind::Sfixed32 => Self::Fixed("32-bit integer"),
            Kind::Fixed64 | Kind::Sfixed64 => Self::Fixed("64-bit integer"),
            Kind::Float => Self::Fixed("float"),
            Kind::Double => Self::Fixed("double"),
            Kind::String | Kind::Bytes => Self::Bytes,
            Kind::Message(message) if field.is_group() => Self::Group(message.full_name().to_owned()),
            Kind::Message(message) => Self::Message(message.full_name().to_owned()),
        }
    }
}

/// Of the fields of a oneof, reading one forgets the others. So those that could be set together must not meet in one.
/// And what a writer sets in a oneof has to be known, or the reader takes it to be empty.
fn oneofs(writer: &MessageDescriptor, reader: &MessageDescriptor) -> Result<(), Problem> {
    for oneof in reader.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let written: Vec<_> = oneof.fields().filter_map(|field| writer.get_field(field.number())).collect();
        let within = |field: &FieldDescriptor| {
            field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| oneof.name().to_owned())
        };
        let homes: BTreeSet<_> = written.iter().map(within).collect();
        if written.len() > 1 && (homes.len() > 1 || homes.contains(&None)) {
            let what = "fields that the writer may set together are one of several for the reader";
            return Err(Problem::new(what).under(oneof.name()));
        }
    }
    for oneof in writer.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        if let Some(gone) = oneof.fields().find(|field| reader.get_field(field.number()).is_none()) {
            return Err(Problem::new(format!("the reader does not have {}, one of the writer's", gone.name()))
                .under(oneof.name()));
        }
    }
    Ok(())
}

fn service(writer: &ServiceDescriptor, reader: &ServiceDescriptor) -> Result<(), Problem> {
    for written in writer.methods() {
        let read = reader
            .methods()
            .find(|method| method.name() == written.name())
            .ok_or_else(|| Problem::new(format!("the reader has no method {}", written.name())))?;
        let same = written.input().full_name() == read.input().full_name()
            && written.output().full_name() == read.output().full_name()
            && written.is_client_streaming() == read.is_client_streaming()
            && written.is_server_streaming() == read.is_server_streaming();
        if !same {
            return Err(Problem::new("the method takes or gives something else").under(written.name()));
        }
    }
    Ok(())
}

fn shown(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(_) if field.is_map() => "map".to_owned(),
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(of) => of.full_name().to_owned(),
        kind => format!("{kind:?}"),
    }
}

/// How many brackets are open at once, at most. Those in texts and comments count too.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' | b'<' => open += 1,
            b'}' | b']' | b')' | b'>' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}
