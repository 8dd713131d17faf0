//! Functions.

use propolis_thrift::codec::CallError;
use propolis_thrift::{Exception, ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, text, thrown};

fn function(database: &str, name: &str) -> types::Function {
    types::Function {
        function_name: text(name),
        db_name: text(database),
        class_name: Some("org.example.Upper".into()),
        owner_name: Some("ann".into()),
        owner_type: Some(types::PrincipalType::USER),
        function_type: Some(types::FunctionType::JAVA),
        ..Default::default()
    }
}

async fn create(client: &mut Client, function: types::Function) -> Result<(), CallError> {
    client.call::<methods::CreateFunction>(args::CreateFunction { func: Some(function) }).await
}

async fn get(client: &mut Client, database: &str, name: &str) -> Result<types::Function, CallError> {
    let args = args::GetFunction { db_name: text(database), func_name: text(name) };
    client.call::<methods::GetFunction>(args).await
}

async fn alter(client: &mut Client, database: &str, name: &str, new: types::Function) -> Result<(), CallError> {
    let args = args::AlterFunction { db_name: text(database), func_name: text(name), new_func: Some(new) };
    client.call::<methods::AlterFunction>(args).await
}

async fn drop(client: &mut Client, database: &str, name: &str) -> Result<(), CallError> {
    let args = args::DropFunction { db_name: text(database), func_name: text(name) };
    client.call::<methods::DropFunction>(args).await
}

async fn names(client: &mut Client, database: &str, pattern: Option<&str>) -> Vec<String> {
    let args = args::GetFunctions { db_name: text(database), pattern: pattern.map(FastStr::new) };
    let names = client.call::<methods::GetFunctions>(args).await.unwrap();
    names.iter().map(FastStr::to_string).collect()
}

#[tokio::test]
async fn functions_are_kept_as_they_came_under_folded_names() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("f").await;
    let resource = |kind, uri: &'static str| types::ResourceUri { resource_type: Some(kind), uri: Some(uri.into()) };
    let sent = types::Function {
        // Engines that keep functions of their own write whole documents here.
        class_name: Some(FastStr::from("{\"body\": \"é\"}".repeat(20_000))),
        resource_uris: Some(vec![
            resource(types::ResourceType::ARCHIVE, "s3://b/a.tgz"),
            resource(types::ResourceType::JAR, "s3://b/j.jar"),
            resource(types::ResourceType::FILE, "s3://b/f.txt"),
        ]),
        create_time: Some(7),
        ..function("F", "Trino__Upper__1")
    };
    create(&mut client, sent.clone()).await.unwrap();
    let found = get(&mut client, "@hive#f", "TRINO__upper__1").await.unwrap();
    assert!(found.create_time > Some(1_700_000_000), "the server's time, not the client's");
    let expected = types::Function {
        function_name: Some("trino__upper__1".into()),
        db_name: Some("f".into()),
        cat_name: Some("hive".into()),
        create_time: found.create_time,
        ..sent
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn names_are_listed_by_pattern() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("f").await;
    for name in ["to_find_2", "to_find_1", "hidden"] {
        create(&mut client, function("f", name)).await.unwrap();
    }
    create(&mut client, function("default", "elsewhere")).await.unwrap();
    assert_eq!(names(&mut client, "f", None).await, ["hidden", "to_find_1", "to_find_2"]);
    assert_eq!(names(&mut client, "F", Some("*_FIND_*")).await, ["to_find_1", "to_find_2"]);
    assert_eq!(names(&mut client, "f", Some("*_1|hid*")).await, ["hidden", "to_find_1"]);
    assert!(names(&mut client, "f", Some("")).await.is_empty());
    assert!(names(&mut client, "no_such_database", Some("*")).await.is_empty());

    let all = client.call::<methods::GetAllFunctions>(args::GetAllFunctions {}).await.unwrap();
    assert_eq!(all.functions.unwrap().len(), 4);

    let mut request = types::GetFunctionsRequest {
        db_name: "f".into(),
        catalog_name: None,
        pattern: Some("to_*".into()),
        return_names: Some(true),
    };
    let args = args::GetFunctionsReq { request: Some(request.clone()) };
    let found = client.call::<methods::GetFunctionsReq>(args).await.unwrap();
    assert_eq!(found.function_names.unwrap(), ["to_find_1", "to_find_2"]);
    request.return_names = Some(false);
    let args = args::GetFunctionsReq { request: Some(request) };
    let found = client.call::<methods::GetFunctionsReq>(args).await.unwrap();
    assert_eq!(found.functions.unwrap()[1].function_name, Some("to_find_2".into()));
}

#[tokio::test]
async fn altering_moves_and_changes_but_keeps_the_time() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("f").await;
    create(&mut client, function("default", "before")).await.unwrap();
    let before = get(&mut client, "default", "before").await.unwrap();
    let new = types::Function {
        class_name: Some("org.example.Lower".into()),
        owner_name: Some("dev".into()),
        owner_type: Some(types::PrincipalType::GROUP),
        resource_uris: Some(vec![types::ResourceUri {
            resource_type: Some(types::ResourceType::JAR),
            uri: Some("s3://b/new.jar".into()),
        }]),
        ..function("f", "after")
    };
    alter(&mut client, "DEFAULT", "Before", new.clone()).await.unwrap();
    thrown(get(&mut client, "default", "before").await, ExceptionKind::NoSuchObject);
    let after = get(&mut client, "f", "after").await.unwrap();
    assert_eq!(after, types::Function { create_time: before.create_time, cat_name: Some("hive".into()), ..new });
}

#[tokio::test]
async fn what_cannot_be_created_is_refused() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let good = function("default", "good");
    create(&mut client, good.clone()).await.unwrap();
    thrown(create(&mut client, good.clone()).await, ExceptionKind::AlreadyExists);
    let unknown = function("no_such_database", "f");
    thrown(create(&mut client, unknown).await, ExceptionKind::NoSuchObject);
    for name in ["", "semi;colon", "caf\u{e9}"] {
        thrown(create(&mut client, function("default", name)).await, ExceptionKind::InvalidObject);
    }
    let no_class = types::Function { class_name: None, ..function("default", "f") };
    thrown(create(&mut client, no_class.clone()).await, ExceptionKind::InvalidObject);
    let nulls = [
        types::Function { function_name: None, ..good.clone() },
        types::Function { db_name: None, ..good.clone() },
        types::Function { owner_type: None, ..good.clone() },
        types::Function { function_type: None, ..good.clone() },
        types::Function { function_type: Some(9.into()), ..good.clone() },
    ];
    for null in nulls {
        thrown(create(&mut client, null.clone()).await, ExceptionKind::Meta);
        thrown(alter(&mut client, "default", "good", null).await, ExceptionKind::Meta);
    }
    let args = args::CreateFunction { func: None };
    thrown(client.call::<methods::CreateFunction>(args).await, ExceptionKind::Meta);

    // All that is wrong with altering is a MetaException.
    create(&mut client, function("default", "other")).await.unwrap();
    thrown(alter(&mut client, "default", "good", function("default", "other")).await, ExceptionKind::Meta);
    thrown(alter(&mut client, "default", "good", no_class).await, ExceptionKind::Meta);
    thrown(alter(&mut client, "default", "good", function("default", ";")).await, ExceptionKind::Meta);
    thrown(alter(&mut client, "default", "none", good.clone()).await, ExceptionKind::Meta);
    thrown(alter(&mut client, "default", "good", function("none", "good")).await, ExceptionKind::Meta);

    thrown(drop(&mut client, "default", "none").await, ExceptionKind::NoSuchObject);
    thrown(drop(&mut client, "none", "good").await, ExceptionKind::NoSuchObject);
    drop(&mut client, "Default", "GOOD").await.unwrap();
    thrown(get(&mut client, "default", "good").await, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn of_concurrent_creates_one_wins() {
    let server = Server::start().await;
    let mut creates = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut client = server.client().await;
        creates.spawn(async move { create(&mut client, function("default", "contested")).await });
    }
    let results = creates.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, CallError::Exception(Exception::AlreadyExists(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_database_with_functions_is_dropped_with_cascade_only() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("f").await;
    create(&mut client, function("f", "one")).await.unwrap();
    let drop = |cascade| args::DropDatabase { name: Some("f".into()), delete_data: Some(true), cascade: Some(cascade) };
    thrown(client.call::<methods::DropDatabase>(drop(false)).await, ExceptionKind::InvalidOperation);
    client.call::<methods::DropDatabase>(drop(true)).await.unwrap();
    thrown(get(&mut client, "f", "one").await, ExceptionKind::NoSuchObject);
}
