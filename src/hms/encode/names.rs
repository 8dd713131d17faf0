//! Lists of names.

use propolis_thrift::codec::{TType, Writer};

use super::{PIECE, Wrap};
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

    fn rewind(&mut self) {
        self.next = 0;
    }

    fn count(&self) -> usize {
        self.names.len()
    }
}
