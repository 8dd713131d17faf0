//! Databases and catalogs.

use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, map, table, text, thrown};

async fn get(client: &mut Client, name: &str) -> types::Database {
    client.call::<methods::GetDatabase>(args::GetDatabase { name: text(name) }).await.unwrap()
}

fn dropped(name: &str, delete_data: bool, cascade: bool) -> args::DropDatabase {
    args::DropDatabase { name: text(name), delete_data: Some(delete_data), cascade: Some(cascade) }
}

#[tokio::test]
async fn there_is_always_a_default_database() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let database = get(&mut client, "DEFAULT").await;
    assert_eq!(database.description.as_deref(), Some("Default Hive database"));
    assert_eq!(database.owner_name.as_deref(), Some("public"));
    assert_eq!(database.owner_type, Some(types::PrincipalType::ROLE));
    assert_eq!(database.catalog_name.as_deref(), Some("hive"));
    assert_eq!(
        database.location_uri.as_deref(),
        Some(format!("file:{}", server.folder("external").display()).as_str())
    );
    assert!(database.create_time.unwrap() > 0);
    thrown(client.call::<methods::DropDatabase>(dropped("default", true, true)).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn a_database_lives_through_create_alter_and_drop() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.call::<methods::SetUgi>(args::SetUgi { user_name: text("ada"), group_names: None }).await.unwrap();
    client.create_database("Sales").await;
    let created = get(&mut client, "sales").await;
    assert_eq!(created.name.as_deref(), Some("sales"));
    assert_eq!(created.owner_name.as_deref(), Some("ada"));
    assert_eq!(created.owner_type, Some(types::PrincipalType::USER));
    let owned = types::Database { name: text("owned"), owner_name: text("bob"), ..Default::default() };
    client.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(owned) }).await.unwrap();
    assert_eq!(get(&mut client, "owned").await.owner_type, Some(types::PrincipalType::USER));
    assert_eq!(created.parameters, Some(map(&[])));
    assert!(server.folder("external/sales.db").is_dir());

    let taken = types::Database { name: text("SALES"), ..Default::default() };
    let again = client.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(taken) }).await;
    thrown(again, ExceptionKind::AlreadyExists);

    let changed = types::Database { parameters: Some(map(&[("k", "v")])), description: text("d"), ..created };
    client
        .call::<methods::AlterDatabase>(args::AlterDatabase { dbname: text("sales"), db: Some(changed) })
        .await
        .unwrap();
    let altered = get(&mut client, "sales").await;
    assert_eq!(altered.description.as_deref(), Some("d"));
    assert_eq!(altered.parameters, Some(map(&[("k", "v")])));

    client.create_table(table("sales", "t", &[("a", "int")], &[])).await;
    let full = client.call::<methods::DropDatabase>(dropped("sales", true, false)).await;
    assert!(thrown(full, ExceptionKind::InvalidOperation).contains("not empty"));
    client.call::<methods::DropDatabase>(dropped("sales", true, true)).await.unwrap();
    assert!(!server.folder("external/sales.db").exists());
    assert!(!server.folder("managed/sales.db/t").exists());
    let gone = client.call::<methods::GetDatabase>(args::GetDatabase { name: text("sales") }).await;
    assert!(thrown(gone, ExceptionKind::NoSuchObject).contains("hive.sales"));
}

#[tokio::test]
async fn altering_a_database_changes_only_what_is_said() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let database = types::Database {
        name: text("sales"),
        description: text("d"),
        parameters: Some(map(&[("k", "v")])),
        owner_name: text("ada"),
        owner_type: Some(types::PrincipalType::ROLE),
        ..Default::default()
    };
    client.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(database) }).await.unwrap();
    let created = get(&mut client, "sales").await;
    let bare = types::Database { name: text("other"), ..Default::default() };
    let request = args::AlterDatabase { dbname: text("sales"), db: Some(bare) };
    client.call::<methods::AlterDatabase>(request).await.unwrap();
    let expected = types::Database { parameters: Some(map(&[])), owner_name: None, ..created };
    assert_eq!(get(&mut client, "sales").await, expected);
    let other = client.call::<methods::GetDatabase>(args::GetDatabase { name: text("other") }).await;
    thrown(other, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn bad_databases_leave_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (database, kind) in [
        (types::Database::default(), ExceptionKind::Meta),
        (types::Database { name: text(""), ..Default::default() }, ExceptionKind::InvalidObject),
        (types::Database { name: text("caf\u{e9}"), ..Default::default() }, ExceptionKind::InvalidObject),
        (types::Database { name: text(&"x".repeat(300)), ..Default::default() }, ExceptionKind::InvalidObject),
        (
            types::Database { name: text("d"), catalog_name: text("nowhere"), ..Default::default() },
            ExceptionKind::InvalidObject,
        ),
        (
            types::Database { name: text("d"), description: text("nul \0 inside"), ..Default::default() },
            ExceptionKind::InvalidObject,
        ),
    ] {
        let created = client.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(database) }).await;
        thrown(created, kind);
    }
    let names = client.call::<methods::GetAllDatabases>(args::GetAllDatabases {}).await.unwrap();
    assert_eq!(names, ["default"]);
}

#[tokio::test]
async fn patterns_list_databases() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for name in ["sales_eu", "sales_us", "stock"] {
        client.create_database(name).await;
    }
    for (pattern, expected) in [
        (Some("*"), vec!["default", "sales_eu", "sales_us", "stock"]),
        (None, vec!["default", "sales_eu", "sales_us", "stock"]),
        (Some("SALES*"), vec!["sales_eu", "sales_us"]),
        (Some("stock|default"), vec!["default", "stock"]),
        (Some("s....."), vec![]),
        (Some("s...."), vec!["stock"]),
        (Some("@other#*"), vec![]),
    ] {
        let request = args::GetDatabases { pattern: pattern.map(FastStr::new) };
        assert_eq!(client.call::<methods::GetDatabases>(request).await.unwrap(), expected, "{pattern:?}");
    }
}

#[tokio::test]
async fn catalogs_hold_databases_of_their_own() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let location = format!("file:{}", server.folder("other").display());
    let catalog = types::Catalog { name: text("Other"), location_uri: text(&location), ..Default::default() };
    let create = args::CreateCatalog { catalog: Some(types::CreateCatalogRequest { catalog: Some(catalog) }) };
    client.call::<methods::CreateCatalog>(create.clone()).await.unwrap();
    thrown(client.call::<methods::CreateCatalog>(create).await, ExceptionKind::AlreadyExists);

    client.create_database("@other#sales").await;
    let database = get(&mut client, "@other#sales").await;
    assert_eq!(database.catalog_name.as_deref(), Some("other"));
    assert_eq!(database.location_uri.as_deref(), Some(format!("{location}/sales.db").as_str()));

    let drop = |name: &str| args::DropCatalog {
        cat_name: Some(types::DropCatalogRequest { name: text(name), if_exists: None }),
    };
    thrown(client.call::<methods::DropCatalog>(drop("hive")).await, ExceptionKind::Meta);
    thrown(client.call::<methods::DropCatalog>(drop("other")).await, ExceptionKind::InvalidOperation);
    client.call::<methods::DropDatabase>(dropped("@other#sales", true, false)).await.unwrap();
    client.call::<methods::DropCatalog>(drop("other")).await.unwrap();
    thrown(client.call::<methods::DropCatalog>(drop("other")).await, ExceptionKind::NoSuchObject);
}
