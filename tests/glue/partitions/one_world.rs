//! Partitions that both faces see.

use propolis_thrift::{args, methods, types};
use serde_json::{Value, json};

use super::{create, get, listed, of_table, partition, start};
use crate::hms::{map, text, texts};

async fn by_thrift(client: &mut crate::hms::Client, values: &[&str]) -> types::Partition {
    let request = args::GetPartition { db_name: text("d"), tbl_name: text("t"), part_vals: Some(texts(values)) };
    client.call::<methods::GetPartition>(request).await.unwrap()
}

#[tokio::test]
async fn what_glue_makes_thrift_sees_and_keeps() {
    let (server, client) = start(&[("dt", "string"), ("region", "string")]).await;
    let mut hive = server.hms.client().await;
    let mut input = partition(&["1", "eu"]);
    input["LastAnalyzedTime"] = json!(1_700_000_000.5);
    input["StorageDescriptor"]["Columns"][0]["Parameters"] = json!({ "x": "y" });
    input["StorageDescriptor"]["SchemaReference"] = json!({ "SchemaVersionNumber": 3 });
    client.ok("CreatePartition", of_table(json!({ "PartitionInput": input }))).await;
    let before = get(&client, &["1", "eu"]).await;

    let mut wire = by_thrift(&mut hive, &["1", "eu"]).await;
    assert_eq!(wire.sd.as_ref().unwrap().location.as_deref(), Some("s3://b/d/t/1/eu"));
    assert_eq!(wire.parameters, Some(map(&[("k", "v")])));
    wire.parameters = Some(map(&[("k", "w")]));
    let request = args::AlterPartition { db_name: text("d"), tbl_name: text("t"), new_part: Some(wire) };
    hive.call::<methods::AlterPartition>(request).await.unwrap();

    let mut after = get(&client, &["1", "eu"]).await;
    assert_eq!(after["Parameters"]["k"], "w");
    after.insert("Parameters".to_owned(), before["Parameters"].clone());
    // Thrift's client sent the descriptor as it saw it: what it cannot see stays.
    let shown = |partition: &Value, member: &str| partition["StorageDescriptor"][member].clone();
    for member in ["Columns", "SchemaReference", "Location"] {
        assert_eq!(shown(&json!(after), member), shown(&json!(before), member), "{member}");
    }
    assert_eq!(after["LastAnalyzedTime"], before["LastAnalyzedTime"]);
}

#[tokio::test]
async fn what_thrift_makes_glue_sees_and_keeps() {
    let (server, client) = start(&[("dt", "string"), ("region", "string")]).await;
    let mut hive = server.hms.client().await;
    let table = hive.get_table("d", "t").await.unwrap();
    let mut sd = table.sd.clone().unwrap();
    sd.serde_info.as_mut().unwrap().description = text("only Thrift says so");
    sd.location = text("s3://b/d/t/somewhere");
    let sent = types::Partition {
        values: Some(texts(&["", "us west"])),
        db_name: text("d"),
        table_name: text("t"),
        sd: Some(sd),
        ..Default::default()
    };
    hive.call::<methods::AddPartition>(args::AddPartition { new_part: Some(sent) }).await.unwrap();
    let values = ["__HIVE_DEFAULT_PARTITION__", "us west"];
    assert_eq!(listed(&client, json!({})).await, [values]);
    let found = get(&client, &values).await;
    assert_eq!(found["StorageDescriptor"]["Location"], "s3://b/d/t/somewhere");
    assert!(found["Parameters"]["transient_lastDdlTime"].is_string());

    let input =
        json!({ "Values": values, "StorageDescriptor": found["StorageDescriptor"], "Parameters": { "a": "b" } });
    let update = of_table(json!({ "PartitionValueList": values, "PartitionInput": input }));
    client.ok("UpdatePartition", update).await;
    let wire = by_thrift(&mut hive, &values).await;
    assert_eq!(wire.parameters, Some(map(&[("a", "b")])));
    assert_eq!(wire.sd.unwrap().serde_info.unwrap().description.as_deref(), Some("only Thrift says so"));
}

#[tokio::test]
async fn both_faces_record_the_same_events() {
    let (server, client) = start(&[("dt", "string")]).await;
    let mut hive = server.hms.client().await;
    let current = hive.call::<methods::GetCurrentNotificationEventId>(args::GetCurrentNotificationEventId {});
    let last_event = current.await.unwrap().event_id;
    create(&client, &["1"]).await;
    let list = json!([partition(&["1"]), partition(&["2"]), partition(&["3"])]);
    client.ok("BatchCreatePartition", of_table(json!({ "PartitionInputList": list }))).await;
    let update = |old: &str, new: &str| json!({ "PartitionValueList": [old], "PartitionInput": partition(&[new]) });
    client.ok("UpdatePartition", of_table(update("1", "1"))).await;
    client.ok("UpdatePartition", of_table(update("1", "4"))).await;
    let keys = json!([{ "Values": ["4"] }, { "Values": ["2"] }, { "Values": ["9"] }]);
    client.ok("BatchDeletePartition", of_table(json!({ "PartitionsToDelete": keys }))).await;
    let missing = of_table(json!({ "PartitionValues": ["9"] }));
    client.thrown("DeletePartition", missing, "EntityNotFoundException").await;

    let request = types::NotificationEventRequest { last_event, ..Default::default() };
    let request = args::GetNextNotification { rqst: Some(request) };
    let events = hive.call::<methods::GetNextNotification>(request).await.unwrap().events;
    let kinds: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(kinds, ["ADD_PARTITION", "ADD_PARTITION", "ALTER_PARTITION", "ALTER_PARTITION", "DROP_PARTITION"]);
    assert!(events.iter().all(|event| event.table_name.as_deref() == Some("t")));
}
