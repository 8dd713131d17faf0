use propolis_thrift::codec::{ApplicationExceptionKind, CallError};
use propolis_thrift::types::{self, SqlForeignKey, SqlNotNullConstraint, SqlPrimaryKey, SqlUniqueConstraint};
use propolis_thrift::{ExceptionKind, FastStr, args, methods};

use crate::support::{Client, Server, table, text, thrown};

fn key(table: &str, columns: &[&str], name: Option<&str>) -> Vec<SqlPrimaryKey> {
    let column = |(at, column): (usize, &&str)| SqlPrimaryKey {
        table_db: text("db"),
        table_name: text(table),
        column_name: text(column),
        key_seq: Some(at as i32 + 1),
        pk_name: name.map(FastStr::new),
        enable_cstr: Some(false),
        validate_cstr: Some(true),
        rely_cstr: Some(true),
        cat_name: None,
    };
    columns.iter().enumerate().map(column).collect()
}

fn foreign_key(child: &str, parent: &str, pairs: &[(&str, &str)]) -> Vec<SqlForeignKey> {
    let column = |(at, (own, other)): (usize, &(&str, &str))| SqlForeignKey {
        pktable_db: text("DB"),
        pktable_name: text(parent),
        pkcolumn_name: text(other),
        fktable_db: text("db"),
        fktable_name: text(child),
        fkcolumn_name: text(own),
        key_seq: Some(at as i32 + 1),
        fk_name: text("Orders_Fk"),
        enable_cstr: Some(true),
        ..Default::default()
    };
    pairs.iter().enumerate().map(column).collect()
}

async fn add_key(client: &mut Client, keys: Vec<SqlPrimaryKey>) -> Result<(), CallError> {
    let req = Some(types::AddPrimaryKeyRequest { primary_key_cols: keys });
    client.call::<methods::AddPrimaryKey>(args::AddPrimaryKey { req }).await
}

async fn keys(client: &mut Client, table: &str) -> Vec<SqlPrimaryKey> {
    let request = types::PrimaryKeysRequest {
        db_name: FastStr::new("DB"),
        tbl_name: FastStr::new(table),
        cat_name: None,
        ..Default::default()
    };
    let args = args::GetPrimaryKeys { request: Some(request) };
    client.call::<methods::GetPrimaryKeys>(args).await.unwrap().primary_keys
}

async fn all(client: &mut Client, table: &str) -> types::SqlAllTableConstraints {
    let request = types::AllTableConstraintsRequest {
        db_name: FastStr::new("db"),
        tbl_name: FastStr::new(table),
        cat_name: FastStr::new("hive"),
        ..Default::default()
    };
    let args = args::GetAllTableConstraints { request: Some(request) };
    client.call::<methods::GetAllTableConstraints>(args).await.unwrap().all_table_constraints
}

async fn drop(client: &mut Client, table: &str, name: &str) -> Result<(), CallError> {
    let req = types::DropConstraintRequest {
        dbname: FastStr::new("db"),
        tablename: FastStr::new(table),
        constraintname: FastStr::new(name),
        cat_name: None,
    };
    client.call::<methods::DropConstraint>(args::DropConstraint { req: Some(req) }).await
}

/// Apache's clients expect an error of the protocol where the method declares no exception that fits.
#[track_caller]
fn undeclared(result: Result<(), CallError>) -> String {
    match result {
        Err(CallError::Application { kind, message }) if kind == ApplicationExceptionKind::INTERNAL_ERROR => message,
        other => panic!("an error of the protocol expected, not {other:?}"),
    }
}

async fn world() -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    client.create_table(table("db", "customers", &[("id", "int"), ("region", "string")], &[])).await;
    client.create_table(table("db", "orders", &[("n", "bigint"), ("customer", "int"), ("at", "string")], &[])).await;
    (server, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_back_column_by_column_in_their_order() {
    let (_server, mut client) = world().await;
    let mut sent = key("CUSTOMERS", &["id", "Region"], Some("Customers_Pk"));
    sent.reverse();
    add_key(&mut client, sent).await.unwrap();
    let found = keys(&mut client, "Customers").await;
    let mut expected = key("customers", &["id", "region"], Some("customers_pk"));
    expected.iter_mut().for_each(|column| column.cat_name = text("hive"));
    assert_eq!(found, expected);

    let second = thrown(add_key(&mut client, key("customers", &["id"], Some("other"))).await, ExceptionKind::Meta);
    assert!(second.contains("Primary key already exists"), "{second}");
    assert_eq!(keys(&mut client, "customers").await.len(), 2);
    drop(&mut client, "customers", "CUSTOMERS_PK").await.unwrap();
    assert_eq!(keys(&mut client, "customers").await, []);
    assert!(undeclared(drop(&mut client, "customers", "customers_pk").await).contains("no constraint customers_pk"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_made_up_and_taken_ones_refused() {
    let (_server, mut client) = world().await;
    add_key(&mut client, key("customers", &["id", "region"], None)).await.unwrap();
    let found = keys(&mut client, "customers").await;
    let name = found[0].pk_name.clone().unwrap();
    assert!(name.starts_with("pk_") && found.len() == 2 && found[1].pk_name.as_ref() == Some(&name), "{found:?}");

    let unique = SqlUniqueConstraint {
        table_db: text("db"),
        table_name: text("customers"),
        column_name: text("region"),
        key_seq: Some(1),
        uk_name: Some(name),
        ..Default::default()
    };
    let req = Some(types::AddUniqueConstraintRequest { unique_constraint_cols: vec![unique] });
    let taken = client.call::<methods::AddUniqueConstraint>(args::AddUniqueConstraint { req }).await;
    assert!(undeclared(taken).contains("already exists"));
    assert!(undeclared(add_key(&mut client, key("nobody", &["id"], None)).await).contains("nobody"));
    assert!(undeclared(add_key(&mut client, key("orders", &["id"], None)).await).contains("no column id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_need_a_key_and_go_with_either_table() {
    let (_server, mut client) = world().await;
    let add = async |client: &mut Client, keys: Vec<SqlForeignKey>| {
        let req = Some(types::AddForeignKeyRequest { foreign_key_cols: keys });
        client.call::<methods::AddForeignKey>(args::AddForeignKey { req }).await
    };
    let without = add(&mut client, foreign_key("orders", "customers", &[("customer", "id")])).await;
    assert!(thrown(without, ExceptionKind::Meta).contains("needs a primary or unique key"));
    add_key(&mut client, key("customers", &["id"], Some("pk"))).await.unwrap();
    let types_differ = add(&mut client, foreign_key("orders", "customers", &[("n", "id")])).await;
    assert!(thrown(types_differ, ExceptionKind::Meta).contains("same types"));
    add(&mut client, foreign_key("orders", "customers", &[("customer", "id")])).await.unwrap();

    let of = async |client: &mut Client, parent: Option<&str>, child: Option<&str>| {
        let request = types::ForeignKeysRequest {
            parent_db_name: parent.map(|_| FastStr::new("db")),
            parent_tbl_name: parent.map(FastStr::new),
            foreign_db_name: child.map(|_| FastStr::new("db")),
            foreign_tbl_name: child.map(FastStr::new),
            ..Default::default()
        };
        let args = args::GetForeignKeys { request: Some(request) };
        client.call::<methods::GetForeignKeys>(args).await.unwrap().foreign_keys
    };
    for (parent, child, count) in [
        (Some("customers"), None, 1),
        (None, Some("orders"), 1),
        (Some("customers"), Some("orders"), 1),
        (Some("orders"), None, 0),
        (None, None, 0),
    ] {
        let found = of(&mut client, parent, child).await;
        assert_eq!(found.len(), count, "{parent:?} {child:?}");
        assert!(found.iter().all(|key| key.pk_name == text("pk") && key.fk_name == text("orders_fk")), "{found:?}");
    }
    client
        .call::<methods::DropTable>(args::DropTable {
            dbname: text("db"),
            name: text("customers"),
            delete_data: Some(false),
        })
        .await
        .unwrap();
    assert_eq!(of(&mut client, None, Some("orders")).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_made_with_its_constraints_or_not_at_all() {
    let (_server, mut client) = world().await;
    let not_null = |column: &str| SqlNotNullConstraint {
        table_db: text("db"),
        table_name: text("made"),
        column_name: text(column),
        ..Default::default()
    };
    let create = |column: &str| types::CreateTableRequest {
        table: table("db", "made", &[("a", "int"), ("b", "int")], &[]),
        primary_keys: Some(key("made", &["a"], None)),
        not_null_constraints: Some(vec![not_null("a"), not_null(column)]),
        ..Default::default()
    };
    let make = async |client: &mut Client, request| {
        client.call::<methods::CreateTableReq>(args::CreateTableReq { request: Some(request) }).await
    };
    let refused = thrown(make(&mut client, create("c")).await, ExceptionKind::InvalidObject);
    assert!(refused.contains("no column c"), "{refused}");
    assert!(client.get_table("db", "made").await.is_err());
    make(&mut client, create("b")).await.unwrap();
    let found = all(&mut client, "made").await;
    assert_eq!(found.primary_keys.map(|keys| keys.len()), Some(1));
    assert_eq!(found.not_null_constraints.map(|columns| columns.len()), Some(2));
    assert_eq!(found.foreign_keys, Some(Vec::new()));
    assert_eq!(all(&mut client, "nobody").await.primary_keys, Some(Vec::new()));

    let events = types::NotificationEventRequest { last_event: 0, ..Default::default() };
    let events = args::GetNextNotification { rqst: Some(events) };
    let events = client.call::<methods::GetNextNotification>(events).await.unwrap().events;
    let told: Vec<_> = events.iter().rev().take(2).map(|event| event.event_type.as_str()).collect();
    assert_eq!(told, ["ADD_NOTNULLCONSTRAINT", "ADD_PRIMARYKEY"]);
    let last = &events[events.len() - 1].message;
    assert!(last.contains("notNullConstraintListJson") && last.contains("\\\"4\\\":{\\\"str\\\":\\\"b\\\"}"), "{last}");
}
