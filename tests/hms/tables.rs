//! Tables and views.

use std::sync::Arc;

use propolis_thrift::{AHashMap, ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, columns, map, table, text, texts, thrown};

async fn alter(client: &mut Client, name: &str, new: types::Table) -> Result<(), propolis_thrift::codec::CallError> {
    let request = args::AlterTable { dbname: text("default"), tbl_name: text(name), new_tbl: Some(new) };
    client.call::<methods::AlterTable>(request).await
}

async fn drop_table(client: &mut Client, name: &str) -> Result<(), propolis_thrift::codec::CallError> {
    let request = args::DropTable { dbname: text("default"), name: text(name), delete_data: Some(true) };
    client.call::<methods::DropTable>(request).await
}

#[tokio::test]
async fn a_bare_table_gets_the_metastores_defaults() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "T", &[("A", "int")], &[])).await;
    let stored = client.get_table("default", "t").await.unwrap();
    assert_eq!(stored.table_name.as_deref(), Some("t"));
    assert_eq!(stored.table_type.as_deref(), Some("MANAGED_TABLE"));
    assert_eq!(stored.owner, None);
    assert_eq!(stored.owner_type, Some(types::PrincipalType::USER));
    assert!(stored.create_time.unwrap() > 0 && stored.id.unwrap() > 0);
    assert_eq!((stored.last_access_time, stored.retention), (Some(0), Some(0)));
    let keys: Vec<_> = stored.parameters.as_ref().unwrap().keys().map(|key| key.to_string()).collect();
    assert_eq!(keys, ["transient_lastDdlTime"]);
    let sd = stored.sd.unwrap();
    assert_eq!(sd.cols, Some(columns(&[("a", "int")])));
    assert_eq!((sd.compressed, sd.num_buckets, sd.stored_as_sub_directories), (Some(false), Some(0), Some(false)));
    assert_eq!((sd.bucket_cols, sd.sort_cols, sd.parameters), (Some(vec![]), Some(vec![]), Some(map(&[]))));
    assert_eq!(sd.skewed_info.unwrap().skewed_col_names, Some(vec![]));
    assert_eq!(sd.location.as_deref(), Some(format!("file:{}", server.folder("managed/t").display()).as_str()));
    assert!(server.folder("managed/t").is_dir());
}

#[tokio::test]
async fn everything_in_a_storage_descriptor_comes_back() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut sent = table("default", "full", &[("a", "int"), ("b", "array<struct<x:int>>")], &[("dt", "date")]);
    let sd = types::StorageDescriptor {
        cols: sent.sd.take().unwrap().cols,
        location: text(&format!("file:{}/elsewhere", server.folder("x").display())),
        input_format: text("in"),
        output_format: text("out"),
        compressed: Some(true),
        num_buckets: Some(7),
        serde_info: Some(types::SerDeInfo {
            name: text("serde"),
            serialization_lib: text("lib"),
            parameters: Some(map(&[("field.delim", "\u{1}")])),
            description: text("described"),
            serializer_class: text("ser"),
            deserializer_class: text("de"),
            serde_type: Some(types::SerdeType::SCHEMA_REGISTRY),
        }),
        bucket_cols: Some(texts(&["a"])),
        sort_cols: Some(vec![types::Order { col: text("a"), order: Some(1) }]),
        parameters: Some(map(&[("p", "")])),
        skewed_info: Some(types::SkewedInfo {
            skewed_col_names: Some(texts(&["a"])),
            skewed_col_values: Some(vec![texts(&["1"]), texts(&["2"])]),
            skewed_col_value_location_maps: Some(AHashMap::from_iter([(texts(&["1"]), FastStr::new("file:/one"))])),
        }),
        stored_as_sub_directories: Some(true),
    };
    sent.sd = Some(sd.clone());
    client.create_table(sent).await;
    assert_eq!(client.get_table("default", "full").await.unwrap().sd, Some(sd));
}

#[tokio::test]
async fn bad_tables_are_refused_and_leave_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let good = || table("default", "t", &[("a", "int")], &[]);
    let with_sd = |change: &dyn Fn(&mut types::StorageDescriptor)| {
        let mut bad = good();
        change(bad.sd.as_mut().unwrap());
        bad
    };
    let column = |name: Option<&str>, kind: Option<&str>| types::FieldSchema {
        name: name.map(FastStr::new),
        r#type: kind.map(FastStr::new),
        comment: None,
    };
    let cases = [
        (types::Table { db_name: None, ..good() }, ExceptionKind::Meta),
        (types::Table { table_name: None, ..good() }, ExceptionKind::Meta),
        (types::Table { sd: None, ..good() }, ExceptionKind::Meta),
        (with_sd(&|sd| sd.cols = None), ExceptionKind::Meta),
        (with_sd(&|sd| sd.serde_info = None), ExceptionKind::Meta),
        (with_sd(&|sd| sd.cols = Some(vec![column(Some("a"), None)])), ExceptionKind::Meta),
        (with_sd(&|sd| sd.cols = Some(vec![column(Some("a"), Some("xyz"))])), ExceptionKind::InvalidObject),
        (with_sd(&|sd| sd.location = text("s3://bucket")), ExceptionKind::InvalidObject),
        (types::Table { table_name: text(""), ..good() }, ExceptionKind::InvalidObject),
        (types::Table { table_name: text("sec\u{a7}tion"), ..good() }, ExceptionKind::InvalidObject),
        (types::Table { db_name: text("nowhere"), ..good() }, ExceptionKind::InvalidObject),
        (types::Table { cat_name: text("nowhere"), ..good() }, ExceptionKind::InvalidObject),
        (table("default", "t", &[("a", "int")], &[("A", "int")]), ExceptionKind::InvalidObject),
    ];
    for (bad, kind) in cases {
        let shown = format!("{bad:?}");
        let created = client.call::<methods::CreateTable>(args::CreateTable { tbl: Some(bad) }).await;
        assert!(!thrown(created, kind).is_empty(), "{shown}");
    }
    let none = args::GetAllTables { db_name: text("default") };
    assert_eq!(client.call::<methods::GetAllTables>(none).await.unwrap(), [""; 0]);
    assert!(!server.folder("managed/t").exists());
}

#[tokio::test]
async fn of_concurrent_creates_and_alters_exactly_one_wins() {
    let server = Arc::new(Server::start().await);
    let create = |server: Arc<Server>| async move {
        let mut client = server.client().await;
        let table = table("default", "contested", &[("a", "int")], &[]);
        client.call::<methods::CreateTable>(args::CreateTable { tbl: Some(table) }).await
    };
    let creates = futures::future::join_all((0..16).map(|_| create(server.clone()))).await;
    assert_eq!(creates.iter().filter(|created| created.is_ok()).count(), 1);
    for created in creates.into_iter().filter(Result::is_err) {
        thrown(created, ExceptionKind::AlreadyExists);
    }

    let mut current = server.client().await.get_table("default", "contested").await.unwrap();
    current.parameters = Some(map(&[("metadata_location", "0")]));
    alter(&mut server.client().await, "contested", current.clone()).await.unwrap();
    let commit = |server: Arc<Server>, mut table: types::Table, to: usize| async move {
        table.parameters = Some(map(&[("metadata_location", &to.to_string())]));
        let context = map(&[("expected_parameter_key", "metadata_location"), ("expected_parameter_value", "0")]);
        let request = args::AlterTableWithEnvironmentContext {
            dbname: text("default"),
            tbl_name: text("contested"),
            new_tbl: Some(table),
            environment_context: Some(types::EnvironmentContext { properties: Some(context) }),
        };
        server.client().await.call::<methods::AlterTableWithEnvironmentContext>(request).await
    };
    let commits = futures::future::join_all((1..=16).map(|to| commit(server.clone(), current.clone(), to))).await;
    assert_eq!(commits.iter().filter(|committed| committed.is_ok()).count(), 1);
    for committed in commits.into_iter().filter(Result::is_err) {
        let message = thrown(committed, ExceptionKind::Meta);
        assert!(message.starts_with("The table has been modified"), "{message}");
    }
}

#[tokio::test]
async fn a_rename_moves_a_managed_tables_folder() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "old", &[("a", "int")], &[])).await;
    std::fs::write(server.folder("managed/old/data"), "1").unwrap();
    let mut renamed = client.get_table("default", "old").await.unwrap();
    renamed.table_name = text("new");
    alter(&mut client, "old", renamed).await.unwrap();
    thrown(client.get_table("default", "old").await, ExceptionKind::NoSuchObject);
    let moved = client.get_table("default", "new").await.unwrap().sd.unwrap().location.unwrap();
    assert!(moved.ends_with("managed/new"), "{moved}");
    assert_eq!(std::fs::read_to_string(server.folder("managed/new/data")).unwrap(), "1");
    assert!(!server.folder("managed/old").exists());

    client.create_table(table("default", "taken", &[("a", "int")], &[])).await;
    let mut onto = client.get_table("default", "new").await.unwrap();
    onto.table_name = text("taken");
    thrown(alter(&mut client, "new", onto).await, ExceptionKind::InvalidOperation);
    assert!(server.folder("managed/new/data").exists());
}

#[tokio::test]
async fn alters_that_would_break_a_table_are_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "bigint")], &[("p", "int")])).await;
    let stored = client.get_table("default", "t").await.unwrap();
    let with_columns = |fields: &[(&str, &str)]| {
        let mut changed = stored.clone();
        changed.sd.as_mut().unwrap().cols = Some(columns(fields));
        changed
    };
    let cases = [
        ("nowhere", stored.clone(), ExceptionKind::InvalidOperation),
        (
            "t",
            types::Table { partition_keys: Some(columns(&[("q", "int")])), ..stored.clone() },
            ExceptionKind::InvalidOperation,
        ),
        ("t", types::Table { partition_keys: Some(vec![]), ..stored.clone() }, ExceptionKind::InvalidOperation),
        ("t", types::Table { table_name: text("b\u{e4}d"), ..stored.clone() }, ExceptionKind::InvalidOperation),
        ("t", types::Table { db_name: text("nowhere"), ..stored.clone() }, ExceptionKind::InvalidOperation),
        ("t", types::Table { sd: None, ..stored.clone() }, ExceptionKind::Meta),
        ("t", with_columns(&[("a", "int")]), ExceptionKind::InvalidOperation),
        ("t", with_columns(&[("a", "xyz")]), ExceptionKind::InvalidOperation),
    ];
    for (name, changed, kind) in cases {
        thrown(alter(&mut client, name, changed).await, kind);
    }
    assert_eq!(client.get_table("default", "t").await.unwrap(), stored);

    let conf = |value: &str| args::SetMetaConf {
        key: text("hive.metastore.disallow.incompatible.col.type.changes"),
        value: text(value),
    };
    client.call::<methods::SetMetaConf>(conf("false")).await.unwrap();
    alter(&mut client, "t", with_columns(&[("a", "int")])).await.unwrap();
    client.call::<methods::SetMetaConf>(conf("true")).await.unwrap();

    alter(&mut client, "t", with_columns(&[("a", "string"), ("b", "int")])).await.unwrap();
    let retyped =
        types::Table { partition_keys: Some(columns(&[("p", "string")])), ..with_columns(&[("a", "string")]) };
    alter(&mut client, "t", retyped).await.unwrap();
    let altered = client.get_table("default", "t").await.unwrap();
    assert_eq!(altered.partition_keys, Some(columns(&[("p", "string")])));
    assert_eq!((altered.id, altered.create_time), (stored.id, stored.create_time));
}

#[tokio::test]
async fn dropping_removes_managed_data_and_spares_external() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "managed", &[("a", "int")], &[])).await;
    std::fs::write(server.folder("managed/managed/data"), "1").unwrap();
    let mut external = table("default", "external", &[("a", "int")], &[]);
    external.table_type = text("EXTERNAL_TABLE");
    client.create_table(external).await;
    let kept = server.folder("external/external");
    assert!(kept.is_dir());
    drop_table(&mut client, "managed").await.unwrap();
    drop_table(&mut client, "external").await.unwrap();
    assert!(!server.folder("managed/managed").exists());
    assert!(kept.is_dir());
    thrown(drop_table(&mut client, "managed").await, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn an_external_table_needs_no_store() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut external = table("default", "far", &[("a", "int")], &[]);
    external.table_type = text("EXTERNAL_TABLE");
    external.sd.as_mut().unwrap().location = text("hdfs://nowhere:8020/data");
    client.create_table(external.clone()).await;
    let mut managed = external;
    managed.table_name = text("near");
    managed.table_type = text("MANAGED_TABLE");
    let refused = client.call::<methods::CreateTable>(args::CreateTable { tbl: Some(managed) }).await;
    let message = thrown(refused, ExceptionKind::Meta);
    assert!(message.contains("hdfs"), "{message}");
    thrown(client.get_table("default", "near").await, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn views_have_no_location() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut view = table("default", "v", &[("a", "int")], &[]);
    view.table_type = text("VIRTUAL_VIEW");
    view.view_original_text = text("select 1 as a");
    view.view_expanded_text = text("select 1 as a");
    client.create_table(view).await;
    let stored = client.get_table("default", "v").await.unwrap();
    assert_eq!(stored.view_original_text.as_deref(), Some("select 1 as a"));
    assert_eq!(stored.sd.unwrap().location, None);
    let request =
        args::GetTablesByType { db_name: text("default"), pattern: text("*"), table_type: text("VIRTUAL_VIEW") };
    assert_eq!(client.call::<methods::GetTablesByType>(request).await.unwrap(), ["v"]);
}

#[tokio::test]
async fn tables_are_listed_by_pattern_filter_and_name() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for name in ["orders", "order_items", "users"] {
        let mut sent = table("default", name, &[("a", "int")], &[]);
        sent.parameters =
            Some(map(&[("table_type", if name == "users" { "ICEBERG" } else { "HUDI" }), ("comment", name)]));
        if name == "orders" {
            sent.parameters.as_mut().unwrap().insert("discover.partitions".into(), "TRUE".into());
        }
        client.create_table(sent).await;
    }
    let request = args::GetTables { db_name: text("default"), pattern: text("order*") };
    assert_eq!(client.call::<methods::GetTables>(request).await.unwrap(), ["order_items", "orders"]);
    let request = args::GetTables { db_name: text("nowhere"), pattern: text("*") };
    assert_eq!(client.call::<methods::GetTables>(request).await.unwrap(), [""; 0]);

    let filter = "hive_filter_field_params__table_type like \"ICEBERG\"";
    let request = args::GetTableNamesByFilter { dbname: text("default"), filter: text(filter), max_tables: Some(-1) };
    assert_eq!(client.call::<methods::GetTableNamesByFilter>(request).await.unwrap(), ["users"]);
    // As Hive's own task that discovers partitions.
    let filter = "hive_filter_field_params__discover__partitions like \"true\"";
    let request = args::GetTableNamesByFilter { dbname: text("default"), filter: text(filter), max_tables: Some(-1) };
    assert_eq!(client.call::<methods::GetTableNamesByFilter>(request).await.unwrap(), ["orders"]);
    // As Hive 4.1's client lists tables.
    let filter = "hive_filter_field_tableName__ like \"(?i)ORDER.*\"";
    let request = args::GetTableNamesByFilter { dbname: text("default"), filter: text(filter), max_tables: Some(-1) };
    assert_eq!(client.call::<methods::GetTableNamesByFilter>(request).await.unwrap(), ["order_items", "orders"]);

    let request =
        args::GetTableObjectsByName { dbname: text("default"), tbl_names: Some(texts(&["Users", "x", "users"])) };
    let tables = client.call::<methods::GetTableObjectsByName>(request).await.unwrap();
    assert_eq!(tables.iter().map(|table| table.table_name.as_deref().unwrap()).collect::<Vec<_>>(), ["users"]);
    let request = args::GetTableObjectsByName { dbname: text("nowhere"), tbl_names: Some(vec![]) };
    thrown(client.call::<methods::GetTableObjectsByName>(request).await, ExceptionKind::UnknownDb);

    let request = args::GetTableMeta { db_patterns: text("*"), tbl_patterns: text("o*"), tbl_types: None };
    let meta = client.call::<methods::GetTableMeta>(request).await.unwrap();
    let shown: Vec<_> = meta.iter().map(|meta| (&*meta.table_name, meta.comments.as_deref())).collect();
    assert_eq!(shown, [("order_items", Some("order_items")), ("orders", Some("orders"))]);
}

#[tokio::test]
async fn a_projection_leaves_out_the_rest() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &[])).await;
    let projected = |fields: &[&str]| args::GetTableObjectsByNameReq {
        req: Some(types::GetTablesRequest {
            db_name: "default".into(),
            tbl_names: Some(texts(&["t"])),
            projection_spec: Some(types::GetProjectionsSpec { field_list: Some(texts(fields)), ..Default::default() }),
            ..Default::default()
        }),
    };
    let request = projected(&["tableName", "sd.location"]);
    let tables = client.call::<methods::GetTableObjectsByNameReq>(request).await.unwrap().tables;
    let sd = tables[0].sd.as_ref().unwrap();
    assert_eq!((tables[0].table_name.as_deref(), &tables[0].parameters), (Some("t"), &None));
    assert!(sd.location.is_some() && sd.cols.is_none());
    thrown(client.call::<methods::GetTableObjectsByNameReq>(projected(&["sd.xyz"])).await, ExceptionKind::Meta);

    let numbers = (tables[0].create_time, tables[0].retention, sd.num_buckets, sd.compressed);
    assert_eq!(numbers, (Some(0), Some(0), Some(0), Some(false)), "what was not asked for and cannot be left out");
    let request = projected(&["sd.location", "sd.serdeInfo.parameters"]);
    let tables = client.call::<methods::GetTableObjectsByNameReq>(request).await.unwrap().tables;
    assert!(tables[0].parameters.is_some() && tables[0].create_time > Some(0), "whole: {:?}", tables[0]);
    let mut request = projected(&[]);
    request.req.as_mut().unwrap().projection_spec.as_mut().unwrap().include_param_key_pattern = text("k");
    let refused = client.call::<methods::GetTableObjectsByNameReq>(request).await;
    thrown(refused, ExceptionKind::InvalidOperation);
}

#[tokio::test]
async fn tables_are_found_by_patterns_of_both_names() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (database, names) in [("dummy", ["t_a", "t_b"]), ("dull", ["t_a", "u_c"])] {
        client.create_database(database).await;
        for name in names {
            client.create_table(table(database, name, &[("a", "int")], &[])).await;
        }
    }
    for (databases, tables, expected) in [
        ("dummy", "t_*", &["dummy.t_a", "dummy.t_b"][..]),
        ("D*", "T_A|u*", &["dull.t_a", "dull.u_c", "dummy.t_a"]),
        ("*", ".*", &["dull.t_a", "dull.u_c", "dummy.t_a", "dummy.t_b"]),
        ("nowhere", "*", &[]),
        ("dummy", "", &[]),
    ] {
        let request = types::GetTablesRequest {
            db_name: FastStr::new(databases),
            tables_pattern: text(tables),
            ..Default::default()
        };
        let request = args::GetTableObjectsByNameReq { req: Some(request) };
        let found = client.call::<methods::GetTableObjectsByNameReq>(request).await.unwrap().tables;
        let name = |table: &types::Table| {
            [table.db_name.as_deref(), table.table_name.as_deref()].map(Option::unwrap).join(".")
        };
        assert_eq!(found.iter().map(name).collect::<Vec<_>>(), expected, "{databases} {tables}");
    }
}

/// Programs look for these words.
#[tokio::test]
async fn lists_of_tables_say_what_is_wrong_in_words_that_clients_know() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let request = |database: &str, names: Option<&[&str]>| {
        let names = names.map(texts);
        let req = types::GetTablesRequest { db_name: FastStr::new(database), tbl_names: names, ..Default::default() };
        args::GetTableObjectsByNameReq { req: Some(req) }
    };
    for (database, names, kind, words) in [
        ("default", None, ExceptionKind::InvalidOperation, "null tables"),
        ("nowhere", Some(&["t"][..]), ExceptionKind::UnknownDb, "not find database hive.nowhere"),
        ("", Some(&["t"][..]), ExceptionKind::UnknownDb, "is null or empty"),
    ] {
        let refused = client.call::<methods::GetTableObjectsByNameReq>(request(database, names)).await;
        let said = thrown(refused, kind);
        assert!(said.contains(words), "{said}");
    }
    let mut elsewhere = request("default", None);
    let asked = elsewhere.req.as_mut().unwrap();
    (asked.cat_name, asked.tables_pattern) = (text("nowhere"), text("*"));
    let refused = client.call::<methods::GetTableObjectsByNameReq>(elsewhere).await;
    assert!(thrown(refused, ExceptionKind::UnknownDb).contains("nowhere.default"));
}

#[tokio::test]
async fn fields_and_schema_name_what_is_missing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &[("p", "string")])).await;
    let fields = |database: &str, table: &str| args::GetFields { db_name: text(database), table_name: text(table) };
    assert_eq!(client.call::<methods::GetFields>(fields("default", "t")).await.unwrap(), columns(&[("a", "int")]));
    let schema = args::GetSchema { db_name: text("default"), table_name: text("t") };
    assert_eq!(client.call::<methods::GetSchema>(schema).await.unwrap(), columns(&[("a", "int"), ("p", "string")]));
    thrown(client.call::<methods::GetFields>(fields("default", "x")).await, ExceptionKind::UnknownTable);
    thrown(client.call::<methods::GetFields>(fields("nowhere", "t")).await, ExceptionKind::UnknownDb);
}
