//! Numbers of the compact protocol.

use pilota::thrift::{TType, ThriftException};

use super::reader::invalid;

pub const PROTOCOL_ID: u8 = 0x82;
pub const VERSION: u8 = 1;
pub const TRUE: u8 = 1;
pub const FALSE: u8 = 2;

pub fn ttype(code: u8) -> Result<TType, ThriftException> {
    Ok(match code {
        0 => TType::Stop,
        TRUE | FALSE => TType::Bool,
        3 => TType::I8,
        4 => TType::I16,
        5 => TType::I32,
        6 => TType::I64,
        7 => TType::Double,
        8 => TType::Binary,
        9 => TType::List,
        10 => TType::Set,
        11 => TType::Map,
        12 => TType::Struct,
        13 => TType::Uuid,
        _ => {
            return Err(invalid(format!("{code} is not a type of the compact protocol")));
        }
    })
}

pub fn code(ttype: TType) -> u8 {
    match ttype {
        TType::Stop | TType::Void => 0,
        TType::Bool => TRUE,
        TType::I8 => 3,
        TType::I16 => 4,
        TType::I32 => 5,
        TType::I64 => 6,
        TType::Double => 7,
        TType::Binary => 8,
        TType::List => 9,
        TType::Set => 10,
        TType::Map => 11,
        TType::Struct => 12,
        TType::Uuid => 13,
    }
}
