//! The direction of the rooms, held by a look at the sources: faces know the catalog, the catalog knows the store, and
//! never the other way round.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Lines of code outside `allowed` rooms of src/ that hold `word`.
fn trespassers(word: &str, allowed: &[&str]) -> Vec<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 30, "the sources were not found");
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(&src).unwrap().display().to_string();
        if allowed.iter().any(|room| name == format!("{room}.rs") || name.starts_with(&format!("{room}/"))) {
            continue;
        }
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if line.contains(word) && !line.trim_start().starts_with("//") {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn only_the_store_knows_sql() {
    // The log filter names the library.
    assert_eq!(trespassers("sqlx", &["store", "telemetry"]), [""; 0]);
}

#[test]
fn only_the_thrift_face_knows_the_thrift_types() {
    assert_eq!(trespassers("propolis_thrift::", &["hms"]), [""; 0]);
}

#[test]
fn only_warehouse_knows_object_stores() {
    assert_eq!(trespassers("object_store::", &["warehouse"]), [""; 0]);
}

#[test]
fn inner_rooms_do_not_know_outer_ones() {
    let rooms = ["hms", "glue", "auth", "cli", "http"];
    for outer in rooms {
        let allowed = [&rooms[..], &["main", "lib"]].concat();
        assert_eq!(trespassers(&format!("crate::{outer}"), &allowed), [""; 0]);
    }
    assert_eq!(trespassers("crate::catalog", &[&rooms[..], &["catalog", "lib"]].concat()), [""; 0]);
    assert_eq!(trespassers("crate::store", &["store", "catalog", "cli", "http", "lib"]), [""; 0]);
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        for line in
            fs::read_to_string(&file).unwrap().lines().filter(|line| line.trim_start().starts_with("use crate::"))
        {
            let inner = ["crate::model", "crate::error"].iter().any(|room| line.contains(room));
            assert!(inner, "{}: {line}", file.display());
        }
    }
}
