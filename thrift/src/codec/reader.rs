//! The reading half of both protocols, checked: whatever the bytes are, reading ends in a value or an error, with
//! memory in proportion to the message.
//!
//! Pilota's own readers are not used. They panic on lengths beyond the message, reserve whatever a list claims to hold,
//! make `str` of bytes that are not UTF-8, and its compact reader loses the field id after a nested struct.

use bytes::{Buf, Bytes};
use pilota::FastStr;
use pilota::thrift::{
    ProtocolExceptionKind, TFieldIdentifier, TInputProtocol, TListIdentifier, TMapIdentifier, TMessageIdentifier,
    TMessageType, TSetIdentifier, TStructIdentifier, TType, ThriftException, new_protocol_exception,
};

use super::Protocol;
use super::compact::{self, PROTOCOL_ID, VERSION};

type Result<T> = std::result::Result<T, ThriftException>;

/// Structs and containers may be nested this deep.
const MAX_DEPTH: usize = 64;

/// What lists, sets and maps of a message may take in memory: this much, and `BUDGET_PER_BYTE` for each of its bytes.
/// A list of empty structs costs one byte an element on the wire and up to 1,300 in memory; an honest partition is 1,300
/// in memory and more than 100 on the wire.
const BUDGET: usize = 16 << 20;
const BUDGET_PER_BYTE: usize = 32;

/// Strings of up to this length are copied out; longer ones share the message's buffer.
const COPIED_STRING: usize = 30;

pub struct Reader {
    protocol: Protocol,
    input: Bytes,
    budget: usize,
    /// The last field id of each open struct around the innermost one.
    outer: Vec<i16>,
    last_id: i16,
    /// A compact boolean field has its value in the field header.
    pending_bool: Option<bool>,
}

impl Reader {
    pub fn new(protocol: Protocol, input: Bytes) -> Reader {
        let budget = BUDGET.saturating_add(input.len().saturating_mul(BUDGET_PER_BYTE));
        Reader { protocol, input, budget, outer: Vec::new(), last_id: 0, pending_bool: None }
    }

    pub fn remaining(&self) -> usize {
        self.input.len()
    }

    fn compact(&self) -> bool {
        self.protocol == Protocol::Compact
    }

    fn check(&self, n: usize) -> Result<()> {
        if n > self.input.len() {
            return Err(invalid(format!("{n} bytes expected where {} are left", self.input.len())));
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some(head) = self.input.first_chunk::<N>().copied() else {
            return Err(invalid(format!("{N} bytes expected where {} are left", self.input.len())));
        };
        self.input.advance(N);
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(invalid("a variable-length integer has more than ten bytes"))
    }

    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn size(&mut self) -> Result<usize> {
        let size = if self.compact() { self.varint()? as i32 } else { i32::from_be_bytes(self.array()?) };
        usize::try_from(size).map_err(|_| invalid(format!("a size of {size}")))
    }

    fn blob(&mut self) -> Result<Bytes> {
        let size = self.size()?;
        self.check(size)?;
        Ok(self.input.split_to(size))
    }

    fn ttype(&mut self) -> Result<TType> {
        let byte = self.byte()?;
        TType::try_from(byte)
    }

    /// Refuses a container that claims more elements than the rest of the message can hold.
    fn elements(&self, size: usize, each: usize) -> Result<usize> {
        match size.checked_mul(each) {
            Some(bytes) if bytes <= self.input.len() => Ok(size),
            _ => Err(invalid(format!("{size} elements where {} bytes are left", self.input.len()))),
        }
    }

    fn least(&self, ttype: TType) -> usize {
        match (ttype, self.protocol) {
            (TType::Double, _) => 8,
            (TType::Uuid, _) => 16,
            (_, Protocol::Compact) | (TType::Struct | TType::Bool | TType::I8, _) => 1,
            (TType::I16, _) => 2,
            (TType::I32 | TType::Binary, _) => 4,
            (TType::I64, _) => 8,
            (TType::List | TType::Set, _) => 5,
            (TType::Map, _) => 6,
            (TType::Stop | TType::Void, _) => 1,
        }
    }

    fn sequence(&mut self) -> Result<(TType, usize)> {
        let (ttype, size) = if self.compact() {
            let header = self.byte()?;
            let size = if header >> 4 == 15 { self.size()? } else { usize::from(header >> 4) };
            (compact::ttype(header & 0xf)?, size)
        } else {
            (self.ttype()?, self.size()?)
        };
        Ok((ttype, self.elements(size, self.least(ttype))?))
    }

    fn skip_value(&mut self, ttype: TType, depth: usize) -> Result<()> {
        if depth == 0 {
            return Err(too_deep());
        }
        match ttype {
            TType::Bool => drop(self.read_bool()?),
            TType::I8 => drop(self.byte()?),
            TType::I16 => drop(self.read_i16()?),
            TType::I32 => drop(self.read_i32()?),
            TType::I64 => drop(self.read_i64()?),
            TType::Double => drop(self.array::<8>()?),
            TType::Uuid => drop(self.array::<16>()?),
            TType::Binary => drop(self.blob()?),
            TType::Struct => {
                self.read_struct_begin()?;
                loop {
                    let field = self.read_field_begin()?;
                    if field.field_type == TType::Stop {
                        break;
                    }
                    self.skip_value(field.field_type, depth - 1)?;
                }
                self.read_struct_end()?;
            }
            TType::List | TType::Set => {
                let (element, size) = self.sequence()?;
                for _ in 0..size {
                    self.skip_value(element, depth - 1)?;
                }
            }
            TType::Map => {
                let map = self.read_map_begin()?;
                for _ in 0..map.size {
                    self.skip_value(map.key_type, depth - 1)?;
                    self.skip_value(map.value_type, depth - 1)?;
                }
            }
            TType::Stop | TType::Void => return Err(invalid(format!("a value of type {ttype:?}"))),
        }
        Ok(())
    }
}

impl TInputProtocol for Reader {
    type Buf = Bytes;

    fn read_message_begin(&mut self) -> Result<TMessageIdentifier> {
        let (kind, sequence) = if self.compact() {
            let [id, head] = self.array()?;
            if id != PROTOCOL_ID || head & 0x1f != VERSION {
                return Err(invalid(format!("{id:#04x} {head:#04x} does not begin a compact message")));
            }
            (head >> 5, self.varint()? as i32)
        } else {
            let [a, b, _, kind] = self.array()?;
            if [a, b] != [0x80, 0x01] {
                return Err(invalid(format!("{a:#04x} {b:#04x} does not begin a binary message")));
            }
            (kind, 0)
        };
        let kind = TMessageType::try_from(kind)?;
        let name = self.read_faststr()?;
        let sequence = if self.compact() { sequence } else { self.read_i32()? };
        Ok(TMessageIdentifier::new(name, kind, sequence))
    }

    fn read_message_end(&mut self) -> Result<()> {
        Ok(())
    }

    fn read_struct_begin(&mut self) -> Result<Option<TStructIdentifier>> {
        if self.outer.len() == MAX_DEPTH {
            return Err(too_deep());
        }
        self.outer.push(self.last_id);
        self.last_id = 0;
        Ok(None)
    }

    fn read_struct_end(&mut self) -> Result<()> {
        self.last_id = self.outer.pop().unwrap_or_default();
        Ok(())
    }

    fn read_field_begin(&mut self) -> Result<TFieldIdentifier> {
        let head = self.byte()?;
        let ttype = if self.compact() { compact::ttype(head & 0xf)? } else { TType::try_from(head)? };
        if ttype == TType::Stop {
            return Ok(TFieldIdentifier { name: None, field_type: ttype, id: None });
        }
        if self.compact() {
            self.pending_bool = (ttype == TType::Bool).then_some(head & 0xf == compact::TRUE);
        }
        let id = match head >> 4 {
            delta if self.compact() && delta != 0 => self.last_id.wrapping_add(i16::from(delta)),
            _ => self.read_i16()?,
        };
        self.last_id = id;
        Ok(TFieldIdentifier { name: None, field_type: ttype, id: Some(id) })
    }

    fn read_field_end(&mut self) -> Result<()> {
        self.pending_bool = None;
        Ok(())
    }

    fn read_bool(&mut self) -> Result<bool> {
        if let Some(value) = self.pending_bool.take() {
            return Ok(value);
        }
        let byte = self.byte()?;
        Ok(if self.compact() { byte == compact::TRUE } else { byte != 0 })
    }

    fn read_bytes(&mut self) -> Result<Bytes> {
        self.blob()
    }

    fn read_uuid(&mut self) -> Result<[u8; 16]> {
        self.array()
    }

    fn read_i8(&mut self) -> Result<i8> {
        Ok(self.byte()? as i8)
    }

    fn read_i16(&mut self) -> Result<i16> {
        if self.compact() { narrow(self.zigzag()?) } else { Ok(i16::from_be_bytes(self.array()?)) }
    }

    fn read_i32(&mut self) -> Result<i32> {
        if self.compact() { narrow(self.zigzag()?) } else { Ok(i32::from_be_bytes(self.array()?)) }
    }

    fn read_i64(&mut self) -> Result<i64> {
        if self.compact() { self.zigzag() } else { Ok(i64::from_be_bytes(self.array()?)) }
    }

    fn read_double(&mut self) -> Result<f64> {
        let bytes = self.array()?;
        Ok(if self.compact() { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn read_string(&mut self) -> Result<String> {
        Ok(self.read_faststr()?.to_string())
    }

    fn read_faststr(&mut self) -> Result<FastStr> {
        let size = self.size()?;
        self.check(size)?;
        let text = match std::str::from_utf8(&self.input[..size]) {
            Ok(text) => text,
            Err(error) => return Err(invalid(format!("a string is not UTF-8: {error}"))),
        };
        if size <= COPIED_STRING {
            let copied = FastStr::new(text);
            self.input.advance(size);
            return Ok(copied);
        }
        // SAFETY: the bytes were found to be UTF-8 just above.
        Ok(unsafe { FastStr::from_bytes_unchecked(self.input.split_to(size)) })
    }

    fn read_list_begin(&mut self) -> Result<TListIdentifier> {
        let (element_type, size) = self.sequence()?;
        Ok(TListIdentifier { element_type, size })
    }

    fn read_list_end(&mut self) -> Result<()> {
        Ok(())
    }

    fn read_set_begin(&mut self) -> Result<TSetIdentifier> {
        let (element_type, size) = self.sequence()?;
        Ok(TSetIdentifier { element_type, size })
    }

    fn read_set_end(&mut self) -> Result<()> {
        Ok(())
    }

    fn read_map_begin(&mut self) -> Result<TMapIdentifier> {
        let (key_type, value_type, size) = if self.compact() {
            match self.size()? {
                0 => (TType::Stop, TType::Stop, 0),
                size => {
                    let types = self.byte()?;
                    (compact::ttype(types >> 4)?, compact::ttype(types & 0xf)?, size)
                }
            }
        } else {
            (self.ttype()?, self.ttype()?, self.size()?)
        };
        let size = self.elements(size, self.least(key_type) + self.least(value_type))?;
        Ok(TMapIdentifier { key_type, value_type, size })
    }

    fn read_map_end(&mut self) -> Result<()> {
        Ok(())
    }

    fn skip_till_depth(&mut self, field_type: TType, depth: i8) -> Result<usize> {
        let before = self.remaining();
        self.skip_value(field_type, depth.max(0) as usize)?;
        Ok(before - self.remaining())
    }

    fn read_byte(&mut self) -> Result<u8> {
        self.byte()
    }

    fn read_bytes_vec(&mut self) -> Result<Vec<u8>> {
        Ok(self.blob()?.to_vec())
    }

    /// Not for bytes: see [`super::memory`].
    fn get_bytes(&mut self, _: Option<*const u8>, len: usize) -> Result<Bytes> {
        match self.budget.checked_sub(len) {
            Some(left) => self.budget = left,
            None => {
                return Err(invalid("its lists and maps would take too much memory for its length"));
            }
        }
        Ok(Bytes::new())
    }

    fn buf(&mut self) -> &mut Bytes {
        &mut self.input
    }
}

super::no_lengths!(Reader);

fn narrow<T: TryFrom<i64>>(value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| invalid(format!("{value} does not fit its type")))
}

fn too_deep() -> ThriftException {
    let message = format!("structs are nested more than {MAX_DEPTH} deep");
    new_protocol_exception(ProtocolExceptionKind::DepthLimit, message)
}

pub(super) fn invalid(message: impl Into<FastStr>) -> ThriftException {
    new_protocol_exception(ProtocolExceptionKind::InvalidData, message)
}
