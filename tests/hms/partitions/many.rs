//! Many partitions, and many clients at once.

use std::sync::Arc;

use propolis_thrift::codec::Protocol;
use propolis_thrift::{ExceptionKind, args, methods, types};

use super::*;
use crate::support::{Options, thrown};

fn numbers(range: std::ops::Range<usize>) -> Vec<types::Partition> {
    range.map(|n| partition("far", &[&format!("{n:06}")])).collect()
}

async fn far() -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(far_table("far", &[("n", "string")])).await;
    (server, client)
}

#[tokio::test]
async fn a_hundred_thousand_names_fit_in_one_call() {
    let (server, mut client) = far().await;
    add_all(&mut client, "far", numbers(0..5_000), false).await.unwrap();
    let all: Vec<FastStr> = (0..100_000).map(|n| format!("n={n:06}").into()).collect();
    let request =
        args::GetPartitionsByNames { db_name: text("default"), tbl_name: text("far"), names: Some(all.clone()) };
    let found = client.call::<methods::GetPartitionsByNames>(request).await.unwrap();
    assert_eq!(found.len(), 5_000);
    assert_eq!(location(&found[4_999]), "hdfs://far/far/n=004999");

    let list = || args::GetPartitions { db_name: text("default"), tbl_name: text("far"), max_parts: Some(-1) };
    for (protocol, framed) in [(Protocol::Binary, true), (Protocol::Compact, true)] {
        let mut other = Client::connect(server.address, protocol, framed).await;
        assert_eq!(other.call::<methods::GetPartitions>(list()).await.unwrap(), found, "{protocol:?}");
    }
    assert_eq!(names(&mut client, "far").await.len(), 5_000);

    let filter = (0..50_000).map(|n| format!("'{n:06}'")).collect::<Vec<_>>().join(",");
    let request = args::GetNumPartitionsByFilter {
        db_name: text("default"),
        tbl_name: text("far"),
        filter: text(&format!("n in ({filter})")),
    };
    assert_eq!(client.call::<methods::GetNumPartitionsByFilter>(request).await.unwrap(), 5_000);

    let request = types::DropPartitionsRequest {
        db_name: "default".into(),
        tbl_name: "far".into(),
        parts: types::RequestPartsSpec::Names(all),
        if_exists: Some(true),
        need_result: Some(false),
        ..Default::default()
    };
    let dropped = client.call::<methods::DropPartitionsReq>(args::DropPartitionsReq { req: Some(request) }).await;
    assert_eq!(dropped.unwrap().partitions, None);
    assert!(names(&mut client, "far").await.is_empty());
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_with_advice() {
    let mut options = Options::default();
    options.limits.max_answer = 1 << 20;
    let server = Server::start_with(options).await;
    let mut client = server.client().await;
    client.create_table(far_table("far", &[("n", "string")])).await;
    let request = types::AddPartitionsRequest {
        db_name: "default".into(),
        tbl_name: "far".into(),
        parts: numbers(0..10_000),
        need_result: Some(false),
        ..Default::default()
    };
    client.call::<methods::AddPartitionsReq>(args::AddPartitionsReq { request: Some(request) }).await.unwrap();
    let list = |max_parts| args::GetPartitions { db_name: text("default"), tbl_name: text("far"), max_parts };
    let message = thrown(client.call::<methods::GetPartitions>(list(None)).await, ExceptionKind::Meta);
    assert!(message.contains("10000") && message.contains("thrift_max_answer"), "{message}");
    assert_eq!(client.call::<methods::GetPartitions>(list(Some(100))).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_call_may_be_kept_from_reading_too_many() {
    let server = Server::start_with(Options { max_partitions: Some(100), ..Options::default() }).await;
    let mut client = server.client().await;
    client.create_table(far_table("far", &[("n", "string")])).await;
    add_all(&mut client, "far", numbers(0..101), false).await.unwrap();
    let list = |max_parts| args::GetPartitions { db_name: text("default"), tbl_name: text("far"), max_parts };
    for too_many in [None, Some(-1), Some(101), Some(500)] {
        let message = thrown(client.call::<methods::GetPartitions>(list(too_many)).await, ExceptionKind::Meta);
        assert!(message.contains("max_partitions"), "{message}");
    }
    assert_eq!(client.call::<methods::GetPartitions>(list(Some(100))).await.unwrap().len(), 100);
    assert_eq!(names(&mut client, "far").await.len(), 101);
    let request = args::GetPartitionsByFilter {
        db_name: text("default"),
        tbl_name: text("far"),
        filter: text("n < '000100'"),
        max_parts: Some(-1),
    };
    assert_eq!(client.call::<methods::GetPartitionsByFilter>(request).await.unwrap().len(), 100);
}

/// Runs one call by each of `clients` at the same time, and gives how many succeeded.
async fn at_once<F>(server: &Arc<Server>, clients: usize, call: impl Fn(usize, Client) -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut tasks = Vec::new();
    for n in 0..clients {
        tasks.push(tokio::spawn(call(n, server.client().await)));
    }
    let mut succeeded = 0;
    for task in tasks {
        succeeded += usize::from(task.await.unwrap());
    }
    succeeded
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_add_one_partition_one_wins() {
    let (server, mut client) = start().await;
    let server = Arc::new(server);
    let won = at_once(&server, 16, async |_, mut client: Client| {
        match add(&mut client, partition("t", &["1", "eu"])).await {
            Ok(_) => true,
            lost => {
                thrown(lost, ExceptionKind::AlreadyExists);
                false
            }
        }
    })
    .await;
    assert_eq!(won, 1);
    assert_eq!(names(&mut client, "t").await, ["dt=1/region=eu"]);
    assert!(server.folder("managed/t/dt=1/region=eu").is_dir(), "the losers leave the winner's folder alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_overlap_in_any_order_do_not_deadlock() {
    let (server, mut client) = far().await;
    let server = Arc::new(server);
    let done = at_once(&server, 8, async |n, mut client: Client| {
        let mut parts = numbers(0..500);
        if n % 2 == 0 {
            parts.reverse();
        }
        add_all(&mut client, "far", parts, true).await.unwrap();
        true
    })
    .await;
    assert_eq!(done, 8);
    assert_eq!(names(&mut client, "far").await.len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_goes_on_beside_changes_of_the_table() {
    let (server, mut client) = far().await;
    let server = Arc::new(server);
    let done = at_once(&server, 12, async |n, mut client: Client| {
        for round in 0..5 {
            if n % 4 == 0 {
                let mut table = client.get_table("default", "far").await.unwrap();
                table.parameters.as_mut().unwrap().insert(format!("k{n}").into(), format!("{round}").into());
                let request = args::AlterTable { dbname: text("default"), tbl_name: text("far"), new_tbl: Some(table) };
                client.call::<methods::AlterTable>(request).await.unwrap();
            } else {
                add(&mut client, partition("far", &[&format!("{n}-{round}")])).await.unwrap();
            }
        }
        true
    })
    .await;
    assert_eq!(done, 12);
    assert_eq!(names(&mut client, "far").await.len(), 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_table_takes_no_more_partitions() {
    let (server, mut client) = far().await;
    let server = Arc::new(server);
    at_once(&server, 8, async |n, mut client: Client| {
        if n == 3 {
            let request = args::DropTable { dbname: text("default"), name: text("far"), delete_data: Some(true) };
            client.call::<methods::DropTable>(request).await.unwrap();
            return true;
        }
        for round in 0..10 {
            if let Err(error) = add(&mut client, partition("far", &[&format!("{n}-{round}")])).await {
                thrown(Err::<(), _>(error), ExceptionKind::InvalidObject);
                return false;
            }
        }
        true
    })
    .await;
    client.create_table(far_table("far", &[("n", "string")])).await;
    assert!(names(&mut client, "far").await.is_empty(), "a new table of the same name has no partitions");
}
