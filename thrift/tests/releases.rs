//! Structs that clients from before Hive 3 lay out otherwise.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use propolis_thrift::codec::{self, Protocol, TType, Writer};
use propolis_thrift::types::*;
use propolis_thrift::{Method, Request, methods};

const BOTH: [Protocol; 2] = [Protocol::Binary, Protocol::Compact];

/// A struct, without its end.
fn fields(protocol: Protocol, write: impl Fn(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new(protocol, usize::MAX);
    writer.begin_struct();
    write(&mut writer);
    writer.finish().unwrap().into_bytes().to_vec()
}

fn strings(writer: &mut Writer, id: i16, texts: &[&str]) {
    writer.field(TType::List, id);
    writer.list(TType::Binary, texts.len());
    texts.iter().for_each(|text| writer.string(text));
}

/// A call of the method with one struct as its argument.
fn call(protocol: Protocol, method: &str, write: impl Fn(&mut Writer)) -> Request {
    let mut writer = Writer::new(protocol, usize::MAX);
    writer.begin_reply(method, 1);
    writer.begin_struct();
    writer.field(TType::Struct, 1);
    writer.begin_struct();
    write(&mut writer);
    writer.end_struct();
    writer.end_struct();
    let mut message = writer.finish().unwrap().into_bytes().to_vec();
    // A reply's head is a call's but for its type.
    match protocol {
        Protocol::Binary => message[3] = 1,
        Protocol::Compact => message[1] = message[1] & 0x1f | 1 << 5,
    }
    codec::decode_call(protocol, message.into()).unwrap().request
}

fn fired(protocol: Protocol, insert: impl Fn(&mut Writer)) -> InsertEventRequestData {
    let request = call(protocol, "fire_listener_event", |writer| {
        writer.bool_field(1, true);
        writer.field(TType::Struct, 2);
        writer.begin_struct();
        writer.field(TType::Struct, 1);
        writer.begin_struct();
        insert(writer);
        writer.end_struct();
        writer.end_struct();
    });
    let Request::FireListenerEvent(args) = request else { panic!("{request:?}") };
    let FireEventRequestData::InsertData(data) = args.rqst.unwrap().data else { panic!("no data of an insert") };
    data
}

#[test]
fn inserts_are_told_with_and_without_their_replacing() {
    for protocol in BOTH {
        let oldest = fired(protocol, |writer| strings(writer, 1, &["a", "b"]));
        assert_eq!((oldest.replace, &oldest.files_added[..]), (None, &["a".into(), "b".into()][..]));
        assert_eq!(oldest.files_added_checksum, None);

        let old = fired(protocol, |writer| {
            strings(writer, 1, &["a"]);
            strings(writer, 2, &["1"]);
        });
        assert_eq!(old.files_added, ["a"]);
        assert_eq!(old.files_added_checksum, Some(vec!["1".into()]));

        let new = fired(protocol, |writer| {
            writer.bool_field(1, true);
            strings(writer, 2, &["a"]);
            strings(writer, 3, &["1"]);
        });
        assert_eq!((new.replace, &new.files_added[..]), (Some(true), &["a".into()][..]));
        assert_eq!(new.files_added_checksum, Some(vec!["1".into()]));
    }
}

#[test]
fn dynamic_partitions_come_with_and_without_a_write_id() {
    for protocol in BOTH {
        for moved in [0, 1] {
            let request = call(protocol, "add_dynamic_partitions", |writer| {
                writer.field(TType::I64, 1);
                writer.i64(7);
                if moved == 1 {
                    writer.field(TType::I64, 2);
                    writer.i64(5);
                }
                writer.field(TType::Binary, 2 + moved);
                writer.string("db");
                writer.field(TType::Binary, 3 + moved);
                writer.string("t");
                strings(writer, 4 + moved, &["ds=1"]);
                writer.field(TType::I32, 5 + moved);
                writer.i32(DataOperationType::INSERT.inner());
            });
            let Request::AddDynamicPartitions(args) = request else { panic!("{request:?}") };
            let expected = AddDynamicPartitions {
                txnid: 7,
                writeid: i64::from(moved) * 5,
                dbname: "db".into(),
                tablename: "t".into(),
                partitionnames: vec!["ds=1".into()],
                operation_type: Some(DataOperationType::INSERT),
            };
            assert_eq!(args.rqst, Some(expected), "{protocol:?}");
        }
    }
}

#[test]
fn open_transactions_are_a_set_and_a_list() {
    let open = GetOpenTxnsResponse { txn_high_water_mark: 9, open_txns: vec![3, 8], ..Default::default() };
    for protocol in BOTH {
        let reply = methods::GetOpenTxns::reply(Ok(open.clone())).unwrap();
        let message = codec::encode_reply(protocol, 1, &reply, usize::MAX).unwrap().into_bytes();
        let both = fields(protocol, |writer| {
            writer.field(TType::I64, 1);
            writer.i64(9);
            writer.field(TType::Set, 2);
            writer.list(TType::I64, 2);
            writer.i64(3);
            writer.i64(8);
            writer.field(TType::List, 2);
            writer.list(TType::I64, 2);
            writer.i64(3);
            writer.i64(8);
        });
        assert!(contains(&message, &both), "{protocol:?}: {message:?} has no {both:?}");
        assert_eq!(codec::decode_result::<methods::GetOpenTxns>(protocol, message).unwrap(), open);
    }
}

fn contains(message: &Bytes, part: &[u8]) -> bool {
    message.windows(part.len()).any(|window| window == part)
}
