//! Resource plans: edited while they are disabled, checked, and one of them active.

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{
    WmFullResourcePlan, WmMapping, WmNullableResourcePlan, WmPool, WmResourcePlan, WmResourcePlanStatus as Status,
    WmTrigger,
};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Options, Server, hive, text, thrown};

fn plain(text: &str) -> FastStr {
    FastStr::new(text)
}

async fn create(client: &mut Client, name: &str, copy_from: Option<&str>) -> Result<(), CallError> {
    let resource_plan = Some(WmResourcePlan { name: plain(name), ..Default::default() });
    let request = types::WmCreateResourcePlanRequest { resource_plan, copy_from: copy_from.and_then(text) };
    let args = args::CreateResourcePlan { request: Some(request) };
    client.call::<methods::CreateResourcePlan>(args).await.map(drop)
}

async fn get(client: &mut Client, name: &str) -> Result<WmFullResourcePlan, CallError> {
    let request = types::WmGetResourcePlanRequest { resource_plan_name: text(name), ns: None };
    let args = args::GetResourcePlan { request: Some(request) };
    client.call::<methods::GetResourcePlan>(args).await.map(|response| response.resource_plan.unwrap())
}

async fn active(client: &mut Client) -> Option<String> {
    let request = types::WmGetActiveResourcePlanRequest { ns: text("Default") };
    let args = args::GetActiveResourcePlan { request: Some(request) };
    let plan = client.call::<methods::GetActiveResourcePlan>(args).await.unwrap().resource_plan;
    plan.map(|plan| plan.plan.name.to_string())
}

async fn statuses(client: &mut Client) -> Vec<(String, Status)> {
    let args = args::GetAllResourcePlans { request: Some(types::WmGetAllResourcePlanRequest { ns: None }) };
    let plans = client.call::<methods::GetAllResourcePlans>(args).await.unwrap().resource_plans.unwrap();
    plans.into_iter().map(|plan| (plan.name.to_string(), plan.status.unwrap())).collect()
}

async fn alter(
    client: &mut Client,
    name: Option<&str>,
    change: WmNullableResourcePlan,
    flags: [bool; 3],
) -> Result<Option<WmFullResourcePlan>, CallError> {
    let [activate, deactivate, replace] = flags.map(Some);
    let request = types::WmAlterResourcePlanRequest {
        resource_plan_name: name.and_then(text),
        resource_plan: Some(change),
        is_enable_and_activate: activate,
        is_force_deactivate: deactivate,
        is_replace: replace,
        ns: None,
    };
    let args = args::AlterResourcePlan { request: Some(request) };
    client.call::<methods::AlterResourcePlan>(args).await.map(|response| response.full_resource_plan)
}

fn becomes(status: Status) -> WmNullableResourcePlan {
    WmNullableResourcePlan { status: Some(status), ..Default::default() }
}

async fn switch(client: &mut Client, name: &str, status: Status) -> Result<Option<WmFullResourcePlan>, CallError> {
    alter(client, Some(name), becomes(status), [false; 3]).await
}

fn pool(path: &str, fraction: f64, parallelism: i32) -> WmPool {
    WmPool {
        resource_plan_name: plain("plan"),
        pool_path: plain(path),
        alloc_fraction: Some(fraction),
        query_parallelism: Some(parallelism),
        scheduling_policy: None,
        ns: None,
    }
}

async fn add_pool(client: &mut Client, pool: WmPool) -> Result<(), CallError> {
    let args = args::CreateWmPool { request: Some(types::WmCreatePoolRequest { pool: Some(pool) }) };
    client.call::<methods::CreateWmPool>(args).await.map(drop)
}

async fn alter_pool(client: &mut Client, path: &str, change: types::WmNullablePool) -> Result<(), CallError> {
    let request = types::WmAlterPoolRequest { pool: Some(change), pool_path: text(path) };
    client.call::<methods::AlterWmPool>(args::AlterWmPool { request: Some(request) }).await.map(drop)
}

fn pool_change(path: &str) -> types::WmNullablePool {
    types::WmNullablePool { resource_plan_name: plain("plan"), pool_path: plain(path), ..Default::default() }
}

async fn drop_pool(client: &mut Client, path: &str) -> Result<(), CallError> {
    let request =
        types::WmDropPoolRequest { resource_plan_name: text("plan"), pool_path: text(path), ns: text("default") };
    client.call::<methods::DropWmPool>(args::DropWmPool { request: Some(request) }).await.map(drop)
}

fn trigger(name: &str) -> WmTrigger {
    WmTrigger {
        resource_plan_name: plain("plan"),
        trigger_name: plain(name),
        trigger_expression: text("ELAPSED_TIME > 1"),
        action_expression: text("KILL"),
        is_in_unmanaged: None,
        ns: None,
    }
}

async fn add_trigger(client: &mut Client, trigger: WmTrigger) -> Result<(), CallError> {
    let args = args::CreateWmTrigger { request: Some(types::WmCreateTriggerRequest { trigger: Some(trigger) }) };
    client.call::<methods::CreateWmTrigger>(args).await.map(drop)
}

fn mapping(kind: &str, name: &str, pool: Option<&str>) -> WmMapping {
    WmMapping {
        resource_plan_name: plain("plan"),
        entity_type: plain(kind),
        entity_name: plain(name),
        pool_path: pool.and_then(text),
        ordering: Some(1),
        ns: None,
    }
}

async fn map(client: &mut Client, mapping: WmMapping, update: bool) -> Result<(), CallError> {
    let request = types::WmCreateOrUpdateMappingRequest { mapping: Some(mapping), update: Some(update) };
    let args = args::CreateOrUpdateWmMapping { request: Some(request) };
    client.call::<methods::CreateOrUpdateWmMapping>(args).await.map(drop)
}

async fn pair(client: &mut Client, trigger: &str, pool: &str, drops: bool) -> Result<(), CallError> {
    let request = types::WmCreateOrDropTriggerToPoolMappingRequest {
        resource_plan_name: text("plan"),
        trigger_name: text(trigger),
        pool_path: text(pool),
        drop: Some(drops),
        ns: None,
    };
    let args = args::CreateOrDropWmTriggerToPoolMapping { request: Some(request) };
    client.call::<methods::CreateOrDropWmTriggerToPoolMapping>(args).await.map(drop)
}

#[tokio::test]
async fn a_plan_begins_with_a_default_pool_and_can_be_copied() {
    let server = Server::start().await;
    let mut client = server.client().await;
    thrown(get(&mut client, "plan").await, ExceptionKind::NoSuchObject);
    create(&mut client, "Plan", None).await.unwrap();
    thrown(create(&mut client, "plan", None).await, ExceptionKind::AlreadyExists);
    thrown(create(&mut client, "", None).await, ExceptionKind::InvalidObject);
    thrown(create(&mut client, "copy", Some("nothing")).await, ExceptionKind::InvalidObject);
    let made = get(&mut client, "PLAN").await.unwrap();
    let expected = WmResourcePlan {
        name: plain("plan"),
        status: Some(Status::DISABLED),
        query_parallelism: None,
        default_pool_path: text("default"),
        ns: text("default"),
    };
    assert_eq!(made.plan, expected);
    let first = WmPool { ns: text("default"), ..pool("default", 1.0, 4) };
    assert_eq!(made.pools, [first]);
    assert_eq!((made.mappings, made.triggers, made.pool_triggers), (None, None, None));

    add_trigger(&mut client, trigger("slow")).await.unwrap();
    pair(&mut client, "slow", "default", false).await.unwrap();
    create(&mut client, "copy", Some("plan")).await.unwrap();
    let copy = get(&mut client, "copy").await.unwrap();
    assert_eq!(copy.pools[0].resource_plan_name, "copy");
    assert_eq!(copy.pool_triggers.unwrap().len(), 1);

    let drop_plan = async |client: &mut Client, name: &str| {
        let request = types::WmDropResourcePlanRequest { resource_plan_name: text(name), ns: None };
        client.call::<methods::DropResourcePlan>(args::DropResourcePlan { request: Some(request) }).await
    };
    drop_plan(&mut client, "copy").await.unwrap();
    thrown(drop_plan(&mut client, "copy").await, ExceptionKind::NoSuchObject);
    alter(&mut client, Some("plan"), becomes(Status::ACTIVE), [true, false, false]).await.unwrap();
    thrown(drop_plan(&mut client, "plan").await, ExceptionKind::Meta);
}

#[tokio::test]
async fn parts_refer_to_each_other_and_stay_whole() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "plan", None).await.unwrap();
    thrown(add_pool(&mut client, pool("a.b", 0.5, 1)).await, ExceptionKind::NoSuchObject);
    add_pool(&mut client, pool("A", 0.5, 1)).await.unwrap();
    add_pool(&mut client, pool("a.b", 0.5, 1)).await.unwrap();
    thrown(add_pool(&mut client, pool("a.b", 0.5, 1)).await, ExceptionKind::AlreadyExists);
    let bad = WmPool { scheduling_policy: text("random"), ..pool("c", 0.5, 1) };
    thrown(add_pool(&mut client, bad).await, ExceptionKind::InvalidObject);
    thrown(add_pool(&mut client, pool("c", f64::NAN, 1)).await, ExceptionKind::InvalidObject);
    add_trigger(&mut client, trigger("Slow")).await.unwrap();
    thrown(add_trigger(&mut client, trigger("slow")).await, ExceptionKind::AlreadyExists);
    thrown(pair(&mut client, "fast", "a.b", false).await, ExceptionKind::NoSuchObject);
    thrown(pair(&mut client, "slow", "x", false).await, ExceptionKind::NoSuchObject);
    for _ in 0..2 {
        pair(&mut client, "slow", "a.b", false).await.unwrap();
    }
    thrown(map(&mut client, mapping("role", "ann", None), false).await, ExceptionKind::InvalidObject);
    thrown(map(&mut client, mapping("user", "ann", Some("x")), false).await, ExceptionKind::NoSuchObject);
    thrown(map(&mut client, mapping("user", "ann", None), true).await, ExceptionKind::NoSuchObject);
    map(&mut client, mapping("user", "Ann", Some("a.b")), false).await.unwrap();
    thrown(map(&mut client, mapping("USER", "ann", None), false).await, ExceptionKind::AlreadyExists);

    // A pool that moves takes along what is below it and what refers to it.
    thrown(alter_pool(&mut client, "x", pool_change("y")).await, ExceptionKind::NoSuchObject);
    thrown(alter_pool(&mut client, "a", pool_change("a.b.c")).await, ExceptionKind::InvalidObject);
    thrown(alter_pool(&mut client, "a", pool_change("default")).await, ExceptionKind::AlreadyExists);
    let change = types::WmNullablePool {
        alloc_fraction: Some(0.25),
        is_set_scheduling_policy: Some(true),
        scheduling_policy: text("fifo"),
        ..pool_change("Z")
    };
    alter_pool(&mut client, "a", change).await.unwrap();
    let plan = get(&mut client, "plan").await.unwrap();
    let paths: Vec<_> = plan.pools.iter().map(|pool| pool.pool_path.as_str()).collect();
    assert_eq!(paths, ["default", "z", "z.b"]);
    assert_eq!(plan.pools[1].scheduling_policy, text("fifo"));
    assert_eq!(plan.pools[1].query_parallelism, Some(1));
    let expected = WmMapping { ns: text("default"), ..mapping("USER", "ann", Some("z.b")) };
    assert_eq!(plan.mappings, Some(vec![expected]));
    let expected = types::WmPoolTrigger { pool: plain("z.b"), trigger: plain("slow"), ns: None };
    assert_eq!(plan.pool_triggers, Some(vec![expected]));

    thrown(drop_pool(&mut client, "default").await, ExceptionKind::InvalidOperation);
    thrown(drop_pool(&mut client, "z").await, ExceptionKind::InvalidOperation);
    let message = thrown(drop_pool(&mut client, "z.b").await, ExceptionKind::InvalidOperation);
    assert!(message.contains("mappings"), "{message}");
    map(&mut client, mapping("user", "ann", None), true).await.unwrap();
    drop_pool(&mut client, "z.b").await.unwrap();
    thrown(drop_pool(&mut client, "z.b").await, ExceptionKind::NoSuchObject);
    let drop_mapping = async |client: &mut Client| {
        let request = types::WmDropMappingRequest { mapping: Some(mapping("user", "ANN", None)) };
        client.call::<methods::DropWmMapping>(args::DropWmMapping { request: Some(request) }).await
    };
    drop_mapping(&mut client).await.unwrap();
    thrown(drop_mapping(&mut client).await, ExceptionKind::NoSuchObject);

    let change = WmTrigger { action_expression: None, is_in_unmanaged: Some(true), ..trigger("slow") };
    let args = args::AlterWmTrigger { request: Some(types::WmAlterTriggerRequest { trigger: Some(change) }) };
    client.call::<methods::AlterWmTrigger>(args).await.unwrap();
    let request = types::WmGetTriggersForResourePlanRequest { resource_plan_name: text("plan"), ns: None };
    let args = args::GetTriggersForResourceplan { request: Some(request) };
    let triggers = client.call::<methods::GetTriggersForResourceplan>(args).await.unwrap().triggers;
    let expected = WmTrigger { is_in_unmanaged: Some(true), ns: text("default"), ..trigger("slow") };
    assert_eq!(triggers, Some(vec![expected]));
    pair(&mut client, "slow", "z", false).await.unwrap();
    let request =
        types::WmDropTriggerRequest { resource_plan_name: text("plan"), trigger_name: text("slow"), ns: None };
    client.call::<methods::DropWmTrigger>(args::DropWmTrigger { request: Some(request) }).await.unwrap();
    let plan = get(&mut client, "plan").await.unwrap();
    assert_eq!((plan.mappings, plan.triggers, plan.pool_triggers), (None, None, None));
}

#[tokio::test]
async fn one_plan_is_active_and_none_but_disabled_ones_change() {
    let server = Server::start_with(Options { hive: hive(&[("hive.in.test", "true")]), ..Options::default() }).await;
    let mut client = server.client().await;
    assert_eq!(active(&mut client).await, None);
    for name in ["one", "plan"] {
        create(&mut client, name, None).await.unwrap();
    }
    add_pool(&mut client, pool("a", 0.5, 1)).await.unwrap();
    let request = types::WmValidateResourcePlanRequest { resource_plan_name: text("plan"), ns: None };
    let args = args::ValidateResourcePlan { request: Some(request) };
    let found = client.call::<methods::ValidateResourcePlan>(args).await.unwrap();
    assert_eq!((found.errors.map(|list| list.len()), found.warnings.map(|list| list.len())), (Some(1), Some(0)));
    let message = thrown(switch(&mut client, "plan", Status::ENABLED).await, ExceptionKind::InvalidOperation);
    assert!(message.contains("alloc fraction"), "{message}");
    drop_pool(&mut client, "a").await.unwrap();

    thrown(switch(&mut client, "plan", Status::ACTIVE).await, ExceptionKind::InvalidOperation);
    switch(&mut client, "plan", Status::ENABLED).await.unwrap();
    thrown(add_pool(&mut client, pool("a", 0.5, 1)).await, ExceptionKind::Meta);
    let activated = switch(&mut client, "plan", Status::ACTIVE).await.unwrap().unwrap();
    assert_eq!(activated.plan.status, Some(Status::ACTIVE));
    assert_eq!(switch(&mut client, "plan", Status::ACTIVE).await.unwrap(), None);
    thrown(switch(&mut client, "plan", Status::DISABLED).await, ExceptionKind::InvalidOperation);
    alter(&mut client, Some("one"), becomes(Status::ACTIVE), [true, false, false]).await.unwrap().unwrap();
    assert_eq!(active(&mut client).await.as_deref(), Some("one"));
    let named = |name: &str, status| (name.to_owned(), status);
    assert_eq!(statuses(&mut client).await, [named("one", Status::ACTIVE), named("plan", Status::ENABLED)]);
    alter(&mut client, None, becomes(Status::DISABLED), [false, true, false]).await.unwrap();
    assert_eq!(active(&mut client).await, None);
    thrown(
        alter(&mut client, None, becomes(Status::DISABLED), [false, true, false]).await,
        ExceptionKind::NoSuchObject,
    );
    thrown(alter(&mut client, Some("one"), becomes(Status::ACTIVE), [true, true, false]).await, ExceptionKind::Meta);

    let change = WmNullableResourcePlan {
        name: text("Two"),
        is_set_query_parallelism: Some(true),
        query_parallelism: Some(7),
        is_set_default_pool_path: Some(true),
        ..Default::default()
    };
    thrown(alter(&mut client, Some("plan"), change.clone(), [false; 3]).await, ExceptionKind::InvalidOperation);
    alter(&mut client, Some("one"), change.clone(), [false; 3]).await.unwrap();
    let two = get(&mut client, "two").await.unwrap().plan;
    assert_eq!((two.query_parallelism, two.default_pool_path), (Some(7), None));
    let taken = WmNullableResourcePlan { name: text("plan"), ..Default::default() };
    thrown(alter(&mut client, Some("two"), taken, [false; 3]).await, ExceptionKind::InvalidOperation);

    // A plan that replaces another takes its name and status.
    switch(&mut client, "plan", Status::ACTIVE).await.unwrap();
    let replaced = alter(&mut client, Some("two"), becomes(Status::ACTIVE), [false, false, true]).await;
    let replaced = replaced.unwrap().unwrap().plan;
    assert_eq!((replaced.name.as_str(), replaced.query_parallelism), ("plan", Some(7)));
    assert_eq!(statuses(&mut client).await, [named("plan", Status::ACTIVE), named("plan_old_0", Status::DISABLED)]);
    let by_name = WmNullableResourcePlan { name: text("plan"), ..Default::default() };
    thrown(
        alter(&mut client, Some("plan"), by_name.clone(), [false, false, true]).await,
        ExceptionKind::InvalidOperation,
    );
    alter(&mut client, Some("plan_old_0"), by_name, [false, false, true]).await.unwrap().unwrap();
    assert_eq!(get(&mut client, "plan").await.unwrap().plan.query_parallelism, None);
}
