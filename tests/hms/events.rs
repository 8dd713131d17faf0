//! The notification log.

use std::collections::BTreeSet;

use base64::Engine as _;
use propolis_thrift::codec::CallError;
use propolis_thrift::{FastStr, args, methods, types};
use serde_json::{Value, json};

use crate::support::{Client, Options, Server, columns, hive, map, table, text, texts};

async fn events_after(client: &mut Client, request: types::NotificationEventRequest) -> Vec<types::NotificationEvent> {
    client.call::<methods::GetNextNotification>(args::GetNextNotification { rqst: Some(request) }).await.unwrap().events
}

async fn all_after(client: &mut Client, last_event: i64) -> Vec<types::NotificationEvent> {
    events_after(client, types::NotificationEventRequest { last_event, ..Default::default() }).await
}

async fn current(client: &mut Client) -> i64 {
    client
        .call::<methods::GetCurrentNotificationEventId>(args::GetCurrentNotificationEventId {})
        .await
        .unwrap()
        .event_id
}

async fn count(client: &mut Client, request: types::NotificationEventsCountRequest) -> i64 {
    client
        .call::<methods::GetNotificationEventsCount>(args::GetNotificationEventsCount { rqst: Some(request) })
        .await
        .unwrap()
        .events_count
}

async fn fire(client: &mut Client, request: types::FireEventRequest) -> Result<Vec<i64>, CallError> {
    let answer = client.call::<methods::FireListenerEvent>(args::FireListenerEvent { rqst: Some(request) }).await?;
    Ok(answer.event_ids.unwrap())
}

async fn add_partitions(client: &mut Client, database: &str, name: &str, values: &[&str]) {
    let sd = client.get_table(database, name).await.unwrap().sd;
    let parts = values
        .iter()
        .map(|value| types::Partition {
            values: Some(texts(&[value])),
            db_name: text(database),
            table_name: text(name),
            sd: sd.clone().map(|sd| types::StorageDescriptor { location: None, ..sd }),
            ..Default::default()
        })
        .collect();
    let request = args::AddPartitions { new_parts: Some(parts) };
    client.call::<methods::AddPartitions>(request).await.unwrap();
}

fn message(event: &types::NotificationEvent) -> Value {
    serde_json::from_str(&event.message).unwrap()
}

/// An object within a message. Fields are `{"ID":{"TYPE":VALUE}}`.
fn object(message: &Value, key: &str) -> Value {
    serde_json::from_str(message[key].as_str().unwrap_or_else(|| panic!("no {key} in {message}"))).unwrap()
}

fn types_of(events: &[types::NotificationEvent]) -> Vec<&str> {
    events.iter().map(|event| event.event_type.as_str()).collect()
}

#[tokio::test]
async fn every_change_is_told_as_hive_tells_it() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let start = current(&mut client).await;
    client.create_database("sales").await;
    client.create_table(table("sales", "orders", &[("id", "bigint")], &[("dt", "string")])).await;
    add_partitions(&mut client, "sales", "orders", &["a", "b"]).await;
    let mut renamed = client.get_table("sales", "orders").await.unwrap();
    renamed.table_name = text("bills");
    let alter = args::AlterTable { dbname: text("sales"), tbl_name: text("orders"), new_tbl: Some(renamed) };
    client.call::<methods::AlterTable>(alter).await.unwrap();
    let drop = args::DropTable { dbname: text("sales"), name: text("bills"), delete_data: Some(true) };
    client.call::<methods::DropTable>(drop).await.unwrap();

    let events = all_after(&mut client, start).await;
    let kinds = types_of(&events);
    assert_eq!(kinds, ["CREATE_DATABASE", "CREATE_TABLE", "ADD_PARTITION", "ALTER_TABLE", "DROP_TABLE"]);
    for (event, id) in events.iter().zip(start + 1..) {
        assert_eq!(event.event_id, id);
        assert_eq!(event.message_format.as_deref(), Some("json-0.2"));
        assert_eq!((event.cat_name.as_deref(), event.db_name.as_deref()), (Some("hive"), Some("sales")));
        let message = message(event);
        assert_eq!(message["server"], "");
        assert_eq!(message["servicePrincipal"], "");
        assert_eq!(message["db"], "sales");
        assert_eq!(message["timestamp"], event.event_time);
    }

    let database = object(&message(&events[0]), "dbJson");
    assert_eq!(database["1"], json!({"str": "sales"}));

    let created = message(&events[1]);
    assert_eq!((&created["table"], &created["tableType"]), (&json!("orders"), &json!("MANAGED_TABLE")));
    assert_eq!(created["files"], json!([]));
    let created = object(&created, "tableObjJson");
    assert_eq!(created["1"], json!({"str": "orders"}));
    let fields = json!({"lst": ["rec", 1, {"1": {"str": "id"}, "2": {"str": "bigint"}}]});
    assert_eq!(created["7"]["rec"]["1"], fields);

    let added = message(&events[2]);
    assert_eq!(added["partitions"], json!([{"dt": "a"}, {"dt": "b"}]));
    let partition: Value = serde_json::from_str(added["partitionListJson"][1].as_str().unwrap()).unwrap();
    assert_eq!(partition["1"], json!({"lst": ["str", 1, "b"]}));
    assert!(partition["6"]["rec"]["2"]["str"].as_str().unwrap().ends_with("/orders/dt=b"), "{partition}");
    assert_eq!(partition["6"]["rec"]["1"], fields);
    assert_eq!(object(&added, "tableObjJson")["7"]["rec"]["1"], fields);

    assert_eq!(events[3].table_name.as_deref(), Some("bills"));
    let altered = message(&events[3]);
    assert_eq!((&altered["table"], &altered["isTruncateOp"]), (&json!("orders"), &json!("false")));
    assert_eq!(object(&altered, "tableObjBeforeJson")["1"], json!({"str": "orders"}));
    assert_eq!(object(&altered, "tableObjAfterJson")["1"], json!({"str": "bills"}));

    assert_eq!(object(&message(&events[4]), "tableObjJson")["1"], json!({"str": "bills"}));
}

#[tokio::test]
async fn partitions_that_are_altered_have_an_event_each() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("d").await;
    client.create_table(table("d", "t", &[("a", "int")], &[("p", "string")])).await;
    let values: Vec<String> = (0..25).map(|i| format!("{i:02}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    add_partitions(&mut client, "d", "t", &values).await;
    let start = current(&mut client).await;

    let get = args::GetPartitions { db_name: text("d"), tbl_name: text("t"), max_parts: Some(-1) };
    let mut partitions = client.call::<methods::GetPartitions>(get).await.unwrap();
    for partition in &mut partitions {
        partition.parameters.get_or_insert_default().insert("seen".into(), "yes".into());
    }
    let alter = args::AlterPartitions { db_name: text("d"), tbl_name: text("t"), new_parts: Some(partitions) };
    client.call::<methods::AlterPartitions>(alter).await.unwrap();
    client.create_table(table("d", "u", &[("a", "int")], &[])).await;

    assert_eq!(current(&mut client).await, start + 26);
    let events = all_after(&mut client, start).await;
    assert_eq!(events.len(), 26);
    assert_eq!(events[25].event_type, "CREATE_TABLE");
    // From the middle of them, a few at a time.
    let request = types::NotificationEventRequest { last_event: start + 10, max_events: Some(3), ..Default::default() };
    let some = events_after(&mut client, request).await;
    assert_eq!(some, events[10..13]);
    for (event, (id, value)) in events.iter().zip((start + 1..).zip(&values)) {
        assert_eq!((event.event_id, event.event_type.as_str()), (id, "ALTER_PARTITION"));
        let message = message(event);
        assert_eq!(message["keyValues"], json!({"p": value}));
        let after = object(&message, "partitionObjAfterJson");
        assert!(after["7"]["map"][3]["seen"] == "yes", "{after}");
        assert!(object(&message, "partitionObjBeforeJson")["7"]["map"][3]["seen"].is_null());
    }
    let counted = |from: i64, to: Option<i64>| types::NotificationEventsCountRequest {
        from_event_id: from,
        db_name: "D".into(),
        to_event_id: to,
        ..Default::default()
    };
    assert_eq!(count(&mut client, counted(start, None)).await, 26);
    assert_eq!(count(&mut client, counted(start + 10, Some(start + 13))).await, 3);
    assert_eq!(count(&mut client, counted(start + 20, Some(start + 26))).await, 6);
    let limited = types::NotificationEventsCountRequest { limit: Some(7), ..counted(0, None) };
    assert_eq!(count(&mut client, limited).await, 7);
}

#[tokio::test]
async fn readers_choose_what_they_are_told() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let start = current(&mut client).await;
    for database in ["d", "e"] {
        client.create_database(database).await;
        for name in ["t", "u"] {
            client.create_table(table(database, name, &[("a", "int")], &[])).await;
        }
    }
    let request = || types::NotificationEventRequest { last_event: start, ..Default::default() };
    for (request, expected) in [
        (types::NotificationEventRequest { db_name: text("D"), ..request() }, vec!["d", "d.t", "d.u"]),
        (types::NotificationEventRequest { db_name: text("@hive#e"), ..request() }, vec!["e", "e.t", "e.u"]),
        (types::NotificationEventRequest { table_names: Some(texts(&["T"])), ..request() }, vec!["d.t", "e.t"]),
        (
            types::NotificationEventRequest { event_type_skip_list: Some(texts(&["CREATE_TABLE"])), ..request() },
            vec!["d", "e"],
        ),
        (
            types::NotificationEventRequest { event_type_list: Some(texts(&["CREATE_DATABASE"])), ..request() },
            vec!["d", "e"],
        ),
        (types::NotificationEventRequest { cat_name: text("other"), ..request() }, vec![]),
        (types::NotificationEventRequest { max_events: Some(2), ..request() }, vec!["d", "d.t"]),
        (types::NotificationEventRequest { last_event: i64::MAX, ..request() }, vec![]),
    ] {
        let names: Vec<String> = events_after(&mut client, request.clone())
            .await
            .iter()
            .map(|event| {
                [event.db_name.as_deref(), event.table_name.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(".")
            })
            .collect();
        assert_eq!(names, expected, "{request:?}");
    }
    let counted = |database: &str, tables: Option<Vec<FastStr>>| types::NotificationEventsCountRequest {
        from_event_id: start,
        db_name: FastStr::new(database),
        table_names: tables,
        ..Default::default()
    };
    assert_eq!(count(&mut client, counted("*", None)).await, 6);
    assert_eq!(count(&mut client, counted("e", None)).await, 3);
    assert_eq!(count(&mut client, counted("*", Some(texts(&["t", "u"])))).await, 4);
}

#[tokio::test]
async fn clients_tell_of_inserts() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("d").await;
    client.create_table(table("d", "t", &[("a", "int")], &[])).await;
    client.create_table(table("d", "p", &[("a", "int")], &[("k", "string")])).await;
    add_partitions(&mut client, "d", "p", &["x", "y"]).await;
    let start = current(&mut client).await;

    let request = |name: &str, data: types::FireEventRequestData| types::FireEventRequest {
        successful: true,
        data,
        db_name: text("D"),
        table_name: text(name),
        ..Default::default()
    };
    let insert = |value: Option<&str>| types::InsertEventRequestData {
        replace: Some(false),
        files_added: texts(&["file:/w/1", "file:/w/2"]),
        partition_val: value.map(|value| texts(&[value])),
        ..Default::default()
    };
    let data = types::FireEventRequestData::InsertData(insert(None));
    assert_eq!(fire(&mut client, request("t", data.clone())).await.unwrap(), [start + 1]);
    let failed = types::FireEventRequest { successful: false, ..request("t", data.clone()) };
    assert_eq!(fire(&mut client, failed).await.unwrap(), [0i64; 0]);
    let two = types::FireEventRequestData::InsertDatas(vec![insert(Some("y")), insert(Some("x"))]);
    assert_eq!(fire(&mut client, request("p", two)).await.unwrap(), [start + 2, start + 3]);
    let reload = types::FireEventRequest {
        partition_vals: Some(texts(&["x"])),
        ..request("p", types::FireEventRequestData::RefreshEvent(true))
    };
    assert_eq!(fire(&mut client, reload).await.unwrap(), [start + 4]);

    let unpaired = types::InsertEventRequestData { files_added_checksum: Some(texts(&["1"])), ..insert(None) };
    for bad in [
        request("none", data.clone()),
        types::FireEventRequest { partition_vals: Some(texts(&["z"])), ..request("p", data.clone()) },
        types::FireEventRequest { partition_vals: Some(texts(&["x", "y"])), ..request("p", data.clone()) },
        types::FireEventRequest { table_name: None, ..request("t", data.clone()) },
        request("t", types::FireEventRequestData::InsertData(unpaired)),
        request("p", types::FireEventRequestData::InsertDatas(vec![insert(Some("x")), insert(None)])),
    ] {
        let refused = fire(&mut client, bad.clone()).await;
        assert!(matches!(refused, Err(CallError::Application { .. })), "{bad:?}: {refused:?}");
    }

    let events = all_after(&mut client, start).await;
    assert_eq!(types_of(&events), ["INSERT", "INSERT", "INSERT", "RELOAD"]);
    let first = message(&events[0]);
    assert_eq!(first["files"], json!(["file:/w/1###", "file:/w/2###"]));
    assert_eq!((&first["replace"], &first["table"]), (&json!("false"), &json!("t")));
    assert!(first["ptnObjJson"].is_null());
    for (event, value) in events[1..].iter().zip(["y", "x", "x"]) {
        assert_eq!(object(&message(event), "ptnObjJson")["1"], json!({"lst": ["str", 1, value]}));
    }
    assert_eq!(message(&events[3])["refreshEvent"], "true");
}

#[tokio::test]
async fn the_other_objects_are_told_too() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("d").await;
    client.create_table(table("d", "t", &[("a", "bigint")], &[])).await;
    let start = current(&mut client).await;

    let function = types::Function {
        function_name: text("f"),
        db_name: text("d"),
        class_name: text("org.F"),
        owner_type: Some(types::PrincipalType::USER),
        function_type: Some(types::FunctionType::JAVA),
        ..Default::default()
    };
    client.call::<methods::CreateFunction>(args::CreateFunction { func: Some(function) }).await.unwrap();
    let drop = args::DropFunction { db_name: text("d"), func_name: text("f") };
    client.call::<methods::DropFunction>(drop).await.unwrap();
    let statistics = types::ColumnStatistics {
        stats_desc: types::ColumnStatisticsDesc {
            is_tbl_level: true,
            db_name: "d".into(),
            table_name: "t".into(),
            ..Default::default()
        },
        stats_obj: vec![types::ColumnStatisticsObj {
            col_name: "a".into(),
            col_type: "bigint".into(),
            stats_data: types::ColumnStatisticsData::LongStats(types::LongColumnStatsData {
                high_value: Some(9),
                num_nulls: 1,
                num_d_vs: 5,
                ..Default::default()
            }),
        }],
        ..Default::default()
    };
    let update = args::UpdateTableColumnStatistics { stats_obj: Some(statistics) };
    client.call::<methods::UpdateTableColumnStatistics>(update).await.unwrap();
    let delete = args::DeleteTableColumnStatistics {
        db_name: text("d"),
        tbl_name: text("t"),
        col_name: text("a"),
        engine: text("hive"),
    };
    client.call::<methods::DeleteTableColumnStatistics>(delete).await.unwrap();
    let database = types::Database { name: text("d"), parameters: Some(map(&[("k", "v")])), ..Default::default() };
    client.call::<methods::AlterDatabase>(args::AlterDatabase { dbname: text("d"), db: Some(database) }).await.unwrap();
    let catalog = types::Catalog {
        name: text("other"),
        location_uri: text(&format!("file:{}", server.folder("other").display())),
        ..Default::default()
    };
    let create = types::CreateCatalogRequest { catalog: Some(catalog) };
    client.call::<methods::CreateCatalog>(args::CreateCatalog { catalog: Some(create) }).await.unwrap();

    let events = all_after(&mut client, start).await;
    let kinds = types_of(&events);
    assert_eq!(
        kinds[..6],
        [
            "CREATE_FUNCTION",
            "DROP_FUNCTION",
            "UPDATE_TBL_COL_STAT_EVENT",
            "DELETE_TBL_COL_STAT_EVENT",
            "ALTER_DATABASE",
            "CREATE_CATALOG"
        ]
    );
    assert_eq!(object(&message(&events[0]), "functionObjJson")["3"], json!({"str": "org.F"}));
    assert_eq!(message(&events[1])["functionName"], "f");
    let updated = message(&events[2]);
    let told = object(&updated, "colStatsJson");
    assert_eq!(told["2"]["lst"][2]["3"]["rec"]["2"]["rec"]["2"], json!({"i64": 9}), "{told}");
    assert_eq!(updated["database"], "d");
    assert_eq!(object(&updated, "tableObjJson")["1"], json!({"str": "t"}));
    assert_eq!(message(&events[3])["colName"], "a");
    assert_eq!(object(&message(&events[4]), "dbObjAfterJson")["4"]["map"], json!(["str", "str", 1, {"k": "v"}]));
    assert_eq!(message(&events[5])["catalog"], "other");
}

/// Many writers, some of whose changes fail, and a reader all the while: numbers without gaps, and none that turns up
/// behind the reader's back.
#[tokio::test]
async fn numbers_are_dense_and_readers_miss_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("d").await;
    let start = current(&mut client).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let mut client = server.client().await;
        writers.spawn(async move {
            let mut made = 0;
            for round in 0..12 {
                // Every name is wanted by two writers, and one of them fails after its event was recorded or before.
                let name = format!("t{}_{round}", writer / 2);
                let table = table("d", &name, &[("a", "int")], &[]);
                let created = client.call::<methods::CreateTable>(args::CreateTable { tbl: Some(table) }).await;
                made += usize::from(created.is_ok());
            }
            made
        });
    }
    let reader = tokio::spawn(async move {
        let mut seen: Vec<types::NotificationEvent> = Vec::new();
        while seen.len() < 48 {
            let last = seen.last().map_or(start, |event| event.event_id);
            let request =
                types::NotificationEventRequest { last_event: last, max_events: Some(5), ..Default::default() };
            seen.extend(events_after(&mut client, request).await);
        }
        (client, seen)
    });
    let made: usize = writers.join_all().await.into_iter().sum();
    assert_eq!(made, 48);
    let (mut client, seen) = reader.await.unwrap();
    let ids: Vec<i64> = seen.iter().map(|event| event.event_id).collect();
    assert_eq!(ids, (start + 1..=start + 48).collect::<Vec<_>>());
    let tables: BTreeSet<_> = seen.iter().filter_map(|event| event.table_name.as_ref()).collect();
    assert_eq!(tables.len(), 48);
    assert_eq!(all_after(&mut client, start).await, seen);
}

#[tokio::test]
async fn old_events_go_and_their_numbers_do_not_come_again() {
    let server = Server::start_with(Options { event_retention: 1, lock_lease: 1, ..Default::default() }).await;
    let mut client = server.client().await;
    client.create_database("old").await;
    let component = types::LockComponent {
        r#type: types::LockType::EXCLUSIVE,
        level: types::LockLevel::DB,
        dbname: "old".into(),
        ..Default::default()
    };
    let lock = types::LockRequest {
        component: vec![component],
        user: "ada".into(),
        hostname: "here".into(),
        ..Default::default()
    };
    client.call::<methods::Lock>(args::Lock { rqst: Some(lock) }).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    // Nobody read them: they have numbers all the same.
    server.catalog.tidy().await.unwrap();
    let last = current(&mut client).await;
    assert!(last > 0);
    assert_eq!(all_after(&mut client, 0).await, []);
    client.create_database("new").await;
    let events = all_after(&mut client, 0).await;
    assert_eq!(events.iter().map(|event| event.event_id).collect::<Vec<_>>(), [last + 1]);
    let locks =
        sqlx::query_scalar::<_, i64>("select count(*) from locks").fetch_one(server.catalog.store().pool()).await;
    assert_eq!(locks.unwrap(), 0);
}

#[tokio::test]
async fn columns_of_views_are_told() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("d").await;
    let start = current(&mut client).await;
    let mut view = table("d", "v", &[], &[]);
    view.table_type = text("VIRTUAL_VIEW");
    view.view_original_text = text("select \"x\"\n");
    view.sd.as_mut().unwrap().cols = Some(columns(&[("x", "string")]));
    client.create_table(view).await;
    let told = object(&message(&all_after(&mut client, start).await[0]), "tableObjJson");
    assert_eq!(told["10"], json!({"str": "select \"x\"\n"}));
    assert!(told["7"]["rec"]["2"].is_null(), "a view lies nowhere");
}

#[tokio::test]
async fn truncated_partitions_are_told_as_such() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &[("dt", "string")])).await;
    add_partitions(&mut client, "default", "t", &["1"]).await;
    let before = current(&mut client).await;
    let args = args::TruncateTable { db_name: text("default"), table_name: text("t"), part_names: None };
    client.call::<methods::TruncateTable>(args).await.unwrap();
    let told = all_after(&mut client, before).await;
    assert_eq!(types_of(&told), ["ALTER_PARTITION", "ALTER_TABLE"]);
    for event in &told {
        assert_eq!(message(event)["isTruncateOp"], "true", "{}", event.event_type);
    }
}

#[tokio::test]
async fn events_may_be_told_zipped() {
    let zipped = "org.apache.hadoop.hive.metastore.messaging.json.gzip.GzipJSONMessageEncoder";
    let settings = hive(&[("metastore.event.message.factory", zipped)]);
    let server = Server::start_with(Options { hive: settings, ..Options::default() }).await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &[])).await;
    let told = all_after(&mut client, 0).await.pop().unwrap();
    assert_eq!((told.event_type.as_str(), told.message_format.as_deref()), ("CREATE_TABLE", Some("gzip(json-2.0)")));
    let bytes = base64::engine::general_purpose::STANDARD.decode(&told.message).unwrap();
    let unzipped: Value = serde_json::from_reader(flate2::read::GzDecoder::new(&bytes[..])).unwrap();
    assert_eq!((&unzipped["db"], &unzipped["table"]), (&json!("default"), &json!("t")));
}
