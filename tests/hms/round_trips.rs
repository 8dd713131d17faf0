//! How often the calls that clients make most wait for the database: what a call costs where the network is slow.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use propolis_thrift::{Method, args, methods, types};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use crate::support::{Client, Options, Server, map, postgres_socket, table, text, texts};

/// Counts the answers of a Postgres: it ends each with the message ReadyForQuery.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Counter {
    /// Stands between a server and its Postgres, on a socket in this folder.
    fn listen(&self, folder: &Path) {
        let postgres = tokio::task::block_in_place(postgres_socket);
        let listener = UnixListener::bind(folder.join(postgres.file_name().unwrap())).unwrap();
        let counter = self.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (mut requests, answers) = near.into_split();
                let (from, mut to) = UnixStream::connect(&postgres).await.unwrap().into_split();
                tokio::spawn(async move { tokio::io::copy(&mut requests, &mut to).await });
                tokio::spawn(counter.clone().pass(from, answers));
            }
        });
    }

    /// A message is a byte that says what it is, and its length with the four bytes that say so.
    async fn pass(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
        loop {
            let kind = from.read_u8().await?;
            let length = from.read_u32().await?;
            let mut rest = vec![0; length as usize - 4];
            from.read_exact(&mut rest).await?;
            // Before it is passed on: the call may have been answered by then.
            if kind == b'Z' {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            to.write_all(&[&[kind][..], &length.to_be_bytes(), &rest].concat()).await?;
        }
    }
}

struct Calls {
    client: Client,
    counter: Counter,
    told: String,
}

impl Calls {
    /// Makes a call and notes how many round trips it took.
    async fn count<M: Method>(&mut self, what: &str, args: M::Args) -> M::Ok {
        let before = self.counter.0.load(Ordering::Relaxed);
        let found = self.client.call::<M>(args).await.unwrap();
        let took = self.counter.0.load(Ordering::Relaxed) - before;
        writeln!(self.told, "{what:<42} {took}").unwrap();
        found
    }
}

fn partitions(range: std::ops::Range<i32>) -> Vec<types::Partition> {
    let partition = |day: i32| types::Partition {
        db_name: text("sales"),
        table_name: text("orders"),
        values: Some(texts(&[&day.to_string()])),
        sd: table("sales", "orders", &[("a", "int")], &[]).sd,
        ..Default::default()
    };
    range.map(partition).collect()
}

fn longs(column: &str) -> types::ColumnStatisticsObj {
    let values = types::LongColumnStatsData { num_nulls: 1, num_d_vs: 2, ..Default::default() };
    types::ColumnStatisticsObj {
        col_name: column.to_owned().into(),
        col_type: "int".into(),
        stats_data: types::ColumnStatisticsData::LongStats(values),
    }
}

fn statistics(partition: Option<&str>) -> types::ColumnStatistics {
    types::ColumnStatistics {
        stats_desc: types::ColumnStatisticsDesc {
            is_tbl_level: partition.is_none(),
            db_name: "sales".into(),
            table_name: if partition.is_some() { "orders".into() } else { "flat".into() },
            part_name: partition.map(|name| name.to_owned().into()),
            ..Default::default()
        },
        stats_obj: vec![longs("a")],
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_wait_for_the_database_so_often() {
    let folder = tempfile::tempdir().unwrap();
    let counter = Counter::default();
    counter.listen(folder.path());
    let through = Some(folder.path().to_owned());
    let server = Server::start_with(Options { through, connections: 1, ..Options::default() }).await;
    let mut client = server.client().await;
    client.create_database("sales").await;
    client.create_table(table("sales", "flat", &[("a", "int")], &[])).await;
    client.create_table(table("sales", "orders", &[("a", "int")], &[("day", "int")])).await;
    let mut calls = Calls { client, counter, told: String::new() };
    // The first round prepares statements, on the only connection, and fills the cache.
    for _ in 0..2 {
        calls.told.clear();
        read_and_write(&mut calls).await;
    }
    insta::assert_snapshot!(calls.told);
}

async fn read_and_write(calls: &mut Calls) {
    let (dbname, name) = (|| text("sales"), || text("flat"));
    let request = types::GetTableRequest { db_name: "sales".into(), tbl_name: "flat".into(), ..Default::default() };
    calls.count::<methods::GetTableReq>("get_table_req", args::GetTableReq { req: Some(request) }).await;
    calls.count::<methods::GetDatabase>("get_database", args::GetDatabase { name: dbname() }).await;
    calls.count::<methods::GetAllDatabases>("get_all_databases", args::GetAllDatabases {}).await;
    calls.count::<methods::GetAllTables>("get_all_tables", args::GetAllTables { db_name: dbname() }).await;
    let pattern = args::GetTables { db_name: dbname(), pattern: text("*") };
    calls.count::<methods::GetTables>("get_tables", pattern).await;
    let some = args::GetTableObjectsByName { dbname: dbname(), tbl_names: Some(texts(&["flat", "orders"])) };
    calls.count::<methods::GetTableObjectsByName>("get_table_objects_by_name", some).await;
    calls
        .count::<methods::GetCurrentNotificationEventId>(
            "get_current_notificationEventId, news",
            args::GetCurrentNotificationEventId {},
        )
        .await;
    calls
        .count::<methods::GetCurrentNotificationEventId>(
            "get_current_notificationEventId",
            args::GetCurrentNotificationEventId {},
        )
        .await;

    let request = types::AddPartitionsRequest {
        db_name: "sales".into(),
        tbl_name: "orders".into(),
        parts: partitions(0..20),
        need_result: Some(false),
        ..Default::default()
    };
    calls
        .count::<methods::AddPartitionsReq>("add_partitions_req, 20", args::AddPartitionsReq { request: Some(request) })
        .await;
    let orders = || text("orders");
    let one = args::GetPartition { db_name: dbname(), tbl_name: orders(), part_vals: Some(texts(&["7"])) };
    let mut partition = calls.count::<methods::GetPartition>("get_partition", one).await;
    let names =
        args::GetPartitionsByNames { db_name: dbname(), tbl_name: orders(), names: Some(texts(&["day=1", "day=2"])) };
    calls.count::<methods::GetPartitionsByNames>("get_partitions_by_names", names).await;
    let filter = args::GetPartitionsByFilter {
        db_name: dbname(),
        tbl_name: orders(),
        filter: text("day > 12"),
        max_parts: Some(-1),
    };
    calls.count::<methods::GetPartitionsByFilter>("get_partitions_by_filter", filter).await;
    let prefix = args::GetPartitionsPs {
        db_name: dbname(),
        tbl_name: orders(),
        part_vals: Some(texts(&["3"])),
        max_parts: Some(-1),
    };
    calls.count::<methods::GetPartitionsPs>("get_partitions_ps", prefix).await;
    let all = args::GetPartitionNames { db_name: dbname(), tbl_name: orders(), max_parts: Some(-1) };
    calls.count::<methods::GetPartitionNames>("get_partition_names", all).await;
    let all = args::GetPartitions { db_name: dbname(), tbl_name: orders(), max_parts: Some(-1) };
    let all = calls.count::<methods::GetPartitions>("get_partitions", all).await;
    partition.parameters = Some(map(&[("x", &all.len().to_string())]));
    let one = args::AlterPartition { db_name: dbname(), tbl_name: orders(), new_part: Some(partition) };
    calls.count::<methods::AlterPartition>("alter_partition", one).await;
    let all = args::AlterPartitions { db_name: dbname(), tbl_name: orders(), new_parts: Some(all) };
    calls.count::<methods::AlterPartitions>("alter_partitions, 20", all).await;

    let stats = args::UpdateTableColumnStatistics { stats_obj: Some(statistics(None)) };
    calls.count::<methods::UpdateTableColumnStatistics>("update_table_column_statistics", stats).await;
    let column = args::GetTableColumnStatistics { db_name: dbname(), tbl_name: name(), col_name: text("a") };
    calls.count::<methods::GetTableColumnStatistics>("get_table_column_statistics", column).await;
    let many = ["day=1", "day=2", "day=3"].map(|name| statistics(Some(name))).to_vec();
    let many = types::SetPartitionsStatsRequest { col_stats: many, ..Default::default() };
    calls
        .count::<methods::SetAggrStatsFor>("set_aggr_stats_for, 3", args::SetAggrStatsFor { request: Some(many) })
        .await;
    let request = types::PartitionsStatsRequest {
        db_name: "sales".into(),
        tbl_name: "orders".into(),
        col_names: texts(&["a"]),
        part_names: texts(&["day=1", "day=2", "day=3"]),
        ..Default::default()
    };
    calls
        .count::<methods::GetAggrStatsFor>("get_aggr_stats_for", args::GetAggrStatsFor { request: Some(request) })
        .await;

    let names = types::RequestPartsSpec::Names((0..20).map(|day| format!("day={day}").into()).collect());
    let request = types::DropPartitionsRequest {
        db_name: "sales".into(),
        tbl_name: "orders".into(),
        parts: names,
        need_result: Some(false),
        ..Default::default()
    };
    calls
        .count::<methods::DropPartitionsReq>("drop_partitions_req, 20", args::DropPartitionsReq { req: Some(request) })
        .await;

    let new = || table("sales", "new", &[("a", "int")], &[]);
    calls.count::<methods::CreateTable>("create_table", args::CreateTable { tbl: Some(new()) }).await;
    let altered =
        args::AlterTable { dbname: dbname(), tbl_name: text("new"), new_tbl: Some(altered(&mut calls.client).await) };
    calls.count::<methods::AlterTable>("alter_table", altered).await;
    let gone = args::DropTable { dbname: dbname(), name: text("new"), delete_data: Some(true) };
    calls.count::<methods::DropTable>("drop_table", gone).await;

    let component = types::LockComponent {
        r#type: types::LockType::EXCLUSIVE,
        level: types::LockLevel::TABLE,
        dbname: "sales".into(),
        tablename: orders(),
        ..Default::default()
    };
    let request = types::LockRequest {
        component: vec![component],
        user: "ann".into(),
        hostname: "host".into(),
        ..Default::default()
    };
    let lock = calls.count::<methods::Lock>("lock", args::Lock { rqst: Some(request) }).await;
    let unlock = types::UnlockRequest { lockid: lock.lockid };
    calls.count::<methods::Unlock>("unlock", args::Unlock { rqst: Some(unlock) }).await;
}

async fn altered(client: &mut Client) -> types::Table {
    let mut table = client.get_table("sales", "new").await.unwrap();
    table.parameters.get_or_insert_default().insert("x".into(), "y".into());
    table
}
