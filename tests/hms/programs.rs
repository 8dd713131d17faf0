//! Stored procedures, packages, and named types.

use propolis_thrift::types::{Package, StoredProcedure};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, columns, text, texts, thrown};

fn plain(text: &str) -> FastStr {
    FastStr::new(text)
}

fn procedure(database: &str, name: &str, source: &str) -> StoredProcedure {
    StoredProcedure {
        name: text(name),
        db_name: text(database),
        cat_name: text("hive"),
        owner_name: text("ann"),
        source: text(source),
    }
}

#[tokio::test]
async fn procedures_are_replaced_listed_and_dropped() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let put = async |client: &mut Client, proc| {
        client.call::<methods::CreateStoredProcedure>(args::CreateStoredProcedure { proc: Some(proc) }).await
    };
    let request = |database: &str, name: &str| {
        Some(types::StoredProcedureRequest {
            cat_name: plain("hive"),
            db_name: plain(database),
            proc_name: plain(name),
        })
    };
    let get = async |client: &mut Client, name: &str| {
        let args = args::GetStoredProcedure { request: request("DEFAULT", name) };
        client.call::<methods::GetStoredProcedure>(args).await
    };
    let list = async |client: &mut Client, database: Option<&str>| {
        let request = types::ListStoredProcedureRequest { cat_name: plain("hive"), db_name: database.and_then(text) };
        client
            .call::<methods::GetAllStoredProcedures>(args::GetAllStoredProcedures { request: Some(request) })
            .await
            .unwrap()
    };
    thrown(put(&mut client, procedure("nowhere", "p", "")).await, ExceptionKind::NoSuchObject);
    thrown(get(&mut client, "p").await, ExceptionKind::NoSuchObject);
    put(&mut client, procedure("default", "p", "one")).await.unwrap();
    put(&mut client, procedure("default", "p", "two")).await.unwrap();
    assert_eq!(get(&mut client, "p").await.unwrap(), procedure("default", "p", "two"));
    client.create_database("other").await;
    put(&mut client, procedure("other", "a", "")).await.unwrap();
    assert_eq!(list(&mut client, None).await, texts(&["a", "p"]));
    assert_eq!(list(&mut client, Some("Default")).await, texts(&["p"]));
    assert_eq!(list(&mut client, Some("nowhere")).await, texts(&[]));

    let drop = |cascade| args::DropDatabase { name: text("other"), delete_data: Some(true), cascade: Some(cascade) };
    let message = thrown(client.call::<methods::DropDatabase>(drop(false)).await, ExceptionKind::InvalidOperation);
    assert!(message.contains("stored procedure a"), "{message}");
    client.call::<methods::DropDatabase>(drop(true)).await.unwrap();
    for _ in 0..2 {
        let args = args::DropStoredProcedure { request: request("default", "p") };
        client.call::<methods::DropStoredProcedure>(args).await.unwrap();
    }
    assert_eq!(list(&mut client, None).await, texts(&[]));
}

#[tokio::test]
async fn packages_are_replaced_listed_and_dropped() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let put = async |client: &mut Client, database: &str, body: &str| {
        let request = types::AddPackageRequest {
            cat_name: text("hive"),
            db_name: text(database),
            package_name: text("Tools"),
            owner_name: text("ann"),
            header: text("h"),
            body: text(body),
        };
        client.call::<methods::AddPackage>(args::AddPackage { request: Some(request) }).await
    };
    let find = async |client: &mut Client, name: &str| {
        let request =
            types::GetPackageRequest { cat_name: plain("hive"), db_name: plain("default"), package_name: plain(name) };
        client.call::<methods::FindPackage>(args::FindPackage { request: Some(request) }).await
    };
    // The database does not exist, for which the call declares no exception of its own.
    thrown(put(&mut client, "nowhere", "").await, ExceptionKind::Meta);
    put(&mut client, "default", "one").await.unwrap();
    put(&mut client, "default", "two").await.unwrap();
    let expected = Package {
        cat_name: text("hive"),
        db_name: text("default"),
        package_name: text("Tools"),
        owner_name: text("ann"),
        header: text("h"),
        body: text("two"),
    };
    assert_eq!(find(&mut client, "Tools").await.unwrap(), expected);
    thrown(find(&mut client, "tools").await, ExceptionKind::NoSuchObject);
    let list = async |client: &mut Client| {
        let request = types::ListPackageRequest { cat_name: plain("hive"), db_name: None };
        client.call::<methods::GetAllPackages>(args::GetAllPackages { request: Some(request) }).await.unwrap()
    };
    assert_eq!(list(&mut client).await, texts(&["Tools"]));
    for _ in 0..2 {
        let request = types::DropPackageRequest {
            cat_name: plain("hive"),
            db_name: plain("default"),
            package_name: plain("Tools"),
        };
        client.call::<methods::DropPackage>(args::DropPackage { request: Some(request) }).await.unwrap();
    }
    assert_eq!(list(&mut client).await, texts(&[]));
}

#[tokio::test]
async fn types_have_names_and_parts() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let person = types::Type {
        name: text("Person"),
        fields: Some(columns(&[("name", "string"), ("home", "Address"), ("friends", "list<Person>")])),
        ..Default::default()
    };
    let address =
        types::Type { name: text("Address"), fields: Some(columns(&[("street", "string")])), ..Default::default() };
    let create = async |client: &mut Client, created: &types::Type| {
        client.call::<methods::CreateType>(args::CreateType { r#type: Some(created.clone()) }).await
    };
    for created in [&person, &address] {
        assert!(create(&mut client, created).await.unwrap());
    }
    thrown(create(&mut client, &person).await, ExceptionKind::AlreadyExists);
    let bad = types::Type { name: text("list<int>"), ..Default::default() };
    thrown(create(&mut client, &bad).await, ExceptionKind::InvalidObject);
    let get = async |client: &mut Client, name: &str| {
        client.call::<methods::GetType>(args::GetType { name: text(name) }).await
    };
    assert_eq!(get(&mut client, " Person ").await.unwrap(), person);
    thrown(get(&mut client, "person").await, ExceptionKind::NoSuchObject);
    let all = client.call::<methods::GetTypeAll>(args::GetTypeAll { name: text("Person") }).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all.get("Address"), Some(&address));
    for _ in 0..2 {
        assert!(client.call::<methods::DropType>(args::DropType { r#type: text("Person") }).await.unwrap());
    }
    thrown(get(&mut client, "Person").await, ExceptionKind::NoSuchObject);
}
