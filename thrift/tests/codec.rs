//! The codec against bytes of Apache Thrift's own library, against itself, and against bytes that are wrong.
#![allow(clippy::unwrap_used)]

use bytes::{Buf, Bytes};
use propolis_thrift::codec::{self, ApplicationExceptionKind, CallError, DecodeError, Protocol, TType, Writer};
use propolis_thrift::types::*;
use propolis_thrift::{
    AHashMap, Exception, ExceptionKind, FastStr, METHODS, Method, MethodInfo, Reply, Request, args, methods,
};

const BOTH: [Protocol; 2] = [Protocol::Binary, Protocol::Compact];
const NO_LIMIT: usize = usize::MAX;

fn golden(protocol: Protocol, name: &str) -> Bytes {
    let wanted = format!("{protocol:?} {name} ").to_lowercase();
    let line = include_str!("golden.txt").lines().find_map(|line| line.strip_prefix(&wanted)).unwrap();
    (0..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect()
}

fn text(value: &str) -> Option<FastStr> {
    Some(FastStr::new(value))
}

fn map(pairs: &[(&str, &str)]) -> Option<AHashMap<FastStr, FastStr>> {
    Some(pairs.iter().map(|(k, v)| (FastStr::new(k), FastStr::new(v))).collect())
}

/// The table of golden.txt.
fn table() -> Table {
    let column = |i| FieldSchema { name: text(&format!("c{i}")), r#type: text("int"), comment: None };
    Table {
        table_name: text("t"),
        db_name: text("d"),
        owner: text("o"),
        create_time: Some(1_700_000_000),
        last_access_time: Some(0),
        retention: Some(i32::MIN),
        sd: Some(StorageDescriptor {
            cols: Some((0..16).map(column).collect()),
            location: text("s3://b/é"),
            input_format: text("in"),
            output_format: text("out"),
            compressed: Some(true),
            num_buckets: Some(-1),
            serde_info: Some(SerDeInfo {
                name: text("s"),
                serialization_lib: text("lib"),
                parameters: map(&[("serialization.format", "1")]),
                ..Default::default()
            }),
            bucket_cols: Some(vec!["c0".into()]),
            sort_cols: Some(vec![Order { col: text("c1"), order: Some(1) }]),
            parameters: map(&[]),
            skewed_info: Some(SkewedInfo {
                skewed_col_names: Some(vec!["c2".into()]),
                skewed_col_values: Some(vec![vec!["x".into()], vec!["y".into()]]),
                skewed_col_value_location_maps: Some(AHashMap::default()),
            }),
            stored_as_sub_directories: Some(false),
        }),
        partition_keys: Some(Vec::new()),
        parameters: map(&[("EXTERNAL", "TRUE")]),
        table_type: text("EXTERNAL_TABLE"),
        temporary: Some(false),
        owner_type: None,
        ..Default::default()
    }
}

fn statistics() -> ColumnStatistics {
    let column = |name: &str, kind: &str, stats_data| ColumnStatisticsObj {
        col_name: name.to_string().into(),
        col_type: kind.to_string().into(),
        stats_data,
    };
    ColumnStatistics {
        stats_desc: ColumnStatisticsDesc {
            is_tbl_level: true,
            db_name: "d".into(),
            table_name: "t".into(),
            last_analyzed: Some(1_700_000_000),
            ..Default::default()
        },
        stats_obj: vec![
            column(
                "c0",
                "double",
                ColumnStatisticsData::DoubleStats(DoubleColumnStatsData {
                    low_value: Some(-1.5),
                    high_value: Some(2.25),
                    num_nulls: 0,
                    num_d_vs: 300,
                    ..Default::default()
                }),
            ),
            column(
                "c1",
                "binary",
                ColumnStatisticsData::DecimalStats(DecimalColumnStatsData {
                    low_value: Some(Decimal { unscaled: Bytes::from_static(b"\xff\x01"), scale: 2 }),
                    num_nulls: 1,
                    num_d_vs: 2,
                    ..Default::default()
                }),
            ),
        ],
        engine: None,
        ..Default::default()
    }
}

fn create_table() -> Request {
    methods::CreateTableWithEnvironmentContext::request(args::CreateTableWithEnvironmentContext {
        tbl: Some(table()),
        environment_context: Some(EnvironmentContext { properties: map(&[("k", "v")]) }),
    })
}

fn calls() -> Vec<(&'static str, i32, Request)> {
    let strings = |values: &[&str]| Some(values.iter().map(|v| FastStr::new(*v)).collect());
    vec![
        ("create", 70_000, create_table()),
        (
            "stats",
            1,
            methods::UpdateTableColumnStatistics::request(args::UpdateTableColumnStatistics {
                stats_obj: Some(statistics()),
            }),
        ),
        ("null", 2, methods::SetUgi::request(args::SetUgi { user_name: text("bob"), group_names: None })),
        (
            "drop",
            3,
            methods::DropPartition::request(args::DropPartition {
                db_name: text("d"),
                tbl_name: text("t"),
                part_vals: strings(&["a", "b"]),
                delete_data: Some(true),
            }),
        ),
    ]
}

#[test]
fn calls_are_read_as_apache_thrift_writes_them() {
    for protocol in BOTH {
        for (name, seq, mut expected) in calls() {
            let call = codec::decode_call(protocol, golden(protocol, name)).unwrap();
            // What the IDL declares as defaults is there although the client left it out.
            match &mut expected {
                Request::CreateTableWithEnvironmentContext(args) => {
                    args.tbl.as_mut().unwrap().owner_type = Some(PrincipalType::USER);
                }
                Request::UpdateTableColumnStatistics(args) => {
                    args.stats_obj.as_mut().unwrap().engine = text("hive");
                }
                _ => {}
            }
            assert_eq!((call.seq, call.request), (seq, expected), "{protocol:?} {name}");
        }
    }
}

#[test]
fn calls_are_written_as_apache_thrift_writes_them() {
    for protocol in BOTH {
        for (name, seq, request) in calls() {
            let encoded = codec::encode_call(protocol, seq, &request).unwrap();
            assert_eq!(encoded.len(), encoded.remaining());
            assert_eq!(encoded.into_bytes(), golden(protocol, name), "{protocol:?} {name}");
        }
    }
}

#[test]
fn replies_are_written_as_apache_thrift_writes_them() {
    let no_table = Exception::NoSuchObject("no d.t".into());
    for protocol in BOTH {
        for (name, seq, reply) in [
            ("reply", -1, methods::GetTable::reply(Ok(table()))),
            ("exception", 5, methods::GetTable::reply(Err(no_table.clone()))),
            ("bool", 5, methods::DropRole::reply(Ok(true))),
        ] {
            let encoded = codec::encode_reply(protocol, seq, &reply.unwrap(), NO_LIMIT).unwrap();
            assert_eq!(encoded.into_bytes(), golden(protocol, name), "{protocol:?} {name}");
        }
        let kind = ApplicationExceptionKind::UNKNOWN_METHOD;
        let unknown = codec::encode_exception(protocol, "nope", 6, kind, "Invalid method name: 'nope'");
        assert_eq!(unknown, golden(protocol, "application"));
    }
}

#[test]
fn replies_are_read_as_apache_thrift_writes_them() {
    for protocol in BOTH {
        let read = codec::decode_result::<methods::GetTable>(protocol, golden(protocol, "reply"));
        assert_eq!(read, Ok(Table { owner_type: Some(PrincipalType::USER), ..table() }));
        let read = codec::decode_result::<methods::GetTable>(protocol, golden(protocol, "exception"));
        assert_eq!(read, Err(CallError::Exception(Exception::NoSuchObject("no d.t".into()))));
        assert_eq!(codec::decode_result::<methods::DropRole>(protocol, golden(protocol, "bool")), Ok(true));
        let read = codec::decode_reply(protocol, golden(protocol, "application"), "nope");
        let Err(CallError::Application { kind, message }) = read else { panic!("{read:?}") };
        assert_eq!((kind, &*message), (ApplicationExceptionKind::UNKNOWN_METHOD, "Invalid method name: 'nope'"));
        let wrong = codec::decode_result::<methods::GetDatabase>(protocol, golden(protocol, "reply"));
        assert!(matches!(wrong, Err(CallError::Malformed(_))));
    }
}

#[test]
fn every_method_is_called_without_arguments() {
    assert!(METHODS.is_sorted_by_key(|method| method.name));
    for protocol in BOTH {
        for method in METHODS {
            let message = message(protocol, method.name, |_| {});
            let call = codec::decode_call(protocol, message.clone()).unwrap();
            assert_eq!((call.name, call.request.name(), call.seq), (method.name, method.name, 9));
            if !method.oneway {
                assert_eq!(codec::encode_call(protocol, 9, &call.request).unwrap().into_bytes(), message);
            }
        }
    }
}

/// A call with hand-written fields. Written as a reply, whose header differs in the message type.
fn message(protocol: Protocol, method: &str, fields: impl Fn(&mut Writer)) -> Bytes {
    let mut writer = Writer::new(protocol, NO_LIMIT);
    writer.begin_reply(method, 9);
    writer.begin_struct();
    fields(&mut writer);
    writer.end_struct();
    let mut bytes = writer.finish().unwrap().into_bytes().to_vec();
    match protocol {
        Protocol::Binary => bytes[3] = 1,
        Protocol::Compact => bytes[1] = 1 | 1 << 5,
    }
    bytes.into()
}

#[test]
fn unknown_methods_can_be_answered() {
    for protocol in BOTH {
        let message = message(protocol, "make_coffee", |writer| {
            writer.field(TType::List, 1);
            writer.list(TType::Binary, 1);
            writer.string("strong");
        });
        let error = codec::decode_call(protocol, message).unwrap_err();
        assert_eq!(error, DecodeError::UnknownMethod { name: "make_coffee".into(), seq: 9 });
        assert_eq!(error.to_string(), "Invalid method name: 'make_coffee'");
    }
}

#[test]
fn unknown_fields_and_fields_of_another_type_are_skipped() {
    for protocol in BOTH {
        let message = message(protocol, "get_table", |writer| {
            writer.field(TType::I64, 1);
            writer.i64(i64::MIN);
            writer.field(TType::Binary, 2);
            writer.string("t");
            writer.bool_field(3, true);
            writer.field(TType::Map, 40);
            writer.map(TType::I32, TType::List, 1);
            writer.i32(300);
            writer.list(TType::Struct, 2);
            for _ in 0..2 {
                writer.begin_struct();
                writer.bool_field(1, false);
                writer.field(TType::Struct, 30);
                writer.begin_struct();
                writer.end_struct();
                writer.end_struct();
            }
            writer.field(TType::I32, 41);
            writer.i32(1 << 30);
        });
        let call = codec::decode_call(protocol, message).unwrap();
        let expected = args::GetTable { dbname: None, tbl_name: text("t") };
        assert_eq!(call.request, Request::GetTable(expected));
    }
}

#[test]
fn exceptions_that_a_method_does_not_declare_come_back() {
    let undeclared = Exception::TxnOpen("later".into());
    let request = methods::GetTable::request(args::GetTable::default());
    assert_eq!(request.refusal(undeclared.clone()), Err(undeclared.clone()));
    let declared = Exception::Meta("no".into());
    assert_eq!(request.refusal(declared.clone()), methods::GetTable::reply(Err(declared)));
    assert_eq!(methods::GetTable::reply(Err(undeclared.clone())), Err(undeclared));
    let info = MethodInfo::of("get_table").unwrap();
    assert!(info.declares(ExceptionKind::Meta) && !info.declares(ExceptionKind::TxnOpen) && !info.oneway);
    assert_eq!(info.throws, methods::GetTable::THROWS);
    assert!(MethodInfo::of("shutdown").unwrap().oneway);
    assert_eq!(MethodInfo::of("get_tabl"), None);
}

#[test]
fn exceptions_name_themselves_as_in_the_idl() {
    for &kind in ExceptionKind::ALL {
        assert_eq!(kind.with("why").kind(), kind);
        assert!(kind.name().ends_with("Exception"));
    }
    assert_eq!(ExceptionKind::UnknownDb.with("no d").to_string(), "UnknownDBException: no d");
}

#[test]
fn malformed_arguments_are_named() {
    for protocol in BOTH {
        let malformed = |method, fields: fn(&mut Writer)| {
            let error = codec::decode_call(protocol, message(protocol, method, fields)).unwrap_err();
            let DecodeError::Malformed { name, seq: 9, message } = error else { panic!("{error:?}") };
            assert_eq!(name, method);
            message
        };
        let required = malformed("get_table_req", |writer| {
            writer.field(TType::Struct, 1);
            writer.begin_struct();
            writer.end_struct();
        });
        assert!(required.contains("field db_name is required"), "{required}");
        let two_structs = malformed("get_table", |writer| writer.raw(&[TType::Stop as u8]));
        assert!(two_structs.contains("1 bytes are left over"), "{two_structs}");
    }
    let mut bytes = golden(Protocol::Binary, "null").to_vec();
    let at = bytes.len() - 4;
    bytes[at..at + 3].copy_from_slice(b"b\xffb");
    let error = codec::decode_call(Protocol::Binary, bytes.into()).unwrap_err();
    assert!(error.to_string().contains("not UTF-8"), "{error}");
}

#[test]
fn replies_and_noise_are_not_calls() {
    for protocol in BOTH {
        let reply = golden(protocol, "reply");
        assert!(matches!(codec::decode_call(protocol, reply), Err(DecodeError::Malformed { .. })));
        for noise in [&b""[..], b"\x80", b"GET / HTTP/1.1\r\n\r\n", b"\x82\x21\x00\xff\xff\xff\xff\x0f"] {
            let error = codec::decode_call(protocol, Bytes::from_static(noise)).unwrap_err();
            assert!(matches!(error, DecodeError::NoMessage(_)), "{error:?}");
        }
    }
}

#[test]
fn every_cut_of_a_message_is_an_error() {
    for protocol in BOTH {
        let whole = golden(protocol, "create");
        for end in 0..whole.len() {
            assert!(codec::decode_call(protocol, whole.slice(..end)).is_err(), "{protocol:?} {end}");
        }
    }
}

#[test]
fn lists_cannot_take_memory_that_the_message_does_not_pay_for() {
    for protocol in BOTH {
        // Two thousand million partitions that are not there.
        let claimed = message(protocol, "add_partitions", |writer| {
            writer.field(TType::List, 1);
            writer.list(TType::Struct, i32::MAX as usize);
        });
        // A million that are, of one byte each: 1.3 GB in memory.
        let empty = message(protocol, "add_partitions", |writer| {
            writer.field(TType::List, 1);
            writer.list(TType::Struct, 1 << 20);
            writer.raw(&[0; 1 << 20]);
        });
        for message in [claimed, empty] {
            assert!(matches!(codec::decode_call(protocol, message), Err(DecodeError::Malformed { .. })));
        }
    }
}

#[test]
fn nesting_ends_somewhere() {
    for protocol in BOTH {
        let error = codec::decode_call(
            protocol,
            message(protocol, "get_table", |writer| {
                (0..100_000).for_each(|_| {
                    writer.field(TType::Struct, 50);
                    writer.begin_struct();
                });
                (0..100_000).for_each(|_| writer.end_struct());
            }),
        );
        assert!(error.unwrap_err().to_string().contains("deep"));
    }
}

#[test]
fn large_replies_come_in_pieces_and_keep_to_their_limit() {
    let partition = |i: usize| Partition {
        values: Some(vec![i.to_string().into()]),
        sd: table().sd,
        parameters: map(&[("a long one", &"x".repeat(5000))]),
        ..Default::default()
    };
    let partitions: Vec<Partition> = (0..300).map(partition).collect();
    let reply = methods::GetPartitions::reply(Ok(partitions.clone())).unwrap();
    for protocol in BOTH {
        let encoded = codec::encode_reply(protocol, 1, &reply, NO_LIMIT).unwrap();
        let len = encoded.len();
        assert!(encoded.pieces().count() > 300);
        assert_eq!(encoded.pieces().map(Bytes::len).sum::<usize>(), len);

        let mut copy = vec![0; len];
        encoded.clone().copy_to_slice(&mut copy);
        assert_eq!(copy, encoded.clone().into_bytes());
        let back = codec::decode_result::<methods::GetPartitions>(protocol, encoded.into_bytes()).unwrap();
        assert_eq!(back, partitions);

        assert_eq!(codec::encode_reply(protocol, 1, &reply, len).unwrap().len(), len);
        for limit in [0, 100, len - 1] {
            let error = codec::encode_reply(protocol, 1, &reply, limit).unwrap_err();
            assert_eq!(error, codec::EncodeError::TooLong { limit });
        }
    }
}

#[test]
fn a_shared_descriptor_is_written_as_a_whole_one() {
    for protocol in BOTH {
        for cols in [None, Some(Vec::new()), table().sd.unwrap().cols] {
            for input_format in [None, text("in")] {
                let whole = StorageDescriptor {
                    cols: cols.clone(),
                    location: text("file:/w/d=1"),
                    input_format: input_format.clone(),
                    ..table().sd.unwrap()
                };
                let mut writer = Writer::new(protocol, NO_LIMIT);
                codec::SharedDescriptor::new(protocol, whole.clone()).write(&mut writer, "file:/w/d=1");
                let shared = writer.finish().unwrap().into_bytes();
                assert_eq!(shared, codec::encode_storage_descriptor(protocol, &whole));
                assert_eq!(codec::decode_storage_descriptor(protocol, shared), Ok(whole));
            }
        }
    }
}

#[test]
fn encoded_parts_fit_into_hand_written_replies() {
    let columns = table().sd.unwrap().cols.unwrap();
    for protocol in BOTH {
        let fields = reply_with(protocol, "get_fields", TType::List, &codec::encode_columns(protocol, &columns));
        assert_eq!(codec::decode_result::<methods::GetFields>(protocol, fields), Ok(columns.clone()));
        let got = reply_with(protocol, "get_table", TType::Struct, &codec::encode_table(protocol, &table()));
        let typed = methods::GetTable::reply(Ok(table())).unwrap();
        assert_eq!(got, codec::encode_reply(protocol, 9, &typed, NO_LIMIT).unwrap().into_bytes());
    }
}

fn reply_with(protocol: Protocol, method: &str, ttype: TType, value: &[u8]) -> Bytes {
    let mut writer = Writer::new(protocol, NO_LIMIT);
    writer.begin_reply(method, 9);
    writer.begin_struct();
    writer.field(ttype, 0);
    writer.raw(value);
    writer.end_struct();
    writer.finish().unwrap().into_bytes()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    /// Bytes changed anywhere in real messages: a value or an error, and what is a value can be written again.
    #[test]
    fn damaged_messages_are_values_or_errors(
        compact: bool,
        which in 0usize..4,
        changes in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), proptest::prelude::any::<u8>()), 1..6),
    ) {
        let protocol = BOTH[usize::from(compact)];
        let mut bytes = golden(protocol, ["create", "stats", "null", "drop"][which]).to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(call) = codec::decode_call(protocol, bytes.into()) {
            let again = codec::encode_call(protocol, call.seq, &call.request).unwrap().into_bytes();
            let twice = codec::decode_call(protocol, again).unwrap();
            // Doubles may have become NaN, which no comparison finds equal.
            proptest::prop_assert_eq!(format!("{:?}", sorted(&twice.request)), format!("{:?}", sorted(&call.request)));
        }
    }

    #[test]
    fn noise_never_panics(compact: bool, bytes: Vec<u8>) {
        let protocol = BOTH[usize::from(compact)];
        let _ = codec::decode_call(protocol, bytes.clone().into());
        let _ = codec::decode_reply(protocol, bytes.into(), "get_table");
    }
}

/// A stand-in that does not depend on the order of maps: every character of the text, in order.
fn sorted(request: &Request) -> Vec<char> {
    let mut characters: Vec<char> = format!("{request:?}").chars().collect();
    characters.sort_unstable();
    characters
}

#[test]
fn replies_know_their_method() {
    let reply: Reply = methods::GetName::reply(Ok("propolis".into())).unwrap();
    assert_eq!(reply.name(), methods::GetName::NAME);
    assert_eq!(methods::GetName::result(reply.clone()), Some(Ok("propolis".into())));
    assert_eq!(methods::GetVersion::result(reply), None);
}
