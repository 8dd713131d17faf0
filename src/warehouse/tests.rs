//! Local files through the public face.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

struct Disk {
    directory: TempDir,
    warehouse: Warehouse,
}

impl Disk {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            warehouse: Warehouse::new(ObjectStoreSettings::default()).unwrap(),
        }
    }

    fn at(&self, path: &str) -> Location {
        Location::parse(&format!("file:{}/{path}", self.directory.path().display())).unwrap()
    }

    fn write(&self, path: &str, size: usize) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![b'x'; size]).unwrap();
    }

    /// Every path, sorted; directories end with `/`.
    fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.directory.path().to_path_buf()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let relative = path.strip_prefix(self.directory.path()).unwrap();
                let mut shown = relative.to_str().unwrap().to_string();
                if path.symlink_metadata().unwrap().is_dir() {
                    shown.push('/');
                    open.push(path);
                }
                found.push(shown);
            }
        }
        found.sort();
        found
    }
}

#[tokio::test]
async fn undo_removes_what_was_newly_made_and_nothing_else() {
    let disk = Disk::new();
    disk.write("w/keep", 1);
    let table = disk.at("w/db.db/t");
    let made = disk.warehouse.make_directory(&table).await.unwrap();
    assert!(made.contains(&table) && made.contains(&disk.at("w/db.db")));
    assert!(!made.contains(&disk.at("w")));
    assert!(disk.warehouse.is_empty(&table).await.unwrap());
    assert!(disk.warehouse.make_directory(&table).await.unwrap().is_empty());

    let mut all = disk.warehouse.make_directory(&disk.at("w/db.db/u/k=1")).await.unwrap();
    all.extend(made);
    disk.write("w/db.db/t/part-0", 1);
    disk.warehouse.undo(all).await;
    assert_eq!(disk.paths(), ["w/", "w/db.db/", "w/db.db/t/", "w/db.db/t/part-0", "w/keep"]);
}

#[tokio::test]
async fn several_directories_are_made_all_or_none() {
    let disk = Disk::new();
    disk.write("t/k=2", 1);
    let before = disk.paths();
    let partitions = [disk.at("t/k=0"), disk.at("u/k=1"), disk.at("t/k=2/x")];
    let error = disk.warehouse.make_directories(&partitions).await.unwrap_err();
    assert_eq!(error.kind, Kind::AlreadyExists);
    assert!(error.message.contains("is a file"), "{error}");
    assert_eq!(disk.paths(), before);

    // A location that no store answers for is found before anything is made.
    let mixed = [disk.at("t/k=0"), Location::parse("hdfs://n/t").unwrap()];
    let error = disk.warehouse.make_directories(&mixed).await.unwrap_err();
    assert_eq!(error.kind, Kind::UnsupportedScheme);
    assert_eq!(disk.paths(), before);
}

#[tokio::test]
async fn concurrent_makers_and_undoers_of_one_parent_get_along() {
    let disk = Disk::new();
    let tables: Vec<_> = (0..50).map(|t| disk.at(&format!("new.db/t{t}"))).collect();
    let work = tables.iter().enumerate().map(async |(n, table)| {
        let made = disk.warehouse.make_directory(table).await.unwrap();
        if n % 2 == 0 {
            disk.warehouse.undo(made).await;
        }
    });
    futures::future::join_all(work).await;
    assert_eq!(disk.paths().len(), 1 + 25);
}

#[tokio::test]
async fn names_stay_as_they_are() {
    let disk = Disk::new();
    for name in ["region=us west%2F1", "日本 é+", "a#b?c", "100%", "%2e%2e", "a\\b"] {
        let location = disk.at("w").join(name).unwrap();
        let _ = disk.warehouse.make_directory(&location).await.unwrap();
        assert_eq!(disk.paths(), ["w/".to_string(), format!("w/{name}/")]);
        let renamed = disk.warehouse.rename_directory(&location, &disk.at("w/moved%20")).await.unwrap();
        disk.warehouse.finish_rename(renamed).await.unwrap();
        assert_eq!(disk.paths(), ["w/", "w/moved%20/"]);
        assert!(disk.warehouse.delete_directory(&disk.at("w/moved%20/")).await.unwrap());
    }
}

#[tokio::test]
async fn deletion_does_not_follow_links() {
    let disk = Disk::new();
    disk.write("elsewhere/precious", 1);
    disk.write("t/k=1/part-0", 1);
    let elsewhere = disk.directory.path().join("elsewhere");
    symlink(&elsewhere, disk.directory.path().join("t/link")).unwrap();
    symlink(&elsewhere, disk.directory.path().join("linked-table")).unwrap();

    let truncated = disk.at("t");
    disk.warehouse.truncate(&truncated).await.unwrap();
    assert_eq!(disk.paths(), ["elsewhere/", "elsewhere/precious", "linked-table", "t/", "t/k=1/"]);
    symlink(&elsewhere, disk.directory.path().join("t/link")).unwrap();
    for location in [disk.at("t"), disk.at("linked-table")] {
        assert!(disk.warehouse.delete_directory(&location).await.unwrap());
        assert!(!disk.warehouse.delete_directory(&location).await.unwrap());
    }
    assert_eq!(disk.paths(), ["elsewhere/", "elsewhere/precious"]);
}

#[tokio::test]
async fn roots_are_never_deleted() {
    let disk = Disk::new();
    for root in ["/", "file:///", "s3://b", "s3a://b/"] {
        let root = Location::parse(root).unwrap();
        let refused = |error: WarehouseError| assert_eq!(error.kind, Kind::InvalidLocation);
        refused(disk.warehouse.delete_directory(&root).await.unwrap_err());
        refused(disk.warehouse.delete_if_empty(&root).await.unwrap_err());
        refused(disk.warehouse.truncate(&root).await.unwrap_err());
        refused(disk.warehouse.rename_directory(&root, &disk.at("x")).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_parent_goes_only_when_it_is_empty() {
    let disk = Disk::new();
    disk.write("t/k=1/part-0", 1);
    let gone = async |path: &str| disk.warehouse.delete_if_empty(&disk.at(path)).await.unwrap();
    assert!(!gone("t/k=1").await);
    assert!(!gone("t/k=1/part-0").await);
    disk.warehouse.truncate(&disk.at("t")).await.unwrap();
    assert!(gone("t/k=1").await);
    assert!(gone("t").await);
    assert!(!gone("t").await);
}

#[tokio::test]
async fn statistics_count_data_files() {
    let disk = Disk::new();
    disk.write("t/part-0", 10);
    disk.write("t/k=1/k2=2/part-0", 20);
    disk.write("t/k=1/empty", 0);
    for hidden in ["t/_SUCCESS", "t/.part-0.crc", "t/_tmp/x", "t/k=1/.staging/x"] {
        disk.write(hidden, 1000);
    }
    // A directory that holds itself must not be walked for ever.
    symlink(disk.directory.path(), disk.directory.path().join("t/loop")).unwrap();
    symlink("part-0", disk.directory.path().join("t/part-link")).unwrap();
    symlink("nowhere", disk.directory.path().join("t/dangling")).unwrap();
    let stats = async |path: &str| disk.warehouse.file_stats(&disk.at(path)).await;
    let expected = FileStats { num_files: 4, total_size: 40 };
    assert_eq!(stats("t").await.unwrap(), Some(expected));
    assert_eq!(stats("t/part-0").await.unwrap().unwrap().total_size, 10);
    assert_eq!(stats("none").await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn a_rename_moves_and_undo_moves_back() {
    let disk = Disk::new();
    disk.write("a.db/t/k=1/part-0", 1);
    let before = disk.paths();
    let (old, new) = (disk.at("a.db/t"), disk.at("b.db/deep/u"));

    let renamed = disk.warehouse.rename_directory(&old, &new).await.unwrap();
    assert!(disk.warehouse.exists(&disk.at("b.db/deep/u/k=1/part-0")).await.unwrap());
    assert!(!disk.warehouse.exists(&old).await.unwrap());
    disk.warehouse.undo_rename(renamed).await.unwrap();
    assert_eq!(disk.paths(), before);
}

#[tokio::test]
async fn a_rename_is_refused_whole() {
    let disk = Disk::new();
    disk.write("t/part-0", 1);
    disk.write("full/x", 1);
    disk.write("file", 1);
    let _ = disk.warehouse.make_directory(&disk.at("empty")).await.unwrap();
    let before = disk.paths();
    for (from, to, kind) in [
        ("t", "full", Kind::AlreadyExists),
        ("t", "empty", Kind::AlreadyExists),
        ("t", "file", Kind::AlreadyExists),
        ("t", "t", Kind::AlreadyExists),
        ("t", "file/below", Kind::AlreadyExists),
        ("t", "t/inside", Kind::InvalidLocation),
        ("none", "new.db/u", Kind::NotFound),
    ] {
        let (old, new) = (disk.at(from), disk.at(to));
        let error = disk.warehouse.rename_directory(&old, &new).await.unwrap_err();
        assert_eq!(error.kind, kind, "{from} {to}");
        assert_eq!(disk.paths(), before, "{from} {to}");
    }
}

#[tokio::test]
async fn other_schemes_are_said_not_to_be_managed() {
    let warehouse = Warehouse::new(ObjectStoreSettings::default()).unwrap();
    for text in ["hdfs://n:8020/t", "gs://b/t", "abfss://c@a/t", "viewfs:///t", "dbfs:/t"] {
        let location = Location::parse(text).unwrap();
        assert!(!warehouse.manages(&location));
        let error = warehouse.make_directory(&location).await.unwrap_err();
        assert_eq!(error.kind, Kind::UnsupportedScheme);
        assert!(error.message.contains(text) && error.message.contains(location.scheme()));
        assert!(warehouse.exists(&location).await.is_err());
    }
    assert!(warehouse.manages(&Location::parse("s3a://b/t").unwrap()));
}

#[tokio::test]
async fn a_name_that_is_too_long_is_said_to_be() {
    let disk = Disk::new();
    let error = disk.warehouse.make_directory(&disk.at(&"n".repeat(300))).await.unwrap_err();
    assert_eq!(error.kind, Kind::InvalidLocation);
}

#[tokio::test]
async fn missing_credentials_are_named() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // No machine of the cloud answers on this port.
    let environment =
        [("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")].map(|(name, value)| (name.to_string(), value.to_string()));
    let settings = ObjectStoreSettings::default();
    let clients = settings.clients("lake", environment.into_iter()).unwrap();
    let location = Location::parse("s3://lake/t").unwrap();
    let error = Bucket::new("lake", clients).make(&location).await.unwrap_err();
    assert_eq!(error.kind, Kind::Misconfigured);
    assert!(error.message.contains("no credentials"), "{error}");
}

#[tokio::test]
async fn files_are_written_once_and_read_whole() {
    let disk = Disk::new();
    let file = disk.at("t/metadata/0.json");
    disk.warehouse.write_new(&file, b"one".to_vec()).await.unwrap();
    let again = disk.warehouse.write_new(&file, b"two".to_vec()).await.unwrap_err();
    assert_eq!(again.kind, Kind::AlreadyExists, "{again}");
    assert_eq!(disk.warehouse.read(&file, 3).await.unwrap(), b"one");
    assert_eq!(disk.warehouse.read(&file, 2).await.unwrap_err().kind, Kind::NotSupported);
    assert_eq!(disk.warehouse.read(&disk.at("t/1.json"), 9).await.unwrap_err().kind, Kind::NotFound);
    let unknown = Location::parse("hdfs://host/t").unwrap();
    assert_eq!(disk.warehouse.read(&unknown, 9).await.unwrap_err().kind, Kind::UnsupportedScheme);
}

/// The server runs these on its worker threads.
#[test]
fn futures_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let disk = Disk::new();
    let (warehouse, location) = (disk.warehouse.clone(), disk.at("t"));
    let several = [location.clone()];
    is_send(warehouse.make_directories(&several));
    is_send(warehouse.delete_directory(&location));
    is_send(warehouse.delete_directories(&several));
    is_send(warehouse.truncate(&location));
    is_send(warehouse.file_stats(&location));
    is_send(warehouse.rename_directory(&location, &location));
    is_send(warehouse.is_empty(&location));
    is_send(warehouse.undo(Made::default()));
}
