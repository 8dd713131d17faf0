//! Privileges.

mod lifecycle;

use propolis_thrift::codec::CallError;
use propolis_thrift::{FastStr, args, methods, types};

use crate::roles::{GROUP, ROLE, USER, assert_refused, create_role, drop_role, grant_role, role_request};
use crate::support::{Client, Server, table, text};

fn table_of(name: &str, partitioned: bool) -> types::Table {
    table("db", name, &[("id", "string")], if partitioned { &[("dt", "string")] } else { &[] })
}

async fn add_partition(client: &mut Client, table: &str, value: &str) {
    let args = args::AppendPartition {
        db_name: Some("db".into()),
        tbl_name: text(table),
        part_vals: Some(vec![FastStr::new(value)]),
    };
    client.call::<methods::AppendPartition>(args).await.unwrap();
}

fn on_global() -> types::HiveObjectRef {
    types::HiveObjectRef { object_type: Some(types::HiveObjectType::GLOBAL), ..Default::default() }
}

fn on_database(name: &str) -> types::HiveObjectRef {
    types::HiveObjectRef {
        object_type: Some(types::HiveObjectType::DATABASE),
        db_name: text(name),
        ..Default::default()
    }
}

fn on_table(name: &str) -> types::HiveObjectRef {
    types::HiveObjectRef {
        object_type: Some(types::HiveObjectType::TABLE),
        db_name: Some("db".into()),
        object_name: text(name),
        ..Default::default()
    }
}

fn on_partition(table: &str, value: &str) -> types::HiveObjectRef {
    types::HiveObjectRef {
        object_type: Some(types::HiveObjectType::PARTITION),
        part_values: Some(vec![FastStr::new(value)]),
        ..on_table(table)
    }
}

fn on_column(table: &str, column: &str) -> types::HiveObjectRef {
    types::HiveObjectRef {
        object_type: Some(types::HiveObjectType::COLUMN),
        column_name: text(column),
        ..on_table(table)
    }
}

/// A grant to a user, by root, under the authorizer SQL.
fn privilege(object: types::HiveObjectRef, user: &str, word: &str) -> types::HiveObjectPrivilege {
    types::HiveObjectPrivilege {
        hive_object: Some(object),
        principal_name: text(user),
        principal_type: Some(USER),
        grant_info: Some(types::PrivilegeGrantInfo {
            privilege: text(word),
            create_time: Some(0),
            grantor: Some("root".into()),
            grantor_type: Some(USER),
            grant_option: Some(false),
        }),
        authorizer: Some("SQL".into()),
    }
}

fn to(kind: types::PrincipalType, privilege: types::HiveObjectPrivilege) -> types::HiveObjectPrivilege {
    types::HiveObjectPrivilege { principal_type: Some(kind), ..privilege }
}

fn with_option(mut privilege: types::HiveObjectPrivilege) -> types::HiveObjectPrivilege {
    privilege.grant_info.as_mut().unwrap().grant_option = Some(true);
    privilege
}

fn by(grantor: &'static str, mut privilege: types::HiveObjectPrivilege) -> types::HiveObjectPrivilege {
    privilege.grant_info.as_mut().unwrap().grantor = Some(grantor.into());
    privilege
}

fn bag(privileges: Vec<types::HiveObjectPrivilege>) -> Option<types::PrivilegeBag> {
    Some(types::PrivilegeBag { privileges: Some(privileges) })
}

async fn grant(client: &mut Client, privileges: Vec<types::HiveObjectPrivilege>) -> Result<(), CallError> {
    let args = args::GrantPrivileges { privileges: bag(privileges) };
    client.call::<methods::GrantPrivileges>(args).await.map(|done| assert!(done))
}

async fn revoke(client: &mut Client, privileges: Vec<types::HiveObjectPrivilege>) -> Result<(), CallError> {
    let args = args::RevokePrivileges { privileges: bag(privileges) };
    client.call::<methods::RevokePrivileges>(args).await.map(|done| assert!(done))
}

async fn revoke_option(client: &mut Client, privileges: Vec<types::HiveObjectPrivilege>) -> Result<(), CallError> {
    let request = types::GrantRevokePrivilegeRequest {
        request_type: Some(types::GrantRevokeType::REVOKE),
        privileges: bag(privileges),
        revoke_grant_option: Some(true),
    };
    let args = args::GrantRevokePrivileges { request: Some(request) };
    client.call::<methods::GrantRevokePrivileges>(args).await.map(|answer| assert_eq!(answer.success, Some(true)))
}

async fn list(
    client: &mut Client,
    user: Option<&str>,
    object: Option<types::HiveObjectRef>,
) -> Vec<types::HiveObjectPrivilege> {
    let args = args::ListPrivileges {
        principal_name: user.map(FastStr::new),
        principal_type: user.map(|_| USER),
        hive_object: object,
    };
    client.call::<methods::ListPrivileges>(args).await.unwrap()
}

/// Holder and privilege of each, in order.
async fn words(client: &mut Client, user: Option<&str>, object: Option<types::HiveObjectRef>) -> Vec<String> {
    let word = |privilege: types::HiveObjectPrivilege| {
        format!("{} {}", privilege.principal_name.unwrap(), privilege.grant_info.unwrap().privilege.unwrap())
    };
    list(client, user, object).await.into_iter().map(word).collect()
}

#[tokio::test]
async fn what_is_granted_is_listed_for_every_kind_of_object() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", true)).await;
    add_partition(client, "t", "a/b c").await;
    let partition_column = types::HiveObjectRef { part_values: Some(vec!["a/b c".into()]), ..on_column("t", "id") };
    let objects = [
        on_global(),
        on_database("db"),
        on_table("t"),
        on_partition("t", "a/b c"),
        on_column("t", "id"),
        partition_column,
    ];
    let sent: Vec<_> = objects.iter().map(|object| with_option(privilege(object.clone(), "ann", "SELECT"))).collect();
    grant(client, sent.clone()).await.unwrap();
    for (object, sent) in objects.into_iter().zip(sent) {
        for user in [Some("ann"), None] {
            let mut found = list(client, user, Some(object.clone())).await;
            found.retain(|privilege| privilege.principal_type == Some(USER));
            assert_eq!(found.len(), 1, "{object:?}: {found:?}");
            let time = found[0].grant_info.as_mut().unwrap().create_time.replace(0);
            assert!(time > Some(1_700_000_000));
            let mut expected = sent.clone();
            if object.object_type != Some(types::HiveObjectType::GLOBAL) {
                expected.hive_object.as_mut().unwrap().cat_name = Some("hive".into());
            }
            assert_eq!(found, [expected]);
        }
        assert!(list(client, Some("bob"), Some(object)).await.is_empty());
    }
    assert_eq!(list(client, Some("ann"), None).await.len(), 6, "no object means all");
    let any = types::HiveObjectRef::default();
    assert_eq!(list(client, Some("ann"), Some(any.clone())).await.len(), 6, "no type means all");
    assert_eq!(list(client, None, Some(any)).await.len(), 7, "that of the role admin too");
    let any_table = types::HiveObjectRef { db_name: None, object_name: None, ..on_table("t") };
    assert_eq!(list(client, Some("ann"), Some(any_table)).await.len(), 1, "no database means all of the type");
    let any_partition = types::HiveObjectRef { part_values: None, ..on_partition("t", "") };
    assert_eq!(list(client, None, Some(any_partition)).await.len(), 1);
    for unknown in [on_database("none"), on_table("none"), on_partition("none", "x"), on_column("none", "id")] {
        assert!(list(client, None, Some(unknown)).await.is_empty());
    }
    let args = args::ListPrivileges { principal_name: Some("ann".into()), principal_type: None, hive_object: None };
    assert_refused(client.call::<methods::ListPrivileges>(args).await, "principal type");
}

#[tokio::test]
async fn a_grant_is_made_once_by_each_grantor() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", false)).await;
    let select = || privilege(on_table("T"), "ann", "SELECT");
    grant(client, vec![select()]).await.unwrap();
    assert_refused(
        grant(client, vec![select()]).await,
        "SELECT is already granted on table hive.db.t to the user ann by root",
    );
    assert_refused(grant(client, vec![by("ROOT", privilege(on_table("t"), "ann", "select"))]).await, "already granted");
    assert_refused(grant(client, vec![privilege(on_table("t"), "bob", "SELECT,SELECT")]).await, "already granted");
    assert!(list(client, Some("bob"), None).await.is_empty(), "all or nothing");
    grant(client, vec![by("eve", select()), privilege(on_table("t"), "ann", "INSERT, UPDATE")]).await.unwrap();
    assert_eq!(words(client, Some("ann"), None).await, ["ann SELECT", "ann SELECT", "ann INSERT", "ann UPDATE"]);

    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(server.client().await);
    }
    let mut grants = tokio::task::JoinSet::new();
    for mut client in clients {
        grants.spawn(async move { grant(&mut client, vec![privilege(on_table("t"), "zoe", "SELECT")]).await });
    }
    assert_eq!(grants.join_all().await.iter().filter(|result| result.is_ok()).count(), 1);
}

#[tokio::test]
async fn revoking_takes_the_grant_or_its_option() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", false)).await;
    let select = || privilege(on_table("t"), "ann", "SELECT");
    grant(client, vec![with_option(select()), by("eve", select())]).await.unwrap();

    revoke_option(client, vec![select()]).await.unwrap();
    let options: Vec<_> = list(client, None, Some(on_table("t")))
        .await
        .into_iter()
        .map(|found| found.grant_info.unwrap().grant_option)
        .collect();
    assert_eq!(options, [Some(false), Some(false)]);
    assert_refused(revoke_option(client, vec![select()]).await, "does not have grant option with privilege SELECT");

    revoke(client, vec![by("eve", privilege(on_table("t"), "ann", "select"))]).await.unwrap();
    let left = list(client, None, Some(on_table("t"))).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].grant_info.as_ref().unwrap().grantor, Some("root".into()));

    assert_refused(
        revoke(client, vec![select(), privilege(on_table("t"), "ann", "DELETE")]).await,
        "No grant (DELETE) found",
    );
    assert_eq!(list(client, None, Some(on_table("t"))).await.len(), 1, "all or nothing");
    revoke(client, vec![by("nobody", select())]).await.unwrap();
    assert!(list(client, None, Some(on_table("t"))).await.is_empty());
    assert_refused(revoke(client, vec![select()]).await, "No grant (SELECT) found on table hive.db.t for the user ann");
}

#[tokio::test]
async fn grants_on_what_is_not_there_are_refused() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", true)).await;
    for (object, message) in [
        (on_database("none"), "Database hive.none does not exist"),
        (on_table("none"), "Table hive.db.none does not exist"),
        (on_partition("none", "x"), "does not exist"),
        (on_partition("t", "x"), "Partition [\"x\"] of table hive.db.t does not exist"),
        (on_column("none", "c"), "there is no table hive.db.none"),
        (types::HiveObjectRef { object_type: None, ..on_table("t") }, "object type"),
        (types::HiveObjectRef { object_type: Some(9.into()), ..on_table("t") }, "not an object type"),
        (types::HiveObjectRef { object_name: None, ..on_table("t") }, "table name"),
        (types::HiveObjectRef { column_name: None, ..on_column("t", "") }, "column name"),
        (types::HiveObjectRef { part_values: None, ..on_partition("t", "") }, "partition values"),
    ] {
        assert_refused(grant(client, vec![privilege(object, "ann", "SELECT")]).await, message);
    }
    let good = || privilege(on_table("t"), "ann", "SELECT");
    assert_refused(grant(client, vec![good(), to(ROLE, good())]).await, "Role ann does not exist");
    assert_refused(grant(client, vec![privilege(on_table("t"), "", "SELECT")]).await, "principal name is empty");
    assert_refused(grant(client, vec![privilege(on_table("t"), "ann", "")]).await, "privilege name is empty");
    assert_refused(grant(client, vec![privilege(on_table("t"), "ann", &"x".repeat(200))]).await, "at most 128");
    assert_refused(grant(client, vec![privilege(on_table("t"), "a\0b", "SELECT")]).await, "not a valid principal name");
    let null = types::HiveObjectPrivilege { grant_info: None, ..good() };
    assert_refused(grant(client, vec![null]).await, "grant of a privilege");
    assert!(list(client, None, Some(on_table("t"))).await.is_empty());
    grant(client, vec![]).await.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_grants_go_at_once() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", false)).await;
    let grants: Vec<_> =
        (0..100_000).map(|number| privilege(on_column("t", &format!("c{number}")), "ann", "SELECT")).collect();
    grant(client, grants.clone()).await.unwrap();
    assert_eq!(list(client, Some("ann"), None).await.len(), 100_000);
    revoke(client, grants).await.unwrap();
    assert!(list(client, Some("ann"), None).await.is_empty());
}
