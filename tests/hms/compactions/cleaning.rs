//! What compactions replaced and aborted transactions left is deleted, once nobody can need it; and what needs a
//! compaction is found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use propolis_thrift::types::{CompactionType, DataOperationType, LockComponent, LockLevel, LockType, TxnType};
use propolis_thrift::{FastStr, args, methods, types};

use super::{enqueue, next, request, show, states};
use crate::support::{Client, Options, Server, hive, map, table, text};
use crate::transactions::{abort, allocate, commit, info, open_as, open_one};

async fn server(settings: &[(&'static str, &str)]) -> Server {
    let server = Server::start_with(Options { hive: hive(settings), ..Default::default() }).await;
    server.client().await.create_database("db").await;
    server
}

/// Makes an ACID table, and says where it lies.
async fn acid_table(client: &mut Client, name: &str, keys: &[(&str, &str)], more: &[(&str, &str)]) -> PathBuf {
    let parameters = [&[("transactional", "true")], more].concat();
    let new = types::Table { parameters: Some(map(&parameters)), ..table("db", name, &[("a", "int")], keys) };
    client.create_table(new).await;
    folder(client, name).await
}

async fn folder(client: &mut Client, name: &str) -> PathBuf {
    let location = client.get_table("db", name).await.unwrap().sd.unwrap().location.unwrap();
    PathBuf::from(location.strip_prefix("file:").unwrap().replacen("//", "", 1))
}

/// A transaction that is about to insert, with its write id.
async fn insert(client: &mut Client, table: &str, partition: Option<&str>) -> (i64, i64) {
    let id = open_one(client).await;
    let write_id = allocate(client, &format!("db.{table}"), &[id]).await.unwrap()[0].1;
    let component = LockComponent {
        r#type: LockType::SHARED_READ,
        level: LockLevel::TABLE,
        dbname: "db".into(),
        tablename: text(table),
        partitionname: partition.map(FastStr::new),
        operation_type: Some(DataOperationType::INSERT),
        is_transactional: Some(true),
        ..Default::default()
    };
    let lock = types::LockRequest { component: vec![component], txnid: Some(id), ..Default::default() };
    client.call::<methods::Lock>(args::Lock { rqst: Some(lock) }).await.unwrap();
    (id, write_id)
}

fn put(folder: PathBuf, size: usize) {
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("bucket_00000"), "x".repeat(size)).unwrap();
}

fn delta(write_id: i64) -> String {
    format!("delta_{write_id:07}_{write_id:07}_0000")
}

fn there(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn written(client: &mut Client, table: &str, folder: &Path) -> i64 {
    let (id, write_id) = insert(client, table, None).await;
    put(folder.join(delta(write_id)), 10);
    commit(client, id).await.unwrap();
    write_id
}

/// What a worker does for the next compaction of the queue, up to the commit: its transaction.
async fn compact(client: &mut Client, folder: &Path, highest: i64) -> (i64, String) {
    let mut taken = next(client, "w", None).await.unwrap();
    let kind = Some(TxnType::COMPACTION);
    let id = open_as(client, types::OpenTxnRequest { num_txns: 1, txn_type: kind, ..Default::default() });
    let id = id.await.unwrap()[0];
    taken.highest_write_id = Some(highest);
    let update = args::UpdateCompactorState { cr: Some(taken.clone()), txn_id: Some(id) };
    client.call::<methods::UpdateCompactorState>(update).await.unwrap();
    let base = format!("base_{highest:07}_v{id:07}");
    put(folder.join(&base), 10);
    client.call::<methods::MarkCompacted>(args::MarkCompacted { cr: Some(taken) }).await.unwrap();
    (id, base)
}

#[tokio::test]
async fn what_was_compacted_goes_when_nobody_reads_it() {
    let server = server(&[]).await;
    let mut client = server.client().await;
    let folder = acid_table(&mut client, "t", &[], &[]).await;
    std::fs::write(folder.join("000000_0"), "old").unwrap();
    std::fs::write(folder.join("_SUCCESS"), "").unwrap();
    std::fs::create_dir(folder.join("somebody")).unwrap();
    for _ in 0..3 {
        written(&mut client, "t", &folder).await;
    }
    let (aborted, write_id) = insert(&mut client, "t", None).await;
    put(folder.join(delta(write_id)), 10);
    abort(&mut client, aborted).await.unwrap();
    let before = there(&folder);

    assert!(enqueue(&mut client, request("t", CompactionType::MAJOR)).await.accepted);
    let (id, base) = compact(&mut client, &folder, write_id).await;
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 0), "it is not committed");
    let reader = open_one(&mut client).await;
    commit(&mut client, id).await.unwrap();
    let late = written(&mut client, "t", &folder).await;
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 0), "somebody began before the commit");
    assert!(there(&folder).is_superset(&before));
    commit(&mut client, reader).await.unwrap();
    // Who began after it reads what was compacted.
    let _reader = open_one(&mut client).await;
    assert_eq!(server.catalog.clean().await.unwrap(), (1, 0));
    assert_eq!(there(&folder), names(&[&base, &delta(late), "_SUCCESS", "somebody"]));
    assert_eq!(states(&mut client).await, [(1, "succeeded".to_owned())]);
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 0));
    // Nothing is left of the aborted transaction, so it is forgotten.
    server.catalog.tidy_up(0).await.unwrap();
    assert!(info(&mut client).await.iter().all(|one| one.id != aborted));
}

#[tokio::test]
async fn what_was_replaced_stays_as_long_as_it_is_wanted() {
    let settings =
        [("hive.compactor.delayed.cleanup.enabled", "true"), ("hive.compactor.cleaner.retention.time.seconds", "1h")];
    let server = server(&settings).await;
    let mut client = server.client().await;
    let folder = acid_table(&mut client, "t", &[], &[]).await;
    let highest = written(&mut client, "t", &folder).await;
    enqueue(&mut client, request("t", CompactionType::MAJOR)).await;
    let (id, base) = compact(&mut client, &folder, highest).await;
    commit(&mut client, id).await.unwrap();
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 0));
    assert_eq!(there(&folder), names(&[&base, &delta(highest)]));
}

#[tokio::test]
async fn of_an_aborted_compaction_nothing_stays() {
    let server = server(&[]).await;
    let mut client = server.client().await;
    let folder = acid_table(&mut client, "t", &[], &[]).await;
    let highest = written(&mut client, "t", &folder).await;
    enqueue(&mut client, request("t", CompactionType::MAJOR)).await;
    let (id, base) = compact(&mut client, &folder, highest).await;
    abort(&mut client, id).await.unwrap();
    // It must not be forgotten while what it made is there: it would count as committed.
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(info(&mut client).await[0].id, id);
    assert!(there(&folder).contains(&base));
    assert_eq!(server.catalog.clean().await.unwrap(), (1, 0));
    assert_eq!(there(&folder), names(&[&delta(highest)]));
    assert_eq!(states(&mut client).await, [(1, "failed".to_owned())]);
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(info(&mut client).await, []);
}

#[tokio::test]
async fn what_aborted_transactions_left_goes_by_itself() {
    let server = server(&[("hive.compactor.abortedtxn.threshold", "1")]).await;
    let mut client = server.client().await;
    let plain = acid_table(&mut client, "t", &[], &[]).await;
    let parted = acid_table(&mut client, "p", &[("p", "int")], &[]).await;
    let kept = acid_table(&mut client, "k", &[], &[("no_cleanup", "true")]).await;
    // Somebody who came before is no obstacle: nobody sees what was aborted.
    let reader = open_one(&mut client).await;
    let good = written(&mut client, "t", &plain).await;
    let mut aborted = Vec::new();
    for (name, folder) in [("t", plain.clone()), ("p", parted.join("p=1")), ("k", kept.clone())] {
        for _ in 0..2 {
            // Which partition it was is not known.
            let (id, write_id) = insert(&mut client, name, None).await;
            put(folder.join(delta(write_id)), 10);
            abort(&mut client, id).await.unwrap();
            aborted.push(id);
        }
    }
    put(parted.join("p=2").join(delta(77)), 10);
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 3));
    assert_eq!(there(&plain), names(&[&delta(good)]));
    assert_eq!(there(&parted.join("p=1")), names(&[]));
    assert_eq!(there(&parted.join("p=2")), names(&[&delta(77)]));
    assert_eq!(there(&kept).len(), 2);
    commit(&mut client, reader).await.unwrap();
    server.catalog.tidy_up(0).await.unwrap();
    let left: Vec<i64> = info(&mut client).await.iter().map(|one| one.id).collect();
    assert_eq!(left, aborted[4..], "those whose files are kept stay aborted");
}

#[tokio::test]
async fn what_cannot_be_cleaned_up_is_tried_again_and_then_given_up() {
    let settings = [
        ("hive.compactor.cleaner.retry.maxattempts", "2"),
        ("hive.compactor.cleaner.retry.retentionTime", "0"),
        ("hive.compactor.abortedtxn.threshold", "0"),
    ];
    let server = server(&settings).await;
    let mut client = server.client().await;
    let mut far = table("db", "far", &[("a", "int")], &[]);
    far.table_type = text("EXTERNAL_TABLE");
    far.parameters = Some(map(&[("EXTERNAL", "TRUE"), ("transactional", "true")]));
    far.sd.as_mut().unwrap().location = text("hdfs://nn/far");
    client.create_table(far).await;
    let (id, _) = insert(&mut client, "far", None).await;
    commit(&mut client, id).await.unwrap();
    enqueue(&mut client, request("far", CompactionType::MAJOR)).await;
    let (id, _) = compact(&mut client, &server.folder("elsewhere"), 1).await;
    commit(&mut client, id).await.unwrap();
    for state in ["ready for cleaning", "failed"] {
        assert_eq!(server.catalog.clean().await.unwrap(), (1, 0));
        let shown = show(&mut client, Default::default()).await.remove(0);
        assert_eq!(shown.state.as_str(), state);
        assert!(shown.error_message.as_deref().unwrap().contains("hdfs://nn/far cannot be reached"), "{shown:?}");
    }
    let (id, _) = insert(&mut client, "far", None).await;
    abort(&mut client, id).await.unwrap();
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 1));
    let shown = show(&mut client, Default::default()).await.remove(0);
    assert_eq!((shown.r#type, shown.state.as_str()), (CompactionType::ABORT_TXN_CLEANUP, "ready for cleaning"));
}

#[tokio::test]
async fn a_dropped_table_takes_its_compactions_along_and_dropped_data_is_deleted_later() {
    let server = server(&[]).await;
    let mut client = server.client().await;
    let folder = acid_table(&mut client, "t", &[], &[]).await;
    written(&mut client, "t", &folder).await;
    enqueue(&mut client, request("t", CompactionType::MAJOR)).await;
    let drop = args::DropTable { dbname: text("db"), name: text("t"), delete_data: Some(false) };
    client.call::<methods::DropTable>(drop).await.unwrap();
    assert_eq!(states(&mut client).await, []);
    let dropper = open_one(&mut client).await;
    let location = format!("file:{}", folder.display());
    let asked = types::CompactionRequest {
        properties: Some(map(&[("ifPurge", "true"), ("location", &location)])),
        ..request("t", CompactionType::MAJOR)
    };
    let call = args::SubmitForCleanup { o1: Some(asked), o2: Some(1), o3: Some(dropper) };
    client.call::<methods::SubmitForCleanup>(call).await.unwrap();
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 0), "somebody may read it");
    assert!(folder.exists());
    commit(&mut client, dropper).await.unwrap();
    assert_eq!(server.catalog.clean().await.unwrap(), (1, 0));
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_transaction_drops_and_leaves_the_data_to_its_readers() {
    let server = server(&[]).await;
    let mut client = server.client().await;
    let folder = acid_table(&mut client, "t", &[], &[]).await;
    written(&mut client, "t", &folder).await;
    let dropper = open_one(&mut client).await;
    let reader = open_one(&mut client).await;
    let drop = args::DropTableWithEnvironmentContext {
        dbname: text("db"),
        name: text("t"),
        delete_data: Some(false),
        environment_context: Some(types::EnvironmentContext {
            properties: Some(map(&[("txnId", &dropper.to_string())])),
        }),
    };
    client.call::<methods::DropTableWithEnvironmentContext>(drop).await.unwrap();
    commit(&mut client, dropper).await.unwrap();
    assert_eq!(server.catalog.clean().await.unwrap(), (0, 0));
    assert!(folder.exists());
    commit(&mut client, reader).await.unwrap();
    assert_eq!(server.catalog.clean().await.unwrap(), (1, 0));
    assert!(!folder.exists());
}

#[tokio::test]
async fn tables_that_need_it_are_compacted() {
    let settings = [
        ("hive.compactor.delta.num.threshold", "2"),
        ("hive.compactor.check.interval", "1h"),
        ("metastore.compactor.run.as.user", "hive"),
    ];
    let server = server(&settings).await;
    let mut client = server.client().await;
    for (name, more) in [
        ("many", None),
        ("few", None),
        ("never", Some(("no_auto_compaction", "true"))),
        ("own", Some(("compactorthreshold.hive.compactor.delta.num.threshold", "7"))),
    ] {
        let folder = acid_table(&mut client, name, &[], more.as_slice()).await;
        for _ in 0..(if name == "few" { 2 } else { 3 }) {
            written(&mut client, name, &folder).await;
        }
    }
    let based = acid_table(&mut client, "based", &[], &[]).await;
    let write_id = written(&mut client, "based", &based).await;
    put(based.join(format!("base_{:07}", 0)), 50);
    assert_eq!(write_id, 1);
    assert_eq!(server.catalog.initiate().await.unwrap(), 2);
    let mut shown = show(&mut client, Default::default()).await;
    shown.sort_by(|a, b| a.tablename.cmp(&b.tablename));
    let told: Vec<_> = shown.iter().map(|one| (one.tablename.as_str(), one.r#type, one.run_as.as_deref())).collect();
    let major = CompactionType::MAJOR;
    assert_eq!(told, [("based", major, Some("hive")), ("many", major, Some("hive"))]);
    assert_eq!(server.catalog.initiate().await.unwrap(), 0, "not before an hour is over, by whichever server");
}

/// Two servers over one database: all is done, and once.
#[tokio::test]
async fn several_servers_share_the_work() {
    let server = Server::start_with(Options {
        hive: hive(&[("hive.compactor.abortedtxn.threshold", "0")]),
        lock_lease: 1,
        ..Default::default()
    })
    .await;
    let mut client = server.client().await;
    client.create_database("db").await;
    let folder = acid_table(&mut client, "t", &[], &[]).await;
    let mut dead = Vec::new();
    for _ in 0..5 {
        let (id, write_id) = insert(&mut client, "t", None).await;
        put(folder.join(delta(write_id)), 10);
        dead.push(id);
    }
    loop {
        let both = tokio::join!(server.catalog.tidy_up(3600), server.catalog.tidy_up(3600));
        both.0.unwrap();
        both.1.unwrap();
        if info(&mut client).await.iter().all(|one| one.state == types::TxnState::ABORTED) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let events = types::NotificationEventRequest {
        event_type_list: Some(crate::support::texts(&["ABORT_TXN"])),
        ..Default::default()
    };
    let events = client.call::<methods::GetNextNotification>(args::GetNextNotification { rqst: Some(events) }).await;
    assert_eq!(events.unwrap().events.len(), dead.len());
    let both = tokio::join!(server.catalog.clean(), server.catalog.clean());
    let done = [both.0.unwrap().1, both.1.unwrap().1];
    assert!(done == [1, 0] || done == [0, 1] || done == [1, 1], "{done:?}");
    assert_eq!(there(&folder), names(&[]));
}

/// What is known of a partition goes with it and follows it.
#[tokio::test]
async fn partitions_take_along_what_is_known_of_them() {
    let server = server(&[]).await;
    let mut client = server.client().await;
    acid_table(&mut client, "t", &[("p", "string")], &[]).await;
    let partition = |value: &str| types::Partition {
        values: Some(crate::support::texts(&[value])),
        db_name: text("db"),
        table_name: text("t"),
        sd: table("db", "t", &[("a", "int")], &[]).sd.map(|sd| types::StorageDescriptor { location: None, ..sd }),
        parameters: Some(map(&[])),
        ..Default::default()
    };
    for value in ["1", "2"] {
        let add = args::AddPartition { new_part: Some(partition(value)) };
        client.call::<methods::AddPartition>(add).await.unwrap();
        enqueue(&mut client, request(&format!("t.p={value}"), CompactionType::MINOR)).await;
    }
    let (dropped, _) = insert(&mut client, "t", Some("p=1")).await;
    let (renamed, _) = insert(&mut client, "t", Some("p=2")).await;
    let rename = args::RenamePartition {
        db_name: text("db"),
        tbl_name: text("t"),
        part_vals: Some(crate::support::texts(&["2"])),
        new_part: Some(partition("3")),
    };
    client.call::<methods::RenamePartition>(rename).await.unwrap();
    let drop = args::DropPartition {
        db_name: text("db"),
        tbl_name: text("t"),
        part_vals: Some(crate::support::texts(&["1"])),
        delete_data: Some(true),
    };
    client.call::<methods::DropPartition>(drop).await.unwrap();
    let shown = show(&mut client, Default::default()).await;
    let of: Vec<_> = shown.iter().map(|one| one.partitionname.as_deref()).collect();
    assert_eq!(of, [Some("p=3")]);
    let locks = args::ShowLocks { rqst: Some(types::ShowLocksRequest { txnid: Some(renamed), ..Default::default() }) };
    let locks = client.call::<methods::ShowLocks>(locks).await.unwrap().locks.unwrap();
    assert_eq!(locks[0].partname.as_deref(), Some("p=3"));
    for id in [dropped, renamed] {
        abort(&mut client, id).await.unwrap();
    }
    server.catalog.tidy_up(0).await.unwrap();
    let left: Vec<i64> = info(&mut client).await.iter().map(|one| one.id).collect();
    assert_eq!(left, [renamed], "of what is dropped nothing can be left");
    let alter = types::Table { table_name: text("u"), ..client.get_table("db", "t").await.unwrap() };
    let lock = insert(&mut client, "t", Some("p=3")).await.0;
    let alter = args::AlterTable { dbname: text("db"), tbl_name: text("t"), new_tbl: Some(alter) };
    client.call::<methods::AlterTable>(alter).await.unwrap();
    let locks = args::ShowLocks { rqst: Some(types::ShowLocksRequest { txnid: Some(lock), ..Default::default() }) };
    let locks = client.call::<methods::ShowLocks>(locks).await.unwrap().locks.unwrap();
    assert_eq!(locks[0].tablename.as_deref(), Some("u"));
}
