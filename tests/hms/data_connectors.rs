//! Data connectors.

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{DataConnector, PrincipalType};
use propolis_thrift::{ExceptionKind, args, methods, types};

use crate::support::{Client, Server, map, table, text, texts, thrown};

fn connector(name: &str) -> DataConnector {
    DataConnector {
        name: text(name),
        r#type: text("mysql"),
        url: text("jdbc:mysql://db:3306"),
        description: text("orders"),
        parameters: Some(map(&[("user", "hive")])),
        owner_name: text("ann"),
        owner_type: Some(PrincipalType::ROLE),
        create_time: None,
    }
}

async fn create(client: &mut Client, connector: DataConnector) -> Result<(), CallError> {
    let connector_req = Some(types::CreateDataConnectorRequest { connector });
    client.call::<methods::CreateDataconnectorReq>(args::CreateDataconnectorReq { connector_req }).await
}

async fn get(client: &mut Client, name: &str) -> Result<DataConnector, CallError> {
    let request = Some(types::GetDataConnectorRequest { connector_name: name.to_owned().into() });
    client.call::<methods::GetDataconnectorReq>(args::GetDataconnectorReq { request }).await
}

async fn drop(client: &mut Client, name: &str, if_exists: bool, check: bool) -> Result<(), CallError> {
    let drop_dc_req = Some(types::DropDataConnectorRequest {
        connector_name: name.to_owned().into(),
        if_not_exists: Some(if_exists),
        check_references: Some(check),
    });
    client.call::<methods::DropDataconnectorReq>(args::DropDataconnectorReq { drop_dc_req }).await
}

#[tokio::test]
async fn connectors_live_and_die() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, connector("MySQL_1")).await.unwrap();
    thrown(create(&mut client, connector("mysql_1")).await, ExceptionKind::AlreadyExists);
    thrown(create(&mut client, connector("")).await, ExceptionKind::InvalidObject);
    let bare = DataConnector { name: text("bare"), ..Default::default() };
    create(&mut client, bare).await.unwrap();
    let bare = get(&mut client, "bare").await.unwrap();
    assert_eq!((bare.owner_name, bare.owner_type), (text("propolis"), Some(PrincipalType::USER)));
    let names = client.call::<methods::GetDataconnectors>(args::GetDataconnectors {}).await.unwrap();
    assert_eq!(names, texts(&["bare", "mysql_1"]));

    let found = get(&mut client, "MYSQL_1").await.unwrap();
    assert!(found.create_time.is_some_and(|time| time > 0));
    let as_made = DataConnector { name: text("mysql_1"), create_time: found.create_time, ..connector("") };
    assert_eq!(found, as_made);

    let alter = async |client: &mut Client, name: &str, new_connector| {
        let connector_name = name.to_owned().into();
        let alter_req = Some(types::AlterDataConnectorRequest { connector_name, new_connector });
        client.call::<methods::AlterDataconnectorReq>(args::AlterDataconnectorReq { alter_req }).await
    };
    let changed = DataConnector {
        name: text("other"),
        r#type: text("derby"),
        url: text("jdbc:other"),
        description: text(" "),
        parameters: Some(map(&[])),
        owner_name: text("bob"),
        owner_type: None,
        create_time: Some(1),
    };
    thrown(alter(&mut client, "nothing", changed.clone()).await, ExceptionKind::NoSuchObject);
    alter(&mut client, "mysql_1", changed).await.unwrap();
    let expected =
        DataConnector { url: text("jdbc:other"), parameters: Some(map(&[])), owner_name: text("bob"), ..as_made };
    assert_eq!(get(&mut client, "mysql_1").await.unwrap(), expected);

    thrown(drop(&mut client, "nothing", false, false).await, ExceptionKind::NoSuchObject);
    drop(&mut client, "nothing", true, false).await.unwrap();
    let remote = types::Database {
        name: text("shop"),
        r#type: Some(types::DatabaseType::REMOTE),
        connector_name: text("mysql_1"),
        ..Default::default()
    };
    client.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(remote) }).await.unwrap();
    let message = thrown(drop(&mut client, "mysql_1", false, true).await, ExceptionKind::InvalidOperation);
    assert!(message.contains("hive.shop"), "{message}");
    drop(&mut client, "mysql_1", false, false).await.unwrap();
    thrown(get(&mut client, "mysql_1").await, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn nothing_is_kept_in_a_database_of_another_system() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, connector("mysql_1")).await.unwrap();
    let remote = types::Database {
        name: text("shop"),
        r#type: Some(types::DatabaseType::REMOTE),
        connector_name: text("mysql_1"),
        ..Default::default()
    };
    client.call::<methods::CreateDatabase>(args::CreateDatabase { database: Some(remote) }).await.unwrap();

    let tbl = Some(table("shop", "orders", &[("a", "int")], &[]));
    let refused = client.call::<methods::CreateTable>(args::CreateTable { tbl }).await;
    assert!(thrown(refused, ExceptionKind::Meta).contains("lies in another system"));
    client.create_table(table("default", "orders", &[("a", "int")], &[])).await;
    let moved = types::Table { db_name: text("shop"), ..client.get_table("default", "orders").await.unwrap() };
    let args = args::AlterTable { dbname: text("default"), tbl_name: text("orders"), new_tbl: Some(moved) };
    thrown(client.call::<methods::AlterTable>(args).await, ExceptionKind::Meta);
    let function = types::Function {
        function_name: text("f"),
        db_name: text("shop"),
        class_name: text("C"),
        ..Default::default()
    };
    let refused = client.call::<methods::CreateFunction>(args::CreateFunction { func: Some(function) }).await;
    thrown(refused, ExceptionKind::Meta);

    let message = thrown(client.get_table("shop", "orders").await, ExceptionKind::NoSuchObject);
    assert!(message.contains("mysql_1"), "{message}");
}
