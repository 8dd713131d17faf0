//! Calls about the connection and the server.

use propolis_thrift::codec::CallError;
use propolis_thrift::{ExceptionKind, args, methods, types};

use crate::support::{Client, Server, map, text, texts, thrown};

async fn meta_conf(client: &mut Client, key: &str) -> Result<String, CallError> {
    client.call::<methods::GetMetaConf>(args::GetMetaConf { key: text(key) }).await.map(|value| value.to_string())
}

async fn set_meta_conf(client: &mut Client, key: &str, value: &str) -> Result<(), CallError> {
    client.call::<methods::SetMetaConf>(args::SetMetaConf { key: text(key), value: text(value) }).await
}

#[tokio::test]
async fn a_user_is_told_once_a_connection() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ada = args::SetUgi { user_name: text("ada"), group_names: Some(texts(&["engineers", "staff"])) };
    let answer = client.call::<methods::SetUgi>(ada).await.unwrap();
    assert_eq!(answer, ["engineers", "staff", "ada"]);
    let groups =
        client.call::<methods::SetUgi>(args::SetUgi { user_name: text("bob"), group_names: None }).await.unwrap();
    assert_eq!(groups, ["bob"]);
    let nobody = client.call::<methods::SetUgi>(args::SetUgi { user_name: None, group_names: None }).await;
    thrown(nobody, ExceptionKind::Meta);

    client.create_database("of_bob").await;
    let mut other = server.client().await;
    other.create_database("of_nobody").await;
    for (name, owner) in [("of_bob", "bob"), ("of_nobody", "propolis")] {
        let database = other.call::<methods::GetDatabase>(args::GetDatabase { name: text(name) }).await.unwrap();
        assert_eq!(database.owner_name.as_deref(), Some(owner));
    }
}

#[tokio::test]
async fn meta_conf_is_the_connections_own() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (key, default) in [
        ("metastore.try.direct.sql", "true"),
        ("metastore.try.direct.sql.ddl", "true"),
        ("metastore.client.socket.timeout", "600s"),
        ("metastore.partition.name.whitelist.pattern", ""),
        ("metastore.partition.order.expr", "\"PART_NAME\" asc"),
        ("metastore.client.capability.check", "true"),
        ("metastore.disallow.incompatible.col.type.changes", "true"),
        ("metastore.expression.proxy", "org.apache.hadoop.hive.ql.optimizer.ppr.PartitionExpressionForMetastore"),
    ] {
        assert_eq!(meta_conf(&mut client, key).await.unwrap(), default);
        assert_eq!(meta_conf(&mut client, &format!("hive.{key}")).await.unwrap(), default);
    }
    set_meta_conf(&mut client, "hive.metastore.try.direct.sql", "false").await.unwrap();
    assert_eq!(meta_conf(&mut client, "metastore.try.direct.sql").await.unwrap(), "false");
    assert_eq!(meta_conf(&mut server.client().await, "metastore.try.direct.sql").await.unwrap(), "true");

    for (key, value) in [
        ("hive.meta.foo.bar", ""),
        ("metastore.warehouse.dir", "/"),
        ("metastore.try.direct.sql", "perhaps"),
        ("metastore.client.socket.timeout", "soon"),
        ("metastore.partition.name.whitelist.pattern", "("),
        ("metastore.partition.order.expr", &"x".repeat(5000)),
    ] {
        thrown(set_meta_conf(&mut client, key, value).await, ExceptionKind::Meta);
    }
    thrown(meta_conf(&mut client, "hive.meta.foo.bar").await, ExceptionKind::Meta);
    let null = args::SetMetaConf { key: text("metastore.try.direct.sql"), value: None };
    thrown(client.call::<methods::SetMetaConf>(null).await, ExceptionKind::Meta);
    assert_eq!(meta_conf(&mut client, "metastore.try.direct.sql").await.unwrap(), "false");
}

#[tokio::test]
async fn config_values_are_ours_or_the_callers_default() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let managed = format!("file:{}", server.folder("managed").display());
    for (name, expected) in [
        (text("hive.metastore.warehouse.dir"), managed.as_str()),
        (text("metastore.warehouse.dir"), managed.as_str()),
        (text("hive.metastore.try.direct.sql"), "true"),
        (text("hive.metastore.notifications.add.thrift.objects"), "true"),
        (text("hive.txn.timeout"), "300s"),
        (text("hive.exec.parallel"), "fallback"),
        (None, "fallback"),
    ] {
        let get = args::GetConfigValue { name: name.clone(), default_value: text("fallback") };
        assert_eq!(client.call::<methods::GetConfigValue>(get).await.unwrap(), expected, "{name:?}");
    }
    let secret = args::GetConfigValue { name: text("javax.jdo.option.ConnectionPassword"), default_value: None };
    thrown(client.call::<methods::GetConfigValue>(secret).await, ExceptionKind::ConfigValSecurity);
}

#[tokio::test]
async fn fb303_answers() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(client.call::<methods::GetName>(args::GetName {}).await.unwrap(), "Propolis");
    assert!(client.call::<methods::GetVersion>(args::GetVersion {}).await.unwrap().starts_with("4."));
    assert_eq!(client.call::<methods::GetStatus>(args::GetStatus {}).await.unwrap(), types::FbStatus::ALIVE);
    assert!(client.call::<methods::GetStatusDetails>(args::GetStatusDetails {}).await.unwrap().contains("Propolis"));
    assert!(client.call::<methods::AliveSince>(args::AliveSince {}).await.unwrap() > 1_600_000_000);
    assert_eq!(client.call::<methods::GetCounters>(args::GetCounters {}).await.unwrap().len(), 0);
    assert_eq!(client.call::<methods::GetCounter>(args::GetCounter { key: text("x") }).await.unwrap(), 0);
    assert_eq!(
        client.call::<methods::GetCpuProfile>(args::GetCpuProfile { profile_duration_in_sec: Some(1) }).await.unwrap(),
        ""
    );

    let option = |key: &str, value: &str| args::SetOption { key: text(key), value: text(value) };
    client.call::<methods::SetOption>(option("colour", "green")).await.unwrap();
    assert_eq!(client.call::<methods::GetOption>(args::GetOption { key: text("colour") }).await.unwrap(), "green");
    assert_eq!(client.call::<methods::GetOption>(args::GetOption { key: text("other") }).await.unwrap(), "");
    assert_eq!(client.call::<methods::GetOptions>(args::GetOptions {}).await.unwrap(), map(&[("colour", "green")]));
    let long = client.call::<methods::SetOption>(option("long", &"x".repeat(100_000))).await;
    assert!(matches!(long, Err(CallError::Application { .. })));

    client.call::<methods::FlushCache>(args::FlushCache {}).await.unwrap();
}

#[tokio::test]
async fn oneway_calls_end_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for message in [
        propolis_thrift::Request::Shutdown(args::Shutdown {}),
        propolis_thrift::Request::Reinitialize(args::Reinitialize {}),
    ] {
        let encoded =
            propolis_thrift::codec::encode_call(propolis_thrift::codec::Protocol::Binary, 1, &message).unwrap();
        client.send(&encoded.into_bytes()).await;
        // No answer lies before that of the next call.
        assert_eq!(client.call::<methods::GetName>(args::GetName {}).await.unwrap(), "Propolis");
    }
}

#[tokio::test]
async fn a_catalog_has_one_uuid() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let uuid = client.call::<methods::GetMetastoreDbUuid>(args::GetMetastoreDbUuid {}).await.unwrap();
    assert_eq!(uuid.len(), 36);
    let again = server.client().await.call::<methods::GetMetastoreDbUuid>(args::GetMetastoreDbUuid {}).await.unwrap();
    assert_eq!(again, uuid);
}
