//! The warehouse against a server that speaks S3.
#![allow(clippy::unwrap_used)]

#[path = "warehouse_s3/server.rs"]
mod server;

use propolis::warehouse::{FileStats, Location, ObjectStoreSettings, Warehouse, WarehouseErrorKind as Kind};
use server::Server;

fn at(text: &str) -> Location {
    Location::parse(text).unwrap()
}

fn settings(endpoint: &str) -> ObjectStoreSettings {
    // A second installation in the same process is refused, and fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ObjectStoreSettings {
        endpoint: Some(endpoint.parse().unwrap()),
        access_key: Some(server::ACCESS_KEY.to_string()),
        secret_key: Some(server::SECRET_KEY.to_string()),
        ..Default::default()
    }
}

async fn start() -> (Server, Warehouse) {
    let server = Server::start().await;
    let warehouse = Warehouse::new(settings(&server.endpoint())).unwrap();
    (server, warehouse)
}

#[tokio::test]
async fn a_made_directory_is_a_marker_and_undo_removes_it() {
    let (server, warehouse) = start().await;
    let table = at("s3://lake/w/db.db/t");

    let made = warehouse.make_directory(&table).await.unwrap();
    assert!(made.contains(&at("s3a://lake/w/db.db/t/")));
    assert_eq!(server.keys(), ["w/db.db/t/"]);
    assert!(warehouse.is_empty(&table).await.unwrap());

    let again = warehouse.make_directory(&table).await.unwrap();
    assert!(again.is_empty());

    warehouse.undo(made).await;
    assert!(server.keys().is_empty());
    assert!(!warehouse.exists(&table).await.unwrap());
}

#[tokio::test]
async fn files_are_written_once_and_read_whole() {
    let (server, warehouse) = start().await;
    let file = at("s3://lake/t/metadata/0.json");
    warehouse.write_new(&file, b"one".to_vec()).await.unwrap();
    let again = warehouse.write_new(&file, b"two".to_vec()).await.unwrap_err();
    assert_eq!(again.kind, Kind::AlreadyExists, "{again}");
    assert_eq!(warehouse.read(&file, 3).await.unwrap(), b"one");
    assert_eq!(warehouse.read(&file, 2).await.unwrap_err().kind, Kind::NotSupported);
    let missing = warehouse.read(&at("s3://lake/t/metadata/1.json"), 9).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound, "{missing}");
    assert_eq!(server.keys(), ["t/metadata/0.json"]);
}

#[tokio::test]
async fn directories_list_what_is_in_them() {
    let (server, warehouse) = start().await;
    for key in ["t/", "t/base_1/", "t/base_1/b", "t/delta_1_1/b", "t/delta_1_1/c", "t/file", "t2/x"] {
        server.put(key, 1);
    }
    for number in 0..1200 {
        server.put(&format!("t/p={number:04}/f"), 1);
    }
    let mut children = warehouse.children(&at("s3://lake/t")).await.unwrap();
    children.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(children.len(), 1203);
    let first: Vec<_> = children[..4].iter().map(|child| (child.name.as_str(), child.is_directory)).collect();
    assert_eq!(first, [("base_1", true), ("delta_1_1", true), ("file", false), ("p=0000", true)]);
    assert_eq!(warehouse.children(&at("s3://lake/none")).await.unwrap(), []);
}

#[tokio::test]
async fn undo_keeps_what_others_have_written_since() {
    let (server, warehouse) = start().await;
    let made = warehouse.make_directory(&at("s3://lake/t")).await.unwrap();
    server.put("t/part-0", 1);
    warehouse.undo(made).await;
    assert_eq!(server.keys(), ["t/", "t/part-0"]);
}

#[tokio::test]
async fn any_key_below_makes_a_directory() {
    let (server, warehouse) = start().await;
    server.put("t/dt=1/part-0", 3);
    server.put("t2/part-0", 3);

    assert!(warehouse.exists(&at("s3://lake/t")).await.unwrap());
    assert!(!warehouse.is_empty(&at("s3://lake/t")).await.unwrap());
    assert!(warehouse.make_directory(&at("s3://lake/t")).await.unwrap().is_empty());
    assert!(!warehouse.exists(&at("s3://lake/t/dt")).await.unwrap());
    assert!(warehouse.exists(&at("s3://lake/t2/part-0")).await.unwrap());
    assert!(warehouse.exists(&at("s3://lake")).await.unwrap());
    assert!(warehouse.make_directory(&at("s3://lake/")).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_stay_as_they_are() {
    let (server, warehouse) = start().await;
    let names = ["region=us west%2F1", "région=日本 +1", "a#b?c&d=e;f~g!h*i'(j)", "100%", "%E6%97%A5"];
    for name in names {
        let table = at("s3://lake/w").join(name).unwrap();
        let _ = warehouse.make_directory(&table).await.unwrap();
        assert_eq!(server.keys(), [format!("w/{name}/")]);

        server.put(&format!("w/{name}/part 0%2F"), 7);
        let stats = warehouse.file_stats(&table).await.unwrap().unwrap();
        assert_eq!(stats.total_size, 7, "{name}");

        let target = at("s3://lake/moved").join(name).unwrap();
        let renamed = warehouse.rename_directory(&table, &target).await.unwrap();
        warehouse.finish_rename(renamed).await.unwrap();
        assert_eq!(server.keys(), [format!("moved/{name}/"), format!("moved/{name}/part 0%2F")]);

        assert!(warehouse.delete_directory(&target).await.unwrap());
        assert!(server.keys().is_empty(), "{name}: {:?}", server.keys());
    }
}

#[tokio::test]
async fn a_directory_is_not_made_over_a_file() {
    let (server, warehouse) = start().await;
    server.put("w/t", 5);
    let error = warehouse.make_directory(&at("s3://lake/w/t")).await.unwrap_err();
    assert_eq!(error.kind, Kind::AlreadyExists);
    assert_eq!(server.keys(), ["w/t"]);
}

#[tokio::test]
async fn several_directories_are_made_all_or_none() {
    let (server, warehouse) = start().await;
    server.put("t/k=3", 1);
    let partitions: Vec<_> = (0..40).map(|k| at(&format!("s3://lake/t/k={k}"))).collect();
    let error = warehouse.make_directories(&partitions).await.unwrap_err();
    assert_eq!(error.kind, Kind::AlreadyExists);
    assert_eq!(server.keys(), ["t/k=3"]);

    server.put("t/k=1/part-0", 1);
    let made = warehouse.make_directories(&partitions[..3]).await.unwrap();
    assert!(made.contains(&partitions[0]) && !made.contains(&partitions[1]));
    warehouse.undo(made).await;
    assert_eq!(server.keys(), ["t/k=1/part-0", "t/k=3"]);
}

#[tokio::test]
async fn deletion_takes_markers_along_and_leaves_the_neighbours() {
    let (server, warehouse) = start().await;
    for neighbour in ["w/", "w/t", "w/t-2/part-0", "w/t2/", "w/a"] {
        server.put(neighbour, 0);
    }
    let neighbours = server.keys();
    for key in ["w/t/", "w/t/k=1/", "w/t/k=1/empty", "w/t/k=2/x/"] {
        server.put(key, 0);
    }
    for file in 0..2500 {
        server.put(&format!("w/t/k=1/part-{file}"), 1);
    }
    assert!(warehouse.delete_directory(&at("s3a://lake/w/t/")).await.unwrap());
    assert_eq!(server.keys(), neighbours);
    // Now it is the file that is left.
    assert!(warehouse.delete_directory(&at("s3://lake/w/t")).await.unwrap());
    assert!(!warehouse.delete_directory(&at("s3://lake/w/t")).await.unwrap());

    let root = warehouse.delete_directory(&at("s3://lake/")).await.unwrap_err();
    assert_eq!(root.kind, Kind::InvalidLocation);
}

#[tokio::test]
async fn a_parent_goes_only_when_it_is_empty() {
    let (server, warehouse) = start().await;
    server.put("t/", 0);
    server.put("t/k=1/", 0);
    let parent = at("s3://lake/t");
    assert!(!warehouse.delete_if_empty(&parent).await.unwrap());
    assert!(warehouse.delete_if_empty(&at("s3://lake/t/k=1")).await.unwrap());
    assert!(warehouse.delete_if_empty(&parent).await.unwrap());
    assert!(!warehouse.delete_if_empty(&parent).await.unwrap());
    assert!(server.keys().is_empty());
}

#[tokio::test]
async fn truncation_keeps_directories() {
    let (server, warehouse) = start().await;
    for key in ["t/k=1/", "t2/part-0"] {
        server.put(key, 0);
    }
    for key in ["t/part-0", "t/k=1/part-0", "t/_SUCCESS"] {
        server.put(key, 3);
    }
    warehouse.truncate(&at("s3://lake/t")).await.unwrap();
    assert_eq!(server.keys(), ["t/", "t/k=1/", "t2/part-0"]);
}

#[tokio::test]
async fn statistics_count_files_and_not_markers_or_hidden_ones() {
    let (server, warehouse) = start().await;
    server.put("t/", 0);
    server.put("t/k=1/", 0);
    server.put("t/k=1/part-0", 10);
    server.put("t/k=2/part-0", 20);
    server.put("t/_SUCCESS", 1);
    server.put("t/_temporary/0/part-0", 1);
    server.put("t/.hive-staging/part-0", 1);
    server.put("t2/part-0", 1);
    let stats = async |location: &str| warehouse.file_stats(&at(location)).await;
    let expected = FileStats { num_files: 2, total_size: 30 };
    assert_eq!(stats("s3://lake/t").await.unwrap(), Some(expected));
    // The name of the directory itself does not matter.
    let hidden = stats("s3://lake/t/_temporary").await.unwrap().unwrap();
    assert_eq!(hidden.num_files, 1);
    let file = stats("s3://lake/t/k=2/part-0").await.unwrap().unwrap();
    assert_eq!(file.total_size, 20);
    let missing = stats("s3://lake/nothing").await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
}

#[tokio::test]
async fn a_rename_copies_and_then_deletes() {
    let (server, warehouse) = start().await;
    let (old, new) = (at("s3://lake/w/old"), at("s3a://lake/w/new"));
    for key in ["w/old/k=1/", "w/old/k=1/empty"] {
        server.put(key, 0);
    }
    for file in 0..1200 {
        server.put(&format!("w/old/k=1/part-{file:04}"), 2);
    }
    let before = server.keys();
    let moved: Vec<_> = before.iter().map(|key| key.replace("/old/", "/new/")).collect();

    let renamed = warehouse.rename_directory(&old, &new).await.unwrap();
    warehouse.undo_rename(renamed).await.unwrap();
    assert_eq!(server.keys(), before);

    let renamed = warehouse.rename_directory(&old, &new).await.unwrap();
    server.put("w/old/k=1/written-meanwhile", 1);
    warehouse.finish_rename(renamed).await.unwrap();
    let mut expected = vec!["w/new/".to_string()];
    expected.extend(moved);
    expected.push("w/old/k=1/written-meanwhile".to_string());
    assert_eq!(server.keys(), expected);
}

#[tokio::test]
async fn a_rename_is_refused_whole() {
    let (server, warehouse) = start().await;
    for key in ["a/x", "a/y", "b/z"] {
        server.put(key, 1);
    }
    let before = server.keys();
    let rename = async |from: &str, to: &str| warehouse.rename_directory(&at(from), &at(to)).await.unwrap_err().kind;
    assert_eq!(rename("s3://lake/a", "s3://lake/b").await, Kind::AlreadyExists);
    assert_eq!(rename("s3://lake/a", "s3n://lake/a/").await, Kind::AlreadyExists);
    assert_eq!(rename("s3://lake/a", "s3://lake/a/c").await, Kind::InvalidLocation);
    assert_eq!(rename("s3://lake/none", "s3://lake/c").await, Kind::NotFound);
    assert_eq!(rename("s3://lake/a", "s3://other/a").await, Kind::NotSupported);
    assert_eq!(rename("s3://lake/a", "file:/a").await, Kind::NotSupported);
    server.deny("c/y");
    assert_eq!(rename("s3://lake/a", "s3://lake/c").await, Kind::PermissionDenied);
    assert_eq!(server.keys(), before);
}

#[tokio::test]
async fn errors_say_what_is_wrong() {
    let (server, warehouse) = start().await;
    let missing = warehouse.make_directory(&at("s3://nowhere/t")).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
    assert_eq!(
        missing.message,
        format!(
            "Cannot read s3://nowhere/t: bucket nowhere does not exist at {}; create it or correct \
             the location.",
            server.endpoint()
        )
    );
    for operation in [
        warehouse.exists(&at("s3://forbidden/t")).await.unwrap_err(),
        warehouse.file_stats(&at("s3://forbidden/t")).await.unwrap_err(),
        warehouse.truncate(&at("s3://forbidden/t")).await.unwrap_err(),
    ] {
        assert_eq!(operation.kind, Kind::PermissionDenied, "{operation}");
    }

    let mut wrong = settings(&server.endpoint());
    wrong.secret_key = Some("not-the-secret".to_string());
    let wrong = Warehouse::new(wrong).unwrap();
    let refused = wrong.make_directory(&at("s3://lake/t")).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Misconfigured);
    assert!(refused.message.contains("SignatureDoesNotMatch"), "{refused}");
    assert!(!format!("{refused:?}").contains("not-the-secret"));
    assert!(server.keys().is_empty());
}

#[tokio::test]
async fn a_refused_deletion_is_an_error_and_can_be_repeated() {
    let (server, warehouse) = start().await;
    let table = at("s3://lake/t");
    for denied in ["part-1", "k=1/"] {
        for (key, size) in [("t/", 0), ("t/k=1/", 0), ("t/k=1/part-0", 3), ("t/part-1", 3)] {
            server.put(key, size);
        }
        server.deny(denied);
        let error = warehouse.delete_directory(&table).await.unwrap_err();
        assert_eq!(error.kind, Kind::PermissionDenied, "{error}");
        assert!(warehouse.exists(&table).await.unwrap());
        server.allow_all();
    }
    let failures = warehouse.delete_directories(&[at("s3://forbidden/a"), table, at("hdfs://h/b")]).await;
    assert_eq!(failures.len(), 2);
    assert!(server.keys().is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_is_unreachable() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let warehouse = Warehouse::new(settings(&endpoint)).unwrap();
    let error = warehouse.make_directory(&at("s3://lake/t")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unreachable);
    assert_eq!(
        error.message,
        format!(
            "Cannot read s3://lake/t: {endpoint} cannot be connected to; check the endpoint setting \
             and the network."
        )
    );
}

/// Answers every request with this, as things that are no S3 do.
async fn answering(answer: &'static str) -> Warehouse {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    Warehouse::new(settings(&endpoint)).unwrap()
}

#[tokio::test]
async fn what_is_no_s3_or_not_well_is_told_apart() {
    for (answer, kind, said) in [
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\nconnection: close\r\n\r\nhtml",
            Kind::Misconfigured,
            "answered 404 Not Found and no S3 error",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            Kind::Unreachable,
            "503 Service Unavailable",
        ),
        ("HTTP/1.1 301 Moved\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", Kind::Misconfigured, "set the region"),
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 47\r\nconnection: close\r\n\r\n\
             <Error><Code>InvalidAccessKeyId</Code></Error>\n",
            Kind::Misconfigured,
            "InvalidAccessKeyId",
        ),
        ("", Kind::Unreachable, "breaks the connection"),
    ] {
        let warehouse = answering(answer).await;
        let error = warehouse.make_directory(&at("s3://lake/t")).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error} {:?}", error.cause);
        assert!(error.message.contains(said), "{error}");
    }
}
