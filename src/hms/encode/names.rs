//! Lists of names.

use propolis_thrift::codec::{Protocol, TType, Writer};

use super::{PIECE, Wrap, written};
use crate::hms::methods::Body;

/// A result that is a list of strings.
#[derive(Debug)]
pub struct NameList {
    names: Vec<String>,
    wrap: Wrap,
    next: usize,
}

impl NameList {
    pub fn new(names: Vec<String>, wrap: Wrap) -> Self {
        Self { names, wrap, next: 0 }
    }
}

impl Body for NameList {
    fn write_piece(&mut self, writer: &mut Writer) -> bool {
        if self.next == 0 {
            self.wrap.open(writer, TType::Binary, self.names.len());
        }
        let end = writer.len() + PIECE;
        while self.next < self.names.len() {
            writer.string(&self.names[self.next]);
            self.next += 1;
            if writer.len() >= end && self.next < self.names.len() {
                return true;
            }
        }
        self.wrap.close(writer);
        false
    }

    fn size(&mut self, protocol: Protocol) -> usize {
        let names: usize = match protocol {
            Protocol::Binary => self.names.iter().map(|name| 4 + name.len()).sum(),
            Protocol::Compact => written(protocol, |writer| {
                self.names.iter().for_each(|name| writer.string(name));
                false
            }),
        };
        self.wrap.size(protocol, TType::Binary, self.names.len()) + names
    }

    fn count(&self) -> usize {
        self.names.len()
    }
}
