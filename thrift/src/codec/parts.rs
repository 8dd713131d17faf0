//! Single values, for a server that keeps them encoded and writes them into replies with [`Writer::raw`].

use bytes::Bytes;
use pilota::thrift::Message;

use super::{Protocol, Reader, TType, Writer, text};
use crate::types::{FieldSchema, Partition, StorageDescriptor, Table};

/// Why an encoded value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the encoded value cannot be read: {0}")]
pub struct Damaged(String);

pub fn encode_table(protocol: Protocol, table: &Table) -> Bytes {
    encode(protocol, table)
}

pub fn decode_table(protocol: Protocol, bytes: Bytes) -> Result<Table, Damaged> {
    decode(protocol, bytes)
}

pub fn encode_partition(protocol: Protocol, partition: &Partition) -> Bytes {
    encode(protocol, partition)
}

pub fn decode_partition(protocol: Protocol, bytes: Bytes) -> Result<Partition, Damaged> {
    decode(protocol, bytes)
}

pub fn encode_storage_descriptor(protocol: Protocol, descriptor: &StorageDescriptor) -> Bytes {
    encode(protocol, descriptor)
}

pub fn decode_storage_descriptor(protocol: Protocol, bytes: Bytes) -> Result<StorageDescriptor, Damaged> {
    decode(protocol, bytes)
}

/// A list of columns as the value of a field: the list's header and its elements.
pub fn encode_columns(protocol: Protocol, columns: &[FieldSchema]) -> Bytes {
    let mut writer = Writer::new(protocol, usize::MAX);
    writer.list(TType::Struct, columns.len());
    columns.iter().for_each(|column| write(&mut writer, column));
    writer.finish().unwrap_or_default().into_bytes()
}

/// A storage descriptor that many partitions share, encoded but for its location.
///
/// ```
/// # use propolis_thrift::{codec::{Protocol, SharedDescriptor, TType, Writer}, types::StorageDescriptor};
/// # let mut writer = Writer::new(Protocol::Binary, usize::MAX);
/// let shared = SharedDescriptor::new(Protocol::Binary, StorageDescriptor::default());
/// writer.field(TType::Struct, 6); // Partition.sd
/// shared.write(&mut writer, "file:/warehouse/sales/day=1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedDescriptor {
    protocol: Protocol,
    /// The columns and the header of the location's field.
    before: Bytes,
    after: Bytes,
}

impl SharedDescriptor {
    /// The descriptor's own location is not kept.
    pub fn new(protocol: Protocol, mut descriptor: StorageDescriptor) -> SharedDescriptor {
        let location = || StorageDescriptor { location: Some("".into()), ..Default::default() };
        let empty_string = match protocol {
            Protocol::Binary => 4,
            Protocol::Compact => 1,
        };
        let mut before = encode(protocol, &StorageDescriptor { cols: descriptor.cols.take(), ..location() });
        before.truncate(before.len() - empty_string - 1);

        // Encoded behind a location as well, because compact field headers depend on the field before.
        descriptor.location = location().location;
        let after = encode(protocol, &descriptor);
        let behind_location = encode(protocol, &location()).len() - 1;
        SharedDescriptor { protocol, before, after: after.slice(behind_location..) }
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Writes the whole struct into a message of the same protocol.
    pub fn write(&self, writer: &mut Writer, location: &str) {
        debug_assert_eq!(self.protocol, writer.protocol());
        writer.raw(&self.before);
        writer.string(location);
        writer.raw(&self.after);
    }

    /// Bytes that this holds, for the weight in a cache.
    pub fn weight(&self) -> usize {
        self.before.len() + self.after.len()
    }
}

fn write<T: Message>(writer: &mut Writer, value: &T) {
    // This fails only when the writer is over its limit, which the writer reports itself.
    let _ = value.encode(writer);
}

fn encode<T: Message>(protocol: Protocol, value: &T) -> Bytes {
    let mut writer = Writer::new(protocol, usize::MAX);
    write(&mut writer, value);
    writer.finish().unwrap_or_default().into_bytes()
}

fn decode<T: Message>(protocol: Protocol, bytes: Bytes) -> Result<T, Damaged> {
    T::decode(&mut Reader::new(protocol, bytes)).map_err(|e| Damaged(text(&e)))
}
