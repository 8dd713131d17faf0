//! Schemas of databases, their versions, and SerDes.

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{
    ISchema, ISchemaName, SchemaCompatibility, SchemaType, SchemaValidation, SchemaVersion, SchemaVersionDescriptor,
    SchemaVersionState, SerDeInfo,
};
use propolis_thrift::{ExceptionKind, args, methods, types};

use crate::support::{Client, Server, columns, map, text, thrown};

fn schema(database: &str, name: &str) -> ISchema {
    ISchema {
        schema_type: Some(SchemaType::AVRO),
        name: text(name),
        cat_name: text("hive"),
        db_name: text(database),
        compatibility: Some(SchemaCompatibility::FORWARD),
        validation_level: Some(SchemaValidation::LATEST),
        can_evolve: Some(false),
        schema_group: text("group"),
        description: text("a schema"),
    }
}

fn name(database: &str, name: &str) -> Option<ISchemaName> {
    Some(ISchemaName { cat_name: text("hive"), db_name: text(database), schema_name: text(name) })
}

fn version(schema: &str, number: i32, fields: &[(&str, &str)]) -> SchemaVersion {
    SchemaVersion {
        schema: name("default", schema),
        version: Some(number),
        created_at: Some(10),
        cols: Some(columns(fields)),
        ..Default::default()
    }
}

fn descriptor(schema: &str, version: i32) -> Option<SchemaVersionDescriptor> {
    Some(SchemaVersionDescriptor { schema: name("default", schema), version: Some(version) })
}

async fn create(client: &mut Client, schema: ISchema) -> Result<(), CallError> {
    client.call::<methods::CreateIschema>(args::CreateIschema { schema: Some(schema) }).await
}

async fn get(client: &mut Client, database: &str, schema: &str) -> Result<ISchema, CallError> {
    client.call::<methods::GetIschema>(args::GetIschema { name: name(database, schema) }).await
}

async fn drop(client: &mut Client, database: &str, schema: &str) -> Result<(), CallError> {
    client.call::<methods::DropIschema>(args::DropIschema { name: name(database, schema) }).await
}

async fn add(client: &mut Client, version: SchemaVersion) -> Result<(), CallError> {
    client.call::<methods::AddSchemaVersion>(args::AddSchemaVersion { schema_version: Some(version) }).await
}

async fn get_version(client: &mut Client, schema: &str, version: i32) -> Result<SchemaVersion, CallError> {
    let args = args::GetSchemaVersion { schema_version: descriptor(schema, version) };
    client.call::<methods::GetSchemaVersion>(args).await
}

#[tokio::test]
async fn schemas_live_and_die() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let first = schema("default", "events");
    create(&mut client, ISchema { name: text(" EVENTS "), ..first.clone() }).await.unwrap();
    assert_eq!(get(&mut client, "DEFAULT", "Events").await.unwrap(), first);
    thrown(create(&mut client, first.clone()).await, ExceptionKind::AlreadyExists);
    thrown(create(&mut client, schema("nowhere", "s")).await, ExceptionKind::NoSuchObject);
    thrown(create(&mut client, schema("default", "")).await, ExceptionKind::Meta);
    let unknown = ISchema { schema_type: Some(9.into()), ..schema("default", "s") };
    let message = thrown(create(&mut client, unknown).await, ExceptionKind::Meta);
    assert!(message.contains("1 HIVE, 2 AVRO"), "{message}");
    thrown(get(&mut client, "nowhere", "events").await, ExceptionKind::NoSuchObject);
    thrown(drop(&mut client, "default", "nothing").await, ExceptionKind::NoSuchObject);

    let alter = async |client: &mut Client, of: &str, new_schema| {
        let request = types::AlterISchemaRequest { name: name("default", of), new_schema: Some(new_schema) };
        client.call::<methods::AlterIschema>(args::AlterIschema { rqst: Some(request) }).await
    };
    let changed = ISchema {
        schema_type: Some(SchemaType::HIVE),
        name: text("another"),
        compatibility: Some(SchemaCompatibility::BOTH),
        validation_level: Some(SchemaValidation::ALL),
        can_evolve: Some(true),
        schema_group: None,
        description: text("changed"),
        ..first.clone()
    };
    thrown(alter(&mut client, "nothing", changed.clone()).await, ExceptionKind::NoSuchObject);
    alter(&mut client, "events", changed.clone()).await.unwrap();
    let kept = ISchema { schema_type: first.schema_type, name: first.name, schema_group: text("group"), ..changed };
    assert_eq!(get(&mut client, "default", "events").await.unwrap(), kept);

    add(&mut client, version("events", 1, &[("a", "int")])).await.unwrap();
    let message = thrown(drop(&mut client, "default", "events").await, ExceptionKind::InvalidOperation);
    assert!(message.contains("drop these first"), "{message}");
    let drop_version = async |client: &mut Client, number| {
        let args = args::DropSchemaVersion { schema_version: descriptor("events", number) };
        client.call::<methods::DropSchemaVersion>(args).await
    };
    thrown(drop_version(&mut client, 2).await, ExceptionKind::NoSuchObject);
    drop_version(&mut client, 1).await.unwrap();
    drop(&mut client, "default", "events").await.unwrap();
    thrown(get(&mut client, "default", "events").await, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn versions_keep_what_they_came_with() {
    let server = Server::start().await;
    let mut client = server.client().await;
    thrown(add(&mut client, version("events", 1, &[])).await, ExceptionKind::NoSuchObject);
    create(&mut client, schema("default", "events")).await.unwrap();
    let latest = async |client: &mut Client| {
        client
            .call::<methods::GetSchemaLatestVersion>(args::GetSchemaLatestVersion {
                schema_name: name("default", "events"),
            })
            .await
    };
    let all = async |client: &mut Client| {
        client
            .call::<methods::GetSchemaAllVersions>(args::GetSchemaAllVersions {
                schema_name: name("default", "events"),
            })
            .await
    };
    thrown(latest(&mut client).await, ExceptionKind::NoSuchObject);
    thrown(all(&mut client).await, ExceptionKind::NoSuchObject);
    let serde = SerDeInfo {
        name: text("avro_serde"),
        serialization_lib: text("lib"),
        parameters: Some(map(&[("a", "b")])),
        ..Default::default()
    };
    let full = SchemaVersion {
        state: Some(SchemaVersionState::INITIATED),
        description: text("first"),
        schema_text: text("{}"),
        fingerprint: text("f00"),
        name: text("one"),
        ser_de: Some(serde.clone()),
        ..version("events", 1, &[("a", "int"), ("b", "float")])
    };
    add(&mut client, full.clone()).await.unwrap();
    let second = version("events", 2, &[("a", "int")]);
    add(&mut client, second.clone()).await.unwrap();
    thrown(add(&mut client, second.clone()).await, ExceptionKind::AlreadyExists);
    assert_eq!(get_version(&mut client, "events", 1).await.unwrap(), full);
    assert_eq!(latest(&mut client).await.unwrap(), second);
    assert_eq!(all(&mut client).await.unwrap(), [second, full]);
    thrown(get_version(&mut client, "events", 3).await, ExceptionKind::NoSuchObject);

    let get_serde = args::GetSerde { rqst: Some(types::GetSerdeRequest { serde_name: text("avro_serde") }) };
    assert_eq!(client.call::<methods::GetSerde>(get_serde).await.unwrap(), serde);
}

#[tokio::test]
async fn versions_change_their_serde_and_state_only() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, schema("default", "events")).await.unwrap();
    add(&mut client, version("events", 1, &[("a", "int")])).await.unwrap();
    let serde = SerDeInfo { name: text("Json"), parameters: Some(map(&[])), ..Default::default() };
    let register = async |client: &mut Client, serde: SerDeInfo| {
        client.call::<methods::AddSerde>(args::AddSerde { serde: Some(serde) }).await
    };
    register(&mut client, serde.clone()).await.unwrap();
    thrown(register(&mut client, serde.clone()).await, ExceptionKind::AlreadyExists);
    thrown(register(&mut client, SerDeInfo::default()).await, ExceptionKind::Meta);
    let map_to = async |client: &mut Client, number, serde: &str| {
        let request = types::MapSchemaVersionToSerdeRequest {
            schema_version: descriptor("events", number),
            serde_name: text(serde),
        };
        client.call::<methods::MapSchemaVersionToSerde>(args::MapSchemaVersionToSerde { rqst: Some(request) }).await
    };
    thrown(map_to(&mut client, 7, "Json").await, ExceptionKind::NoSuchObject);
    thrown(map_to(&mut client, 1, "json").await, ExceptionKind::NoSuchObject);
    map_to(&mut client, 1, "Json").await.unwrap();
    let set_state = async |client: &mut Client, number, state| {
        let request =
            types::SetSchemaVersionStateRequest { schema_version: descriptor("events", number), state: Some(state) };
        client.call::<methods::SetSchemaVersionState>(args::SetSchemaVersionState { rqst: Some(request) }).await
    };
    thrown(set_state(&mut client, 7, SchemaVersionState::REVIEWED).await, ExceptionKind::NoSuchObject);
    thrown(set_state(&mut client, 1, 99.into()).await, ExceptionKind::Meta);
    set_state(&mut client, 1, SchemaVersionState::REVIEWED).await.unwrap();
    let now = get_version(&mut client, "events", 1).await.unwrap();
    assert_eq!((now.ser_de, now.state), (Some(serde), Some(SchemaVersionState::REVIEWED)));
}

#[tokio::test]
async fn versions_are_found_by_their_columns() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for schema_name in ["one", "two"] {
        create(&mut client, schema("default", schema_name)).await.unwrap();
    }
    let mut spaced = version("one", 2, &[("alpha", "bigint"), ("gamma", "bigint")]);
    spaced.cols.as_mut().unwrap()[1].comment = text("namespace=x");
    add(&mut client, version("one", 1, &[("alpha", "bigint"), ("beta", "date")])).await.unwrap();
    add(&mut client, spaced).await.unwrap();
    add(&mut client, version("two", 1, &[("ALPHA", "smallint")])).await.unwrap();
    let find = async |client: &mut Client, column: Option<&str>, namespace: Option<&str>, kind: Option<&str>| {
        let request = types::FindSchemasByColsRqst {
            col_name: column.and_then(text),
            col_namespace: namespace.and_then(text),
            r#type: kind.and_then(text),
        };
        client.call::<methods::GetSchemasByCols>(args::GetSchemasByCols { rqst: Some(request) }).await
    };
    for (column, namespace, kind, expected) in [
        (Some("Alpha"), None, None, vec![("one", 1), ("one", 2), ("two", 1)]),
        (Some("alpha"), None, Some("SMALLINT"), vec![("two", 1)]),
        (Some("alpha"), None, Some("string"), vec![]),
        (None, Some("namespace=x"), None, vec![("one", 2)]),
        (Some("beta"), Some("namespace=x"), None, vec![]),
    ] {
        let found = find(&mut client, column, namespace, kind).await.unwrap().schema_versions.unwrap();
        let expected: Vec<_> = expected.into_iter().filter_map(|(schema, number)| descriptor(schema, number)).collect();
        assert_eq!(found, expected, "{column:?} {namespace:?} {kind:?}");
    }
    thrown(find(&mut client, None, None, Some("string")).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn a_database_with_schemas_is_dropped_with_cascade_only() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("s").await;
    create(&mut client, schema("s", "events")).await.unwrap();
    let drop = |cascade| args::DropDatabase { name: text("s"), delete_data: Some(true), cascade: Some(cascade) };
    let message = thrown(client.call::<methods::DropDatabase>(drop(false)).await, ExceptionKind::InvalidOperation);
    assert!(message.contains("schema events"), "{message}");
    client.call::<methods::DropDatabase>(drop(true)).await.unwrap();
    client.create_database("s").await;
    thrown(get(&mut client, "s", "events").await, ExceptionKind::NoSuchObject);
}
