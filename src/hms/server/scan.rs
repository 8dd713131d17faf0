//! Finds where an unframed message ends, as its bytes come in: a walk over its structure that keeps nothing but a
//! stack, so that a message is taken in whole, or refused as too large or too deep, before anything is made of it.
//!
//! Formats: Apache Thrift's "binary protocol encoding" and "compact protocol encoding".

use propolis_thrift::codec::Protocol;

/// Structs and containers may be nested this deep; Hive's own nest less than ten.
const MAX_DEPTH: usize = 64;
/// Longest name of a method, in bytes.
const MAX_NAME: usize = 1024;

/// Why bytes are not a message that is served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    #[error("the request is larger than the limit of {limit} bytes (setting thrift_max_request)")]
    TooLarge { limit: usize },
    #[error("the request is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("the bytes are not a Thrift message: {0}")]
    Malformed(&'static str),
}

/// What is being walked through.
#[derive(Debug, Clone, Copy)]
enum Frame {
    Struct,
    /// Elements of one kind, so many of them left.
    Elements {
        kind: Kind,
        left: usize,
    },
    /// Keys and values in turn, so many of them left in all.
    Pairs {
        key: Kind,
        value: Kind,
        left: usize,
    },
}

/// The kinds of value, as far as their extent differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fixed(usize),
    Varint,
    Bytes,
    Struct,
    List,
    Map,
}

/// A resumable walk over one message.
#[derive(Debug)]
pub struct Scanner {
    protocol: Protocol,
    limit: usize,
    /// Up to where the message has been understood; may lie beyond the bytes that are there.
    at: usize,
    in_header: bool,
    stack: Vec<Frame>,
}

/// A step that needs bytes which have not come in yet.
struct Short;

type Step<T> = Result<Result<T, Short>, ScanError>;

/// Gives up on a step until there are more bytes.
macro_rules! some {
    ($step:expr) => {
        match $step? {
            Ok(value) => value,
            Err(short) => return Ok(Err(short)),
        }
    };
}

impl Scanner {
    pub fn new(protocol: Protocol, limit: usize) -> Self {
        Self { protocol, limit, at: 0, in_header: true, stack: Vec::new() }
    }

    /// Goes on with the message's bytes so far, all of them from its first. Some(length) once it is there whole.
    pub fn advance(&mut self, bytes: &[u8]) -> Result<Option<usize>, ScanError> {
        loop {
            if self.at > self.limit {
                return Err(ScanError::TooLarge { limit: self.limit });
            }
            if !self.in_header && self.stack.is_empty() {
                return Ok((self.at <= bytes.len()).then_some(self.at));
            }
            if self.at > bytes.len() {
                return Ok(None);
            }
            let mut cursor = Cursor { bytes, at: self.at, compact: self.protocol == Protocol::Compact };
            // A step counts only when it is whole: the position and the stack change together, here.
            let step = if self.in_header { Self::header(&mut cursor) } else { self.step(&mut cursor) };
            match step? {
                Err(Short) => return Ok(None),
                Ok(()) => self.at = cursor.at,
            }
            if self.in_header {
                self.in_header = false;
                self.stack.push(Frame::Struct);
            }
        }
    }

    fn header(cursor: &mut Cursor<'_>) -> Step<()> {
        if cursor.compact {
            some!(cursor.take(2));
            some!(cursor.varint());
            let name = some!(cursor.size());
            check_name(name)?;
            cursor.at += name;
        } else {
            some!(cursor.take(4));
            let name = some!(cursor.size());
            check_name(name)?;
            cursor.at += name + 4;
        }
        Ok(Ok(()))
    }

    fn step(&mut self, cursor: &mut Cursor<'_>) -> Step<()> {
        let depth = self.stack.len();
        let Some(frame) = self.stack.last_mut() else { return Ok(Ok(())) };
        let kind = match *frame {
            Frame::Struct => match some!(cursor.field()) {
                None => {
                    self.stack.pop();
                    return Ok(Ok(()));
                }
                Some(kind) => kind,
            },
            Frame::Elements { left: 0, .. } | Frame::Pairs { left: 0, .. } => {
                self.stack.pop();
                return Ok(Ok(()));
            }
            Frame::Elements { kind: Kind::Fixed(size), left } => {
                cursor.at = cursor.at.saturating_add(size.saturating_mul(left));
                self.stack.pop();
                return Ok(Ok(()));
            }
            Frame::Elements { kind, .. } => kind,
            Frame::Pairs { key, left, .. } if left % 2 == 0 => key,
            Frame::Pairs { value, .. } => value,
        };
        let inner = some!(cursor.value(kind));
        if let Frame::Elements { left, .. } | Frame::Pairs { left, .. } = frame {
            *left -= 1;
        }
        if let Some(inner) = inner {
            if depth >= MAX_DEPTH {
                return Err(ScanError::TooDeep);
            }
            self.stack.push(inner);
        }
        Ok(Ok(()))
    }
}

fn check_name(size: usize) -> Result<(), ScanError> {
    if size > MAX_NAME { Err(ScanError::Malformed("the name of the method is too long")) } else { Ok(()) }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    compact: bool,
}

impl Cursor<'_> {
    fn take(&mut self, n: usize) -> Step<&[u8]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..n)) {
            None => Ok(Err(Short)),
            Some(taken) => {
                self.at += n;
                Ok(Ok(taken))
            }
        }
    }

    fn byte(&mut self) -> Step<u8> {
        Ok(Ok(some!(self.take(1))[0]))
    }

    fn varint(&mut self) -> Step<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = some!(self.byte());
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(Ok(value));
            }
        }
        Err(ScanError::Malformed("an integer has more than ten bytes"))
    }

    fn size(&mut self) -> Step<usize> {
        let size = if self.compact {
            some!(self.varint()) as i32
        } else {
            let bytes = some!(self.take(4));
            i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        };
        usize::try_from(size).map(Ok).map_err(|_| ScanError::Malformed("a negative size"))
    }

    /// The kind of a struct's next field, None at its end.
    fn field(&mut self) -> Step<Option<Kind>> {
        let header = some!(self.byte());
        if header == 0 {
            return Ok(Ok(None));
        }
        if !self.compact {
            some!(self.take(2));
            return Ok(Ok(Some(binary_kind(header)?)));
        }
        if header >> 4 == 0 {
            some!(self.varint());
        }
        // A boolean field has its value in its header.
        Ok(Ok(Some(match header & 0xf {
            1 | 2 => Kind::Fixed(0),
            other => compact_kind(other)?,
        })))
    }

    /// Passes a value, or the head of one with values in it, which are then to be walked.
    fn value(&mut self, kind: Kind) -> Step<Option<Frame>> {
        match kind {
            Kind::Fixed(size) => self.at += size,
            Kind::Varint => {
                some!(self.varint());
            }
            Kind::Bytes => {
                let size = some!(self.size());
                self.at = self.at.saturating_add(size);
            }
            Kind::Struct => return Ok(Ok(Some(Frame::Struct))),
            Kind::List => {
                let (kind, left) = if self.compact {
                    let header = some!(self.byte());
                    let left = if header >> 4 == 15 { some!(self.size()) } else { usize::from(header >> 4) };
                    (compact_kind(header & 0xf)?, left)
                } else {
                    (binary_kind(some!(self.byte()))?, some!(self.size()))
                };
                return Ok(Ok(Some(Frame::Elements { kind, left })));
            }
            Kind::Map => {
                let (key, value, size) = if self.compact {
                    match some!(self.size()) {
                        0 => return Ok(Ok(None)),
                        size => {
                            let kinds = some!(self.byte());
                            (compact_kind(kinds >> 4)?, compact_kind(kinds & 0xf)?, size)
                        }
                    }
                } else {
                    (binary_kind(some!(self.byte()))?, binary_kind(some!(self.byte()))?, some!(self.size()))
                };
                return Ok(Ok(Some(Frame::Pairs { key, value, left: 2 * size })));
            }
        }
        Ok(Ok(None))
    }
}

fn binary_kind(code: u8) -> Result<Kind, ScanError> {
    Ok(match code {
        2 | 3 => Kind::Fixed(1),
        6 => Kind::Fixed(2),
        8 => Kind::Fixed(4),
        4 | 10 => Kind::Fixed(8),
        11 => Kind::Bytes,
        12 => Kind::Struct,
        13 => Kind::Map,
        14 | 15 => Kind::List,
        16 => Kind::Fixed(16),
        _ => return Err(ScanError::Malformed("an unknown type code")),
    })
}

/// Kinds of elements; booleans among them take a byte.
fn compact_kind(code: u8) -> Result<Kind, ScanError> {
    Ok(match code {
        1..=3 => Kind::Fixed(1),
        4..=6 => Kind::Varint,
        7 => Kind::Fixed(8),
        8 => Kind::Bytes,
        9 | 10 => Kind::List,
        11 => Kind::Map,
        12 => Kind::Struct,
        13 => Kind::Fixed(16),
        _ => return Err(ScanError::Malformed("an unknown type code")),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use propolis_thrift::{FastStr, Method, args, codec, methods, types};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn call(protocol: Protocol, names: &[String]) -> Vec<u8> {
        let table = types::Table {
            sd: Some(types::StorageDescriptor {
                cols: Some(
                    names
                        .iter()
                        .map(|name| types::FieldSchema { name: Some(FastStr::new(name)), ..Default::default() })
                        .collect(),
                ),
                compressed: Some(true),
                bucket_cols: Some(names.iter().map(FastStr::new).collect()),
                ..Default::default()
            }),
            parameters: Some(names.iter().map(|name| (FastStr::new(name), FastStr::new(name))).collect()),
            create_time: Some(7),
            write_id: Some(-9),
            ..Default::default()
        };
        let request = methods::CreateTable::request(args::CreateTable { tbl: Some(table) });
        codec::encode_call(protocol, 70_000, &request).unwrap().into_bytes().to_vec()
    }

    proptest! {
        #[test]
        fn a_message_ends_where_it_ends_however_its_bytes_arrive(
            names in proptest::collection::vec(".{0,40}", 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            for protocol in [Protocol::Binary, Protocol::Compact] {
                let message = call(protocol, &names);
                let mut followed = message.clone();
                followed.extend_from_slice(b"more");
                prop_assert_eq!(Scanner::new(protocol, LIMIT).advance(&followed), Ok(Some(message.len())));
                let mut scanner = Scanner::new(protocol, LIMIT);
                prop_assert_eq!(scanner.advance(&message[..cut.index(message.len())]), Ok(None));
                prop_assert_eq!(scanner.advance(&followed), Ok(Some(message.len())));
            }
        }

        #[test]
        fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for protocol in [Protocol::Binary, Protocol::Compact] {
                let _ = Scanner::new(protocol, LIMIT).advance(&bytes);
            }
        }
    }

    /// A call of `m` whose first argument is the bytes given, beginning with its type code.
    fn binary(kind: u8, value: &[u8]) -> Vec<u8> {
        [&[0x80, 1, 0, 1, 0, 0, 0, 1, b'm', 0, 0, 0, 1, kind, 0, 1], value].concat()
    }

    #[test]
    fn claims_beyond_the_limit_are_refused_before_the_bytes_come() {
        for claim in [binary(11, &i32::MAX.to_be_bytes()), binary(15, &[10, 0x7f, 0xff, 0xff, 0xff])] {
            let refused = Scanner::new(Protocol::Binary, LIMIT).advance(&claim);
            assert_eq!(refused, Err(ScanError::TooLarge { limit: LIMIT }));
        }
        let negative = binary(11, &(-1i32).to_be_bytes());
        assert!(matches!(Scanner::new(Protocol::Binary, LIMIT).advance(&negative), Err(ScanError::Malformed(_))));
    }

    #[test]
    fn nesting_has_an_end() {
        let nested: Vec<u8> = [12, 0, 1].repeat(100);
        let deep = binary(12, &nested);
        assert_eq!(Scanner::new(Protocol::Binary, LIMIT).advance(&deep), Err(ScanError::TooDeep));
    }
}
