//! Privileges of objects that come, change and go, and privilege sets.

use propolis_thrift::codec::CallError;
use propolis_thrift::{FastStr, args, methods, types};

use super::*;
use crate::support::{map, texts};

async fn drop_partition(client: &mut Client, table: &str, value: &str) {
    let args = args::DropPartition {
        db_name: Some("db".into()),
        tbl_name: text(table),
        part_vals: Some(vec![FastStr::new(value)]),
        delete_data: Some(true),
    };
    client.call::<methods::DropPartition>(args).await.unwrap();
}

async fn privilege_set(
    client: &mut Client,
    object: types::HiveObjectRef,
    user: Option<&str>,
    groups: &[&'static str],
) -> types::PrincipalPrivilegeSet {
    let args = args::GetPrivilegeSet {
        hive_object: Some(object),
        user_name: user.map(FastStr::new),
        group_names: Some(texts(groups)),
    };
    client.call::<methods::GetPrivilegeSet>(args).await.unwrap()
}

#[tokio::test]
async fn grants_follow_a_rename_and_go_with_a_drop() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", true)).await;
    add_partition(client, "t", "x").await;
    create_role(client, "r").await.unwrap();
    grant(
        client,
        vec![
            privilege(on_table("t"), "ann", "SELECT"),
            privilege(on_column("t", "id"), "ann", "UPDATE"),
            privilege(on_partition("t", "x"), "ann", "DELETE"),
            to(ROLE, privilege(on_database("db"), "r", "CREATE")),
        ],
    )
    .await
    .unwrap();

    let get = args::GetTable { dbname: Some("db".into()), tbl_name: Some("t".into()) };
    let mut renamed = client.call::<methods::GetTable>(get).await.unwrap();
    renamed.table_name = Some("t2".into());
    let alter = args::AlterTable { dbname: Some("db".into()), tbl_name: Some("t".into()), new_tbl: Some(renamed) };
    client.call::<methods::AlterTable>(alter).await.unwrap();
    assert_eq!(words(client, Some("ann"), None).await, ["ann SELECT", "ann UPDATE", "ann DELETE"]);
    assert_eq!(words(client, None, Some(on_table("t2"))).await, ["ann SELECT"]);
    assert!(list(client, None, Some(on_table("t"))).await.is_empty());

    let args = args::GetPartition {
        db_name: Some("db".into()),
        tbl_name: Some("t2".into()),
        part_vals: Some(vec!["x".into()]),
    };
    let mut partition = client.call::<methods::GetPartition>(args).await.unwrap();
    partition.values = Some(vec!["y".into()]);
    let args = args::RenamePartition {
        db_name: Some("db".into()),
        tbl_name: Some("t2".into()),
        part_vals: Some(vec!["x".into()]),
        new_part: Some(partition),
    };
    client.call::<methods::RenamePartition>(args).await.unwrap();
    assert_eq!(words(client, None, Some(on_partition("t2", "y"))).await, ["ann DELETE"]);
    drop_partition(client, "t2", "y").await;
    add_partition(client, "t2", "y").await;
    assert!(list(client, None, Some(on_partition("t2", "y"))).await.is_empty(), "a new partition has no old grants");

    let drop = || args::DropTable { dbname: Some("db".into()), name: Some("t2".into()), delete_data: Some(true) };
    client.call::<methods::DropTable>(drop()).await.unwrap();
    assert!(list(client, Some("ann"), None).await.is_empty());
    client.create_table(table_of("t2", true)).await;
    assert!(list(client, None, Some(on_table("t2"))).await.is_empty(), "a new table has no old grants");

    grant(client, vec![to(ROLE, privilege(on_table("t2"), "r", "SELECT"))]).await.unwrap();
    drop_role(client, "r").await.unwrap();
    create_role(client, "r").await.unwrap();
    assert!(list(client, None, Some(on_table("t2"))).await.is_empty(), "a new role has no old grants");
    assert!(list(client, None, Some(on_database("db"))).await.is_empty());

    grant(client, vec![privilege(on_database("db"), "ann", "CREATE"), privilege(on_table("t2"), "ann", "SELECT")])
        .await
        .unwrap();
    let args = args::DropDatabase { name: Some("db".into()), delete_data: Some(true), cascade: Some(true) };
    client.call::<methods::DropDatabase>(args).await.unwrap();
    assert!(list(client, Some("ann"), None).await.is_empty());
}

#[tokio::test]
async fn a_new_table_comes_with_its_privileges() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    let grant = |word: &'static str| types::PrivilegeGrantInfo {
        privilege: Some(word.into()),
        grantor: Some("ann".into()),
        grantor_type: Some(USER),
        grant_option: Some(true),
        ..Default::default()
    };
    let set = |holder: &'static str| types::PrincipalPrivilegeSet {
        user_privileges: Some([("ann".into(), vec![grant("SELECT"), grant("INSERT")])].into_iter().collect()),
        group_privileges: Some(Default::default()),
        role_privileges: Some([(holder.into(), vec![grant("SELECT")])].into_iter().collect()),
    };
    client.create_table(types::Table { privileges: Some(set("public")), ..table_of("t", false) }).await;
    assert_eq!(words(client, None, Some(on_table("t"))).await, ["ann SELECT", "ann INSERT", "public SELECT"]);
    let found = list(client, Some("ann"), Some(on_table("t"))).await;
    assert_eq!(found[0].authorizer, Some("SQL".into()));
    assert_eq!(found[0].grant_info.as_ref().unwrap().grant_option, Some(true));
    let refused = types::Table { privileges: Some(set("no_such_role")), ..table_of("t2", false) };
    assert!(client.call::<methods::CreateTable>(args::CreateTable { tbl: Some(refused) }).await.is_err());
    let names = args::GetAllTables { db_name: Some("db".into()) };
    assert_eq!(client.call::<methods::GetAllTables>(names).await.unwrap(), ["t"]);
}

#[tokio::test]
async fn a_privilege_set_holds_user_groups_and_nested_roles() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", true)).await;
    add_partition(client, "t", "x").await;
    for role in ["inner", "outer", "other"] {
        create_role(client, role).await.unwrap();
    }
    grant_role(client, role_request("inner", "ann", USER, false)).await.unwrap();
    grant_role(client, role_request("outer", "inner", ROLE, false)).await.unwrap();
    grant_role(client, role_request("other", "ops", GROUP, false)).await.unwrap();
    let objects = [on_database("db"), on_table("t"), on_partition("t", "x"), on_column("t", "id")];
    for object in &objects {
        let grants = vec![
            privilege(object.clone(), "ann", "SELECT"),
            privilege(object.clone(), "bob", "ALL"),
            to(GROUP, privilege(object.clone(), "ops", "INSERT")),
            to(ROLE, privilege(object.clone(), "outer", "UPDATE")),
            to(ROLE, privilege(object.clone(), "public", "DELETE")),
        ];
        grant(client, grants).await.unwrap();
    }
    fn held(grants: Option<propolis_thrift::AHashMap<FastStr, Vec<types::PrivilegeGrantInfo>>>) -> Vec<String> {
        let mut held: Vec<String> = grants
            .unwrap()
            .into_iter()
            .map(|(name, grants)| {
                let words: Vec<_> = grants.into_iter().filter_map(|grant| grant.privilege).collect();
                format!("{name} {}", words.join(","))
            })
            .collect();
        held.sort();
        held
    }
    for object in objects {
        let set = privilege_set(client, object.clone(), Some("ann"), &["ops", "none"]).await;
        assert_eq!(held(set.user_privileges), ["ann SELECT"]);
        assert_eq!(held(set.group_privileges), ["none ", "ops INSERT"]);
        assert_eq!(held(set.role_privileges), ["inner ", "other ", "outer UPDATE", "public DELETE"]);
        let set = privilege_set(client, object, None, &[]).await;
        assert_eq!(set, types::PrincipalPrivilegeSet::default());
    }
    let unknown = privilege_set(client, on_table("none"), Some("ann"), &[]).await;
    assert_eq!(held(unknown.user_privileges), ["ann "]);

    grant(client, vec![privilege(on_global(), "ann", "CREATE")]).await.unwrap();
    let global = privilege_set(client, on_global(), Some("ann"), &["ops"]).await;
    assert_eq!(held(global.user_privileges), ["ann CREATE"]);
    assert!(held(global.group_privileges).is_empty());
    assert_eq!(global.role_privileges, None);
}

#[tokio::test]
async fn a_refresh_replaces_the_grants_of_one_authorizer() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    client.create_table(table_of("t", false)).await;
    let ranger = |privilege| types::HiveObjectPrivilege { authorizer: Some("ranger".into()), ..privilege };
    grant(
        client,
        vec![
            privilege(on_table("t"), "ann", "SELECT"),
            ranger(privilege(on_table("t"), "bob", "SELECT")),
            ranger(privilege(on_table("t"), "eve", "SELECT")),
            ranger(privilege(on_column("t", "id"), "bob", "SELECT")),
        ],
    )
    .await
    .unwrap();
    async fn refresh(
        client: &mut Client,
        object: types::HiveObjectRef,
        privileges: Vec<types::HiveObjectPrivilege>,
    ) -> Result<(), CallError> {
        let request = types::GrantRevokePrivilegeRequest {
            request_type: Some(types::GrantRevokeType::GRANT),
            privileges: bag(privileges),
            revoke_grant_option: None,
        };
        let args = args::RefreshPrivileges {
            obj_to_refresh: Some(object),
            authorizer: Some("ranger".into()),
            grant_request: Some(request),
        };
        client.call::<methods::RefreshPrivileges>(args).await.map(|answer| assert_eq!(answer.success, Some(true)))
    }
    let wanted =
        vec![ranger(privilege(on_table("t"), "bob", "SELECT")), ranger(privilege(on_table("t"), "zoe", "ALL"))];
    refresh(client, on_table("t"), wanted).await.unwrap();
    assert_eq!(words(client, None, Some(on_table("t"))).await, ["ann SELECT", "bob SELECT", "zoe ALL"]);

    let all_columns = types::HiveObjectRef { column_name: None, ..on_column("t", "") };
    refresh(client, all_columns, vec![ranger(privilege(on_column("t", "ID"), "zoe", "SELECT"))]).await.unwrap();
    assert_eq!(words(client, None, Some(on_column("t", "id"))).await, ["zoe SELECT"]);
    assert_eq!(list(client, None, Some(on_table("t"))).await.len(), 3, "the table's own stay");

    assert_refused(refresh(client, on_column("t", "id"), vec![]).await, "column name must be null");
    assert_refused(refresh(client, on_global(), vec![]).await, "not refreshed");
    assert_refused(refresh(client, on_table("none"), vec![]).await, "Table hive.db.none does not exist");
}

#[tokio::test]
async fn partitions_show_their_privileges_where_the_table_keeps_them() {
    let server = Server::start().await;
    let client = &mut server.client().await;
    client.create_database("db").await;
    let parameters = Some(map(&[("PARTITION_LEVEL_PRIVILEGE", "TRUE")]));
    client.create_table(types::Table { parameters, ..table_of("kept", true) }).await;
    client.create_table(table_of("plain", true)).await;
    for table in ["kept", "plain"] {
        add_partition(client, table, "x").await;
        add_partition(client, table, "y").await;
        grant(client, vec![privilege(on_partition(table, "x"), "ann", "SELECT")]).await.unwrap();
    }
    let held = |partition: &types::Partition| {
        let set = partition.privileges.as_ref()?;
        Some(set.user_privileges.as_ref()?.get("ann")?.len())
    };
    for (table, expected) in [("kept", [Some(1), Some(0)]), ("plain", [None, None])] {
        let args = args::GetPartitionsWithAuth {
            db_name: text("db"),
            tbl_name: text(table),
            max_parts: Some(-1),
            user_name: text("ann"),
            group_names: Some(vec![]),
        };
        let partitions = client.call::<methods::GetPartitionsWithAuth>(args).await.unwrap();
        assert_eq!(partitions.iter().map(held).collect::<Vec<_>>(), expected);
        let args = args::GetPartitionWithAuth {
            db_name: text("db"),
            tbl_name: text(table),
            part_vals: Some(vec!["x".into()]),
            user_name: text("ann"),
            group_names: Some(vec![]),
        };
        let partition = client.call::<methods::GetPartitionWithAuth>(args).await.unwrap();
        assert_eq!(held(&partition), expected[0]);
    }
}
