#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::warehouse::WarehouseErrorKind;

fn at(text: &str) -> Location {
    Location::parse(text).unwrap()
}

#[test]
fn the_spelling_is_kept_and_looked_through() {
    for same in [
        &["/a/b", "/a/b/", "//a//b", "file:/a/b", "file:///a/b/", "FILE://localhost/a/b"][..],
        &["s3://b/x", "s3a://b/x/", "s3n://b//x", "S3://b/x"],
        &["hdfs://n:8020/x", "hdfs://n:8020/x/"],
        &["s3://b", "s3a://b/"],
        &["/", "file:/", "file:///"],
    ] {
        for one in same {
            assert_eq!(at(one).as_str(), *one);
            for other in same {
                assert!(at(one).is_same(&at(other)), "{one} {other}");
            }
        }
    }
    for (one, other) in [
        ("/a/b", "/a/B"),
        ("/a/b", "/a/bc"),
        ("/a/b", "/a"),
        ("s3://b/x", "s3://c/x"),
        ("s3://b/x", "gs://b/x"),
        ("hdfs://n/x", "hdfs://n:8020/x"),
        ("/a b", "/a%20b"),
    ] {
        assert!(!at(one).is_same(&at(other)), "{one} {other}");
    }
}

#[test]
fn below_means_below_by_segments() {
    assert!(at("s3a://b/w/t/k=1").is_under(&at("s3://b/w/t/")));
    assert!(at("file:///w").is_under(&at("/")));
    assert!(at("/w").is_under(&at("/w")));
    assert!(!at("/w/t2").is_under(&at("/w/t")));
    assert!(!at("/w").is_under(&at("/w/t")));
    assert!(!at("s3://c/w/t").is_under(&at("s3://b/w")));
}

#[test]
fn parents_and_children_keep_the_spelling() {
    for (base, child, joined) in [
        ("file:/w", "t", "file:/w/t"),
        ("file:///w/", "t", "file:///w/t"),
        ("/w//", "k1=a/k2=b", "/w/k1=a/k2=b"),
        ("s3://b", "t", "s3://b/t"),
        ("s3://b/", "t", "s3://b/t"),
        ("file:///", "t", "file:///t"),
        ("/", "t", "/t"),
        ("hdfs://n:8020", "t", "hdfs://n:8020/t"),
        ("s3a://b/w", "region=us west%2F1", "s3a://b/w/region=us west%2F1"),
        ("abfss://c@account.dfs/w", "日本#?", "abfss://c@account.dfs/w/日本#?"),
    ] {
        let location = at(base).join(child).unwrap();
        assert_eq!(location.as_str(), joined);
        let above = (0..child.split('/').count()).fold(location, |l, _| l.parent().unwrap());
        assert!(above.is_same(&at(base)), "{above} {base}");
    }
    for (location, parent) in [
        ("file:/a/b/", Some("file:/a")),
        ("file:/a", Some("file:/")),
        ("s3://b/x", Some("s3://b")),
        ("/a//b", Some("/a")),
        ("s3://b/", None),
        ("file:///", None),
    ] {
        let found = at(location).parent();
        assert_eq!(found.as_ref().map(Location::as_str), parent);
        assert_eq!(at(location).is_root(), parent.is_none());
    }
}

#[test]
fn what_is_no_location_is_refused() {
    for text in [
        "",
        "t",
        "./t",
        "a/b:c",
        "file:t",
        "file:",
        "file://",
        "s3:",
        "s3://",
        "s3:///x",
        "s3:/x",
        "s3://b?x/t",
        "s3://b:80/t",
        "s3://../t",
        "file://elsewhere/t",
        "/a/../b",
        "/a/..",
        "/a/./b",
        "s3://b/..",
        "1a:/b",
        ":/b",
        "a b:/c",
        "jdbc:postgresql://h/d",
        "/a\0b",
        "/a\nb",
    ] {
        let error = Location::parse(text).unwrap_err();
        assert_eq!(error.kind, WarehouseErrorKind::InvalidLocation, "{text:?}");
        assert!(error.message.starts_with("Location \""), "{error}");
    }
    assert!(Location::parse(&format!("/{}", "a".repeat(3999))).is_ok());
    assert!(Location::parse(&format!("/{}", "a".repeat(4000))).is_err());
}

#[test]
fn credentials_in_a_location_are_refused_and_not_shown() {
    for text in ["s3n://KEY:SECRET@b/x", "s3://KEY:SEC/RET@b/x", "s3a://KEY:SECRET"] {
        let error = Location::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("SEC"), "{error:?}");
    }
}

#[test]
fn names_make_directories_that_stay_inside() {
    let root = at("file:/w");
    let of = |l: Result<Location>| l.unwrap().as_str().to_string();
    assert_eq!(of(root.database_directory("sales")), "file:/w/sales.db");
    assert_eq!(of(root.database_directory("a %#")), "file:/w/a %#.db");
    assert_eq!(of(root.database_directory("..")), "file:/w/...db");
    assert!(root.database_directory("../x").is_err());
    assert!(root.database_directory("a/b").is_err());
    assert!(root.database_directory("").is_err());
    assert_eq!(of(root.table_directory("t_1")), "file:/w/t_1");
    assert_eq!(of(root.table_directory("..")), "file:/w/-46--46-");
    assert_eq!(of(root.table_directory("a-b")), "file:/w/a-45-b");
    assert!(root.table_directory("a/b").is_err());
    for child in ["", "/", "..", "a/../b", "./a", "a/", "/a", "a//b", "a\nb"] {
        assert!(root.join(child).is_err(), "{child:?}");
    }
}

#[test]
fn urls_of_settings_are_decoded() {
    let of = |url: &str| {
        let location = Location::from_url(&Url::parse(url).unwrap()).unwrap();
        location.as_str().to_string()
    };
    assert_eq!(of("file:///my%20data/100%25"), "file:/my data/100%");
    assert_eq!(of("s3://bucket/a%20b"), "s3://bucket/a b");
    assert_eq!(of("s3a://bucket"), "s3a://bucket");
    assert_eq!(of("hdfs://n:8020/x"), "hdfs://n:8020/x");
}

#[test]
fn locations_follow_a_move() {
    let moved = |l: &str, from: &str, to: &str| {
        let moved = at(l).rebase(&at(from), &at(to));
        moved.map(|l| l.as_str().to_string())
    };
    assert_eq!(moved("s3a://b/t/k=a%2Fb", "s3://b/t/", "s3://b/u").as_deref(), Some("s3://b/u/k=a%2Fb"));
    assert_eq!(moved("/t", "/t", "/u").as_deref(), Some("/u"));
    assert_eq!(moved("/t2/k=1", "/t", "/u"), None);
}

fn segment() -> impl Strategy<Value = String> {
    "[^/\\p{Cc}]{1,12}".prop_filter("not relative", |s| s != "." && s != "..")
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|[a-z3:/.@% ]{0,20}") {
        if let Ok(location) = Location::parse(&text) {
            prop_assert_eq!(location.as_str(), &text);
            prop_assert!(location.is_same(&location));
            if let Some(parent) = location.parent() {
                prop_assert!(location.is_under(&parent));
                prop_assert!(!parent.is_under(&location));
                prop_assert!(Location::parse(parent.as_str()).unwrap().is_same(&parent));
            } else {
                prop_assert!(location.is_root());
            }
        }
    }

    #[test]
    fn joined_segments_come_back(
        base in "(file:|file://|s3://b|hdfs://n:1|)(/[a-z %]{1,5}){0,3}/{0,2}",
        segments in prop::collection::vec(segment(), 1..4),
    ) {
        prop_assume!(Location::parse(&base).is_ok());
        let base = at(&base);
        let joined = base.join(&segments.join("/")).unwrap();
        prop_assert!(joined.is_under(&base));
        let expected: Vec<&str> = segments.iter().map(String::as_str).collect();
        prop_assert_eq!(joined.below(&base).unwrap(), expected);
        let target = at("s3a://other/x");
        let moved = joined.rebase(&base, &target).unwrap();
        prop_assert!(moved.rebase(&target, &base).unwrap().is_same(&joined));
    }

    #[test]
    fn no_name_leads_out_of_its_base(name in "\\PC{0,12}|[./]{0,5}") {
        let base = at("file:/w/d");
        for location in base.database_directory(&name).into_iter().chain(base.table_directory(&name)) {
            prop_assert!(location.parent().unwrap().is_same(&base));
        }
    }
}
