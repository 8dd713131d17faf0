//! Thrift's JSON protocol (TJSONProtocol), in which the notification log has objects inside its messages.
//!
//! The generated types write themselves in the binary protocol, where each value goes with its type and each field with
//! its id. The JSON protocol says the same in other letters, so this reads the one and writes the other. A struct is
//! `{"ID":{"TYPE":VALUE},…}`, a list `["TYPE",COUNT,VALUE,…]`, a map `["KEYTYPE","VALUETYPE",COUNT,{KEY:VALUE,…}]`,
//! a boolean 0 or 1.

use std::fmt::Write;

use propolis_thrift::Method;
use propolis_thrift::codec::{self, Protocol};

use crate::error::{CatalogError, Result};

/// The result of a method as JSON: `M` is any that returns the type in question. Entries of maps are in order, so that
/// one object is always the same text.
pub fn tjson<M: Method>(value: M::Ok) -> Result<String> {
    let broken = || CatalogError::internal(format!("a result of {} cannot be written as JSON", M::NAME));
    let reply = M::reply(Ok(value)).map_err(|_| broken())?;
    let message = codec::encode_reply(Protocol::Binary, 0, &reply, usize::MAX).map_err(|_| broken())?.into_bytes();
    let mut out = String::with_capacity(message.len() * 2);
    Binary(&message).result(&mut out).ok_or_else(broken)?;
    Ok(out)
}

/// What is left of a message in the binary protocol. Everything gives None where it ends too early.
struct Binary<'a>(&'a [u8]);

// Types of the binary protocol.
const STOP: u8 = 0;
const BOOL: u8 = 2;
const BYTE: u8 = 3;
const DOUBLE: u8 = 4;
const I16: u8 = 6;
const I32: u8 = 8;
const I64: u8 = 10;
const STRING: u8 = 11;
const STRUCT: u8 = 12;
const MAP: u8 = 13;
const SET: u8 = 14;
const LIST: u8 = 15;

impl<'a> Binary<'a> {
    /// The result in a reply: past version, name and sequence number, field 0.
    fn result(&mut self, out: &mut String) -> Option<()> {
        self.bytes(4)?;
        self.string()?;
        self.bytes(4)?;
        let kind = self.byte()?;
        (self.i16()? == 0).then_some(())?;
        self.value(kind, out)
    }

    fn value(&mut self, kind: u8, out: &mut String) -> Option<()> {
        match kind {
            BOOL | BYTE => write!(out, "{}", self.byte()? as i8).ok(),
            I16 => write!(out, "{}", self.i16()?).ok(),
            I32 => write!(out, "{}", self.i32()?).ok(),
            I64 => write!(out, "{}", self.i64()?).ok(),
            DOUBLE => double(f64::from_bits(self.i64()? as u64), out),
            STRING => {
                quote(self.string()?, out);
                Some(())
            }
            STRUCT => self.fields(out),
            LIST | SET => self.list(out),
            MAP => self.map(out),
            _ => None,
        }
    }

    fn fields(&mut self, out: &mut String) -> Option<()> {
        out.push('{');
        let mut separator = "";
        loop {
            let kind = self.byte()?;
            if kind == STOP {
                out.push('}');
                return Some(());
            }
            write!(out, "{separator}\"{}\":{{\"{}\":", self.i16()?, name(kind)?).ok()?;
            self.value(kind, out)?;
            out.push('}');
            separator = ",";
        }
    }

    fn list(&mut self, out: &mut String) -> Option<()> {
        let kind = self.byte()?;
        let count = self.i32()?;
        write!(out, "[\"{}\",{count}", name(kind)?).ok()?;
        for _ in 0..count {
            out.push(',');
            self.value(kind, out)?;
        }
        out.push(']');
        Some(())
    }

    fn map(&mut self, out: &mut String) -> Option<()> {
        let (key_kind, value_kind) = (self.byte()?, self.byte()?);
        let count = self.i32()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (mut key, mut value) = (String::new(), String::new());
            self.value(key_kind, &mut key)?;
            self.value(value_kind, &mut value)?;
            // Numbers are quoted as keys. Lists are not, which makes this JSON for Thrift's readers alone.
            if !matches!(key_kind, STRING | STRUCT | LIST | SET | MAP) {
                key = format!("\"{key}\"");
            }
            entries.push((key, value));
        }
        entries.sort_unstable();
        write!(out, "[\"{}\",\"{}\",{count},{{", name(key_kind)?, name(value_kind)?).ok()?;
        let mut separator = "";
        for (key, value) in entries {
            write!(out, "{separator}{key}:{value}").ok()?;
            separator = ",";
        }
        out.push_str("}]");
        Some(())
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.bytes(1)?[0])
    }

    fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.bytes(2)?.try_into().ok()?))
    }

    fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.bytes(4)?.try_into().ok()?))
    }

    fn i64(&mut self) -> Option<i64> {
        Some(i64::from_be_bytes(self.bytes(8)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = self.i32()?.try_into().ok()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }
}

fn name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        BOOL => "tf",
        BYTE => "i8",
        DOUBLE => "dbl",
        I16 => "i16",
        I32 => "i32",
        I64 => "i64",
        STRING => "str",
        STRUCT => "rec",
        MAP => "map",
        SET => "set",
        LIST => "lst",
        _ => return None,
    })
}

fn double(value: f64, out: &mut String) -> Option<()> {
    if value.is_nan() {
        out.push_str("\"NaN\"");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    } else {
        write!(out, "{value:?}").ok()?;
    }
    Some(())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => {
                // Writing to a string never fails.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use propolis_thrift::{methods as idl, types};

    use super::*;
    use crate::hms::convert::{wire, wire_list};

    /// What Hive's own classes (4.0.1, libthrift 0.16) write for the same objects: a table, and statistics.
    const GOLDEN: &str = include_str!("tjson/golden.txt");

    fn column(name: &str, kind: &str, comment: Option<&str>) -> types::FieldSchema {
        types::FieldSchema { name: Some(wire(name)), r#type: Some(wire(kind)), comment: comment.map(wire) }
    }

    fn map<const N: usize>(
        pairs: [(&str, &str); N],
    ) -> propolis_thrift::AHashMap<propolis_thrift::FastStr, propolis_thrift::FastStr> {
        pairs.into_iter().map(|(key, value)| (wire(key), wire(value))).collect()
    }

    #[test]
    fn a_table_is_written_as_java_writes_it() {
        let storage = types::StorageDescriptor {
            cols: Some(vec![
                column("id", "bigint", None),
                column("n\u{e4}me", "string", Some("says \"hi\" \\ back/slash\n\t\r\u{8}\u{c}\u{1}\u{1f}~")),
            ]),
            location: Some(wire("file:/w/sales.db/orders")),
            input_format: Some(wire("in")),
            output_format: Some(wire("out")),
            compressed: Some(true),
            num_buckets: Some(-1),
            serde_info: Some(types::SerDeInfo {
                name: Some(wire("serde")),
                serialization_lib: Some(wire("lib")),
                parameters: Some(map([("field.delim", "\u{1}"), ("a", "b")])),
                serde_type: Some(types::SerdeType::HIVE),
                ..Default::default()
            }),
            bucket_cols: Some(Vec::new()),
            sort_cols: Some(vec![types::Order { col: Some(wire("id")), order: Some(1) }]),
            parameters: Some(map([])),
            skewed_info: Some(types::SkewedInfo {
                skewed_col_names: Some(wire_list(&["id"])),
                skewed_col_values: Some(vec![wire_list(&["1"]), wire_list(&["2"])]),
                skewed_col_value_location_maps: Some(
                    [(wire_list(&["1"]), wire("/one")), (wire_list(&["2"]), wire("/two"))].into_iter().collect(),
                ),
            }),
            stored_as_sub_directories: Some(false),
        };
        let table = types::Table {
            table_name: Some(wire("orders")),
            db_name: Some(wire("sales")),
            owner: Some(wire("ada")),
            create_time: Some(1_700_000_000),
            last_access_time: Some(0),
            retention: Some(-1),
            sd: Some(storage),
            partition_keys: Some(vec![column("dt", "date", None)]),
            parameters: Some(map([("EXTERNAL", "TRUE"), ("emoji", "\u{1f600}")])),
            table_type: Some(wire("EXTERNAL_TABLE")),
            temporary: Some(false),
            rewrite_enabled: Some(false),
            cat_name: Some(wire("hive")),
            owner_type: Some(types::PrincipalType::USER),
            id: Some(7),
            ..Default::default()
        };
        assert_eq!(tjson::<idl::GetTable>(table).unwrap(), GOLDEN.lines().next().unwrap());
    }

    #[test]
    fn statistics_are_written_as_java_writes_them() {
        let object = |name: &str, kind: &str, stats_data| types::ColumnStatisticsObj {
            col_name: wire(name),
            col_type: wire(kind),
            stats_data,
        };
        let statistics = types::ColumnStatistics {
            stats_desc: types::ColumnStatisticsDesc {
                is_tbl_level: true,
                db_name: wire("sales"),
                table_name: wire("orders"),
                last_analyzed: Some(5),
                cat_name: Some(wire("hive")),
                ..Default::default()
            },
            stats_obj: vec![
                object(
                    "x",
                    "double",
                    types::ColumnStatisticsData::DoubleStats(types::DoubleColumnStatsData {
                        low_value: Some(-0.5),
                        high_value: Some(2.5),
                        num_nulls: 2,
                        num_d_vs: 3,
                        ..Default::default()
                    }),
                ),
                object(
                    "y",
                    "boolean",
                    types::ColumnStatisticsData::BooleanStats(types::BooleanColumnStatsData {
                        num_trues: 1,
                        num_falses: 2,
                        num_nulls: 3,
                        ..Default::default()
                    }),
                ),
            ],
            is_stats_compliant: None,
            engine: Some(wire("hive")),
        };
        assert_eq!(tjson::<idl::GetTableColumnStatistics>(statistics).unwrap(), GOLDEN.lines().nth(1).unwrap());
    }

    #[test]
    fn what_is_no_number_is_a_text() {
        for (value, expected) in [
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
            (1.0, "1.0"),
            (1e300, "1e300"),
        ] {
            let mut out = String::new();
            double(value, &mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn what_ends_too_early_is_refused() {
        let reply = codec::encode_reply(
            Protocol::Binary,
            0,
            &idl::GetDatabase::reply(Ok(types::Database { name: Some(wire("d")), ..Default::default() })).unwrap(),
            usize::MAX,
        );
        let message = reply.unwrap().into_bytes();
        // The stop of the result around the object is not looked at.
        for length in 0..message.len() - 1 {
            assert_eq!(Binary(&message[..length]).result(&mut String::new()), None, "{length} bytes");
        }
    }
}
