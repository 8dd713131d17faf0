//! The writing half of both protocols.

use bytes::{BufMut, Bytes, BytesMut};
use pilota::FastStr;
use pilota::thrift::{
    TListIdentifier, TMapIdentifier, TMessageIdentifier, TMessageType, TOutputProtocol, TSetIdentifier,
    TStructIdentifier, TType, ThriftException,
};

use super::compact::{self, PROTOCOL_ID, VERSION};
use super::{EncodeError, Encoded, Protocol};

type Result<T = ()> = std::result::Result<T, ThriftException>;

/// A piece of the message is closed when it has this many bytes.
const PIECE: usize = 64 << 10;
/// Bytes that are given to the writer whole become a piece of their own from this length on; shorter ones are copied.
const LINKED: usize = 4 << 10;

/// Writes a message by hand, for answers that are not worth building as generated types.
///
/// Nothing fails on the way: what is over the limit is dropped, and [`Writer::finish`] says so. The caller writes what
/// the IDL declares, field ids ascending, and as many elements as it announces.
///
/// ```
/// use propolis_thrift::codec::{Protocol, TType, Writer, decode_result};
/// use propolis_thrift::methods::GetAllDatabases;
///
/// // The reply of get_all_databases: list<string>
/// let mut writer = Writer::new(Protocol::Binary, usize::MAX);
/// writer.begin_reply("get_all_databases", 7);
/// writer.begin_struct();
/// writer.field(TType::List, 0);
/// writer.list(TType::Binary, 2);
/// writer.string("default");
/// writer.string("sales");
/// writer.end_struct();
/// let reply = writer.finish().unwrap().into_bytes();
///
/// assert_eq!(decode_result::<GetAllDatabases>(Protocol::Binary, reply).unwrap(), ["default", "sales"]);
/// ```
pub struct Writer {
    protocol: Protocol,
    done: Encoded,
    piece: BytesMut,
    limit: usize,
    /// Bytes taken by [`Writer::drain`], which count for the limit as well.
    drained: usize,
    over: bool,
    /// The last field id of each open struct around the innermost one.
    outer: Vec<i16>,
    last_id: i16,
    /// A compact boolean field has its value in the field header, which is therefore written with the value.
    pending_bool: Option<i16>,
}

impl Writer {
    /// `limit`: the most bytes that the message may have.
    pub fn new(protocol: Protocol, limit: usize) -> Writer {
        Writer {
            protocol,
            done: Encoded::default(),
            piece: BytesMut::new(),
            limit,
            drained: 0,
            over: false,
            outer: Vec::new(),
            last_id: 0,
            pending_bool: None,
        }
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The message, or an error when it is longer than the limit.
    pub fn finish(mut self) -> std::result::Result<Encoded, EncodeError> {
        self.close_piece();
        if self.over {
            return Err(EncodeError::TooLong { limit: self.limit });
        }
        Ok(self.done)
    }

    /// What has been written since the last call, to be sent already: an answer too large to hold goes out in parts.
    pub fn drain(&mut self) -> Encoded {
        self.close_piece();
        let encoded = std::mem::take(&mut self.done);
        self.drained += encoded.len();
        encoded
    }

    /// Bytes that [`Writer::drain`] or [`Writer::finish`] would give now.
    pub fn len(&self) -> usize {
        self.done.len() + self.piece.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the limit was met: nothing more is written then.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The header of a reply, which is followed by one struct: the result in field 0, or an exception in its own field.
    pub fn begin_reply(&mut self, method: &str, seq: i32) {
        self.begin_message(method, TMessageType::Reply, seq);
    }

    pub(super) fn begin_message(&mut self, method: &str, kind: TMessageType, seq: i32) {
        match self.protocol {
            Protocol::Binary => {
                self.put(&[0x80, 0x01, 0, kind as u8]);
                self.string(method);
                self.i32(seq);
            }
            Protocol::Compact => {
                self.put(&[PROTOCOL_ID, VERSION | (kind as u8) << 5]);
                self.varint(u64::from(seq as u32));
                self.string(method);
            }
        }
    }

    pub fn begin_struct(&mut self) {
        self.outer.push(self.last_id);
        self.last_id = 0;
    }

    pub fn end_struct(&mut self) {
        self.put(&[0]);
        self.last_id = self.outer.pop().unwrap_or_default();
    }

    /// The header of a field, which is followed by its value. Not for booleans: see [`Writer::bool_field`].
    pub fn field(&mut self, ttype: TType, id: i16) {
        match self.protocol {
            Protocol::Binary => {
                let [high, low] = id.to_be_bytes();
                self.put(&[ttype as u8, high, low]);
            }
            Protocol::Compact => self.compact_field(compact::code(ttype), id),
        }
    }

    fn compact_field(&mut self, code: u8, id: i16) {
        match id.checked_sub(self.last_id) {
            Some(delta @ 1..=15) => self.put(&[(delta as u8) << 4 | code]),
            _ => {
                self.put(&[code]);
                self.zigzag(id.into());
            }
        }
        self.last_id = id;
    }

    pub fn bool_field(&mut self, id: i16, value: bool) {
        match self.protocol {
            Protocol::Binary => {
                self.field(TType::Bool, id);
                self.put(&[value.into()]);
            }
            Protocol::Compact => self.compact_field(if value { compact::TRUE } else { compact::FALSE }, id),
        }
    }

    pub fn i32(&mut self, value: i32) {
        match self.protocol {
            Protocol::Binary => self.put(&value.to_be_bytes()),
            Protocol::Compact => self.zigzag(value.into()),
        }
    }

    pub fn i64(&mut self, value: i64) {
        match self.protocol {
            Protocol::Binary => self.put(&value.to_be_bytes()),
            Protocol::Compact => self.zigzag(value),
        }
    }

    pub fn string(&mut self, value: &str) {
        self.size(value.len());
        self.put(value.as_bytes());
    }

    /// The header of a list, which is followed by `size` elements.
    pub fn list(&mut self, element: TType, size: usize) {
        match self.protocol {
            Protocol::Binary => {
                self.put(&[element as u8]);
                self.size(size);
            }
            Protocol::Compact if size < 15 => self.put(&[(size as u8) << 4 | compact::code(element)]),
            Protocol::Compact => {
                self.put(&[0xf0 | compact::code(element)]);
                self.size(size);
            }
        }
    }

    /// The header of a map, which is followed by `size` pairs of key and value.
    pub fn map(&mut self, key: TType, value: TType, size: usize) {
        match self.protocol {
            Protocol::Binary => {
                self.put(&[key as u8, value as u8]);
                self.size(size);
            }
            Protocol::Compact => {
                self.size(size);
                if size > 0 {
                    self.put(&[compact::code(key) << 4 | compact::code(value)]);
                }
            }
        }
    }

    /// Bytes that were encoded before, in this protocol.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.put(bytes);
    }

    /// As [`Writer::raw`], without a copy when they are many.
    pub fn raw_bytes(&mut self, bytes: Bytes) {
        if bytes.len() < LINKED {
            return self.put(&bytes);
        }
        if self.fits(bytes.len()) {
            self.close_piece();
            self.done.push(bytes);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.piece.len() + bytes.len() > self.piece.capacity() && !self.grow(bytes.len()) {
            return;
        }
        self.piece.put_slice(bytes);
    }

    /// Makes room for `more` bytes. The limit is looked at here only, once per growth and not per value, and again at the end.
    #[cold]
    fn grow(&mut self, more: usize) -> bool {
        if !self.fits(more) {
            return false;
        }
        if self.piece.len() + more > PIECE {
            self.close_piece();
        }
        let room = if self.done.is_empty() { (self.piece.capacity() * 2).clamp(512, PIECE) } else { PIECE };
        self.piece.reserve(more.max(room - self.piece.len().min(room)));
        true
    }

    fn fits(&mut self, more: usize) -> bool {
        let len = self.drained + self.len();
        self.over |= more > self.limit.saturating_sub(len);
        !self.over
    }

    fn close_piece(&mut self) {
        self.done.push(self.piece.split().freeze());
        self.over |= self.drained + self.done.len() > self.limit;
    }

    fn size(&mut self, size: usize) {
        let Ok(size) = i32::try_from(size) else {
            self.over = true;
            return;
        };
        match self.protocol {
            Protocol::Binary => self.put(&size.to_be_bytes()),
            Protocol::Compact => self.varint(size as u64),
        }
    }

    fn varint(&mut self, mut value: u64) {
        let mut bytes = [0; 10];
        let mut len = 0;
        while value > 0x7f {
            bytes[len] = value as u8 | 0x80;
            value >>= 7;
            len += 1;
        }
        bytes[len] = value as u8;
        self.put(&bytes[..=len]);
    }

    fn zigzag(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63) as u64);
    }
}

/// What the generated types write through.
impl TOutputProtocol for Writer {
    type BufMut = BytesMut;

    fn write_message_begin(&mut self, id: &TMessageIdentifier) -> Result {
        self.begin_message(&id.name, id.message_type, id.sequence_number);
        Ok(())
    }

    fn write_message_end(&mut self) -> Result {
        Ok(())
    }

    fn write_struct_begin(&mut self, _: &TStructIdentifier) -> Result {
        // There is nothing to gain by writing on; finish() reports it.
        if self.over {
            return Err(super::reader::invalid("the message is too long"));
        }
        self.begin_struct();
        Ok(())
    }

    fn write_struct_end(&mut self) -> Result {
        self.last_id = self.outer.pop().unwrap_or_default();
        Ok(())
    }

    fn write_field_begin(&mut self, ttype: TType, id: i16) -> Result {
        if ttype == TType::Bool && self.protocol == Protocol::Compact {
            self.pending_bool = Some(id);
        } else {
            self.field(ttype, id);
        }
        Ok(())
    }

    fn write_field_end(&mut self) -> Result {
        Ok(())
    }

    fn write_field_stop(&mut self) -> Result {
        self.put(&[0]);
        Ok(())
    }

    fn write_bool(&mut self, value: bool) -> Result {
        match (self.pending_bool.take(), self.protocol) {
            (Some(id), _) => self.bool_field(id, value),
            (None, Protocol::Binary) => self.put(&[value.into()]),
            (None, Protocol::Compact) => self.put(&[if value { compact::TRUE } else { compact::FALSE }]),
        }
        Ok(())
    }

    fn write_bytes(&mut self, value: Bytes) -> Result {
        self.size(value.len());
        self.raw_bytes(value);
        Ok(())
    }

    fn write_bytes_without_len(&mut self, value: Bytes) -> Result {
        self.raw_bytes(value);
        Ok(())
    }

    fn write_uuid(&mut self, value: [u8; 16]) -> Result {
        self.put(&value);
        Ok(())
    }

    fn write_bytes_vec(&mut self, value: &[u8]) -> Result {
        self.size(value.len());
        self.put(value);
        Ok(())
    }

    fn write_byte(&mut self, value: u8) -> Result {
        self.put(&[value]);
        Ok(())
    }

    fn write_i8(&mut self, value: i8) -> Result {
        self.put(&[value as u8]);
        Ok(())
    }

    fn write_i16(&mut self, value: i16) -> Result {
        match self.protocol {
            Protocol::Binary => self.put(&value.to_be_bytes()),
            Protocol::Compact => self.zigzag(value.into()),
        }
        Ok(())
    }

    fn write_i32(&mut self, value: i32) -> Result {
        self.i32(value);
        Ok(())
    }

    fn write_i64(&mut self, value: i64) -> Result {
        self.i64(value);
        Ok(())
    }

    fn write_double(&mut self, value: f64) -> Result {
        match self.protocol {
            Protocol::Binary => self.put(&value.to_be_bytes()),
            Protocol::Compact => self.put(&value.to_le_bytes()),
        }
        Ok(())
    }

    fn write_string(&mut self, value: &str) -> Result {
        self.string(value);
        Ok(())
    }

    fn write_faststr(&mut self, value: FastStr) -> Result {
        if value.len() < LINKED {
            self.string(&value);
            return Ok(());
        }
        self.write_bytes(value.into_bytes())
    }

    fn write_list_begin(&mut self, list: TListIdentifier) -> Result {
        self.list(list.element_type, list.size);
        Ok(())
    }

    fn write_list_end(&mut self) -> Result {
        Ok(())
    }

    fn write_set_begin(&mut self, set: TSetIdentifier) -> Result {
        self.list(set.element_type, set.size);
        Ok(())
    }

    fn write_set_end(&mut self) -> Result {
        Ok(())
    }

    fn write_map_begin(&mut self, map: TMapIdentifier) -> Result {
        self.map(map.key_type, map.value_type, map.size);
        Ok(())
    }

    fn write_map_end(&mut self) -> Result {
        Ok(())
    }

    fn flush(&mut self) -> Result {
        Ok(())
    }

    fn buf_mut(&mut self) -> &mut BytesMut {
        &mut self.piece
    }
}

super::no_lengths!(Writer);
