//! Structs that clients from before Hive 3 lay out otherwise than those from it on.

use pilota::thrift::{TFieldIdentifier, TOutputProtocol, TSetIdentifier, TType, ThriftException};

/// Gives a field of `InsertEventRequestData` or `AddDynamicPartitions` the id that it has from Hive 3 on. An `older`
/// client's ids are one less from there on where Hive 3 put a field in: a boolean before the list of files, a number
/// before the name of the database. What takes its place there tells such a client, as fields come in their order.
pub(crate) fn moved(name: &str, older: &mut bool, field: &mut TFieldIdentifier) {
    let first = if name == "InsertEventRequestData" { (1, TType::List) } else { (2, TType::Binary) };
    *older |= field.id == Some(first.0) && field.field_type == first.1;
    if *older {
        field.id = field.id.map(|id| id.saturating_add(1));
    }
}

/// Writes a list's field once more as the set that it was: readers pass over a field of another type than they know.
pub(crate) fn set<T: TOutputProtocol>(writer: &mut T, id: i16, values: &[i64]) -> Result<(), ThriftException> {
    writer.write_field_begin(TType::Set, id)?;
    writer.write_set_begin(TSetIdentifier { element_type: TType::I64, size: values.len() })?;
    for value in values {
        writer.write_i64(*value)?;
    }
    writer.write_set_end()?;
    writer.write_field_end()
}
