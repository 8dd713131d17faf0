//! Large results, written straight from how the catalog holds them: no struct of the IDL is built for each object.

pub mod names;
pub mod partitions;

use propolis_thrift::codec::{Protocol, TType, Writer, encode_columns};
use propolis_thrift::types;

/// How large pieces are, about.
const PIECE: usize = 256 << 10;

/// Where in a method's result the list is.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrap {
    /// The result is the list.
    Bare,
    /// The result is a struct with the list in its field 1.
    Response,
    /// As `Response`, with a boolean in field 2.
    ResponseAndFlag(bool),
    /// As `Response`, with columns in field 3.
    ResponseAndColumns(Vec<types::FieldSchema>),
    /// The result is a struct without the list, which is not to be sent.
    Unset,
}

/// The size of a body whose pieces tell it best themselves: they are written, counted and dropped.
fn written(protocol: Protocol, mut write_piece: impl FnMut(&mut Writer) -> bool) -> usize {
    let mut writer = Writer::new(protocol, usize::MAX);
    let mut size = 0;
    loop {
        let more = write_piece(&mut writer);
        size += writer.drain().len();
        if !more {
            return size;
        }
    }
}

impl Wrap {
    /// What is written around the elements.
    fn size(&self, protocol: Protocol, element: TType, count: usize) -> usize {
        written(protocol, |writer| {
            self.open(writer, element, count);
            self.close(writer);
            false
        })
    }

    fn open(&self, writer: &mut Writer, element: TType, count: usize) {
        writer.begin_struct();
        if *self == Self::Bare {
            writer.field(TType::List, 0);
        } else {
            writer.field(TType::Struct, 0);
            writer.begin_struct();
            if *self == Self::Unset {
                return;
            }
            writer.field(TType::List, 1);
        }
        writer.list(element, count);
    }

    fn close(&self, writer: &mut Writer) {
        match self {
            Self::ResponseAndFlag(flag) => writer.bool_field(2, *flag),
            Self::ResponseAndColumns(columns) => {
                writer.field(TType::List, 3);
                writer.raw_bytes(encode_columns(writer.protocol(), columns));
            }
            Self::Bare | Self::Response | Self::Unset => {}
        }
        if *self != Self::Bare {
            writer.end_struct();
        }
        writer.end_struct();
    }
}
